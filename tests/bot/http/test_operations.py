"""Alive, ready, and the numbers."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Mapping
from contextlib import closing

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.http import operations
from store import outbox
from store.engine import Store
from store.sqlite import file_of
from tests.bot.http.conftest import Endpoint, running


async def _numbers(endpoint: Endpoint) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = await endpoint.call("GET", "/metrics", token=None)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.raw.decode())
        for sample in family.samples
    }


async def test_alive_needs_no_token_and_no_database(endpoint: Endpoint) -> None:
    """The process answers, that is all it says."""
    answer = await endpoint.call("GET", "/healthz", token=None)
    assert (answer.status, answer.body) == (200, {"status": "alive"})


async def test_ready_when_nothing_is_missing(endpoint: Endpoint) -> None:
    """Database and Slack are there."""
    answer = await endpoint.call("GET", "/readyz", token=None)
    assert (answer.status, answer.body) == (200, {"status": "ready"})


async def test_not_ready_says_why(endpoint: Endpoint) -> None:
    """503 with what is missing, `Retry-After`, and a problem as everywhere."""
    endpoint.missing["slack"] = "the token was revoked"
    answer = await endpoint.call("GET", "/readyz", token=None)
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body["detail"] == "not ready: slack: the token was revoked"


async def test_what_happened_is_counted(endpoint: Endpoint) -> None:
    """Requests by gate and risk, what waits, calls by route, refusals by their name."""
    request = await endpoint.opened()
    await endpoint.call("POST", "/v1/requests", {"action": "search_mail"})
    await endpoint.post({"risk": "none"})
    await endpoint.call("GET", f"/v1/requests/{request}")
    numbers = await _numbers(endpoint)
    assert numbers["hitl_requests_opened_total", (("gate", "hard"), ("risk", "medium"))] == 1
    assert numbers["hitl_requests_opened_total", (("gate", "auto"), ("risk", "low"))] == 1
    assert numbers["hitl_requests", (("status", "pending"),)] == 1
    assert numbers["hitl_requests", (("status", "approved"),)] == 1
    assert numbers["hitl_outbox_waiting", (("kind", "card"),)] == 1
    assert numbers["hitl_outbox_dead", ()] == 0
    assert numbers["hitl_http_problems_total", (("problem", "bad-input"),)] == 1
    assert numbers["hitl_ready", (("what", "slack"),)] == 1
    assert numbers["hitl_policy_loaded", ()] == 1
    assert numbers["hitl_build", (("version", "0.0.0"),)] == 1
    route = (("method", "GET"), ("route", "/v1/requests/{id}"), ("status", "200"))
    assert numbers["hitl_http_seconds_count", route] == 1


async def test_labels_hold_nothing_that_was_sent(endpoint: Endpoint) -> None:
    """Unknown paths and methods must not fill the memory of whoever scrapes."""
    await endpoint.call("GET", "/v1/nothing-of-this-name")
    await endpoint.call("BREW", "/v1/requests")
    text = (await endpoint.call("GET", "/metrics")).raw
    assert b"nothing-of-this-name" not in text
    assert b"BREW" not in text


async def test_metrics_come_without_a_database(endpoint: Endpoint) -> None:
    """An outage is when they are needed most."""
    await endpoint.desk.store.close()
    endpoint.missing["database"] = "gone"
    assert (await _numbers(endpoint))["hitl_ready", (("what", "database"),)] == 0


async def test_without_a_database_agents_are_asked_to_wait(endpoint: Endpoint) -> None:
    """503 with `Retry-After`, as a problem."""
    assert (await endpoint.call("GET", "/v1/requests")).status == 200
    await endpoint.desk.store.close()
    async with asyncio.timeout(5):
        answer = await endpoint.post()
    assert answer.status == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.body["type"] == "urn:hitl:problem:unavailable"


async def test_a_bug_is_answered_with_an_incident(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """500 with an id that the log has too, and the operators hear, once; what the error said is nowhere."""

    async def broken() -> Mapping[str, str | None]:
        raise LookupError("hunter2")

    with caplog.at_level(logging.ERROR, "bot.http.app"):
        async with running(store, readiness=broken) as endpoint:
            answer = await endpoint.call("GET", "/readyz")
            assert (await endpoint.call("GET", "/readyz")).status == 500
            now = endpoint.runtime.now()
        told = await store.write(lambda unit: outbox.claim(unit, now, "", now, 9))
    assert answer.status == 500
    assert answer.body["type"] == "urn:hitl:problem:internal"
    record = caplog.records[0]
    incident = answer.body["incident"]
    assert [parcel.body for parcel in told] == [
        {
            "notice": "incident",
            "id": incident,
            "what": "LookupError in broken",
            "in": "call",
            "to": "U0ADMIN",
        }
    ]
    assert record.__dict__["about"] == {"incident": incident, "error": "LookupError"}
    assert "in broken" in record.getMessage()
    assert b"hunter2" not in answer.raw
    assert "hunter2" not in caplog.text.replace('raise LookupError("hunter2")', "")


async def test_a_caller_waits_for_no_notice_of_a_bug(store: Store, sqlite_url: str) -> None:
    """The 500 comes while somebody else holds the database; a stop waits until the notice is kept."""

    async def broken() -> Mapping[str, str | None]:
        raise LookupError

    with closing(sqlite3.connect(str(file_of(sqlite_url)), isolation_level=None)) as another:
        async with running(store, readiness=broken) as endpoint:
            another.execute("BEGIN IMMEDIATE")
            answer = await endpoint.call("GET", "/readyz")
            another.execute("ROLLBACK")
            now = endpoint.runtime.now()
    [told] = await store.write(lambda unit: outbox.claim(unit, now, "", now, 9))
    assert isinstance(told.body, Mapping)
    assert told.body["id"] == answer.body["incident"]


async def test_a_check_that_hangs_is_a_check_that_fails(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever probes does not wait for ever."""
    monkeypatch.setattr(operations, "READY_SECONDS", 0.05)

    async def hanging() -> Mapping[str, str | None]:
        await asyncio.get_running_loop().create_future()
        return {}

    async with running(store, readiness=hanging) as endpoint:
        answer = await endpoint.call("GET", "/readyz")
    assert answer.status == 503
    assert "did not say within" in answer.body["detail"]

"""Who may call, for what, and how often."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from aiohttp.test_utils import make_mocked_request

from approvals.words import AgentName, Instant
from bot.http.auth import TRUSTED_SECONDS, Callers
from bot.http.problems import Problem
from store import agents
from tests.bot.http.conftest import BILLING, MAILER, REFUND, Endpoint

EVERY_CALL = [
    ("POST", "/v1/requests"),
    ("GET", "/v1/requests"),
    ("GET", "/v1/requests/req_0"),
    ("GET", "/v1/requests/req_0?wait=60"),
    ("POST", "/v1/requests/req_0/cancel"),
    ("POST", "/v1/requests/req_0/comments"),
    ("POST", "/v1/requests/req_0/claim"),
    ("POST", "/v1/requests/req_0/outcome"),
    ("POST", "/v1/check"),
]


@pytest.mark.parametrize(("method", "path"), EVERY_CALL)
async def test_without_a_token_nothing_is_done(endpoint: Endpoint, method: str, path: str) -> None:
    """401 with a challenge, before the body is looked at."""
    answer = await endpoint.call(method, path, raw=b"not json", token=None)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="hitl"'
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert await endpoint.count() == 0


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Basic YTpi",
        BILLING,
        f"Bearer {BILLING} x",
        f"Bearer {BILLING}x",
        "Bearer é",
        "Bearer a,b",
    ],
)
async def test_a_wrong_token_is_401(endpoint: Endpoint, header: str) -> None:
    """Malformed or unknown, and it is never repeated."""
    answer = await endpoint.post(headers={"Authorization": header}, token=None)
    assert answer.status == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]
    assert BILLING.encode() not in answer.raw


async def test_two_tokens_are_none(endpoint: Endpoint) -> None:
    """Which of them would count must not depend on who reads."""
    async with endpoint.client.get(
        f"{endpoint.listener.url}/v1/requests",
        headers=[("Authorization", f"Bearer {BILLING}"), ("Authorization", f"Bearer {MAILER}")],
    ) as answer:
        assert answer.status == 401


async def test_the_scheme_may_be_spelled_in_any_case(endpoint: Endpoint) -> None:
    """RFC 9110: schemes are case-insensitive."""
    answer = await endpoint.post(headers={"Authorization": f"bearer  {BILLING}"}, token=None)
    assert answer.status == 201


async def test_a_revoked_token_is_401(on_each: Endpoint) -> None:
    """At the latest once it is looked up again."""
    assert (await on_each.post()).status == 201
    await on_each.desk.store.write(
        lambda unit: agents.revoke(unit, AgentName("billing-agent"), on_each.runtime.at)
    )
    async with asyncio.timeout(1):
        while (answer := await on_each.call("GET", "/v1/requests")).status != 401:
            assert answer.status == 200
    assert "revoked" in answer.body["detail"]
    before = await on_each.count()
    assert (await on_each.post()).status == 401
    assert await on_each.count() == before


def test_a_token_is_trusted_for_less_than_a_revocation_takes() -> None:
    """`hitl agent revoke` takes longer to end than this, so that its end means the token's."""
    assert TRUSTED_SECONDS <= 0.1


async def test_a_token_is_for_its_actions(endpoint: Endpoint) -> None:
    """403 for any other, on `requests` and `check`."""
    for path in ("/v1/requests", "/v1/check"):
        answer = await endpoint.call("POST", path, {**REFUND, "action": "delete_record"}, token=MAILER)
        assert answer.status == 403
        assert answer.body["type"] == "urn:hitl:problem:action-not-allowed"
    assert await endpoint.count() == 0
    assert (await endpoint.post({"action": "send_email"}, token=MAILER)).status == 201


async def test_a_process_that_revokes_can_forget_at_once(endpoint: Endpoint) -> None:
    """`Callers.forget` leaves no moment in which a revoked token still counts."""
    callers = Callers(endpoint.desk.store, endpoint.runtime.now, lambda: 0.0)
    request = make_mocked_request("GET", "/v1/requests", headers={"Authorization": f"Bearer {BILLING}"})
    assert (await callers.of(request)).name == "billing-agent"
    await endpoint.desk.store.write(
        lambda unit: agents.revoke(unit, AgentName("billing-agent"), endpoint.runtime.at)
    )
    assert (await callers.of(request)).name == "billing-agent"
    callers.forget()
    with pytest.raises(Problem) as caught:
        await callers.of(request)
    assert caught.value.sort.status == 401
    await callers.close()


async def test_last_seen_is_noted_once_a_minute(endpoint: Endpoint) -> None:
    """Enough to see which agents live; writing it for every call would cost a commit each."""

    async def seen() -> Instant | None:
        found = await endpoint.desk.store.read(lambda unit: agents.get(unit, AgentName("billing-agent")))
        assert found is not None
        return found.last_seen

    callers = Callers(endpoint.desk.store, endpoint.runtime.now, lambda: 0.0)
    request = make_mocked_request("GET", "/v1/requests", headers={"Authorization": f"Bearer {BILLING}"})
    started = endpoint.runtime.at
    for later, noted in ((0, 0), (59, 0), (60, 60), (61, 60)):
        endpoint.runtime.at = started + timedelta(seconds=later)
        callers.forget()
        await callers.of(request)
        await callers.close()
        assert await seen() == started + timedelta(seconds=noted)

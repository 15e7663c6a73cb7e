"""What the endpoint says of a request whose content was deleted after its time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from approvals.canonical import Json
from approvals.events import Edited
from approvals.words import RequestId
from bot.desk.ruling import rule_on
from store import cases, payloads
from store.unit_of_work import Unit
from tests.bot.http.conftest import REFUND, Endpoint
from tests.harness.cases import ALICE, a_roster

DAY = timedelta(days=1)


async def forgotten(endpoint: Endpoint) -> None:
    """A hundred days go by, and what was decided is deleted."""
    endpoint.runtime.at += 100 * DAY
    now = endpoint.runtime.at
    assert await endpoint.desk.store.write(lambda unit: payloads.forget(unit, now - DAY, now, 10)) == 1


async def test_it_is_told_as_deleted_and_not_as_empty(on_each: Endpoint) -> None:
    """Looked at, listed and claimed: it is over since then, and never an approval of nothing."""
    keyed: dict[str, Any] = {"headers": {"Idempotency-Key": "k1"}}
    body = {**REFUND, "metadata": {"order": "8821"}}
    first = await on_each.call("POST", "/v1/requests", body, **keyed)
    request = RequestId(first.body["id"])
    assert first.body["content_deleted_at"] is None

    def edit(unit: Unit) -> None:
        case = cases.load(unit, request)
        assert case is not None
        payload: dict[str, Json] = {**case.payload, "amount": 500}
        event = Edited(ALICE, payload, case.sight, a_roster(), reason="too much")
        rule_on(unit, case, event, on_each.runtime.at, a_roster())

    await on_each.desk.store.write(edit)
    before = (await on_each.call("GET", f"/v1/requests/{request}")).body
    assert (before["status"], before["proceed"], before["content_deleted_at"]) == ("modified", True, None)
    await forgotten(on_each)
    path = f"/v1/requests/{request}"
    for told in (
        (await on_each.call("GET", path)).body,
        (await on_each.call("GET", "/v1/requests")).body["items"][0],
    ):
        assert told["content_deleted_at"] == "2027-02-28T12:00:00Z"
        assert (told["status"], told["proceed"], told["title"]) == ("modified", False, "Issue refund")
        assert (told["payload"], told["metadata"], told["decision"]["changes"]) == ({}, {}, [])
        assert told["decision"]["payload_sha256"] == before["decision"]["payload_sha256"]
        assert told["decision"]["message"] == (
            "Approved with changes by Alice, who said “too much”. Its arguments were deleted after their"
            " time, so do not act on it any more; ask again if it is still needed."
        )
    claim = await on_each.call("POST", f"{path}/claim", {})
    assert claim.status == 409
    assert "was deleted after its time" in claim.body["detail"]


async def test_a_key_that_is_sent_again_gets_what_is_left(on_each: Endpoint) -> None:
    """The request that it made, as it stands: no second one, and nothing made up."""
    keyed: dict[str, Any] = {"headers": {"Idempotency-Key": "k1"}}
    request = RequestId((await on_each.post(None, **keyed)).body["id"])
    await on_each.vote(request)
    now = on_each.runtime.at + DAY
    assert await on_each.desk.store.write(lambda unit: payloads.forget(unit, now, now, 10)) == 1
    again = await on_each.post(None, **keyed)
    assert (again.status, again.body["id"]) == (200, request)
    assert again.body["content_deleted_at"] == "2026-11-21T12:00:00Z"
    assert (again.body["proceed"], again.body["payload"]) == (False, {})


async def test_an_outcome_is_taken_and_its_words_are_not_kept(on_each: Endpoint) -> None:
    """They go to the thread; what came of it stays."""
    request = await on_each.opened()
    await on_each.vote(request)
    await forgotten(on_each)
    reported = await on_each.call(
        "POST", f"/v1/requests/{request}/outcome", {"status": "failed", "detail": "smtp down"}
    )
    assert (reported.status, reported.body["outcome"]["detail"]) == (200, "smtp down")
    kept = (await on_each.call("GET", f"/v1/requests/{request}")).body["outcome"]
    assert (kept["status"], kept["detail"]) == ("failed", None)

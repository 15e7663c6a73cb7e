"""The calls about requests, as an agent makes them."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from approvals.words import Choice
from store import cases
from store.engine import Store
from tests.bot.http.conftest import MAILER, REFUND, Endpoint

WHOLE: dict[str, Any] = {
    "kind": "approval",
    "title": "Pay ACME back",
    "reasoning": "Arrived broken.",
    "context": [
        {"label": "Order", "value": 8821, "url": "https://shop.example.com/8821"},
        {"label": "x", "value": None},
    ],
    "effects": {"approve": "It is paid.", "reject": "A person writes.", "rollback": None},
    "confidence": 1,
    "risk": "critical",
    "reversible": False,
    "form": {"properties": {"amount": {"type": "number"}}},
    "on_behalf_of": "dan@example.com",
    "run_id": "run-1",
    "metadata": {"trace": "abc"},
    "callback_url": "https://agent.example.com/hooks",
    "reply_to": {"channel": "C0OPS", "thread_ts": "1700000000.000100"},
}


async def test_a_request_is_opened_with_every_field(on_each: Endpoint) -> None:
    """201, its place, and the contract's answer."""
    answer = await on_each.post(WHOLE)
    assert answer.status == 201
    assert answer.headers["Location"] == f"/v1/requests/{answer.body['id']}"
    told = answer.body
    assert told["status"] == "pending"
    assert told["proceed"] is False
    assert told["payload"] == REFUND["payload"]
    assert told["risk"] == "critical"
    assert told["rule"] == "refunds"
    assert told["title"] == "Refund 750 EUR"
    assert told["approvals"] == {"needed": 1, "given": 0}
    assert told["run_id"] == "run-1"
    assert told["metadata"] == {"trace": "abc"}
    assert told["created_at"] == "2026-11-20T12:00:00Z"
    assert told["due_at"] == "2026-11-20T16:00:00Z"
    assert told["slack"] is None
    assert told["decision"] is None
    assert (await on_each.call("GET", answer.headers["Location"])).body == told


async def test_null_is_as_good_as_absent(endpoint: Endpoint) -> None:
    """Clients that send every field, most of them null, are understood."""
    nulls = dict.fromkeys([*WHOLE, "options", "default_answer", "supersedes", "payload"])
    answer = await endpoint.call("POST", "/v1/requests", {**nulls, "action": "issue_refund"})
    assert answer.status == 201
    assert answer.body["payload"] == {}
    assert answer.body["kind"] == "approval"


async def test_the_policy_approves_at_once(endpoint: Endpoint) -> None:
    """What the policy lets through may proceed when the POST is answered."""
    answer = await endpoint.call("POST", "/v1/requests", {"action": "search_mail"})
    assert answer.status == 201
    assert answer.body["status"] == "approved"
    assert answer.body["proceed"] is True
    assert answer.body["decision"]["via"] == "policy"


async def test_check_says_the_verdict_and_stores_nothing(endpoint: Endpoint) -> None:
    """The same body as a request, the verdict, and no trace of it."""
    answer = await endpoint.call("POST", "/v1/check", {**REFUND, **WHOLE})
    assert answer.status == 200
    assert answer.body["gate"] == "hard"
    assert answer.body["risk"] == "critical"
    assert answer.body["rule"] == "refunds"
    assert answer.body["reasons"]
    assert await endpoint.count() == 0


async def test_another_agents_request_is_as_unknown_as_none(endpoint: Endpoint) -> None:
    """404 on every call, the same to the byte."""
    request = await endpoint.opened()
    for method, what, body in (
        ("GET", "", None),
        ("GET", "?wait=1", None),
        ("POST", "/cancel", None),
        ("POST", "/claim", None),
        ("POST", "/comments", {"text": "hello"}),
        ("POST", "/outcome", {"status": "failed"}),
    ):
        others = await endpoint.call(method, f"/v1/requests/{request}{what}", body, token=MAILER)
        absent = await endpoint.call(method, f"/v1/requests/req_0{what}", body, token=MAILER)
        assert others.status == absent.status == 404
        assert others.raw == absent.raw
    told = await endpoint.call("GET", f"/v1/requests/{request}")
    assert told.body["status"] == "pending"
    assert told.body["comments"] == []


@pytest.mark.parametrize("name", ["%00", "%FF", "%ED%A0%80", "req_%00", "a" * 3000, "%F0%9F%98%80", "..%2F"])
async def test_odd_ids_are_unknown(on_each: Endpoint, name: str) -> None:
    """An id that no database can hold is an id that does not exist."""
    assert (await on_each.call("GET", f"/v1/requests/{name}")).status == 404


async def test_only_own_requests_are_listed(endpoint: Endpoint) -> None:
    """A listing holds the agent's own, newest first."""
    first, second = await endpoint.opened(), await endpoint.opened()
    await endpoint.post(token=MAILER)
    answer = await endpoint.call("GET", "/v1/requests")
    assert [item["id"] for item in answer.body["items"]] == [second, first]
    assert answer.body["next_cursor"] is None


async def test_a_listing_is_read_page_by_page(on_each: Endpoint) -> None:
    """Cursors lead through everything, once."""
    made = [await on_each.opened() for _ in range(5)]
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await on_each.call("GET", f"/v1/requests?limit=2&cursor={cursor}")).body
        assert len(page["items"]) <= 2
        seen.extend(item["id"] for item in page["items"])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == sorted(made, reverse=True)


async def test_a_listing_is_narrowed(on_each: Endpoint) -> None:
    """By status, and by a glob over the action."""
    await on_each.call("POST", "/v1/requests", {"action": "search_mail"})
    await on_each.opened()
    approved = (await on_each.call("GET", "/v1/requests?status=approved&action=&limit=")).body["items"]
    refunds = (await on_each.call("GET", "/v1/requests?action=issue_*")).body["items"]
    neither = (await on_each.call("GET", "/v1/requests?status=approved&action=issue_*")).body["items"]
    assert [item["action"] for item in approved] == ["search_mail"]
    assert [item["action"] for item in refunds] == ["issue_refund"]
    assert neither == []


@pytest.mark.parametrize(
    ("query", "loc"),
    [
        ("status=open", "status"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=ten", "limit"),
        ("limit=%D9%A5", "limit"),
        ("cursor=yesterday", "cursor"),
        ("cursor=req_%00", "cursor"),
        ("action=%00", "action"),
        ("stauts=pending", "stauts"),
        ("limit=5&limit=6", "limit"),
    ],
)
async def test_a_wrong_query_is_refused(endpoint: Endpoint, query: str, loc: str) -> None:
    """422 that names the parameter, also one that is misspelt or doubled."""
    answer = await endpoint.call("GET", f"/v1/requests?{query}")
    assert answer.status == 422
    assert answer.locs == [loc]


async def test_cancelling_withdraws(endpoint: Endpoint) -> None:
    """The body may be missing; a second time is a conflict."""
    request = await endpoint.opened()
    answer = await endpoint.call("POST", f"/v1/requests/{request}/cancel")
    assert answer.status == 200
    assert answer.body["status"] == "cancelled"
    assert answer.body["decision"]["via"] == "agent"
    again = await endpoint.call("POST", f"/v1/requests/{request}/cancel", {"reason": "twice"})
    assert again.status == 409
    assert "cancelled" in again.body["detail"]


async def test_a_reason_for_cancelling_is_kept(endpoint: Endpoint) -> None:
    """What the agent gave as its reason is in the decision."""
    request = await endpoint.opened()
    answer = await endpoint.call("POST", f"/v1/requests/{request}/cancel", {"reason": "customer called"})
    assert answer.body["decision"]["reason"] == "customer called"


async def test_a_decided_request_cannot_be_cancelled(endpoint: Endpoint) -> None:
    """409, and the decision stands."""
    request = await endpoint.opened()
    await endpoint.vote(request, Choice.REJECT)
    assert (await endpoint.call("POST", f"/v1/requests/{request}/cancel", {})).status == 409
    assert (await endpoint.call("GET", f"/v1/requests/{request}")).body["status"] == "rejected"


async def test_a_comment_is_kept(endpoint: Endpoint) -> None:
    """The agent's words come back with its name."""
    request = await endpoint.opened()
    answer = await endpoint.call("POST", f"/v1/requests/{request}/comments", {"text": "photo attached"})
    assert answer.status == 200
    (comment,) = answer.body["comments"]
    assert comment["by"] == {"agent": "billing-agent"}
    assert comment["text"] == "photo attached"


async def test_two_workers_claim_and_one_acts(on_each: Endpoint) -> None:
    """Of claims at the same moment exactly one is answered 200."""
    request = await on_each.opened()
    await on_each.vote(request)
    path = f"/v1/requests/{request}/claim"
    answers = await asyncio.gather(*(on_each.call("POST", path) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 7
    (taken,) = (answer for answer in answers if answer.status == 200)
    assert taken.body["claimed_at"] == "2026-11-20T12:00:00Z"


async def test_what_is_not_approved_cannot_be_claimed(endpoint: Endpoint) -> None:
    """409 while it is pending, and when its approval has run out."""
    request = await endpoint.opened()
    path = f"/v1/requests/{request}/claim"
    assert (await endpoint.call("POST", path)).status == 409
    await endpoint.vote(request)
    endpoint.runtime.at += timedelta(hours=1, seconds=1)
    late = await endpoint.call("POST", path, {})
    assert late.status == 409
    assert "run out" in late.body["detail"]
    assert (await endpoint.call("GET", f"/v1/requests/{request}")).body["proceed"] is False


async def test_the_latest_outcome_wins(endpoint: Endpoint) -> None:
    """The loop is closed, and may be closed again."""
    request = await endpoint.opened()
    path = f"/v1/requests/{request}/outcome"
    assert (await endpoint.call("POST", path, {"status": "succeeded"})).status == 409
    await endpoint.vote(request)
    await endpoint.call("POST", path, {"status": "succeeded"})
    told = {"status": "rolled_back", "detail": "tx 5521", "url": "https://bank.example.com/5521"}
    answer = await endpoint.call("POST", path, told)
    assert answer.status == 200
    assert answer.body["outcome"] == {**told, "at": "2026-11-20T12:00:00Z"}


async def test_asking_again_names_what_went_before(endpoint: Endpoint) -> None:
    """`supersedes` takes an own request only."""
    before = await endpoint.opened()
    answer = await endpoint.post({"supersedes": before})
    assert answer.status == 201
    assert answer.body["supersedes"] == before
    for unknown, token in ((before, MAILER), ("req_0", MAILER)):
        refused = await endpoint.post({"supersedes": unknown}, token=token)
        assert refused.status == 422
        assert refused.locs == ["supersedes"]
    assert await endpoint.count() == 2


async def test_a_requester_may_be_written_as_slack_writes_people(endpoint: Endpoint, store: Store) -> None:
    """`<@U0ALICE|alice>` is U0ALICE, who then may not approve it."""
    request = await endpoint.opened(on_behalf_of="<@U0ALICE|alice>")
    case = await store.read(lambda unit: cases.load(unit, request))
    assert case is not None
    assert case.request.on_behalf_of == "U0ALICE"

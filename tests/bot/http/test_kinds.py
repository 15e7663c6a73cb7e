"""Approvals, reviews and questions, as their agents see them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from approvals.events import Opened
from approvals.words import AgentName, Choice, Gate, Kind, RequestId
from bot.desk import decide
from bot.desk.ruling import rule_on
from store import cases, outbox
from store.outbox import ParcelKind
from store.unit_of_work import Unit
from tests.bot.http.conftest import BILLING, MAILER, REFUND, Endpoint
from tests.harness.cases import ALICE, a_judgement, a_request, a_roster

KINDS: dict[str, dict[str, Any]] = {
    "approval": {},
    "review": {"kind": "review"},
    "question": {"kind": "question", "options": ["left", "right"], "default_answer": "left"},
}


@pytest.mark.parametrize("kind", KINDS)
async def test_check_says_what_a_request_gets(on_each: Endpoint, kind: str) -> None:
    """Gate, risk, rule, reasons and policy, whatever the kind; nothing is stored by asking."""
    checked = await on_each.call("POST", "/v1/check", {**REFUND, **KINDS[kind]})
    assert checked.status == 200
    assert await on_each.desk.store.read(lambda unit: cases.open_of(unit, AgentName("billing-agent"))) == ()
    posted = (await on_each.post(KINDS[kind])).body
    assert checked.body == {name: posted[name] for name in checked.body}
    gate = {"approval": "hard", "review": "audit", "question": "question"}[kind]
    assert (checked.body["gate"], checked.body["rule"]) == (gate, "refunds")
    assert posted["proceed"] is (kind == "review")
    assert posted["review_of"] is None


async def test_an_answer_reaches_the_agent(on_each: Endpoint) -> None:
    """`answered`, with the answer in the decision; it may go on."""
    request = await on_each.opened(**KINDS["question"])
    case = await on_each.desk.store.read(lambda unit: cases.load(unit, request))
    assert case is not None
    told = await decide.answer(on_each.desk, request, ALICE, "right", case.sight)
    assert told.answer.refused is None
    body = (await on_each.call("GET", f"/v1/requests/{request}")).body
    assert (body["status"], body["proceed"], body["decision"]["answer"]) == ("answered", True, "right")
    assert body["decision"]["by"] == [{"id": "U0ALICE", "name": "Alice"}]


async def test_a_question_that_nobody_answers_gets_its_default(endpoint: Endpoint) -> None:
    """`timed_out`, which it is, and the agent may go on with its best guess."""
    request = await endpoint.opened(**KINDS["question"])
    await endpoint.passes(timedelta(hours=4), request)
    body = (await endpoint.call("GET", f"/v1/requests/{request}")).body
    assert (body["status"], body["proceed"], body["decision"]["answer"]) == ("timed_out", True, "left")


@pytest.mark.parametrize(
    ("fields", "locs"),
    [
        ({"options": ["left", " "]}, ["options.1"]),
        ({"options": [" ", "right", "\t\n"]}, ["options.0", "options.2"]),
        ({"options": ["left", "\u2003"]}, ["options.1"]),
        ({"default_answer": ""}, ["default_answer"]),
        ({"default_answer": " \n"}, ["default_answer"]),
        ({"options": ["left", " "], "default_answer": " "}, ["default_answer", "options.1"]),
    ],
)
async def test_an_answer_that_says_nothing_is_refused(
    endpoint: Endpoint, fields: dict[str, Any], locs: list[str]
) -> None:
    """422, by its name, on `requests` and on `check` alike: nobody could click or read it."""
    for path in ("/v1/requests", "/v1/check"):
        answer = await endpoint.call("POST", path, {**REFUND, "kind": "question", **fields})
        assert (answer.status, sorted(answer.locs)) == (422, locs)
    assert await endpoint.count() == 0


async def test_check_refuses_what_supersedes_no_request_of_ones_own(on_each: Endpoint) -> None:
    """As `requests` does, in the same words; and takes what that takes."""
    own = await on_each.opened()
    for before, token in (("req_01UNKNOWN", BILLING), (own, MAILER)):
        told = [
            await on_each.call("POST", path, {**REFUND, "supersedes": before}, token=token)
            for path in ("/v1/check", "/v1/requests")
        ]
        assert [answer.status for answer in told] == [422, 422]
        assert [answer.locs for answer in told] == [["supersedes"]] * 2
        assert told[0].body["errors"] == told[1].body["errors"]
    assert (await on_each.call("POST", "/v1/check", {**REFUND, "supersedes": own})).status == 200
    assert await on_each.count() == 1


async def test_a_linked_review_is_not_withdrawn_by_its_agent(endpoint: Endpoint) -> None:
    """409 that says why; it stays open for people."""
    now = endpoint.desk.runtime.now()
    request = a_request(
        id=RequestId("req_01LINKED"), kind=Kind.REVIEW, review_of=RequestId("req_00"), created_at=now
    )
    judgement = a_judgement(gate=Gate.AUDIT)
    await endpoint.desk.store.write(
        lambda unit: rule_on(unit, None, Opened(request, judgement), now, a_roster(), desk=endpoint.desk)
    )
    refused = await endpoint.call("POST", f"/v1/requests/{request.id}/cancel", {})
    assert (refused.status, refused.headers["Content-Type"]) == (409, "application/problem+json")
    assert "people were promised this review" in refused.body["detail"]
    body = (await endpoint.call("GET", f"/v1/requests/{request.id}")).body
    assert (body["status"], body["review_of"]) == ("pending", "req_00")


async def test_a_flag_is_called_after_its_decision(endpoint: Endpoint) -> None:
    """Two callbacks, `request.decided` and then `request.flagged`, with bodies of the same request."""
    url = "https://agent.example.com/hooks"
    request = await endpoint.opened(kind="review", callback_url=url)
    await endpoint.vote(request, Choice.REJECT)
    now = endpoint.desk.runtime.now()

    def called(unit: Unit) -> list[Any]:
        """What goes to the agent next; it takes it."""
        found = [p for p in outbox.claim(unit, now, "me", now, 9) if p.kind is ParcelKind.CALLBACK]
        for parcel in found:
            outbox.done(unit, parcel, now)
        return [parcel.body for parcel in found]

    [decided], [flagged] = [await endpoint.desk.store.write(called) for _ in range(2)]
    assert (decided["type"], flagged["type"]) == ("request.decided", "request.flagged")
    assert json.loads(flagged["body"])["data"] == json.loads(decided["body"])["data"]
    assert json.loads(flagged["body"])["data"]["status"] == "rejected"

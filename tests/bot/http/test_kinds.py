"""Approvals, reviews and questions, as their agents see them."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from approvals.model import AgentName, Choice
from bot.desk import decide
from store import cases, outbox
from store.outbox import ParcelKind
from store.unit_of_work import Unit
from tests.bot.http.conftest import REFUND, Endpoint
from tests.harness.cases import ALICE

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

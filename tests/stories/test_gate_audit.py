"""`gate: audit`: the agent goes on at once, and people say afterwards whether it was right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from approvals.machine import sampled
from approvals.words import RequestId
from sandbox.workspace import Message
from tests.harness.house import House, buttons, page
from tests.stories.conftest import Build

# One bot serves every story here: each asks for something of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")

REVIEWING = {"Looks right", "Correct", "Flag"}
POLICY = """
channel: C0APPROVALS
groups:
  support: {users: [U0ALICE, U0BOB]}
risk: {levels: {low: ["hide_*", label_comment]}}
irreversible: [hide_for_good]
rules:
  - {name: sampled, when: "action in ['label_comment', 'hide_for_good']", gate: audit, ask: support,
     sample: 0.5, steps: [{after: 3d, do: expire}]}
  - {name: soon, when: "action == 'hide_soon'", gate: audit, ask: support, steps: [{after: 1s, do: expire}]}
  - {name: moderation, when: "action.startsWith('hide_')", gate: audit, ask: support,
     title: "Hide comment {{ payload.comment }}", steps: [{after: 3d, do: expire}]}
default: {gate: hard, ask: support, steps: [{after: 4h, do: park}]}
"""
HIDDEN: dict[str, Any] = {
    "kind": "review",
    "action": "hide_comment",
    "payload": {"comment": 5521, "label": "spam"},
    "reasoning": "A link to a shop, from an account that is a day old.",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(build: Build) -> AsyncIterator[House]:
    """A house in which moderation is looked at afterwards."""
    async with build(POLICY) as built:
        yield built


async def _done(one: House, **fields: Any) -> tuple[str, Message]:
    """What was done already; may be gone on with before anybody has looked."""
    asked = await one.agent.ask(**{**HIDDEN, **fields})
    assert (asked["gate"], asked["status"], asked["proceed"]) == ("audit", "pending", True)
    return str(asked["id"]), await one.settled_card(asked["id"])


def _told(one: House, request: str) -> list[str]:
    return [each.type for each in one.agent.heard if each.data["id"] == request]


async def test_it_looks_right(one: House) -> None:
    """The card says what was done, and that it was; one click ends it."""
    request, card = await _done(one)
    for words in ("Hide comment 5521", "done already", "was it right?", "an account that is a day old"):
        assert words in page(card)
    assert buttons(card) >= REVIEWING
    await one.slack.click("U0ALICE", card.channel, card.ts, "Looks right")
    heard = await one.agent.hears(request)
    decision = heard.data["decision"]
    assert (decision["verdict"], decision["via"]) == ("approved", "human")
    assert decision["by"] == [{"id": "U0ALICE", "name": "alice"}]
    assert "Found right by alice" in decision["message"]
    final = await one.card(request, "Looks right", "says alice")
    assert not buttons(final) & REVIEWING
    await one.nothing_left()
    assert _told(one, request) == ["request.decided"]


async def test_it_should_have_been_something_else(one: House) -> None:
    """Correct: what was done stays what it was, and the agent reads what it should have been."""
    request, card = await _done(one)
    fields = await one.modal("U0BOB", card, "Correct")
    assert "What was wrong?" in fields
    await one.slack.submit("U0BOB", {"Label": "advert", "What was wrong?": "It is no spam."})
    heard = await one.agent.hears(request)
    decision = heard.data["decision"]
    assert (heard.data["status"], decision["via"]) == ("modified", "human")
    assert decision["changes"] == [{"op": "replace", "path": "/label", "value": "advert"}]
    assert "It is no spam." in decision["message"]
    final = await one.card(request, "Corrected by bob", "It is no spam.", "spam → advert")
    assert not buttons(final) & REVIEWING


async def test_a_flag_is_told_twice_and_waits_for_the_roll_back(one: House) -> None:
    """First that it is decided, then that it is flagged; the card waits for the outcome, and shows it."""
    request, card = await _done(one, effects={"rollback": "Show it again."})
    await one.modal("U0ALICE", card, "Flag")
    await one.slack.submit("U0ALICE", {"reason": "A regular customer."})
    flagged = await one.agent.hears(request, "request.flagged")
    assert _told(one, request) == ["request.decided", "request.flagged"]
    for heard in (one.agent.heard_of(request)[0], flagged):
        assert (heard.data["status"], heard.data["proceed"]) == ("rejected", False)
        assert heard.data["decision"]["reason"] == "A regular customer."
    assert "Roll it back" in flagged.data["decision"]["message"]
    waiting = await one.card(request, "Flagged by alice", "waiting for billing-agent to roll it back")
    assert not buttons(waiting) & REVIEWING
    assert "Show it again." in page(waiting)
    status, _ = await one.agent.call("POST", f"/v1/requests/{request}/claim")
    assert status == 409
    body = {"status": "rolled_back", "detail": "The comment is shown again."}
    status, told = await one.agent.call("POST", f"/v1/requests/{request}/outcome", body)
    assert (status, told["outcome"]["status"]) == (200, "rolled_back")
    final = await one.card(request, "Rolled back", "The comment is shown again.")
    assert "waiting for" not in page(final)
    assert final.text.startswith("Rolled back")


async def test_an_outcome_may_come_before_the_review(one: House) -> None:
    """Its agent went on, and says so on the open card; then somebody flags it after all."""
    request, card = await _done(one, kind="approval")
    assert (await one.agent.call("POST", f"/v1/requests/{request}/claim"))[0] == 409
    body = {"status": "succeeded", "detail": "Hidden."}
    assert (await one.agent.call("POST", f"/v1/requests/{request}/outcome", body))[0] == 200
    card = await one.card(request, "Hidden.")
    assert buttons(card) >= REVIEWING
    await one.modal("U0BOB", card, "Flag")
    await one.slack.submit("U0BOB", {"reason": "No spam."})
    await one.agent.hears(request, "request.flagged")
    await one.card(request, "Flagged by bob", "waiting for billing-agent to roll it back")


async def test_what_nobody_looked_at_stays_unreviewed(one: House) -> None:
    """Timed out is neither right nor flagged, and the agent may still go on."""
    asked = await one.agent.ask(**{**HIDDEN, "action": "hide_soon"})
    heard = await one.agent.hears(asked["id"])
    decision = heard.data["decision"]
    assert (heard.data["status"], heard.data["proceed"]) == ("timed_out", True)
    assert (decision["via"], decision["by"]) == ("timeout", [])
    final = await one.card(asked["id"], "Unreviewed")
    assert not buttons(final) & REVIEWING


async def test_what_is_not_sampled_is_passed_by_the_policy(one: House) -> None:
    """A share, by the request's id, is shown; the rest is recorded as the policy's doing, without a word."""
    shown: list[str] = []
    unseen: list[dict[str, Any]] = []
    async with asyncio.timeout(10):
        while not (shown and unseen):
            asked = await one.agent.ask(kind="review", action="label_comment", payload={"comment": 1})
            assert (asked["status"] == "pending") is sampled(RequestId(asked["id"]), 0.5)
            if asked["status"] == "pending":
                shown.append(asked["id"])
            else:
                unseen.append(asked)
    for asked in unseen:
        decision = asked["decision"]
        assert (asked["status"], asked["proceed"], asked["gate"]) == ("approved", True, "audit")
        assert (decision["via"], decision["by"]) == ("policy", [])
        assert "did not pick this one" in decision["message"]
        await one.agent.hears(asked["id"])
    await asyncio.gather(*map(one.settled_card, shown))
    await one.nothing_left()
    assert not any(one.cards(asked["id"]) for asked in unseen)


async def test_a_review_of_what_cannot_be_undone_is_always_shown(one: House) -> None:
    """However small the sample; as an approval it would not be let through at all."""
    reviews = [await one.agent.ask(kind="review", action="hide_for_good", payload={}) for _ in range(8)]
    assert {(asked["gate"], asked["status"]) for asked in reviews} == {("audit", "pending")}
    assert "cannot be undone" in page(await one.settled_card(reviews[-1]["id"]))
    held = await one.agent.ask(action="hide_for_good", payload={})
    assert (held["gate"], held["proceed"]) == ("hard", False)

"""`gate: soft`: it goes ahead when the window closes, unless somebody who saw the card objects."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio

from sandbox.workspace import Message
from tests.harness.house import DECIDING, House, buttons, page
from tests.stories.conftest import Build

# One bot serves every story here but those in which it stops.
pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
channel: C0APPROVALS
groups:
  support: {users: [U0ALICE, U0BOB]}
risk: {levels: {medium: ["publish_*"], high: [publish_prices]}}
rules:
  - {name: slow, when: "payload.site == 'slow'", gate: soft, ask: support, valid_for: 1h,
     steps: [{after: 30m, do: approve}]}
  - {name: reviewed, when: "payload.site == 'reviewed'", gate: soft, ask: support,
     steps: [{after: 2s, do: approve, review: true}]}
  - {name: reminded, when: "payload.site == 'reminded'", gate: soft, ask: support,
     steps: [{after: 1s, do: remind}, {after: 3s, do: approve}]}
default: {gate: hard, ask: support, steps: [{after: 4h, do: park}]}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(build: Build) -> AsyncIterator[House]:
    """A house in which drafts go ahead."""
    async with build(POLICY) as built:
        yield built


async def _asked(one: House, site: str, **fields: Any) -> tuple[str, Message]:
    asked = await one.agent.ask(
        **{"action": "publish_draft", "payload": {"site": site, "page": "a"}, **fields}
    )
    assert (asked["status"], asked["proceed"]) == ("pending", False)
    return str(asked["id"]), await one.settled_card(asked["id"])


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


async def test_the_card_says_when_it_goes_ahead_and_then_it_does(one: House) -> None:
    """The window starts with the card; people who are asked are reminded; nobody says anything."""
    request, card = await _asked(one, "reminded")
    told = await one.agent.look(request)
    assert told["gate"] == "soft"
    assert buttons(card) >= DECIDING
    ends = _seconds(told["due_at"])
    # It was written a moment before the window began; to the minute, which is what people see, it is right.
    await one.slack.until(lambda: _promised(page(card)) // 60 == int(ends) // 60)
    assert _promised(page(card)) <= ends
    assert "unless somebody objects" in card.text
    polled = await asyncio.wait_for(one.agent.look(request, wait=30), 10)
    decision = polled["decision"]
    assert (polled["status"], polled["proceed"]) == ("approved", True)
    assert (decision["verdict"], decision["via"], decision["by"]) == ("approved", "timeout", [])
    assert _seconds(decision["decided_at"]) >= ends
    assert "Nobody objected" in decision["message"]
    final = await one.card(request, "because nobody objected", "Paid, tx 5521")
    assert not buttons(final) & DECIDING
    await one.slack.message_in(card.channel, "✅ Went ahead", thread_ts=card.ts)
    reminder, _end = one.slack.thread(card.channel, card.ts)
    assert "<@U0ALICE> and <@U0BOB>, this waits for you" in reminder.text
    assert _promised(reminder.text) == int(ends)
    assert len(one.agent.heard_of(request)) == 1
    assert await one.facts(request) == [
        "request.opened",
        "request.shown",
        "request.reminded",
        "request.decided",
        "request.claimed",
        "outcome.reported",
    ]


async def test_somebody_objects_in_time(one: House) -> None:
    """A reject inside the window stops it, and the card says who did and why."""
    request, card = await _asked(one, "slow")
    await one.reject("U0BOB", card, "The prices are last year's.")
    heard = await one.agent.hears(request)
    assert (heard.data["status"], heard.data["proceed"]) == ("rejected", False)
    assert heard.data["decision"]["via"] == "human"
    assert heard.data["decision"]["by"] == [{"id": "U0BOB", "name": "bob"}]
    assert "last year's" in heard.data["decision"]["message"]
    final = await one.card(request, "Rejected by bob", "before it went ahead", "The prices are last year's.")
    assert not buttons(final) & DECIDING


async def test_somebody_agrees_or_edits_before_the_window_ends(one: House) -> None:
    """Approve decides at once, and so does an edit; what silence would do no longer matters."""
    (first, yes), (second, edited) = await _asked(one, "slow"), await _asked(one, "slow")
    await one.slack.click("U0ALICE", yes.channel, yes.ts, "Approve")
    heard = await one.agent.hears(first)
    assert (heard.data["status"], heard.data["decision"]["via"]) == ("approved", "human")
    assert heard.data["decision"]["valid_until"] is not None
    await one.modal("U0ALICE", edited, "Edit")
    await one.slack.submit("U0ALICE", {"Page": "b"})
    heard = await one.agent.hears(second)
    assert (heard.data["status"], heard.data["decision"]["payload"]["page"]) == ("modified", "b")


async def test_what_is_too_risky_is_not_left_to_silence(one: House) -> None:
    """High risk: held as hard, and silence would end it, not approve it."""
    asked = await one.agent.ask(action="publish_prices", payload={"site": "slow"})
    assert asked["gate"] == "hard"
    assert "held as hard because it is high risk" in asked["reasons"]
    card = await one.settled_card(asked["id"])
    assert "then it expires" in page(card)
    assert "goes ahead" not in page(card)


async def test_what_silence_let_through_is_reviewed(one: House) -> None:
    """A review opens, says what it looks at, and a flag in it reaches the agent."""
    request, _ = await _asked(one, "reviewed")
    assert "people review it afterwards" in str(one.slack.calls("chat.postMessage")[-1].args)
    heard = await one.agent.hears(request)
    assert (heard.data["status"], heard.data["decision"]["via"]) == ("approved", "timeout")
    await one.card(request, "it is reviewed now")
    _, listed = await one.agent.call("GET", "/v1/requests?status=pending")
    [review] = [each for each in listed["items"] if each["review_of"] == request]
    assert (review["kind"], review["gate"], review["proceed"]) == ("review", "audit", True)
    assert review["payload"] == heard.data["payload"]
    shown = await one.settled_card(review["id"])
    assert request in page(shown)
    assert "It went ahead because nobody objected" in page(shown)
    assert buttons(shown) >= {"Looks right", "Correct", "Flag"}
    await one.modal("U0ALICE", shown, "Flag")
    await one.slack.submit("U0ALICE", {"reason": "Not on a Friday."})
    flagged = await one.agent.hears(review["id"], "request.flagged")
    assert flagged.data["decision"]["reason"] == "Not on a Friday."
    # The review of a review would never end.
    _, listed = await one.agent.call("GET", "/v1/requests")
    assert not [each for each in listed["items"] if each["review_of"] == review["id"]]


def _promised(text: str) -> int:
    """When people are told that it goes ahead: seconds since 1970."""
    found = re.search(r"goes ahead\*? (?:with .*? )?<!date\^(\d+)\^", text)
    assert found, text
    return int(found[1])


def _shown_in_between(one: House) -> str:
    """All that cards have said since they were put up."""
    return "\n".join(str(call.args) for call in one.slack.calls("chat.update"))


async def _killed(one: House) -> None:
    await one.kill()


async def _stopped(one: House) -> None:
    assert await one.bot.stop() == 0
    one.api.target = one.door.target = None


@pytest.mark.parametrize("end", [_killed, _stopped], ids=["killed", "stopped"])
async def test_a_window_that_ended_while_the_bot_was_down_starts_again(
    end: Callable[[House], Awaitable[None]], build: Build
) -> None:
    """Nobody could be heard: people are reminded and get the whole window, and then silence counts."""
    async with build(POLICY) as one:
        request, card = await _asked(one, "reviewed")
        before = _seconds((await one.agent.look(request))["due_at"])
        await end(one)
        # What passes is the window; no event tells of it.
        await asyncio.sleep(2.2)
        await one.start()
        note = await one.slack.message_in(card.channel, "starts again", thread_ts=card.ts)
        assert "<@U0ALICE> and <@U0BOB>, the time to object starts again" in note.text
        ends = _promised(note.text)
        assert ends >= int(before + 2)
        heard = await one.agent.hears(request)
        assert heard.data["decision"]["via"] == "timeout"
        assert _seconds(heard.data["decision"]["decided_at"]) >= ends - 1
        await one.card(request, "because nobody objected")
        shown = re.findall(r"\*goes ahead\* <!date\^(\d+)\^", _shown_in_between(one))
        # The card and the note are on their way at once.
        assert any(abs(int(moment) - ends) <= 1 for moment in shown), (shown, ends)
        facts = await one.facts(request)
        assert [facts.count(kind) for kind in ("window.restarted", "request.decided")] == [1, 1]
        said = [each.text for each in one.slack.thread(card.channel, card.ts)]
        assert len([text for text in said if "starts again" in text]) == 1


async def test_the_window_waits_for_the_card(build: Build) -> None:
    """While Slack takes no message, nobody could object: nothing goes ahead."""
    async with build(POLICY) as one:
        held = one.slack.faults.hold("chat.postMessage", times=None)
        asked = await one.agent.ask(action="publish_draft", payload={"site": "reviewed", "page": "a"})
        await held.reached()
        later = await one.agent.look(asked["id"], wait=3)
        assert (later["status"], later["slack"]) == ("pending", None)
        one.slack.faults.clear(held)
        await one.settled_card(asked["id"])
        began = _seconds(asked["created_at"])
        assert _seconds((await one.agent.look(asked["id"]))["due_at"]) >= began + 5
        heard = await one.agent.hears(asked["id"])
        assert heard.data["decision"]["via"] == "timeout"

"""`gate: audit` in Slack: Looks right, Correct, Flag."""

from __future__ import annotations

from typing import Any

from approvals.model import Case
from approvals.words import Kind, Status
from sandbox.server import SlackStandIn
from tests.bot.slack.gates import click, labels, words_in
from tests.harness.desk import RunningDesk


async def a_review(bot: RunningDesk, **fields: Any) -> Case:
    """A refund that was paid already."""
    return await bot.ask(kind=Kind.REVIEW, **fields)


async def test_looks_right_decides_at_once(gates: RunningDesk, slack: SlackStandIn) -> None:
    """One click, no modal, no words beside the card."""
    case = await a_review(gates)
    await click(gates, "U0ALICE", case.id, "Looks right")
    assert (await gates.case(case.id)).status is Status.APPROVED
    assert not slack.calls("views.open")
    await slack.courier.idle()
    assert not slack.ephemerals("U0ALICE")


async def test_correct_says_what_it_should_have_been(gates: RunningDesk, slack: SlackStandIn) -> None:
    """The edit form in words for what was done; a value that breaks the form is told at its field."""
    case = await a_review(gates)
    await click(gates, "U0ALICE", case.id, "Correct")
    view = await slack.view_of("U0ALICE", "Correct")
    assert "what it should have been" in words_in(slack, "U0ALICE")
    assert labels(view.blocks)["note"] == "What was wrong?"
    for block in view.blocks:
        block.get("element", {}).pop("max_value", None)  # somebody with another client
    assert list((await slack.submit("U0ALICE", {"Amount": "9000"})).errors) != []
    done = await slack.submit("U0ALICE", {"Amount": "500", "note": "The receipt covers 500."})
    assert done.view is None
    decided = await gates.case(case.id)
    assert (decided.status, decided.payload["amount"]) == (Status.MODIFIED, 500)
    assert decided.decision is not None
    assert decided.decision.reason == "The receipt covers 500."


async def test_flag_asks_why_and_says_what_happens(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Blanks are no reason; words are, and the agent is called for it twice: decided, flagged."""
    case = await a_review(gates)
    await click(gates, "U0BOB", case.id, "Flag")
    await slack.view_of("U0BOB", "Flag")
    assert "It is told to roll it back" in words_in(slack, "U0BOB")
    assert list((await slack.submit("U0BOB", {"reason": "  "})).errors) == ["reason"]
    assert (await slack.submit("U0BOB", {"reason": "Paid twice."})).view is None
    decided = await gates.case(case.id)
    assert decided.flagged
    assert decided.decision is not None
    assert decided.decision.reason == "Paid twice."


async def test_who_comes_late_to_a_review_is_told_by_whom(gates: RunningDesk, slack: SlackStandIn) -> None:
    """A flag by Alice is a flag in Bob's answer, not a rejection."""
    case = await a_review(gates)
    card = await click(gates, "U0ALICE", case.id, "Flag")
    await slack.view_of("U0ALICE", "Flag")
    await click(gates, "U0BOB", case.id, "Flag")
    view = await slack.view_of("U0BOB", "Flag")
    old = [dict(block) for block in card.blocks]
    await slack.submit("U0ALICE", {"reason": "Paid twice."})
    late = await slack.submit("U0BOB", {"reason": "Too much."}, view=view)
    assert "Too late: it was flagged by alice" in str(late.body)
    card = await gates.card(case.id, "lagged")
    slack.workspace.change(card, blocks=old)
    await slack.click("U0BOB", card.channel, card.ts, "Looks right")
    assert "flagged by alice" in (await slack.ephemeral_to("U0BOB", "Too late")).text


async def test_who_is_not_asked_to_review_is_told_who_is(gates: RunningDesk, slack: SlackStandIn) -> None:
    """No button of a review opens or decides anything for others."""
    case = await a_review(gates)
    for words in ("Looks right", "Correct", "Flag"):
        await click(gates, "U0CAROL", case.id, words)
    await slack.until(lambda: len(slack.ephemerals("U0CAROL")) == 3)
    assert all("alice" in told.text for told in slack.ephemerals("U0CAROL"))
    assert not slack.calls("views.open")
    assert (await gates.case(case.id)).status is Status.PENDING

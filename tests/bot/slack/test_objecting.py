"""`gate: soft` in Slack: inside the window people decide as ever, after it they are told how it went."""

from __future__ import annotations

from datetime import timedelta

from approvals.model import Case
from approvals.words import Status, Via
from bot.desk import decide
from sandbox.server import SlackStandIn
from tests.bot.slack.gates import click, labels
from tests.harness.desk import RunningDesk


async def a_draft(bot: RunningDesk) -> Case:
    """A draft that goes ahead half an hour after its card."""
    case = await bot.ask("publish_draft", payload={"site": "docs", "page": "intro"})
    await bot.card(case.id)
    began: Case = await bot.stored(lambda unit: _begun(decide.known(unit, case.id)))
    return began


def _begun(case: Case) -> Case | None:
    return case if case.began_at is not None else None


async def test_who_objects_stops_it(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Reject asks why, and the draft does not go ahead."""
    case = await a_draft(gates)
    await click(gates, "U0ALICE", case.id, "Reject")
    await slack.view_of("U0ALICE", "Reject")
    assert (await slack.submit("U0ALICE", {"reason": "Old prices."})).view is None
    assert (await gates.case(case.id)).status is Status.REJECTED


async def test_who_agrees_ends_the_waiting(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Approve decides at once; an edit is approved as it was entered, with no word to type."""
    first, second = await a_draft(gates), await a_draft(gates)
    await click(gates, "U0ALICE", first.id, "Approve")
    assert (await gates.case(first.id)).status is Status.APPROVED
    await click(gates, "U0BOB", second.id, "Edit")
    view = await slack.view_of("U0BOB", "Edit")
    assert "typed" not in labels(view.blocks)
    await slack.submit("U0BOB", {"Page": "start"})
    assert (await gates.case(second.id)).status is Status.MODIFIED


async def test_who_comes_too_late_is_told_that_nobody_objected(
    gates: RunningDesk, slack: SlackStandIn
) -> None:
    """A click on an old screen, and a modal that was open meanwhile: silence decided, not a person."""
    case = await a_draft(gates)
    card = await click(gates, "U0ALICE", case.id, "Reject")
    old = [dict(block) for block in card.blocks]
    await slack.view_of("U0ALICE", "Reject")
    gates.runtime.ahead += timedelta(minutes=30, seconds=1)
    await decide.tick(gates.desk, case.id, gates.runtime.now())
    late = await slack.submit("U0ALICE", {"reason": "Old prices."})
    assert "because nobody objected" in str(late.body)
    card = await gates.card(case.id, "obody objected")
    slack.workspace.change(card, blocks=old)
    await slack.click("U0BOB", card.channel, card.ts, "Approve")
    assert "because nobody objected" in (await slack.ephemeral_to("U0BOB", "Too late")).text
    decided = await gates.case(case.id)
    assert decided.decision is not None
    assert (decided.status, decided.decision.via) == (Status.APPROVED, Via.TIMEOUT)

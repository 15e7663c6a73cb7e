"""Requests whose content was deleted after its time, in Slack."""

from __future__ import annotations

from datetime import timedelta

from approvals.events import Reported
from approvals.model import Case
from approvals.roster import Person
from approvals.words import Choice, OutcomeStatus, UserId
from bot.desk import decide, follow_up
from sandbox.server import SlackStandIn
from sandbox.words import words_of
from store import payloads
from tests.bot.desk.conftest import nothing_left
from tests.bot.slack.test_last_words import replies
from tests.harness.desk import RunningDesk

ALICE = Person(UserId("U0ALICE"), "alice")


async def forgotten(bot: RunningDesk, case: Case) -> None:
    """Alice approves it, and later what it was about is deleted."""
    await decide.vote(bot.desk, case.id, ALICE, Choice.APPROVE, case.sight)
    await bot.card(case.id, "Approved by")
    await nothing_left(bot)
    now = bot.runtime.now() + timedelta(seconds=1)
    assert await bot.store.write(lambda unit: payloads.forget(unit, now, now, 10)) == 1


async def test_a_card_stays_as_it_is_until_something_happens(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Deleting what the desk keeps writes nothing to Slack."""
    case = await bot.ask()
    card = await bot.card(case.id)
    await forgotten(bot, case)
    await nothing_left(bot)
    assert "ACME GmbH" in words_of(card.blocks)
    assert replies(slack, card) == []


async def test_an_outcome_after_that_is_said_whole(bot: RunningDesk, slack: SlackStandIn) -> None:
    """That it is done stands on the card, which has nothing else to show; the agent's words in the thread."""
    case = await bot.ask()
    await forgotten(bot, case)
    done = Reported(OutcomeStatus.FAILED, "The bank refused", "https://bank.example.com/tx/1")
    await follow_up.report(bot.desk, bot.agent, case.id, done)
    card = await bot.card(case.id, "Failed: Issue refund. Approved by alice.")
    await nothing_left(bot)
    told = words_of(card.blocks)
    assert "Its content was deleted" in told
    assert "No arguments" not in told
    [note] = [each for each in slack.thread(card.channel, card.ts) if each.ts != card.ts]
    assert note.text == "Failed (“Issue refund”): The bank refused"
    assert "https://bank.example.com/tx/1" in words_of(note.blocks)

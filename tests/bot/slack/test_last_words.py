"""What a thread hears of the end: only what adds something, and never in front of a new card."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from approvals.model import Case
from approvals.roster import Person
from approvals.words import Choice, Instant, UserId
from bot.desk import decide, follow_up
from sandbox.server import SlackStandIn
from sandbox.workspace import Message
from store import outbox
from store.outbox import ParcelKind
from store.unit_of_work import Unit
from tests.bot.desk.conftest import nothing_left
from tests.bot.slack.test_attending import heard, sent_so_far, ticked
from tests.bot.slack.test_thread_verbs import say
from tests.harness.desk import RunningDesk

ALICE, BOB = Person(UserId("U0ALICE"), "alice"), Person(UserId("U0BOB"), "bob")


async def approved(bot: RunningDesk, case: Case, by: Person = ALICE, reason: str | None = None) -> None:
    """As by its button."""
    await decide.vote(bot.desk, case.id, by, Choice.APPROVE, case.sight, reason=reason)


def replies(slack: SlackStandIn, card: Message) -> list[str]:
    """What the bot said under a card."""
    return [each.text for each in slack.thread(card.channel, card.ts) if each.bot_id and each.ts != card.ts]


@pytest.mark.parametrize("how", ["approved", "expired", "withdrawn", "two approved"])
async def test_a_silent_thread_stays_silent(bot: RunningDesk, slack: SlackStandIn, how: str) -> None:
    """The card says that it was approved, or that it is over: nobody reads it twice."""
    case = await bot.ask("pair_payout" if how == "two approved" else "issue_refund")
    card = await bot.card(case.id)
    if how == "expired":
        await ticked(bot, case.id, timedelta(hours=4, seconds=1))
    elif how == "withdrawn":
        await follow_up.cancel(bot.desk, bot.agent, case.id, "no longer needed")
    else:
        await approved(bot, case)
    if how == "two approved":
        await approved(bot, case, BOB)
    await bot.decided(case.id)
    await nothing_left(bot)
    assert replies(slack, card) == []


@pytest.mark.parametrize("what", ["reason", "comment", "words"])
async def test_where_somebody_reads_the_thread_it_hears_of_the_end(
    bot: RunningDesk, slack: SlackStandIn, what: str
) -> None:
    """A reason, a comment before, or an approval that was answered there."""
    case = await bot.ask("pair_payout")
    card = await bot.card(case.id)
    if what == "comment":
        slack.say("U0CAROL", card.channel, "hm", thread_ts=card.ts)
        await slack.courier.idle()
    if what == "words":
        await say(bot, "U0ALICE", case, "approve")
    else:
        await approved(bot, case)
    await approved(bot, case, BOB, "fine by me" if what == "reason" else None)
    [note] = await slack.until(lambda: heard(slack, card, "✅ Approved by alice and bob"))
    assert note.thread_ts == card.ts


async def test_a_new_card_does_not_wait_behind_what_threads_hear(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Sixty decisions with reasons, at a message a second: the new card is up at once."""
    cases = [await bot.ask() for _ in range(60)]
    for case in cases:
        await bot.card(case.id)
    await nothing_left(bot)
    # Updates of cards have a limit of their own, of which this is not about.
    slack.rates.burst = 2
    slack.rates.on = True
    async with asyncio.TaskGroup() as group:
        for case in cases:
            group.create_task(approved(bot, case, reason="fine"))
    await slack.until(lambda: sum("pproved" in each.text for each in bot.cards_in()) == len(cases), within=10)
    new = await bot.ask(payload={"amount": 999, "currency": "EUR", "customer": "Urgent"})
    await slack.until(lambda: [each for each in bot.cards_in() if "Urgent" in each.text], within=8)
    await bot.card(new.id)


async def test_where_many_wait_for_a_channel_the_end_is_left_to_the_card(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """What is left out is not said later: the thread of a card that says it stays as it was."""
    case = await bot.ask()
    card = await bot.card(case.id)
    await nothing_left(bot)
    later = bot.runtime.now() + timedelta(hours=1)
    await bot.store.write(lambda unit: _crowd(unit, later))
    await approved(bot, case, reason="fine")
    await bot.card(case.id, "Approved")
    await sent_so_far(bot)
    assert replies(slack, card) == []


def _crowd(unit: Unit, due: Instant) -> None:
    for number in range(21):
        outbox.put(
            unit,
            ParcelKind.REPLY,
            request=None,
            key=f"crowd:{number}",
            lane="channel:C0APPROVALS",
            body=None,
            now=due,
        )

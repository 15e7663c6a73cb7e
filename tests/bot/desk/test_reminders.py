"""A reminder takes the place of the one before it, whatever Slack and the process do meanwhile."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from approvals.model import Case
from approvals.roster import Person
from approvals.words import Choice, RequestId, UserId
from bot.desk import decide
from sandbox.server import SlackStandIn
from sandbox.workspace import Message
from store import reminders
from store.reminders import Reminder
from tests.bot.desk.conftest import POLICY, nothing_left
from tests.harness.desk import RunningDesk, running_desk

STEP = timedelta(seconds=10)
BOB = Person(UserId("U0BOB"), "bob")
STEPS = "steps: [{after: 1h, do: remind}, {after: 2h, do: escalate, to: support}, {after: 4h, do: expire}]"
#: In seconds: what was lost is looked for from two minutes before by Slack's clock, which no test moves.
PLAN = (
    "steps: [{after: 10s, do: remind}, {after: 20s, do: remind}, {after: 30s, do: remind}, "
    "{after: 40s, do: escalate, to: support}, {after: 9h, do: expire}]"
)


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot whose refunds are reminded of three times."""
    assert STEPS in POLICY
    async with running_desk(sqlite_url, slack, POLICY.replace(STEPS, PLAN)) as running:
        yield running


async def at_the_next_step(bot: RunningDesk, request: RequestId, steps: int = 1) -> None:
    """The clock comes by then, or so many steps later."""
    bot.runtime.ahead += steps * STEP
    await decide.tick(bot.desk, request, bot.runtime.now())


async def known(bot: RunningDesk, request: RequestId) -> tuple[Reminder, ...]:
    """Those of which is known that they are in Slack."""
    return await bot.store.read(lambda unit: reminders.of(unit, request))


def replies(slack: SlackStandIn, card: Message, words: str = "this waits for you") -> list[Message]:
    """What is said under `card` in these words."""
    return [each for each in slack.thread(card.channel, card.ts) if words in each.text]


async def reminded_once(bot: RunningDesk, slack: SlackStandIn) -> tuple[Case, Message, Message]:
    """A request, its card, and its first reminder."""
    case = await bot.ask()
    card = await bot.card(case.id)
    await at_the_next_step(bot, case.id)
    await nothing_left(bot)
    [first] = replies(slack, card)
    return case, card, first


async def test_a_repeated_reminder_takes_the_place_of_the_one_before(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """One is in the thread, the newest: posted anew, as an edit would notify nobody."""
    case, card, first = await reminded_once(bot, slack)
    seen = [first.ts]
    for _ in range(2):
        await at_the_next_step(bot, case.id)
        await nothing_left(bot)
        [only] = replies(slack, card)
        seen.append(only.ts)
        assert [each.ts for each in await known(bot, case.id)] == [only.ts]
    assert len(set(seen)) == 3
    assert [call.args["ts"] for call in slack.calls("chat.delete")] == seen[:2]


async def test_nothing_else_in_the_thread_is_taken_away(bot: RunningDesk, slack: SlackStandIn) -> None:
    """What people said, the escalation, and another request's reminder stay."""
    case, card, _ = await reminded_once(bot, slack)
    said = slack.say("U0BOB", card.channel, "I'll look at it", thread_ts=card.ts)
    other = await bot.ask()
    there = await bot.card(other.id)
    await at_the_next_step(bot, other.id)
    await nothing_left(bot)
    await at_the_next_step(bot, case.id, steps=3)
    await nothing_left(bot)
    assert said.ts in [each.ts for each in slack.thread(card.channel, card.ts)]
    assert len(replies(slack, card)) == len(replies(slack, card, "you are asked as well")) == 1
    assert len(replies(slack, there)) == 1


async def test_the_new_one_is_there_before_the_old_one_goes(bot: RunningDesk, slack: SlackStandIn) -> None:
    """However it ends, somebody was reminded."""
    case, card, first = await reminded_once(bot, slack)
    held = slack.faults.hold("chat.delete")
    await at_the_next_step(bot, case.id)
    await held.reached()
    assert len(replies(slack, card)) == 2
    assert [each.ts for each in await known(bot, case.id)] == [each.ts for each in replies(slack, card)]
    held.release()
    await nothing_left(bot)
    assert first.ts not in [each.ts for each in replies(slack, card)]


@pytest.mark.parametrize("fault", ["rate_limit", "lose_answer", "reset"])
async def test_a_deletion_that_fails_for_now_is_tried_again(
    bot: RunningDesk, slack: SlackStandIn, fault: str
) -> None:
    """Too many calls, or nobody knows whether it happened: no second reminder is posted, the old one goes."""
    case, card, first = await reminded_once(bot, slack)
    getattr(slack.faults, fault)("chat.delete", times=1)
    await at_the_next_step(bot, case.id)
    await slack.call_of("chat.delete")
    bot.runtime.ahead += STEP / 2
    bot.courier.wake()
    await nothing_left(bot)
    [only] = replies(slack, card)
    assert only.ts != first.ts
    assert len(await known(bot, case.id)) == 1


async def test_a_reminder_that_somebody_removed_is_no_trouble(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Nor is a workspace that lets nothing be deleted: the next one is sent all the same."""
    case, card, first = await reminded_once(bot, slack)
    slack.people.delete("U0ADMIN", first)
    await at_the_next_step(bot, case.id)
    await nothing_left(bot)
    [second] = replies(slack, card)
    slack.faults.refuse("compliance_exports_prevent_deletion", "chat.delete")
    await at_the_next_step(bot, case.id)
    await nothing_left(bot)
    assert [second.ts] == [each.ts for each in replies(slack, card)][:1]
    assert len(replies(slack, card)) == 2
    assert len(await known(bot, case.id)) == 1


async def test_a_reminder_whose_answer_was_lost_is_found_and_replaced_later(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """It is not posted twice, and the next one knows where it is."""
    case = await bot.ask()
    card = await bot.card(case.id)
    slack.faults.lose_answer("chat.postMessage", times=1)
    await at_the_next_step(bot, case.id)
    await slack.until(lambda: replies(slack, card))
    bot.runtime.ahead += STEP / 2
    bot.courier.wake()
    await nothing_left(bot)
    [first] = replies(slack, card)
    assert [each.ts for each in await known(bot, case.id)] == [first.ts]
    await at_the_next_step(bot, case.id)
    await nothing_left(bot)
    [second] = replies(slack, card)
    assert second.ts != first.ts


async def test_killed_before_the_old_one_went_it_goes_after_the_restart(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The new one is kept by then: the next process posts no other, and takes the old one away."""
    case, card, first = await reminded_once(bot, slack)
    held = slack.faults.hold("chat.delete")
    await at_the_next_step(bot, case.id)
    await held.reached()
    # What a killed process leaves behind: its lease, which another one takes over.
    await bot.courier.take_over()
    await slack.call_of("chat.delete", after=1)
    held.drop()
    await nothing_left(bot)
    [only] = replies(slack, card)
    assert only.ts != first.ts


async def test_what_was_decided_meanwhile_still_loses_its_old_reminder(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The new one was posted: between both nobody is left to wonder which one holds."""
    case, card, _ = await reminded_once(bot, slack)
    slack.faults.rate_limit("chat.delete", retry_after=1, times=1)
    await at_the_next_step(bot, case.id)
    await slack.call_of("chat.delete")
    await decide.vote(bot.desk, case.id, BOB, Choice.APPROVE, case.sight)
    bot.runtime.ahead += STEP / 2
    bot.courier.wake()
    await nothing_left(bot)
    assert len(replies(slack, card)) == 1

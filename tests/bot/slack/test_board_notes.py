"""What is said under a digest, from a step or an agent's words to Slack: nothing lost, nothing twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from functools import partial

import pytest
import sqlalchemy as sa

from approvals import policy
from approvals.model import Case
from approvals.words import STORM, RequestId
from bot.desk import decide, follow_up, pausing
from sandbox.server import SlackStandIn
from sandbox.workspace import Message
from store import agents, boards, cases
from store.tables import outbox
from store.unit_of_work import Unit
from tests.bot.desk.digests import ADMIN, POLICY, STORMY, asked, asks_as, begun, gathered
from tests.bot.slack.boards import buttons, ended, message_of, posted, quiet
from tests.harness.desk import RunningDesk, running_desk

MINUTE = timedelta(minutes=1)
STEPS = "steps: [{after: 2h, do: escalate, to: directors}, {after: 4h, do: expire}]"
REMINDING = POLICY.replace(
    STEPS, "steps: [{after: 10m, do: remind}, {after: 20m, do: remind}, {after: 4h, do: expire}]"
)
WIPES = """
rules:
  - name: wipes
    when: "action == 'wipe_disk'"
    gate: hard
    ask: support
    steps: [{after: 20m, do: escalate, to: directors}, {after: 40m, do: park}]
"""
#: Five cards an hour, and what is critical.
CRITICAL = (
    STORMY.replace("\nrules:\n", WIPES, 1)
    .replace("levels: {", "levels: {critical: [wipe_disk], ", 1)
    .replace("in: 5m", "in: 1h")
)


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot whose refunds are reminded of twice."""
    assert STEPS in POLICY
    async with running_desk(sqlite_url, slack, REMINDING) as running:
        yield running


@pytest.fixture
async def stormy(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot whose channel is full, and whose disks are wiped at critical risk."""
    async with running_desk(sqlite_url, slack, CRITICAL) as running:
        yield running


async def later(bot: RunningDesk, requests: Sequence[Case], minutes: float) -> None:
    """So many minutes later the clock comes by, once for all of them; and what it says is said."""
    bot.runtime.ahead += minutes * MINUTE
    now = bot.runtime.now()
    for case in requests:
        await decide.tick(bot.desk, case.id, now, now)
    await quiet(bot)


def under(message: Message, slack: SlackStandIn, words: str = "") -> list[str]:
    """What was said in its thread in these words."""
    return [each.text for each in slack.thread(message.channel, message.ts) if words in each.text]


async def storm_of(bot: RunningDesk, count: int) -> tuple[list[Case], Message]:
    """So many that wait on a storm's message, behind the five that have cards."""
    for _ in range(5):
        await bot.ask("wipe_disk")
    stormed = [await bot.ask("wipe_disk") for _ in range(count)]
    [board] = await bot.store.read(lambda unit: boards.open_of(unit, STORM))
    message = await message_of(bot, board.id)
    await quiet(bot)
    return stormed, message


async def escalated_to(bot: RunningDesk) -> Message:
    """The storm's message that asks the directors as well."""
    both = [
        board
        for board in await bot.store.read(lambda unit: boards.open_of(unit, STORM))
        if "directors" in board.ask
    ]
    [board] = both
    return await message_of(bot, board.id)


async def test_a_reminder_is_said_once_for_all_that_wait(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The step of each item fires; under the message is one sentence, which calls those who are asked."""
    _, requests, message = await posted(bot, 3)
    await later(bot, requests, 10)
    [said] = under(message, slack)
    assert said.startswith("Still open: 3 of 3.")
    assert "<@U0ALICE>" in said
    assert [(await bot.story(case.id)).count("request.reminded") for case in requests] == [1, 1, 1]


async def test_a_repeated_reminder_takes_the_place_of_the_one_before(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """One is in the thread, the newest, posted anew: an edit would call nobody."""
    _, requests, message = await posted(bot, 2)
    await later(bot, requests, 10)
    [first] = slack.thread(message.channel, message.ts)
    await later(bot, requests, 10)
    [second] = slack.thread(message.channel, message.ts)
    assert second.ts != first.ts
    assert second.text.startswith("Still open: 2 of 2.")


async def test_what_came_later_has_its_own_reminder(stormy: RunningDesk, slack: SlackStandIn) -> None:
    """It joined the storm's message when the others' reminder of the same step was long said."""
    text = CRITICAL.replace("{after: 20m, do: escalate, to: directors}", "{after: 10m, do: remind}")
    stormy.shelf.current = policy.load(text, "hitl.yml")
    requests, message = await storm_of(stormy, 1)
    await later(stormy, requests, 11)
    [first] = slack.thread(message.channel, message.ts)
    late = await stormy.ask("wipe_disk")
    assert late.waits_in == STORM
    await later(stormy, [late], 11)
    [second] = slack.thread(message.channel, message.ts)
    assert second.ts != first.ts
    assert second.text.startswith("Still open: 2 of 2.")


async def test_a_reminder_whose_answer_was_lost_is_not_said_twice(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """It is found in the thread, and the next one replaces it."""
    _, requests, message = await posted(bot, 2)
    slack.faults.lose_answer("chat.postMessage")
    await later(bot, requests, 10)
    assert len(under(message, slack)) == 1
    await later(bot, requests, 10)
    assert len(under(message, slack)) == 1


async def test_a_reminder_calls_nobody_to_what_is_over(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Its step fired, and all was decided before it could leave: it is dropped."""
    board, requests, message = await posted(bot, 2)
    slack.faults.rate_limit("chat.postMessage", retry_after=1)
    bot.runtime.ahead += 10 * MINUTE
    now = bot.runtime.now()
    for case in requests:
        await decide.tick(bot.desk, case.id, now, now)
    await slack.call_of("chat.postMessage", after=slack.calls("chat.postMessage")[0].seq)
    await begun(bot, board)
    await ended(bot, requests)
    bot.runtime.ahead += MINUTE
    bot.courier.wake()
    await quiet(bot)
    assert under(message, slack) == []


async def test_each_restart_of_a_window_is_said_once(sqlite_url: str, slack: SlackStandIn) -> None:
    """The desk is away twice: two sentences, the second with the second end."""
    async with running_desk(sqlite_url, slack, POLICY) as bot:
        _, requests, message = await posted(bot, 2, action="publish_draft")
        for _ in range(2):
            for case in requests:
                await bot.stored(partial(_begun, request=case.id))
            await later(bot, requests, 60)
        first, second = under(message, slack, "starts again")
        assert first != second


async def test_an_escalation_in_a_storm_calls_those_asked_now_once(
    stormy: RunningDesk, slack: SlackStandIn
) -> None:
    """Three of them: one sentence in the thread, shown to the channel too, and one direct message each."""
    requests, _ = await storm_of(stormy, 3)
    await later(stormy, requests, 21)
    message = await escalated_to(stormy)
    [said] = slack.thread(message.channel, message.ts)
    assert "<@U0CAROL>" in said.text
    assert "asked as well" in said.text
    assert said.reply_broadcast
    assert [(await stormy.case(case.id)).waits_in for case in requests] == [STORM] * 3
    for user in ("U0BOB", "U0CAROL"):
        [told] = slack.direct_messages(user)
        assert "Critical" in told.text
        assert "a decision on one message" in told.text
    assert slack.direct_messages("U0ALICE") == []


async def test_who_is_asked_by_a_storm_gets_the_message_s_address(
    stormy: RunningDesk, slack: SlackStandIn
) -> None:
    """Later ones that join the same message call nobody again, neither there nor directly."""
    requests, _ = await storm_of(stormy, 2)
    await later(stormy, requests[:1], 21)
    message = await escalated_to(stormy)
    await later(stormy, requests[1:], 1)
    [told] = slack.direct_messages("U0CAROL")
    assert message.ts.replace(".", "") in told.text
    assert len(under(message, slack)) == 1


async def test_a_message_of_what_was_escalated_says_so(stormy: RunningDesk, slack: SlackStandIn) -> None:
    """Nothing came at once there: it names the group to which how many were escalated."""
    requests, first = await storm_of(stormy, 2)
    assert "2 requests came" in first.text
    await later(stormy, requests, 21)
    message = await escalated_to(stormy)
    assert "2 requests were escalated to directors" in message.text
    assert "came" not in message.text
    assert buttons(message) == ["Review", "Reject all", "Pause this agent"]


async def test_what_is_parked_in_a_storm_stays_where_it_is(stormy: RunningDesk, slack: SlackStandIn) -> None:
    """No further message, and nobody is called; it can be decided there still."""
    requests, _ = await storm_of(stormy, 1)
    await later(stormy, requests, 21)
    message = await escalated_to(stormy)
    before = len(slack.messages("C0APPROVALS"))
    await later(stormy, requests, 20)
    parked = await stormy.case(requests[0].id)
    assert parked.parked_at is not None
    assert parked.waits_in == STORM
    assert len(slack.messages("C0APPROVALS")) == before
    assert "Review" in buttons(message)


async def test_what_is_parked_while_its_channel_is_full_joins_no_storm(
    stormy: RunningDesk, slack: SlackStandIn
) -> None:
    """It waits in its digest as before."""
    text = CRITICAL.replace(STEPS, "steps: [{after: 30m, do: park}]")
    stormy.shelf.current = policy.load(text, "hitl.yml")
    [case] = await asked(stormy, 1)
    assert case.waits_in == "hourly"
    for _ in range(5):
        await stormy.ask("wipe_disk")
    await later(stormy, [case], 31)
    parked = await stormy.case(case.id)
    assert (parked.parked_at is None, parked.waits_in) == (False, "hourly")
    assert await stormy.store.read(lambda unit: boards.open_of(unit, STORM)) == ()


async def test_words_before_the_digest_are_said_when_it_is_up(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The agent speaks while nothing shows its request: a minute after the message is there, so are they."""
    [case] = await asked(bot, 1)
    await follow_up.comment(bot.desk, bot.agent, case.id, "Do not refund twice.")
    await bot.stored(_looked)
    [board] = await gathered(bot)
    message = await message_of(bot, board.board)
    bot.runtime.ahead += 2 * MINUTE
    bot.courier.wake()
    said = await slack.message_in(message.channel, "Do not refund twice.", thread_ts=message.ts)
    assert "about" in said.text


async def test_words_while_its_agent_is_paused_are_said_afterwards(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Under the card that it has when the agent goes on."""
    await pausing.pause(bot.desk, bot.agent.name, ADMIN)
    agent = await bot.store.read(lambda unit: agents.get(unit, bot.agent.name))
    assert agent is not None
    held = await asks_as(bot, agent, "other")
    await follow_up.comment(bot.desk, bot.agent, held.id, "The customer called.")
    await bot.stored(_looked)
    await pausing.resume(bot.desk, bot.agent.name, ADMIN)
    await pausing.release(bot.desk)
    card = await bot.card(held.id)
    bot.runtime.ahead += 2 * MINUTE
    bot.courier.wake()
    await slack.message_in(card.channel, "The customer called.", thread_ts=card.ts)


async def test_words_about_what_ended_unseen_are_dropped(bot: RunningDesk, slack: SlackStandIn) -> None:
    """It was withdrawn before its digest came: nothing waits to be said."""
    [case] = await asked(bot, 1)
    await follow_up.comment(bot.desk, bot.agent, case.id, "Never mind.")
    await bot.stored(_looked)
    await follow_up.cancel(bot.desk, bot.agent, case.id, None)
    bot.runtime.ahead += 2 * MINUTE
    bot.courier.wake()
    await quiet(bot)
    assert slack.messages("C0APPROVALS") == []


def _begun(unit: Unit, request: RequestId) -> bool:
    case = cases.load(unit, request)
    return case is not None and case.began_at is not None


def _looked(unit: Unit) -> bool:
    """Whether the courier tried to say it, and will again."""
    tried = sa.select(outbox.c.id).where(
        outbox.c.kind == "thread", outbox.c.state == "waiting", outbox.c.last_error.is_not(None)
    )
    return unit.read(tried, of=(outbox,)).first() is not None

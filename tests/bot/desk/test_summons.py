"""When something critical is escalated, whoever is asked now is told in a direct message as well, once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from approvals.absence import Absence
from approvals.model import Case
from approvals.roster import Person
from approvals.words import Choice, RequestId, UserId
from bot.desk import decide
from sandbox.server import SlackStandIn
from sandbox.workspace import Message
from store import cards, overrides
from store.unit_of_work import Unit
from tests.bot.desk.conftest import POLICY, nothing_left
from tests.harness.desk import RunningDesk, running_desk

SECOND = timedelta(seconds=1)
BOB = Person(UserId("U0BOB"), "bob")
RULE = """
rules:
  - name: disks
    when: "action in ['wipe_disk', 'move_disk']"
    gate: hard
    ask: directors
    steps: [{after: 10s, do: remind}, {after: 20s, do: escalate, to: support}, {after: 4h, do: expire}]
"""


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot whose disks are wiped at critical risk, and moved at high risk."""
    policy = POLICY.replace("levels: {", "levels: {critical: [wipe_disk], high: [move_disk], ", 1)
    policy = policy.replace("\nrules:\n", RULE, 1)
    async with running_desk(sqlite_url, slack, policy) as running:
        yield running


async def ticked(bot: RunningDesk, request: RequestId, seconds: int = 21) -> None:
    """The clock comes by so many seconds later."""
    bot.runtime.ahead += seconds * SECOND
    await decide.tick(bot.desk, request, bot.runtime.now())


async def escalated(bot: RunningDesk, action: str = "wipe_disk", **fields: object) -> Case:
    """A request that support is asked about as well by now; its card is up."""
    case = await bot.ask(action, **fields)
    await bot.card(case.id)
    await ticked(bot, case.id)
    return case


def address(unit: Unit, request: RequestId) -> str | None:
    """Where its card can be opened, once Slack has said so."""
    ref = cards.of(unit, request)
    return ref.permalink if ref is not None else None


async def told(slack: SlackStandIn, user: str) -> Message:
    """What the bot wrote to that person."""
    return (await slack.until(lambda: slack.direct_messages(user)))[0]


async def test_each_of_those_asked_now_gets_one_with_the_card(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Carol and Dan of support; the directors were asked from the start, and are reminded in the thread."""
    case = await escalated(bot)
    card = await bot.stored(lambda unit: address(unit, case.id))
    for user in ("U0CAROL", "U0DAN"):
        message = await told(slack, user)
        assert f"<{card}|" in message.text
        assert "you are asked as well" in message.text
    await ticked(bot, case.id, seconds=60)
    await nothing_left(bot)
    assert [len(slack.direct_messages(user)) for user in ("U0ALICE", "U0BOB", "U0CAROL", "U0DAN")] == [
        0,
        0,
        1,
        1,
    ]


async def test_what_is_not_critical_is_said_in_the_thread_alone(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """At high risk the channel hears of it, nobody's direct messages do."""
    case = await escalated(bot, "move_disk")
    card = await bot.card(case.id)
    await slack.until(lambda: [m for m in slack.thread(card.channel, card.ts) if "<@U0DAN>" in m.text])
    assert slack.direct_messages("U0DAN") == []


async def test_a_deputy_gets_it_in_the_place_of_who_is_away(bot: RunningDesk, slack: SlackStandIn) -> None:
    """And whoever left Slack gets none."""
    now = bot.runtime.now()
    away = Absence(UserId("U0CAROL"), UserId("U0ALICE"), now + timedelta(days=1), now)
    await bot.store.write(lambda unit: overrides.put_absence(unit, away))
    slack.deactivate("U0DAN")
    await bot.side.people.reread()
    await bot.eventually(lambda: not bot.desk.directory.roster().profile(UserId("U0DAN")).active)
    await escalated(bot)
    await told(slack, "U0ALICE")
    await nothing_left(bot)
    assert slack.direct_messages("U0CAROL") == slack.direct_messages("U0DAN") == []


async def test_who_must_not_decide_it_is_not_asked(bot: RunningDesk, slack: SlackStandIn) -> None:
    """It is asked on behalf of Carol: only Dan is written to."""
    await escalated(bot, on_behalf_of="U0CAROL")
    await told(slack, "U0DAN")
    await nothing_left(bot)
    assert slack.direct_messages("U0CAROL") == []


async def test_a_lost_answer_makes_no_second_one(bot: RunningDesk, slack: SlackStandIn) -> None:
    """It arrived, and nobody heard so: it is looked for before it is sent again."""
    case = await bot.ask("wipe_disk")
    await bot.card(case.id)
    channel = slack.workspace.direct_message({"U0CAROL", slack.app.bot_user}).id
    slack.faults.lose_answer("chat.postMessage", channel=channel, times=1)
    await ticked(bot, case.id)
    await told(slack, "U0CAROL")
    bot.runtime.ahead += 10 * SECOND
    looked = await slack.call_of("conversations.history")
    assert looked.args["channel"] == channel
    await nothing_left(bot)
    assert len(slack.direct_messages("U0CAROL")) == 1


async def test_what_is_decided_meanwhile_calls_nobody(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The message waits for its turn, and finds that nobody is needed any more."""
    case = await bot.ask("wipe_disk")
    await bot.card(case.id)
    slack.faults.status(503, "conversations.open", times=2)
    await ticked(bot, case.id)
    await slack.call_of("conversations.open")
    await decide.vote(bot.desk, case.id, BOB, Choice.APPROVE, case.sight)
    bot.runtime.ahead += 60 * SECOND
    await bot.card(case.id, "Approved")
    await nothing_left(bot)
    assert slack.direct_messages("U0CAROL") == slack.direct_messages("U0DAN") == []


async def test_without_an_address_it_is_sent_all_the_same(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The card is held up for an hour, and somebody has to hear of it."""
    slack.faults.rate_limit("chat.postMessage", retry_after=3600, channel="C0APPROVALS", times=None)
    case = await bot.ask("wipe_disk")
    await ticked(bot, case.id)
    bot.runtime.ahead += 31 * SECOND
    message = await told(slack, "U0CAROL")
    assert "needs one approval" in message.text
    assert "http" not in message.text

"""What operators hear of a step that does not fire: once a day for each request, while it is true."""

from __future__ import annotations

from datetime import timedelta

from approvals.roster import Person
from approvals.words import Choice, RequestId, UserId
from bot.desk import decide, overdue
from sandbox.server import SlackStandIn
from scheduler.auditor import Stuck
from tests.bot.desk.conftest import nothing_left
from tests.harness.desk import RunningDesk

BOB = Person(UserId("U0BOB"), "bob")
HOUR = timedelta(hours=1)


async def told(
    bot: RunningDesk, *requests: RequestId, incident: str = "inc_9f86d081", more: int = 0
) -> list[str]:
    """Report these; what the operator has read by then, oldest first."""
    since = bot.runtime.now() - HOUR
    await overdue.tell(bot.desk, [Stuck(request, since, incident) for request in requests], more)
    await nothing_left(bot)
    return [message.text for message in bot.slack.direct_messages("U0ADMIN")]


async def test_operators_are_told_what_is_stuck_and_where_the_log_says_why(bot: RunningDesk) -> None:
    """By its id and incident; once a day, however often it is found."""
    case = await bot.ask()
    await bot.card(case.id)
    [text] = await told(bot, case.id)
    assert case.id in text
    assert "inc_9f86d081" in str(bot.slack.direct_messages("U0ADMIN")[0].blocks)
    assert await told(bot, case.id, incident="inc_2") == [text]
    other = await bot.ask()
    assert len(await told(bot, case.id, other.id)) == 2
    bot.runtime.ahead += timedelta(days=1)
    assert len(await told(bot, case.id)) == 3


async def test_of_very_many_the_rest_is_counted(bot: RunningDesk) -> None:
    """One message more, not one for each."""
    case = await bot.ask()
    await bot.card(case.id)
    assert "1,200" in (await told(bot, case.id, more=1_200))[-1]


async def test_what_was_decided_meanwhile_is_not_told(bot: RunningDesk, slack: SlackStandIn) -> None:
    """People could decide it all the while, and did."""
    case = await bot.ask()
    await decide.vote(bot.desk, case.id, BOB, Choice.APPROVE, case.sight)
    assert await told(bot, case.id) == []

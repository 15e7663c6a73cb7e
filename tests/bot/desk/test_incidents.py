"""What operators hear of mistakes of ours that nobody was in front of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.desk import incidents
from sandbox.server import SlackStandIn
from store.errors import Unavailable
from tests.harness.desk import RunningDesk, running_desk

SECRET = "Zanzibar GmbH"


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot whose courier a test asks."""
    async with running_desk(sqlite_url, slack, carrying=False) as running:
        yield running


def _bug() -> Exception:
    try:
        raise LookupError(SECRET)
    except LookupError as bug:
        return bug


async def _told(bot: RunningDesk, slack: SlackStandIn) -> list[str]:
    await bot.courier.run_once(bot.runtime.now())
    return [each.text for each in slack.direct_messages("U0ADMIN")]


async def test_what_fails_each_second_is_one_line_a_day_for_each_place(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """With the first number, what it means, and nothing that the error said; tomorrow it is told again."""
    for number in range(20):
        await incidents.tell(bot.desk, f"inc_sweep{number}", _bug(), "sweep")
        bot.runtime.ahead += timedelta(seconds=1)
    [line] = await _told(bot, slack)
    assert "Incident inc_sweep0: LookupError in " in line
    assert "A step of a request did not fire" in line
    assert SECRET not in line
    await incidents.tell(bot.desk, "inc_call", _bug(), "call")
    assert "answered with 500" in (await _told(bot, slack))[1]
    bot.runtime.ahead += timedelta(days=1)
    await incidents.tell(bot.desk, "inc_next", _bug(), "sweep")
    assert "inc_next" in (await _told(bot, slack))[2]


async def test_a_job_that_recurs_is_logged_and_told_under_one_number(
    bot: RunningDesk, slack: SlackStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """By its name, as no sentence of ours knows all of them."""
    await incidents.failed(bot.desk, "anchor", _bug())
    [line] = await _told(bot, slack)
    assert "The job anchor failed" in line
    [number] = [word.rstrip(":") for word in line.split() if word.startswith("inc_")]
    assert f"anchor failed (incident {number})" in caplog.text


async def test_a_database_that_is_away_is_nobody_s_mistake(bot: RunningDesk, slack: SlackStandIn) -> None:
    """It is what `/readyz` says; nothing could be kept of it either."""
    await incidents.tell(bot.desk, "inc_1", Unavailable("no room"), "sweep")
    assert await _told(bot, slack) == []

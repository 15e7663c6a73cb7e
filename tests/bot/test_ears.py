"""Since when people can be heard: what decides whether silence means something."""

from __future__ import annotations

from datetime import timedelta

from approvals.words import Instant
from bot.ears import Ears
from tests.harness.cases import NOON

SECOND = timedelta(seconds=1)


class Line:
    """What people's words come through, and what the time is."""

    def __init__(self) -> None:
        self.at: Instant = NOON
        self.cut: str | None = None

    def now(self) -> Instant:
        """As a test sets it."""
        return self.at

    async def why_deaf(self) -> str | None:
        """As a test sets it."""
        return self.cut


async def test_people_are_heard_from_the_beginning_as_long_as_nothing_is_cut() -> None:
    """However often it is asked."""
    line = Line()
    ears = Ears(line.now, line.why_deaf)
    for _ in range(3):
        assert await ears.heard_since() == NOON
        line.at += SECOND


async def test_while_nothing_can_be_heard_it_is_now_and_afterwards_since_then() -> None:
    """It moves as long as that lasts, and stays where it was last deaf."""
    line = Line()
    ears = Ears(line.now, line.why_deaf)
    line.cut = "Slack does not answer"
    for _ in range(3):
        line.at += SECOND
        assert await ears.heard_since() == line.at
    last = line.at
    line.cut = None
    for _ in range(3):
        line.at += SECOND
        assert await ears.heard_since() == last


async def test_deafness_that_no_step_falls_into_is_noticed_by_listening() -> None:
    """Nothing was due meanwhile: what was missed was missed all the same."""
    line = Line()
    ears = Ears(line.now, line.why_deaf)
    line.at, line.cut = NOON + SECOND, "no connection"
    await ears.listen(line.at)
    line.at, line.cut = NOON + 5 * SECOND, None
    await ears.listen(line.at)
    assert await ears.heard_since() == NOON + SECOND


async def test_each_time_of_deafness_counts() -> None:
    """The last one does."""
    line = Line()
    ears = Ears(line.now, line.why_deaf)
    for minute in (1, 2):
        line.at, line.cut = NOON + timedelta(minutes=minute), "no connection"
        await ears.listen(line.at)
        line.cut = None
        line.at += SECOND
        assert await ears.heard_since() == NOON + timedelta(minutes=minute)

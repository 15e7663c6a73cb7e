"""The acts of the day, in their order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from tests.stories.a_day import evening, morning, noon
from tests.stories.a_day.day import Day

ACTS: Final[tuple[Callable[[Day], Awaitable[None]], ...]] = (
    morning.before_work,
    morning.refunds,
    morning.first_digest,
    morning.two_of_two,
    morning.drafts,
    morning.reviews,
    morning.questions,
    morning.by_hand,
    morning.attention,
    noon.reminded,
    noon.escalated,
    noon.paused,
    noon.an_hour_without_slack,
    noon.from_the_list_of_what_is_parked,
    noon.a_restart,
    evening.at_home,
    evening.taken_back,
    evening.looked_back_at,
    evening.all_is_well,
)

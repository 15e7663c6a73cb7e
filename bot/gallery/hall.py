"""All stories of the gallery, in the order in which they hang there."""

from __future__ import annotations

from functools import cache

from bot.gallery import attention, desk, figures, homes, others, refunds, typed
from bot.gallery.life import Story


@cache
def hall() -> tuple[Story, ...]:
    """Every story, each name once."""
    rooms = (refunds, attention, others, desk, figures, typed, homes)
    return tuple(story for room in rooms for story in room.stories())

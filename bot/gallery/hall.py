"""All stories of the gallery, in the order in which they hang there."""

from __future__ import annotations

from functools import cache

from bot.gallery import attention, desk, homes, others, refunds
from bot.gallery.life import Story


@cache
def hall() -> tuple[Story, ...]:
    """Every story, each name once."""
    return (*refunds.stories(), *attention.stories(), *others.stories(), *desk.stories(), *homes.stories())

"""What was said not to be saved, and was after all: whoever did it is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from approvals.audit import FactKind
from approvals.model import Instant
from approvals.pen import signed
from bot.desk.desk import Desk
from bot.slack.payloads import Click
from store import cards, facts
from store.errors import Unavailable
from store.unit_of_work import Unit

#: Seconds for a commit that was under way when its caller stopped waiting. Later the card has said it.
WITHIN: Final = 20.0
#: What a click on a card may come to.
_COUNTED: Final = frozenset({FactKind.APPROVED, FactKind.REJECTED, FactKind.EDITED, FactKind.ANSWERED})


async def has_landed(
    desk: Desk, click: Click, since: Instant, next_commit: Callable[[], asyncio.Event]
) -> bool:
    """Whether what `click` asked for is in the log by now, or after one of the next commits."""
    deadline = asyncio.get_running_loop().time() + WITHIN
    while True:
        committed = next_commit()
        # A store that is away comes back with a commit, or not in time.
        with contextlib.suppress(Unavailable):
            if await desk.store.read(lambda unit: _is_there(unit, click, since)):
                return True
        try:
            async with asyncio.timeout_at(deadline):
                await committed.wait()
        except TimeoutError:
            return False


def _is_there(unit: Unit, click: Click, since: Instant) -> bool:
    request = cards.at(unit, click.channel, click.ts)
    if request is None:
        return False
    theirs = (fact for fact in facts.chain(unit, request) if fact.by == signed(click.by))
    return any(fact.kind in _COUNTED and fact.at >= since for fact in theirs)


def since(now: Instant, waited: float) -> Instant:
    """When a click came in that was given up at `now` after so many seconds, at the earliest."""
    return now - timedelta(seconds=waited + 1)

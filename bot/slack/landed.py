"""What was said not to be saved, and was after all: whoever did it is told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from approvals.audit import FactKind
from approvals.pen import signed
from approvals.roster import Person
from approvals.words import Instant, RequestId
from bot.desk.desk import Desk
from bot.slack.payloads import Click
from store import cards, facts
from store.errors import Unavailable
from store.unit_of_work import Unit

#: Seconds for a commit that was under way when its caller stopped waiting. Later the card has said it.
WITHIN: Final = 20.0
#: What a click on a card may come to, and a modal that decides.
_DECIDED: Final = frozenset({FactKind.APPROVED, FactKind.REJECTED, FactKind.EDITED, FactKind.ANSWERED})
#: What comes of a modal that decides nothing.
_ATTENDED: Final = frozenset({FactKind.COMMENTED, FactKind.HANDED_OVER, FactKind.SNOOZED})


@dataclass(frozen=True, slots=True)
class Awaited:
    """What somebody did of which nobody knows whether it is saved."""

    by: Person
    #: the earliest that it can have been saved
    since: Instant
    #: which request it was about, None: of none that is known
    request: Callable[[Unit], RequestId | None]
    #: what it may have come to
    kinds: frozenset[FactKind]


def clicked(click: Click, since: Instant) -> Awaited:
    """In a list by its block, on a card by where that is."""

    def request(unit: Unit) -> RequestId | None:
        return click.listed.request if click.listed is not None else cards.at(unit, click.channel, click.ts)

    return Awaited(click.by, since, request, _DECIDED)


def submitted(by: Person, request: RequestId, since: Instant, *, decides: bool) -> Awaited:
    """In a modal about `request`."""
    return Awaited(by, since, lambda _unit: request, _DECIDED if decides else _ATTENDED)


async def has_landed(desk: Desk, awaited: Awaited, next_commit: Callable[[], asyncio.Event]) -> bool:
    """Whether it is in the log by now, or after one of the next commits."""
    deadline = asyncio.get_running_loop().time() + WITHIN
    while True:
        committed = next_commit()
        # A store that is away comes back with a commit, or not in time.
        with contextlib.suppress(Unavailable):
            if await desk.store.read(lambda unit: _is_there(unit, awaited)):
                return True
        try:
            async with asyncio.timeout_at(deadline):
                await committed.wait()
        except TimeoutError:
            return False


def _is_there(unit: Unit, awaited: Awaited) -> bool:
    request = awaited.request(unit)
    if request is None:
        return False
    theirs = (fact for fact in facts.chain(unit, request) if fact.by == signed(awaited.by))
    return any(fact.kind in awaited.kinds and fact.at >= awaited.since for fact in theirs)


def since(now: Instant, waited: float) -> Instant:
    """When a click came in that was given up at `now` after so many seconds, at the earliest."""
    return now - timedelta(seconds=waited + 1)

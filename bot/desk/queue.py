"""The queues: what waits for a person, what they may see of the rest, and what comes first.

queue = await among(desk, user, pending)           # of one look at all that is pending
ids = queue.of(Which.MINE)                         # in the order in which it will hurt
shown = await items(desk, ids[:5])                 # whole, with where their cards are
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from approvals import access, escalation
from approvals.globs import Globs
from approvals.model import Case
from approvals.roster import Roster
from approvals.turns import waits_for
from approvals.words import DigestName, Instant, RequestId, StepKind, UserId
from bot.desk import readable
from bot.desk.desk import Desk
from store import cases
from store.cards import CardRef

#: Requests looked at in one go: some milliseconds, in which a click has to wait.
_PAGE: Final = 200
_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class Which(StrEnum):
    """The lists that a queue is read by."""

    #: may be decided by them now, and they have not said anything to it yet
    MINE = "mine"
    #: all that they may see, what is parked last
    ALL = "all"
    #: a step that asks others, or its end, is past, and it is still open
    OVERDUE = "overdue"
    #: everybody's time is up, and it can still be decided
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Only:
    """What a list is narrowed to: globs, upper and lower case alike; None: anything."""

    action: str | None = None
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where one request stands in somebody's queue."""

    id: RequestId
    #: true when it waits for this person, parked or not
    mine: bool
    overdue: bool
    parked: bool
    #: true when they are asked, as a member or in somebody's place; an operator sees others too
    asked: bool
    #: the digest that it waits in, until a card of its own shows it
    digest: DigestName | None
    #: what sorts: what is parked last, then the riskiest, then what ends first, then the oldest
    urgency: tuple[bool, int, Instant, RequestId]

    def stands_in(self, which: Which) -> bool:
        """Whether it belongs to that list."""
        match which:
            case Which.MINE:
                return self.mine and not self.parked
            case Which.OVERDUE:
                return self.overdue
            case Which.PARKED:
                return self.parked
            case Which.ALL:
                return True


@dataclass(frozen=True, slots=True)
class Queue:
    """All that is pending and that one person may see, what will hurt first at the top."""

    places: tuple[Place, ...] = ()

    def of(self, which: Which) -> tuple[RequestId, ...]:
        """One of its lists, in order."""
        return tuple(place.id for place in self.places if place.stands_in(which))

    @property
    def others(self) -> tuple[RequestId, ...]:
        """What they may see, waits for somebody, and does not wait for them."""
        return tuple(place.id for place in self.places if not place.mine and not place.parked)


@dataclass(frozen=True, slots=True)
class Item:
    """A request as a list shows it, and where its card is."""

    case: Case
    card: CardRef | None


async def among(desk: Desk, user: UserId, pending: Sequence[Case], only: Only | None = None) -> Queue:
    """The queue of `user` from all that is pending. Other work has its turn in between."""
    narrowed = _Narrowed(only or Only())
    found: list[Place] = []
    for first in range(0, len(pending), _PAGE):
        found += _places(desk, user, filter(narrowed.admits, pending[first : first + _PAGE]))
        await asyncio.sleep(0)
    return Queue(tuple(sorted(found, key=lambda place: place.urgency)))


def _places(desk: Desk, user: UserId, some: Iterable[Case]) -> list[Place]:
    """Those of `some` that they may see."""
    roster, now = desk.directory.roster(), desk.runtime.now()
    everything = user in desk.policies.current.operators
    found = []
    for case in some:
        asked = access.is_asked_or_stands_in(case, user, roster)
        if not case.quiet and (everything or asked):
            found.append(_placed(case, user, roster, now, asked=asked))
    return found


async def items(desk: Desk, ids: Sequence[RequestId]) -> tuple[Item, ...]:
    """Those of `ids` that there are, whole, in that order: as they stand now, and maybe decided meanwhile.

    What cannot be read is left out, and the operators are told. Raises `Unavailable`.
    """
    found = await readable.of(desk, ids, cases.with_cards)
    by_id = {case.id: Item(case, card) for case, card in found}
    return tuple(by_id[id_] for id_ in ids if id_ in by_id)


def _placed(case: Case, user: UserId, roster: Roster, now: Instant, *, asked: bool) -> Place:
    parked = case.parked_at is not None
    return Place(
        id=case.id,
        mine=waits_for(case, user, roster),
        overdue=not parked and _is_overdue(case, now),
        parked=parked,
        asked=asked,
        digest=case.waits_in,
        urgency=(parked, -case.judgement.risk.rank, escalation.ends_at(case) or _NEVER, case.id),
    )


def _is_overdue(case: Case, now: Instant) -> bool:
    """A reminder is no delay: it is late once others are asked, as time is up, or its end has come."""
    began = escalation.began_at(case)
    return any(
        place < case.fired or (began is not None and began + step.after <= now)
        for place, step in enumerate(case.judgement.steps)
        if step.do is not StepKind.REMIND
    )


class _Narrowed:
    """`Only`, ready to be asked ten thousand times."""

    def __init__(self, only: Only) -> None:
        self._action, self._agent = (
            None if glob is None else Globs((glob.casefold(),)) for glob in (only.action, only.agent)
        )

    def admits(self, case: Case) -> bool:
        """Whether `case` is meant."""
        wanted = ((self._action, case.request.action), (self._agent, case.request.agent))
        return all(globs is None or globs.match(name.casefold()) for globs, name in wanted)

"""Whose turn it is: what waits for a person, what they may see of the rest, and what comes first.

queue = await among(desk, user, pending)           # of one look at all that is pending
ids = queue.of(Which.MINE)                         # in the order in which it will hurt
shown = await items(desk, ids[:5])                 # whole, with where their cards are
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from approvals import access, escalation
from approvals.globs import Globs
from approvals.model import Case, DigestName, Instant, Person, RequestId, Roster, StepKind, UserId
from approvals.turns import waits_for
from bot.desk.desk import Desk
from store import cases, queue
from store.cards import CardRef
from store.unit_of_work import Unit

#: Requests looked at in one go: some milliseconds, in which a click has to wait.
_PAGE: Final = 200
_NEVER: Final = datetime.max.replace(tzinfo=UTC)
#: Ids that a piece may stand for before somebody has to write more of it.
_MOST_MEANT: Final = 6
#: Ids looked up at once, and how often at most, for those that somebody may see.
_SOUGHT: Final = 50
_PAGES_SOUGHT: Final = 10
#: What was decided within it is found by the end of its id, as what is open is.
_LATELY: Final = timedelta(days=7)
#: Fewer letters of an id's end are none in particular.
_LEAST_OF_AN_END: Final = 4
_ID: Final = "req_"
#: Crockford's: o is zero, i and l are one.
_MIXED_UP: Final = str.maketrans("OIL", "011")
_PIECE: Final = re.compile(r"[0-9A-Za-z_-]{1,60}", re.ASCII)


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


@dataclass(frozen=True, slots=True)
class Meant:
    """Which request somebody named; where it is not one, those that it may be."""

    item: Item | None
    #: true when what was typed fits several that they may see, of which `among` are the newest
    ambiguous: bool = False
    among: tuple[RequestId, ...] = ()


async def among(desk: Desk, user: UserId, pending: Sequence[Case], only: Only | None = None) -> Queue:
    """The queue of `user` from all that is pending. Other work has its turn in between."""
    narrowed = _Narrowed(only or Only())
    found: list[Place] = []
    for first in range(0, len(pending), _PAGE):
        found += _places(desk, user, filter(narrowed.admits, pending[first : first + _PAGE]))
        await asyncio.sleep(0)
    return _in_order(found)


def _places(desk: Desk, user: UserId, some: Iterable[Case]) -> list[Place]:
    """Those of `some` that they may see."""
    roster, now = desk.directory.roster(), desk.runtime.now()
    everything = user in desk.policies.current.operators
    found = []
    for case in some:
        asked = _is_asked(case, user, roster)
        if not case.quiet and (everything or asked):
            found.append(_placed(case, user, roster, now, asked=asked))
    return found


def _in_order(places: Iterable[Place]) -> Queue:
    return Queue(tuple(sorted(places, key=lambda place: place.urgency)))


async def items(desk: Desk, ids: Sequence[RequestId]) -> tuple[Item, ...]:
    """Those of `ids` that there are, whole, in that order: as they stand now, and maybe decided meanwhile."""
    found = await desk.store.read(lambda unit: cases.with_cards(unit, ids))
    by_id = {case.id: Item(case, card) for case, card in found}
    return tuple(by_id[id_] for id_ in ids if id_ in by_id)


def may_see(case: Case, user: UserId, roster: Roster, operators: Iterable[UserId]) -> bool:
    """Whether `user` may read all of `case`: they are asked, had a say in it, or keep the desk running.

    What waits unseen, as its agent is paused, only operators see. Whoever left, or is a guest, sees nothing.
    """
    if user in operators:
        return True
    if case.held or not roster.profile(user).active:
        return False
    return _is_asked(case, user, roster) or user in _had_a_say(case)


async def meant(desk: Desk, user: UserId, typed: str) -> Meant:
    """The request that `user` names by its id, or by the beginning or the end of it.

    What they may not see is as if it were not there.
    """
    piece = _piece(typed)
    if piece is None:
        return Meant(None)
    roster, operators = desk.directory.roster(), desk.policies.current.operators
    since = desk.runtime.now() - _LATELY

    def looking(unit: Unit) -> Meant:
        sought = _Sought(unit, lambda case: may_see(case, user, roster, operators))
        beginning, end = partial(queue.beginning, unit, piece), piece.removeprefix(_ID)
        found = sought.among(beginning)
        if not found.seen and len(end) >= _LEAST_OF_AN_END:
            found = sought.among(partial(queue.ending, unit, end, since=since))
        return found.meant(piece)

    # In a thread of its own: of what fits, most may be others'.
    return await desk.store.read(looking, long=True)


@dataclass(frozen=True, slots=True)
class _Found:
    """What fits and may be seen, the newest first; `whole`: all that fits was looked at."""

    seen: tuple[Item, ...]
    whole: bool

    def meant(self, piece: str) -> Meant:
        exact = [each for each in self.seen if each.case.id == piece]
        if exact or (len(self.seen) == 1 and self.whole):
            return Meant((exact or self.seen)[0])
        return Meant(None, bool(self.seen), tuple(each.case.id for each in self.seen))


class _Sought:
    """Looks through ids, page by page, for those that somebody may see."""

    def __init__(self, unit: Unit, may_be_seen: Callable[[Case], bool]) -> None:
        self._unit = unit
        self._may_be_seen = may_be_seen

    def among(self, page: Callable[..., tuple[RequestId, ...]]) -> _Found:
        """Of what `page` gives, `limit` ids at most, all of them before the id `before`."""
        seen: list[Item] = []
        before: RequestId | None = None
        for _ in range(_PAGES_SOUGHT):
            ids = page(limit=_SOUGHT, before=before)
            by_id = {case.id: Item(case, card) for case, card in cases.with_cards(self._unit, ids)}
            seen += [by_id[id_] for id_ in ids if id_ in by_id and self._may_be_seen(by_id[id_].case)]
            if len(ids) < _SOUGHT:
                return _Found(tuple(seen[:_MOST_MEANT]), len(seen) <= _MOST_MEANT)
            if len(seen) > 1:
                break
            before = ids[-1]
        return _Found(tuple(seen[:_MOST_MEANT]), whole=False)


def _piece(typed: str) -> str | None:
    """What was typed as ids are spelled; None where no id can be spelled so."""
    bare = typed.strip().strip("`*_<>\"'“”.,").removeprefix("#")
    if _PIECE.fullmatch(bare) is None:
        return None
    if bare.casefold().startswith(_ID):
        bare = bare[len(_ID) :]
    return _ID + bare.upper().translate(_MIXED_UP)


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


def _is_asked(case: Case, user: UserId, roster: Roster) -> bool:
    """In their own right, or in the place of somebody who is away."""
    if not roster.profile(user).active:
        return False
    return any(access.is_asked(case, each, roster) for each in (user, *roster.deputies.get(user, ())))


def _had_a_say(case: Case) -> set[UserId]:
    """Whoever voted, decided or spoke."""
    decided = case.decision.by if case.decision is not None else ()
    said = [each.by for each in case.comments if isinstance(each.by, Person)]
    return {person.id for person in (*(vote.by for vote in case.votes), *said, *decided)}


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

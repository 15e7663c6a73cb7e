"""Notices when those asked to decide are no longer enough: somebody left, a group or the policy changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from approvals.canonical import Digest, Json, digest_of
from approvals.events import Mustered
from approvals.model import Case
from approvals.roster import Roster
from approvals.stepping import unnoticed
from approvals.words import GroupName, Instant, RequestId
from bot.desk import gathering, granting, incidents
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on, show_card
from store import cases, musters
from store.cases import Outlines
from store.errors import Unavailable
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: Requests looked at in one read: some ten milliseconds, in which a click on SQLite has to wait.
_PAGE = 200
#: Requests changed at once: they share a commit, and a click that comes with them shares it too.
_ABREAST = 50


@dataclass(frozen=True, slots=True)
class _Moved:
    """What of a roster is not as it was."""

    #: groups with other members, or of which somebody left, came back, or has another deputy
    groups: frozenset[GroupName] = frozenset()
    #: groups of whose people another e-mail address is known
    addresses: frozenset[GroupName] = frozenset()
    #: true where little is known of before: it may bear on whatever is pending
    anything: bool = False

    def __or__(self, more: _Moved) -> _Moved:
        return _Moved(
            self.groups | more.groups, self.addresses | more.addresses, self.anything or more.anything
        )

    def __bool__(self) -> bool:
        return bool(self.groups or self.addresses or self.anything)

    def bears_on(self, case: Case) -> bool:
        """Whether it may change who can decide `case`."""
        if self.anything or self.shows_on(case):
            return True
        requester = case.request.on_behalf_of
        return requester is not None and "@" in requester and not self.addresses.isdisjoint(case.asked)

    def shows_on(self, case: Case) -> bool:
        """Whether its card names others than before who may decide it."""
        return not self.groups.isdisjoint(case.asked)


class Muster:
    """Compares today's roster with those before it, and looks at what is pending where they differ.

    What was said of a request is kept with it, so a restart looks at everything once and says nothing again.
    What cards were shown is kept for each group, so it shows anew only what is different by then.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        #: the one handed out last, and that of the last look
        self._last: Roster | None = None
        self._roster: Roster | None = None
        #: what changed since the last look, also where it has changed back: cards may have been drawn between
        self._moved = _Moved()
        #: the last of those that a look which failed has been through because of that; None: of none
        self._through: RequestId | None = None
        #: of each group, what this process knows to be kept; None: not read yet
        self._prints: dict[GroupName, Digest] | None = None

    def saw(self, roster: Roster) -> None:
        """From now on cards are drawn, and votes taken, by this one."""
        if self._last is not None and self._last is not roster:
            more = _moved(self._last, roster)
            if more:
                self._moved |= more
                self._through = None
        self._last = roster

    async def look(self, now: Instant) -> int:
        """How many requests changed because of it; cheap while nobody came or went. Raises `Unavailable`."""
        roster = self._desk.directory.roster()
        self.saw(roster)
        if roster is self._roster:
            return 0
        if self._prints is None:
            self._prints = await self._desk.store.read(musters.prints)
            self._moved |= _Moved(_others(self._prints, roster), anything=True)
        moved, self._moved = self._moved, _Moved()
        changed = 0
        try:
            if moved:
                changed = await self._all(moved, roster, now)
                await granting.end_unfounded(self._desk)
                await self._keep(roster)
        except BaseException:
            # It failed half-way: the next look goes on from there, unless more has changed meanwhile.
            if self._moved:
                self._through = None
            self._moved |= moved
            raise
        self._through = None
        self._roster = roster
        return changed

    async def _keep(self, roster: Roster) -> None:
        """Only what is different for all that this process heard: another may have heard more of others."""
        kept = self._prints or {}
        now = {name: _print(roster, name) for name in _heard({*kept, *roster.groups}, roster)}
        fresh = {name: print_ for name, print_ in now.items() if kept.get(name) != print_}
        if fresh:
            await self._desk.store.write(partial(musters.keep, prints_=fresh))
            self._prints = {**kept, **fresh}

    async def _all(self, moved: _Moved, roster: Roster, now: Instant) -> int:
        changed = 0
        async for page in _pages(self._desk, self._through):
            due = [case.id for case in page.readable if moved.bears_on(case) and unnoticed(case, roster)]
            for first in range(0, len(due), _ABREAST):
                done = [self._mustered(request, now) for request in due[first : first + _ABREAST]]
                changed += sum(await asyncio.gather(*done))
            mustered = set(due)
            others = [case for case in page.readable if moved.shows_on(case) and case.id not in mustered]
            if others:
                await self._desk.store.write(partial(_shown_anew, cases=others, now=now))
            self._through = page.last
        return changed

    async def _mustered(self, request: RequestId, now: Instant) -> bool:
        try:
            return await self._desk.store.write(partial(self._muster, request=request, now=now))
        except Unavailable:
            raise
        except Exception as bug:
            # One request that cannot be looked at must not keep the others from it.
            incident = incidents.number(self._desk.runtime)
            log.exception("looking who can decide %s failed (incident %s)", request, incident)
            await incidents.tell(self._desk, incident, bug, "muster")
            return False

    def _muster(self, unit: Unit, request: RequestId, now: Instant) -> bool:
        case = cases.load(unit, request)
        if case is None or case.status.final:
            return False
        roster = self._desk.directory.roster()
        crowded = gathering.crowded(unit, self._desk, case, gathering.channel_of(case), now)
        return rule_on(unit, case, Mustered(roster, crowded), now, roster, desk=self._desk).case is not case


def _shown_anew(unit: Unit, cases: Sequence[Case], now: Instant) -> None:
    for case in cases:
        show_card(unit, case, now)


async def first_of(desk: Desk, like: Callable[[Case], bool]) -> RequestId | None:
    """The oldest request that waits for people of which that is true; it is asked of outlines."""
    async for page in _pages(desk):
        for each in page.readable:
            if like(each):
                return each.id
    return None


async def _pages(desk: Desk, after: RequestId | None = None) -> AsyncIterator[Outlines]:
    """All that waits for people, behind `after`; other work has its turn in between.

    Of what cannot be read the operators are told.
    """
    while (page := await desk.store.read(partial(cases.outlines, after=after, limit=_PAGE))).last is not None:
        for request, bug in page.unreadable:
            await incidents.unreadable(desk, request, bug)
        yield page
        after = page.last
        # A read from SQLite does not give way by itself.
        await asyncio.sleep(0)


def _moved(before: Roster, now: Roster) -> _Moved:
    names = {*before.groups, *now.groups}
    return _Moved(
        frozenset(name for name in names if _standing(before, name) != _standing(now, name)),
        frozenset(name for name in names if _addresses(before, name) != _addresses(now, name)),
    )


def _others(kept: Mapping[GroupName, Digest], now: Roster) -> frozenset[GroupName]:
    """Groups of which cards were shown something else. What was never kept is left as it is shown."""
    return frozenset(name for name in _heard(kept, now) if _print(now, name) != kept[name])


def _heard(names: Iterable[GroupName], roster: Roster) -> list[GroupName]:
    """Those of which it is known who is in them; after a start that may take a moment."""
    return [name for name in names if roster.groups.get(name) or name not in roster.as_of]


def _print(roster: Roster, group: GroupName) -> Digest:
    return digest_of(_standing(roster, group))


def _standing(roster: Roster, group: GroupName) -> Json:
    """What of a group bears on who may decide: whether it is known, who is in it, who left or is away."""
    unknown = group in roster.as_of and roster.as_of[group] is None
    members = roster.groups.get(group, ())
    away: list[Json] = [
        [deputy, roster.profile(deputy).active, *absent]
        for deputy, absent in sorted(roster.deputies.items())
        if not set(absent).isdisjoint(members)
    ]
    there: list[Json] = [[user, roster.profile(user).active] for user in sorted(set(members))]
    return [unknown, there, away]


def _addresses(roster: Roster, group: GroupName) -> object:
    members = roster.groups.get(group, ())
    return frozenset((user, user in roster.people, roster.profile(user).email) for user in members)

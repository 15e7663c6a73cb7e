"""Notices when those asked to decide are no longer enough: somebody left, a group or the policy changed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from approvals.events import Mustered
from approvals.model import Case, GroupName, Instant, Lack, RequestId, Roster
from approvals.stepping import unnoticed
from bot.desk import gathering, granting, incidents
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on, show_card
from store import cases
from store.engine import Store
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

    #: groups with other members, or of which somebody left or came back; None: nothing is known of before
    groups: frozenset[GroupName] | None
    #: besides, groups of whose people another e-mail address is known
    addresses: frozenset[GroupName]

    def bears_on(self, case: Case) -> bool:
        """Whether it may change who can decide `case`."""
        if self.groups is None or self.shows_on(case):
            return True
        requester = case.request.on_behalf_of
        return requester is not None and "@" in requester and not self.addresses.isdisjoint(case.asked)

    def shows_on(self, case: Case) -> bool:
        """Whether its card names others than before who may decide it."""
        return self.groups is not None and not self.groups.isdisjoint(case.asked)


class Muster:
    """Compares today's roster with that of its last look, and looks at what is pending where they differ.

    What was said of it is kept with each case, so a restart looks at everything once and says nothing again.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._roster: Roster | None = None

    async def look(self, now: Instant) -> int:
        """How many requests changed because of it; cheap while nobody came or went. Raises `Unavailable`."""
        roster = self._desk.directory.roster()
        if roster is self._roster:
            return 0
        moved = _moved(self._roster, roster)
        changed = 0
        if moved.groups is None or moved.groups or moved.addresses:
            changed = await self._all(moved, roster, now)
            await granting.end_unfounded(self._desk)
        # Only now: where it failed half-way, the next look does it again.
        self._roster = roster
        return changed

    async def _all(self, moved: _Moved, roster: Roster, now: Instant) -> int:
        changed = 0
        async for page in _pages(self._desk.store):
            due = [case.id for case in page if moved.bears_on(case) and unnoticed(case, roster)]
            for first in range(0, len(due), _ABREAST):
                done = [self._mustered(request, now) for request in due[first : first + _ABREAST]]
                changed += sum(await asyncio.gather(*done))
            mustered = set(due)
            others = [case for case in page if moved.shows_on(case) and case.id not in mustered]
            if others:
                await self._desk.store.write(partial(_shown_anew, cases=others, now=now))
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


async def lacking_like(store: Store, case: Case, lack: Lack) -> Case | None:
    """The oldest request that asks whom `case` asks, and of which the operators were asked the same."""
    async for page in _pages(store):
        for each in page:
            if each.asked == case.asked and each.lacking == lack:
                return await store.read(_whole(each.id))
    return None


def _whole(request: RequestId) -> Callable[[Unit], Case | None]:
    return lambda unit: cases.load(unit, request)


async def _pages(store: Store) -> AsyncIterator[tuple[Case, ...]]:
    """All that waits for people; other work has its turn in between."""
    after: RequestId | None = None
    while page := await store.read(partial(cases.outlines, after=after, limit=_PAGE)):
        yield page
        after = page[-1].id
        # A read from SQLite does not give way by itself.
        await asyncio.sleep(0)


def _moved(before: Roster | None, now: Roster) -> _Moved:
    if before is None:
        return _Moved(None, frozenset())
    names = {*before.groups, *now.groups}
    return _Moved(
        frozenset(name for name in names if _standing(before, name) != _standing(now, name)),
        frozenset(name for name in names if _addresses(before, name) != _addresses(now, name)),
    )


def _standing(roster: Roster, group: GroupName) -> object:
    """What of a group bears on who may decide: whether it is known, who is in it, and who of them left."""
    unknown = group in roster.as_of and roster.as_of[group] is None
    members = roster.groups.get(group, ())
    absent = [away for away in roster.deputies.values() if not set(away).isdisjoint(members)]
    return unknown, frozenset((user, roster.profile(user).active) for user in members), absent


def _addresses(roster: Roster, group: GroupName) -> object:
    members = roster.groups.get(group, ())
    return frozenset((user, user in roster.people, roster.profile(user).email) for user in members)

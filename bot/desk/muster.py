"""Notices when those asked to decide are no longer enough: somebody left, a group or the policy changed."""

from __future__ import annotations

import logging
from functools import partial

from approvals import quorum
from approvals.events import Ticked
from approvals.model import GroupName, Instant, RequestId, Roster, Status
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on, show_card
from store import cases
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: Requests looked at in one read; other work gets its turn in between.
_PAGE = 100


class Muster:
    """Compares today's roster with that of its last look, and looks at all that is pending where they differ.

    Nothing is kept: a restart looks at everything once, and what was said before is not said again.
    """

    def __init__(self, desk: Desk, heard_since: Instant) -> None:
        self._desk = desk
        self._heard_since = heard_since
        self._roster: Roster | None = None
        #: whose cards say that too few are left
        self._lacking: set[RequestId] = set()

    async def look(self, now: Instant) -> int:
        """How many requests were ticked because of it; cheap while nothing changed."""
        roster = self._desk.directory.roster()
        if roster is self._roster:
            return 0
        ticked = 0
        if self._roster is None or _standing(self._roster) != _standing(roster):
            ticked = await self._everything(roster, now, _changed(self._roster, roster))
        # Only now: where it failed half-way, the next look does it again.
        self._roster = roster
        return ticked

    async def _everything(self, roster: Roster, now: Instant, changed: frozenset[GroupName]) -> int:
        cursor, ticked = None, 0
        while True:
            page = await self._desk.store.read(partial(_pending, cursor=cursor))
            for case in page.items:
                lacking = quorum.lack(case, roster) is not None
                if lacking or case.id in self._lacking or roster.skipped(case.asked):
                    await self._ticked(case.id, now)
                    ticked += 1
                elif case.parked_at is None and not changed.isdisjoint(case.asked):
                    await self._desk.store.write(partial(_shown_anew, request=case.id, now=now))
                (self._lacking.add if lacking else self._lacking.discard)(case.id)
            cursor = page.next_cursor
            if cursor is None:
                return ticked

    async def _ticked(self, request: RequestId, now: Instant) -> None:
        try:
            await self._desk.store.write(partial(self._tick, request=request, now=now))
        except Exception:
            # One request that cannot be ticked must not keep the others from being looked at.
            incident = self._desk.runtime.token("inc_")[:12]
            log.exception("ticking %s failed (incident %s)", request, incident)

    def _tick(self, unit: Unit, request: RequestId, now: Instant) -> None:
        case = cases.load(unit, request)
        if case is None or case.status.final or case.parked_at is not None:
            return
        roster = self._desk.directory.roster()
        after = rule_on(unit, case, Ticked(roster, self._heard_since), now, roster, desk=self._desk).case
        show_card(unit, after, now)


def _shown_anew(unit: Unit, request: RequestId, now: Instant) -> None:
    """Whoever reads the card sees who may decide it today."""
    case = cases.load(unit, request)
    if case is not None and not case.status.final:
        show_card(unit, case, now)


def _changed(before: Roster | None, roster: Roster) -> frozenset[GroupName]:
    """The groups in which others may decide than at the last look, or others in their place."""
    if before is None:
        return frozenset()
    old, new = _standing(before), _standing(roster)
    return frozenset(name for name in new if name in old and old[name] != new[name])


def _pending(unit: Unit, cursor: str | None) -> cases.Page:
    return cases.page(unit, None, status=Status.PENDING, action=None, cursor=cursor, limit=_PAGE)


def _standing(roster: Roster) -> dict[GroupName, object]:
    """What of a roster bears on who may decide."""
    return {
        name: (
            tuple((user, roster.profile(user).active, roster.profile(user).email) for user in members),
            name in roster.as_of and roster.as_of[name] is None,
            tuple(
                deputy for deputy, absent in roster.deputies.items() if not set(absent).isdisjoint(members)
            ),
        )
        for name, members in roster.groups.items()
    }

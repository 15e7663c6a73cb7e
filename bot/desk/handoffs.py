"""Tells the old and the new one on call, once for each handoff, with what is still open for their group."""

from __future__ import annotations

import heapq
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial

from approvals import escalation, rotation
from approvals.canonical import Json
from approvals.model import Case
from approvals.policy_model import Rotation
from approvals.rotation import Handoff
from approvals.words import GroupName, Instant, RequestId, Status
from bot.desk.desk import Desk
from bot.desk.duty import rotations
from bot.desk.view import moment
from store import cases, outbox, overrides
from store.outbox import ParcelKind
from store.unit_of_work import Unit

#: How many of what is open are named.
_NAMED = 5
#: Requests looked at in one read; other work gets its turn in between.
_PAGE = 200
_NEVER = datetime.max.replace(tzinfo=UTC)


class Handoffs:
    """Compares who is on call with up to when that was announced, as the store has it for all replicas."""

    def __init__(self, desk: Desk, reread: Callable[[], Awaitable[None]]) -> None:
        self._desk = desk
        #: has the directory hear of overrides and absences
        self._reread = reread

    async def look(self, now: Instant) -> int:
        """How many handoffs were announced: of each group the last one, however many were missed."""
        await self._reread()
        marks = await self._desk.store.read(overrides.announced)
        announced = 0
        for name, turns in rotations(self._desk.policies.current).items():
            if name not in marks:
                await self._desk.store.write(partial(overrides.first_seen, group=name, at=now))
                continue
            handoff = await self._desk.store.read(
                partial(_last, group=name, turns=turns, since=marks[name], now=now)
            )
            if handoff is not None:
                announced += await self._announce(name, handoff, now)
        return announced

    async def _announce(self, group: GroupName, handoff: Handoff, now: Instant) -> bool:
        count, urgent = await self._open(group)

        def announcing(unit: Unit) -> bool:
            if not overrides.announce(unit, group, handoff.at):
                return False
            for user in filter(None, (handoff.before, handoff.after)):
                body: Json = {
                    "notice": "handoff",
                    "to": user,
                    "group": group,
                    "before": handoff.before,
                    "after": handoff.after,
                    "at": moment(handoff.at),
                    "open": count,
                    "urgent": list(urgent),
                }
                key = f"handoff:{group}:{moment(handoff.at)}:{user}"
                outbox.put(unit, ParcelKind.NOTICE, request=None, key=key, lane="", body=body, now=now)
            return True

        return await self._desk.store.write(announcing)

    async def _open(self, group: GroupName) -> tuple[int, tuple[RequestId, ...]]:
        """How many requests ask that group, and the most urgent of them, the riskiest first."""
        cursor, count = None, 0
        urgent: list[tuple[tuple[int, Instant, RequestId], RequestId]] = []
        while True:
            page = await self._desk.store.read(partial(_pending, cursor=cursor))
            asked = [case for case in page.items if group in case.asked]
            count += len(asked)
            urgent = heapq.nsmallest(_NAMED, [*urgent, *((_urgency(case), case.id) for case in asked)])
            cursor = page.next_cursor
            if cursor is None:
                return count, tuple(request for _, request in urgent)


def _last(unit: Unit, group: GroupName, turns: Rotation, since: Instant, now: Instant) -> Handoff | None:
    theirs = [each for each in overrides.since(unit, since) if each.group == group]
    return rotation.last_handoff(turns, theirs, since, now)


def _urgency(case: Case) -> tuple[int, Instant, RequestId]:
    """What is parked waits for nobody; of the rest the riskiest, and of these what ends first."""
    rank = 1 if case.parked_at is not None else -case.judgement.risk.rank
    return rank, escalation.ends_at(case) or _NEVER, case.id


def _pending(unit: Unit, cursor: str | None) -> cases.Page:
    return cases.page(unit, None, status=Status.PENDING, action=None, cursor=cursor, limit=_PAGE)

"""Looks for requests whose step is overdue, for whatever reason: puts their schedule right, or reports them.

Rows are the schedule, so a row whose time is wrong is one that the sweeper never comes to; and a request that
cannot be ticked stays pending for ever, which people are to hear of.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeAlias

from approvals.escalation import next_due
from approvals.words import Instant, RequestId
from scheduler.sweeper import Tick
from store import schedule
from store.engine import Store
from store.errors import Unavailable
from store.schedule import Scheduled

log = logging.getLogger(__name__)

#: A step that did not fire within this, although the sweeper comes by every five seconds, will not by itself.
OVERDUE = timedelta(minutes=5)
#: Requests looked at in one read: some ten milliseconds, in which a click on SQLite has to wait.
PAGE = 200
#: Of those that are overdue so many are tried, the longest overdue first: one cause mostly has many of them.
MOST_TRIED = 20


@dataclass(frozen=True, slots=True)
class Stuck:
    """A request whose step does not fire; `incident` is what the log has it under."""

    request: RequestId
    #: when the step was due
    since: Instant
    incident: str


#: Told of those that were tried and did not move, and of how many there are besides.
Report: TypeAlias = Callable[[Sequence[Stuck], int], Awaitable[None]]


class Auditor:
    """Compares what each pending request says of its next step with when the sweeper would come to it."""

    def __init__(self, store: Store, tick: Tick, report: Report, new_incident: Callable[[], str]) -> None:
        self._store = store
        self._tick = tick
        self._report = report
        self._new_incident = new_incident

    async def run_once(self, now: Instant) -> int:
        """How many requests something was wrong with: their time was put right, or they are overdue.

        Raises `Unavailable`.
        """
        wrong, overdue = 0, []
        async for page in self._pages():
            for each in page:
                due = next_due(each.case)
                if due != each.due_at:
                    wrong += await self._put_right(each.case.id)
                elif due is not None and due <= now - OVERDUE:
                    overdue.append((due, each.case.id))
        for request in await self._store.read(partial(schedule.over, before=now - OVERDUE, limit=PAGE)):
            wrong += await self._put_right(request)
        overdue.sort()
        stuck = [
            found for each in overdue[:MOST_TRIED] if (found := await self._tried(*each, now)) is not None
        ]
        if stuck:
            await self._report(stuck, max(0, len(overdue) - MOST_TRIED))
        return wrong + len(overdue)

    async def _pages(self) -> AsyncIterator[tuple[Scheduled, ...]]:
        """All that waits for people; other work has its turn in between."""
        after: RequestId | None = None
        while page := await self._store.read(partial(schedule.page, after=after, limit=PAGE)):
            yield page
            after = page[-1].case.id
            # A read from SQLite does not give way by itself.
            await asyncio.sleep(0)

    async def _put_right(self, request: RequestId) -> bool:
        """Whether its time was still wrong. The commit has the clock look for what is due now."""
        righted = await self._store.write(partial(schedule.put_right, request=request))
        if righted is not None:
            log.warning("the schedule had %s at %s: put right, to %s", request, righted.before, righted.after)
        return righted is not None

    async def _tried(self, since: Instant, request: RequestId, now: Instant) -> Stuck | None:
        """Tick it, as the sweeper does in vain, or did not do: None where that helped."""
        try:
            await self._tick(request, now)
        except Unavailable:
            raise
        except Exception:
            # It is reported with where the log has the reason, and keeps no other from being looked at.
            incident = self._new_incident()
            log.exception(
                "%s is overdue since %s, and cannot be ticked (incident %s)", request, since, incident
            )
            return Stuck(request, since, incident)
        due = await self._store.read(partial(schedule.due_at, request=request))
        if due is None or due > now - OVERDUE:
            log.warning("%s was overdue since %s: its steps fired now", request, since)
            return None
        incident = self._new_incident()
        log.error(
            "%s is overdue since %s, and a tick changes nothing (incident %s)", request, since, incident
        )
        return Stuck(request, since, incident)

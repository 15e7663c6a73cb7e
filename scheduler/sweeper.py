"""Fires the steps that are due, and keeps the store in order. Rows are the schedule: nothing is kept here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeAlias

from approvals.words import Instant, RequestId
from store import cases, clearings, facts, grants, keys, muted, outbox, overrides, payloads, recent
from store.engine import Store

log = logging.getLogger(__name__)

#: How many requests are looked up at once; each is ticked in its own unit of work, and those share commits.
PAGE = 200
#: A request that stays due after its tick is ticked again after this long, not at once and for ever.
AFTER_STUCK = timedelta(seconds=5)
#: How long the outbox remembers what was delivered, for whoever asks where a message went.
REMEMBER_DELIVERED = timedelta(days=7)
#: The longest that a `storm` may look back: policies with a longer one see this much.
REMEMBER_CARDS = timedelta(days=1)
#: How long an ended grant is listed.
REMEMBER_GRANTS = timedelta(days=30)
#: How long it is kept what somebody chose when they cleared a digest.
REMEMBER_CLEARINGS = timedelta(days=30)
#: How long it can be looked up who stood in for whom.
REMEMBER_DUTIES = timedelta(days=400)

#: The use case: fires what is due of one request, in one unit of work.
Tick: TypeAlias = Callable[[RequestId, Instant], Awaitable[object]]
#: Told of a request that could not be ticked: the log's incident, and why. Raises nothing.
Report: TypeAlias = Callable[[str, Exception], Awaitable[None]]


class Sweeper:
    """Asks which requests have steps due, and has each of them ticked."""

    def __init__(
        self,
        store: Store,
        tick: Tick,
        new_incident: Callable[[], str],
        *,
        report: Report | None = None,
        keep_payloads: Callable[[], timedelta | None] = lambda: None,
    ) -> None:
        self._store = store
        self._tick = tick
        self._new_incident = new_incident
        self._report = report
        #: how long after its end a request's content is kept, as of today; None: for ever
        self._keep_payloads = keep_payloads
        self._stuck_until: Instant | None = None

    async def run_once(self, now: Instant) -> int:
        """Tick every request that is due at `now`, each once; how many that were, failed ones included."""
        seen: set[RequestId] = set()
        while True:
            # What was ticked and is still due would fill a page for ever, so the page grows by as many.
            due = await self._due(now, PAGE + len(seen))
            fresh = [request for request in due if request not in seen]
            if not fresh:
                break
            seen.update(fresh)
            await asyncio.gather(*(self._ticked(request, now) for request in fresh))
        self._stuck_until = now + AFTER_STUCK if due else None
        return len(seen)

    async def next_due(self) -> Instant | None:
        """When to sweep next; None while nothing waits for its time."""
        due = await self._store.read(cases.next_due)
        if due is None or self._stuck_until is None:
            return due
        return max(due, self._stuck_until)

    async def anchor(self, now: Instant) -> None:
        """Chain the heads of all that changed since the last anchor, so that a vanished request is missed."""
        await self._store.write(lambda unit: facts.anchor(unit, now))

    async def tidy(self, now: Instant) -> None:
        """Forget what had its time: idempotency keys, parcels, ended grants and duties."""
        await self._store.write(lambda unit: keys.forget_old(unit, now))
        await self._store.write(lambda unit: outbox.forget_done(unit, now - REMEMBER_DELIVERED))
        keep = self._keep_payloads()
        # A grant holds words of a payload: it is kept no longer than these.
        ended = now - (REMEMBER_GRANTS if keep is None else min(keep, REMEMBER_GRANTS))
        await self._store.write(lambda unit: grants.forget_ended(unit, ended))
        # So does a clearing hold people's reasons.
        cleared = now - (REMEMBER_CLEARINGS if keep is None else min(keep, REMEMBER_CLEARINGS))
        await self._store.write(lambda unit: clearings.forget(unit, cleared))
        await self._store.write(lambda unit: overrides.forget(unit, now - REMEMBER_DUTIES))
        await self._store.write(lambda unit: muted.forget_old(unit, now))
        await self._store.write(lambda unit: recent.forget(unit, now - REMEMBER_CARDS))

    async def forget(self, now: Instant) -> None:
        """Delete what decided requests said, after its time."""
        keep = self._keep_payloads()
        if keep is not None:
            await self._forget_payloads(now - keep, now)

    async def _forget_payloads(self, before: Instant, now: Instant) -> None:
        """In small transactions: what people do meanwhile need not wait for years of requests."""
        forgotten = 0
        while count := await self._store.write(lambda unit: payloads.forget(unit, before, now, PAGE)):
            forgotten += count
        if forgotten:
            log.info("what %d requests said was deleted after its time", forgotten)

    async def _due(self, now: Instant, limit: int) -> tuple[RequestId, ...]:
        return await self._store.read(lambda unit: cases.due(unit, now, limit))

    async def _ticked(self, request: RequestId, now: Instant) -> None:
        try:
            await self._tick(request, now)
        except Exception as bug:
            # One request that cannot be ticked must not keep the others from their steps.
            incident = self._new_incident()
            log.exception("ticking %s failed (incident %s)", request, incident)
            if self._report is not None:
                await self._report(incident, bug)

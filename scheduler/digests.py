"""When digests are posted: at the policy's times, once each, whoever runs and whoever was down."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Protocol, TypeAlias

from approvals.cron_times import following, latest
from approvals.policy_model import Digest
from approvals.words import STORM, DigestName, Instant
from store import board_cases, boards, cases, crons
from store.engine import Store
from store.errors import Unavailable
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: A digest that failed, or of which something waits that nobody could put on a message, is tried again then.
RETRY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Turn:
    """One time at which a digest is posted, in as many transactions as it takes."""

    #: messages made from then on are of this turn
    since: Instant
    #: whose time it is; None: somebody wants it now
    cron: str | None = None

    def is_over(self, unit: Unit) -> bool:
        """Whether somebody has carried it out."""
        if self.cron is None:
            return False
        # Of two that do it at once, one looks when the other is through.
        boards.alone(unit)
        last = crons.last(unit, self.cron)
        return last is not None and last >= self.since

    def end(self, unit: Unit) -> None:
        """All of it is carried out, with this transaction."""
        if self.cron is not None:
            crons.take(unit, self.cron, self.since)


class Gather(Protocol):
    """The use case: puts what waits in a digest on messages."""

    async def __call__(self, digest: DigestName, now: Instant, turn: Turn) -> int:
        """How many messages."""


#: Told of a digest that could not be posted: the log's incident, and why.
Report: TypeAlias = Callable[[str, Exception], Awaitable[None]]


class Digests:
    """Has what waits gathered when its time has come; the courier's sender posts it."""

    def __init__(
        self,
        store: Store,
        settings: Callable[[], Mapping[DigestName, Digest]],
        gather: Gather,
        new_incident: Callable[[], str],
        report: Report,
    ) -> None:
        self._store = store
        #: as today's policy has them
        self._settings = settings
        self._gather = gather
        self._new_incident = new_incident
        self._report = report
        #: digest → when it was tried in vain
        self._tried_at: dict[DigestName, Instant] = {}

    async def run_once(self, now: Instant) -> int:
        """Post what is due at `now` and nobody had posted; how many messages. Of several missed, one is made.

        A digest that is new to the policy, or whose times changed, begins with its next time. One that the
        policy knows no more is posted at once: nobody would be shown what waits in it. One that fails keeps
        no other from being posted. Raises `Unavailable`.
        """
        settings = self._settings()
        made = 0
        for name, setting in settings.items():
            made += await self._tried(name, partial(self._due, name, setting, now), now)
        known = {*settings, STORM, cases.HELD}
        for name in map(DigestName, await self._store.read(cases.waited_for)):
            if name not in known:
                made += await self._tried(name, partial(self._left_over, name, now), now)
        return made

    def next_at(self, now: Instant) -> Instant | None:
        """When to run next; None while the policy has no digests."""
        times = (following(each.cron, each.timezone, now) for each in self._settings().values())
        return min((time for time in times if time is not None), default=None)

    async def _tried(self, name: DigestName, posting: Callable[[], Awaitable[int]], now: Instant) -> int:
        tried = self._tried_at.get(name)
        # A clock that was set back holds nothing up.
        if tried is not None and tried <= now < tried + RETRY:
            return 0
        self._tried_at.pop(name, None)
        try:
            return await posting()
        except Unavailable:
            raise
        except Exception as bug:
            # The other digests must not wait until this one can be posted.
            incident = self._new_incident()
            log.exception("the digest %s could not be posted (incident %s)", name, incident)
            self._tried_at[name] = now
            await self._report(incident, bug)
            return 0

    async def _due(self, name: DigestName, setting: Digest, now: Instant) -> int:
        scheduled = latest(setting.cron, setting.timezone, now)
        if scheduled is None:
            return 0
        # A change of either begins anew: what another expression would have rung was never missed.
        cron = f"digest {name} {setting.cron} {setting.timezone}"
        last = await self._store.read(lambda unit: crons.last(unit, cron))
        if last is None:
            await self._store.write(lambda unit: crons.begin(unit, cron, scheduled))
            return 0
        if last >= scheduled:
            return 0
        made = await self._gather(name, now, Turn(scheduled, cron))
        log.info("the digest %s of %s: %d messages", name, scheduled.isoformat(), made)
        return made

    async def _left_over(self, name: DigestName, now: Instant) -> int:
        if not await self._store.read(partial(board_cases.is_any_fresh, digest=name)):
            return 0
        made = await self._gather(name, now, Turn(now))
        if not made:
            # What is there cannot be read: the operators know, and others may join it.
            self._tried_at[name] = now
        return made

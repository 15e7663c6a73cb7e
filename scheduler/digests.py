"""When digests are posted: at the policy's times, once each, whoever runs and whoever was down."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from approvals.cron_times import following, latest
from approvals.model import STORM, DigestName, Instant
from approvals.policy_model import Digest
from store import cases, crons
from store.engine import Store
from store.unit_of_work import Unit

log = logging.getLogger(__name__)


class Gather(Protocol):
    """The use case: puts what waits in a digest on messages."""

    def __call__(self, unit: Unit, digest: DigestName, now: Instant) -> int:
        """How many messages."""


class Digests:
    """Has what waits gathered when its time has come; the courier's sender posts it."""

    def __init__(
        self, store: Store, settings: Callable[[], Mapping[DigestName, Digest]], gather: Gather
    ) -> None:
        self._store = store
        #: as today's policy has them
        self._settings = settings
        self._gather = gather

    async def run_once(self, now: Instant) -> int:
        """Post what is due at `now` and nobody had posted; how many messages. Of several missed, one is made.

        A digest that is new to the policy, or whose times changed, begins with its next time. One that the
        policy knows no more is posted at once: nobody would be shown what waits in it.
        """
        settings = self._settings()
        made = sum([await self._due(name, setting, now) for name, setting in settings.items()])
        known = {*settings, STORM, cases.HELD}
        for name in await self._store.read(cases.waited_for):
            if name not in known:
                made += await self._store.write(partial(self._gather, digest=DigestName(name), now=now))
        return made

    def next_at(self, now: Instant) -> Instant | None:
        """When to run next; None while the policy has no digests."""
        times = (following(each.cron, each.timezone, now) for each in self._settings().values())
        return min((time for time in times if time is not None), default=None)

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

        def taking(unit: Unit) -> int:
            return self._gather(unit, name, now) if crons.take(unit, cron, scheduled) else 0

        made = await self._store.write(taking)
        log.info("the digest %s of %s: %d messages", name, scheduled.isoformat(), made)
        return made

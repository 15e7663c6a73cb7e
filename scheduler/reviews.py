"""When the gate review is posted: at the policy's times, once each, whoever runs and whoever was down."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta

from approvals.cron_times import following, latest
from approvals.policy_model import Review
from approvals.words import Instant
from store import crons, outbox
from store.engine import Store
from store.outbox import ParcelKind
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: A review that recurs more often looks back as far all the same: a day says little about a rule.
LOOKS_BACK = timedelta(days=7)


class Reviews:
    """Puts the post into the outbox when its time has come; the courier's sender makes it."""

    def __init__(self, store: Store, setting: Callable[[], Review | None]) -> None:
        self._store = store
        #: as today's policy has it
        self._setting = setting

    async def run_once(self, now: Instant) -> bool:
        """Whether a post was due at `now` and nobody had put it out. Of several missed, the last is made.

        A review that is new to the policy, or whose times changed, begins with its next time.
        """
        setting = self._setting()
        scheduled = None if setting is None else latest(setting.cron, setting.timezone, now)
        if setting is None or scheduled is None:
            return False
        # A change of either begins anew: what another expression would have rung was never missed.
        name = f"review {setting.cron} {setting.timezone}"
        last = await self._store.read(lambda unit: crons.last(unit, name))
        if last is None:
            await self._store.write(lambda unit: crons.begin(unit, name, scheduled))
            return False
        if last >= scheduled:
            return False
        put = await self._store.write(lambda unit: _put(unit, setting, name, scheduled, now))
        if put:
            log.info("the gate review of %s is on its way to %s", scheduled.isoformat(), setting.channel)
        return put

    def next_at(self, now: Instant) -> Instant | None:
        """When to run next; None while the policy wants no review."""
        setting = self._setting()
        return None if setting is None else following(setting.cron, setting.timezone, now)


def _put(unit: Unit, setting: Review, name: str, scheduled: Instant, now: Instant) -> bool:
    if not crons.take(unit, name, scheduled):
        return False
    before = latest(setting.cron, setting.timezone, scheduled - timedelta(microseconds=1))
    since = min(scheduled - LOOKS_BACK, before or scheduled)
    body = {"channel": setting.channel, "since": since.isoformat(), "until": scheduled.isoformat()}
    outbox.put(
        unit,
        ParcelKind.REVIEW,
        request=None,
        key=f"review:{scheduled.isoformat()}",
        lane=outbox.lane_of(setting.channel),
        body=body,
        now=now,
    )
    return True

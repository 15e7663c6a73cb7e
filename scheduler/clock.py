"""The alarm clock: wakes the sweeper when the earliest step is due, and runs what recurs.

APScheduler only rings. It holds no state that matters (its jobs live in memory), and it runs none of our
work: a job that is late or overlaps would be dropped by it, so a ring sets an event, and a task of ours that
waits for this event does the work, one piece after the other.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import TypeAlias

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from approvals.words import Instant

log = logging.getLogger(__name__)

#: A sweep at least this often: for steps that other replicas made, and for clocks that jumped.
SAFETY = timedelta(seconds=5)
#: Many commits close together ask once when to ring.
GATHER_SECONDS = 0.05
#: What a job may take to end when the clock stops, before it is cancelled.
GRACE_SECONDS = 5.0

#: Late is better than never, once is enough, and never two at a time.
_RING = {"misfire_grace_time": None, "coalesce": True, "max_instances": 1, "replace_existing": True}

Job: TypeAlias = Callable[[Instant], Awaitable[object]]
#: Told of a job that failed, by its name, and why: logs it. Raises nothing.
Failed: TypeAlias = Callable[[str, Exception], Awaitable[None]]


async def _logged(job: str, bug: Exception) -> None:
    log.error("%s failed", job, exc_info=bug)


@dataclass(frozen=True, slots=True)
class _Worker:
    """Does one job whenever its bell rings."""

    name: str
    job: Job
    then: Callable[[], None] | None
    #: whether it is done once when the clock starts
    at_start: bool = False
    bell: asyncio.Event = field(default_factory=asyncio.Event)


class Clock:
    """Runs `sweep(now)` when `next_due()` says so, and other jobs at intervals.

    `start()` needs a running loop; `await stop()` ends every job, and may be called without a start.
    """

    def __init__(
        self,
        now: Callable[[], Instant],
        sweep: Job,
        next_due: Callable[[], Awaitable[Instant | None]],
        *,
        failed: Failed = _logged,
        safety: timedelta = SAFETY,
    ) -> None:
        self._now = now
        self._failed = failed
        self._next_due = next_due
        # Each ring and each job that ran would be a line in the log.
        logging.getLogger("apscheduler").setLevel(logging.WARNING)
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._tasks: set[asyncio.Task[None]] = set()
        self._workers: list[_Worker] = []
        self._stopping = False
        self._gathering: asyncio.TimerHandle | None = None
        self._due = self._bell("sweep", sweep, then=self.rearm)
        self._stale = self._bell("arm", self._arm)
        self._ring_every(safety, "safety", self._due)

    def start(self) -> None:
        """Sweep what became due while nobody was there, and go on from then."""
        self._scheduler.start()
        for worker in self._workers:
            self._begin(worker)
        self._due.set()
        for worker in self._workers:
            if worker.at_start:
                worker.bell.set()

    def every(self, interval: timedelta, name: str, job: Job) -> None:
        """Run `job(now)` each `interval`, first after one `interval`; a failure is logged, and it goes on.

        To be said before `start()`.
        """
        self._ring_every(interval, name, self._bell(name, job))

    def at(self, following: Callable[[Instant], Instant | None], name: str, job: Job) -> None:
        """Run `job(now)` at the start, for what was missed, and then whenever `following(now)` says.

        A job must find out itself whether there is something to do: it is run every now and then besides, as
        `following` may come to say otherwise. To be said before `start()`.
        """
        id_ = f"at {name}"

        def arm() -> None:
            due = following(self._now())
            if due is not None and not self._stopping:
                self._scheduler.add_job(_ringer(bell), "date", run_date=due, id=id_, **_RING)

        bell = self._bell(name, job, then=arm, at_start=True)
        self._ring_every(SAFETY, name, bell)

    def rearm(self) -> None:
        """Hear that a commit may have changed when the earliest step is due. Cheap: call it for each."""
        if self._gathering is None and not self._stopping:
            loop = asyncio.get_running_loop()
            self._gathering = loop.call_later(GATHER_SECONDS, self._gathered)

    async def stop(self) -> None:
        """Ring no more; let what runs end, or cancel it after `GRACE_SECONDS`."""
        self._stopping = True
        if self._gathering is not None:
            self._gathering.cancel()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
            # APScheduler shuts down in a callback of the loop.
            await asyncio.sleep(0)
        for worker in self._workers:
            worker.bell.set()
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=GRACE_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _bell(
        self, name: str, job: Job, then: Callable[[], None] | None = None, *, at_start: bool = False
    ) -> asyncio.Event:
        """An event; each time it is set, `job` runs, and `then` after it."""
        worker = _Worker(name, job, then, at_start)
        self._workers.append(worker)
        return worker.bell

    def _begin(self, worker: _Worker) -> None:
        task = asyncio.create_task(self._answer(worker), name=f"clock {worker.name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, worker: _Worker) -> None:
        while True:
            await worker.bell.wait()
            if self._stopping:
                return
            worker.bell.clear()
            try:
                await worker.job(self._now())
            except Exception as bug:  # noqa: BLE001  # whoever is told logs it
                # A job that recurs has its next chance; the clock must not stop for it.
                await self._failed(worker.name, bug)
            if worker.then is not None:
                worker.then()

    async def _arm(self, now: Instant) -> None:
        """Have the sweeper woken at the earliest step."""
        due = await self._next_due()
        if self._stopping or due is None:
            return
        if due <= now:
            self._due.set()
        else:
            self._scheduler.add_job(_ringer(self._due), "date", run_date=due, id="earliest", **_RING)

    def _ring_every(self, interval: timedelta, name: str, bell: asyncio.Event) -> None:
        seconds = interval.total_seconds()
        self._scheduler.add_job(_ringer(bell), "interval", seconds=seconds, id=f"every {name}", **_RING)

    def _gathered(self) -> None:
        self._gathering = None
        self._stale.set()


def _ringer(bell: asyncio.Event) -> Callable[[], Awaitable[None]]:
    async def ring() -> None:
        # A coroutine, because APScheduler runs plain functions in a thread.
        bell.set()

    return ring

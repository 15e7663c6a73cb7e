"""Empties the outbox: claims what is due under a lease, has it sent, and records what came of it.

Nothing is lost and nothing waits behind a slow one: each parcel is a task of its own, each priority has room
of its own, and what is not recorded before its lease is over is claimed again (by this courier, another
replica's, or the next process), with a higher `Parcel.attempts`: a sender looks before it sends again.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Protocol, TypeAlias

from approvals.words import Instant
from scheduler.backoff import slack_pause
from scheduler.results import Again, Dead, Done, Pause, Result, Sender, Then
from store import outbox
from store.engine import Store
from store.outbox import Parcel, ParcelKind
from store.parcels import CALLS, DECISIONS, FINAL_CARDS, NEWS, REPLIES, UPDATES
from store.unit_of_work import Committed, Unit

log = logging.getLogger(__name__)

#: What is kept of a lease for recording what came of a call.
TO_RECORD = timedelta(seconds=3)
#: What cancelled calls may take to end when the courier stops.
LAST_WORDS = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take, and how many at once."""

    #: long enough for one slow call and its commit; also what a parcel waits whose process was killed
    lease: timedelta = timedelta(seconds=15)
    #: how long a pause lasts before the way out is tried once more
    probe_after: timedelta = timedelta(seconds=10)
    #: how often to look for what other replicas, or a clock that jumped, made due
    look: timedelta = timedelta(seconds=1)
    #: how long after a commit the outbox is looked into: whoever the commit itself answers, a click and the
    #: agent that waits for it, goes first
    stand_back: timedelta = timedelta(milliseconds=5)
    #: how soon after a look the next one may come, whatever was committed meanwhile: no lone parcel waits for
    #: it, a rush is looked for, and claimed, fifty times a second and not at each commit
    gather: timedelta = timedelta(milliseconds=20)
    #: what a stop waits for calls in hand: of the ten seconds that it may take in all
    grace: timedelta = timedelta(seconds=7)
    #: how many of each priority may be under way; agents may be as slow as they like, so theirs is the most
    room: Mapping[int, int] = field(
        default_factory=lambda: {
            REPLIES: 64,
            FINAL_CARDS: 64,
            NEWS: 64,
            CALLS: 256,
            UPDATES: 32,
            DECISIONS: 4,
        }
    )


#: What goes on while nothing leaves for Slack. A person's answer goes by an address that needs no token.
_PAST_SLACK = frozenset({CALLS, DECISIONS, REPLIES})
#: None when what was paused works again, else why it does not.
Probe: TypeAlias = Callable[[], Awaitable[str | None]]
#: Has somebody told of a bug, in a sender or here, which is logged under this number. Raises nothing.
Alarm: TypeAlias = Callable[[str, Exception], Awaitable[None]]
#: Hears, in the transaction that brings forward what waits: why nothing left, since when, and until when.
Resumed: TypeAlias = Callable[[Unit, str, Instant, Instant], None]


class Runtime(Protocol):
    """Time, chance and ids, as `bot.runtime` gives them."""

    def now(self) -> Instant:
        """This moment in UTC."""

    def jitter(self) -> float:
        """A number in [0, 1)."""

    def token(self, prefix: str) -> str:
        """`prefix` and characters nobody has seen before."""


class Courier:
    """Delivers parcels. `run_once(now)` delivers what is due; `run(stop)` does so for as long as it lives."""

    def __init__(
        self,
        store: Store,
        senders: Mapping[ParcelKind, Sender],
        runtime: Runtime,
        *,
        probe: Probe | None = None,
        alarm: Alarm | None = None,
        resumed: Resumed | None = None,
        pace: Pace = Pace(),
    ) -> None:
        """`senders` has one for every kind. A `Pause` holds back what goes to Slack."""
        self._store = store
        self._senders = senders
        self._runtime = runtime
        self._probe = probe
        self._alarm = alarm
        self._resumed = resumed
        self._pace = pace
        self._owner = runtime.token("courier_")
        self._woken = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Lock()
        self._busy: Counter[int] = Counter()
        self._paused: str | None = None
        self._paused_at: Instant | None = None
        self._probe_at: Instant | None = None
        store.on_commit(self._heard)

    @property
    def paused(self) -> str | None:
        """Why nothing leaves for Slack; None while it does. For `/readyz`."""
        return self._paused

    @property
    def in_hand(self) -> int:
        """How many calls are under way."""
        return len(self._tasks)

    def wake(self) -> None:
        """Look into the outbox now: something may be due, or there may be room for it."""
        self._woken.set()

    async def take_over(self) -> int:
        """Free every parcel that a process leased which is dead, and say how many those were.

        Only for somebody who knows that no other courier works on this database, such as the one process
        that holds the lock of a SQLite file; others wait until the leases are over.
        """
        freed = await self._store.write(lambda unit: outbox.release(unit, None, self._runtime.now()))
        self.wake()
        return freed

    async def run_once(self, now: Instant) -> int:
        """Deliver all that is due at `now`, and what becomes due at `now` by it; how many tries that took."""
        tries = 0
        await self._look_whether_open(now)
        while parcels := await self._claim(now):
            tries += len(parcels)
            await asyncio.gather(*self._start(parcels, lambda: now))
        return tries

    async def run(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set, then finish what is in hand; see `Pace.grace`."""
        stopping = asyncio.create_task(stop.wait())
        stopping.add_done_callback(lambda _: self.wake())
        try:
            while not stop.is_set():
                try:
                    await self._deliver()
                    await self._rest(stop)
                except Exception as bug:
                    # The loop outlives whatever the database or the probe does: nothing leaves without it.
                    incident = self._incident()
                    log.exception("the outbox could not be read (incident %s)", incident)
                    await self._tell(incident, bug)
                    await asyncio.sleep(self._pace.look.total_seconds())
        finally:
            stopping.cancel()
            await self._finish()

    async def _deliver(self) -> None:
        """Start what is due."""
        self._woken.clear()
        now = self._runtime.now()
        await self._look_whether_open(now)
        self._start(await self._claim(now), self._runtime.now)

    async def _rest(self, stop: asyncio.Event) -> None:
        """Wait until there is something to claim. Costs a read whenever it is woken, and no transaction."""
        clock = asyncio.get_running_loop().time
        due = await self._next_due()
        while not stop.is_set():
            soonest = clock() + self._pace.gather.total_seconds()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._idle_for(due).total_seconds()):
                    await self._woken.wait()
            await asyncio.sleep(max(self._pace.stand_back.total_seconds(), soonest - clock()))
            self._woken.clear()
            due = await self._next_due()
            if due is not None and due <= self._runtime.now():
                return

    async def _next_due(self) -> Instant | None:
        """When there may be something to do: of what there is room for, or the probe's turn."""
        free = [priority for priority in self._pace.room if self._free(priority)]
        due = await self._store.read(lambda unit: outbox.next_due(unit, free)) if free else None
        turns = (due, self._probe_at if self._paused is not None else None)
        return min((turn for turn in turns if turn is not None), default=None)

    def _idle_for(self, due: Instant | None) -> timedelta:
        left = self._pace.look if due is None else due - self._runtime.now()
        # What is due and yet was not claimed waits for another parcel: its end wakes us.
        return min(left, self._pace.look) if left > timedelta() else self._pace.look

    async def _claim(self, now: Instant) -> tuple[Parcel, ...]:
        free = {priority: self._free(priority) for priority in self._pace.room}
        if not any(free.values()):
            return ()
        lease = f"{self._owner}:{self._runtime.token('')}"
        return await self._store.write(
            lambda unit: outbox.claim(unit, now, lease, now + self._pace.lease, free)
        )

    def _free(self, priority: int) -> int:
        if self._paused is not None and priority not in _PAST_SLACK:
            return 0
        return max(0, self._pace.room[priority] - self._busy[priority])

    def _start(self, parcels: Iterable[Parcel], now: Callable[[], Instant]) -> list[asyncio.Task[None]]:
        started = []
        for parcel in parcels:
            self._busy[parcel.priority] += 1
            task = asyncio.create_task(self._carry(parcel, now), name=f"parcel {parcel.id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            started.append(task)
        return started

    async def _carry(self, parcel: Parcel, now: Callable[[], Instant]) -> None:
        try:
            await self._turn()
            result = await self._send(parcel)
            if isinstance(result, Pause):
                self._pause(result.why or result.error, now())
            await self._store.write(lambda unit: self._record(unit, parcel, result, now()))
        except Exception as bug:
            # Nobody awaits this task. The parcel is not lost: when its lease is over it is claimed again.
            incident = self._incident()
            log.exception("parcel %s could not be recorded (incident %s)", parcel.id, incident)
            await self._tell(incident, bug)
        finally:
            self._busy[parcel.priority] -= 1
            self.wake()

    async def _turn(self) -> None:
        """Begin one by one, with a round of the loop between: making a card takes milliseconds.

        Sixty made in a row held up every click, and every agent, for a third of a second.
        """
        async with self._turns:
            await asyncio.sleep(0)

    async def _send(self, parcel: Parcel) -> Result:
        limit = (self._pace.lease - TO_RECORD).total_seconds()
        try:
            async with asyncio.timeout(limit):
                return await self._senders[parcel.kind](parcel)
        except TimeoutError:
            return Again(f"no result within {limit:g} s", ambiguous=True)
        except Exception as error:
            # A bug in one sender must not stop the others; it is logged, and shows as the parcel's error.
            incident = self._incident()
            log.exception("sending parcel %s failed (incident %s)", parcel.id, incident)
            await self._tell(incident, error)
            return Again(f"{type(error).__name__} (incident {incident})", ambiguous=True)

    def _record(self, unit: Unit, parcel: Parcel, result: Result, now: Instant) -> None:
        match result:
            case Done(then):
                self._end(unit, parcel, outbox.done(unit, parcel, now), then)
            case Dead(error, then):
                self._end(unit, parcel, outbox.bury(unit, parcel, now, error), then)
            case Again(error, after, lane):
                due = now + (self._backoff(parcel) if after is None else after)
                self._end(unit, parcel, outbox.again(unit, parcel, due, error, lane=lane))
                if lane is not None:
                    outbox.hold(unit, lane, due)
            case Pause(error) if parcel.priority in _PAST_SLACK:
                self._end(unit, parcel, outbox.again(unit, parcel, now + self._backoff(parcel), error))
            case Pause(error):
                # As due as it was: nothing of it leaves before the pause is over.
                self._end(unit, parcel, outbox.again(unit, parcel, parcel.due_at, error))

    def _backoff(self, parcel: Parcel) -> timedelta:
        return slack_pause(parcel.attempts, self._runtime.jitter())

    def _end(self, unit: Unit, parcel: Parcel, held: bool, then: Then | None = None) -> None:
        if not held:
            log.warning("the lease of parcel %s was over before its result was recorded", parcel.id)
        elif then is not None:
            then(unit)

    def _pause(self, why: str, now: Instant) -> None:
        if self._paused is None:
            log.error("nothing leaves for Slack: %s", why)
            self._paused_at = now
            self._probe_at = now + self._pace.probe_after
        self._paused = why

    async def _look_whether_open(self, now: Instant) -> None:
        """While paused, ask the probe every now and then. Without one, the next parcel is the probe."""
        if self._paused is None or (self._probe_at is not None and now < self._probe_at):
            return
        self._probe_at = now + self._pace.probe_after
        still = await self._probe() if self._probe is not None else None
        if still is None:
            log.warning("parcels leave for Slack again")
            await self._store.write(partial(self._resume, why=self._paused, now=now))
        self._paused = still

    def _resume(self, unit: Unit, why: str, now: Instant) -> None:
        outbox.hurry(unit)
        if self._resumed is not None and self._paused_at is not None:
            self._resumed(unit, why, self._paused_at, now)

    async def _finish(self) -> None:
        """Let the calls in hand end; cancel what takes too long, and give its lease back."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=self._pace.grace.total_seconds())
            for task in late:
                task.cancel()
            if late:
                log.warning("%s calls were cut off; they stay in the outbox", len(late))
                await asyncio.wait(late, timeout=LAST_WORDS.total_seconds())
        try:
            await self._store.write(lambda unit: outbox.release(unit, self._owner, self._runtime.now()))
        except Exception:
            # On the way out: the leases end by themselves.
            log.exception("leases were not given back (incident %s)", self._incident())

    def _heard(self, committed: Committed) -> None:
        if committed.outbox:
            self.wake()

    async def _tell(self, incident: str, bug: Exception) -> None:
        if self._alarm is not None:
            await self._alarm(incident, bug)

    def _incident(self) -> str:
        # Letters and digits only: people copy it out of Slack, where others may be markup.
        return "inc_" + "".join(filter(str.isalnum, self._runtime.token("")))[:12]

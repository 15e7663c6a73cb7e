"""What a sweep costs: as many steps due each time, once with few requests pending, once with very many."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from statistics import median

from approvals.events import Opened, Ticked
from approvals.model import Step
from approvals.words import Instant, RequestId, StepKind
from bench.comparing import Size
from bench.house import Databases
from bench.loads import Wrong
from bot.desk.ruling import rule_on
from scheduler.sweeper import Sweeper, Tick
from store import cases, migrate
from store.engine import Store
from store.unit_of_work import Unit
from tests.harness.cases import a_judgement, a_request, a_roster
from tests.harness.crowds import crowd

_OPENED = datetime(2026, 1, 5, 9, tzinfo=UTC)
_MINUTE, _NEVER = timedelta(minutes=1), timedelta(days=3650)
_ROSTER = a_roster()
#: Requests that are opened in one transaction.
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Swept:
    """Seconds of one sweep, the one in the middle, at each number of pending requests."""

    due: int
    seconds: dict[int, float]

    @property
    def ratio(self) -> float:
        """How much longer it takes with the most pending than with the fewest."""
        return self.seconds[max(self.seconds)] / self.seconds[min(self.seconds)]


async def measured(databases: Databases, size: Size) -> Swept:
    """A reminder of each of `size.due` requests, sweep by sweep, in turns. Raises `Wrong`."""
    found: dict[int, list[float]] = {pending: [] for pending in size.pending}
    async with AsyncExitStack() as stack:
        sweepers = {
            pending: await stack.enter_async_context(_crowded(databases, size, pending)) for pending in found
        }
        for sweep in range(1, size.sweeps + 1):
            for pending, sweeper in sweepers.items():
                found[pending].append(await timed(sweeper, _OPENED + sweep * _MINUTE, size.due))
    return Swept(size.due, {pending: median(taken) for pending, taken in found.items()})


async def timed(sweeper: Sweeper, now: Instant, due: int) -> float:
    """Seconds of one sweep. Raises `Wrong` where not as many were swept as are due."""
    begun = time.perf_counter()
    swept = await sweeper.run_once(now)
    taken = time.perf_counter() - begun
    if swept != due:
        raise Wrong(f"{due} requests were due, and {swept} were swept")
    return taken


@asynccontextmanager
async def _crowded(databases: Databases, size: Size, pending: int) -> AsyncIterator[Sweeper]:
    """A sweeper over a fresh database; of so many pending, `size.due` have a reminder due each minute."""
    url = databases.fresh()
    await migrate.upgrade(url)
    store = await Store.open(url)
    try:
        steps = tuple(Step(minute * _MINUTE, StepKind.REMIND) for minute in range(1, size.sweeps + 1))
        judgement = a_judgement(steps=(*steps, Step(_NEVER, StepKind.EXPIRE)))

        def opening(unit: Unit, first: int) -> None:
            for number in range(first, min(first + _PAGE, size.due)):
                request = a_request(id=RequestId(f"req_{number:06}"), created_at=_OPENED)
                rule_on(unit, None, Opened(request, judgement), _OPENED, _ROSTER)

        for first in range(0, size.due, _PAGE):
            await store.write(partial(opening, first=first))
        await store.write(crowd(pending - size.due, _OPENED + _NEVER))
        yield Sweeper(store, _tick(store), lambda: "inc_bench")
    finally:
        await store.close()


def _tick(store: Store) -> Tick:
    async def tick(request: RequestId, now: Instant) -> None:
        def ticking(unit: Unit) -> None:
            case = cases.load(unit, request)
            if case is None:
                raise Wrong(f"{request} is gone")
            rule_on(unit, case, Ticked(), now, _ROSTER)

        await store.write(ticking)

    return tick

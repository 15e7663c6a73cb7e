"""Requests whose step is overdue, for whatever reason: put right, fired, or reported; on a real store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest
import sqlalchemy as sa

from approvals.events import Shown, Ticked
from approvals.machine import decide
from approvals.model import Step
from approvals.words import Gate, Instant, RequestId, Status, StepKind
from scheduler.auditor import MOST_TRIED, OVERDUE, PAGE, Auditor, Stuck
from store import cases, facts, schedule
from store.engine import Store
from store.errors import Unavailable
from store.tables import cases as table
from store.unit_of_work import Unit
from tests.harness.cases import NOON, a_request, opened
from tests.store.samples import numbered

HOUR = timedelta(hours=1)
LATER = NOON + HOUR + OVERDUE
EXPIRE = Step(HOUR, StepKind.EXPIRE)


class Desk:
    """Ticks as the use case does, fails for those that a test names, and keeps what is reported."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.broken: set[RequestId] = set()
        #: a tick of these changes nothing
        self.idle: set[RequestId] = set()
        self.ticked: list[RequestId] = []
        self.told: list[tuple[tuple[Stuck, ...], int]] = []
        self.auditor = Auditor(store, self.tick, self.report, lambda: f"inc_{len(self.ticked)}")

    async def tick(self, request: RequestId, now: Instant) -> None:
        """One unit of work."""
        self.ticked.append(request)
        if request in self.broken:
            raise RuntimeError("no luck")

        def ticking(unit: Unit) -> None:
            before = cases.load(unit, request)
            assert before is not None
            ruling = decide(before, Ticked(), now)
            if ruling.case is not before:
                cases.save(unit, before, ruling.case)
                facts.append(unit, ruling.facts)

        if request not in self.idle:
            await self.store.write(ticking)

    async def report(self, stuck: Sequence[Stuck], more: int) -> None:
        """What the operators would hear."""
        self.told.append((tuple(stuck), more))

    async def opens(self, number: int, gate: Gate = Gate.HARD, *steps: Step) -> RequestId:
        """A request of noon that expires after an hour."""
        ruling = opened(a_request(id=numbered(number)), gate=gate, steps=steps or (EXPIRE,))

        def opening(unit: Unit) -> None:
            cases.add(unit, ruling.case)
            facts.append(unit, ruling.facts)

        await self.store.write(opening)
        return ruling.case.id

    async def breaks(self, request: RequestId, due_at: Instant | None, **columns: object) -> None:
        """Its row says something else than the request itself, and nobody knows why."""
        values = {"due_at": due_at, **columns}

        def breaking(unit: Unit) -> None:
            unit.change(sa.update(table).where(table.c.id == request).values(values), {}, of=(table,))

        await self.store.write(breaking)

    async def due_at(self, request: RequestId) -> Instant | None:
        """When the sweeper comes to it."""
        return await self.store.read(lambda unit: schedule.due_at(unit, request))

    async def status(self, request: RequestId) -> Status:
        """Where it stands."""
        case = await self.store.read(lambda unit: cases.load(unit, request))
        assert case is not None
        return case.status


@pytest.fixture
def desk(store: Store) -> Desk:
    """One on each database."""
    return Desk(store)


async def test_what_is_in_order_is_left_alone(desk: Desk) -> None:
    """Nothing is ticked or said of what is due in time, or was just now, or of a window that waits."""
    await desk.opens(1)
    await desk.opens(2, Gate.SOFT, Step(HOUR, StepKind.APPROVE))
    assert await desk.auditor.run_once(NOON) == 0
    assert await desk.auditor.run_once(LATER - timedelta(seconds=1)) == 0
    assert await desk.due_at(numbered(2)) is None
    assert (desk.ticked, desk.told) == ([], [])


@pytest.mark.parametrize("wrong", [None, NOON + 9 * HOUR, NOON - HOUR])
async def test_a_row_whose_time_is_wrong_is_put_right(
    desk: Desk, wrong: Instant | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Missing, too late or too early: the sweeper comes to it as the request itself says, which is logged."""
    request = await desk.opens(1)
    await desk.opens(2)
    await desk.breaks(request, wrong)
    assert await desk.auditor.run_once(NOON) == 1
    assert await desk.due_at(request) == NOON + HOUR
    assert f"the schedule had {request} at {wrong}" in caplog.text
    assert await desk.auditor.run_once(NOON) == 0


async def test_a_missing_time_that_has_passed_is_the_sweepers_at_once(desk: Desk) -> None:
    """It is due then, and the commit says that it changed, which wakes the clock."""
    request = await desk.opens(1)
    await desk.breaks(request, None)
    changed: list[RequestId] = []
    desk.store.on_commit(lambda committed: changed.extend(committed.requests))
    await desk.auditor.run_once(LATER)
    assert await desk.store.read(lambda unit: cases.due(unit, LATER, 9)) == (request,)
    assert changed == [request]


async def test_a_window_that_has_begun_is_looked_after_too(desk: Desk) -> None:
    """Soft, and shown: its end is due as any other step."""
    request = await desk.opens(1, Gate.SOFT, Step(HOUR, StepKind.APPROVE))

    def showing(unit: Unit) -> None:
        before = cases.load(unit, request)
        assert before is not None
        cases.save(unit, before, decide(before, Shown(), NOON).case)

    await desk.store.write(showing)
    await desk.breaks(request, None)
    await desk.auditor.run_once(NOON)
    assert await desk.due_at(request) == NOON + HOUR


@pytest.mark.parametrize("columns", [{"status": "rejected"}, {}], ids=["ended", "parked"])
async def test_what_is_over_is_taken_off_the_schedule(desk: Desk, columns: dict[str, object]) -> None:
    """Else the sweeper would come to it every five seconds, for ever."""
    request = await desk.opens(1, Gate.HARD, Step(HOUR, StepKind.PARK))
    await desk.tick(request, NOON + HOUR)
    await desk.breaks(request, NOON + HOUR, **columns)
    assert await desk.auditor.run_once(LATER) == 1
    assert await desk.due_at(request) is None


async def test_what_the_sweeper_did_not_come_to_fires(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Its time is right, and has passed: nobody is told of what could be mended, but for the log."""
    request = await desk.opens(1)
    assert await desk.auditor.run_once(LATER) == 1
    assert await desk.status(request) is Status.TIMED_OUT
    assert f"{request} was overdue since {NOON + HOUR}" in caplog.text
    assert desk.told == []


async def test_what_cannot_be_ticked_is_reported_with_its_incident(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """The others fire all the same; whoever looks the incident up finds the reason."""
    stuck, idle, well = [await desk.opens(number) for number in (1, 2, 3)]
    desk.broken, desk.idle = {stuck}, {idle}
    assert await desk.auditor.run_once(LATER) == 3
    assert desk.told == [((Stuck(stuck, NOON + HOUR, "inc_1"), Stuck(idle, NOON + HOUR, "inc_2")), 0)]
    assert await desk.status(well) is Status.TIMED_OUT
    assert "cannot be ticked (incident inc_1)" in caplog.text
    assert "RuntimeError: no luck" in caplog.text
    assert "a tick changes nothing (incident inc_2)" in caplog.text


async def test_of_very_many_the_longest_overdue_are_tried(desk: Desk) -> None:
    """One cause mostly has them all: the others are counted, beyond a page as well."""
    ids = [await desk.opens(number) for number in range(PAGE + 3)]
    desk.broken = set(ids)
    oldest = await desk.opens(999, Gate.HARD, Step(HOUR / 2, StepKind.EXPIRE))
    desk.broken.add(oldest)
    assert await desk.auditor.run_once(LATER) == PAGE + 4
    [(stuck, more)] = desk.told
    assert [each.request for each in stuck] == [oldest, *ids[: MOST_TRIED - 1]]
    assert more == PAGE + 4 - MOST_TRIED


async def test_a_database_that_is_away_is_no_requests_fault(desk: Desk) -> None:
    """Nobody is told of requests that are overdue because nothing can be written."""
    await desk.opens(1)

    async def away(_request: RequestId, _now: Instant) -> None:
        raise Unavailable("no connection")

    tick: Callable[[RequestId, Instant], Awaitable[object]] = away
    auditor = Auditor(desk.store, tick, desk.report, lambda: "inc_0")
    with pytest.raises(Unavailable):
        await auditor.run_once(LATER)
    assert desk.told == []

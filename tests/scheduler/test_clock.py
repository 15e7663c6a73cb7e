"""The alarm clock, on the machine's own time: APScheduler keeps no other."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from approvals.words import Instant
from bot.runtime import SystemRuntime
from scheduler.clock import Clock

now = SystemRuntime().now
SOON = timedelta(milliseconds=120)
NEVER = timedelta(hours=1)


class Plan:
    """When something is due, and when it was swept."""

    def __init__(self, *due: Instant) -> None:
        self.due = list(due)
        self.swept: list[Instant] = []
        self.fired: asyncio.Queue[Instant] = asyncio.Queue()

    async def next_due(self) -> Instant | None:
        """The earliest."""
        return min(self.due, default=None)

    async def sweep(self, at: Instant) -> None:
        """Fire what is due at `at`."""
        self.swept.append(at)
        for due in [due for due in self.due if due <= at]:
            self.due.remove(due)
            self.fired.put_nowait(due)


@pytest.fixture
async def clocks() -> AsyncIterator[Callable[[Plan], Clock]]:
    """Makes clocks that are stopped after the test."""
    made: list[Clock] = []

    def make(plan: Plan) -> Clock:
        made.append(Clock(now, plan.sweep, plan.next_due, safety=NEVER))
        return made[-1]

    yield make
    for clock in made:
        await clock.stop()


async def test_what_became_due_while_nobody_was_there_fires_at_the_start(
    clocks: Callable[[Plan], Clock],
) -> None:
    """A restart, however late, carries out what it missed."""
    missed = now() - timedelta(days=3)
    plan = Plan(missed)
    clocks(plan).start()
    assert await plan.fired.get() == missed


async def test_a_step_fires_when_it_is_due_and_not_before(clocks: Callable[[Plan], Clock]) -> None:
    """Each of several steps is fired at its own time, in order."""
    start = now()
    plan = Plan(start + SOON, start + 2 * SOON)
    clocks(plan).start()
    assert [await plan.fired.get(), await plan.fired.get()] == [start + SOON, start + 2 * SOON]
    assert len(plan.swept) <= 4
    assert plan.swept[-1] >= start + 2 * SOON


async def test_a_commit_that_makes_something_due_earlier_is_heard(clocks: Callable[[Plan], Clock]) -> None:
    """The clock is set anew when it is told, and not only at the next sweep."""
    plan = Plan(now() + NEVER)
    clock = clocks(plan)
    clock.start()
    soon = now() + SOON
    plan.due.append(soon)
    clock.rearm()
    assert await plan.fired.get() == soon


async def test_many_commits_ask_once_when_to_ring(clocks: Callable[[Plan], Clock]) -> None:
    """A burst of commits costs one look at the schedule, not one each."""
    asked: list[Instant] = []
    armed = asyncio.Event()

    class Asked(Plan):
        async def next_due(self) -> Instant | None:
            asked.append(now())
            armed.set()
            return await super().next_due()

    plan = Asked()
    clock = clocks(plan)
    clock.start()
    await armed.wait()
    for _ in range(500):
        clock.rearm()
    plan.due.append(now())
    await plan.fired.get()
    assert len(asked) == 2


async def test_a_step_that_comes_due_during_a_sweep_is_not_dropped(clocks: Callable[[Plan], Clock]) -> None:
    """A slow sweep delays the next one, and never swallows it."""
    inside, go_on = asyncio.Event(), asyncio.Event()

    class Slow(Plan):
        async def sweep(self, at: Instant) -> None:
            inside.set()
            await go_on.wait()
            await super().sweep(at)

    plan = Slow()
    clock = clocks(plan)
    clock.start()
    await inside.wait()
    due = now()
    plan.due.append(due)
    clock.rearm()
    go_on.set()
    assert await plan.fired.get() == due


async def test_jobs_recur_whatever_one_of_them_raises(
    clocks: Callable[[Plan], Clock], caplog: pytest.LogCaptureFixture
) -> None:
    """A failing job is logged, and has its next chance."""
    runs: asyncio.Queue[Instant] = asyncio.Queue()

    async def job(at: Instant) -> None:
        runs.put_nowait(at)
        raise RuntimeError("no luck")

    clock = clocks(Plan())
    clock.every(SOON, "people", job)
    clock.start()
    assert await runs.get() < await runs.get()
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR][:1] == [
        "people failed"
    ]


async def test_of_a_job_that_fails_somebody_is_told() -> None:
    """By its name, with what went wrong, and the job has its next chance all the same."""
    told: asyncio.Queue[str] = asyncio.Queue()

    async def failed(job: str, bug: Exception) -> None:
        told.put_nowait(f"{job}: {bug}")

    async def job(_at: Instant) -> None:
        raise RuntimeError("no luck")

    plan = Plan()
    clock = Clock(now, plan.sweep, plan.next_due, failed=failed, safety=NEVER)
    clock.every(SOON, "people", job)
    clock.start()
    assert [await told.get(), await told.get()] == ["people: no luck"] * 2
    await clock.stop()


async def test_stopping_lets_what_runs_end(clocks: Callable[[Plan], Clock]) -> None:
    """A job in hand is finished; none begins after the stop."""
    inside, go_on = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    async def slow(_at: Instant) -> None:
        inside.set()
        await go_on.wait()
        ended.append("slow")

    plan = Plan()
    clock = clocks(plan)
    clock.every(SOON, "slow", slow)
    clock.start()
    await inside.wait()
    stopping = asyncio.create_task(clock.stop())
    go_on.set()
    await stopping
    swept = len(plan.swept)
    plan.due.append(now())
    clock.rearm()
    assert (ended, len(plan.swept)) == (["slow"], swept)
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("clock ")] == []


async def test_what_is_scheduled_runs_at_the_start_and_at_its_times(clocks: Callable[[Plan], Clock]) -> None:
    """At the start for what was missed, then when it says; a failure keeps it from no later time."""
    ran: asyncio.Queue[Instant] = asyncio.Queue()
    times = [now() + SOON, now() + 2 * SOON]

    async def job(at: Instant) -> None:
        ran.put_nowait(at)
        raise RuntimeError("no luck")

    clock = clocks(Plan())
    clock.at(lambda at: min((time for time in times if time > at), default=None), "review", job)
    clock.start()
    started = await ran.get()
    assert started < times[0]
    assert await ran.get() >= times[0]
    assert await ran.get() >= times[1]
    assert ran.empty()


async def test_what_is_never_scheduled_runs_at_the_start_only(clocks: Callable[[Plan], Clock]) -> None:
    """A policy without it: nothing rings, and nothing breaks."""
    ran: asyncio.Queue[Instant] = asyncio.Queue()

    async def job(at: Instant) -> None:
        ran.put_nowait(at)

    plan = Plan(now() + SOON)
    clock = clocks(plan)
    clock.at(lambda _: None, "review", job)
    clock.start()
    await ran.get()
    await plan.fired.get()
    assert ran.empty()

"""The same through the store: two sweepers on one SQLite file, at whatever moments either is awake."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from pathlib import Path

from hypothesis import given, settings

from approvals.audit import Fact
from approvals.events import Opened, Ticked
from approvals.words import Gate, Instant, RequestId
from bot.desk.ruling import rule_on
from scheduler.sweeper import Sweeper
from store import cases, facts
from store.engine import Store
from store.tables import outbox
from store.unit_of_work import Unit
from tests.harness.cases import DAN, NOON, a_judgement, a_request, a_roster
from tests.harness.downtimes import MOMENTS, Plan, expected, fired, plans, said

ROSTER = a_roster(finance=(DAN,))
#: Several, so that a sweep has more than one to lose.
REQUESTS = [RequestId(f"req_{number}") for number in range(3)]


async def opened(store: Store, plan: Plan) -> None:
    """The requests, at noon."""

    def opening(unit: Unit) -> None:
        judgement = a_judgement(gate=plan.gate, steps=plan.steps)
        for id_ in REQUESTS:
            rule_on(unit, None, Opened(a_request(id=id_), judgement), NOON, ROSTER)

    await store.write(opening)


def sweeper(store: Store) -> Sweeper:
    """One that ticks as the bot does."""

    async def tick(request: RequestId, now: Instant) -> None:
        def ticking(unit: Unit) -> None:
            case = cases.load(unit, request)
            assert case is not None
            rule_on(unit, case, Ticked(), now, ROSTER)

        await store.write(ticking)

    return Sweeper(store, tick, lambda: "inc_1")


async def lived(url: str, plan: Plan, moments: Sequence[Instant]) -> list[tuple[tuple[Fact, ...], list[str]]]:
    """Of each request what was written down, and what was put out for its thread, in order."""
    stores = [await Store.open(url) for _ in range(2)]
    try:
        await opened(stores[0], plan)
        for at in moments:
            await asyncio.gather(*(sweeper(store).run_once(at) for store in stores))
        return [await stores[0].read(partial(_found, request=id_)) for id_ in REQUESTS]
    finally:
        for store in stores:
            await store.close()


def _found(unit: Unit, request: RequestId) -> tuple[tuple[Fact, ...], list[str]]:
    put = outbox.select().where(outbox.c.request == request, outbox.c.kind == "thread").order_by(outbox.c.id)
    keys = [row.key for row in unit.read(put, of=(outbox,))]
    # That it ended is said too, by whatever it ended.
    return tuple(facts.chain(unit, request)), [key for key in keys if key != "decided"]


@given(plans([Gate.HARD, Gate.AUDIT]), MOMENTS)
@settings(max_examples=25)
def test_two_sweepers_fire_each_step_once_and_in_order(
    sqlite_template: Path, plan: Plan, moments: list[Instant]
) -> None:
    """Both look at the same moment: one of them finds that the other was quicker."""
    with tempfile.TemporaryDirectory() as home:
        shutil.copy(sqlite_template, Path(home) / "hitl.db")
        lives = asyncio.run(lived(f"sqlite+aiosqlite:///{home}/hitl.db", plan, moments))
    by_moment = groupby(expected(plan, moments), key=lambda each: moments.index(each.at))
    notes = [key for _, together in by_moment for key in said(plan, list(together))]
    for chain, told in lives:
        assert fired(plan, chain) == expected(plan, moments)
        assert told == notes

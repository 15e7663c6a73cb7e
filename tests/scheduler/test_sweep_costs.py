"""A sweep costs what is due, whatever is pending: by what the databases do, counted, with 100,000 pending."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from approvals.words import Instant, RequestId
from scheduler.sweeper import Sweeper
from store import cases
from store.engine import Store
from store.unit_of_work import Unit
from tests.harness.cases import NOON
from tests.harness.crowds import crowd
from tests.harness.databases import PostgresServer
from tests.store.samples import intake, numbered

#: `cases` as `intake` opens it: due four hours after noon.
DUE = NOON + timedelta(hours=4)
TOMORROW = NOON + timedelta(days=1)
MANY, WHICH_ARE_DUE = 100_000, 5


async def opened(store: Store, pending: int) -> None:
    """Five requests that are due, and so many that will be tomorrow."""
    for number in range(WHICH_ARE_DUE):
        await store.write(intake(number))
    await store.write(crowd(pending, TOMORROW))


def steps_of_sqlite(unit: Unit, work: Callable[[Unit], object]) -> int:
    """How many instructions SQLite's machine takes for it: as many on every computer."""
    driver: Any = unit.connection.connection.driver_connection
    count = 0

    def counting() -> int:
        nonlocal count
        count += 1
        return 0

    driver.set_progress_handler(counting, 1)
    try:
        work(unit)
    finally:
        driver.set_progress_handler(None, 1)
    return count


class _Analyzed:
    """Has PostgreSQL run each statement once more, and say how many rows it read for it."""

    def __init__(self) -> None:
        self.read = 0
        self.indexes: set[str] = set()

    def __call__(self, conn: sa.Connection, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
        [(told,)] = cursor.fetchall()
        self._add(json.loads(told)[0]["Plan"] if isinstance(told, str) else told[0]["Plan"])

    def _add(self, node: dict[str, Any]) -> None:
        if "Scan" in node["Node Type"]:
            self.read += node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            self.indexes.add(node.get("Index Name", node["Node Type"]))
        for below in node.get("Plans", ()):
            self._add(below)


def looking(unit: Unit) -> None:
    """What a sweep asks of the database before it ticks anything, and before it rests."""
    assert len(cases.due(unit, DUE, 200)) == WHICH_ARE_DUE
    assert cases.next_due(unit) == DUE


async def test_sqlite_takes_as_many_steps_for_a_sweep_whatever_is_pending(sqlite_url: str) -> None:
    """To the instruction: at 10 pending, and at 100,000."""
    store = await Store.open(sqlite_url)
    try:
        await opened(store, 10)
        few = await store.write(lambda unit: steps_of_sqlite(unit, looking))
        await store.write(
            lambda unit: unit.connection.exec_driver_sql("DELETE FROM cases WHERE id LIKE 'req_z%'")
        )
        await store.write(crowd(MANY, TOMORROW))
        assert await store.write(lambda unit: steps_of_sqlite(unit, looking)) == few
    finally:
        await store.close()


async def test_postgresql_reads_what_is_due_and_nothing_else(postgres_server: PostgresServer) -> None:
    """Five rows and the next one, through the index of what is scheduled, with 100,000 pending."""
    store = await Store.open(postgres_server.fresh())

    def analyzed(unit: Unit) -> _Analyzed:
        unit.connection.exec_driver_sql("ANALYZE cases")
        seen = _Analyzed()
        sa.event.listen(unit.connection, "before_cursor_execute", seen)
        try:
            looking(unit)
        finally:
            sa.event.remove(unit.connection, "before_cursor_execute", seen)
        return seen

    try:
        await opened(store, MANY)
        seen = await store.write(analyzed)
    finally:
        await store.close()
    assert seen.indexes == {"ix_cases_due_at"}
    assert seen.read == WHICH_ARE_DUE + 1


async def test_only_what_is_due_is_loaded_among_100_000(store: Store) -> None:
    """The sweep itself: it hands on what is due, and never opens the others, whose rows nobody could read."""
    await opened(store, MANY)
    ticked: list[RequestId] = []

    async def tick(request: RequestId, _now: Instant) -> None:
        ticked.append(request)

    sweeper = Sweeper(store, tick, lambda: "inc_1")
    assert await sweeper.run_once(DUE) == WHICH_ARE_DUE
    assert sorted(ticked) == [numbered(number) for number in range(WHICH_ARE_DUE)]

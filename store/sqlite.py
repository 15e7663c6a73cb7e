"""SQLite: one writing connection, one reading one, statements on the event loop, the fsync in a thread.

A statement on a local file takes tens of microseconds, less than handing it to a thread and taking the
interpreter's lock back; what takes long is the COMMIT, which waits for the disk. So statements run where they
are called, with a pause for other tasks every few of them, and COMMIT alone goes to a thread.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import sqlalchemy as sa

from store.errors import Unavailable
from store.unit_of_work import NotThisWay, Task, Unit, Way, work_through

T = TypeVar("T")

#: Seconds that statements may keep the event loop before other tasks get their turn.
_TURN = 0.002
#: Seconds between tries while another process writes; like SQLite's own busy handler, but without blocking.
_PAUSES = (0.001, 0.002, 0.005, 0.01, 0.015, 0.02, 0.025)


def file_of(url: str) -> Path | None:
    """The file of a SQLite URL; None for another database."""
    parsed = sa.make_url(url)
    return Path(parsed.database) if parsed.get_backend_name() == "sqlite" and parsed.database else None


def engine_of(url: sa.URL, *, writes: bool, patience: float = 0.0) -> sa.Engine:
    """An engine whose connections are durable (`synchronous=FULL`) and checked (`foreign_keys`).

    `patience` is how many seconds SQLite itself waits, blocking, for another's lock. The driver opens no
    transactions by itself: whoever uses the engine says BEGIN.
    """
    engine = sa.create_engine(
        url.set(drivername="sqlite+pysqlite"),
        poolclass=sa.NullPool,
        hide_parameters=True,
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": patience},
    )

    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        if writes:
            connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute(f"PRAGMA query_only={'OFF' if writes else 'ON'}")

    sa.event.listen(engine, "connect", prepare)
    return engine


class SqliteLine:
    """The way to one SQLite file."""

    replicated = False
    writers = 1

    def __init__(self, url: sa.URL, *, patience: float, most_conflicts: int) -> None:
        self._patience = patience
        self._most_conflicts = most_conflicts
        self._writing = engine_of(url, writes=True, patience=patience)
        self._reading = engine_of(url, writes=False, patience=patience)
        self._writer: sa.Connection | None = None
        self._reader: sa.Connection | None = None
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="sqlite-commit")

    async def carry(self, tasks: Sequence[Task[Any]]) -> None:
        """Run `tasks` in one transaction and commit it; raises `Unavailable`, with nothing committed."""
        try:
            await self._carry(tasks)
        except sa.exc.DBAPIError as error:
            self._drop_writer()
            raise Unavailable(str(error.orig)) from error

    async def _carry(self, tasks: Sequence[Task[Any]]) -> None:
        way = Way.TOGETHER
        while True:
            try:
                return await self._carry_once(tasks, way)
            except NotThisWay as needed:
                way = needed.another

    async def _carry_once(self, tasks: Sequence[Task[Any]], way: Way) -> None:
        connection, transaction = await self._begin()
        try:
            turn = perf_counter()
            for _ in work_through(connection, tasks, way, most_conflicts=self._most_conflicts):
                if perf_counter() - turn > _TURN:
                    await asyncio.sleep(0)
                    turn = perf_counter()
            await asyncio.get_running_loop().run_in_executor(self._disk, transaction.commit)
        except BaseException:
            transaction.rollback()
            raise

    async def _begin(self) -> tuple[sa.Connection, sa.RootTransaction]:
        if self._writer is None:
            self._writer = self._writing.connect()
            self._writer.exec_driver_sql("PRAGMA busy_timeout=0")
            self._writer.rollback()
        connection = self._writer
        since = perf_counter()
        for pause in _pauses():
            transaction = connection.begin()
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except sa.exc.OperationalError as busy:
                transaction.rollback()
                if not _is_busy(busy) or perf_counter() - since > self._patience:
                    raise
                await asyncio.sleep(pause)
            else:
                return connection, transaction
        raise AssertionError("pauses never end")

    async def read(self, work: Callable[[Unit], T]) -> T:
        """Run `work` on a snapshot, at once."""
        try:
            if self._reader is None:
                self._reader = self._reading.connect()
            return _read_on(self._reader, work)
        except sa.exc.OperationalError as error:
            self._drop_reader()
            raise Unavailable(str(error.orig)) from error

    async def read_long(self, work: Callable[[Unit], T]) -> T:
        """Run `work` on a snapshot, in a thread, with a connection of its own."""

        def apart() -> T:
            with self._reading.connect() as connection:
                return _read_on(connection, work)

        try:
            return await asyncio.to_thread(apart)
        except sa.exc.OperationalError as error:
            raise Unavailable(str(error.orig)) from error

    async def close(self) -> None:
        """Close the file; SQLite then folds the write-ahead log into it."""
        self._drop_reader()
        self._drop_writer()
        self._disk.shutdown()

    def _drop_writer(self) -> None:
        dropped, self._writer = self._writer, None
        if dropped is not None:
            dropped.close()

    def _drop_reader(self) -> None:
        dropped, self._reader = self._reader, None
        if dropped is not None:
            dropped.close()


def _pauses() -> Iterator[float]:
    yield from _PAUSES
    while True:
        yield _PAUSES[-1]


def _is_busy(error: sa.exc.OperationalError) -> bool:
    code = getattr(error.orig, "sqlite_errorcode", 0)
    return code & 0xFF in (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
    )  # the rest of the number says more exactly why


@contextmanager
def _snapshot(connection: sa.Connection) -> Iterator[None]:
    transaction = connection.begin()
    try:
        connection.exec_driver_sql("BEGIN")
        yield
    finally:
        transaction.rollback()


def _read_on(connection: sa.Connection, work: Callable[[Unit], T]) -> T:
    with _snapshot(connection):
        return work(Unit(connection))

"""PostgreSQL: asyncpg under SQLAlchemy's asyncio, a few writers beside each other, readers from a pool."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from store.errors import CONNECTION_ERRORS, Unavailable, passing
from store.unit_of_work import NotThisWay, Task, Unit, Way, work_through

T = TypeVar("T")

#: Connections that read at once, opened when they are first needed.
_READERS = 10
#: Seconds to wait for a connection to the server.
_TO_CONNECT = 2.0
#: Seconds to wait for one statement's answer.
_TO_ANSWER = 5.0
#: Milliseconds to wait for another transaction's row, before the work is tried again later. Shorter than
#: PostgreSQL's own look-out for deadlocks (a second), which two batches can run into.
_TO_LOCK = "400"
#: How often work is tried whose transaction was lost to a deadlock, a conflict or a broken connection.
_TRIES = 3
_LOST: Final = (sa.exc.DBAPIError, *CONNECTION_ERRORS)


class PostgresLine:
    """The way to one PostgreSQL database."""

    replicated = True

    def __init__(self, url: sa.URL, *, most_conflicts: int, writers: int = 2) -> None:
        self.writers = writers
        self._most_conflicts = most_conflicts
        self._writing = _engine(url, pool_size=writers, settings={"lock_timeout": _TO_LOCK})
        self._reading = _engine(url, pool_size=_READERS, settings={})
        self._snapshots = self._reading.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    async def carry(self, tasks: Sequence[Task[Any]]) -> None:
        """Run `tasks` in one transaction and commit it; one by one where they get into others' way.

        Raises `Unavailable`: nothing was committed, or the connection broke in the COMMIT and nobody knows.
        """
        for attempt in range(_TRIES):
            try:
                if attempt < _TRIES - 1 or len(tasks) == 1:
                    await self._carry(tasks)
                else:
                    for task in tasks:
                        await self._carry([task])
            except _LOST as error:
                if not passing(error) or attempt == _TRIES - 1:
                    raise Unavailable(str(error)) from error
            else:
                return

    async def _carry(self, tasks: Sequence[Task[Any]]) -> None:
        way = Way.TOGETHER
        while True:
            try:
                return await self._carry_once(tasks, way)
            except NotThisWay as needed:
                way = needed.another

    async def _carry_once(self, tasks: Sequence[Task[Any]], way: Way) -> None:
        async with self._writing.connect() as connection:
            transaction = await connection.begin()
            try:
                await connection.run_sync(
                    lambda plain: deque(
                        work_through(plain, tasks, way, most_conflicts=self._most_conflicts), 0
                    )
                )
            except CONNECTION_ERRORS:
                await connection.invalidate()
                raise
            except BaseException:
                await transaction.rollback()
                raise
            try:
                await transaction.commit()
            except _LOST as error:
                if getattr(getattr(error, "orig", None), "sqlstate", None) in ("40001", "40P01"):
                    raise
                raise Unavailable(f"the connection broke while committing: {error}") from error

    async def read(self, work: Callable[[Unit], T]) -> T:
        """Run `work` on a snapshot."""
        for last in (False, True):
            try:
                async with self._snapshots.connect() as connection:
                    return await connection.run_sync(lambda plain: work(Unit(plain)))
            except _LOST as error:
                if not passing(error):
                    raise
                if last:
                    raise Unavailable(str(error)) from error
        raise AssertionError("the last try returns or raises")

    #: Every read waits for the server without keeping the event loop.
    read_long = read

    async def close(self) -> None:
        """Close the connections."""
        await self._writing.dispose()
        await self._reading.dispose()


def _engine(url: sa.URL, *, pool_size: int, settings: dict[str, str]) -> AsyncEngine:
    return create_async_engine(
        url,
        hide_parameters=True,
        pool_size=pool_size,
        # One that is opened for a moment's rush and closed again costs the server more than what it reads.
        max_overflow=0,
        pool_timeout=_TO_CONNECT,
        connect_args={
            "timeout": _TO_CONNECT,
            "command_timeout": _TO_ANSWER,
            "server_settings": {"timezone": "UTC", "application_name": "hitl", **settings},
        },
    )

"""The store's door: `write` and `read`, and the one commit that many writes share."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from store.errors import Unavailable
from store.lookups import Ahead
from store.migrate import require_current
from store.postgres import PostgresLine
from store.sqlite import SqliteLine
from store.unit_of_work import Committed, Task, Unit, committed

T = TypeVar("T")
_log = logging.getLogger(__name__)

#: How often a work that met a conflict is run again before its caller hears of it.
MOST_CONFLICTS = 20
#: Seconds after which a caller no longer waits for a commit: Slack wants its answer within 3.
PATIENCE = 2.5


class _Line(Protocol):
    """The way to one kind of database."""

    @property
    def replicated(self) -> bool: ...
    @property
    def writers(self) -> int: ...
    async def carry(self, tasks: Sequence[Task[Any]]) -> None: ...
    async def read(self, work: Callable[[Unit], T]) -> T: ...
    async def read_long(self, work: Callable[[Unit], T]) -> T: ...
    async def close(self) -> None: ...


class Store:
    """One database. Everything in it is read and written through units of work.

    While one commit is on its way to the disk, works gather; the next commit carries them all.
    """

    def __init__(self, line: _Line, *, batch: int, patience: float) -> None:
        self._line = line
        self._batch = batch
        self._patience = patience
        self._waiting: deque[tuple[Task[Any], asyncio.Future[Any]]] = deque()
        self._wake = asyncio.Event()
        self._closing = False
        self._listeners: list[Callable[[Committed], None]] = []
        self._writers = [asyncio.create_task(self._carry_on()) for _ in range(line.writers)]

    @staticmethod
    async def open(url: str, *, batch: int = 256, patience: float = PATIENCE) -> Store:
        """Open `sqlite+aiosqlite:///FILE` or `postgresql+asyncpg://…`.

        `batch` is how many works one commit carries at most, `patience` how many seconds a caller waits.
        Raises `SchemaBehind` where migrations were not run, `Unavailable` where nothing answers, and
        `ValueError` for another kind of URL.
        """
        make = _line_to(sa.make_url(url))
        await require_current(url)
        return Store(make(patience), batch=batch, patience=patience)

    @property
    def replicated(self) -> bool:
        """True where other processes may write to the same database: PostgreSQL."""
        return self._line.replicated

    def on_commit(self, heard: Callable[[Committed], None]) -> None:
        """Have `heard` called on the event loop after each commit that changed something. Be quick."""
        self._listeners.append(heard)

    async def write(self, work: Callable[[Unit], T], *, ahead: Ahead | None = None) -> T:
        """Run `work` in a transaction shared with concurrent ones; returns once it is durable.

        `ahead` is what it looks up first, so that this is asked for together with what others look up.
        What `work` raises undoes its own changes only, and is raised here. After a `Conflict` it is run
        again, `MOST_CONFLICTS` times; there are other reasons to run it twice too. Raises `Unavailable`.
        """
        if self._closing:
            raise Unavailable("the store is closed")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        task = Task(work, ahead)
        self._waiting.append((task, future))
        self._wake.set()
        try:
            async with asyncio.timeout(self._patience):
                return await future
        except TimeoutError as late:
            if not future.cancelled():
                raise  # the work's own
            task.abandoned = True
            raise Unavailable(f"not committed within {self._patience} s") from late

    async def read(self, work: Callable[[Unit], T], *, long: bool = False) -> T:
        """Run `work` on one snapshot; it never waits for writers. Raises `Unavailable`.

        A `long` one (an export, a verification) does not keep the event loop.
        """
        return await (self._line.read_long(work) if long else self._line.read(work))

    async def close(self) -> None:
        """Finish what was handed in, then close the connections."""
        self._closing = True
        self._wake.set()
        await asyncio.gather(*self._writers)
        await self._line.close()

    async def _carry_on(self) -> None:
        while self._waiting or not self._closing:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                # Others who became ready in the same round of the loop come along.
                await asyncio.sleep(0)
            batch = self._next_batch()
            if batch:
                await self._carry(batch)

    def _next_batch(self) -> list[tuple[Task[Any], asyncio.Future[Any]]]:
        batch: list[tuple[Task[Any], asyncio.Future[Any]]] = []
        while self._waiting and len(batch) < self._batch:
            task, future = self._waiting.popleft()
            if not future.done():
                batch.append((task, future))
        return batch

    async def _carry(self, batch: list[tuple[Task[Any], asyncio.Future[Any]]]) -> None:
        try:
            await self._line.carry([task for task, _ in batch])
        except Exception as lost:  # noqa: BLE001  # raised to each of those who wait; the writer goes on
            if not isinstance(lost, Unavailable):
                _log.exception("a batch of %d works failed", len(batch))
            for _, future in batch:
                if not future.done():
                    future.set_exception(Unavailable(str(lost)))
            return
        for task, future in reversed(batch):
            if task.again:
                task.conflicts += 1
                self._waiting.appendleft((task, future))
        self._tell(batch)

    def _tell(self, batch: list[tuple[Task[Any], asyncio.Future[Any]]]) -> None:
        for task, future in batch:
            if task.again or future.done():
                continue
            if task.failure is not None:
                future.set_exception(task.failure)
            else:
                future.set_result(task.value)
        change = committed(task for task, _ in batch)
        if not change.requests and not change.outbox:
            return
        for heard in self._listeners:
            try:
                heard(change)
            except Exception:  # noqa: BLE001  # it is committed whatever a listener makes of it; others want to hear
                _log.exception("a listener failed after a commit")


def _line_to(url: sa.URL) -> Callable[[float], _Line]:
    match url.get_backend_name():
        case "sqlite" if url.database and url.database != ":memory:":
            return lambda patience: SqliteLine(url, patience=patience, most_conflicts=MOST_CONFLICTS)
        case "postgresql":
            asyncpg = url.set(drivername="postgresql+asyncpg")
            return lambda _: PostgresLine(asyncpg, most_conflicts=MOST_CONFLICTS)
        case other:
            raise ValueError(
                f"{other} in memory, or at all, is no database for this: a SQLite file or PostgreSQL"
            )

"""One unit of work, and the batch that carries many of them in one transaction.

A unit is a plain function over a `Unit`. It must be replayable: what it does may be rolled back and done
again, so it decides from what it reads and changes nothing outside the database.

A batch is tried the quick way first: units run one after the other without savepoints, their inserts are put
aside and written together, many rows a statement. That is sound because a unit that fails before it changed
anything leaves nothing behind. Where one fails later, or a row that was put aside is refused, the whole
transaction is rolled back and the batch is done again the careful way, each unit under its own savepoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import sqlalchemy as sa

from approvals.model import RequestId
from store.errors import CONNECTION_ERRORS, Conflict, KeyTaken, passing

T = TypeVar("T")
Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Insert:
    """A statement whose rows may wait and be written together; built once, at import.

    `rank` orders tables so that a row comes after those that it refers to. What the statement does to a row
    that is there already must not depend on when it is written.
    """

    table: sa.Table
    rank: int
    #: by dialect: the two databases spell an upsert differently
    spelled: Mapping[str, sa.Executable]


@dataclass(frozen=True, slots=True)
class Committed:
    """What one commit changed, for those who wait for it."""

    requests: frozenset[RequestId]
    outbox: bool


class Unit:
    """A connection inside a transaction, and the rows that wait to be written with it.

    `touched` and `outbox_touched` say what this unit changed; functions that write set them.
    """

    def __init__(
        self, connection: sa.Connection, aside: _Aside | None = None, *, insists: bool = False
    ) -> None:
        self.connection = connection
        #: false while the batch is tried the quick way, where a refused row costs the whole batch
        self.careful = aside is None
        #: true once others were quicker: what it reads to change, it then locks
        self.insists = insists
        self.touched: set[RequestId] = set()
        self.outbox_touched = False
        #: true once it changed something that only a rollback undoes
        self.changed = False
        self._earlier = aside if aside is not None else _Aside()
        self._mine = _Aside()

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.connection.dialect.name

    def insert(self, insert: Insert, row: Row) -> None:
        """Have `row` written before the commit, at the latest. A refusal fails the unit, not this call."""
        self._mine.add(insert, row)

    def read(
        self,
        statement: sa.Executable,
        row: Row | None = None,
        *,
        of: Sequence[sa.Table] | None = None,
        only: Row | None = None,
    ) -> sa.CursorResult[Any]:
        """Run a query. `of` names the tables it looks at: rows that wait for others may go on waiting.

        So may rows for them that have other values than `only` says.
        """
        self._settle(of, only)
        return self.connection.execute(statement, row)

    def change(
        self,
        statement: sa.Executable,
        row: Row | None = None,
        *,
        of: Sequence[sa.Table] | None = None,
        only: Row | None = None,
    ) -> int:
        """Run an UPDATE or DELETE; how many rows it met. `of` and `only` as for `read`."""
        self._settle(of, only)
        met = self.connection.execute(statement, row).rowcount
        self.changed = self.changed or met != 0
        return met

    def _settle(self, of: Sequence[sa.Table] | None, only: Row | None) -> None:
        if self._earlier.matters(of, only):
            self._earlier.write(self.connection)
        if self._mine.matters(of, only):
            self.write_mine()

    def write_mine(self) -> None:
        """Write this unit's own waiting rows now."""
        self.changed = self.changed or bool(self._mine)
        self._mine.write(self.connection)

    def leave_mine(self) -> None:
        """Put this unit's waiting rows to those of the units before it."""
        self._earlier.take(self._mine)


class _Aside:
    """Rows that wait for their statement."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[Insert, list[Row]]] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(self, insert: Insert, *rows: Row) -> None:
        self._rows.setdefault(id(insert), (insert, []))[1].extend(rows)

    def take(self, other: _Aside) -> None:
        for insert, rows in other._rows.values():
            self.add(insert, *rows)
        other._rows = {}

    def matters(self, of: Sequence[sa.Table] | None, only: Row | None) -> bool:
        """Whether a statement over the tables `of`, rows with the values `only`, would meet one of these."""
        if of is None or not self._rows:
            return bool(self._rows)
        return any(
            only is None or any(all(row[name] == value for name, value in only.items()) for row in rows)
            for insert, rows in self._rows.values()
            if insert.table in of
        )

    def write(self, connection: sa.Connection) -> None:
        rows, self._rows = self._rows, {}
        dialect = connection.dialect.name
        try:
            for insert, waiting in sorted(rows.values(), key=lambda item: item[0].rank):
                connection.execute(insert.spelled[dialect], waiting)
        except sa.exc.IntegrityError as refused:
            raise RowsRefused from refused


class RowsRefused(Exception):
    """Rows that were written together were refused: not known which, so the batch goes the careful way.

    Its cause is the database's own error.
    """


class CarefulWayNeeded(Exception):
    """The quick way cannot be finished; nothing of it may be committed."""


@dataclass(slots=True)
class Task(Generic[T]):
    """One unit of work on its way, and what came of it."""

    work: Callable[[Unit], T]
    value: T | None = None
    failure: Exception | None = None
    #: how often it met a conflict
    conflicts: int = 0
    #: set while it waits for the next batch
    again: bool = False
    #: its caller was told that it was not saved, so it must not be saved any more
    abandoned: bool = False
    touched: frozenset[RequestId] = frozenset()
    outbox_touched: bool = False

    def came_to(self, value: T, unit: Unit) -> None:
        """It went well."""
        self.value, self.failure, self.again = value, None, False
        self.touched, self.outbox_touched = frozenset(unit.touched), unit.outbox_touched

    def failed(self, failure: Exception, most_conflicts: int) -> None:
        """It did not; after a conflict it may be run again."""
        self.failure = failure
        self.touched, self.outbox_touched = frozenset(), False
        self.again = isinstance(failure, Conflict) and self.conflicts < most_conflicts


def work_through(
    connection: sa.Connection, tasks: Sequence[Task[Any]], *, careful: bool, most_conflicts: int
) -> Iterator[None]:
    """Run `tasks` inside the open transaction, yielding after each so that others get their turn.

    Raises `CarefulWayNeeded` (not when `careful`) or the database's error where it concerns the whole
    transaction. What befell single tasks is in them.
    """
    aside = _Aside()
    for task in tasks:
        if task.abandoned:
            continue
        if careful:
            _run_carefully(connection, task, most_conflicts)
        else:
            _run_quickly(connection, aside, task, most_conflicts)
        yield
    try:
        aside.write(connection)
    except RowsRefused as refused:
        raise CarefulWayNeeded from refused


def _run_quickly(connection: sa.Connection, aside: _Aside, task: Task[Any], most_conflicts: int) -> None:
    unit = Unit(connection, aside, insists=task.conflicts > 0)
    try:
        value = task.work(unit)
    except (sa.exc.DBAPIError, RowsRefused) as error:
        if passing(error):
            raise
        raise CarefulWayNeeded from error
    except CONNECTION_ERRORS:
        raise
    except Exception as failure:  # whatever it is, it is raised to whoever asked for the work
        if unit.changed:
            raise CarefulWayNeeded from failure
        task.failed(failure, most_conflicts)
    else:
        unit.leave_mine()
        task.came_to(value, unit)


def _run_carefully(connection: sa.Connection, task: Task[Any], most_conflicts: int) -> None:
    savepoint = connection.begin_nested()
    unit = Unit(connection, insists=task.conflicts > 0)
    try:
        value = task.work(unit)
        unit.write_mine()
    except CONNECTION_ERRORS:
        raise
    except Exception as failure:
        if passing(failure):
            raise
        savepoint.rollback()
        task.failed(_named(failure), most_conflicts)
    else:
        savepoint.commit()
        task.came_to(value, unit)


def _named(failure: Exception) -> Exception:
    """A refused row, by its own name where it has one."""
    if not isinstance(failure, RowsRefused):
        return failure
    refused = failure.__cause__
    if any(mark in str(getattr(refused, "orig", "")) for mark in _KEY_TAKEN):
        return KeyTaken()
    return refused if isinstance(refused, Exception) else failure


#: How SQLite and PostgreSQL say that the primary key of `idempotency_keys` exists already.
_KEY_TAKEN = ("UNIQUE constraint failed: idempotency_keys", "pk_idempotency_keys")

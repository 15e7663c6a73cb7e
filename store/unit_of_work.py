"""One unit of work, and the batch that carries many of them in one transaction.

A unit is a plain function over a `Unit`. It must be replayable: what it does may be rolled back and done
again, so it decides from what it reads and changes nothing outside the database.

A batch is tried the quick way first: units run one after the other without savepoints, and their inserts
are put aside and written together, many rows a statement. That is sound because a unit that fails before it
changed anything leaves nothing behind. Where one fails later, or a row that was put aside is refused, the
whole transaction is rolled back and the batch is done again the careful way, each unit under its savepoint.

Quicker still: where units say what they will look up, one query asks for all of it, and the rows that they
change then are put aside as well. Had one of these changed meanwhile, the batch is done the quick way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import sqlalchemy as sa

from approvals.model import Case
from approvals.words import RequestId
from store.aside import Alter, Aside, Insert, Row, RowsGone, RowsRefused
from store.errors import CONNECTION_ERRORS, Conflict, KeyTaken, passing
from store.lookups import Ahead, Found, Key, Lookup

if TYPE_CHECKING:
    from store.cards import CardRef

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Committed:
    """What one commit changed, for those who wait for it."""

    requests: frozenset[RequestId]
    outbox: bool
    #: some of `requests` as they now are, so that those who wait need not read them
    whole: Mapping[RequestId, tuple[Case, CardRef]] = field(default_factory=dict)


def committed(tasks: Iterable[Task[Any]]) -> Committed:
    """What the commit of `tasks` changed, in their order."""
    requests: set[RequestId] = set()
    whole: dict[RequestId, tuple[Case, CardRef]] = {}
    outbox = False
    for task in tasks:
        requests |= task.touched
        for request in task.touched:
            whole.pop(request, None)
        whole.update(task.whole)
        outbox = outbox or task.outbox_touched
    return Committed(frozenset(requests), outbox, whole)


class Unit:
    """A connection inside a transaction, and the rows that wait to be written with it.

    `touched` and `outbox_touched` say what this unit changed; functions that write set them.
    """

    def __init__(
        self, connection: sa.Connection, batch: _Batch | None = None, *, insists: bool = False
    ) -> None:
        self.connection = connection
        #: false while the batch is tried a quicker way, where a refused row costs the whole batch
        self.careful = batch is None
        #: true once others were quicker: what it reads to change, it then locks
        self.insists = insists
        self.touched: set[RequestId] = set()
        #: cases as it saved them, and cards where it read or placed them
        self.saved: dict[RequestId, Case] = {}
        self.cards: dict[RequestId, CardRef] = {}
        self.outbox_touched = False
        #: true once it changed something that only a rollback undoes
        self.changed = False
        self._batch = batch if batch is not None else _Batch()
        self._mine = Aside()
        self._was_ahead = False

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgresql`."""
        return self.connection.dialect.name

    def insert(self, insert: Insert, row: Row) -> None:
        """Have `row` written before the commit, at the latest. A refusal fails the unit, not this call."""
        self._mine.add(insert, row)

    def alter(self, alter: Alter, row: Row) -> bool:
        """Have the row that `row` names changed before the commit, at the latest; whether it was there.

        Where what this unit read was looked up ahead, this is found out later, and costs the batch.
        """
        self._settle((alter.table,), {name: row[name] for name in alter.key})
        if self._was_ahead:
            self._mine.add(alter, row)
            return True
        met = alter.met(self.connection, [row])
        self.changed = self.changed or met != 0
        return met != 0

    def look_up(self, lookup: Lookup, key: Key) -> sa.Row[Any] | None:
        """The row of `key`. Costs no query where it was said `ahead`, and nobody changed it since."""
        row = self._batch.found.row(lookup, key)
        if row is not None and row.id not in self.touched:
            self._was_ahead = True
            return row
        self._settle(lookup.of, None)
        return lookup.rows(self.connection, [key]).get(key)

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
        if self._batch.aside.matters(of, only):
            self._batch.aside.write(self.connection)
        if self._mine.matters(of, only):
            self.write_mine()

    def write_mine(self) -> None:
        """Write this unit's own waiting rows now."""
        self.changed = self.changed or bool(self._mine)
        self._mine.write(self.connection)

    def leave_mine(self) -> None:
        """Put this unit's waiting rows to those of the units before it."""
        self._batch.aside.take(self._mine)
        self._batch.found.touch(self.touched)


class _Batch:
    """What units that are tried the quick way share."""

    def __init__(self) -> None:
        self.aside = Aside()
        self.found = Found()


class Way(Enum):
    """How a batch is carried."""

    #: what units look up is asked for ahead, and what they then change is put aside
    TOGETHER = auto()
    #: each reads for itself, inserts are put aside
    QUICK = auto()
    #: each under a savepoint
    CAREFUL = auto()


class NotThisWay(Exception):
    """The batch cannot be finished this way; nothing of it may be committed. It is to go `another`."""

    def __init__(self, another: Way) -> None:
        super().__init__(another)
        self.another = another


@dataclass(slots=True)
class Task(Generic[T]):
    """One unit of work on its way, and what came of it."""

    work: Callable[[Unit], T]
    #: what it looks up first, if that is known
    ahead: Ahead | None = None
    value: T | None = None
    failure: Exception | None = None
    #: how often it met a conflict
    conflicts: int = 0
    #: set while it waits for the next batch
    again: bool = False
    #: its caller was told that it was not saved, so it must not be saved any more
    abandoned: bool = False
    touched: frozenset[RequestId] = frozenset()
    whole: Mapping[RequestId, tuple[Case, CardRef]] = field(default_factory=dict)
    outbox_touched: bool = False

    def came_to(self, value: T, unit: Unit) -> None:
        """It went well."""
        self.value, self.failure, self.again = value, None, False
        self.touched, self.outbox_touched = frozenset(unit.touched), unit.outbox_touched
        known = unit.saved.keys() & unit.cards.keys()
        self.whole = {id_: (unit.saved[id_], unit.cards[id_]) for id_ in known}

    def failed(self, failure: Exception, most_conflicts: int) -> None:
        """It did not; after a conflict it may be run again."""
        self.failure = failure
        self.touched, self.whole, self.outbox_touched = frozenset(), {}, False
        self.again = isinstance(failure, Conflict) and self.conflicts < most_conflicts


def work_through(
    connection: sa.Connection, tasks: Sequence[Task[Any]], way: Way, *, most_conflicts: int
) -> Iterator[None]:
    """Run `tasks` inside the open transaction, yielding after each so that others get their turn.

    Raises `NotThisWay` (never when `CAREFUL`) or the database's error where it concerns the whole
    transaction. What befell single tasks is in them.
    """
    batch = _Batch()
    if way is Way.TOGETHER:
        _look_ahead(connection, batch, tasks)
    for task in tasks:
        if task.abandoned:
            continue
        if way is Way.CAREFUL:
            _run_carefully(connection, task, most_conflicts)
        else:
            _run_quickly(connection, batch, task, most_conflicts)
        yield
    try:
        batch.aside.write(connection)
    except (RowsRefused, RowsGone) as refused:
        raise NotThisWay(_after(refused)) from refused


def _after(failure: Exception) -> Way:
    """Whoever reads for itself learns at once that others were quicker, and does not cost the batch."""
    return Way.QUICK if isinstance(failure, RowsGone) else Way.CAREFUL


def _look_ahead(connection: sa.Connection, batch: _Batch, tasks: Sequence[Task[Any]]) -> None:
    # Whoever met a conflict reads what others hold only after it has waited for them.
    wanted = [task.ahead for task in tasks if task.ahead is not None and task.conflicts == 0]
    try:
        batch.found.look(connection, wanted)
    except Exception as error:
        if passing(error):
            raise
        # A key that no database takes, say; it shall be its own unit's alone.
        raise NotThisWay(Way.CAREFUL) from error


def _run_quickly(connection: sa.Connection, batch: _Batch, task: Task[Any], most_conflicts: int) -> None:
    unit = Unit(connection, batch, insists=task.conflicts > 0)
    try:
        value = task.work(unit)
    except (sa.exc.DBAPIError, RowsRefused, RowsGone) as error:
        if passing(error):
            raise
        raise NotThisWay(_after(error)) from error
    except CONNECTION_ERRORS:
        raise
    except Exception as failure:  # whatever it is, it is raised to whoever asked for the work
        if unit.changed:
            raise NotThisWay(Way.CAREFUL) from failure
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

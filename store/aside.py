"""Rows that wait for their statement, so that the units of a batch write them together, many a statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa

from store.driver_rows import write_rows

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

    def write(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        """Raises the database's `IntegrityError` where it refuses one of them."""
        write_rows(connection, self.spelled[connection.dialect.name], rows)


@dataclass(frozen=True, slots=True)
class Alter:
    """An UPDATE of rows that must be there as they were read; built once, at import.

    Each row names the columns' new values, and what it is found by: `key`, and what else must be as it was.
    No two rows have the same key.
    """

    table: sa.Table
    rank: int
    key: tuple[str, ...]
    #: by dialect: SQLite is quick one row after the other, PostgreSQL takes all in one statement
    spelled: Mapping[str, sa.Executable]
    parameters: Mapping[str, Callable[[Sequence[Row]], Any]]

    def write(self, connection: sa.Connection, rows: Sequence[Row]) -> None:
        """Raises `RowsGone` where one of them is not there."""
        if self.met(connection, rows) != len(rows):
            raise RowsGone

    def met(self, connection: sa.Connection, rows: Sequence[Row]) -> int:
        """How many of them were there."""
        dialect = connection.dialect.name
        return connection.execute(self.spelled[dialect], self.parameters[dialect](rows)).rowcount


class RowsRefused(Exception):
    """Rows that were written together were refused by the database, whose error is the cause.

    Not known which, so the batch goes the careful way.
    """


class RowsGone(Exception):
    """Rows that were to be changed together are not all there as they were read: others were quicker."""


class Aside:
    """What waits, by statement."""

    def __init__(self) -> None:
        self._rows: dict[int, tuple[Insert | Alter, list[Row]]] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(self, statement: Insert | Alter, *rows: Row) -> None:
        """Have `rows` wait for it."""
        self._rows.setdefault(id(statement), (statement, []))[1].extend(rows)

    def take(self, other: Aside) -> None:
        """Put what waits in `other` behind these."""
        for statement, rows in other._rows.values():
            self.add(statement, *rows)
        other._rows = {}

    def matters(self, of: Sequence[sa.Table] | None, only: Row | None) -> bool:
        """Whether a statement over the tables `of`, rows with the values `only`, would meet one of these."""
        if of is None or not self._rows:
            return bool(self._rows)
        return any(
            only is None or any(all(row[name] == value for name, value in only.items()) for row in rows)
            for statement, rows in self._rows.values()
            if statement.table in of
        )

    def write(self, connection: sa.Connection) -> None:
        """Write all of it. Raises `RowsRefused` and `RowsGone`."""
        rows, self._rows = self._rows, {}
        try:
            for statement, waiting in sorted(rows.values(), key=lambda item: item[0].rank):
                statement.write(connection, waiting)
        except sa.exc.IntegrityError as refused:
            raise RowsRefused from refused

"""Very many pending requests at once, made by the database itself: copies of one row under other ids."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final

import sqlalchemy as sa

from approvals.words import Instant
from store.tables import cases, to_microseconds
from store.unit_of_work import Unit

_COPIED: Final = [column for column in cases.columns if column.name not in ("id", "due_at", "state")]
_NUMBERS: Final = {
    "sqlite": "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :many) ",
    "postgresql": "WITH numbers AS (SELECT n FROM generate_series(1, :many) AS n) ",
}


def crowd(many: int, due: Instant) -> Callable[[Unit], None]:
    """A unit of work: `many` copies of the one request there is, due at `due` and a second later each.

    Their ids sort behind all others. What is in their rows beside their columns is not to be read.
    """
    names = ", ".join(column.name for column in _COPIED)
    copied = ", ".join(f"one.{column.name}" for column in _COPIED)
    second = timedelta(seconds=1) // timedelta(microseconds=1)
    due_at = f"CAST(:due AS BIGINT) + CAST({second} AS BIGINT) * n"

    def making(u: Unit) -> None:
        statement = sa.text(
            f"INSERT INTO cases (id, due_at, state, {names}) {_NUMBERS[u.dialect]}"  # noqa: S608  # our own names
            f"SELECT 'req_z' || (1000000 + n), {due_at}, '{{}}', {copied}"
            " FROM numbers, (SELECT * FROM cases LIMIT 1) AS one"
        )
        u.connection.execute(statement, {"many": many, "due": to_microseconds(due)})

    return making

"""Rows as a database's driver takes them.

SQLAlchemy spells a statement once, but then works on each row of each execution: more than half of what an
INSERT of few rows costs. Here the statement is spelled once, and the rows go column by column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

#: Some ten statements for each engine that writes; a process has one, tests have many.
_KEPT = 128

#: The values of one parameter, row by row.
_Column = Callable[[Sequence[Mapping[str, Any]]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class _Spelled:
    text: str
    columns: tuple[_Column, ...]


def write_rows(
    connection: sa.Connection, statement: sa.Executable, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Execute `statement`, which returns nothing, once for each of `rows`; all have the same names.

    Raises what `connection.execute` does.
    """
    spelled = _spelled(statement, connection.dialect, tuple(rows[0]))
    taken = list(zip(*(column(rows) for column in spelled.columns), strict=True))
    connection.exec_driver_sql(spelled.text, taken)


@lru_cache(maxsize=_KEPT)
def _spelled(statement: sa.Executable, dialect: sa.Dialect, names: tuple[str, ...]) -> _Spelled:
    compiled = statement.compile(dialect=dialect, column_keys=list(names))  # type: ignore[attr-defined]
    # What is no column of a row stands in the statement itself: `state = 'waiting'` where a row is there.
    constants = {name: value for name, value in compiled.params.items() if name not in names}
    columns = []
    for name in compiled.positiontup:
        process = compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
        if name in constants:
            value = constants[name]
            columns.append(_constant(value if process is None else process(value)))
        else:
            columns.append(_values(name, process))
    return _Spelled(compiled.string, tuple(columns))


def _constant(value: Any) -> _Column:
    return lambda rows: [value] * len(rows)


def _values(name: str, process: Callable[[Any], Any] | None) -> _Column:
    if process is None:
        return lambda rows: [row[name] for row in rows]
    return lambda rows: [process(row[name]) for row in rows]

"""Rows that units are known to ask for, so that a batch asks for all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import sqlalchemy as sa

from approvals.words import RequestId
from store.aside import Row

Key: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lookup:
    """A query for the rows of many keys, one each at most; built once, at import.

    Its rows have the column `id`, the request that they are about.
    """

    of: tuple[sa.Table, ...]
    #: by dialect: PostgreSQL takes the keys as arrays, and so plans one statement for any number of them
    spelled: Mapping[str, sa.Executable]
    parameters: Callable[[Sequence[Key]], Row]
    key: Callable[[sa.Row[Any]], Key]

    def rows(self, connection: sa.Connection, keys: Sequence[Key]) -> dict[Key, sa.Row[Any]]:
        """Those of `keys` that have one."""
        query = self.spelled[connection.dialect.name]
        return {self.key(row): row for row in connection.execute(query, self.parameters(keys))}


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a unit of work is going to look up."""

    lookup: Lookup
    key: Key


class Found:
    """What was looked up ahead. A row holds until a unit touches the request that it is about."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[Key, sa.Row[Any]]] = {}
        self._touched: set[RequestId] = set()

    def look(self, connection: sa.Connection, wanted: Iterable[Ahead]) -> None:
        """One query for each kind of `wanted`."""
        kinds: dict[int, tuple[Lookup, list[Key]]] = {}
        for each in wanted:
            kinds.setdefault(id(each.lookup), (each.lookup, []))[1].append(each.key)
        for kind, (lookup, keys) in kinds.items():
            self._rows[kind] = lookup.rows(connection, keys)

    def touch(self, requests: Iterable[RequestId]) -> None:
        """What was found of these is no longer so."""
        self._touched.update(requests)

    def row(self, lookup: Lookup, key: Key) -> sa.Row[Any] | None:
        """The row, where it is known and still so."""
        row = self._rows.get(id(lookup), {}).get(key)
        return None if row is None or row.id in self._touched else row

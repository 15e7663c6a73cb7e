"""Upserts, spelled for both databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from store.tables import metadata
from store.unit_of_work import Insert

#: `metadata.sorted_tables` puts a table after those it refers to.
_RANKS = {table.name: rank for rank, table in enumerate(metadata.sorted_tables)}


def plain(table: sa.Table) -> Insert:
    """INSERT; a row that is there already is refused."""
    statement = sa.insert(table)
    return Insert(table, _RANKS[table.name], {"sqlite": statement, "postgresql": statement})


def unless_there(table: sa.Table, *unique: str) -> Insert:
    """INSERT; a row that is there already stays as it is."""
    return _upsert(table, lambda insert: insert.on_conflict_do_nothing(index_elements=unique))


def or_update(
    table: sa.Table, unique: tuple[str, ...], changes: Callable[[Any], Mapping[str, Any]]
) -> Insert:
    """INSERT; a row that is there already is changed as `changes(excluded)` says."""
    return _upsert(
        table,
        lambda insert: insert.on_conflict_do_update(
            index_elements=unique, set_=dict(changes(insert.excluded))
        ),
    )


def _upsert(table: sa.Table, told: Callable[[Any], sa.Executable]) -> Insert:
    spelled = {"sqlite": told(sqlite.insert(table)), "postgresql": told(postgresql.insert(table))}
    return Insert(table, _RANKS[table.name], spelled)

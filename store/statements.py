"""Upserts, and updates of many rows, spelled for both databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from store.aside import Alter, Insert, Row
from store.tables import metadata

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


def altering(table: sa.Table, key: str, before: str, changed: Sequence[str]) -> Alter:
    """UPDATE of the columns `changed`; rows are found by their `key`, and by `before`: `version_before`.

    The row of an `Alter` has `key`, what `before` was under `{before}_before`, and `changed`.
    """
    names = (key, f"{before}_before", *changed)
    types = dict(zip(names, (table.c[name].type for name in (key, before, *changed)), strict=True))
    binds = {name: f"new_{name}" for name in names}
    one = {name: sa.bindparam(binds[name], type_=types[name]) for name in names}
    many = sa.func.unnest(
        *(sa.bindparam(binds[name], type_=postgresql.ARRAY(types[name])) for name in names)
    ).table_valued(*(sa.column(name, types[name]) for name in names))
    new = many.render_derived(name="new")

    def update(value: Any) -> sa.Executable:
        found = (table.c[key] == value[key], table.c[before] == value[f"{before}_before"])
        return sa.update(table).where(*found).values({name: value[name] for name in changed})

    def rows(rows: Sequence[Row]) -> list[Row]:
        return [{binds[name]: row[name] for name in names} for row in rows]

    def columns(rows: Sequence[Row]) -> Row:
        # In one order for everybody, so that two batches wait for each other rather than both.
        ordered = sorted(rows, key=lambda row: row[key])
        return {binds[name]: [row[name] for row in ordered] for name in names}

    spelled = {"sqlite": update(one), "postgresql": update(new.c)}
    return Alter(table, _RANKS[table.name], (key,), spelled, {"sqlite": rows, "postgresql": columns})


def _upsert(table: sa.Table, told: Callable[[Any], sa.Executable]) -> Insert:
    spelled = {"sqlite": told(sqlite.insert(table)), "postgresql": told(postgresql.insert(table))}
    return Insert(table, _RANKS[table.name], spelled)

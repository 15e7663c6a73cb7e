"""Migrations make the tables that `store.tables` describes, and keep the rows that are there."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from store import migrate
from store.engine import Store
from store.errors import SchemaBehind
from store.tables import metadata

_REVISIONS = [script.revision for script in ScriptDirectory(str(migrate.SCRIPTS)).walk_revisions()][::-1]


def _first_rows(connection: sa.Connection) -> None:
    """A decided request with everything that belongs to it, an agent and a dead letter."""
    for statement in (
        "INSERT INTO agents (name, token_hash, webhook_secret, callback_hosts, actions, created_at,"
        " last_seen)"
        " VALUES ('billing', 'h', 's', '[]', '[]', 1, 2)",
        "INSERT INTO cases (id, agent, kind, action, status, gate, risk, rule, created_at, decided_at,"
        " version, chain_seq, chain_hash, state) VALUES ('req_1', 'billing', 'approval', 'pay', 'approved',"
        " 'hard', 'high', 'r', 1, 2, 3, 1, 'x', '{}')",
        "INSERT INTO payloads VALUES ('req_1', '{}')",
        "INSERT INTO facts VALUES ('req_1', 1, 1, 'request.opened', 'agent:billing', '{}', '', 'x')",
        "INSERT INTO anchors VALUES (1, 5, '[[\"req_1\", 1, \"x\"]]', '', 'y')",
        "INSERT INTO outbox (kind, request, key, lane, body, state, priority, created_at, due_at, attempts,"
        " generation, finished_at)"
        " VALUES ('callback', 'req_1', 'decided', '', '{}', 'dead', 2, 1, 1, 9, 1, 7)",
        "INSERT INTO cards (request, channel, ts, thread_ts) VALUES ('req_1', 'C1', '1.2', '')",
        "INSERT INTO idempotency_keys VALUES ('billing', 'k', 'req_1', 'd', 1)",
        "INSERT INTO usergroups VALUES ('S1', '[]', 1)",
        "INSERT INTO people VALUES ('U1', '{}', 1)",
    ):
        connection.exec_driver_sql(statement)


def _grants_too(connection: sa.Connection) -> None:
    _first_rows(connection)
    connection.exec_driver_sql(
        "INSERT INTO grants VALUES ('g_1', 'billing', 'pay', 'r', 'U1', 'req_1', 1, 2, NULL, NULL, 0, NULL,"
        " '{}')"
    )


def _duties_too(connection: sa.Connection) -> None:
    _grants_too(connection)
    for statement in (
        "INSERT INTO overrides (group_name, person, starts, ends, made_by, made_at)"
        " VALUES ('g', 'U1', 1, 2, 'U2', 1)",
        "INSERT INTO absences VALUES ('U1', 'U2', 3, 1)",
        "INSERT INTO handoffs VALUES ('g', 1)",
    ):
        connection.exec_driver_sql(statement)


def _gate_review_too(connection: sa.Connection) -> None:
    _duties_too(connection)
    connection.exec_driver_sql("INSERT INTO cron_runs VALUES ('review', 1)")
    connection.exec_driver_sql("INSERT INTO muted_suggestions VALUES ('r', 'gentler', 2, 'U1')")


def _digests_too(connection: sa.Connection) -> None:
    _gate_review_too(connection)
    for statement in (
        "INSERT INTO boards (id, seq, digest, channel, ask, clears, opened_at)"
        " VALUES ('dig_1', 1, 'hourly', '', '[]', 1, 1)",
        "INSERT INTO board_items VALUES ('dig_1', 0, 'req_1', 'x')",
        "INSERT INTO drafts VALUES ('dig_1', 'U1', '{}', '')",
        "INSERT INTO clearings VALUES ('click', 'dig_1', '{}', 1, NULL)",
        "INSERT INTO recent_cards (channel, at, agent) VALUES ('C1', 1, 'billing')",
    ):
        connection.exec_driver_sql(statement)


def _reminders_too(connection: sa.Connection) -> None:
    _digests_too(connection)
    connection.exec_driver_sql("INSERT INTO reminders VALUES ('req_1', 'remind:0', 'C1', '1.3')")


def _homes_too(connection: sa.Connection) -> None:
    _reminders_too(connection)
    connection.exec_driver_sql("INSERT INTO homes VALUES ('U1', 1, 'p', 'h')")


def _musters_too(connection: sa.Connection) -> None:
    _homes_too(connection)
    connection.exec_driver_sql("INSERT INTO musters VALUES ('support', 'sha256:0')")


def _first_sight_too(connection: sa.Connection) -> None:
    _musters_too(connection)
    connection.exec_driver_sql("UPDATE cards SET first_ts = '1.1'")
    connection.exec_driver_sql("UPDATE recent_cards SET moved = 1, gathered = 1")


#: For each revision: puts rows of every kind into a database that is at it. The next migration is tried on
#: them. Whoever adds a migration adds its rows here; a test fails until then.
ROWS: dict[str, Callable[[sa.Connection], None]] = {
    "0001": _first_rows,
    "0002": _grants_too,
    "0003": _duties_too,
    "0004": _gate_review_too,
    "0005": _digests_too,
    "0006": _reminders_too,
    "0007": _homes_too,
    "0008": _musters_too,
    "0009": _first_sight_too,
}


def _all_rows(connection: sa.Connection) -> dict[str, int]:
    found = sa.MetaData()
    found.reflect(connection)
    return {
        name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for name, table in found.tables.items()
        if name != "alembic_version"
    }


def test_every_migration_brings_rows_of_its_own() -> None:
    """A migration that nobody tried on rows does not get in."""
    assert list(ROWS) == _REVISIONS


@pytest.mark.parametrize("revision", _REVISIONS)
async def test_each_migration_keeps_the_rows_that_are_there(empty_database_url: str, revision: str) -> None:
    """A database at `revision`, with rows in every table, is brought to the newest one and loses none."""
    await migrate.upgrade(empty_database_url, revision)
    await migrate.on(empty_database_url, ROWS[revision])
    before = await migrate.on(empty_database_url, _all_rows)
    assert all(before.values())
    await migrate.upgrade(empty_database_url)
    after = await migrate.on(empty_database_url, _all_rows)
    assert {name: after[name] for name in before} == before


async def test_migrated_tables_are_those_that_the_program_describes(empty_database_url: str) -> None:
    """Columns, types, nullability, indexes, unique keys: no difference in either direction."""
    await migrate.upgrade(empty_database_url)

    def differences(connection: sa.Connection) -> object:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        return compare_metadata(context, metadata)

    assert await migrate.on(empty_database_url, differences) == []


async def test_partial_indexes_are_partial_in_the_same_way(empty_database_url: str) -> None:
    """The conditions too are those that the program describes, which Alembic does not compare."""
    await migrate.upgrade(empty_database_url)

    def conditions(connection: sa.Connection) -> dict[str, str]:
        inspector = sa.inspect(connection)
        dialect = connection.dialect.name
        return {
            str(index["name"]): str(index["dialect_options"][f"{dialect}_where"])
            for table in metadata.tables
            for index in inspector.get_indexes(table)
            if index.get("dialect_options", {}).get(f"{dialect}_where") is not None
        }

    def plain(condition: str) -> str:
        return condition.replace("::text", "").replace("(", "").replace(")", "")

    found = await migrate.on(empty_database_url, conditions)
    described = {
        str(index.name): str(index.dialect_options["sqlite"]["where"])
        for table in metadata.tables.values()
        for index in table.indexes
        if index.dialect_options["sqlite"]["where"] is not None
    }
    assert {name: plain(condition) for name, condition in found.items()} == described


async def test_an_upgrade_is_repeatable(empty_database_url: str) -> None:
    """The second one finds nothing to do."""
    assert await migrate.current_revision(empty_database_url) is None
    await migrate.upgrade(empty_database_url)
    await migrate.upgrade(empty_database_url)
    assert await migrate.current_revision(empty_database_url) == migrate.wanted_revision()


async def test_a_store_does_not_open_on_tables_of_another_release(empty_database_url: str) -> None:
    """It says what it found and what it needs."""
    with pytest.raises(SchemaBehind) as raised:
        await Store.open(empty_database_url)
    assert (raised.value.found, raised.value.wanted) == (None, _REVISIONS[-1])


async def test_another_kind_of_database_is_refused() -> None:
    """Neither a server we do not know nor a SQLite that lives in memory."""
    for url in ("mysql://u@h/d", "sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:"):
        with pytest.raises(ValueError, match="no database for this"):
            await Store.open(url)

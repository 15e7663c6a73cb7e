"""Brings a database's tables to what this program needs, in-process, with Alembic."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import create_async_engine

from store.errors import CONNECTION_ERRORS, SchemaBehind, Unavailable
from store.sqlite import engine_of

T = TypeVar("T")
#: Where the migrations are.
SCRIPTS = Path(__file__).parent / "migrations"
#: Any number; replicas that start together agree on it, and so migrate one after the other.
_LOCK = 0x68_69_74_6C
#: How long a database may take to answer, or another process to let go of a SQLite file.
PATIENCE_SECONDS = 5


async def upgrade(url: str, revision: str = "head") -> None:
    """Run the migrations that are missing up to `revision`. Raises `Unavailable`."""
    await on(url, lambda connection: _upgrade(connection, revision))


async def current_revision(url: str) -> str | None:
    """The revision the database is at; None where it is empty. Raises `Unavailable`."""
    return await on(url, lambda connection: MigrationContext.configure(connection).get_current_revision())


def wanted_revision() -> str:
    """The revision this program needs."""
    head = ScriptDirectory(str(SCRIPTS)).get_current_head()
    if head is None:
        raise SchemaBehind(None, "none")
    return head


async def require_current(url: str) -> None:
    """Raises `SchemaBehind` where the database is not at `wanted_revision()`."""
    found, wanted = await current_revision(url), wanted_revision()
    if found != wanted:
        raise SchemaBehind(found, wanted)


def _upgrade(connection: sa.Connection, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


async def on(url: str, work: Callable[[sa.Connection], T]) -> T:
    """Run `work` in one transaction that no other migration runs beside. Raises `Unavailable`."""
    parsed = sa.make_url(url)
    try:
        if parsed.get_backend_name() == "sqlite":
            return await asyncio.to_thread(_on_file, parsed, work)
        return await _on_server(parsed, work)
    except (sa.exc.OperationalError, sa.exc.InterfaceError, *CONNECTION_ERRORS) as error:
        raise Unavailable(str(error)) from error


def _on_file(url: sa.URL, work: Callable[[sa.Connection], T]) -> T:
    engine = engine_of(url, writes=True, patience=PATIENCE_SECONDS)
    with engine.connect() as connection, connection.begin():
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return work(connection)


async def _on_server(url: sa.URL, work: Callable[[sa.Connection], T]) -> T:
    engine = create_async_engine(
        url.set(drivername="postgresql+asyncpg"),
        poolclass=sa.NullPool,
        connect_args={"timeout": PATIENCE_SECONDS},
    )
    try:
        async with engine.connect() as connection, connection.begin():
            await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            return await connection.run_sync(work)
    finally:
        await engine.dispose()

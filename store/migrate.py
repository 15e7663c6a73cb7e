"""Brings a database's tables to what this program needs, in-process, with Alembic."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from store.errors import CONNECTION_ERRORS, SchemaBehind, Unavailable

T = TypeVar("T")
#: Where the migrations are.
SCRIPTS = Path(__file__).parent / "migrations"
#: Any number; replicas that start together agree on it, and so migrate one after the other.
_LOCK = 0x68_69_74_6C


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
    """Run `work` in one transaction that no other migration runs beside."""
    engine = _engine(sa.make_url(url))
    try:
        async with engine.connect() as connection, connection.begin():
            if connection.dialect.name == "sqlite":
                await connection.exec_driver_sql("PRAGMA journal_mode=WAL")
                await connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                await connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            return await connection.run_sync(work)
    except (sa.exc.OperationalError, sa.exc.InterfaceError, *CONNECTION_ERRORS) as error:
        raise Unavailable(str(error)) from error
    finally:
        await engine.dispose()


def _engine(url: sa.URL) -> AsyncEngine:
    if url.get_backend_name() == "sqlite":
        driver, arguments = "sqlite+aiosqlite", {"isolation_level": None, "timeout": 5}
    else:
        driver, arguments = "postgresql+asyncpg", {"timeout": 5}
    return create_async_engine(url.set(drivername=driver), poolclass=sa.NullPool, connect_args=arguments)

"""What the commands share: settings that explain themselves, and a store that is opened and closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

# The rest is imported by what needs it: a command that needs no database need not wait for its libraries.
if TYPE_CHECKING:
    from approvals.words import Instant
    from bot.settings import Settings
    from store.engine import Store

P = ParamSpec("P")
T = TypeVar("T")


def read_settings() -> Settings:
    """The environment, or a message that names what is wrong in it."""
    from bot import settings
    from bot.settings import SettingsError

    try:
        return settings.read()
    except SettingsError as wrong:
        raise click.ClickException(f"the environment cannot be used:\n{wrong}") from wrong


def asynchronous(command: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Let click call a coroutine function."""
    return _on(asyncio.new_event_loop, command)


def asynchronous_under_load(command: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """The same, on uvloop where there is one: it takes a seventh off all that the bot does under load."""
    return _on(_quickest_loop, command)


def _on(
    loop: Callable[[], asyncio.AbstractEventLoop], command: Callable[P, Coroutine[Any, Any, T]]
) -> Callable[P, T]:
    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with asyncio.Runner(loop_factory=loop) as runner:
            return runner.run(command(*args, **kwargs))

    return run


def _quickest_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # Windows
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


@asynccontextmanager
async def opened_store(url: str) -> AsyncIterator[Store]:
    """The store, ready to use. SQLite is migrated here; PostgreSQL has to be, by `hitl db upgrade`."""
    from store import migrate
    from store.engine import Store
    from store.errors import SchemaBehind, Unavailable

    try:
        if url.startswith("sqlite"):
            await migrate.upgrade(url)
        store = await Store.open(url)
    except SchemaBehind as behind:
        raise click.ClickException(f"{behind}\nRun: hitl db upgrade") from behind
    except Unavailable as away:
        raise click.ClickException(
            f"the database cannot be reached: {away}\nCheck HITL_DATABASE_URL."
        ) from away
    try:
        yield store
    finally:
        await store.close()


def short(at: Instant | None) -> str:
    """A moment in a table: `2026-11-20 12:00:05 UTC`, or a dash."""
    return "-" if at is None else at.strftime("%Y-%m-%d %H:%M:%S UTC")


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Columns as wide as what is in them."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in (head, *rows)
    )
    return "\n".join(line.rstrip() for line in lines)

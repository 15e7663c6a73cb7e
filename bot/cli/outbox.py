"""`hitl outbox list|retry`: what could not be delivered."""

from __future__ import annotations

import click

from bot.cli.common import asynchronous, opened_store, read_settings, short, table
from bot.runtime import SystemRuntime
from store import dead_letters


@click.group()
def outbox() -> None:
    """Dead letters: what was tried for a day and given up."""


@outbox.command("list")
@asynchronous
async def list_() -> None:
    """Every dead letter: what it was, how often it was tried, and the last error."""
    async with opened_store(read_settings().database_url) as store:
        letters = await store.read(dead_letters.every)
    if not letters:
        click.echo("no dead letters")
        return
    told = [
        (
            str(one.id),
            str(one.kind),
            one.request or "-",
            one.key,
            str(one.attempts),
            short(one.died_at),
            one.error,
        )
        for one in letters
    ]
    click.echo(table(("id", "what", "request", "which", "tries", "given up", "last error"), told))


@outbox.command()
@click.argument("letter", metavar="[ID]", required=False, type=click.IntRange(1, 2**63 - 1))
@asynchronous
async def retry(letter: int | None) -> None:
    """Send a dead letter again, or all of them; a running bot does it at once."""
    now = SystemRuntime().now()
    async with opened_store(read_settings().database_url) as store:
        count = await store.write(lambda unit: dead_letters.retry(unit, letter, now))
    if letter is not None and count == 0:
        raise click.ClickException(f"there is no dead letter {letter}; see: hitl outbox list")
    click.echo(f"{count} dead letter{'' if count == 1 else 's'} will be sent again")

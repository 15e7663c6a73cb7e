"""`hitl db upgrade`: bring the schema up to this version."""

from __future__ import annotations

import click

from bot.cli.common import asynchronous, read_settings
from store import migrate
from store.errors import Unavailable


@click.group()
def db() -> None:
    """The database's schema."""


@db.command()
@asynchronous
async def upgrade() -> None:
    """Run the migrations that have not been run; does nothing when there are none."""
    url = read_settings().database_url
    try:
        before = await migrate.current_revision(url)
        await migrate.upgrade(url)
        after = await migrate.current_revision(url)
    except Unavailable as away:
        raise click.ClickException(
            f"the database cannot be reached: {away}\nCheck HITL_DATABASE_URL."
        ) from away
    click.echo(
        f"already at {after}" if before == after else f"upgraded from {before or 'nothing'} to {after}"
    )

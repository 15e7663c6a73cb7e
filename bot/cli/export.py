"""`hitl export edits`: what people changed and refused, to tune and test agents with."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from approvals.edits import edit_of
from approvals.words import Instant
from bot.cli.common import asynchronous, opened_store, read_settings
from store import statistics
from store.engine import Store
from store.statistics import Mark

#: Requests held in memory at once.
_PAGE = 200


@click.group()
def export() -> None:
    """What the desk knows, as data for elsewhere."""


@export.command()
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]),
    help="What was decided from this day or moment on; UTC unless it says otherwise.",
)
@asynchronous
async def edits(since: datetime | None) -> None:
    """Write what people changed, refused and why as JSON Lines to stdout, oldest first.

    Sensitive fields are left out, and what repeats them in people's words. What was deleted after its time
    says so: `"gone": true`; of rules with sensitive fields people's words are then left out whole.
    """
    start = since.replace(tzinfo=since.tzinfo or UTC) if since is not None else None
    async with opened_store(read_settings().database_url) as store:
        await _write(store, start)


async def _write(store: Store, since: Instant | None) -> None:
    after: Mark | None = None
    while True:
        mark = after
        page = await store.read(
            lambda unit, mark=mark: statistics.ended_cases(unit, since, after=mark, most=_PAGE),  # type: ignore[misc]
            long=True,
        )
        for case in page.items:
            told = edit_of(case)
            if told is not None:
                click.echo(json.dumps(told, ensure_ascii=False))
        if page.then is None:
            return
        after = page.then

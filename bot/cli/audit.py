"""`hitl audit verify|export`: the log that shows when it was tampered with."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import click

from bot.cli.common import asynchronous, opened_store, read_settings
from store import facts


@click.group()
def audit() -> None:
    """The tamper-evident log: check it, take it elsewhere."""


@audit.command()
@asynchronous
async def verify() -> None:
    """Check every chain of facts; exit 1 naming the first break."""
    async with opened_store(read_settings().database_url) as store:
        broken, seen = await store.read(lambda unit: (facts.first_break(unit), facts.count(unit)))
    if broken is not None:
        click.echo(f"broken: {broken.request}, fact {broken.seq}: {broken.why}")
        sys.exit(1)
    click.echo(f"whole: {seen.facts} facts of {seen.requests} requests, {seen.anchors} anchors")


@audit.command()
@click.option(
    "--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), help="From this day on, UTC."
)
@asynchronous
async def export(since: datetime | None) -> None:
    """Write the facts as JSON Lines to stdout, oldest first."""
    start = since.replace(tzinfo=UTC) if since is not None else None
    async with opened_store(read_settings().database_url) as store:
        async for fact in facts.stream(store, start):
            told = {
                "request": fact.request,
                "seq": fact.seq,
                "at": fact.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
                "kind": str(fact.kind),
                "by": fact.by,
                "body": fact.body,
                "prev": fact.prev,
                "hash": fact.hash,
            }
            click.echo(json.dumps(told, ensure_ascii=False))

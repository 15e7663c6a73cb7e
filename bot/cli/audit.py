"""`hitl audit verify|export`: the log that shows when it was tampered with."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from datetime import UTC, datetime

import click

from approvals.audit import Fact
from bot.cli.common import asynchronous, opened_store, read_settings
from store import facts


@click.group()
def audit() -> None:
    """The tamper-evident log: check it, take it elsewhere."""


@audit.command()
@asynchronous
async def verify() -> None:
    """Check every chain of facts and every anchor; exit 1 naming the first break."""
    async with opened_store(read_settings().database_url) as store:
        broken = await store.read(facts.first_break, long=True)
    if broken is not None:
        click.echo(f"broken: {broken.request}, fact {broken.seq}: {broken.why}")
        sys.exit(1)
    click.echo("whole: every chain of facts holds, and so do the anchors over them")


@audit.command()
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]),
    help="From this day or moment on; UTC unless it says otherwise.",
)
@asynchronous
async def export(since: datetime | None) -> None:
    """Write the facts as JSON Lines to stdout, oldest first."""
    start = since.replace(tzinfo=since.tzinfo or UTC) if since is not None else None
    async with opened_store(read_settings().database_url) as store:
        await store.read(lambda unit: _write(facts.since(unit, start)), long=True)


def _write(found: Iterable[Fact]) -> None:
    for fact in found:
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

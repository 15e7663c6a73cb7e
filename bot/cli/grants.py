"""`hitl grants list|revoke`: what approvers let through beyond single requests."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import click

from approvals.grants import Grant
from approvals.words import Instant
from bot.cli.common import asynchronous, opened_store, read_settings, short, table
from bot.desk import granting
from bot.desk.granting import Ended, Ending
from bot.desk.view import moment
from bot.runtime import SystemRuntime
from store import grants as rows

#: Grants that an error names.
_NAMED = 5


@click.group()
def grants() -> None:
    """What approvers let through for a while: list and revoke."""


@grants.command("list")
@click.option("--all", "everything", is_flag=True, help="Those that ended within 30 days, too.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON list, with the limits.")
@asynchronous
async def list_(everything: bool, as_json: bool) -> None:
    """Every live grant: what goes through, for whom, until when, and how often it did."""
    now = SystemRuntime().now()
    async with opened_store(read_settings().database_url) as store:
        found = await store.read(lambda unit: rows.every(unit, now, live_only=not everything))
    if as_json:
        click.echo(json.dumps([_told(grant, now) for grant in found], ensure_ascii=False, indent=2))
        return
    if not found:
        click.echo("no grants")
        return
    lines = [
        (
            grant.id,
            grant.action,
            grant.agent,
            grant.by.name,
            grant.request,
            str(grant.uses),
            f"{'until' if grant.live(now) else 'ended'} {short(grant.ends_at)}",
        )
        for grant in found
    ]
    click.echo(table(("id", "action", "agent", "given by", "on", "used", "ends"), lines))


@grants.command()
@click.argument("grant", metavar="ID")
@asynchronous
async def revoke(grant: str) -> None:
    """End a grant now: what it let through is asked about again.

    The beginning of its ID is enough, where no other live grant begins so.
    """
    async with opened_store(read_settings().database_url) as store:
        ended = await granting.revoke_by_operator(store, SystemRuntime(), granting.meant(grant))
    if ended.ending is not Ending.REVOKED or ended.kept is None:
        raise click.ClickException(_why_not(grant, ended))
    click.echo(f"revoked {ended.kept.grant.id}")


def _why_not(typed: str, ended: Ended) -> str:
    match ended.ending:
        case Ending.OVER if ended.kept is not None:
            return f"the grant {ended.kept.grant.id} is over already; see: hitl grants list"
        case Ending.SEVERAL:
            return f"several grants begin with {typed}: {_named(ended.among)}; type more of it"
        case _ if ended.among:
            return f"there is no grant {typed}; live are: {_named(ended.among)}"
        case _:
            return f"there is no grant {typed}, and none is live"


def _named(among: Sequence[Grant]) -> str:
    """Their ids, each with what it is for: some of them begin alike."""
    named = [f"{each.id} ({each.action} of {each.agent})" for each in among[:_NAMED]]
    more = len(among) - _NAMED
    return ", ".join([*named, *([f"and {more} more (hitl grants list)"] if more > 0 else [])])


def _told(grant: Grant, now: Instant) -> dict[str, Any]:
    return {
        "id": grant.id,
        "live": grant.live(now),
        "agent": grant.agent,
        "action": grant.action,
        "rule": grant.rule,
        "by": {"id": grant.by.id, "name": grant.by.name},
        "request": grant.request,
        "risk": str(grant.risk),
        "given_at": moment(grant.given_at),
        "until": moment(grant.until),
        "revoked_at": None if grant.revoked_at is None else moment(grant.revoked_at),
        "same": dict(grant.same),
        "limits": dict(grant.limits),
        "uses": grant.uses,
        "used_at": None if grant.used_at is None else moment(grant.used_at),
    }

"""`hitl agent add|list|revoke`: who may ask."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass

import click

from approvals.words import AgentName, Instant
from bot.cli.common import asynchronous, opened_store, read_settings, short, table
from bot.runtime import Runtime, SystemRuntime
from store import agents, held
from store.agents import Agent
from store.unit_of_work import Unit

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an agent is given, shown once."""

    name: str
    token: str
    webhook_secret: str


async def registered(
    runtime: Runtime, name: str, hosts: tuple[str, ...], url: str | None, actions: tuple[str, ...]
) -> tuple[Agent, Credentials]:
    """A new agent and its credentials. Raises `ValueError` that names the option and what would be right."""
    if not _NAME.fullmatch(name):
        raise ValueError("NAME: 1 to 64 letters, digits, dots, dashes or underscores, such as billing-agent")
    from bot.http.addresses import parse_entry, parse_url, registration
    from bot.http.auth import token_hash

    for glob in actions:
        if not glob.strip():
            raise ValueError("--action: a blank one is for no action; leave it away for all of them")
    for host in hosts:
        _checked("--callback-host", host, parse_entry)
    if url is not None:
        _checked("--callback-url", url, parse_url)
    known = await registration(hosts, url)
    token = runtime.token("hitl_")
    secret = "whsec_" + base64.b64encode(runtime.secret_key()).decode()
    agent = Agent(
        name=AgentName(name),
        token_hash=token_hash(token),
        webhook_secret=secret,
        callback_url=url,
        callback_hosts=known,
        actions=actions,
        created_at=runtime.now(),
        revoked_at=None,
        last_seen=None,
    )
    return agent, Credentials(name, token, secret)


@click.group()
def agent() -> None:
    """Who may ask: add, list and revoke agents."""


@agent.command()
@click.argument("name")
@click.option(
    "--callback-host", "hosts", multiple=True, metavar="HOST", help="A host that callbacks may go to."
)
@click.option(
    "--callback-url", "url", metavar="URL", help="Where callbacks go unless a request says otherwise."
)
@click.option(
    "--action",
    "actions",
    multiple=True,
    metavar="GLOB",
    help="Actions that its token is for (default: all), by globs as in the policy: *, ?, [ab]; case matters.",
)
@click.option("--json", "as_json", is_flag=True, help="One line of JSON and nothing else.")
@asynchronous
async def add(
    name: str, hosts: tuple[str, ...], url: str | None, actions: tuple[str, ...], *, as_json: bool
) -> None:
    """Register an agent; its token and its webhook secret are printed once.

    Of the token only a hash is kept. The webhook secret is kept as it is: callbacks are signed with it.

    Callbacks go to registered hosts only. A host with a public name may not turn out to be an address
    inside your network, unless it did when it was registered, or you say so:
    --callback-host billing.example.com+private

    \b
    hitl agent add billing-agent --callback-host billing.internal --action 'issue_*'
    """
    try:
        entry, credentials = await registered(SystemRuntime(), name, hosts, url, actions)
    except ValueError as wrong:
        raise click.UsageError(str(wrong)) from wrong
    async with opened_store(read_settings().database_url) as store:
        if not await store.write(lambda unit: agents.add(unit, entry)):
            raise click.ClickException(
                f"there is an agent {name} already (revoked ones keep their name): hitl agent list"
            )
    click.echo(json.dumps(asdict(credentials), indent=None if as_json else 2))
    if not as_json:
        click.echo("Shown this once. Send the token as: Authorization: Bearer <token>", err=True)


@agent.command("list")
@asynchronous
async def list_() -> None:
    """Every agent, when it was last heard of, and how many requests wait until it goes on."""
    async with opened_store(read_settings().database_url) as store:
        everybody, waiting = await store.read(lambda unit: (agents.everybody(unit), held.counts(unit)))
    if not everybody:
        click.echo("no agents yet; register one: hitl agent add NAME")
        return
    rows = [
        (
            entry.name,
            _state(entry, waiting.get(entry.name, 0)),
            ", ".join(entry.actions) or "all",
            ", ".join(entry.callback_hosts) or "-",
            short(entry.last_seen),
        )
        for entry in everybody
    ]
    click.echo(table(("agent", "state", "actions", "callback hosts", "last seen"), rows))


def _state(entry: Agent, waiting: int) -> str:
    if entry.revoked_at is not None:
        return f"revoked {short(entry.revoked_at)}"
    if entry.paused_at is None:
        return "active"
    paused = f"paused {short(entry.paused_at)}"
    return f"{paused}, {waiting:,} waiting" if waiting else paused


@agent.command()
@click.argument("name")
@asynchronous
async def revoke(name: str) -> None:
    """Take an agent's token away, and withdraw what it has open.

    Said again of a revoked agent, it withdraws what is left.
    """
    from bot.desk import follow_up
    from bot.http.auth import TRUSTED_SECONDS

    runtime = SystemRuntime()
    async with opened_store(read_settings().database_url) as store:
        entry, fresh = await store.write(lambda unit: _revoked(unit, AgentName(name), runtime.now()))
        if entry is None:
            raise click.ClickException(f"there is no agent {name}; see: hitl agent list")
        count = await follow_up.cancel_all(store, runtime, entry, follow_up.revoked(entry))
        # A running bot may have let posts in meanwhile; one that hangs even longer, it withdraws itself.
        await asyncio.sleep(2 * TRUSTED_SECONDS)
        count += await follow_up.cancel_all(store, runtime, entry, follow_up.revoked(entry))
    done = f"revoked {name}" if fresh else f"{name} was revoked before"
    click.echo(f"{done}; withdrew {count} open request{'' if count == 1 else 's'}")


def _revoked(unit: Unit, name: AgentName, now: Instant) -> tuple[Agent | None, bool]:
    """The agent, and whether it was this that revoked it."""
    fresh = agents.revoke(unit, name, now)
    return agents.get(unit, name), fresh


def _checked(option: str, text: str, parse: Callable[[str], object]) -> None:
    from bot.http.addresses import BadAddress

    try:
        parse(text)
    except BadAddress as bad:
        raise ValueError(f"{option} {text}: {bad}") from bad

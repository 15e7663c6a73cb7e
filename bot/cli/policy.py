"""`hitl policy check|try`: does it load, and what would it say."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path

import click

from approvals import judging, policy, strict_json
from approvals.model import AgentName, Judgement, RequestId, Step
from approvals.policy import Policy, PolicyError
from approvals.policy_model import DEFAULT, Rule, UserGroup, Users
from bot import policies
from bot.cli.common import read_settings, table
from bot.runtime import SystemRuntime

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("policy")
def policy_command() -> None:
    """The policy file: does it load, and what would it say."""


@policy_command.command()
@click.argument("file", type=_FILE, required=False)
def check(file: Path | None) -> None:
    """Load FILE (default: HITL_CONFIG) and say what it does; exit 1 with everything that is wrong."""
    path = file or read_settings().config
    loaded = _loaded(path)
    click.echo(f"{path} loads: {len(loaded.rules)} rules and a default, {len(loaded.groups)} groups")
    click.echo(f"version {loaded.version}\n")
    groups = [(name, _who(loaded, name)) for name in loaded.groups]
    click.echo(table(("group", "who decides"), groups) + "\n")
    rules = [_told(rule) for rule in (*loaded.rules, loaded.default)]
    click.echo(table(("rule", "gate", "asks", "needs", "while nobody answers"), rules))
    for warning in loaded.warnings:
        click.echo(f"\nwarning: {warning}")


@policy_command.command("try")
@click.argument("file", type=_FILE)
@click.argument("request_file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--agent", default="anybody", help="The agent's name, for conditions over it.")
@click.option("--json", "as_json", is_flag=True, help="The verdict as POST /v1/check answers it.")
def try_(file: Path, request_file: Path, agent: str, *, as_json: bool) -> None:
    """Say what the request in REQUEST_FILE (as POST /v1/requests takes it; - for stdin) would get, and why.

    Nothing is sent and nothing is stored.
    """
    judgement = _judged(_loaded(file), request_file, agent)
    if as_json:
        told = {"gate": judgement.gate, "risk": judgement.risk, "rule": judgement.rule}
        click.echo(json.dumps({**told, "reasons": list(judgement.reasons)}))
        return
    click.echo(f"{judgement.title}\n")
    asked = ", ".join(judgement.ask) or "nobody"
    rows = [
        ("gate", str(judgement.gate)),
        ("risk", str(judgement.risk)),
        ("rule", judgement.rule),
        ("asks", f"{asked} ({judgement.quorum} needed)" if judgement.ask else asked),
        ("steps", _steps(judgement.steps)),
    ]
    click.echo("\n".join(f"{name:<6} {value}" for name, value in rows))
    click.echo("\nwhy")
    click.echo("\n".join(f"  {number}. {reason}" for number, reason in enumerate(judgement.reasons, 1)))


@policy_command.command()
def schema() -> None:
    """Print the JSON Schema of the policy file, for editors that complete and check."""
    click.echo(json.dumps(policy.json_schema(), indent=2))


def _loaded(path: Path) -> Policy:
    try:
        return policies.read(path)
    except PolicyError as wrong:
        click.echo(str(wrong), err=True)
        count = len(wrong.problems)
        click.echo(f"{count} problem{'' if count == 1 else 's'}; the policy does not load", err=True)
        sys.exit(1)
    except OSError as away:
        raise click.ClickException(str(away)) from away


def _judged(loaded: Policy, request_file: Path, agent: str) -> Judgement:
    from bot.http import bodies, drafts
    from bot.http.problems import Problem
    from store.agents import Agent

    runtime = SystemRuntime()
    entry = Agent(AgentName(agent), "", "", None, (), (), runtime.now())
    body = _bytes_of(request_file)
    try:
        value = strict_json.parse(body)
        if not isinstance(value, dict):
            raise click.ClickException(
                f"{request_file}: must be a JSON object, as POST /v1/requests takes it"
            )
        # Which hosts an agent registered is no business of the policy.
        value.pop("callback_url", None)
        draft = drafts.draft_of(bodies.matched(drafts.PostedRequest, value), entry)
    except strict_json.NotJson as wrong:
        raise click.ClickException(f"{request_file}:{wrong.line}: {wrong.msg}") from wrong
    except (Problem, strict_json.NotInterchangeable) as wrong:
        lines = [f"{flaw.loc}: {flaw.msg}" for flaw in wrong.flaws] or [str(wrong)]
        raise click.ClickException(f"{request_file}\n" + "\n".join(lines)) from wrong
    request = draft.request(entry, RequestId("req_try"), runtime.now(), "")
    return judging.judge(loaded, request)


def _bytes_of(file: Path) -> bytes:
    try:
        with click.open_file(str(file), "rb") as opened:
            content: bytes = opened.read()
    except OSError as away:
        raise click.ClickException(f"{file} cannot be read: {away.strerror}") from away
    return content


def _who(loaded: Policy, name: str) -> str:
    group = next(group for known, group in loaded.groups.items() if known == name)
    if isinstance(group, Users):
        return ", ".join(group.users)
    if isinstance(group, UserGroup):
        return f"whoever is in the Slack user group {group.id}"
    return f"in turns: {', '.join(group.users)}"


def _told(rule: Rule) -> tuple[str, ...]:
    return (rule.name or DEFAULT, str(rule.gate), ", ".join(rule.ask), str(rule.quorum), _steps(rule.steps))


def _steps(steps: tuple[Step, ...]) -> str:
    """What happens when; in order."""
    told = (f"{step.do} after {_span(step.after)}" for step in steps)
    return ", ".join(told) or "-"


def _span(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"

"""`hitl policy check|try`: does it load, and what would it say."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from approvals import judging, policy
from approvals.events import Opened
from approvals.machine import decide
from approvals.policy import Policy, PolicyError, Problem
from approvals.policy_model import UserGroup, Users
from approvals.roster import Roster
from approvals.words import AgentName
from blocks import foretold
from blocks.text import visible
from bot import policies
from bot.cli.common import read_settings, table
from bot.cli.request_files import request_of

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group("policy")
def policy_command() -> None:
    """The policy file: does it load, and what would it say."""


@policy_command.command()
@click.argument("file", type=_FILE, required=False)
@click.option("--json", "as_json", is_flag=True, help="Problems and warnings as JSON, for other programs.")
def check(file: Path | None, *, as_json: bool) -> None:
    """Load FILE (default: HITL_CONFIG) and say what it does; exit 1 with everything that is wrong."""
    path = file or read_settings().config
    if as_json:
        _check_as_json(path)
        return
    loaded = _loaded(path)
    click.echo(f"{path} loads: {counted(len(loaded.rules), 'rule')} and a default, {_groups(loaded)}")
    click.echo(f"version {loaded.version}\n")
    groups = [(name, _who(loaded, name)) for name in loaded.groups]
    click.echo(table(("group", "who decides"), groups) + "\n")
    _show(foretold.of_policy(loaded))
    for number, rule in enumerate((*loaded.rules, loaded.default), 1):
        click.echo(f"\n{number}. {rule.name} (line {rule.line})")
        _show(foretold.of_rule(rule, loaded.default), "   ")
    for warning in loaded.warnings:
        click.echo(f"\nwarning: {warning}")


@policy_command.command("try")
@click.argument("file", type=_FILE)
@click.argument("request_file", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path))
@click.option("--agent", default="anybody", help="The agent's name, for conditions over it.")
@click.option("--json", "as_json", is_flag=True, help="The verdict as POST /v1/check answers it.")
def try_(file: Path, request_file: Path, agent: str, *, as_json: bool) -> None:
    """Say what the request in REQUEST_FILE (as POST /v1/requests takes it; - for stdin) would get, and why.

    Nothing is sent and nothing is stored. Exit 1 where the policy or the request is not taken.
    """
    loaded = _loaded(file)
    request = request_of(request_file, AgentName(agent))
    judgement = judging.judge(loaded, request)
    if as_json:
        told = {"gate": judgement.gate, "risk": judgement.risk, "rule": judgement.rule}
        more = {"reasons": list(judgement.reasons), "policy_version": judgement.policy_version}
        click.echo(json.dumps({**told, **more}))
        return
    # As it is shown, whether or not the sample is one that people see.
    opened = decide(None, Opened(request, replace(judgement, sample=None)), request.created_at).case
    case = replace(opened, judgement=judgement)
    click.echo(f"{visible(judgement.title)}\n")
    _show(foretold.of_case(case, _roster(loaded)))
    for name in judgement.ask:
        click.echo(f"\n{name}: {_who(loaded, name)}", nl=False)
    click.echo("\n\nwhy" if judgement.ask else "\nwhy")
    for number, reason in enumerate(judgement.reasons, 1):
        click.echo(f"  {number}. {visible(reason)}")


@policy_command.command()
def schema() -> None:
    """Print the JSON Schema of the policy file, for editors that complete and check."""
    click.echo(json.dumps(policy.json_schema(), indent=2))


def _loaded(path: Path) -> Policy:
    try:
        return policies.read(path)
    except PolicyError as wrong:
        click.echo(str(wrong), err=True)
        click.echo(f"{counted(len(wrong.problems), 'problem')}; the policy does not load", err=True)
        sys.exit(1)
    except OSError as away:
        raise click.ClickException(str(away)) from away


def _check_as_json(path: Path) -> None:
    try:
        loaded = policies.read(path)
    except PolicyError as wrong:
        click.echo(json.dumps({"loads": False, "problems": _as_json(wrong.problems), "warnings": []}))
        sys.exit(1)
    except OSError as away:
        raise click.ClickException(str(away)) from away
    told = {"loads": True, "version": loaded.version, "problems": [], "warnings": _as_json(loaded.warnings)}
    click.echo(json.dumps(told))


def _as_json(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    return [asdict(problem) for problem in problems]


def _show(lines: Iterable[foretold.Line], indent: str = "") -> None:
    """Names on the left, what is said of them on the right; a name that comes again is not repeated."""
    told = list(lines)
    width = max((len(name) for name, _ in told), default=0)
    before = ""
    for name, words in told:
        click.echo(f"{indent}{'' if name == before else name:<{width}}  {visible(words)}")
        before = name


def _groups(loaded: Policy) -> str:
    return counted(len(loaded.groups), "group")


def counted(count: int, what: str) -> str:
    """`1 rule`, `2 rules`."""
    return f"{count} {what}{'' if count == 1 else 's'}"


def _roster(loaded: Policy) -> Roster:
    """Those the policy names; whom Slack's user groups hold, only Slack knows."""
    named = {name: group.users for name, group in loaded.groups.items() if isinstance(group, Users)}
    return Roster(named, as_of=dict.fromkeys(loaded.groups.keys() - named.keys()))


def _who(loaded: Policy, name: str) -> str:
    group = next(group for known, group in loaded.groups.items() if known == name)
    if isinstance(group, Users):
        return ", ".join(group.users)
    if isinstance(group, UserGroup):
        return f"whoever is in the Slack user group {group.id}"
    return f"in turns: {', '.join(group.users)}"

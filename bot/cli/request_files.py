"""A request that stands in a file, read as the agents' endpoint would read it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from approvals import strict_json
from approvals.model import Request
from approvals.words import AgentName, RequestId
from bot.runtime import SystemRuntime

# What the endpoint reads with is imported where it is needed: `policy check` need not wait for it.
if TYPE_CHECKING:
    from bot.desk.submit import Draft
    from store.agents import Agent


def request_of(file: Path, agent: AgentName) -> Request:
    """The request in `file` (`-`: stdin). Raises `click.ClickException` that names all that is wrong."""
    from bot.http.problems import Problem

    try:
        value = strict_json.parse(_bytes_of(file))
        if not isinstance(value, dict):
            raise click.ClickException(f"{file}: must be a JSON object, as POST /v1/requests takes it")
        return posted(value, agent)
    except strict_json.NotJson as wrong:
        raise click.ClickException(f"{file}:{wrong.line}: {wrong.msg}") from wrong
    except (Problem, strict_json.NotInterchangeable) as wrong:
        lines = [f"{flaw.loc}: {flaw.msg}" for flaw in wrong.flaws] or [str(wrong)]
        raise click.ClickException(f"{file}\n" + "\n".join(lines)) from wrong


def posted(value: Mapping[str, Any], agent: AgentName) -> Request:
    """The request that `agent` would make by posting `value`. Raises `Problem` with flaws."""
    from store.agents import Agent

    runtime = SystemRuntime()
    entry = Agent(agent, "", "", None, (), (), runtime.now())
    return _draft_of(value, entry).request(entry, RequestId("req_try"), runtime.now(), "")


def _draft_of(value: Mapping[str, Any], entry: Agent) -> Draft:
    from bot.http import bodies, drafts

    # Which hosts an agent registered is no business of the policy.
    told = {name: item for name, item in value.items() if name != "callback_url"}
    return drafts.draft_of(bodies.matched(drafts.PostedRequest, told), entry)


def _bytes_of(file: Path) -> bytes:
    try:
        with click.open_file(str(file), "rb") as opened:
            content: bytes = opened.read()
    except OSError as away:
        raise click.ClickException(f"{file} cannot be read: {away.strerror}") from away
    return content

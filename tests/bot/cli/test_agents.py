"""`hitl agent`: who may ask."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from tests.bot.cli.conftest import Hitl


def test_add_prints_credentials_once_and_keeps_no_token(hitl: Hitl, tmp_path: Path) -> None:
    """`--json` is one line with name, token and webhook secret; the database holds no token in the clear."""
    added = hitl("agent", "add", "billing-agent", "--json")
    assert added.exit_code == 0
    told = json.loads(added.stdout)
    assert set(told) == {"name", "token", "webhook_secret"}
    assert told["webhook_secret"].startswith("whsec_")
    with sqlite3.connect(tmp_path / "hitl.db") as database:
        dump = "\n".join(database.iterdump())
    assert told["token"] not in dump
    assert "billing-agent" in dump


def test_a_name_is_taken_once(hitl: Hitl) -> None:
    """A second agent of the same name is refused with the way out; the first stays as it is."""
    hitl("agent", "add", "billing-agent")
    again = hitl("agent", "add", "billing-agent")
    assert again.exit_code == 1
    assert "there is an agent billing-agent already" in again.stderr


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("bad name",), "NAME"),
        (("",), "NAME"),
        (("a", "--callback-host", "http://x"), "callback"),
        (("a", "--callback-url", "ftp://x/y"), "callback"),
    ],
)
def test_bad_options_are_named_and_nothing_is_stored(hitl: Hitl, words: tuple[str, ...], named: str) -> None:
    """What is wrong is named by its option, and no agent is made."""
    refused = hitl("agent", "add", *words)
    assert refused.exit_code == 2
    assert named in refused.stderr
    assert "no agents yet" in hitl("agent", "list").stdout


def test_list_says_what_each_may_do(hitl: Hitl) -> None:
    """Actions, callback hosts and state stand in one line an agent."""
    hitl(
        "agent", "add", "billing-agent", "--action", "issue_*", "--callback-url", "http://127.0.0.1:9000/hook"
    )
    listed = hitl("agent", "list").stdout
    assert "issue_*" in listed
    assert "127.0.0.1:9000" in listed
    assert "active" in listed


def test_revoke_takes_the_token_away(hitl: Hitl) -> None:
    """A revoked agent is listed as such; revoking it again, or somebody unknown, says so."""
    hitl("agent", "add", "billing-agent")
    assert (
        "revoked billing-agent; withdrew 0 open requests" in hitl("agent", "revoke", "billing-agent").stdout
    )
    assert "revoked 20" in hitl("agent", "list").stdout
    assert hitl("agent", "revoke", "billing-agent").exit_code == 1
    assert hitl("agent", "revoke", "nobody").exit_code == 1

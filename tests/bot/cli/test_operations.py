"""`hitl db`, `audit`, `outbox`, `doctor`, and settings: what an operator does beside serving."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import click
import pytest

from approvals.events import Opened
from approvals.words import RequestId
from bot.__main__ import COMMANDS, main
from bot.desk.ruling import rule_on
from store import outbox
from store.outbox import ParcelKind
from store.unit_of_work import Unit
from tests.bot.cli.conftest import Hitl, written
from tests.harness.cases import NOON, a_judgement, a_request, a_roster

ROOT = Path(__file__).parents[3]


def an_open_request(unit: Unit) -> None:
    """One request, as `serve` would have stored it."""
    rule_on(unit, None, Opened(a_request(), a_judgement()), NOON, a_roster())


def a_dead_letter(unit: Unit) -> None:
    """A callback that was given up."""
    request = RequestId("req_01")
    outbox.put(unit, ParcelKind.CALLBACK, request=request, key="decided", lane="", body={}, now=NOON)
    [parcel] = outbox.claim(unit, NOON, "lease", NOON, 1)
    outbox.bury(unit, parcel, NOON, "the agent answered 500")


def test_upgrade_says_what_it_did(hitl: Hitl) -> None:
    """The first run upgrades from nothing; a second one has nothing to do."""
    assert "upgraded from nothing to" in hitl("db", "upgrade").stdout
    assert "already at" in hitl("db", "upgrade").stdout


def test_verify_finds_a_fact_that_was_changed(hitl: Hitl) -> None:
    """Whole chains exit 0; after somebody rewrote a fact in the database, exit 1 names the request."""
    hitl("db", "upgrade")
    written(an_open_request)
    assert hitl("audit", "verify").exit_code == 0
    with sqlite3.connect("hitl.db") as database:
        database.execute("UPDATE facts SET body = replace(body, 'hard', 'auto')")
    broken = hitl("audit", "verify")
    assert broken.exit_code == 1
    assert "req_01, fact 1: it was changed after it was written" in broken.stdout


def test_export_is_json_lines_without_payloads(hitl: Hitl) -> None:
    """One fact a line with its hash; nothing of the payload; `--since` leaves out what is older."""
    hitl("db", "upgrade")
    written(an_open_request)
    exported = hitl("audit", "export")
    [fact] = [json.loads(line) for line in exported.stdout.splitlines()]
    assert (fact["request"], fact["seq"], fact["kind"]) == ("req_01", 1, "request.opened")
    assert fact["at"] == "2026-11-20T12:00:00.000000Z"
    assert "ACME" not in exported.stdout
    assert hitl("audit", "export", "--since", "2026-11-21").stdout == ""
    assert hitl("audit", "export", "--since", "yesterday").exit_code == 2


def test_dead_letters_are_listed_and_sent_again(hitl: Hitl) -> None:
    """A dead letter shows its last error; retry by id or all puts it back; an unknown id says so."""
    assert hitl("outbox", "list").stdout == "no dead letters\n"
    written(an_open_request, a_dead_letter)
    listed = hitl("outbox", "list").stdout
    assert "the agent answered 500" in listed
    assert "req_01" in listed
    assert hitl("outbox", "retry", "999999").exit_code == 1
    assert hitl("outbox", "retry", "99999999999999999999").exit_code == 2
    assert hitl("outbox", "retry").stdout == "1 dead letter will be sent again\n"
    assert hitl("outbox", "list").stdout == "no dead letters\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HITL_DATABASE_URL", "mysql://x"),
        ("HITL_DATABASE_URL", "sqlite+aiosqlite:///"),
        ("HITL_DATABASE_URL", "sqlite+aiosqlite:///:memory:"),
        ("HITL_DATABASE_URL", "postgresql+asyncpg://hitl:hunter2@db:port/hitl"),
        ("HITL_API_PORT", "high"),
        ("HITL_SLACK_API_URL", "gopher:slack"),
        ("HITL_LOG", "xml"),
    ],
)
def test_a_wrong_setting_is_named_without_its_value(
    hitl: Hitl, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """The variable is named with what would be right; its value, which may be a secret, is not repeated."""
    monkeypatch.setenv(name, value)
    refused = hitl("agent", "list")
    assert refused.exit_code == 1
    assert name in refused.stderr
    assert value not in refused.stderr.replace(name, "")


def test_serve_without_tokens_says_what_to_set(hitl: Hitl) -> None:
    """A newcomer who starts it without Slack's tokens is told their names, and of the demo."""
    refused = hitl("serve")
    assert refused.exit_code == 1
    assert "SLACK_BOT_TOKEN" in refused.stderr
    assert "hitl demo" in refused.stderr


def test_doctor_without_anything_fails_line_by_line(hitl: Hitl) -> None:
    """Each thing that would fail has a line that says what to do; exit 1."""
    told = hitl("doctor")
    assert told.exit_code == 1
    assert "FAIL  settings: set SLACK_BOT_TOKEN" in told.stdout
    assert "FAIL  policy:" in told.stdout
    assert "ok    database: hitl.db is made at the first start" in told.stdout


def test_every_command_of_the_contract_has_help(hitl: Hitl) -> None:
    """`hitl COMMAND --help` answers for each command, and the list is the one in the contract so far."""
    listed = hitl("--help").stdout
    for name in ("demo", "serve", "doctor", "policy", "agent", "audit", "outbox", "db"):
        assert f"\n  {name} " in listed
        assert hitl(name, "--help").exit_code == 0


def test_the_list_of_commands_says_what_each_says_itself(hitl: Hitl) -> None:
    """Its lines are kept apart, so that listing loads nothing; they are the commands' own."""
    listed = " ".join(hitl("--help").stdout.split())
    context = click.Context(main)
    for name, (_, line) in COMMANDS.items():
        command = main.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(200) == line
        assert f"{name} {line}" in listed


async def test_listing_the_commands_loads_no_library() -> None:
    """Nor does beginning to serve, in which a signal would find nobody listening."""
    looked = "import sys, bot.__main__, bot.cli.serve; print(*sys.modules)"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", looked, cwd=ROOT, stdout=PIPE)
    out, _ = await process.communicate()
    loaded = set(out.decode().split())
    assert "click" in loaded
    assert not {"sqlalchemy", "aiohttp", "pydantic", "slack_bolt"} & loaded


def test_a_command_that_is_nearly_one_is_told_which(hitl: Hitl) -> None:
    """`hitl agnt` means `hitl agent`; what resembles nothing is only refused."""
    nearly = hitl("agnt", "list")
    assert nearly.exit_code == 2
    assert "did you mean agent?" in nearly.stderr
    assert "did you mean" not in hitl("xyzzy").stderr
    assert hitl("xyzzy").exit_code == 2

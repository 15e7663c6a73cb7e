"""`hitl agent`: who may ask."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from approvals.events import Opened
from approvals.words import AgentName, RequestId, Status
from bot.desk.ruling import rule_on
from bot.runtime import SystemRuntime
from store import agents, cases, outbox
from store.outbox import ParcelKind
from store.unit_of_work import Unit
from tests.bot.cli.conftest import Hitl, looked_up, written
from tests.harness.cases import ALICE, NOON, a_judgement, a_request, a_roster

A_REQUEST = RequestId("req_01")
LATER = datetime(2100, 1, 1, tzinfo=UTC)


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


def test_a_blank_action_is_refused(hitl: Hitl) -> None:
    """A glob that is for nothing would leave an agent that may ask nothing."""
    refused = hitl("agent", "add", "a", "--action", "issue_*", "--action", " ")
    assert refused.exit_code == 2
    assert "--action" in refused.stderr
    assert "no agents yet" in hitl("agent", "list").stdout


def test_help_says_what_is_kept_and_how_actions_are_written(hitl: Hitl) -> None:
    """Of the token a hash, the webhook secret as it is; globs are the policy's."""
    told = " ".join(hitl("agent", "add", "--help").stdout.split())
    assert "Of the token only a hash is kept. The webhook secret is kept as it is" in told
    assert "by globs as in the policy" in told


def test_revoke_takes_the_token_away(hitl: Hitl) -> None:
    """A revoked agent is listed as such; somebody unknown is said to be."""
    hitl("agent", "add", "billing-agent")
    assert (
        "revoked billing-agent; withdrew 0 open requests" in hitl("agent", "revoke", "billing-agent").stdout
    )
    assert "revoked 20" in hitl("agent", "list").stdout
    unknown = hitl("agent", "revoke", "nobody")
    assert unknown.exit_code == 1
    assert "there is no agent nobody" in unknown.stderr


def an_open_request(unit: Unit, *, held: bool = False) -> None:
    """One request, as `serve` would have stored it, with an address for callbacks."""
    now = SystemRuntime().now()
    opened = Opened(a_request(created_at=now), a_judgement(), held=held)
    rule_on(unit, None, opened, now, a_roster())


def test_list_says_how_much_waits_of_a_paused_agent(hitl: Hitl) -> None:
    """Nobody is shown it, and it does not end by itself: here it is counted."""
    hitl("agent", "add", "billing-agent")
    written(lambda unit: agents.pause(unit, AgentName("billing-agent"), ALICE.id, NOON))
    assert "paused 2026-11-20 12:00" in hitl("agent", "list").stdout
    assert "waiting" not in hitl("agent", "list").stdout
    written(lambda unit: an_open_request(unit, held=True))
    assert ", 1 waiting" in hitl("agent", "list").stdout


def test_revoke_withdraws_what_is_open_and_the_agent_is_told(hitl: Hitl) -> None:
    """The request is cancelled with the reason, and its `request.decided` waits to be sent."""
    hitl("agent", "add", "billing-agent")
    written(an_open_request)
    assert "withdrew 1 open request\n" in hitl("agent", "revoke", "billing-agent").stdout
    case, parcels = looked_up(
        lambda unit: (cases.load(unit, A_REQUEST), outbox.claim(unit, LATER, "a", LATER, 9))
    )
    assert case is not None
    assert case.status is Status.CANCELLED
    assert case.decision is not None
    assert case.decision.reason == "the agent billing-agent was revoked"
    [told] = [parcel.body for parcel in parcels if parcel.kind is ParcelKind.CALLBACK]
    assert isinstance(told, dict)
    assert (told["type"], told["url"]) == ("request.decided", "https://agent.example.com/hooks")
    assert json.loads(str(told["body"]))["data"]["status"] == "cancelled"


def test_a_revocation_that_was_cut_short_is_finished_by_the_next(hitl: Hitl) -> None:
    """Killed between taking the token and withdrawing, it leaves a request open; said again, it does not."""
    hitl("agent", "add", "billing-agent")
    written(an_open_request, lambda unit: agents.revoke(unit, AgentName("billing-agent"), NOON))
    again = hitl("agent", "revoke", "billing-agent")
    assert again.exit_code == 0
    assert again.stdout == "billing-agent was revoked before; withdrew 1 open request\n"
    assert looked_up(lambda unit: cases.open_of(unit, AgentName("billing-agent"))) == ()

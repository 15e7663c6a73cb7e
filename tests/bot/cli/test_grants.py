"""`hitl grants`: what goes through because somebody said so, and its end."""

from __future__ import annotations

import json
from datetime import timedelta

from approvals.events import Allowing, Opened, Voted
from approvals.model import Grants
from approvals.words import Choice, GrantId, RequestId
from bot.desk.ruling import rule_on
from bot.runtime import SystemRuntime
from store import facts, grants
from store.unit_of_work import Unit
from tests.bot.cli.conftest import Hitl, looked_up, written
from tests.harness.cases import ALICE, a_judgement, a_request, a_roster

HOUR = timedelta(hours=1)


def an_allowed_request(unit: Unit, id_: str = "g_01abcd23", request_id: str = "req_01") -> None:
    """A refund that Alice approved just now, with like ones for an hour."""
    now = SystemRuntime().now()
    judgement = a_judgement(grants=Grants(8 * HOUR, ("payload.customer",)))
    request = a_request(id=RequestId(request_id), callback_url=None, created_at=now)
    case = rule_on(unit, None, Opened(request, judgement), now, a_roster()).case
    allowing = Allowing(GrantId(id_), HOUR)
    vote = Voted(ALICE, Choice.APPROVE, case.sight, a_roster(), allowing=allowing)
    rule_on(unit, case, vote, now, a_roster())


def test_live_grants_are_listed(hitl: Hitl) -> None:
    """One a line, or as JSON with the limits; none at all is said."""
    hitl("db", "upgrade")
    assert hitl("grants", "list").stdout == "no grants\n"
    assert json.loads(hitl("grants", "list", "--json").stdout) == []
    written(an_allowed_request)
    listed = hitl("grants", "list").stdout
    assert all(word in listed for word in ("g_01abcd23", "issue_refund", "billing-agent", "Alice", "until "))
    [told] = json.loads(hitl("grants", "list", "--json").stdout)
    assert (told["id"], told["by"], told["live"]) == ("g_01abcd23", {"id": "U0ALICE", "name": "Alice"}, True)
    assert told["limits"] == {"/amount": "750"}
    assert told["same"] == {"payload.customer": ["ACME GmbH"]}
    assert (told["uses"], told["used_at"], told["revoked_at"]) == (0, None, None)


def test_a_grant_is_revoked_and_the_log_says_by_whom(hitl: Hitl) -> None:
    """As typed in any case; it is gone from the list, and stays in the whole one. A second time exits 1."""
    hitl("db", "upgrade")
    written(an_allowed_request)
    assert hitl("grants", "revoke", "G_O1ABCD23").stdout == "revoked g_01abcd23\n"
    assert hitl("grants", "list").stdout == "no grants\n"
    assert "ended " in hitl("grants", "list", "--all").stdout
    again = hitl("grants", "revoke", "g_01abcd23")
    assert again.exit_code == 1
    assert "the grant g_01abcd23 is over already; see: hitl grants list" in again.stderr
    unknown = hitl("grants", "revoke", "g_nothing")
    assert unknown.exit_code == 1
    assert "there is no grant g_nothing, and none is live" in unknown.stderr
    last = looked_up(lambda unit: facts.chain(unit, a_request().id))[-1]
    assert (str(last.kind), last.by, last.body) == ("grant.revoked", "operator", {"grant": "g_01abcd23"})
    kept = looked_up(lambda unit: grants.get(unit, GrantId("g_01abcd23")))
    assert kept is not None
    assert kept.revoked_by == "operator"
    assert hitl("audit", "verify").exit_code == 0


def test_the_beginning_of_an_id_is_enough_where_it_fits_one(hitl: Hitl) -> None:
    """As `/hitl revoke` finds it; several or none exit 1, name the live ones, and end nothing."""
    hitl("db", "upgrade")
    written(an_allowed_request)
    written(lambda unit: an_allowed_request(unit, "g_01abzz99", "req_other"))
    for typed, why in (
        ("01ab", "several grants begin with 01ab: g_01ab"),
        ("g_77", "there is no grant g_77; live are: g_01ab"),
        ("g_01", "there is no grant g_01; live are: g_01ab"),
    ):
        refused = hitl("grants", "revoke", typed)
        assert refused.exit_code == 1
        assert why in refused.stderr
        assert all(
            f"{id_} (issue_refund of billing-agent)" in refused.stderr for id_ in ("g_01abcd23", "g_01abzz99")
        )
    assert hitl("grants", "revoke", "G_O1abz").stdout == "revoked g_01abzz99\n"
    assert [told["id"] for told in json.loads(hitl("grants", "list", "--json").stdout)] == ["g_01abcd23"]

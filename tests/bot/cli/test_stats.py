"""`hitl stats` and `hitl export edits`: the desk's figures, and what people changed."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from approvals.canonical import Json
from approvals.events import Edited, Opened, Voted
from approvals.gate_advice import Advice
from approvals.words import Choice, Instant, RequestId, UserId
from bot.desk.ruling import rule_on
from bot.runtime import SystemRuntime
from store import cards, muted, payloads
from store.cards import CardRef
from store.unit_of_work import Unit
from tests.bot.cli.conftest import Hitl, written
from tests.harness.cases import ALICE, BOB, a_judgement, a_request, a_roster

POLICY = """
channel: C0APPROVALS
groups: {directors: {users: [U0ALICE, U0BOB]}}
rules:
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: directors
    steps: [{after: 4h, do: expire}]
default: {gate: hard, ask: directors, steps: [{after: 4h, do: expire}]}
"""
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NOW = SystemRuntime().now


def an_edit(number: int, ago: timedelta = MINUTE) -> Callable[[Unit], None]:
    """Request `number`, whose amount Bob changed so long ago, two minutes after its card was up."""

    def work(unit: Unit) -> None:
        ended: Instant = NOW() - ago
        began = ended - 2 * MINUTE
        request = a_request(
            id=RequestId(f"req_{number:04}"),
            created_at=began,
            callback_url=None,
            payload={"amount": 750, "iban": "DE02120300000000202051"},
        )
        judgement = a_judgement(sensitive=("payload.iban",))
        case = rule_on(unit, None, Opened(request, judgement), began, a_roster()).case
        cards.place(unit, case.id, CardRef("C1", f"{began.timestamp():.6f}"))
        payload: dict[str, Json] = {**case.payload, "amount": 500}
        why = "receipt for DE02120300000000202051"
        rule_on(unit, case, Edited(BOB, payload, case.sight, a_roster(), reason=why), ended, a_roster())

    return work


def a_refusal(unit: Unit) -> None:
    """Request 9000, which Alice refused just now."""
    now = NOW() - MINUTE
    request = a_request(id=RequestId("req_9000"), created_at=now, callback_url=None)
    case = rule_on(unit, None, Opened(request, a_judgement()), now, a_roster()).case
    rule_on(unit, case, Voted(ALICE, Choice.REJECT, case.sight, a_roster(), reason="no"), now, a_roster())


def test_the_figures_of_an_empty_desk(hitl: Hitl) -> None:
    """Nothing happened: zeros and nulls, no suggestions; without a policy that is said aside."""
    hitl("db", "upgrade")
    found = hitl("stats", "--json")
    told = json.loads(found.stdout)
    assert "without the policy" in found.stderr
    assert (told["rules"], told["agents"], told["suggestions"]) == ([], [], [])
    assert (told["total"]["requests"], told["total"]["median_seconds"]) == (0, None)
    assert hitl("stats").exit_code == 0


def test_the_figures_by_rule_and_agent_and_what_they_suggest(hitl: Hitl) -> None:
    """As JSON and as a table; what is muted says so in the one, and is left out of the other."""
    Path("hitl.yml").write_text(POLICY)
    hitl("db", "upgrade")
    written(*(an_edit(number) for number in range(5)))
    told = json.loads(hitl("stats", "--json").stdout)
    [rule] = told["rules"]
    assert (rule["rule"], rule["requests"], rule["modified"], rule["decided_by_people"]) == (
        "refunds",
        5,
        5,
        5,
    )
    assert (rule["median_seconds"], rule["p90_seconds"]) == (120.0, 120.0)
    assert (rule["hasty_share"], round(rule["pings_per_approver_day"] * 7, 6)) == (0.0, 5.0)
    assert [agent["agent"] for agent in told["agents"]] == ["billing-agent"]
    [suggestion] = told["suggestions"]
    assert suggestion["fields"] == [{"agent": "billing-agent", "path": "/amount", "times": 5}]
    assert (suggestion["advice"], suggestion["quiet"]) == ("modified", False)
    shown = hitl("stats").stdout
    assert all(word in shown for word in ("refunds", "120 s", "billing-agent", "/amount"))
    mute_until = NOW() + DAY
    written(lambda u: muted.mute(u, "refunds", Advice.MODIFIED, by=UserId("U0ALICE"), until=mute_until))
    assert json.loads(hitl("stats", "--json").stdout)["suggestions"][0]["quiet"] is True
    assert "/amount" not in hitl("stats").stdout


def test_the_days_say_how_far_back(hitl: Hitl) -> None:
    """Seven unless told; no days at all, or more than there can be, are refused."""
    hitl("db", "upgrade")
    written(an_edit(1), an_edit(2, 10 * DAY))
    assert json.loads(hitl("stats", "--json").stdout)["total"]["requests"] == 1
    assert json.loads(hitl("stats", "--days", "30", "--json").stdout)["total"]["requests"] == 2
    assert hitl("stats", "--days", "0").exit_code == 2
    assert hitl("stats", "--days", "367").exit_code == 2


def test_edits_are_exported_line_by_line(hitl: Hitl) -> None:
    """Oldest first, what is sensitive left out, what is deleted said to be gone; from a day on if wanted."""
    hitl("db", "upgrade")
    assert hitl("export", "edits").stdout == ""
    written(an_edit(1, 100 * DAY), an_edit(2), a_refusal)
    before = NOW() - 90 * DAY
    written(lambda unit: payloads.forget(unit, before, NOW(), 10))
    lines = [json.loads(line) for line in hitl("export", "edits").stdout.splitlines()]
    assert [(line["id"], line["verdict"], line["gone"]) for line in lines] == [
        ("req_0001", "modified", True),
        ("req_0002", "modified", False),
        ("req_9000", "rejected", False),
    ]
    assert (lines[0]["proposed"], lines[0]["changes"], lines[0]["reason"]) == (None, None, "[left out]")
    assert [line["reasons_left_out"] for line in lines] == [True, False, False]
    assert lines[1]["reason"] == "receipt for [left out]"
    assert (lines[1]["proposed"], lines[1]["effective"]) == ({"amount": 750}, {"amount": 500})
    assert lines[1]["changes"] == [{"op": "replace", "path": "/amount", "value": 500}]
    since = f"{NOW() - DAY:%Y-%m-%d}"
    assert len(hitl("export", "edits", "--since", since).stdout.splitlines()) == 2
    assert hitl("export", "edits", "--since", "yesterday").exit_code == 2
    assert hitl("audit", "verify").exit_code == 0

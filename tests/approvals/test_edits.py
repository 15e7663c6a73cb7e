"""The export of edits: what people changed and why, without what is sensitive."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from approvals.canonical import Json
from approvals.edits import edit_of
from approvals.events import Cancelled, Edited, Event, Voted
from approvals.machine import decide
from approvals.model import Case
from approvals.words import Choice
from tests.harness.cases import ALICE, BOB, NOON, a_request, a_roster, an_open_case
from tests.harness.emptied import emptied

LATER = NOON + timedelta(minutes=5)
PAYLOAD: dict[str, Json] = {
    "amount": 750,
    "card": {"number": "4111111111111111", "holder": "ACME"},
    "items": [{"sku": "a", "note": "secret-a"}, {"sku": "b", "note": "secret-b"}],
}


def after(case: Case, event: Event) -> Case:
    """The case, once that happened."""
    return decide(case, event, LATER).case


def edited(reason: str | None = None, *, sensitive: tuple[str, ...] = (), **fields: Json) -> Case:
    """A payment of which Bob changed some fields.

    In Slack nobody can change what is sensitive: it is called so only afterwards, to see both sides left out.
    """
    case = an_open_case(a_request(payload=PAYLOAD))
    payload: dict[str, Json] = {**PAYLOAD, **fields}
    ended = after(case, Edited(BOB, payload, case.sight, a_roster(), reason=reason))
    return replace(ended, judgement=replace(ended.judgement, sensitive=sensitive))


def told(case: Case) -> dict[str, Any]:
    """Its line, which there must be."""
    line = edit_of(case)
    assert line is not None
    return line


def test_an_edit_says_what_was_proposed_and_what_was_approved() -> None:
    """With the operations between the two, by whom and why."""
    line = told(edited("receipt covers 500", amount=500))
    assert line == {
        "id": "req_01",
        "at": "2026-11-20T12:05:00.000000Z",
        "kind": "approval",
        "rule": "refunds",
        "gate": "hard",
        "agent": "billing-agent",
        "action": "issue_refund",
        "verdict": "modified",
        "proposed": PAYLOAD,
        "effective": {**PAYLOAD, "amount": 500},
        "changes": [{"op": "replace", "path": "/amount", "value": 500}],
        "reason": "receipt covers 500",
        "reasons": [
            {"by": {"id": BOB.id, "name": "Bob"}, "choice": "approve", "reason": "receipt covers 500"}
        ],
        "by": [{"id": BOB.id, "name": "Bob"}],
        "gone": False,
        "reasons_left_out": False,
    }


def test_a_refusal_is_told_with_its_reason_and_no_changes() -> None:
    """What was proposed is what was refused."""
    case = an_open_case()
    line = told(after(case, Voted(ALICE, Choice.REJECT, case.sight, a_roster(), reason="no receipt")))
    assert (line["verdict"], line["reason"], line["changes"]) == ("rejected", "no receipt", [])
    assert line["proposed"] == line["effective"] == case.payload


def test_what_no_person_decided_is_none() -> None:
    """Open ones and withdrawn ones teach nothing."""
    case = an_open_case()
    assert edit_of(case) is None
    assert edit_of(after(case, Cancelled("no longer"))) is None


@pytest.mark.parametrize(
    ("sensitive", "left"),
    [
        (("payload.card.number",), {"amount": 500, "card": {"holder": "B"}, "items": PAYLOAD["items"]}),
        (("payload.card",), {"amount": 500, "items": PAYLOAD["items"]}),
        (("payload.card", "payload.card.number"), {"amount": 500, "items": PAYLOAD["items"]}),
        (
            ("payload.items.note", "payload.card"),
            {"amount": 500, "items": [{"sku": "a"}, {"sku": "b"}]},
        ),
        (("payload.items.0", "payload.card"), {"amount": 500, "items": [{"sku": "b", "note": "secret-b"}]}),
        (("payload.items", "payload.card", "payload.none"), {"amount": 500}),
        (("payload",), {}),
    ],
)
def test_sensitive_fields_are_left_out_and_so_are_changes_to_them(
    sensitive: tuple[str, ...], left: dict[str, Json]
) -> None:
    """On both sides, inside arrays, and where one such place lies within another."""
    case = edited(sensitive=sensitive, amount=500, card={"number": "4222222222222222", "holder": "B"})
    line = told(case)
    assert line["effective"] == left
    assert "4111111111111111" not in str(line)
    assert "4222222222222222" not in str(line)
    assert [each["path"] for each in line["changes"] if each["path"].startswith("/card/number")] == []
    assert case.request.payload == PAYLOAD


def test_words_that_repeat_a_sensitive_value_do_not_carry_it_out() -> None:
    """Neither the posted nor the new one; short values stand in many words by chance, and stay."""
    case = edited(
        "not 4111111111111111 but 4222222222222222, for 500",
        sensitive=("payload.card", "payload.amount"),
        amount=500,
        card={"number": "4222222222222222", "holder": "B"},
    )
    assert told(case)["reason"] == "not [left out] but [left out], for 500"
    assert told(case)["reasons"][0]["reason"] == "not [left out] but [left out], for 500"


def test_what_is_deleted_after_its_time_is_said_to_be_gone() -> None:
    """Who, when and why stay; no payload is made up for what was one."""
    line = told(emptied(edited("why", amount=500), LATER))
    assert (line["gone"], line["proposed"], line["effective"], line["changes"]) == (True, None, None, None)
    assert (line["verdict"], line["reason"]) == ("modified", "why")
    assert line["reasons_left_out"] is False


def test_words_are_left_out_once_nobody_can_tell_what_in_them_is_sensitive() -> None:
    """The payload is deleted, and with it what would be masked; the line says that there were words."""
    case = edited("card 4111111111111111 is stolen", sensitive=("payload.card",), amount=500)
    before, line = told(case), told(emptied(case, LATER))
    assert (before["reason"], before["reasons_left_out"]) == ("card [left out] is stolen", False)
    assert (line["reason"], line["reasons_left_out"]) == ("[left out]", True)
    assert [each["reason"] for each in line["reasons"]] == ["[left out]"]
    assert "4111111111111111" not in str(line)
    silent = told(emptied(edited(sensitive=("payload.card",), amount=500), LATER))
    assert (silent["reason"], silent["reasons"]) == (None, [])

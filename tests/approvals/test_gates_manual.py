"""Gate `manual`: each approver types what confirms it."""

from __future__ import annotations

from typing import Any

import pytest

from approvals.audit import FactKind
from approvals.canonical import Json
from approvals.confirming import CONFIRM, word
from approvals.errors import Reason
from approvals.model import Case
from approvals.words import Gate, Status
from tests.approvals.doing import approve, edit, kinds, reject, tick
from tests.harness.cases import ALICE, BOB, NOON, a_judgement, a_request, an_open_case

SERVICE = {"service": "billing-api", "version": "1.4.2"}


def deploy(**judgement: Any) -> Case:
    """A deploy that waits for one director who types the service's name."""
    fields = {"gate": Gate.MANUAL, "confirm": "payload.service", **judgement}
    return an_open_case(a_request(action="deploy_service", payload=SERVICE), **fields)


@pytest.mark.parametrize("typed", [None, "", "CONFIRM", "Billing-api", "billing-ap", "billing-api x"])
def test_without_the_word_nothing_is_approved(typed: str | None) -> None:
    """Not even with the usual one where the rule names another; it is recorded, and answered."""
    ruling = approve(deploy(), typed=typed)
    assert ruling.answer.refused is Reason.NOT_CONFIRMED
    assert kinds(ruling) == [FactKind.REFUSED]
    assert ruling.case.votes == ()


def test_the_word_approves() -> None:
    """Blanks around it do not matter: phones add them."""
    assert approve(deploy(), typed=" billing-api ").case.status is Status.APPROVED
    assert approve(deploy(confirm=None), typed=CONFIRM).case.status is Status.APPROVED


def test_each_of_a_quorum_types_it() -> None:
    """Alice's word is not Bob's."""
    half = approve(deploy(quorum=2), ALICE, typed="billing-api").case
    assert half.status is Status.PENDING
    assert approve(half, BOB).answer.refused is Reason.NOT_CONFIRMED
    assert approve(half, BOB, typed="billing-api").case.status is Status.APPROVED


def test_to_reject_nothing_is_typed() -> None:
    """Stopping something is never made hard."""
    assert reject(deploy()).case.status is Status.REJECTED


def test_an_edit_is_confirmed_by_the_edited_payload_s_word() -> None:
    """Whoever moves a deploy to another service types that one's name."""
    case = deploy()
    assert edit(case, service="mail-api", typed="billing-api").answer.refused is Reason.NOT_CONFIRMED
    assert edit(case, service="mail-api").answer.refused is Reason.NOT_CONFIRMED
    done = edit(case, service="mail-api", typed="mail-api")
    assert done.case.status is Status.MODIFIED
    assert edit(case, typed="billing-api").case.status is Status.APPROVED, "an edit that changes nothing"


def test_what_waits_after_an_edit_wants_the_new_word() -> None:
    """The second approver confirms what is there now."""
    half = edit(deploy(quorum=2), ALICE, service="mail-api", typed="mail-api").case
    assert approve(half, BOB, typed="billing-api").answer.refused is Reason.NOT_CONFIRMED
    assert approve(half, BOB, typed="mail-api").case.status is Status.MODIFIED


@pytest.mark.parametrize(
    ("payload", "wanted"),
    [
        ({"service": "api"}, "api"),
        ({"service": " api "}, "api"),
        ({"service": 42}, "42"),
        ({"service": 1.5}, "1.5"),
        ({"service": "prod eu-1"}, "prod eu-1"),
        # Nothing there, or nothing that can be typed: never an empty word, never one that cannot be given.
        ({}, CONFIRM),
        ({"service": ""}, CONFIRM),
        ({"service": "   "}, CONFIRM),
        ({"service": None}, CONFIRM),
        ({"service": True}, CONFIRM),
        ({"service": ["api"]}, CONFIRM),
        ({"service": ["api", "mail"]}, CONFIRM),
        ({"service": {"name": "api"}}, CONFIRM),
        ({"service": "x" * 100}, "x" * 100),
        ({"service": "x" * 101}, CONFIRM),
        ({"service": "two\nlines"}, CONFIRM),
        ({"service": "a\u202eb"}, CONFIRM),
        ({"service": "a\u200bb"}, CONFIRM),
        ({"service": "go 🚀"}, CONFIRM),
        ({"service": "\ud800"}, CONFIRM),
    ],
)
def test_the_word_is_one_that_a_person_can_type(payload: dict[str, Json], wanted: str) -> None:
    """The field's value, where that is one short line of text; else CONFIRM."""
    assert word(a_judgement(gate=Gate.MANUAL, confirm="payload.service"), payload) == wanted


def test_letters_are_the_same_however_the_keyboard_makes_them() -> None:
    """A payload may spell é as two characters, a keyboard as one."""
    case = an_open_case(
        a_request(payload={"service": "cafe\u0301"}), gate=Gate.MANUAL, confirm="payload.service"
    )
    assert approve(case, typed="caf\u00e9").case.status is Status.APPROVED


@pytest.mark.parametrize("gate", [gate for gate in Gate if gate is not Gate.MANUAL])
def test_no_other_gate_has_anything_typed(gate: Gate) -> None:
    """And whatever is typed there does not matter."""
    assert word(a_judgement(gate=gate), SERVICE) is None


def test_nobody_there_never_approves() -> None:
    """At the last step it is `timed_out`."""
    assert tick(deploy(), NOON.replace(hour=23)).case.status is Status.TIMED_OUT

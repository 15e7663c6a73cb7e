"""Handing a request over, and putting off its reminders: neither decides anything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from approvals.attention import puts_off, relieved, takers
from approvals.audit import FactKind
from approvals.effects import (
    CallAgent,
    CallbackType,
    Escalated,
    HandedTo,
    PostComment,
    PostNote,
    ShowCard,
    Wake,
)
from approvals.errors import Reason
from approvals.events import Cancelled, Commented, HandedOver, Mustered, Snoozed, Ticked, Voted
from approvals.machine import decide
from approvals.model import Called, Case, Step
from approvals.roster import Person
from approvals.words import Choice, DigestName, Status, StepKind
from tests.harness.cases import ALICE, BOB, CAROL, DAN, FINANCE, NOON, a_request, a_roster, an_open_case

HOUR = timedelta(hours=1)
ROSTER = a_roster(finance=(DAN,))
STEPS = (
    Step(HOUR, StepKind.REMIND),
    Step(2 * HOUR, StepKind.ESCALATE, to=FINANCE),
    Step(4 * HOUR, StepKind.EXPIRE),
)


def a_case(**request: Any) -> Case:
    """The directors are asked, later finance."""
    return an_open_case(a_request(**request), steps=STEPS)


def test_another_approver_takes_it_and_is_the_one_reminded() -> None:
    """Whoever handed it over may decide it still."""
    ruling = decide(a_case(), HandedOver(ALICE, ROSTER, to_person=BOB, reason="at lunch"), NOON)
    assert ruling.effects == (PostNote("handed:1", HandedTo(ALICE, BOB, "at lunch")),)
    assert ruling.facts[-1].kind is FactKind.HANDED_OVER
    assert ruling.facts[-1].body == {"to": BOB.id}
    assert relieved(ruling.case, ROSTER) == {ALICE.id}
    vote = Voted(ALICE, Choice.APPROVE, ruling.case.sight, ROSTER)
    assert decide(ruling.case, vote, NOON).case.status is Status.APPROVED


def test_whoever_gets_it_back_is_reminded_again() -> None:
    """Even if they had put it off."""
    case = decide(a_case(), Snoozed(ALICE, ROSTER, NOON + 9 * HOUR), NOON).case
    case = decide(case, HandedOver(ALICE, ROSTER, to_person=BOB), NOON).case
    case = decide(case, HandedOver(BOB, ROSTER, to_person=ALICE), NOON).case
    assert not puts_off(case, ALICE.id, NOON)
    assert relieved(case, ROSTER) == {BOB.id}


def test_whoever_handed_it_over_is_reminded_once_nobody_else_is_left() -> None:
    """The taker left, or gave their part of a quorum of two: it must not wait for people unheard."""
    two, left = a_roster(members=(ALICE, BOB)), a_roster(members=(ALICE, BOB), gone=(BOB,))
    handed = HandedOver(ALICE, two, to_person=BOB)
    case = decide(a_case(), handed, NOON).case
    assert relieved(case, two) == {ALICE.id}
    assert relieved(case, left) == set()
    pair = decide(an_open_case(a_request(), steps=STEPS, quorum=2), handed, NOON).case
    approved = decide(pair, Voted(BOB, Choice.APPROVE, pair.sight, two), NOON).case
    assert approved.status is Status.PENDING
    assert relieved(approved, two) == set()


def test_it_goes_to_nobody_who_approved_it_already() -> None:
    """They have said what they have to say; who has not is offered still."""
    pair = an_open_case(a_request(), steps=STEPS, quorum=2)
    case = decide(pair, Voted(BOB, Choice.APPROVE, pair.sight, ROSTER), NOON).case
    assert takers(case, ALICE.id, ROSTER) == ((CAROL.id,), (FINANCE,))
    refused = decide(case, HandedOver(ALICE, ROSTER, to_person=BOB), NOON)
    assert refused.answer.refused is Reason.NOT_TAKEN


def test_a_group_that_the_rule_escalates_to_is_asked_at_once() -> None:
    """Its step does not come a second time, and the last one keeps its time."""
    ruling = decide(a_case(), HandedOver(ALICE, ROSTER, to_group=FINANCE), NOON)
    assert ruling.case.asked[-1] == FINANCE
    assert PostNote("escalate:1", Escalated(FINANCE, early=True, by=ALICE)) in ruling.effects
    assert ShowCard() in ruling.effects
    assert [fact.by for fact in ruling.facts] == [f"person:{ALICE.id}"] * 2
    later = decide(ruling.case, Ticked(ROSTER), NOON + 3 * HOUR)
    assert [fact.kind for fact in later.facts] == [FactKind.REMINDED]


def test_it_goes_to_nobody_whom_the_rule_does_not_allow() -> None:
    """Not to an outsider, the requester, oneself, or a group that no step names."""
    case = a_case(on_behalf_of=BOB.id)
    for taker in (DAN, BOB, ALICE):
        refused = decide(case, HandedOver(ALICE, ROSTER, to_person=taker), NOON)
        assert (refused.case, refused.answer.refused) == (case, Reason.NOT_TAKEN)
    asked = decide(case, HandedOver(ALICE, ROSTER, to_group=case.asked[0]), NOON)
    assert asked.answer.refused is Reason.NOT_TAKEN
    assert takers(case, ALICE.id, ROSTER) == ((CAROL.id,), (FINANCE,))


@pytest.mark.parametrize("by", [DAN, BOB], ids=["not asked", "the requester"])
def test_only_whoever_may_decide_it_hands_it_over_or_puts_it_off(by: Person) -> None:
    """What one does not have one cannot give."""
    case = a_case(on_behalf_of=BOB.id)
    handed = decide(case, HandedOver(by, ROSTER, to_person=CAROL), NOON)
    put_off = decide(case, Snoozed(by, ROSTER, NOON + HOUR), NOON)
    assert handed.answer.refused in (Reason.NOT_ASKED, Reason.IS_REQUESTER)
    assert put_off.answer.refused is handed.answer.refused
    assert handed.case is case


def test_once_it_is_decided_there_is_nothing_to_hand_over() -> None:
    """Nor to put off."""
    done = decide(a_case(), Cancelled("never mind"), NOON).case
    assert decide(done, HandedOver(ALICE, ROSTER, to_person=BOB), NOON).answer.refused is Reason.LATE
    assert decide(done, Snoozed(ALICE, ROSTER, NOON + HOUR), NOON).answer.refused is Reason.LATE


def test_reminders_are_put_off_for_one_person_until_then() -> None:
    """They are told when it is over; steps go on as they would."""
    until = NOON + 3 * HOUR
    ruling = decide(a_case(), Snoozed(ALICE, ROSTER, until), NOON)
    assert ruling.effects == (Wake(f"wake:{ALICE.id}:1", ALICE, until),)
    assert ruling.facts[-1].kind is FactKind.SNOOZED
    assert puts_off(ruling.case, ALICE.id, until - HOUR)
    assert not puts_off(ruling.case, ALICE.id, until)
    assert not puts_off(ruling.case, BOB.id, NOON)
    later = decide(ruling.case, Ticked(ROSTER), until)
    assert [fact.kind for fact in later.facts] == [FactKind.REMINDED, FactKind.ESCALATED]


def test_a_time_that_is_over_puts_nothing_off() -> None:
    """Whoever typed it is told."""
    case = a_case()
    refused = decide(case, Snoozed(ALICE, ROSTER, NOON), NOON)
    assert (refused.case, refused.answer.refused) == (case, Reason.PAST)


def test_what_waits_in_a_digest_gets_a_card_of_its_own_for_whoever_takes_it() -> None:
    """Among a hundred others nobody would see that it is theirs now."""
    case = replace(a_case(), waits_in=DigestName("hourly"))
    ruling = decide(case, HandedOver(ALICE, ROSTER, to_person=BOB), NOON)
    assert ruling.case.waits_in is None
    assert ShowCard() in ruling.effects


def test_what_is_parked_is_handed_over_all_the_same() -> None:
    """That is how it gets out of there; groups that no step will ask any more are not offered."""
    parked = replace(a_case(), parked_at=NOON)
    ruling = decide(parked, HandedOver(ALICE, ROSTER, to_person=BOB), NOON)
    assert [type(effect) for effect in ruling.effects] == [PostNote]
    assert takers(parked, ALICE.id, ROSTER) == ((BOB.id, CAROL.id), ())


def test_it_is_kept_since_when_and_by_whom_a_group_is_asked() -> None:
    """By the clock in its time; by a person, or as too few are left, before it."""
    by_clock = decide(a_case(), Ticked(ROSTER), NOON + 2 * HOUR).case
    assert by_clock.called == {FINANCE: Called(NOON + 2 * HOUR)}
    by_alice = decide(a_case(), HandedOver(ALICE, ROSTER, to_group=FINANCE), NOON + HOUR / 2).case
    assert by_alice.called == {FINANCE: Called(NOON + HOUR / 2, early=True, by=ALICE)}
    nobody = a_roster(gone=(ALICE, BOB, CAROL), finance=(DAN,))
    early = decide(a_case(), Mustered(nobody), NOON).case
    assert early.called == {FINANCE: Called(NOON, early=True)}


def test_what_somebody_asks_the_agent_is_said_to_both() -> None:
    """The agent is called, and the thread shows what was asked; a reply in the thread is there already."""
    asked = decide(a_case(), Commented(ALICE, "Is the receipt in the ticket?", aloud=True), NOON)
    assert [type(effect) for effect in asked.effects] == [CallAgent, PostComment]
    replied = decide(a_case(), Commented(ALICE, "Is the receipt in the ticket?", "C1:1.2"), NOON)
    assert replied.effects == (CallAgent("comment:0", CallbackType.COMMENTED),)

"""What time does before the end: reminders, escalations, and what becomes of it when too few are left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from approvals import escalation
from approvals.audit import FactKind
from approvals.effects import AskOperators, CallbackType, Escalated, Reminded, ShowCard, Skipped, Voided
from approvals.events import Opened
from approvals.machine import Ruling, decide
from approvals.model import Case, Lack, Request, Step
from approvals.roster import Person, Profile, Roster
from approvals.words import Gate, Shortage, Status, StepKind
from tests.approvals.doing import approve, calls, edit, kinds, notes, reject, tick
from tests.harness.cases import (
    ALICE,
    BOB,
    CAROL,
    DAN,
    DIRECTORS,
    FINANCE,
    NOON,
    a_judgement,
    a_request,
    a_roster,
    an_open_case,
)

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
REMIND = Step(15 * MINUTE, StepKind.REMIND)
REMIND_AGAIN = Step(30 * MINUTE, StepKind.REMIND)
ESCALATE = Step(HOUR, StepKind.ESCALATE, to=FINANCE)
EXPIRE = Step(4 * HOUR, StepKind.EXPIRE)
PLAN = (REMIND, REMIND_AGAIN, ESCALATE, EXPIRE)
EVERYBODY = a_roster(finance=(DAN,))


def planned(*steps: Step, **fields: Any) -> Case:
    """A case with this plan."""
    return an_open_case(steps=steps or PLAN, **fields)


def test_a_reminder_is_said_once_at_its_time() -> None:
    """In the thread, and in the log; nobody's card or agent need know."""
    case = planned()
    assert tick(case, NOON + 15 * MINUTE - timedelta(seconds=1)).case is case
    ruling = tick(case, NOON + 15 * MINUTE)
    assert kinds(ruling) == [FactKind.REMINDED]
    assert [(note.key, note.note) for note in notes(ruling)] == [("remind:0", Reminded((DIRECTORS,)))]
    assert ShowCard() not in ruling.effects
    assert tick(ruling.case, NOON + 16 * MINUTE).case is ruling.case


def test_an_escalation_asks_another_group_as_well() -> None:
    """Dan may decide from then on, the directors still may; card, thread and agent are told once."""
    case = planned()
    assert approve(case, DAN, roster=EVERYBODY).answer.refused is not None
    ruling = tick(case, NOON + HOUR)
    assert ruling.case.asked == (DIRECTORS, FINANCE)
    assert Escalated(FINANCE) in [note.note for note in notes(ruling)]
    assert calls(ruling.effects) == [CallbackType.ESCALATED]
    assert ShowCard() in ruling.effects
    at = NOON + HOUR + MINUTE
    assert approve(ruling.case, DAN, at=at, roster=EVERYBODY).case.status is Status.APPROVED
    assert approve(ruling.case, ALICE, at=at, roster=EVERYBODY).case.status is Status.APPROVED


def test_steps_that_were_missed_fire_in_order_and_only_the_last_reminder_is_sent() -> None:
    """After an hour's downtime: both reminders and the escalation are written down, one reminder is said."""
    ruling = tick(planned(), NOON + HOUR)
    assert kinds(ruling) == [FactKind.REMINDED, FactKind.REMINDED, FactKind.ESCALATED]
    assert [note.key for note in notes(ruling)] == ["remind:1", "escalate:2"]
    assert ruling.case.fired == 3


def test_a_reminder_missed_with_an_escalation_is_for_those_who_were_asked_before() -> None:
    """Whoever is asked only now is called by the escalation alone, in whichever order the plan has them."""
    again = Step(2 * HOUR, StepKind.REMIND)
    ruling = tick(planned(REMIND, ESCALATE, again, EXPIRE), NOON + 3 * HOUR)
    assert [(note.key, note.note) for note in notes(ruling)] == [
        ("escalate:1", Escalated(FINANCE)),
        ("remind:2", Reminded((DIRECTORS,))),
    ]
    on_time = tick(planned(REMIND, ESCALATE, again, EXPIRE), NOON + HOUR).case
    assert notes(tick(on_time, NOON + 2 * HOUR))[0].note == Reminded((DIRECTORS, FINANCE))


def test_nobody_is_called_to_what_has_ended() -> None:
    """After a day's downtime it has expired: the agent hears of both, the thread is left alone."""
    ruling = tick(planned(), NOON + timedelta(days=1))
    assert ruling.case.status is Status.TIMED_OUT
    assert kinds(ruling)[-2:] == [FactKind.ESCALATED, FactKind.DECIDED]
    assert notes(ruling) == []
    assert calls(ruling.effects) == [CallbackType.ESCALATED, CallbackType.DECIDED]


def test_nobody_is_reminded_of_what_the_same_click_ends() -> None:
    """A click that comes before the late clock carries out the reminder, and needs none any more."""
    ruling = reject(planned(), at=NOON + 16 * MINUTE)
    assert kinds(ruling) == [FactKind.REMINDED, FactKind.REJECTED, FactKind.DECIDED]
    assert notes(ruling) == []


def test_nobody_is_called_to_what_was_parked_meanwhile() -> None:
    """Parked is out of everybody's way; the group that was asked by then may decide it there."""
    plan = (REMIND, ESCALATE, Step(4 * HOUR, StepKind.PARK))
    ruling = tick(planned(*plan), NOON + 5 * HOUR)
    assert notes(ruling) == []
    assert calls(ruling.effects) == [CallbackType.ESCALATED, CallbackType.PARKED]
    later = NOON + timedelta(days=9)
    assert tick(ruling.case, later, roster=a_roster(members=())).case is ruling.case
    assert approve(ruling.case, DAN, at=later, roster=EVERYBODY).case.status is Status.APPROVED


def test_an_escalation_to_who_is_asked_already_asks_nobody_twice() -> None:
    """One group, named once on the card."""
    ruling = tick(planned(Step(HOUR, StepKind.ESCALATE, to=DIRECTORS), EXPIRE), NOON + HOUR)
    assert ruling.case.asked == (DIRECTORS,)


def test_too_few_left_escalates_at_once() -> None:
    """Two are needed and one of three is left: finance is asked now, not in an hour, and only once."""
    left = a_roster(gone=(BOB, CAROL), finance=(DAN,))
    case = planned(quorum=2)
    early = tick(case, NOON + MINUTE, roster=left)
    assert early.case.asked == (DIRECTORS, FINANCE)
    assert Escalated(FINANCE, early=True) in [note.note for note in notes(early)]
    assert Skipped((BOB, CAROL)) in [note.note for note in notes(early)]
    assert calls(early.effects) == [CallbackType.ESCALATED]
    on_time = tick(early.case, NOON + HOUR, roster=left)
    assert FactKind.ESCALATED not in kinds(on_time)
    assert calls(on_time.effects) == []


def test_the_last_step_keeps_its_time() -> None:
    """An early escalation moves nothing else: reminders and the end come when the card says."""
    case = tick(planned(quorum=2), NOON, roster=a_roster(members=(ALICE,), finance=(DAN,))).case
    assert escalation.next_due(case) == NOON + REMIND.after
    assert escalation.ends_at(case) == NOON + EXPIRE.after
    assert [place for place, _ in escalation.remaining(case)] == [0, 1, 3]
    reminded = tick(case, NOON + HOUR).case
    assert reminded.status is Status.PENDING
    assert tick(reminded, NOON + EXPIRE.after).case.status is Status.TIMED_OUT


def test_a_request_that_too_few_could_ever_decide_escalates_as_it_opens() -> None:
    """A group may have emptied before anybody asks it."""
    event = Opened(a_request(), a_judgement(steps=PLAN), a_roster(members=(), finance=(DAN,)))
    ruling = decide(None, event, NOON)
    assert Escalated(FINANCE, early=True) in [note.note for note in notes(ruling)]


def lacks(ruling: Ruling) -> list[Lack]:
    """What the operators are asked about."""
    return [effect.lack for effect in ruling.effects if isinstance(effect, AskOperators)]


def test_where_no_escalation_follows_the_operators_are_asked() -> None:
    """With how many are left and how many approvals are missing; once, and again when it gets worse."""
    nobody = a_roster(members=(ALICE,))
    ruling = tick(planned(EXPIRE, quorum=2), NOON + MINUTE, roster=nobody)
    assert lacks(ruling) == [Lack(1, 2)]
    assert ShowCard() in ruling.effects
    again = tick(ruling.case, NOON + 2 * MINUTE, roster=nobody)
    assert (again.effects, again.case is ruling.case) == ((), True)
    worse = tick(ruling.case, NOON + 2 * MINUTE, roster=a_roster(members=()))
    assert lacks(worse) == [Lack(0, 2)]


def test_nobody_is_asked_again_because_it_got_better() -> None:
    """One approval more, or somebody back: the card shows it, the operators are left alone."""
    lacking = tick(planned(EXPIRE, quorum=3), NOON + MINUTE, roster=a_roster(members=(ALICE,))).case
    better = tick(lacking, NOON + 2 * MINUTE, roster=a_roster(members=(ALICE, BOB)))
    assert (better.case.lacking, better.effects) == (Lack(2, 3), (ShowCard(),))
    approved = approve(better.case, BOB, roster=a_roster(members=(ALICE, BOB))).case
    assert lacks(tick(approved, NOON + 6 * MINUTE, roster=a_roster(members=(ALICE, BOB)))) == []
    enough = tick(better.case, NOON + 3 * MINUTE, roster=a_roster())
    assert (enough.case.lacking, enough.effects) == (None, (ShowCard(),))


@pytest.mark.parametrize(
    ("request_", "roster", "why"),
    [
        (a_request(), a_roster(members=()), Shortage.FEW),
        (a_request(), a_roster(gone=(ALICE, BOB, CAROL)), Shortage.LEFT),
        (a_request(on_behalf_of="U0ALICE"), a_roster(members=(ALICE,)), Shortage.REQUESTER),
        (a_request(on_behalf_of="U0ALICE"), a_roster(gone=(BOB, CAROL)), Shortage.REQUESTER),
        (
            a_request(on_behalf_of="zoe@example.com"),
            Roster({DIRECTORS: (ALICE.id,)}, {ALICE.id: Profile(ALICE.id, "Alice")}),
            Shortage.UNCOMPARED,
        ),
    ],
)
def test_why_too_few_can_decide(request_: Request, roster: Roster, why: Shortage) -> None:
    """What helps depends on it: more people, other people, or a scope."""
    (lack,) = lacks(tick(an_open_case(request_, steps=(EXPIRE,)), NOON + MINUTE, roster=roster))
    assert lack == Lack(0, 1, why)


def test_escalations_go_on_until_enough_are_asked() -> None:
    """An empty group helps nobody: the next one is asked in the same breath, then the operators."""
    support = replace(ESCALATE, to=DIRECTORS, after=2 * HOUR)
    ruling = tick(planned(ESCALATE, support, EXPIRE), NOON, roster=a_roster(members=()))
    assert ruling.case.ahead == (0, 1)
    assert [type(note.note) for note in notes(ruling)] == [Escalated, Escalated]
    assert any(isinstance(effect, AskOperators) for effect in ruling.effects)


@pytest.mark.parametrize(
    ("quorum", "approved", "gone", "members", "request_", "asked"),
    [
        (1, (), (BOB, CAROL), (ALICE, BOB, CAROL), a_request(), False),
        (2, (), (BOB, CAROL), (ALICE, BOB, CAROL), a_request(), True),
        (2, (ALICE,), (CAROL,), (ALICE, BOB, CAROL), a_request(), False),
        (2, (ALICE,), (BOB, CAROL), (ALICE, BOB, CAROL), a_request(), True),
        # An approval of somebody who left counts no more.
        (2, (ALICE,), (ALICE, CAROL), (ALICE, BOB, CAROL), a_request(), True),
        (1, (), (), (), a_request(), True),
        # The requester is no approver.
        (1, (), (), (ALICE,), a_request(on_behalf_of="U0ALICE"), True),
        (1, (), (), (ALICE,), a_request(on_behalf_of="alice@example.com"), True),
        (1, (), (), (ALICE, BOB), a_request(on_behalf_of="U0ALICE"), False),
    ],
)
def test_who_is_left_to_decide(  # one row of a table
    quorum: int,
    approved: tuple[Person, ...],
    gone: tuple[Person, ...],
    members: tuple[Person, ...],
    request_: Request,
    asked: bool,
) -> None:
    """Active members of the groups asked, without the requester, against what is still missing."""
    case = an_open_case(request_, quorum=quorum, steps=(EXPIRE,))
    for person in approved:
        case = approve(case, person).case
    ruling = tick(case, NOON + 10 * MINUTE, roster=a_roster(gone=gone, members=members))
    assert any(isinstance(effect, AskOperators) for effect in ruling.effects) is asked


def test_while_slack_cannot_say_who_is_in_a_group_nobody_is_missing() -> None:
    """A group never heard of is not empty; one known from earlier is as it was."""
    ids = (ALICE.id,)
    unknown = Roster({}, as_of={DIRECTORS: None})
    stale = Roster({DIRECTORS: ids}, {ALICE.id: Profile(ALICE.id, "Alice")}, as_of={DIRECTORS: NOON})
    case = planned(EXPIRE, quorum=2)
    assert tick(case, NOON + MINUTE, roster=unknown).effects == ()
    assert any(isinstance(effect, AskOperators) for effect in tick(case, NOON, roster=stale).effects)


def test_somebody_nothing_is_known_of_yet_may_still_be_an_approver() -> None:
    """Profiles are fetched after the groups: no operator is woken in between."""
    case = an_open_case(a_request(on_behalf_of="zoe@example.com"), steps=(EXPIRE,))
    fresh = Roster({DIRECTORS: (ALICE.id,)})
    assert tick(case, NOON + MINUTE, roster=fresh).effects == ()


def test_those_who_left_are_named_once() -> None:
    """Each the first time they are found gone; who is named already is not named with the next."""
    first = tick(planned(), NOON + MINUTE, roster=a_roster(gone=(BOB,)))
    assert [note.note for note in notes(first)] == [Skipped((BOB,))]
    assert ShowCard() in first.effects
    same = tick(first.case, NOON + 2 * MINUTE, roster=a_roster(gone=(BOB,)))
    assert (same.effects, same.case is first.case) == ((), True)
    turned = tick(first.case, NOON + 2 * MINUTE, roster=a_roster(gone=(BOB,), members=(CAROL, BOB, ALICE)))
    assert turned.case is first.case
    next_ = tick(first.case, NOON + 2 * MINUTE, roster=a_roster(gone=(ALICE, BOB)))
    assert [note.note for note in notes(next_)] == [Skipped((ALICE,))]
    assert notes(next_)[0].key != notes(first)[0].key
    assert notes(tick(planned(), NOON + MINUTE, roster=a_roster(gone=(DAN,)))) == [], "nobody asked him"


def test_who_came_back_is_on_the_card_again() -> None:
    """Nothing is said of it, and should they leave again, that is."""
    gone = tick(planned(), NOON + MINUTE, roster=a_roster(gone=(BOB,))).case
    back = tick(gone, NOON + 2 * MINUTE, roster=a_roster())
    assert (back.case.missed, back.effects) == ((), (ShowCard(),))
    again = tick(back.case, NOON + 3 * MINUTE, roster=a_roster(gone=(BOB,)))
    assert [note.note for note in notes(again)] == [Skipped((BOB,))]


def test_who_left_the_group_that_is_asked_early_is_named_with_the_others() -> None:
    """All in one note, which comes before the call to those who are left."""
    roster = a_roster(gone=(ALICE, BOB, CAROL), members=(ALICE, BOB), finance=(CAROL, DAN))
    ruling = tick(planned(), NOON + MINUTE, roster=roster)
    assert [note.note for note in notes(ruling)] == [
        Skipped((ALICE, BOB, CAROL)),
        Escalated(FINANCE, early=True),
    ]
    assert ruling.effects.count(ShowCard()) == 1


def test_what_is_over_musters_nobody() -> None:
    """A decided request needs no approvers."""
    done = approve(planned()).case
    assert tick(done, NOON + HOUR, roster=a_roster(members=())).effects == ()


def test_those_whose_approval_an_edit_voids_are_told() -> None:
    """Alice approved 750; Bob made it 500: she is named. Who had not approved, or edits themself, is not."""
    half = approve(planned(quorum=2), ALICE).case
    ruling = edit(half, BOB, amount=500)
    assert [note.note for note in notes(ruling)] == [Voided(BOB, (ALICE,))]
    assert ShowCard() in ruling.effects
    own = edit(ruling.case, BOB, amount=400)
    assert notes(own) == []
    third = edit(own.case, CAROL, amount=300)
    assert [note.note for note in notes(third)] == [Voided(CAROL, (BOB,))]
    assert notes(third)[0].key != notes(ruling)[0].key


def test_an_edit_with_nothing_to_void_says_nothing() -> None:
    """Nor does one that ends it."""
    assert notes(edit(planned(quorum=2), BOB, amount=500)) == []
    assert notes(edit(planned(), BOB, amount=500)) == []


def test_plans_hold_under_every_gate_that_waits() -> None:
    """Reminders and escalations are the plan's, whatever the gate."""
    for gate in (Gate.HARD, Gate.MANUAL, Gate.AUDIT, Gate.QUESTION):
        ruling = tick(planned(gate=gate), NOON + HOUR)
        assert [note.key for note in notes(ruling)] == ["remind:1", "escalate:2"]

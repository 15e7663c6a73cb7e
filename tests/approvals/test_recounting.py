"""Whose approvals count is always a matter of today: what is said when that changes, and how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from approvals.effects import AskOperators, Escalated, PostNote, Recounted, ShowCard, Skipped, TellUnreached
from approvals.events import HandedOver
from approvals.machine import Ruling, decide
from approvals.model import Case, Step
from approvals.quorum import tally
from approvals.roster import Roster
from approvals.words import Instant, Status, StepKind
from tests.approvals.doing import approve, edit, notes, reject, tick
from tests.harness.cases import ALICE, BOB, CAROL, DAN, DIRECTORS, FINANCE, NOON, a_roster, an_open_case

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ESCALATE = Step(HOUR, StepKind.ESCALATE, to=FINANCE)
EXPIRE = Step(4 * HOUR, StepKind.EXPIRE)
WITHOUT_ALICE = a_roster(members=(BOB, CAROL))
FOR_ALICE = replace(a_roster(), deputies={DAN.id: (ALICE.id,)})


def half() -> Case:
    """Alice approved, and one more is needed."""
    return approve(an_open_case(quorum=2, steps=(EXPIRE,)), ALICE).case


def recounts(ruling: Ruling) -> list[Recounted]:
    """What it says of approvals."""
    return [note.note for note in notes(ruling) if isinstance(note.note, Recounted)]


def test_an_approval_that_counts_no_more_is_named_once() -> None:
    """Alice leaves the group: said once, and shown; the card forgets nothing when it looks again."""
    gone = tick(half(), NOON + 6 * MINUTE, roster=WITHOUT_ALICE)
    assert recounts(gone) == [Recounted((ALICE,))]
    assert ShowCard() in gone.effects
    again = tick(gone.case, NOON + 7 * MINUTE, roster=WITHOUT_ALICE)
    assert (again.case is gone.case, again.effects) == (True, ())


def test_an_approval_that_counts_again_is_named_too() -> None:
    """Each change once, under a key of its own."""
    gone = tick(half(), NOON + 6 * MINUTE, roster=WITHOUT_ALICE)
    back = tick(gone.case, NOON + 7 * MINUTE, roster=a_roster())
    assert recounts(back) == [Recounted((), (ALICE,))]
    once_more = tick(back.case, NOON + 8 * MINUTE, roster=WITHOUT_ALICE)
    assert recounts(once_more) == [Recounted((ALICE,))]
    assert len({note.key for ruling in (gone, back, once_more) for note in notes(ruling)}) == 3


def test_a_deputys_approval_ends_with_the_absence() -> None:
    """Dan approved for Alice; she is back."""
    case = approve(an_open_case(quorum=2, steps=(EXPIRE,)), DAN, roster=FOR_ALICE).case
    assert recounts(tick(case, NOON + 6 * MINUTE, roster=FOR_ALICE)) == []
    assert recounts(tick(case, NOON + 6 * MINUTE, roster=a_roster())) == [Recounted((DAN,))]


def test_whoever_votes_next_is_not_taken_for_the_first_in_silence() -> None:
    """Bob's approval comes before anybody looked who is there: the same ruling says that hers is void."""
    ruling = approve(half(), BOB, roster=WITHOUT_ALICE)
    assert tally(ruling.case, WITHOUT_ALICE).given == 1
    assert recounts(ruling) == [Recounted((ALICE,))]
    assert recounts(tick(ruling.case, NOON + 9 * MINUTE, roster=WITHOUT_ALICE)) == []


def test_whoever_approves_anew_is_not_said_to_count_again() -> None:
    """She is back, and clicks at once: her click is shown as any other; the next look has nothing to add."""
    case = tick(half(), NOON + 6 * MINUTE, roster=WITHOUT_ALICE).case
    dan = replace(WITHOUT_ALICE, deputies={ALICE.id: (BOB.id,)})
    again = approve(case, ALICE, at=NOON + 7 * MINUTE, roster=dan)
    assert (again.answer.refused, recounts(again)) == (None, [])
    assert recounts(tick(again.case, NOON + 8 * MINUTE, roster=dan)) == []


def test_what_ends_says_nothing_of_approvals() -> None:
    """A rejection ends it; so does the approval that was missing, of whoever left meanwhile."""
    assert recounts(reject(half(), BOB, roster=WITHOUT_ALICE)) == []
    both = approve(half(), BOB)
    assert both.case.status is Status.APPROVED
    assert tick(both.case, NOON + 9 * MINUTE, roster=WITHOUT_ALICE).effects == ()


def test_an_edit_voids_what_counted_no_more_as_well() -> None:
    """Of the payload as it was before, nothing is said any more, whoever comes back."""
    case = tick(half(), NOON + 6 * MINUTE, roster=WITHOUT_ALICE).case
    edited = edit(case, BOB, amount=400)
    assert edited.case.lapsed == ()
    assert recounts(tick(edited.case, NOON + 8 * MINUTE, roster=a_roster())) == []


def test_enough_that_count_again_wait_for_a_click() -> None:
    """No clock approves: whoever clicks next does, also one who approved already."""
    bob = approve(tick(half(), NOON + 6 * MINUTE, roster=WITHOUT_ALICE).case, BOB, roster=WITHOUT_ALICE).case
    back = tick(bob, NOON + 7 * MINUTE, roster=a_roster()).case
    assert (tally(back, a_roster()).reached, back.status) == (True, Status.PENDING)
    assert approve(back, BOB, at=NOON + 8 * MINUTE).case.status is Status.APPROVED


def told(ruling: Ruling) -> list[TellUnreached]:
    """Of which groups operators hear that nobody is in them."""
    return [effect for effect in ruling.effects if isinstance(effect, TellUnreached)]


def calls(ruling: Ruling) -> list[tuple[str, Escalated]]:
    """Who is asked as well."""
    return [(note.key, note.note) for note in notes(ruling) if isinstance(note.note, Escalated)]


@pytest.mark.parametrize(
    "nobody",
    [
        a_roster(),
        a_roster(finance=(DAN,), gone=(DAN,)),
        replace(a_roster(), groups={DIRECTORS: (ALICE.id,)}),
    ],
)
def test_an_escalation_that_reaches_nobody_is_told_to_operators(nobody: Roster) -> None:
    """An empty group, one whose people left, one that the policy has no longer; once."""
    ruling = tick(an_open_case(steps=(ESCALATE, EXPIRE)), NOON + HOUR, roster=nobody)
    assert told(ruling) == [TellUnreached(FINANCE)]
    assert ruling.case.unreached == (FINANCE,)
    assert calls(ruling) == [("escalate:0", Escalated(FINANCE, there=False))]
    again = tick(ruling.case, NOON + 2 * HOUR, roster=nobody)
    assert (again.case is ruling.case, again.effects) == (True, ())


def test_whoever_joins_it_is_called_then() -> None:
    """Once: as by the escalation itself, which called nobody."""
    empty = tick(an_open_case(steps=(ESCALATE, EXPIRE)), NOON + HOUR, roster=a_roster()).case
    joined = tick(empty, NOON + 2 * HOUR, roster=a_roster(finance=(DAN,)))
    assert calls(joined) == [("reached:finance", Escalated(FINANCE))]
    assert joined.case.unreached == ()
    left = tick(joined.case, NOON + 2 * HOUR + MINUTE, roster=a_roster())
    assert (told(left), calls(tick(left.case, NOON + 3 * HOUR, roster=a_roster(finance=(DAN,))))) == ([], [])


def test_a_group_that_somebody_is_in_is_called_once() -> None:
    """Nobody is told, and nothing is kept."""
    ruling = tick(an_open_case(steps=(ESCALATE, EXPIRE)), NOON + HOUR, roster=a_roster(finance=(DAN,)))
    assert (told(ruling), ruling.case.unreached, len(calls(ruling))) == ([], (), 1)


def test_a_click_that_carries_out_the_late_step_tells_of_it_too() -> None:
    """The clock is late: the vote that comes before it asks the group, and knows who is in it."""
    case = an_open_case(quorum=2, steps=(ESCALATE, EXPIRE))
    assert told(approve(case, BOB, at=NOON + HOUR + MINUTE)) == [TellUnreached(FINANCE)]


def test_whoever_hands_it_to_an_empty_group_leaves_it_to_nobody() -> None:
    """Said as of any escalation."""
    case = an_open_case(steps=(ESCALATE, EXPIRE))
    event = HandedOver(BOB, a_roster(), to_group=FINANCE)
    assert told(decide(case, event, NOON + MINUTE)) == [TellUnreached(FINANCE)]


def test_operators_who_hear_that_too_few_are_left_hear_it_of_no_group_besides() -> None:
    """One message: it names everybody who is asked."""
    ruling = tick(an_open_case(steps=(ESCALATE, EXPIRE)), NOON + MINUTE, roster=a_roster(members=()))
    assert [
        type(effect) for effect in ruling.effects if isinstance(effect, AskOperators | TellUnreached)
    ] == [AskOperators]
    joined = tick(ruling.case, NOON + 2 * MINUTE, roster=a_roster(members=(), finance=(DAN,)))
    assert any(isinstance(effect, PostNote) for effect in joined.effects)


def test_nobody_is_told_of_what_has_ended() -> None:
    """After a day's downtime it has expired: there is nothing left to be asked."""
    ruling = tick(an_open_case(steps=(ESCALATE, EXPIRE)), NOON + timedelta(days=1), roster=a_roster())
    assert (ruling.case.status, told(ruling)) == (Status.TIMED_OUT, [])


#: Slack never told who is in the group, or did so too long ago.
UNHEARD = pytest.mark.parametrize("as_of", [None, NOON - timedelta(hours=25)])


@UNHEARD
def test_no_approval_ends_while_slack_has_not_told_who_is_in_a_group(as_of: Instant | None) -> None:
    """Neither the clock nor the next vote takes anybody for gone; who did go is named once it is known."""
    case = approve(an_open_case(quorum=3, steps=(EXPIRE,)), ALICE).case
    unheard = replace(a_roster(members=(), finance=(DAN,)), as_of={DIRECTORS: as_of})
    waiting = tick(case, NOON + 6 * MINUTE, roster=unheard)
    assert (recounts(waiting), waiting.case.lapsed) == ([], ())
    both = replace(waiting.case, escalated=(FINANCE,))
    voted = approve(both, DAN, at=NOON + 7 * MINUTE, roster=unheard)
    assert (voted.answer.refused, recounts(voted)) == (None, [])
    heard = a_roster(members=(BOB, CAROL), finance=(DAN,))
    assert recounts(tick(voted.case, NOON + 8 * MINUTE, roster=heard)) == [Recounted((ALICE,))]


@UNHEARD
def test_whoever_was_said_to_count_no_more_is_not_said_so_again(as_of: Instant | None) -> None:
    """Slack is silent for a while after that: what was said stands."""
    gone = tick(half(), NOON + 6 * MINUTE, roster=WITHOUT_ALICE).case
    silent = tick(
        gone, NOON + 7 * MINUTE, roster=replace(a_roster(members=()), as_of={DIRECTORS: as_of})
    ).case
    assert silent.lapsed == (ALICE.id,)
    assert recounts(tick(silent, NOON + 8 * MINUTE, roster=WITHOUT_ALICE)) == []


@UNHEARD
def test_who_has_left_is_named_once_though_slack_was_silent(as_of: Instant | None) -> None:
    """Bob left: said before the silence, and not after it."""
    left = a_roster(gone=(BOB,))
    case = tick(half(), NOON + 6 * MINUTE, roster=left).case
    silent = replace(a_roster(members=(), gone=(BOB,)), as_of={DIRECTORS: as_of})
    again = tick(tick(case, NOON + 7 * MINUTE, roster=silent).case, NOON + 8 * MINUTE, roster=left)
    assert [note.note for note in notes(again) if isinstance(note.note, Skipped)] == []


@UNHEARD
def test_a_group_that_slack_has_not_told_of_is_not_taken_for_an_empty_one(as_of: Instant | None) -> None:
    """Nobody is told; once it is known, who is in it is called, or operators hear that nobody is; once."""
    unheard = replace(a_roster(), as_of={FINANCE: as_of})
    ruling = tick(an_open_case(steps=(ESCALATE, EXPIRE)), NOON + HOUR, roster=unheard)
    assert (told(ruling), ruling.case.unreached, ruling.case.unheard) == ([], (), (FINANCE,))
    assert calls(ruling) == [("escalate:0", Escalated(FINANCE, there=None))]
    assert tick(ruling.case, NOON + 2 * HOUR, roster=unheard).effects == ()
    there = tick(ruling.case, NOON + 2 * HOUR, roster=a_roster(finance=(DAN,)))
    assert (told(there), calls(there)) == ([], [("reached:finance", Escalated(FINANCE))])
    assert (there.case.unreached, there.case.unheard) == ((), ())
    empty = tick(ruling.case, NOON + 2 * HOUR, roster=a_roster())
    assert (told(empty), calls(empty)) == ([TellUnreached(FINANCE)], [])
    assert tick(empty.case, NOON + 3 * HOUR, roster=a_roster()).effects == ()
    joined = tick(empty.case, NOON + 3 * HOUR, roster=a_roster(finance=(DAN,)))
    assert calls(joined) == [("reached:finance", Escalated(FINANCE))]

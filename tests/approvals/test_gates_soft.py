"""Gate `soft`: a window that begins with the card, where anybody asked may object, and silence approves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from approvals import escalation
from approvals.audit import FactKind
from approvals.effects import CallbackType, Escalated, OpenReview, Restarted, ShowCard
from approvals.errors import Broken, Reason
from approvals.events import Cancelled, Commented, Event, Mustered, Opened, Shown
from approvals.machine import decide, may_act
from approvals.model import Case, Step
from approvals.words import Gate, Risk, Status, StepKind, Via
from tests.approvals.doing import approve, calls, decision_of, edit, kinds, notes, reject, shown, tick
from tests.harness.cases import (
    ALICE,
    BOB,
    DAN,
    FINANCE,
    NOON,
    a_judgement,
    a_request,
    a_roster,
    an_open_case,
    opened,
)

WINDOW = timedelta(minutes=30)
#: the courier took two minutes to post the card
POSTED = NOON + timedelta(minutes=2)
END = POSTED + WINDOW
SECOND = timedelta(seconds=1)


def soft(*before: Step, review: bool = False, **fields: Any) -> Case:
    """A draft that goes ahead after half an hour; its card is not up yet."""
    steps = (*before, Step(WINDOW, StepKind.APPROVE, review=review))
    return an_open_case(gate=Gate.SOFT, risk=Risk.MEDIUM, steps=steps, **fields)


def test_the_window_begins_with_the_card() -> None:
    """However long the card takes: nothing is due and nothing approved before people could see it."""
    case = soft()
    assert (escalation.began_at(case), escalation.next_due(case)) == (None, None)
    assert tick(case, NOON + timedelta(days=3)).case is case
    up = decide(case, Shown(), POSTED)
    assert kinds(up) == [FactKind.SHOWN]
    assert escalation.next_due(up.case) == END
    assert escalation.ends_at(up.case) == END


def test_a_card_that_is_drawn_again_does_not_move_the_window() -> None:
    """Only the first card begins it; under other gates a card begins nothing."""
    up = shown(soft(), POSTED)
    assert decide(up, Shown(), POSTED + SECOND).case is up
    held = an_open_case()
    assert decide(held, Shown(), POSTED).case is held


def test_what_heads_the_first_card_is_the_window_it_begins() -> None:
    """`as_if_shown` gives the end that the card will have; the case itself has not begun."""
    case = soft()
    assert escalation.ends_at(escalation.as_if_shown(case, POSTED)) == END
    assert escalation.as_if_shown(shown(case, POSTED), END) == shown(case, POSTED)


def test_silence_approves_at_its_time() -> None:
    """Not a second earlier; via `timeout`, by nobody; the agent is called once and the card is made calm."""
    up = shown(soft(), POSTED)
    assert tick(up, END - SECOND, heard_since=NOON).case is up
    assert not may_act(up, END - SECOND)
    ruling = tick(up, END, heard_since=NOON)
    decision = decision_of(ruling)
    assert (decision.verdict, decision.via, decision.by) == (Status.APPROVED, Via.TIMEOUT, ())
    assert ruling.facts[-1].by == "clock"
    assert calls(ruling.effects) == [CallbackType.DECIDED]
    assert ShowCard() in ruling.effects
    assert may_act(ruling.case, END)
    assert tick(ruling.case, END + timedelta(days=9)).case is ruling.case


@pytest.mark.parametrize("late", [False, True])
def test_inside_the_window_anybody_asked_decides(late: bool) -> None:
    """Approve, edit and reject end it; one at or after the end counts too, until the clock comes by."""
    up = shown(soft(), POSTED)
    at = END + timedelta(seconds=20) if late else POSTED + SECOND
    assert decision_of(approve(up, BOB, at=at)).via is Via.HUMAN
    assert edit(up, amount=500, at=at).case.status is Status.MODIFIED
    stopped = reject(up, BOB, "wrong site", at=at)
    decision = decision_of(stopped)
    assert (decision.verdict, decision.by, decision.reason) == (Status.REJECTED, (BOB,), "wrong site")
    assert decision.decided_at == at
    assert approve(up, DAN, at=at).answer.refused is Reason.NOT_ASKED


def test_a_vote_before_the_card_is_known_to_be_up_counts() -> None:
    """Somebody may click between Slack's taking the card and our writing that down."""
    assert reject(soft(), BOB).case.status is Status.REJECTED
    assert approve(soft(), BOB).case.status is Status.APPROVED


@pytest.mark.parametrize(
    "event", [Commented(ALICE, "wait!"), Shown(), Cancelled("no longer needed"), Mustered(a_roster())]
)
def test_only_a_tick_lets_silence_approve(event: Event) -> None:
    """Whatever else happens after the end is somebody who is heard: it is never an approval by silence."""
    ruling = decide(shown(soft(), POSTED), event, END + SECOND)
    assert ruling.case.status is not Status.APPROVED
    assert FactKind.RESTARTED not in kinds(ruling)


def test_whoever_comes_or_goes_is_noticed_and_lets_no_silence_speak() -> None:
    """Nobody is left: finance is asked at once; the window, also one that has ended, stays as it is."""
    up = shown(soft(Step(timedelta(minutes=20), StepKind.ESCALATE, to=FINANCE)), POSTED)
    nobody = a_roster(members=(), finance=(DAN,))
    within = decide(up, Mustered(nobody), POSTED + SECOND)
    assert [note.note for note in notes(within)] == [Escalated(FINANCE, early=True)]
    after = decide(up, Mustered(nobody), END + SECOND)
    assert after.case.status is Status.PENDING
    assert after.case.escalated == (FINANCE,)
    assert after.case.began_at == POSTED


def restarted(case: Case, at: datetime, heard_since: datetime | None, *first: FactKind) -> Case:
    """The window waits for the card that says until when; checked. `first` is what fired before it."""
    ruling = tick(case, at, heard_since=heard_since)
    assert ruling.case.status is Status.PENDING
    assert kinds(ruling) == [*first, FactKind.RESTARTED]
    assert [note.note for note in notes(ruling)] == [Restarted()]
    assert ShowCard() in ruling.effects
    assert calls(ruling.effects) == []
    assert ruling.case.began_at is None
    assert escalation.next_due(ruling.case) is None
    assert escalation.ends_at(escalation.as_if_shown(ruling.case, at)) == at + WINDOW
    return ruling.case


@pytest.mark.parametrize(
    ("up_again", "heard_since"),
    [
        # A new process that began to serve a second after the end, or at the same moment.
        (END + SECOND, END + SECOND),
        (END, END),
        # The same process, whose clock was away (a laptop asleep, a database out of reach).
        (END + timedelta(minutes=1, seconds=1), NOON),
        (END + timedelta(days=2), None),
    ],
)
def test_a_window_that_ended_while_nobody_was_heard_starts_again(
    up_again: datetime, heard_since: datetime | None
) -> None:
    """It begins with the card that says so; then silence approves it exactly once, at the new time."""
    waits = restarted(shown(soft(), POSTED), up_again, heard_since)
    assert tick(waits, up_again + timedelta(days=3), heard_since=heard_since).case is waits
    drawn = up_again + timedelta(minutes=7)
    told = decide(waits, Shown(), drawn)
    assert kinds(told) == [FactKind.SHOWN]
    again = told.case
    assert again.began_at == drawn
    assert tick(again, drawn + WINDOW - SECOND, heard_since=heard_since).case is again
    done = tick(again, drawn + WINDOW, heard_since=heard_since)
    assert decision_of(done).via is Via.TIMEOUT
    assert [kind for kind in kinds(done) if kind is FactKind.DECIDED] == [FactKind.DECIDED]
    assert tick(done.case, drawn + 2 * WINDOW, heard_since=heard_since).facts == ()


def test_the_window_starts_again_as_often_as_it_must() -> None:
    """Down twice: two notes under two keys, so that neither is taken for the other's repetition."""
    once = tick(shown(soft(), POSTED), END + timedelta(hours=1))
    twice = tick(shown(once.case, END + timedelta(hours=1)), END + timedelta(hours=9))
    assert [note.note for note in notes(twice)] == [Restarted()]
    assert {note.key for note in notes(once)}.isdisjoint(note.key for note in notes(twice))
    stopped = reject(twice.case, at=END + timedelta(hours=9, minutes=1))
    assert stopped.case.status is Status.REJECTED


def test_while_it_waits_for_its_card_anew_people_still_decide() -> None:
    """The old card is up, and its buttons work."""
    waits = tick(shown(soft(), POSTED), END + timedelta(hours=1)).case
    at = END + timedelta(hours=2)
    assert reject(waits, BOB, at=at).case.status is Status.REJECTED
    assert decision_of(approve(waits, BOB, at=at)).via is Via.HUMAN


def test_a_window_that_ended_within_what_was_heard_is_not_started_again() -> None:
    """A sweep that is some seconds late, or a process that began a moment before the end, is no downtime."""
    up = shown(soft(), POSTED)
    assert tick(up, END + timedelta(minutes=1), heard_since=NOON).case.status is Status.APPROVED
    assert tick(up, END, heard_since=END - timedelta(microseconds=1)).case.status is Status.APPROVED


def test_reminders_before_the_end_count_from_the_card_and_come_once() -> None:
    """A restart of the window does not remind again: it says so itself."""
    case = shown(soft(Step(timedelta(minutes=10), StepKind.REMIND)), POSTED)
    assert tick(case, NOON + timedelta(minutes=11)).case is case
    reminded = tick(case, POSTED + timedelta(minutes=10))
    assert [note.key for note in notes(reminded)] == ["remind:0"]
    waits = restarted(reminded.case, END + timedelta(hours=1), None)
    again = shown(waits, END + timedelta(hours=1))
    assert tick(again, END + timedelta(hours=1, minutes=11)).case is again


def test_a_reminder_that_was_missed_with_the_end_is_not_sent_besides() -> None:
    """Both came due while the bot was away: the note that it starts again calls the same people, once."""
    case = shown(soft(Step(timedelta(minutes=10), StepKind.REMIND)), POSTED)
    restarted(case, END + timedelta(hours=1), None, FactKind.REMINDED)


@pytest.mark.parametrize("review", [True, False])
def test_a_review_is_opened_of_what_silence_let_through(review: bool) -> None:
    """`review: true` asks for a review afterwards; never where a person looked."""
    up = shown(soft(review=review), POSTED)
    assert (OpenReview() in tick(up, END).effects) is review
    assert OpenReview() not in approve(up).effects
    assert OpenReview() not in reject(up).effects
    assert OpenReview() not in tick(up, END + timedelta(hours=1)).effects


def test_a_review_names_what_it_looks_at_and_who_opened_it() -> None:
    """The log of a linked review says of which request, and that the desk opened it, not the agent."""
    linked = opened(a_request(review_of="req_00"), gate=Gate.AUDIT)
    assert (linked.facts[0].body["review_of"], linked.facts[0].by) == ("req_00", "desk")
    own = opened()
    assert "review_of" not in own.facts[0].body
    assert own.facts[0].by == "agent:billing-agent"


def test_silence_never_approves_what_breaks_the_form() -> None:
    """A judgement of `soft` on such a payload is a bug, and approves nothing."""
    form = {"type": "object", "properties": {"amount": {"maximum": 500}}}
    with pytest.raises(Broken):
        tick(shown(soft(form=form), POSTED), END)


def test_silence_approves_under_no_other_gate() -> None:
    """Even a plan that said so: what is held hard without an approving step ends as `timed_out`."""
    for gate in (Gate.HARD, Gate.MANUAL, Gate.AUDIT, Gate.QUESTION):
        judgement = a_judgement(gate=gate)
        case = decide(None, Opened(a_request(), judgement), NOON).case
        assert tick(case, NOON + timedelta(days=9)).case.status is Status.TIMED_OUT

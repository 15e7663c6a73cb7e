"""What can still happen to a request whose content was deleted after its time."""

from __future__ import annotations

from datetime import timedelta

import pytest

from approvals.effects import CameOfIt, PostNote, ShowCard
from approvals.errors import Refused
from approvals.events import Claimed, Reported
from approvals.machine import decide, may_act
from approvals.model import Case
from approvals.words import Gate, Kind, OutcomeStatus
from tests.approvals.doing import approve, tick
from tests.harness.cases import NOON, a_request, an_open_case
from tests.harness.emptied import emptied

GONE = NOON + timedelta(days=90)
DONE = Reported(OutcomeStatus.SUCCEEDED, "Paid, tx 5521", "https://bank.example.com/tx/5521")


def approved(**fields: object) -> Case:
    """A refund that Alice approved, without its content."""
    return emptied(approve(an_open_case(a_request(**fields))).case, GONE)


def test_it_is_headed_by_its_action() -> None:
    """Its title may have held values of the payload."""
    case = approved()
    assert (case.judgement.title, case.payload, case.gone_at) == ("Issue refund", {}, GONE)


def test_nobody_acts_on_arguments_that_are_deleted_and_a_claim_says_why() -> None:
    """Not that it ran out: asked again, it would run out no later. Without arguments none are missing."""
    case = approved()
    assert not may_act(case, GONE)
    with pytest.raises(Refused) as refused:
        decide(case, Claimed(), GONE)
    assert refused.value.detail == "deleted"
    assert may_act(approved(payload={}), GONE)


def test_an_agents_best_guess_holds_when_the_question_is_deleted() -> None:
    """The decision has it: to be told both to go on and not to would help nobody."""
    question = an_open_case(
        a_request(kind=Kind.QUESTION, default_answer="ACME GmbH, Berlin"), gate=Gate.QUESTION
    )
    case = emptied(tick(question, NOON + timedelta(hours=5)).case, GONE)
    assert case.decision is not None
    assert (case.decision.answer, may_act(case, GONE)) == ("ACME GmbH, Berlin", True)


def test_what_came_of_it_is_said_in_the_thread_as_nothing_else_keeps_the_words() -> None:
    """Each report anew; one without words only on the card, as ever where the content is there."""
    first = decide(approved(), DONE, GONE)
    [card, note] = first.effects
    assert (card, isinstance(note, PostNote)) == (ShowCard(), True)
    assert isinstance(note, PostNote)
    assert note.note == CameOfIt(DONE.status, DONE.detail, DONE.url)
    again = decide(first.case, DONE, GONE).effects[1]
    assert isinstance(again, PostNote)
    assert again.key != note.key
    assert decide(approved(), Reported(OutcomeStatus.FAILED, None, None), GONE).effects == (ShowCard(),)
    kept = approve(an_open_case()).case
    assert decide(kept, DONE, GONE).effects == (ShowCard(),)

"""Gate `question`: the first answer ends it; in silence the agent's own best guess stands."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from approvals.audit import FactKind
from approvals.canonical import digest_of, salted
from approvals.effects import CallbackType, ShowCard
from approvals.errors import Reason, Refused
from approvals.events import Claimed, Reported
from approvals.machine import decide, may_act
from approvals.model import Case
from approvals.words import Gate, Kind, OutcomeStatus, Status, Via
from tests.approvals.doing import LATER, answer, approve, calls, decision_of, edit, kinds, reject, tick
from tests.harness.cases import ALICE, BOB, DAN, NOON, a_request, an_open_case

OPTIONS = ("ACME GmbH", "ACME Ltd", "Neither ")
END = NOON + timedelta(hours=4)


def question(**fields: Any) -> Case:
    """Which customer?"""
    return an_open_case(a_request(kind=Kind.QUESTION, **{"options": OPTIONS, **fields}), gate=Gate.QUESTION)


@pytest.mark.parametrize("chosen", OPTIONS)
def test_the_first_answer_ends_it(chosen: str) -> None:
    """By whom and which; the agent is called once and may go on, although there is nothing to claim."""
    case = question()
    assert not may_act(case, LATER)
    ruling = answer(case, chosen, BOB)
    decision = decision_of(ruling)
    assert (decision.verdict, decision.via, decision.by) == (Status.ANSWERED, Via.HUMAN, (BOB,))
    assert decision.answer == chosen
    assert kinds(ruling) == [FactKind.ANSWERED, FactKind.DECIDED]
    assert calls(ruling.effects) == [CallbackType.DECIDED]
    assert ShowCard() in ruling.effects
    assert may_act(ruling.case, LATER + timedelta(days=99))
    assert answer(ruling.case, OPTIONS[0]).answer.refused is Reason.LATE
    with pytest.raises(Refused):
        decide(ruling.case, Claimed(), LATER)
    assert decide(ruling.case, Reported(OutcomeStatus.SUCCEEDED), LATER).case.outcome


@pytest.mark.parametrize("words", ["", "acme gmbh", "ACME", " ACME GmbH", "Neither", "ACME GmbH\n"])
def test_what_is_none_of_the_options_is_no_answer(words: str) -> None:
    """To the letter: the agent compares with what it offered."""
    ruling = answer(question(), words)
    assert ruling.answer.refused is Reason.NO_ANSWER
    assert kinds(ruling) == [FactKind.REFUSED]
    assert ruling.case.status is Status.PENDING


def test_without_options_any_words_are_an_answer() -> None:
    """Blanks around them are not part of it, and blanks alone are none."""
    free = question(options=())
    assert decision_of(answer(free, "  the one in Berlin\n")).answer == "the one in Berlin"
    assert answer(free, " \n ").answer.refused is Reason.NO_ANSWER


def test_the_answer_is_not_in_the_log() -> None:
    """As with payloads, the log holds a salted digest."""
    assert "Berlin" not in str(answer(question(options=()), "Berlin").facts)


def test_the_decision_in_the_log_holds_which_answer_it_was() -> None:
    """A salted digest: whoever has the answer can check it. Also of the best guess; nothing where none is."""
    salt = a_request().salt
    free = answer(question(options=()), " the one in Berlin ").facts[-1]
    assert free.kind is FactKind.DECIDED
    assert free.body["answer"] == salted(salt, digest_of("the one in Berlin"))
    for chosen in OPTIONS:
        assert answer(question(), chosen).facts[-1].body["answer"] == salted(salt, digest_of(chosen))
    guessed = tick(question(default_answer=OPTIONS[1]), END).facts[-1]
    assert guessed.body["answer"] == salted(salt, digest_of(OPTIONS[1]))
    for fact in (tick(question(), END).facts[-1], approve(an_open_case()).facts[-1]):
        assert fact.kind is FactKind.DECIDED
        assert "answer" not in fact.body


def test_who_may_answer_is_who_is_asked() -> None:
    """Neither Dan, nor the person it is asked for, nor anybody who saw something else."""
    case = question(on_behalf_of="U0ALICE")
    assert answer(case, OPTIONS[0], DAN).answer.refused is Reason.NOT_ASKED
    assert answer(case, OPTIONS[0], ALICE).answer.refused is Reason.IS_REQUESTER
    assert answer(case, OPTIONS[0], BOB, seen=question().digest).answer.refused is Reason.STALE
    assert answer(case, OPTIONS[0], BOB).case.status is Status.ANSWERED


def test_a_question_takes_no_vote_and_an_approval_no_answer() -> None:
    """Each is refused, recorded and answered, whichever way it is tried."""
    case = question()
    for ruling in (approve(case), reject(case), edit(case, amount=1), answer(an_open_case(), "yes")):
        assert ruling.answer.refused is Reason.NOT_THIS_WAY
        assert kinds(ruling) == [FactKind.REFUSED]
        assert ruling.case.status is Status.PENDING
    review = an_open_case(a_request(kind=Kind.REVIEW), gate=Gate.AUDIT)
    assert answer(review, "Looks right").answer.refused is Reason.NOT_THIS_WAY


def test_in_silence_the_best_guess_stands() -> None:
    """It is `timed_out`, by nobody, with the default answer, and the agent may go on with it."""
    case = question(default_answer=OPTIONS[1])
    assert not may_act(case, END)
    ruling = tick(case, END)
    decision = decision_of(ruling)
    assert (decision.verdict, decision.via, decision.by) == (Status.TIMED_OUT, Via.TIMEOUT, ())
    assert decision.answer == OPTIONS[1]
    assert may_act(ruling.case, END)
    assert decide(ruling.case, Reported(OutcomeStatus.SUCCEEDED), END).case.outcome
    assert answer(ruling.case, OPTIONS[0], at=END).answer.refused is Reason.LATE


def test_in_silence_without_a_guess_the_agent_must_not_act() -> None:
    """Nobody answered, and the agent did not say what it would do then."""
    ruling = tick(question(), END)
    assert decision_of(ruling).answer is None
    assert not may_act(ruling.case, END)
    with pytest.raises(Refused):
        decide(ruling.case, Reported(OutcomeStatus.SUCCEEDED), END)


def test_an_answer_after_the_end_is_late_even_before_the_clock_came_by() -> None:
    """What the card said would happen in silence has happened."""
    ruling = answer(question(default_answer=OPTIONS[1]), OPTIONS[0], at=END)
    assert ruling.answer.refused is Reason.LATE
    assert decision_of(ruling).answer == OPTIONS[1]

"""What people and agents are told of a request whose content was deleted after its time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from approvals.effects import CameOfIt
from approvals.events import Reported
from approvals.model import Case
from approvals.words import Gate, OutcomeStatus
from blocks import limits
from blocks.card import CardView, card
from blocks.everything import everything_modal
from blocks.for_agents import message_for_agent
from blocks.standing import title_of
from blocks.thread_notes import note_of
from tests.blocks.gate_states import GATE_STATES, after
from tests.blocks.states import ROSTER, STATES, refund
from tests.harness.cases import NOON, a_request, an_open_case
from tests.harness.emptied import emptied
from tests.harness.reading import read_message, read_view

GONE = NOON + timedelta(days=90)
NOTE = "*🗑️ Its content was deleted* 18 Feb 2027, 12:00 UTC, as `keep` in the policy says"


def state(name: str) -> Case:
    """The case of a card's state, without its content."""
    return emptied(STATES[name]().case, GONE)


def shown(case: Case, previous: Case | None = None) -> str:
    """Its card, as it is read."""
    message = card(CardView(case, ROSTER, previous=previous))
    assert limits.problems_of_message(message.as_post()) == []
    return read_message(message.as_post())


@pytest.mark.parametrize("name", ["approved", "approved_with_changes", "rejected", "timed_out", "withdrawn"])
def test_a_card_says_that_its_content_is_deleted(name: str) -> None:
    """Since when and why, in the place of arguments that would look as if there had been none."""
    told = shown(state(name))
    assert "# Issue refund\n" in told
    assert NOTE in told
    assert "No arguments" not in told
    assert "gave no reason" not in told
    assert "ACME" not in told


def test_a_card_says_how_it_ended_and_what_came_of_it() -> None:
    """What stays: the verdict, who gave it, their reasons, that it is done."""
    told = shown(
        emptied(after(STATES["approved"]().case, Reported(OutcomeStatus.SUCCEEDED, "tx"), minutes=9), GONE)
    )
    assert "Done: Issue refund. Approved by Alice and Bob." in told
    assert "Receipt is in the ticket." in told
    assert "🏁 Done" in told


def test_a_rules_title_is_not_made_anew_from_nothing() -> None:
    """A template that says something without its values would say what is not so."""
    case = state("audit_corrected")
    told = "Remove {{ payload.what if payload.what is defined else 'everything' }}"
    case = replace(case, judgement=replace(case.judgement, template=told))
    assert title_of(case, 100) == case.judgement.title
    assert "everything" not in case.judgement.title
    assert "as asked" not in title_of(replace(case, judgement=replace(case.judgement, template=None)), 100)


def test_everything_shows_no_arguments_where_they_are_deleted() -> None:
    """Neither `{}` nor a JSON of it; the verdict and the reasons are there."""
    told = read_view(everything_modal(state("approved"), ()))
    assert NOTE in told
    assert "{}" not in told
    assert "Arguments as JSON" not in told
    assert "Approvals needed" in told


def test_what_is_asked_again_is_not_compared_with_nothing() -> None:
    """It would say that all of it is different now."""
    before = state("rejected")
    told = shown(refund(supersedes=before.id), previous=before)
    assert "It was rejected by Carol" in told
    assert "No receipt, no refund." in told
    assert "Its arguments were deleted 18 Feb 2027, 12:00 UTC, after their time" in told
    assert "Different now" not in told
    assert "(everything)" not in told
    assert "Another action now" not in told
    other = replace(before, request=replace(before.request, action="cancel_order"))
    assert "cancel_order → issue_refund" in shown(refund(supersedes=before.id), previous=other)


@pytest.mark.parametrize("name", ["approved", "approved_with_changes", "soft_went_ahead"])
def test_an_agent_is_not_sent_after_arguments_that_are_deleted(name: str) -> None:
    """Who decided, then that it is over and why: no payload is named that is not there."""
    told = message_for_agent(state(name))
    assert told.endswith(
        " Its arguments were deleted after their time, so do not act on it any more;"
        " ask again if it is still needed."
    )
    assert told.startswith(message_for_agent(STATES[name]().case).split(".", maxsplit=1)[0])
    assert "Go ahead" not in told


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: state("audit_corrected"), "What it should have been was deleted after its time"),
        (lambda: state("audit_looks_right"), "There is nothing to put right"),
        (lambda: state("rejected"), "Do not do it"),
        (lambda: state("question_answered"), "Go on with that answer"),
        (lambda: state("question_by_default"), "Go on with it"),
    ],
)
def test_an_agent_is_told_what_holds_without_the_arguments(make: Callable[[], Case], words: str) -> None:
    """A no stays a no, an answer an answer; decision.payload is not spoken of."""
    told = message_for_agent(make())
    assert words in told
    assert "decision.payload" not in told


def test_what_never_had_arguments_goes_ahead_as_it_was_approved() -> None:
    """Nothing that matters is missing."""
    case = an_open_case(a_request(payload={}), gate=Gate.AUTO)
    assert case.decision is not None
    assert message_for_agent(emptied(case, GONE)) == message_for_agent(case)


def test_the_thread_has_the_words_that_the_card_cannot_keep() -> None:
    """Which request, what the agent says, where; within Slack's limits, and with no markup of theirs."""
    note = CameOfIt(OutcomeStatus.FAILED, "<!here> *smtp* down " + "x" * 9_000, "https://example.com/1")
    message = note_of(state("approved"), note, ROSTER, "outcome:7", GONE)
    assert limits.problems_of_message(message.as_post()) == []
    told = read_message(message.as_post())
    assert "*❗ Failed*: Issue refund, says billing-agent" in told
    assert "https://example.com/1" in told
    assert f"What request {state('approved').id} was about is deleted" in told
    assert "<!here>" not in str(message.as_post())
    bare = note_of(state("approved"), CameOfIt(OutcomeStatus.SUCCEEDED, None, "nowhere"), ROSTER, "k", GONE)
    assert "*🏁 Done*" in read_message(bare.as_post())


@pytest.mark.parametrize("name", [name for name in GATE_STATES if STATES[name]().case.status.final])
def test_every_ended_card_stands_without_its_content(name: str) -> None:
    """Whatever its gate."""
    assert NOTE in shown(state(name))

"""What begins with no verb is told apart: a slip, a yes, a call for help, a sentence for the agent."""

from __future__ import annotations

import pytest

from approvals.model import Case
from approvals.spoken_otherwise import Meant, nearest, otherwise
from approvals.spoken_words import Verb
from approvals.words import Gate, Kind
from tests.harness.cases import a_request, an_open_case


def asked(kind: Kind = Kind.APPROVAL) -> Case:
    """A refund, a review of one, or a question."""
    gate = {Kind.APPROVAL: Gate.HARD, Kind.REVIEW: Gate.AUDIT, Kind.QUESTION: Gate.QUESTION}[kind]
    options = ("Yes", "ACME Ltd") if kind is Kind.QUESTION else ()
    return an_open_case(a_request(kind=kind, payload={"amount": 750}, options=options), gate=gate)


@pytest.mark.parametrize("said", ["", "help", "?", "HELP!", "`help`", "help me", "hi", "… ?"])
def test_a_call_for_help(said: str) -> None:
    """Or a name alone, or a question mark."""
    assert otherwise(asked(), said).meant is Meant.HELP


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("ok", "ok"),
        ("LGTM!", "LGTM!"),
        ("yes please", "yes"),
        ("+1", "+1"),
        (":+1::skin-tone-3:", ":+1::skin-tone-3:"),
        ("\U0001f44d\U0001f3fd", "\U0001f44d\U0001f3fd"),
        ("looks good", "looks good"),
    ],
)
def test_a_yes_is_told_how_to_approve(said: str, word: str) -> None:
    """By the word that counts under that card."""
    found = otherwise(asked(), said)
    assert (found.meant, found.word, found.instead) == (Meant.YES, word, "approve")
    assert otherwise(asked(Kind.REVIEW), said).instead == "looks right"


@pytest.mark.parametrize("said", ["no", "nope.", "👎", ":-1:", "no way"])
def test_a_no_is_told_how_to_reject(said: str) -> None:
    """Which is flagging, on a review."""
    found = otherwise(asked(), said)
    assert (found.meant, found.instead) == (Meant.NO, "reject")
    assert otherwise(asked(Kind.REVIEW), said).instead == "flag"


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("aprove", "approve"),
        ("approved, receipt is there", "approve"),
        ("please approve", "approve"),
        ("approve?", "approve"),
        ("approval granted by me", "approve"),
        ("rejct too much", "reject"),
        ("looks rigth", "approve"),
        ("amount=500", "edit amount=500"),
        ("please set amount = 500 first", "edit amount=500"),
    ],
)
def test_a_slip_is_told_what_was_nearly_said(said: str, instead: str) -> None:
    """In a few words, which were meant for the bot."""
    found = otherwise(asked(), said)
    assert (found.meant, found.instead) == (Meant.SLIP, instead)


def test_an_option_without_its_verb_is_an_answer_that_is_missing_one() -> None:
    """In any case; what is none of them is no answer yet."""
    question = asked(Kind.QUESTION)
    assert otherwise(question, "acme ltd").instead == "answer ACME Ltd"
    assert otherwise(question, "yes").instead == "answer Yes"
    assert otherwise(question, "no").instead == ""


@pytest.mark.parametrize("said", ["status", "show", "queue all", "lunch?", "don't approve", "<@U0BOB>"])
def test_a_word_or_two_are_no_sentence(said: str) -> None:
    """Nor a guess at what was meant."""
    found = otherwise(asked(), said)
    assert (found.meant, found.instead) == (Meant.UNKNOWN, "")


@pytest.mark.parametrize(
    "said",
    [
        "is the receipt there?",
        "receipt is in the ticket",
        "yes the receipt is there",
        "no receipt so far",
        "looks like fraud to me",
        "help us understand this",
        "x=5 in the logs",
        "領収書はありますか",
        "[file: receipt.pdf]",
    ],
)
def test_more_than_that_is_a_sentence_for_the_agent(said: str) -> None:
    """In scripts without blanks as well; and a file is one."""
    assert otherwise(asked(), said).meant is Meant.SENTENCE


@pytest.mark.parametrize(
    "said",
    [
        "Rejecting this would break prod, what do you think?",
        "approved by finance already?",
        "flags are wrong here I think",
        "approved, the receipt is there",
        "approved?!",
        "aprove [file: receipt.pdf]",
    ],
)
def test_a_sentence_or_a_question_that_begins_like_a_verb_is_for_the_agent(said: str) -> None:
    """More than four words, and whatever asks, are no slip by chance of the first word."""
    assert otherwise(asked(), said).meant is Meant.SENTENCE


def test_a_single_word_has_a_nearest_verb() -> None:
    """Or none."""
    assert (nearest("aprove!"), nearest("lunch")) == (Verb.APPROVE, None)

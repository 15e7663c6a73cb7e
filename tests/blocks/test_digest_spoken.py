"""What is answered to words under a digest, and said of escalations there: true, legal, and agreed on."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings

from approvals.effects import Escalated
from approvals.model import Case
from approvals.spoken_words import Verb
from approvals.words import STORM
from blocks import digest, digest_spoken, digest_words
from blocks.digest_board import BoardView
from blocks.limits import problems_of_message
from tests.blocks.boards import BOARD, board, refund, refunds, stormed
from tests.blocks.hostile import WORDS
from tests.harness.cases import DIRECTORS, FINANCE
from tests.harness.reading import mrkdwn

GOLDEN = Path(__file__).parent / "golden" / "digest_spoken.txt"
LINK = "https://acme.slack.com/archives/C1/p2"
TWELVE = refunds(12)
IDS = [case.id for case in TWELVE]


def _escalated(case: Case) -> Case:
    return replace(stormed(case), escalated=(FINANCE,))


def asking_both(*cases: Case) -> BoardView:
    """A storm's message for those who were asked first and those asked later."""
    return replace(board(list(cases), digest=STORM), ask=(DIRECTORS, FINANCE))


#: Finance is asked by an escalation here, and by its rule there.
MOVED = asking_both(*map(_escalated, refunds(3)))
ONE = asking_both(_escalated(refund(1)))
MIXED = asking_both(*map(_escalated, refunds(2)), stormed(refund(3)))
SENTENCES: Mapping[str, Callable[[], str]] = {
    "which of twelve": lambda: digest_spoken.which(TWELVE[:2], 12, IDS, Verb.APPROVE, ""),
    "no such id": lambda: digest_spoken.which(TWELVE[:2], 2, IDS, Verb.REJECT, "req_01ARZ3"),
    "which, nothing waits": lambda: digest_spoken.which((), 0, IDS, Verb.APPROVE, ""),
    "unknown": lambda: digest_spoken.unknown("aprove", Verb.APPROVE),
    "unknown, nothing like it": lambda: digest_spoken.unknown("banana", None),
    "not kept": lambda: digest_spoken.not_kept(12),
    "not kept, nothing waits": lambda: digest_spoken.not_kept(0),
    "to be typed": lambda: digest_spoken.to_be_typed(refund(1)),
    "escalated": lambda: digest_words.escalated(MOVED, Escalated(FINANCE, there=False), "k").text,
    "escalated, too few": lambda: (
        digest_words.escalated(MOVED, Escalated(FINANCE, early=True, there=False), "k").text
    ),
    "escalated, not heard of": lambda: (
        digest_words.escalated(MOVED, Escalated(FINANCE, there=None), "k").text
    ),
    "critical": lambda: digest_words.summons(BOARD, LINK, "k").text,
    "critical, not up": lambda: digest_words.summons(BOARD, None, "k").text,
    "storm of what was escalated": lambda: digest.message(MOVED).text,
    "storm of one that was escalated": lambda: digest.message(ONE).text,
    "storm of what came and was escalated": lambda: digest.message(MIXED).text,
}


def test_all_of_it_reads_as_it_was_agreed() -> None:
    """Every sentence, word for word, in one file that can be read aloud."""
    text = "\n\n".join(f"[{name}]\n{mrkdwn(made())}" for name, made in SENTENCES.items()) + "\n"
    if os.environ.get("HITL_REGENERATE"):
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_what_escalations_say_is_legal() -> None:
    """Each can be posted as it is, with hundreds on the message."""
    many = asking_both(*map(_escalated, refunds(500)))
    for message in (
        digest_words.escalated(many, Escalated(FINANCE), "k"),
        digest_words.summons(BOARD, LINK, "k"),
        digest.message(many),
    ):
        assert problems_of_message(message.as_post()) == []


@settings(max_examples=50)
@given(word=WORDS, title=WORDS)
def test_no_words_of_others_call_anybody(word: str, title: str) -> None:
    """What somebody typed, and an agent's title, stand there as text: no mention, no link."""
    case = replace(refund(1), request=replace(refund(1).request, title=title))
    for said in (
        digest_spoken.unknown(word, None),
        digest_spoken.which([case], 1, [case.id], Verb.APPROVE, word),
        digest_spoken.to_be_typed(case),
    ):
        assert "<" not in said

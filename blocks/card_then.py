"""What happens then: if it is approved, if it is not, if nobody answers, and how it is undone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from approvals import confirming
from approvals.escalation import ends_at
from approvals.model import Case
from approvals.words import Gate, Status
from blocks import rich
from blocks.arguments import hidden_in, masked
from blocks.rich import Block, Element
from blocks.standing import reviewed_afterwards, waits_for_roll_back
from blocks.text import short

#: Characters of what the agent says, each.
_SAID: Final = 400


def consequences(case: Case) -> list[Block]:
    """What follows from each answer, and from none. Calm once it is decided."""
    if case.status.final:
        acts = case.status in (Status.APPROVED, Status.MODIFIED) or waits_for_roll_back(case)
        return [rich.block(_undo(case))] if acts else []
    parts = {Gate.QUESTION: _of_question, Gate.AUDIT: _of_review}.get(case.judgement.gate, _of_approval)(case)
    return [rich.block(*parts)]


def _of_approval(case: Case) -> list[Element]:
    told = case.request.effects
    approve = told.approve or "The agent goes on with exactly these arguments."
    reject = told.reject or "The agent is told no, and why; it must not act."
    silence: list[Element] = []
    if case.judgement.gate is Gate.SOFT:
        review = "people review it afterwards" if reviewed_afterwards(case) else "nobody looks at it again"
        silence = [
            rich.titled(
                "If nobody answers", rich.text("It goes ahead "), _end(case), rich.text(f"; {review}.")
            )
        ]
    return [
        *_typing(case),
        rich.titled("If approved", rich.said(approve, _SAID)),
        rich.titled("If rejected", rich.said(reject, _SAID)),
        *silence,
        _undo(case),
    ]


def _of_review(case: Case) -> list[Element]:
    told, agent = case.request.effects, short(case.request.agent, 60)
    done = [rich.titled("What it does", rich.said(told.approve, _SAID))] if told.approve else []
    flagged = told.reject or f"{agent} has to roll it back, and says here when it has."
    return [
        *done,
        rich.titled("If it looks right", rich.text("Nothing more happens.")),
        rich.titled("If you correct it", rich.text(f"{agent} is told what it should have been.")),
        rich.titled("If you flag it", rich.said(flagged, _SAID)),
        _undo(case),
    ]


def _of_question(case: Case) -> list[Element]:
    agent, guess = short(case.request.agent, 60), case.request.default_answer
    by = [*rich.text("If nobody answers", bold=True), *rich.text(" by "), *_end(case)]
    if guess is None:
        return [rich.section(by, rich.text(f", {agent} stops without an answer."))]
    return [rich.section(by, rich.text(f", {agent} goes on with its best guess:  "), rich.said(guess, 300))]


def _end(case: Case) -> list[Element]:
    end = ends_at(case)
    return [] if end is None else [rich.date(end)]


def _typing(case: Case) -> list[Element]:
    """What each approver types under `manual`."""
    word = confirming.word(case.judgement, case.payload)
    if word is None:
        return []
    told = [*rich.text("Each approver types "), *rich.text(word, bold=True), *rich.text(".")]
    seen = masked(case.payload, hidden_in(case.judgement.sensitive, case.payload))
    if not isinstance(seen, Mapping) or confirming.word(case.judgement, seen) != word:
        told = rich.text("Each approver types a value that is masked here.")
    return [rich.titled("To approve", told)]


def _undo(case: Case) -> Element:
    told = case.request.effects.rollback
    if case.judgement.irreversible:
        claim = [*rich.text(" The agent says: "), *rich.said(told, _SAID)] if told else []
        return rich.titled("Undo", rich.text("It cannot be undone.", bold=True), claim)
    unknown = rich.text("Not known: the agent did not say how.")
    return rich.titled("Undo", rich.said(told, _SAID) if told else unknown)

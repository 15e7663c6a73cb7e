"""The whole card in a sentence or two: what phones show, and screen readers say, at every stage."""

from __future__ import annotations

from typing import Final

from approvals.escalation import ends_at
from approvals.model import Case
from approvals.quorum import tally
from approvals.roster import Roster
from approvals.words import Gate
from blocks.differences import Some
from blocks.standing import (
    OUTCOMES,
    agent_was_revoked,
    by_silence,
    can_object,
    deciders,
    groups_asked,
    in_words,
    names,
    reviewed_afterwards,
    risk_word,
    some_approved,
    title_of,
    waits_for_roll_back,
)
from blocks.text import Mrkdwn, short
from blocks.wording import say

_NAMED: Final = 8
#: Phones show some 150 characters of a message.
_TITLE: Final = 80
_QUOTES: Final = str.maketrans({"“": "‘", "”": "’"})  # noqa: RUF001  # single quotes are meant


def sentence(case: Case, roster: Roster, changed: Some) -> Mrkdwn:
    """How it stands. `changed` is what `standing.edits` says."""
    return _open(case, roster, changed) if case.decision is None else _decided(case, changed)


def quotable(words: str, most: int) -> str:
    """`words` on one line, so that they cannot end the quotation they are put in."""
    return short(words, most).translate(_QUOTES)


def _open(case: Case, roster: Roster, changed: Some) -> Mrkdwn:
    title = quotable(title_of(case, _TITLE), _TITLE)
    standing = tally(case, roster)
    approved = standing.approved_by
    return say(
        "text_open",
        gate=str(case.judgement.gate),
        irreversible=case.judgement.irreversible,
        risk=risk_word(case.judgement.risk),
        agent=case.request.agent,
        again=case.request.supersedes is not None,
        title=title.rstrip("?.! ") or title,
        groups=groups_asked(case),
        can_object=can_object(case, roster),
        unopposed=case.request.review_of is not None,
        needed=case.judgement.quorum,
        missing=max(case.judgement.quorum - len(approved), 0),
        approved_by=names(approved[:_NAMED], standing.in_place_of),
        some_approved=some_approved(case),
        parked_at=case.parked_at,
        due_at=ends_at(case),
        guess=_guess(case),
        changes=in_words(changed),
        breaks_form=bool(case.flaws),
    )


def _decided(case: Case, changed: Some) -> Mrkdwn:
    decision, outcome = case.decision, case.outcome
    title = title_of(case, _TITLE)
    assert decision is not None  # noqa: S101  # only called for decided cases
    return say(
        "text_decided",
        gate=str(case.judgement.gate),
        outcome=OUTCOMES[outcome.status][1] if outcome else "",
        detail=_stopped(outcome.detail or "") if outcome else "",
        verdict=str(decision.verdict),
        via=str(decision.via),
        silence=by_silence(case),
        review=reviewed_afterwards(case),
        people=deciders(case)[:_NAMED],
        agent=case.request.agent,
        title=title,
        stop="" if title.endswith((".", "?", "!", "…")) else ".",
        changes=in_words(changed),
        answer=quotable(decision.answer, _TITLE) if decision.answer is not None else None,
        reason="" if agent_was_revoked(case) else " ".join((decision.reason or "").split()),
        some_approved=some_approved(case),
        revoked=agent_was_revoked(case),
        roll_back=waits_for_roll_back(case),
    )


def _guess(case: Case) -> str | None:
    """What a question's agent goes on with if nobody answers."""
    guess = case.request.default_answer
    return quotable(guess, 30) if case.judgement.gate is Gate.QUESTION and guess is not None else None


def _stopped(words: str) -> str:
    line = short(words, 200)
    return line if line == "" or line[-1] in ".!?…" else f"{line}."

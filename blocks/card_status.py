"""How a request stands, at the top of its card: what is still needed, or how it ended and what came of it."""

from __future__ import annotations

from typing import Final

from approvals.escalation import ends_at
from approvals.model import Case, Vote
from approvals.quorum import tally
from approvals.roster import Roster
from blocks import rich
from blocks.rich import Block, Element
from blocks.standing import (
    EMOJI,
    OUTCOMES,
    agent_was_revoked,
    by_silence,
    can_object,
    deciders,
    groups_asked,
    mentions,
    reviewed_afterwards,
    risk_word,
    some_approved,
    standing,
    then,
    waits_for_roll_back,
)
from blocks.text import Mrkdwn, short
from blocks.wording import say

_PEOPLE: Final = 8
_SAYINGS: Final = 3


def open_status(case: Case, roster: Roster) -> Mrkdwn:
    """Risk, who asks, how many are needed, until when, and what happens then."""
    standing_now = tally(case, roster)
    return say(
        "status_open",
        gate=str(case.judgement.gate),
        groups=groups_asked(case),
        can_object=can_object(case, roster),
        emoji=EMOJI[case.judgement.risk],
        risk=risk_word(case.judgement.risk),
        irreversible=case.judgement.irreversible,
        agent=case.request.agent,
        again=case.request.supersedes is not None,
        standing=standing(case, roster),
        alone=case.judgement.quorum == 1,
        some_approved=some_approved(case),
        approved_by=mentions(standing_now.approved_by[:_PEOPLE], standing_now.in_place_of),
        parked_at=case.parked_at,
        due_at=ends_at(case),
        then=then(case),
    )


def decided_status(case: Case) -> Mrkdwn:
    """The verdict, by whom and when."""
    decision = case.decision
    assert decision is not None  # noqa: S101  # only called for decided cases
    return say(
        "status_decided",
        gate=str(case.judgement.gate),
        silence=by_silence(case),
        review=reviewed_afterwards(case),
        guess=decision.answer is not None,
        roll_back=waits_for_roll_back(case),
        verdict=str(decision.verdict),
        via=str(decision.via),
        people=mentions(decision.by[:_PEOPLE], decision.in_place_of),
        at=decision.decided_at,
        valid_until=decision.valid_until,
        agent=case.request.agent,
        some_approved=some_approved(case),
        revoked=agent_was_revoked(case),
        emoji=EMOJI[case.judgement.risk],
        risk=risk_word(case.judgement.risk),
    )


def outcome(case: Case) -> list[Block]:
    """What came of it, as the agent says."""
    if case.outcome is None:
        return []
    emoji, word = OUTCOMES[case.outcome.status]
    line = [*rich.text(f"{emoji} {word} ", bold=True), rich.date(case.outcome.at)]
    if case.outcome.detail:
        line += [*rich.text(": "), *rich.said(case.outcome.detail, 500)]
    if case.outcome.url:
        line += [*rich.text(" · "), *rich.link(case.outcome.url)]
    return [rich.block(rich.section(line))]


def sayings(case: Case) -> list[Block]:
    """What the people say who decide, each by name."""
    parts: list[Element] = []
    for name, reason in _reasons_given(case):
        parts += [rich.section(rich.label(f"{name}:")), rich.quote(reason, 400, lines=6)]
    return [rich.block(*parts)] if parts else []


def _reasons_given(case: Case) -> list[tuple[str, str]]:
    """What the people said whose votes count, the last few of them; else what the decision itself says."""
    told = [(_name(vote), vote.reason) for vote in case.votes if vote.round == case.round and vote.reason]
    if agent_was_revoked(case):
        return told[-_SAYINGS:]
    if not told and case.decision is not None and case.decision.reason:
        names = ", ".join(deciders(case))
        return [(names or case.request.agent, case.decision.reason)]
    return told[-_SAYINGS:]


def _name(vote: Vote) -> str:
    return vote.by.name if vote.stands_for is None else f"{vote.by.name} for {vote.stands_for.name}"


def not_delivered(case: Case, undelivered: str | None) -> list[Block]:
    """The agent does not know: a dead letter."""
    if undelivered is None:
        return []
    note = rich.section(
        rich.text(f"📪 {short(case.request.agent, 60)} could not be told", bold=True),
        rich.text(": "),
        rich.said(undelivered, 300),
    )
    return [rich.block(note)]

"""How a case stands, in the few words that cards, modals and sentences share."""

from __future__ import annotations

from typing import Final

from approvals.access import why_not_decide
from approvals.escalation import ends_at
from approvals.model import Case, OutcomeStatus, Person, Risk, Roster, Status, StepKind
from approvals.quorum import tally
from blocks.arguments import Difference, differences, hidden_in, label_of
from blocks.text import Mrkdwn, escape, listed, short
from blocks.wording import say

#: Never colour alone: the word stands beside it.
EMOJI: Final = {Risk.LOW: "🟢", Risk.MEDIUM: "🟡", Risk.HIGH: "🟠", Risk.CRITICAL: "🔴"}
OUTCOMES: Final = {
    OutcomeStatus.SUCCEEDED: ("🏁", "Done"),
    OutcomeStatus.FAILED: ("❗", "Failed"),
    OutcomeStatus.ROLLED_BACK: ("↪️", "Rolled back"),
}
VERDICTS: Final = {
    Status.APPROVED: "approved",
    Status.MODIFIED: "approved with changes",
    Status.REJECTED: "rejected",
    Status.ANSWERED: "answered",
    Status.TIMED_OUT: "expired",
    Status.CANCELLED: "withdrawn",
}
_NAMED: Final = 8


def risk_word(risk: Risk) -> str:
    """`High`."""
    return str(risk).capitalize()


def approvers(case: Case, roster: Roster) -> tuple[Person, ...]:
    """Who approved the payload as it is now, and still counts."""
    return tally(case, roster).approved_by


def standing(case: Case, roster: Roster) -> Mrkdwn:
    """`1 of 2 approvals from directors`; with a quorum of one, `one approval from support is enough`."""
    groups = listed([escape(name, 60) for name in case.asked], "or") or "nobody"
    needed = case.judgement.quorum
    if needed == 1:
        return Mrkdwn(f"one approval from {groups} is enough")
    return Mrkdwn(f"{len(approvers(case, roster))} of {needed} approvals from {groups}")


def then(case: Case) -> str:
    """What happens at the last step, with nobody there."""
    last = case.judgement.steps[-1].do if case.judgement.steps else None
    if last is StepKind.PARK:
        return "it is parked: still open, out of everybody's way"
    if last is StepKind.APPROVE:
        return "it is approved"
    return "it expires and the agent must not act"


def who_may(case: Case, roster: Roster) -> str:
    """`directors (Alice and Bob)`: who may decide it today. Not escaped."""
    groups = listed(case.asked, "or") or "nobody"
    asked = roster.asked(case.asked)
    everyone = [profile.name for profile in asked if why_not_decide(case, profile.id, roster) is None]
    if not everyone:
        return f"{groups} (but nobody there can at the moment)"
    named = [short(name, 60) for name in everyone[:_NAMED]]
    if len(everyone) > _NAMED:
        named.append(f"{len(everyone) - _NAMED} more")
    return f"{groups} ({listed(named)})"


def edits(case: Case) -> tuple[Difference, ...]:
    """What people changed: the current payload against the posted one."""
    if not case.edited:
        return ()
    posted, now = case.request.payload, case.payload
    return tuple(differences(posted, now, hidden_in(case.judgement.sensitive, posted, now)))


def in_words(changed: tuple[Difference, ...], most: int = 3) -> str:
    """`amount 750 → 500, reason return → goodwill and 2 more`, on one line."""
    told = [
        f"{short(label_of(each.path), 60)} {short(each.before, 60)} → {short(each.after, 60)}"
        for each in changed[:most]
    ]
    if len(changed) > most:
        told.append(f"{len(changed) - most:,} more")
    return listed(told)


def sentence(case: Case, roster: Roster) -> Mrkdwn:
    """The whole card in one sentence: what phones show, at every stage."""
    changes = in_words(edits(case))
    risk, title = risk_word(case.judgement.risk), case.judgement.title
    decision = case.decision
    if decision is None:
        return say(
            "text_open",
            irreversible=case.judgement.irreversible,
            risk=risk,
            title=title,
            standing=_capitalised(standing(case, roster)),
            approved_by=[person.name for person in approvers(case, roster)[:_NAMED]],
            parked_at=case.parked_at,
            due_at=ends_at(case),
            changes=changes,
            breaks_form=bool(case.flaws),
        )
    outcome = case.outcome
    return say(
        "text_decided",
        outcome=OUTCOMES[outcome.status][1] if outcome else "",
        detail=_stopped(outcome.detail or "") if outcome else "",
        verdict=str(decision.verdict),
        via=str(decision.via),
        people=[person.name for person in decision.by[:_NAMED]],
        agent=case.request.agent,
        title=title,
        changes=changes,
        reason=decision.reason or "",
    )


def _stopped(words: str) -> str:
    line = short(words, 200)
    return line if line == "" or line[-1] in ".!?…" else f"{line}."


def _capitalised(words: Mrkdwn) -> Mrkdwn:
    return Mrkdwn(words[:1].upper() + words[1:])

"""How a case stands, in the few words that cards, modals and sentences share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from approvals.access import why_not_decide
from approvals.escalation import ends_at
from approvals.model import Case, Choice, OutcomeStatus, Person, Risk, Roster, Status, StepKind
from approvals.quorum import tally
from blocks.arguments import hidden_in, label_of
from blocks.differences import Difference, Some, differences, some
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
#: Phones show some 150 characters of a message.
_IN_TEXT: Final = 80
_AS_ASKED: Final = " (as asked)"


def risk_word(risk: Risk) -> str:
    """`High`."""
    return str(risk).capitalize()


def approvers(case: Case, roster: Roster) -> tuple[Person, ...]:
    """Who approved the payload as it is now, and still counts."""
    return tally(case, roster).approved_by


def standing(case: Case, roster: Roster) -> Mrkdwn:
    """`1 of 2 approvals from directors`; with a quorum of one, `needs one approval from support`."""
    groups = listed([escape(name, 60) for name in case.asked], "or") or "nobody"
    needed = case.judgement.quorum
    if needed == 1:
        return Mrkdwn(f"needs one approval from {groups}")
    return Mrkdwn(f"{len(approvers(case, roster))} of {needed} approvals from {groups}")


def some_approved(case: Case) -> bool:
    """True when somebody approved the payload as it is now, whether or not that still counts."""
    return any(vote.choice is Choice.APPROVE and vote.round == case.round for vote in case.votes)


def agent_was_revoked(case: Case) -> bool:
    """True when the request was withdrawn because its agent's token was taken away."""
    decision = case.decision
    if decision is None or decision.verdict is not Status.CANCELLED:
        return False
    return decision.reason == f"the agent {case.request.agent} was revoked"


def title_of(case: Case, most: int) -> str:
    """What heads the card, on one line of at most `most` characters.

    An agent's own title is about what it asked for, and cannot be made anew when people change that.
    """
    if case.edited and case.judgement.template is None:
        return f"{short(case.judgement.title, most - len(_AS_ASKED))}{_AS_ASKED}"
    return short(case.judgement.title, most)


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


def every_edit(case: Case) -> Iterator[Difference]:
    """What people changed: the current payload against the posted one."""
    posted, now = case.request.payload, case.payload
    if case.edited:
        yield from differences(posted, now, hidden_in(case.judgement.sensitive, posted, now))


def edits(case: Case, most: int = 3) -> Some:
    """The first `most` things that people changed, and how many there are besides."""
    return some(every_edit(case), most)


def in_words(changed: Some, most: int = 3) -> str:
    """`amount 750 → 500, reason return → goodwill and 2 more`, on one line."""
    told = [
        f"{short(label_of(each.path), 60)} {short(each.before, 60)} → {short(each.after, 60)}"
        for each in changed.first[:most]
    ]
    more = changed.beyond(len(told))
    return listed([*told, f"{more} more"] if more else told)


def sentence(case: Case, roster: Roster, changed: Some) -> Mrkdwn:
    """The whole card in one sentence: what phones show, at every stage. `changed` is what `edits` says."""
    changes = in_words(changed)
    risk, title = risk_word(case.judgement.risk), title_of(case, _IN_TEXT)
    decision = case.decision
    if decision is None:
        return say(
            "text_open",
            irreversible=case.judgement.irreversible,
            risk=risk,
            title=title,
            standing=_capitalised(standing(case, roster)),
            alone=case.judgement.quorum == 1,
            some_approved=some_approved(case),
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
        reason="" if agent_was_revoked(case) else decision.reason or "",
        some_approved=some_approved(case),
        revoked=agent_was_revoked(case),
    )


def _stopped(words: str) -> str:
    line = short(words, 200)
    return line if line == "" or line[-1] in ".!?…" else f"{line}."


def _capitalised(words: Mrkdwn) -> Mrkdwn:
    return Mrkdwn(words[:1].upper() + words[1:])

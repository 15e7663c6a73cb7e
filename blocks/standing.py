"""How a case stands, in the few words that cards, modals and sentences share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from approvals import titles
from approvals.access import why_not_decide
from approvals.model import Case
from approvals.quorum import tally
from approvals.roster import Person, Profile, Roster
from approvals.words import Choice, Gate, OutcomeStatus, Risk, Status, StepKind, UserId, Via
from blocks.arguments import hidden_in, label_of
from blocks.differences import Difference, Some, differences, some
from blocks.text import Mrkdwn, escape, listed, mention, short

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
#: What it is called under `audit`, where a reviewer says how it was.
_REVIEWED: Final = {
    Status.APPROVED: "found right",
    Status.MODIFIED: "corrected",
    Status.REJECTED: "flagged",
    Status.TIMED_OUT: "left unreviewed",
}
_NAMED: Final = 8
_AS_ASKED: Final = " (as asked)"


def risk_word(risk: Risk) -> str:
    """`High`."""
    return str(risk).capitalize()


def approvers(case: Case, roster: Roster) -> tuple[Person, ...]:
    """Who approved the payload as it is now, and still counts."""
    return tally(case, roster).approved_by


def standing(case: Case, roster: Roster) -> Mrkdwn:
    """`1 of 2 approvals from directors`; with a quorum of one, `needs one approval from support`."""
    groups = groups_asked(case)
    needed = case.judgement.quorum
    if needed == 1:
        return Mrkdwn(f"needs one approval from {groups}")
    return Mrkdwn(f"{len(approvers(case, roster))} of {needed} approvals from {groups}")


def names(people: Sequence[Person], in_place_of: Mapping[UserId, Person]) -> list[str]:
    """Each by name, `Bob for Alice` where somebody stood in. Not escaped."""
    return [
        f"{person.name} for {in_place_of[person.id].name}" if person.id in in_place_of else person.name
        for person in people
    ]


def mentions(people: Sequence[Person], in_place_of: Mapping[UserId, Person]) -> list[Mrkdwn]:
    """The same by id, which nobody can take over as one can a name."""
    return [
        Mrkdwn(f"{mention(person)} for {mention(in_place_of[person.id])}")
        if person.id in in_place_of
        else mention(person)
        for person in people
    ]


def deciders(case: Case) -> list[str]:
    """Who decided, each by name, as `names` has it; empty while it is open."""
    return names(case.decision.by, case.decision.in_place_of) if case.decision is not None else []


def groups_asked(case: Case) -> Mrkdwn:
    """`directors or support`: every group that may decide it now."""
    return Mrkdwn(listed([escape(name, 60) for name in case.asked], "or") or "nobody")


def verdict_word(case: Case) -> str:
    """How it ended, after "it was": `approved`, `flagged`; empty while it is open."""
    if case.judgement.gate is Gate.AUDIT and case.status in _REVIEWED:
        return _REVIEWED[case.status]
    return "let through, as nobody objected" if by_silence(case) else VERDICTS.get(case.status, "")


def by_silence(case: Case) -> bool:
    """True when it went ahead because nobody objected (soft)."""
    decision = case.decision
    return case.status is Status.APPROVED and decision is not None and decision.via is Via.TIMEOUT


def reviewed_afterwards(case: Case) -> bool:
    """True when people look again at what silence lets through."""
    steps = case.judgement.steps
    return bool(steps) and steps[-1].do is StepKind.APPROVE and steps[-1].review


def waits_for_roll_back(case: Case) -> bool:
    """True from when a reviewer flags it until its agent says that it is undone."""
    undone = case.outcome is not None and case.outcome.status is OutcomeStatus.ROLLED_BACK
    return case.flagged and not undone


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

    An agent's own title is about what it asked for, and cannot be made anew when people change that. A review
    is headed by what was done, whatever it should have been. Of what is deleted the action is left.
    """
    if case.gone_at is not None:
        return short(case.judgement.title, most)
    if case.edited and case.judgement.gate is Gate.AUDIT:
        return short(_posted_title(case), most)
    if case.edited and case.judgement.template is None and not _says_the_action(case):
        return f"{short(case.judgement.title, most - len(_AS_ASKED))}{_AS_ASKED}"
    return short(case.judgement.title, most)


def _says_the_action(case: Case) -> bool:
    """Nothing of such a title is about what people change."""
    return case.judgement.title == titles.of_action(case.request.action)


def _posted_title(case: Case) -> str:
    judgement = case.judgement
    if judgement.template is None:
        return judgement.title
    return titles.heading(titles.known(judgement.template), case.request, judgement.risk)


def then(case: Case) -> str:
    """What happens at the last step, with nobody there."""
    last = case.judgement.steps[-1].do if case.judgement.steps else None
    if case.judgement.gate is Gate.QUESTION:
        guess = case.request.default_answer is not None
        return "it goes on with its best guess" if guess else "it stops without an answer"
    if case.judgement.gate is Gate.AUDIT:
        return "it stays unreviewed"
    if last is StepKind.PARK:
        return "it is parked: still open, out of everybody's way"
    if last is StepKind.APPROVE:
        return "it goes ahead"
    return "it expires and the agent must not act"


def can_object(case: Case, roster: Roster) -> bool:
    """True while somebody who is asked may stop what silence would let through."""
    return any(why_not_decide(case, each.id, roster) is None for each in roster.asked(case.asked))


def who_may(case: Case, roster: Roster) -> str:
    """`directors (Alice and Bob)`: who may decide it today. Not escaped."""
    groups = listed([short(name, 60) for name in case.asked], "or") or "nobody"
    asked = roster.asked(case.asked)
    everyone = [
        _reached(case, profile, roster)
        for profile in asked
        if why_not_decide(case, profile.id, roster) is None
    ]
    if not everyone:
        return f"{groups} (but nobody there can at the moment)"
    named = [short(name, 60) for name in everyone[:_NAMED]]
    if len(everyone) > _NAMED:
        named.append(f"{len(everyone) - _NAMED} more")
    return f"{groups} ({listed(named)})"


def _reached(case: Case, profile: Profile, roster: Roster) -> str:
    """`Alice (away: Bob)`."""
    deputy = roster.deputy(profile.id)
    if deputy is None or why_not_decide(case, deputy.id, roster) is not None:
        return profile.name
    return f"{profile.name} (away: {deputy.name})"


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

"""Votes and a rule make a verdict: one fold, nothing else counts approvals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from approvals.access import why_not_decide
from approvals.canonical import Digest
from approvals.errors import Reason
from approvals.model import Case, Choice, Lack, Person, Roster, Shortage, Status, UserId, Vote

#: Whether a person counts today: somebody who left, or is no longer asked, does not.
Counts: TypeAlias = Callable[[UserId], bool]


@dataclass(frozen=True, slots=True)
class Tally:
    """How a vote stands."""

    needed: int
    #: who approved the current payload, in order, nobody twice
    approved_by: tuple[Person, ...]
    rejected_by: Person | None

    @property
    def given(self) -> int:
        """Approvals that count."""
        return len(self.approved_by)

    @property
    def reached(self) -> bool:
        """True when enough distinct people approved and nobody rejected."""
        return self.rejected_by is None and self.given >= self.needed


def fold(votes: Iterable[Vote], digest: Digest, round_: int, needed: int, counts: Counts) -> Tally:
    """Count the votes given in this round for this payload; one reject ends it."""
    approved: dict[UserId, Person] = {}
    rejected: Person | None = None
    for vote in votes:
        if vote.round != round_ or vote.digest != digest or not counts(vote.by.id):
            continue
        if vote.choice is Choice.REJECT:
            rejected = rejected or vote.by
        else:
            approved.setdefault(vote.by.id, vote.by)
    return Tally(needed, tuple(approved.values()), rejected)


def lack(case: Case, roster: Roster) -> Lack | None:
    """None while enough of those asked can still approve, or while nobody knows who is in a group."""
    if any(name in roster.as_of and roster.as_of[name] is None for name in case.asked):
        return None
    standing = tally(case, roster)
    approved = {person.id for person in standing.approved_by}
    hindered = [
        _hindered(case, profile.id, roster)
        for profile in roster.asked(case.asked)
        if profile.id not in approved
    ]
    left, missing = hindered.count(None), standing.needed - standing.given
    return Lack(left, missing, _shortage(case, roster, hindered)) if left < missing else None


def _hindered(case: Case, user: UserId, roster: Roster) -> Reason | None:
    why = why_not_decide(case, user, roster)
    # Somebody of whom nothing was heard yet may turn out to have an e-mail.
    return None if why is Reason.REQUESTER_UNKNOWN and user not in roster.people else why


def _shortage(case: Case, roster: Roster, hindered: Collection[Reason | None]) -> Shortage:
    if Reason.REQUESTER_UNKNOWN in hindered:
        return Shortage.UNCOMPARED
    if Reason.IS_REQUESTER in hindered:
        return Shortage.REQUESTER
    return Shortage.LEFT if roster.skipped(case.asked) else Shortage.FEW


def tally(case: Case, roster: Roster) -> Tally:
    """How `case` stands today: membership is always today's. Once approved, as it was approved."""
    if case.decision is not None and case.status in (Status.APPROVED, Status.MODIFIED):
        return Tally(case.judgement.quorum, case.decision.by, None)
    return fold(
        case.votes,
        case.digest,
        case.round,
        case.judgement.quorum,
        lambda user: why_not_decide(case, user, roster) is None,
    )

"""Votes and a rule make a verdict: one fold, nothing else counts approvals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from approvals import access
from approvals.canonical import Digest
from approvals.errors import Reason
from approvals.model import Case, Lack, Vote
from approvals.roster import Person, Roster
from approvals.words import Choice, GroupName, Shortage, Status, UserId

#: Whether a vote counts today: one by somebody who left, or is no longer asked, does not.
Counts: TypeAlias = Callable[[Vote], bool]


@dataclass(frozen=True, slots=True)
class Tally:
    """How a vote stands."""

    needed: int
    #: who approved the current payload, in order, nobody twice
    approved_by: tuple[Person, ...]
    rejected_by: Person | None
    #: of those, who voted in the place of somebody away → that one
    in_place_of: Mapping[UserId, Person] = field(default_factory=dict)

    @property
    def given(self) -> int:
        """Approvals that count."""
        return len(self.approved_by)

    @property
    def reached(self) -> bool:
        """True when enough distinct people approved and nobody rejected."""
        return self.rejected_by is None and self.given >= self.needed

    @property
    def used(self) -> frozenset[UserId]:
        """Whose approval counts already: who approved, and in whose place."""
        absent = (person.id for person in self.in_place_of.values())
        return frozenset([*(person.id for person in self.approved_by), *absent])


def fold(votes: Iterable[Vote], digest: Digest, round_: int, needed: int, counts: Counts) -> Tally:
    """Count the votes given in this round for this payload; one reject ends it.

    A vote in somebody's place uses up both people: neither is counted a second time, on either side.
    """
    approved: dict[UserId, Person] = {}
    in_place_of: dict[UserId, Person] = {}
    used: set[UserId] = set()
    rejected: Person | None = None
    for vote in votes:
        if vote.round != round_ or vote.digest != digest or not counts(vote):
            continue
        people = {vote.by.id} if vote.stands_for is None else {vote.by.id, vote.stands_for.id}
        if vote.choice is Choice.REJECT:
            rejected = rejected or vote.by
        elif not people & used:
            used |= people
            approved[vote.by.id] = vote.by
            if vote.stands_for is not None:
                in_place_of[vote.by.id] = vote.stands_for
    return Tally(needed, tuple(approved.values()), rejected, in_place_of)


def unheard(groups: Iterable[GroupName], roster: Roster) -> bool:
    """Whether Slack has not told, or not for too long, who is in one of `groups`: it may not be empty."""
    return any(name in roster.as_of and not roster.groups.get(name) for name in groups)


def lack(case: Case, roster: Roster) -> Lack | None:
    """None while enough of those asked can still approve, or while nobody knows who is in a group."""
    if any(name in roster.as_of and roster.as_of[name] is None for name in case.asked):
        return None
    standing = tally(case, roster)
    # A deputy adds nobody: whoever is away may vote all the same, and one of the two counts.
    hindered = [
        _hindered(case, profile.id, roster)
        for profile in roster.asked(case.asked)
        if profile.id not in standing.used
    ]
    left, missing = hindered.count(None), standing.needed - standing.given
    return Lack(left, missing, _shortage(case, roster, hindered)) if left < missing else None


def lapsed(case: Case, roster: Roster) -> tuple[Person, ...]:
    """Who approved the payload as it is now, and counts no more today: none once it is decided."""
    if case.status.final:
        return ()
    used = tally(case, roster).used
    approved = {
        vote.by.id: vote.by
        for vote in case.votes
        if vote.choice is Choice.APPROVE and vote.round == case.round and vote.digest == case.digest
    }
    return tuple(person for user, person in approved.items() if user not in used)


def _hindered(case: Case, user: UserId, roster: Roster) -> Reason | None:
    why = access.why_not_decide(case, user, roster)
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
        return Tally(case.judgement.quorum, case.decision.by, None, case.decision.in_place_of)
    return fold(
        case.votes,
        case.digest,
        case.round,
        case.judgement.quorum,
        lambda vote: access.counts(case, vote, roster),
    )

"""Who may do what. Asked at the click and again at the submit, from the policy, never from a button."""

from __future__ import annotations

from collections.abc import Container, Iterable

from approvals.errors import Reason
from approvals.model import Case, Vote
from approvals.roster import Person, Roster
from approvals.words import UserId


def why_not_decide(case: Case, user: UserId, roster: Roster) -> Reason | None:
    """None when `user` may vote on `case` today, in their own right or for somebody away, else why not."""
    profile = roster.profile(user)
    if not profile.active:
        return Reason.OUTSIDER if profile.outsider else Reason.DEACTIVATED
    if is_asked(case, user, roster):
        return _why_requester(case.request.on_behalf_of, user, roster)
    reasons = [_why_not_for(case, user, absent, roster) for absent in roster.deputies.get(user, ())]
    if None in reasons:
        return None
    # Of several refusals the one that says most: that they are not asked says nothing of the others.
    return next((why for why in reasons if why is not Reason.NOT_ASKED), Reason.NOT_ASKED)


def is_asked(case: Case, user: UserId, roster: Roster) -> bool:
    """Whether `user` is asked in their own right."""
    return any(user in roster.groups.get(name, ()) for name in case.asked)


def is_asked_or_stands_in(case: Case, user: UserId, roster: Roster) -> bool:
    """In their own right, or in the place of somebody who is away."""
    if not roster.profile(user).active:
        return False
    return any(is_asked(case, each, roster) for each in (user, *roster.deputies.get(user, ())))


def in_place_of(
    case: Case, user: UserId, roster: Roster, used: Container[UserId] = frozenset()
) -> UserId | None:
    """For whom `user` would vote on `case` today; None: in their own right.

    Of several who are away, the first who is not `used`: whose approval does not count already.
    """
    if is_asked(case, user, roster):
        return None
    places = [
        absent for absent in roster.deputies.get(user, ()) if _why_not_for(case, user, absent, roster) is None
    ]
    return next((absent for absent in places if absent not in used), places[0] if places else None)


def may_see(case: Case, user: UserId, roster: Roster, operators: Iterable[UserId]) -> bool:
    """Whether `user` may read all of `case`: they are asked, had a say in it, or keep the desk running.

    What waits unseen, as its agent is paused, only operators see. Whoever left, or is a guest, sees nothing.
    """
    if user in operators:
        return True
    if case.held or not roster.profile(user).active:
        return False
    return is_asked_or_stands_in(case, user, roster) or user in _had_a_say(case)


def counts(case: Case, vote: Vote, roster: Roster) -> bool:
    """Whether `vote` counts today: its giver may still decide, in the way in which they voted."""
    if vote.stands_for is not None:
        absent = vote.stands_for.id
        return (
            absent in roster.deputies.get(vote.by.id, ())
            and roster.profile(vote.by.id).active
            and _why_not_for(case, vote.by.id, absent, roster) is None
        )
    return is_asked(case, vote.by.id, roster) and why_not_decide(case, vote.by.id, roster) is None


def _why_not_for(case: Case, deputy: UserId, absent: UserId, roster: Roster) -> Reason | None:
    """A deputy may do what the absent one may, unless either of them is the requester."""
    if not is_asked(case, absent, roster):
        return Reason.NOT_ASKED
    if not roster.profile(absent).active:
        return Reason.NOT_ASKED
    requester = case.request.on_behalf_of
    return _why_requester(requester, deputy, roster) or _why_requester(requester, absent, roster)


def _why_requester(requester: str | None, user: UserId, roster: Roster) -> Reason | None:
    """The requester never decides; where the two cannot be compared, nobody does (fails closed)."""
    if requester is None:
        return None
    if "@" not in requester:
        return Reason.IS_REQUESTER if requester == user else None
    email = roster.profile(user).email
    if email is None:
        return Reason.REQUESTER_UNKNOWN
    return Reason.IS_REQUESTER if email.casefold() == requester.casefold() else None


def _had_a_say(case: Case) -> set[UserId]:
    """Whoever voted, decided or spoke."""
    decided = case.decision.by if case.decision is not None else ()
    said = [each.by for each in case.comments if isinstance(each.by, Person)]
    return {person.id for person in (*(vote.by for vote in case.votes), *said, *decided)}

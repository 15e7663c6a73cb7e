"""Who may do what. Asked at the click and again at the submit, from the policy, never from a button."""

from __future__ import annotations

from approvals.errors import Reason
from approvals.model import Case, Roster, UserId


def why_not_decide(case: Case, user: UserId, roster: Roster) -> Reason | None:
    """None when `user` may vote on `case` today, else why not."""
    if not roster.profile(user).active:
        return Reason.DEACTIVATED
    if all(user not in roster.groups.get(name, ()) for name in case.asked):
        return Reason.NOT_ASKED
    return _why_requester(case.request.on_behalf_of, user, roster)


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

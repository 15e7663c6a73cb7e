"""Whose turn it is: who may decide a request now, and for whom it waits."""

from __future__ import annotations

from collections.abc import Set

from approvals import access
from approvals.attention import relieved
from approvals.model import Case
from approvals.quorum import tally
from approvals.roster import Roster
from approvals.words import UserId


def may_decide(case: Case, user: UserId, roster: Roster) -> bool:
    """Whether `user` may decide it now, and nothing of what counts already is theirs."""
    if case.status.final or case.held or access.why_not_decide(case, user, roster) is not None:
        return False
    return not case.votes or not _is_taken(case, user, roster, tally(case, roster).used)


def waits_for(case: Case, user: UserId, roster: Roster) -> bool:
    """Whether it is for `user` to decide it: they may, and have not handed it over to others who can.

    Nor have all in whose place they would decide it.
    """
    return may_decide(case, user, roster) and not _is_taken(case, user, roster, relieved(case, roster))


def _is_taken(case: Case, user: UserId, roster: Roster, taken: Set[UserId]) -> bool:
    """Whether all in whose place they would decide, themselves or others, are among `taken`."""
    return bool(taken) and (user in taken or access.in_place_of(case, user, roster, taken) in taken)

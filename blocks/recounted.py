"""Whose approvals count no more, or count again, because who may decide has changed: for the thread."""

from __future__ import annotations

from typing import Final

from approvals import access, quorum
from approvals.effects import Recounted
from approvals.model import Case, Vote
from approvals.roster import Roster
from approvals.words import Choice
from blocks.card_text import quotable
from blocks.standing import approvers, groups_asked, title_of
from blocks.text import Mrkdwn
from blocks.wording import say

_NAMED: Final = 8
_TITLE: Final = 120


def still_so(case: Case, note: Recounted, roster: Roster) -> Recounted:
    """What of `note` is not undone by now."""
    lapsed = {person.id for person in quorum.lapsed(case, roster)}
    return Recounted(
        tuple(person for person in note.lapsed if person.id in lapsed),
        tuple(person for person in note.back if person.id not in lapsed),
    )


def said(case: Case, note: Recounted, roster: Roster) -> Mrkdwn:
    """Each by name, and why; nobody is mentioned, as nothing is wanted of them."""
    left = still_so(case, note, roster)
    named = [*left.lapsed, *left.back]
    given = {
        vote.by.id: vote for vote in case.votes if vote.choice is Choice.APPROVE and vote.round == case.round
    }
    votes = [given[person.id] for person in named[:_NAMED] if person.id in given]
    standing = len(approvers(case, roster))
    return say(
        "note_recounted",
        votes=[(vote, _why_not(case, vote, roster)) for vote in votes],
        more=len(named) - len(votes),
        title=quotable(title_of(case, _TITLE), _TITLE),
        given=standing,
        needed=case.judgement.quorum,
        missing=max(case.judgement.quorum - standing, 0),
        groups=groups_asked(case),
    )


def _why_not(case: Case, vote: Vote, roster: Roster) -> str:
    """A word for why `vote` counts no more; empty where it counts."""
    voter, place = roster.profile(vote.by.id), vote.stands_for
    if access.counts(case, vote, roster):
        return ""
    if not voter.active:
        return "outsider" if voter.outsider else "left"
    if place is not None and not roster.profile(place.id).active:
        return "absent_outsider" if roster.profile(place.id).outsider else "absent_left"
    if place is not None and place.id not in roster.deputies.get(voter.id, ()):
        return "back" if roster.deputy(place.id) is None else "replaced"
    if not access.is_asked(case, voter.id if place is None else place.id, roster):
        return "not_asked"
    # All that is left of what `access.counts` asks: the requester never decides.
    return "must_not"

"""What is known of a request when its card is made, for its channel or for somebody alone."""

from __future__ import annotations

from dataclasses import dataclass

from approvals import escalation
from approvals.grants import Grant
from approvals.model import Case
from approvals.roster import Roster
from approvals.words import Instant, RequestId
from blocks.card import CardView
from store import cards, cases, dead_letters, grants
from store.cards import CardRef
from store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Known:
    """What is known when a card is made."""

    case: Case
    previous: Case | None
    ref: CardRef | None
    undelivered: str | None
    #: those given on it
    grants: tuple[Grant, ...]
    #: the moment that the card is made for
    now: Instant
    #: under a review of what silence let through: that request
    reviewed: Case | None

    def view(self, roster: Roster, *, operators: bool, duplicate: bool = False) -> CardView:
        """What the card shows; `operators`: the policy names some."""
        return CardView(
            escalation.as_if_shown(self.case, self.now),
            roster,
            self.previous,
            self.undelivered,
            duplicate,
            grants=self.grants,
            now=self.now,
            reviewed=self.reviewed,
            operators=operators,
        )


def load(unit: Unit, request: RequestId | None, now: Instant) -> Known | None:
    """All of it, as of `now`; None where there is no such request."""
    case = cases.load(unit, request) if request is not None else None
    if case is None:
        return None
    before = cases.load(unit, case.request.supersedes) if case.request.supersedes is not None else None
    given = grants.of_request(unit, case.id) if case.judgement.grants is not None else ()
    undelivered = dead_letters.undelivered(unit, case.id)
    reviewed = cases.load(unit, case.request.review_of) if case.request.review_of is not None else None
    return Known(case, before, cards.of(unit, case.id), undelivered, given, now, reviewed)

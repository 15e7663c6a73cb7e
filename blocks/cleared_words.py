"""What whoever cleared a digest is told: how many went which way, what was not decided, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from approvals.errors import Reason
from approvals.model import Case
from approvals.words import Gate, RequestId, Status
from blocks.digest_figures import obstacles
from blocks.review_words import many
from blocks.standing import by_silence, deciders, groups_asked, title_of, verdict_word
from blocks.text import Mrkdwn, escape, listed

#: Items that are named in one answer.
_NAMED: Final = 10


@dataclass(frozen=True, slots=True)
class NotCleared:
    """An item that somebody wanted decided, and that was not: as it stands now."""

    case: Case
    #: None: it left the message, or one click does not decide it
    why: Reason | None


@dataclass(frozen=True, slots=True)
class Failed:
    """An item that was not decided by a fault of ours."""

    request: RequestId
    #: what the log has it under
    incident: str
    #: None where not even that can be read
    case: Case | None = None


@dataclass(frozen=True, slots=True)
class Cleared:
    """What one pass over a digest came to."""

    approved: int = 0
    rejected: int = 0
    #: reviews: what was done looks right, or is to be rolled back
    right: int = 0
    flagged: int = 0
    #: how many were left waiting, as they wanted
    left: int = 0
    #: how many wait on cards of their own, as they were pulled out
    on_cards: int = 0
    not_cleared: tuple[NotCleared, ...] = ()
    failed: tuple[Failed, ...] = ()


def cleared(done: Cleared) -> Mrkdwn:
    """Told to whoever cleared it: `Done: 11 approved, 1 rejected. Not cleared: …`."""
    counts = ", ".join(_counts(done))
    decided = done.approved or done.rejected or done.right or done.flagged
    did = f"Done: {counts}." if decided else f"Nothing was cleared.{f' {counts}.' if counts else ''}"
    missed = [
        *(
            f"{_named(each)} could not be decided (incident {escape(each.incident, 40)})"
            for each in done.failed
        ),
        *(f"*{escape(title_of(each.case, 80), 80)}* {_because(each)}" for each in done.not_cleared),
    ]
    if not missed:
        return Mrkdwn(did)
    more = len(missed) - _NAMED
    missed = missed[:_NAMED]
    if more > 0:
        missed.append(f"and {more:,} more: the message shows what still waits")
    return Mrkdwn(f"{did} Not cleared: {'; '.join(missed)}.")


def _counts(done: Cleared) -> list[str]:
    """How many went which way; reviews by their name, where they are not all that was decided."""

    def reviews(count: int) -> str:
        return many(count, "review") if done.approved or done.rejected else f"{count:,}"

    told = [f"{done.approved:,} approved"] if done.approved else []
    if done.right:
        told.append(f"{reviews(done.right)} found right")
    if done.rejected:
        told.append(f"{done.rejected:,} rejected")
    if done.left:
        told.append(f"{done.left:,} left waiting")
    if done.on_cards:
        told.append(
            f"{done.on_cards:,} on {'a card of its own' if done.on_cards == 1 else 'cards of their own'}"
        )
    if done.flagged:
        then = "its agent rolls back" if done.flagged == 1 else "their agents roll back"
        told.append(f"{reviews(done.flagged)} flagged: {then}")
    return told


def _named(each: Failed) -> str:
    return f"*{escape(title_of(each.case, 80), 80)}*" if each.case is not None else escape(each.request, 60)


def _because(each: NotCleared) -> str:
    """Why not, after the item's title."""
    if each.why in (Reason.LATE, Reason.NOT_PENDING):
        return _meanwhile(each.case)
    if each.why is Reason.NOT_ASKED:
        return f"is not yours to decide: it is for {groups_asked(each.case)}"
    if each.why is None:
        return _elsewhere(each.case)
    return _BECAUSE.get(each.why, f"was refused ({escape(each.why, 40)})")


_BECAUSE: Final[Mapping[Reason, str]] = {
    Reason.STALE: "was changed since you saw it",
    Reason.DEACTIVATED: "was left, as your Slack account is deactivated",
    Reason.IS_REQUESTER: "is asked on your behalf, so somebody else decides it",
    Reason.REQUESTER_UNKNOWN: (
        "is asked on somebody's behalf, and Slack does not tell us your e-mail address, so it may be you"
    ),
    Reason.OUTSIDER: "is not for guests, nor for people of other workspaces",
    Reason.HELD: "waits, as its agent is paused",
    Reason.BREAKS_FORM: "does not fit what its rule allows: edit it, or reject it",
    Reason.NOT_CONFIRMED: "has to be confirmed by typing: pull it out",
    Reason.NOT_THIS_WAY: "is a question: pull it out to answer it",
    Reason.REASON_MISSING: "needs a reason",
}


def _elsewhere(case: Case) -> str:
    if case.waits_in is None:
        return "has a card of its own now"
    why = listed(obstacles(case))
    return (
        f"takes more than one click ({why}): pull it out in *Review*" if why else "is on another message now"
    )


def _meanwhile(case: Case) -> str:
    if by_silence(case):
        return "went ahead meanwhile, as nobody objected"
    if case.status is Status.TIMED_OUT:
        return "stayed unreviewed" if case.judgement.gate is Gate.AUDIT else "expired meanwhile"
    people = listed(escape(name, 60) for name in deciders(case)[:3])
    return f"was {verdict_word(case) or 'decided'} meanwhile{f' by {people}' if people else ''}"

"""The one thing that moves a request: `decide(case, event, now)`.

What a request can come to is `approvals.moves.MOVES`; what is not in it raises `Broken` and changes nothing.
What people do is `approvals.voting`, what time does `approvals.stepping`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

from approvals import access, attention, commenting, digesting, form, stepping, voting
from approvals.audit import FactKind
from approvals.canonical import Json, digest_of
from approvals.effects import CameOfIt, PostNote, ShowCard
from approvals.errors import Broken, Reason, Refused
from approvals.events import (
    Answered,
    Cancelled,
    Claimed,
    Commented,
    Edited,
    Event,
    HandedOver,
    Mustered,
    Opened,
    PulledOut,
    Reported,
    Resumed,
    Revoked,
    Reworded,
    Shown,
    Snoozed,
    Ticked,
    Unsaid,
    Voted,
    WithRoster,
)
from approvals.grants import Grant
from approvals.model import Case, Display, Outcome
from approvals.moves import MOVES, Move
from approvals.pen import Answer, Pen, Ruling, said, signed
from approvals.roster import Roster
from approvals.voting import why_refused
from approvals.words import STORM, Gate, Instant, Kind, RequestId, Status, Via

__all__ = [
    "MOVES",
    "Answer",
    "Move",
    "Ruling",
    "decide",
    "may_act",
    "revoker",
    "said",
    "sampled",
    "why_refused",
]


def decide(case: Case | None, event: Event, now: Instant) -> Ruling:
    """The new case, the facts for the log and the effects for the outbox.

    `case` is None for `Opened` only. Raises `Refused` for what an agent may not do in this state
    (nothing is recorded); a person's refused vote is no exception but a ruling, because it is recorded.
    """
    if isinstance(event, Opened):
        if case is not None:
            raise Broken(f"{case.id} was opened twice")
        return _open(event, now)
    if case is None:
        raise Broken(f"{type(event).__name__} without a case")
    crowded = isinstance(event, Resumed | Ticked | Mustered) and event.crowded
    pen = Pen(case, now, crowded=crowded)
    # What time has decided by now is decided, whether or not the clock came by before this event.
    roster = event.roster if isinstance(event, WithRoster) else None
    stepping.fire(pen, event if isinstance(event, Ticked) else None, roster)
    return _HANDLERS[type(event)](pen, event)


def _open(event: Opened, now: Instant) -> Ruling:
    request, judgement = event.request, event.judgement
    digest = digest_of(request.payload)
    flaws = form.flaws(judgement.form, request.payload) if judgement.form is not None else ()
    opened = Case(request, judgement, request.payload, digest, digest, flaws=flaws, held=event.held)
    pen = Pen(opened, now, crowded=event.crowded)
    body: dict[str, Json] = {
        "kind": str(request.kind),
        "action": request.action,
        "payload": pen.sealed(digest),
        "gate": str(judgement.gate),
        "risk": str(judgement.risk),
        "rule": judgement.rule,
        "policy": judgement.policy_version,
        "ask": list(judgement.ask),
        "quorum": judgement.quorum,
        "on_behalf_of": request.on_behalf_of,
    }
    if request.review_of is not None:
        body["review_of"] = request.review_of
    if event.held:
        body["held"] = True
    pen.note(FactKind.OPENED, f"agent:{request.agent}" if request.review_of is None else "desk", body)
    if not event.held:
        _let_in(pen, event.grant, event.roster)
    return pen.ruling()


def _let_in(pen: Pen, grant: Grant | None, roster: Roster | None) -> None:
    """Let it through where the policy or `grant` does, else see to it that people are shown it."""
    case = pen.case
    if case.flaws and (grant is not None or _passes(case)):
        raise Broken(f"{case.id} breaks its rule's form, and nobody would look at it")
    if grant is not None:
        pen.end(Move.GRANT_APPROVES, Via.GRANT, (grant.by,), f"grant:{grant.id}", grant=grant.id)
    elif _passes(case):
        pen.end(Move.POLICY_APPROVES, Via.POLICY, (), "policy")
    else:
        digest = case.judgement.digest if digesting.clears(case) else None
        pen.change(waits_in=digest or (STORM if pen.crowded else None))
        pen.follow(ShowCard())
        if roster is not None:
            stepping.muster(pen, roster)


def _resume(pen: Pen, event: Resumed) -> Ruling:
    """Its steps begin now; a soft window, as ever, with its card."""
    case = pen.case
    if case.held and not case.status.final:
        pen.change(held=False, began_at=None if case.judgement.gate is Gate.SOFT else pen.now)
        pen.note(FactKind.RESUMED, "operator" if event.by is None else signed(event.by), {})
        _let_in(pen, event.grant, event.roster)
    return pen.ruling()


def _pull_out(pen: Pen, event: PulledOut) -> Ruling:
    """A card of its own, whatever the channel has: somebody wants it there."""
    case = pen.case
    why = access.why_not_decide(case, event.by.id, event.roster)
    if case.status.final or case.held:
        why = Reason.LATE if case.status.final else Reason.HELD
    if why is not None:
        return pen.ruling(Answer(why))
    if case.waits_in is None:
        return pen.ruling(Answer(repeated=True))
    pen.change(waits_in=None)
    pen.note(FactKind.PULLED_OUT, signed(event.by), {})
    pen.follow(ShowCard())
    return pen.ruling()


def _passes(case: Case) -> bool:
    """Whether the policy lets it through unseen."""
    if case.judgement.gate is Gate.AUTO:
        return True
    share = case.judgement.sample
    return case.judgement.gate is Gate.AUDIT and share is not None and not sampled(case.id, share)


def sampled(request: RequestId, share: float) -> bool:
    """Whether this one is among the `share` that is shown: by its id, so that anybody can check it later."""
    number = int.from_bytes(hashlib.sha256(request.encode()).digest()[:8])
    return number < share * 2**64


def _shown(pen: Pen, event: Shown) -> Ruling:
    case = pen.case
    if case.judgement.gate is Gate.SOFT and case.began_at is None and not case.status.final:
        pen.change(began_at=pen.now)
        pen.note(FactKind.SHOWN, "desk", {})
    if _is_newer(event.display, case) and not case.status.final:
        pen.change(display=event.display)
    return pen.ruling()


def _is_newer(display: Display | None, case: Case) -> bool:
    shown = case.display.round if case.display is not None else 0
    return display is not None and display.round > shown


def _muster(pen: Pen, event: Mustered) -> Ruling:
    stepping.muster(pen, event.roster)
    return pen.ruling()


def _tick(pen: Pen, event: Ticked) -> Ruling:
    if event.roster is not None:
        stepping.muster(pen, event.roster)
    return pen.ruling()


def _revoke(pen: Pen, event: Revoked) -> Ruling:
    pen.note(FactKind.UNGRANTED, revoker(event), {"grant": event.grant})
    pen.follow(ShowCard())
    return pen.ruling()


def revoker(event: Revoked) -> str:
    """How facts name whoever ended a grant; `desk` where its giver may no longer decide."""
    if event.lost:
        return "desk"
    return "operator" if event.by is None else signed(event.by)


def _cancel(pen: Pen, event: Cancelled) -> Ruling:
    if pen.case.status.final:
        raise Refused(Reason.NOT_PENDING, str(pen.case.status))
    if pen.case.request.review_of is not None and not event.by_operator:
        # People were promised a look at what silence let through.
        raise Refused(Reason.NOT_PENDING, "review")
    by = "operator" if event.by_operator else f"agent:{pen.case.request.agent}"
    pen.end(Move.AGENT_WITHDRAWS, Via.AGENT, (), by, event.reason)
    return pen.ruling()


def _claim(pen: Pen, _event: Claimed) -> Ruling:
    case = pen.case
    claimable = case.status in (Status.APPROVED, Status.MODIFIED) and may_act(case, pen.now)
    if case.claimed_at is not None or not claimable:
        raise Refused(Reason.NOT_CLAIMABLE, _why_not_claimable(case))
    pen.change(claimed_at=pen.now)
    pen.note(FactKind.CLAIMED, f"agent:{case.request.agent}", {})
    return pen.ruling()


def _why_not_claimable(case: Case) -> str:
    if case.claimed_at is not None:
        return "claimed"
    if case.status not in (Status.APPROVED, Status.MODIFIED):
        return str(case.status)
    return "deleted" if case.emptied else "expired"


def _report(pen: Pen, event: Reported) -> Ruling:
    case = pen.case
    if not _reportable(case):
        raise Refused(Reason.NOT_REPORTABLE, str(case.status))
    pen.change(outcome=Outcome(event.status, pen.now, event.detail, event.url))
    pen.note(FactKind.REPORTED, f"agent:{case.request.agent}", {"status": str(event.status)})
    if not case.quiet:
        pen.follow(ShowCard())
        if case.gone_at is not None and (event.detail or event.url):
            # Words are kept no longer than the rest of the content, which is gone: they are said once.
            pen.follow(
                PostNote(f"outcome:{pen.case.chain.seq}", CameOfIt(event.status, event.detail, event.url))
            )
    return pen.ruling()


def _reportable(case: Case) -> bool:
    """Whether the agent was ever let go on with it, or is to roll it back."""
    if case.judgement.gate is Gate.AUDIT:
        return True
    return case.status in (Status.APPROVED, Status.MODIFIED, Status.ANSWERED) or _by_default(case)


def _by_default(case: Case) -> bool:
    """A question that nobody answered, whose agent had said what it would do then."""
    guess = case.decision is not None and case.decision.answer is not None
    return guess and case.request.kind is Kind.QUESTION and case.status is Status.TIMED_OUT


def may_act(case: Case, now: Instant) -> bool:
    """The contract's `proceed`: whether the agent may go on, at `now`."""
    if case.held:
        return False
    if case.judgement.gate is Gate.AUDIT and case.status in (Status.PENDING, Status.TIMED_OUT):
        return True
    if case.status is Status.ANSWERED or _by_default(case):
        return True
    if case.status not in (Status.APPROVED, Status.MODIFIED) or case.decision is None:
        return False
    if case.emptied:
        # An agent must not act on what is left.
        return False
    until = case.decision.valid_until
    return until is None or now <= until


_HANDLERS: Mapping[type[Any], Callable[[Pen, Any], Ruling]] = {
    Resumed: _resume,
    PulledOut: _pull_out,
    HandedOver: attention.hand_over,
    Snoozed: attention.snooze,
    Shown: _shown,
    Voted: voting.vote,
    Edited: voting.edit,
    Answered: voting.answer,
    Commented: commenting.comment,
    Reworded: commenting.reword,
    Unsaid: commenting.unsay,
    Ticked: _tick,
    Mustered: _muster,
    Revoked: _revoke,
    Cancelled: _cancel,
    Claimed: _claim,
    Reported: _report,
}

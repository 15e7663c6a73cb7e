"""The one thing that moves a request: `decide(case, event, now)`.

`MOVES` is the whole life of a request; what is not in it raises `Broken` and changes nothing. The
diagram in ARCHITECTURE.md is generated from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from approvals import access, escalation, form, quorum, titles
from approvals.audit import Fact, FactKind, head_of, link
from approvals.canonical import Digest, Json, digest_of, salted
from approvals.effects import CallAgent, CallbackType, Effect, PostComment, ShowCard
from approvals.errors import Broken, Reason, Refused
from approvals.events import Cancelled, Claimed, Commented, Edited, Event, Opened, Reported, Ticked, Voted
from approvals.model import (
    Case,
    Choice,
    Comment,
    Decision,
    Flaw,
    Gate,
    Instant,
    Judgement,
    Outcome,
    Person,
    Roster,
    Status,
    StepKind,
    UserId,
    Via,
    Vote,
)

#: A request with more comments than this takes no further ones: an agent in a loop must not fill the card.
MOST_COMMENTS = 1000
_DIGEST_OF_NOTHING = digest_of({})


class Move(StrEnum):
    """What can end a request."""

    POLICY_APPROVES = "the policy approves (auto)"
    QUORUM_APPROVES = "the quorum approves"
    QUORUM_APPROVES_EDITED = "the quorum approves an edited payload"
    SOMEBODY_REJECTS = "somebody rejects"
    TIME_RUNS_OUT = "the last step expires"
    AGENT_WITHDRAWS = "the agent withdraws it"


#: (where it stands, what happens) → where it stands then. Final statuses have no way out.
MOVES: Mapping[tuple[Status, Move], Status] = {
    (Status.PENDING, Move.POLICY_APPROVES): Status.APPROVED,
    (Status.PENDING, Move.QUORUM_APPROVES): Status.APPROVED,
    (Status.PENDING, Move.QUORUM_APPROVES_EDITED): Status.MODIFIED,
    (Status.PENDING, Move.SOMEBODY_REJECTS): Status.REJECTED,
    (Status.PENDING, Move.TIME_RUNS_OUT): Status.TIMED_OUT,
    (Status.PENDING, Move.AGENT_WITHDRAWS): Status.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What to tell whoever caused the event."""

    #: why it changed nothing; None when it did what was asked
    refused: Reason | None = None
    #: with `BREAKS_FORM`: which fields, and how
    flaws: tuple[Flaw, ...] = ()
    #: the same person had already said the same of the same payload
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one event comes to: all of it is committed together, or none."""

    case: Case
    facts: tuple[Fact, ...] = ()
    effects: tuple[Effect, ...] = ()
    answer: Answer = Answer()


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
    pen = _Pen(case, now)
    # What time has decided by now is decided, whether or not the clock came by before this event.
    _fire(pen)
    return _HANDLERS[type(event)](pen, event)


class _Pen:
    """Writes one ruling: the case so far, and the facts and effects that it took to get there."""

    def __init__(self, case: Case, now: Instant) -> None:
        self.before = case
        self.case = case
        self.now = now
        self.facts: list[Fact] = []
        self.effects: list[Effect] = []

    def change(self, **fields: Any) -> None:
        self.case = replace(self.case, **fields)

    def note(self, kind: FactKind, by: str, body: Mapping[str, Json]) -> None:
        fact = link(self.case.chain, self.case.id, self.now, kind=kind, by=by, body=body)
        self.facts.append(fact)
        self.change(chain=head_of(fact))

    def follow(self, *effects: Effect) -> None:
        self.effects.extend(effects)

    def sealed(self, digest: Digest) -> str:
        return salted(self.case.request.salt, digest)

    def end(self, move: Move, via: Via, by: tuple[Person, ...], signed: str, reason: str | None) -> None:
        """Move to a final status; what it comes from and goes to is `MOVES`'s business."""
        try:
            verdict = MOVES[self.case.status, move]
        except KeyError:
            raise Broken(f"{self.case.id} is {self.case.status}: no way for '{move}'") from None
        proceeds = verdict in (Status.APPROVED, Status.MODIFIED)
        life = self.case.judgement.valid_for
        decision = Decision(
            verdict=verdict,
            via=via,
            by=by,
            decided_at=self.now,
            reason=said(reason),
            valid_until=self.now + life if proceeds and life is not None else None,
        )
        self.change(status=verdict, decision=decision)
        body = {
            "verdict": str(verdict),
            "via": str(via),
            "by": [person.id for person in by],
            "payload": self.sealed(self.case.digest),
            # What people said stands with their votes.
            "reason": None if via is Via.HUMAN else said(reason),
        }
        self.note(FactKind.DECIDED, signed, body)
        if via is not Via.POLICY:
            self.follow(ShowCard())
        self.follow(CallAgent("decided", CallbackType.DECIDED))

    def ruling(self, answer: Answer = Answer()) -> Ruling:  # a frozen value
        case = self.case
        if case is not self.before:
            case = replace(case, version=self.before.version + 1)
        return Ruling(case, tuple(self.facts), tuple(self.effects), answer)


def _open(event: Opened, now: Instant) -> Ruling:
    request, judgement = event.request, event.judgement
    digest = digest_of(request.payload)
    flaws = form.flaws(judgement.form, request.payload) if judgement.form is not None else ()
    pen = _Pen(Case(request, judgement, request.payload, digest, digest, flaws=flaws), now)
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
    pen.note(FactKind.OPENED, f"agent:{request.agent}", body)
    if judgement.gate is not Gate.AUTO:
        pen.follow(ShowCard())
    elif flaws:
        raise Broken(f"{request.id} breaks its rule's form and cannot be approved by policy")
    else:
        pen.end(Move.POLICY_APPROVES, Via.POLICY, (), "policy", None)
    return pen.ruling()


def _vote(pen: _Pen, event: Voted) -> Ruling:
    case = pen.case
    refused = why_refused(case, event.by.id, event.seen, event.roster)
    if refused is None and event.choice is Choice.REJECT and said(event.reason) is None:
        refused = Reason.REASON_MISSING
    if refused is None and event.choice is Choice.APPROVE and case.flaws:
        return _refuse(pen, event, Reason.BREAKS_FORM, case.flaws)
    if refused is not None:
        return _refuse(pen, event, refused)
    return _count(pen, event, event.choice)


def _edit(pen: _Pen, event: Edited) -> Ruling:
    case = pen.case
    refused = why_refused(case, event.by.id, event.seen, event.roster)
    if refused is not None:
        return _refuse(pen, event, refused)
    flaws = form.flaws_of_edit(case, event.payload)
    if flaws:
        return _refuse(pen, event, Reason.BREAKS_FORM, flaws)
    digest = digest_of(event.payload)
    if digest == case.digest:
        return _count(pen, event, Choice.APPROVE)
    judgement = _retitled(case, event.payload)
    pen.change(payload=event.payload, digest=digest, round=case.round + 1, flaws=(), judgement=judgement)
    changes = len(form.changes(case.payload, event.payload))
    body: dict[str, Json] = {"payload": pen.sealed(digest), "changes": changes, "round": pen.case.round}
    pen.note(FactKind.EDITED, _signed(event.by), body)
    return _count(pen, event, Choice.APPROVE)


def _retitled(case: Case, payload: Mapping[str, Json]) -> Judgement:
    """Whoever reads only what heads the card must read what they would approve now."""
    judgement = case.judgement
    if judgement.template is None:
        return judgement
    edited = replace(case.request, payload=payload)
    title = titles.heading(titles.known(judgement.template), edited, judgement.risk)
    return replace(judgement, title=title)


def _count(pen: _Pen, event: Voted | Edited, choice: Choice) -> Ruling:
    """Take a vote that is right, and end the request if it was the last one needed."""
    case = pen.case
    repeated = choice is Choice.APPROVE and _has_approved(case, event.by)
    if not repeated:
        reason = said(event.reason)
        vote = Vote(event.by, choice, case.digest, case.round, pen.now, reason)
        pen.change(votes=(*case.votes, vote))
        kind = FactKind.APPROVED if choice is Choice.APPROVE else FactKind.REJECTED
        body: dict[str, Json] = {"payload": pen.sealed(case.digest), "round": case.round, "reason": reason}
        pen.note(kind, _signed(event.by), body)
    standing = quorum.tally(pen.case, event.roster)
    if standing.rejected_by is not None:
        pen.end(Move.SOMEBODY_REJECTS, Via.HUMAN, (event.by,), _signed(event.by), event.reason)
    elif standing.reached:
        move = Move.QUORUM_APPROVES_EDITED if pen.case.edited else Move.QUORUM_APPROVES
        pen.end(move, Via.HUMAN, standing.approved_by, _signed(event.by), _words(pen.case))
    elif not repeated:
        pen.follow(ShowCard())
    return pen.ruling(Answer(repeated=repeated and not standing.reached))


def _words(case: Case) -> str | None:
    """What the approvers of the current payload said, one after the other."""
    said = [vote.reason for vote in case.votes if vote.round == case.round and vote.reason]
    return "\n".join(said) or None


def _has_approved(case: Case, person: Person) -> bool:
    return any(
        vote.by.id == person.id and vote.choice is Choice.APPROVE and vote.round == case.round
        for vote in case.votes
    )


def why_refused(case: Case, by: UserId, seen: Digest, roster: Roster) -> Reason | None:
    """None when a vote of `by` would count now; else why not, what helps most to be told first."""
    if case.status.final:
        return Reason.LATE
    why = access.why_not_decide(case, by, roster)
    if why is not None:
        return why
    return Reason.STALE if seen != case.digest else None


def _refuse(pen: _Pen, event: Voted | Edited, why: Reason, flaws: tuple[Flaw, ...] = ()) -> Ruling:
    """A vote that does not count is recorded all the same, and whoever gave it is told."""
    wanted = "edit" if isinstance(event, Edited) else str(event.choice)
    body: dict[str, Json] = {"wanted": wanted, "why": str(why), "seen": pen.sealed(event.seen)}
    pen.note(FactKind.REFUSED, _signed(event.by), body)
    return pen.ruling(Answer(why, flaws))


def _comment(pen: _Pen, event: Commented) -> Ruling:
    case = pen.case
    if len(case.comments) >= MOST_COMMENTS:
        raise Refused(Reason.TOO_MANY_COMMENTS)
    comment = Comment(event.by, event.text, pen.now)
    pen.change(comments=(*case.comments, comment))
    pen.note(FactKind.COMMENTED, _signed(event.by), {"text": pen.sealed(digest_of(event.text))})
    key = f"comment:{len(case.comments)}"
    if isinstance(event.by, Person):
        pen.follow(CallAgent(key, CallbackType.COMMENTED))
    elif case.judgement.gate is not Gate.AUTO:
        pen.follow(PostComment(key, comment))
    return pen.ruling()


def _tick(pen: _Pen, _event: Ticked) -> Ruling:
    return pen.ruling()


def _fire(pen: _Pen) -> None:
    """Carry out the steps that are due, in order."""
    for place, step in escalation.due(pen.case, pen.now):
        pen.change(fired=place + 1)
        if step.do is StepKind.EXPIRE:
            pen.end(Move.TIME_RUNS_OUT, Via.TIMEOUT, (), "clock", None)
        elif step.do is StepKind.PARK:
            pen.change(parked_at=pen.now)
            pen.note(FactKind.PARKED, "clock", {"after": int(step.after.total_seconds())})
            pen.follow(ShowCard(), CallAgent("parked", CallbackType.PARKED))
        else:
            raise Broken(f"{pen.case.id} has a step nobody carries out: {step.do}")


def _cancel(pen: _Pen, event: Cancelled) -> Ruling:
    if pen.case.status.final:
        raise Refused(Reason.NOT_PENDING, str(pen.case.status))
    signed = "operator" if event.by_operator else f"agent:{pen.case.request.agent}"
    pen.end(Move.AGENT_WITHDRAWS, Via.AGENT, (), signed, event.reason)
    return pen.ruling()


def _claim(pen: _Pen, _event: Claimed) -> Ruling:
    case = pen.case
    if case.claimed_at is not None or not may_act(case, pen.now) or case.status is Status.PENDING:
        raise Refused(Reason.NOT_CLAIMABLE, _why_not_claimable(case))
    pen.change(claimed_at=pen.now)
    pen.note(FactKind.CLAIMED, f"agent:{case.request.agent}", {})
    return pen.ruling()


def _why_not_claimable(case: Case) -> str:
    if case.claimed_at is not None:
        return "claimed"
    return "expired" if case.status in (Status.APPROVED, Status.MODIFIED) else str(case.status)


def _report(pen: _Pen, event: Reported) -> Ruling:
    case = pen.case
    if case.status not in (Status.APPROVED, Status.MODIFIED):
        raise Refused(Reason.NOT_REPORTABLE, str(case.status))
    pen.change(outcome=Outcome(event.status, pen.now, event.detail, event.url))
    pen.note(FactKind.REPORTED, f"agent:{case.request.agent}", {"status": str(event.status)})
    if case.judgement.gate is not Gate.AUTO:
        pen.follow(ShowCard())
    return pen.ruling()


def may_act(case: Case, now: Instant) -> bool:
    """The contract's `proceed`: whether the agent may go on, at `now`."""
    if case.status not in (Status.APPROVED, Status.MODIFIED) or case.decision is None:
        return False
    if not case.payload and case.digest != _DIGEST_OF_NOTHING:
        # What was approved was deleted after its time: an agent must not act on what is left.
        return False
    until = case.decision.valid_until
    return until is None or now <= until


def said(words: str | None) -> str | None:
    """What somebody said; blanks are nothing."""
    return (words or "").strip() or None


def _signed(by: Person | str) -> str:
    return f"person:{by.id}" if isinstance(by, Person) else f"agent:{by}"


_HANDLERS: Mapping[type[Any], Callable[[_Pen, Any], Ruling]] = {
    Voted: _vote,
    Edited: _edit,
    Commented: _comment,
    Ticked: _tick,
    Cancelled: _cancel,
    Claimed: _claim,
    Reported: _report,
}

"""What people do to a request: approve, edit, reject, answer. Each counts, or is refused and recorded."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace

from approvals import access, confirming, form, grants, quorum, stepping, titles
from approvals.audit import FactKind
from approvals.canonical import Digest, Json, digest_of
from approvals.effects import KeepGrant, PostNote, ShowCard, Voided
from approvals.errors import Reason
from approvals.events import Answered, Edited, Voted
from approvals.grants import Grant
from approvals.model import Case, Flaw, Judgement, Vote
from approvals.moves import Move
from approvals.pen import Answer, Pen, Ruling, said, signed
from approvals.roster import Person, Roster
from approvals.words import Choice, Gate, Kind, Status, UserId, Via


def vote(pen: Pen, event: Voted) -> Ruling:
    """Approve or reject what was seen."""
    case = pen.case
    refused = why_refused(case, event.by.id, event.seen, event.roster)
    if refused is Reason.LATE and event.allowing is None and _had_its_way(case, event):
        return pen.ruling(Answer(repeated=True))
    if refused is None and case.request.kind is Kind.QUESTION:
        refused = Reason.NOT_THIS_WAY
    if refused is None and event.choice is Choice.REJECT and said(event.reason) is None:
        refused = Reason.REASON_MISSING
    if refused is not None or event.choice is Choice.REJECT:
        return _refuse(pen, event, refused) if refused is not None else _count(pen, event, Choice.REJECT)
    if case.flaws:
        return _refuse(pen, event, Reason.BREAKS_FORM, case.flaws)
    if not confirming.confirmed(case.judgement, case.payload, event.typed):
        return _refuse(pen, event, Reason.NOT_CONFIRMED)
    grant = _grant(pen, event)
    if event.allowing is not None and grant is None:
        return _refuse(pen, event, Reason.NOT_GRANTABLE)
    return _count(pen, event, Choice.APPROVE, grant)


def edit(pen: Pen, event: Edited) -> Ruling:
    """Change the payload, and approve it so."""
    case = pen.case
    refused = why_refused(case, event.by.id, event.seen, event.roster)
    if refused is None and case.request.kind is Kind.QUESTION:
        refused = Reason.NOT_THIS_WAY
    if refused is not None:
        return _refuse(pen, event, refused)
    flaws = form.flaws_of_edit(case, event.payload)
    if flaws:
        return _refuse(pen, event, Reason.BREAKS_FORM, flaws)
    if not confirming.confirmed(case.judgement, event.payload, event.typed):
        return _refuse(pen, event, Reason.NOT_CONFIRMED)
    digest = digest_of(event.payload)
    if digest == case.digest and case.judgement.gate is Gate.AUDIT:
        # Whoever set out to correct it did not find it right.
        return _refuse(pen, event, Reason.NOTHING_CHANGED)
    if digest == case.digest:
        return _count(pen, event, Choice.APPROVE)
    voided = tuple(p for p in quorum.tally(case, event.roster).approved_by if p.id != event.by.id)
    judgement = _retitled(case, event.payload)
    fresh = {"round": case.round + 1, "flaws": (), "lapsed": ()}
    pen.change(payload=event.payload, digest=digest, judgement=judgement, **fresh)
    changes = len(form.changes(case.payload, event.payload))
    body: dict[str, Json] = {"payload": pen.sealed(digest), "changes": changes, "round": pen.case.round}
    pen.note(FactKind.EDITED, signed(event.by), body | _for(_in_place_of(pen.case, event)))
    ruling = _count(pen, event, Choice.APPROVE)
    if not voided or ruling.case.status.final:
        return ruling
    pen.follow(PostNote(f"voided:{pen.case.round}", Voided(event.by, voided)))
    return pen.ruling(ruling.answer)


def answer(pen: Pen, event: Answered) -> Ruling:
    """Answer a question; the first answer ends it."""
    case = pen.case
    refused = why_refused(case, event.by.id, event.seen, event.roster)
    words = said(event.answer)
    options = case.request.options
    if refused is None and case.request.kind is not Kind.QUESTION:
        refused = Reason.NOT_THIS_WAY
    if refused is None and (event.answer not in options if options else words is None):
        refused = Reason.NO_ANSWER
    if refused is not None:
        return _refuse(pen, event, refused)
    given = event.answer if options else words
    absent = _in_place_of(case, event)
    places = {} if absent is None else {event.by.id: absent}
    pen.note(FactKind.ANSWERED, signed(event.by), {"answer": pen.sealed(digest_of(given)), **_for(absent)})
    pen.end(Move.SOMEBODY_ANSWERS, Via.HUMAN, (event.by,), signed(event.by), answer=given, in_place_of=places)
    return pen.ruling()


def why_refused(case: Case, by: UserId, seen: Digest, roster: Roster) -> Reason | None:
    """None when a vote of `by` would count now; else why not, what helps most to be told first.

    `seen` is the `Case.sight` that was on the screen.
    """
    if case.status.final:
        return Reason.LATE
    if case.held:
        return Reason.HELD
    why = access.why_not_decide(case, by, roster)
    if why is not None:
        return why
    return Reason.STALE if seen != case.sight else None


def _had_its_way(case: Case, event: Voted) -> bool:
    """A second click on what the first one did: no mistake, and nothing to refuse."""
    return (
        case.status in (Status.APPROVED, Status.MODIFIED)
        and case.decision is not None
        and event.choice is Choice.APPROVE
        and any(person.id == event.by.id for person in case.decision.by)
        and event.seen == case.sight
    )


def _grant(pen: Pen, event: Voted) -> Grant | None:
    if event.allowing is None:
        return None
    return grants.given(pen.case, event.allowing.id, event.by, pen.now, event.allowing.lasts)


def _retitled(case: Case, payload: Mapping[str, Json]) -> Judgement:
    """Whoever reads only what heads the card must read what they would approve now."""
    judgement = case.judgement
    if judgement.template is None:
        return judgement
    edited = replace(case.request, payload=payload)
    title = titles.heading(titles.known(judgement.template), edited, judgement.risk)
    return replace(judgement, title=title)


def _count(pen: Pen, event: Voted | Edited, choice: Choice, grant: Grant | None = None) -> Ruling:
    """Take a vote that is right, and end the request if it was the last one needed."""
    case = pen.case
    before = quorum.tally(case, event.roster)
    used = before.used
    absent = _in_place_of(case, event, used)
    repeated = choice is Choice.APPROVE and (
        event.by.id in used or (absent is not None and absent.id in used)
    )
    if not repeated:
        reason = said(event.reason)
        vote = Vote(event.by, choice, case.digest, case.round, pen.now, reason, absent)
        pen.change(votes=(*case.votes, vote))
        kind = FactKind.APPROVED if choice is Choice.APPROVE else FactKind.REJECTED
        body: dict[str, Json] = {"payload": pen.sealed(case.digest), "round": case.round, "reason": reason}
        pen.note(kind, signed(event.by), body | _for(absent))
    standing = quorum.tally(pen.case, event.roster)
    if standing.rejected_by is not None:
        places = {} if absent is None else {event.by.id: absent}
        reason = event.reason
        pen.end(Move.SOMEBODY_REJECTS, Via.HUMAN, (event.by,), signed(event.by), reason, in_place_of=places)
    elif standing.reached:
        move = Move.QUORUM_APPROVES_EDITED if pen.case.edited else Move.QUORUM_APPROVES
        if grant is not None:
            pen.note(FactKind.GRANTED, signed(event.by), _spelled(grant))
        places = dict(standing.in_place_of)
        words = _words(pen.case)
        pen.end(move, Via.HUMAN, standing.approved_by, signed(event.by), words, in_place_of=places)
        if grant is not None:
            pen.follow(KeepGrant(grant))
    elif not repeated:
        pen.follow(ShowCard())
        stepping.recount(pen, event.roster, event.by.id)
    repeated = repeated and not standing.reached
    return pen.ruling(
        Answer(repeated=repeated, already=_other(before, event.by, absent) if repeated else None)
    )


def _other(standing: quorum.Tally, by: Person, absent: Person | None) -> Person | None:
    """Who approved already for the two of them, where that was not `by`."""
    two = {by.id} if absent is None else {by.id, absent.id}
    for person in standing.approved_by:
        place = standing.in_place_of.get(person.id)
        if person.id != by.id and (person.id in two or (place is not None and place.id in two)):
            return person
    return None


def _spelled(grant: Grant) -> dict[str, Json]:
    return {
        "grant": grant.id,
        "risk": str(grant.risk),
        "seconds": int((grant.until - grant.given_at).total_seconds()),
    }


def _words(case: Case) -> str | None:
    """What the approvers of the current payload said, one after the other."""
    words = [vote.reason for vote in case.votes if vote.round == case.round and vote.reason]
    return "\n".join(words) or None


def _in_place_of(
    case: Case, event: Voted | Edited | Answered, used: Container[UserId] = frozenset()
) -> Person | None:
    """Who is away and for whom it is said; None: it is said in their own right.

    `used` are those whose approval counts already. In a new round, and of a question, nobody's does.
    """
    absent = access.in_place_of(case, event.by.id, event.roster, used)
    return None if absent is None else event.roster.profile(absent).person


def _for(absent: Person | None) -> dict[str, Json]:
    """How a fact says in whose place it was done."""
    return {} if absent is None else {"for": absent.id}


def _refuse(pen: Pen, event: Voted | Edited | Answered, why: Reason, flaws: tuple[Flaw, ...] = ()) -> Ruling:
    """A vote that does not count is recorded all the same, and whoever gave it is told."""
    if isinstance(event, Voted):
        wanted = str(event.choice)
    else:
        wanted = "edit" if isinstance(event, Edited) else "answer"
    body: dict[str, Json] = {"wanted": wanted, "why": str(why), "seen": event.seen}
    pen.note(FactKind.REFUSED, signed(event.by), body)
    if why in (Reason.STALE, Reason.LATE) and not pen.case.quiet and ShowCard() not in pen.effects:
        # What was on the screen is not what stands here: whatever the reason, Slack is to show it again.
        pen.follow(ShowCard())
    return pen.ruling(Answer(why, flaws))

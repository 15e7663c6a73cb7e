"""Whose attention a request has: handed over, or put off for a while. Neither decides anything."""

from __future__ import annotations

from approvals import access, escalation, stepping
from approvals.audit import FactKind
from approvals.canonical import Json
from approvals.effects import HandedTo, PostNote, ShowCard, Wake
from approvals.errors import Reason
from approvals.events import HandedOver, Snoozed
from approvals.model import Case, GroupName, Instant, Roster, StepKind, UserId
from approvals.pen import Answer, Pen, Ruling, said, signed


def hand_over(pen: Pen, event: HandedOver) -> Ruling:
    """See that somebody else takes care of it. Whoever hands it over may decide it still, unreminded.

    A person takes it who may decide it now; a group, that the rule escalates to later: it is asked now.
    """
    case = pen.case
    why = _why_not(case, event.by.id, event.roster)
    if why is None and not _takes(case, event):
        why = Reason.NOT_TAKEN
    if why is not None:
        return pen.ruling(Answer(why))
    if event.to_person is None:
        _ask(pen, event)
    else:
        excused = {*case.excused, event.by.id} - {event.to_person.id}
        snoozed = {user: until for user, until in case.snoozed.items() if user != event.to_person.id}
        pen.change(excused=tuple(sorted(excused)), snoozed=snoozed)
        body: dict[str, Json] = {"to": event.to_person.id}
        pen.note(FactKind.HANDED_OVER, signed(event.by), body)
        if case.waits_in is not None:
            # Among a hundred others nobody would see that it is theirs now.
            pen.leave_digest()
            pen.follow(ShowCard())
        note = HandedTo(event.by, event.to_person, said(event.reason))
        pen.follow(PostNote(f"handed:{case.version}", note))
    return pen.ruling()


def _ask(pen: Pen, event: HandedOver) -> None:
    """Its escalation comes before its time; when that comes, nothing is left to do."""
    found = next(item for item in escalation.remaining(pen.case) if item[1].to == event.to_group)
    place, step = found
    pen.change(ahead=(*pen.case.ahead, place), excused=tuple(sorted({*pen.case.excused, event.by.id})))
    pen.note(FactKind.HANDED_OVER, signed(event.by), {"to": event.to_group})
    pen.follow(stepping.escalate(pen, place, step, early=True, by=event.by))


def takers(case: Case, by: UserId, roster: Roster) -> tuple[tuple[UserId, ...], tuple[GroupName, ...]]:
    """To whom `by` may hand it over: people, and groups that are not asked yet, both in the rule's order."""
    people = [
        profile.id
        for profile in roster.asked(case.asked)
        if profile.id != by and access.why_not_decide(case, profile.id, roster) is None
    ]
    later = [step.to for _, step in escalation.remaining(case) if step.do is StepKind.ESCALATE and step.to]
    return tuple(people), tuple(name for name in dict.fromkeys(later) if name not in case.asked)


def _takes(case: Case, event: HandedOver) -> bool:
    people, groups = takers(case, event.by.id, event.roster)
    if event.to_person is not None:
        return event.to_person.id in people
    return event.to_group in groups


def snooze(pen: Pen, event: Snoozed) -> Ruling:
    """Mention them in no reminder until then; then they are told, if it waits for them still."""
    case = pen.case
    why = _why_not(case, event.by.id, event.roster)
    if why is None and event.until <= pen.now:
        why = Reason.PAST
    if why is not None:
        return pen.ruling(Answer(why))
    pen.change(snoozed={**case.snoozed, event.by.id: event.until})
    pen.note(FactKind.SNOOZED, signed(event.by), {"seconds": int((event.until - pen.now).total_seconds())})
    pen.follow(Wake(f"wake:{event.by.id}:{case.version}", event.by, event.until))
    return pen.ruling()


def minds(case: Case, user: UserId, now: Instant) -> bool:
    """Whether `user` is to be reminded of it at `now`."""
    until = case.snoozed.get(user)
    return user not in case.excused and (until is None or until <= now)


def _why_not(case: Case, by: UserId, roster: Roster) -> Reason | None:
    if case.status.final:
        return Reason.LATE
    return Reason.HELD if case.held else access.why_not_decide(case, by, roster)

"""Whose attention a request has: handed over, or put off for a while. Neither decides anything."""

from __future__ import annotations

from collections.abc import Set

from approvals import access, escalation, stepping
from approvals.audit import FactKind
from approvals.canonical import Json
from approvals.effects import HandedTo, PostNote, ShowCard, Wake
from approvals.errors import Reason
from approvals.events import HandedOver, Snoozed
from approvals.model import Case
from approvals.pen import Answer, Pen, Ruling, said, signed
from approvals.quorum import tally
from approvals.roster import Profile, Roster
from approvals.words import Choice, GroupName, Instant, StepKind, UserId


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
    pen.follow(stepping.escalate(pen, place, step, event.roster, early=True, by=event.by))


def takers(case: Case, by: UserId, roster: Roster) -> tuple[tuple[UserId, ...], tuple[GroupName, ...]]:
    """To whom `by` may hand it over: people, and groups that are not asked yet, both in the rule's order.

    Nobody takes it who has said already what they have to say.
    """
    people = [profile.id for profile in silent(case, roster) if profile.id != by]
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


def silent(case: Case, roster: Roster, groups: tuple[GroupName, ...] | None = None) -> tuple[Profile, ...]:
    """Who of `groups` (None: of all asked) could decide it, and has said nothing of it as it is now."""
    done = spoken(case, roster)
    asked = roster.asked(case.asked if groups is None else groups)
    return tuple(
        each for each in asked if each.id not in done and access.why_not_decide(case, each.id, roster) is None
    )


def spoken(case: Case, roster: Roster) -> frozenset[UserId]:
    """Who has decided their part of it as it is now, and in whose place."""
    rejected = (v.by.id for v in case.votes if v.choice is Choice.REJECT and v.round == case.round)
    return tally(case, roster).used.union(rejected)


def reached(case: Case, profile: Profile, roster: Roster, done: Set[UserId]) -> Profile:
    """Whom to call: the deputy of whoever is away, if that one may, and is not `done` with it."""
    deputy = roster.deputy(profile.id)
    if deputy is None or deputy.id in done or access.why_not_decide(case, deputy.id, roster) is not None:
        return profile
    return deputy


def relieved(case: Case, roster: Roster) -> frozenset[UserId]:
    """Who handed it over, and so is not reminded: nobody, where none of the others could decide it any more.

    Whoever took it may have left, or given their part of a quorum: it must not wait for people unheard.
    """
    excused = frozenset(case.excused)
    if not excused:
        return excused
    done = spoken(case, roster)
    others = (
        each.id not in excused and reached(case, each, roster, done).id not in excused
        for each in silent(case, roster)
    )
    return excused if any(others) else frozenset()


def puts_off(case: Case, user: UserId, now: Instant) -> bool:
    """Whether `user` wants no reminder of it yet."""
    until = case.snoozed.get(user)
    return until is not None and until > now


def _why_not(case: Case, by: UserId, roster: Roster) -> Reason | None:
    if case.status.final:
        return Reason.LATE
    return Reason.HELD if case.held else access.why_not_decide(case, by, roster)

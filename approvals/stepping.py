"""What time does to a request: the steps that are due, and what becomes of it when too few can decide."""

from __future__ import annotations

from datetime import timedelta

from approvals import escalation, quorum
from approvals.audit import FactKind
from approvals.effects import (
    AskOperators,
    CallAgent,
    CallbackType,
    Escalated,
    OpenReview,
    PostNote,
    Recounted,
    Reminded,
    Restarted,
    ShowCard,
    Skipped,
    TellUnreached,
)
from approvals.errors import Broken
from approvals.events import Ticked
from approvals.model import Called, Case, Lack, Step
from approvals.moves import Move
from approvals.pen import Pen, signed
from approvals.roster import Person, Roster
from approvals.words import GroupName, Instant, StepKind, UserId, Via

#: A clock that is this late was away (asleep, cut off from its database): nobody was heard meanwhile.
LATE = timedelta(minutes=1)


def fire(pen: Pen, ticked: Ticked | None, roster: Roster | None) -> None:
    """Carry out the steps that are due, in order. Of several reminders only the last is sent.

    Silence approves on a tick only: any other event is somebody who is heard, and decides for itself.
    `roster` is who is who today, where the event tells.
    """
    notes: dict[StepKind | int, PostNote] = {}
    for place, step in escalation.due(pen.case, pen.now):
        if step.do is StepKind.APPROVE and not _silence(pen, step, ticked):
            if pen.case.began_at is None:
                # That it starts again is told to the same people.
                notes.pop(StepKind.REMIND, None)
            break
        pen.change(fired=place + 1)
        if step.do is StepKind.REMIND:
            pen.note(FactKind.REMINDED, "clock", {"after": _seconds(step)})
            # Said where the last of them stands. Whom an escalation calls in the same breath, it calls alone.
            notes.pop(StepKind.REMIND, None)
            notes[StepKind.REMIND] = PostNote(f"remind:{place}", Reminded(pen.before.asked))
        elif step.do is StepKind.ESCALATE:
            notes[place] = escalate(pen, place, step, roster)
        elif step.do is StepKind.EXPIRE:
            # Only a question has an answer of its own for that.
            default = pen.case.request.default_answer
            pen.end(Move.TIME_RUNS_OUT, Via.TIMEOUT, (), "clock", answer=default)
        elif step.do is StepKind.PARK:
            pen.change(parked_at=pen.now)
            if not pen.crowded:
                # Where there are too many it needs no message of its own: it is decided where it is.
                pen.leave_digest()
            pen.note(FactKind.PARKED, "clock", {"after": _seconds(step)})
            pen.follow(ShowCard(), CallAgent("parked", CallbackType.PARKED))
    pen.follow(*notes.values())


def escalate(
    pen: Pen,
    place: int,
    step: Step,
    roster: Roster | None,
    *,
    early: bool = False,
    by: Person | None = None,
) -> PostNote:
    """Ask another group as well; what is to be said of it in the thread.

    Where nobody is in it, by `roster`, the operators are told; where Slack has not told, once it has.
    """
    if step.to is None:
        raise Broken(f"{pen.case.id} escalates to nobody")
    called = {step.to: Called(pen.now, early, by), **pen.case.called}
    pen.change(escalated=tuple(dict.fromkeys((*pen.case.escalated, step.to))), called=called)
    # Whoever is asked only now was never shown the digest.
    pen.leave_digest()
    doer = "clock" if by is None else signed(by)
    pen.note(FactKind.ESCALATED, doer, {"to": step.to, "after": _seconds(step), "early": early})
    pen.follow(ShowCard(), CallAgent(f"escalated:{place}", CallbackType.ESCALATED))
    there = True if roster is None else _there(step.to, roster)
    if there is False:
        _reaches_nobody(pen, step.to)
    elif there is None:
        pen.change(unheard=tuple(dict.fromkeys((*pen.case.unheard, step.to))))
    return PostNote(f"escalate:{place}", Escalated(step.to, early, by, there))


def muster(pen: Pen, roster: Roster) -> None:
    """Name those who have left; where too few are left to decide, escalate at once, else ask the operators.

    Whose approval counts no more is named too, and a group that was asked while it was empty is called now.
    What was said is kept with the case: as long as nothing changes, nothing is said again.
    The last step keeps its time.
    """
    before = pen.case
    if not unnoticed(before, roster):
        return
    asked_now: list[PostNote] = []
    while (lack := quorum.lack(pen.case, roster)) is not None:
        following = escalation.next_escalation(pen.case)
        if following is None:
            break
        place, step = following
        pen.change(ahead=(*pen.case.ahead, place))
        asked_now.append(escalate(pen, place, step, roster, early=True))
    gone = roster.skipped(pen.case.asked)
    fresh = tuple(profile.person for profile in gone if profile.id not in before.missed)
    if fresh:
        pen.follow(PostNote(f"skipped:{before.version}", Skipped(fresh)))
    pen.follow(*asked_now)
    _call_reached(pen, roster)
    if lack is not None and (before.lacking is None or _short(lack) > _short(before.lacking)):
        # They are told of everybody who is asked, so of no empty group besides.
        pen.effects = [effect for effect in pen.effects if not isinstance(effect, TellUnreached)]
        pen.follow(AskOperators(lack))
    recount(pen, roster)
    pen.change(missed=_missed(pen.case, roster), lacking=lack)
    if ShowCard() not in pen.effects:
        pen.follow(ShowCard())


def recount(pen: Pen, roster: Roster, voter: UserId | None = None) -> None:
    """Say whose approvals count no more, and whose do again, since that was last said; not of `voter`.

    While Slack has not told who is in a group that is asked, nothing is said of any.
    """
    if quorum.unheard(pen.case.asked, roster):
        pen.change(lapsed=tuple(user for user in pen.case.lapsed if user != voter))
        return
    known, lapsed = pen.case.lapsed, quorum.lapsed(pen.case, roster)
    pen.change(lapsed=_ids(lapsed))
    fresh = tuple(person for person in lapsed if person.id not in known)
    approved = {vote.by.id: vote.by for vote in pen.case.votes}
    back = tuple(
        approved[user] for user in known if user not in pen.case.lapsed and user in approved and user != voter
    )
    if fresh or back:
        pen.follow(PostNote(f"recounted:{pen.before.version}", Recounted(fresh, back)))


def _call_reached(pen: Pen, roster: Roster) -> None:
    """Call who is by now in a group that nobody was in, or was known to be in, when it was asked.

    Where Slack tells only now that nobody is in it, the operators are told.
    """
    heard = {group: _there(group, roster) for group in (*pen.case.unreached, *pen.case.unheard)}
    empty = [group for group in pen.case.unheard if heard[group] is False]
    pen.change(
        unreached=tuple(group for group in pen.case.unreached if not heard[group]),
        unheard=tuple(group for group in pen.case.unheard if heard[group] is None),
    )
    for group in empty:
        _reaches_nobody(pen, group)
    pen.follow(*(PostNote(f"reached:{group}", Escalated(group)) for group, there in heard.items() if there))


def _reaches_nobody(pen: Pen, group: GroupName) -> None:
    pen.change(unreached=tuple(dict.fromkeys((*pen.case.unreached, group))))
    pen.follow(TellUnreached(group))


def _there(group: GroupName, roster: Roster) -> bool | None:
    """Whether anybody is in `group` to be asked; None: Slack has not told."""
    if roster.asked((group,)):
        return True
    return None if quorum.unheard((group,), roster) else False


def unnoticed(case: Case, roster: Roster) -> bool:
    """Whether anything has changed since the last muster that is to be said, or is kept with the case.

    Who has left, whether enough can decide, whose approvals count, and whether a call reached anybody.
    """
    if case.status.final or case.parked_at is not None or case.held:
        return False
    return (
        _missed(case, roster) != case.missed
        or quorum.lack(case, roster) != case.lacking
        or (not quorum.unheard(case.asked, roster) and _ids(quorum.lapsed(case, roster)) != case.lapsed)
        or any(roster.asked((group,)) for group in case.unreached)
        or any(_there(group, roster) is not None for group in case.unheard)
    )


def _missed(case: Case, roster: Roster) -> tuple[UserId, ...]:
    gone = {profile.id for profile in roster.skipped(case.asked)}
    if quorum.unheard(case.asked, roster):
        # Whom Slack does not tell of now was named already, and is not named again once it does.
        gone |= {*case.missed}
    return tuple(sorted(gone))


def _ids(people: tuple[Person, ...]) -> tuple[UserId, ...]:
    return tuple(sorted(person.id for person in people))


def _short(lack: Lack) -> int:
    return lack.missing - lack.left


def _silence(pen: Pen, step: Step, ticked: Ticked | None) -> bool:
    """Let it go ahead, if people could be heard all the while; else the window starts again."""
    if ticked is None:
        return False
    ended = _due_at(pen, step)
    away = ticked.heard_since is not None and ended <= ticked.heard_since
    if away or pen.now - ended > LATE:
        # As at first: it begins once Slack shows until when.
        pen.change(began_at=None)
        pen.note(FactKind.RESTARTED, "clock", {"after": _seconds(step)})
        pen.follow(ShowCard(), PostNote(f"restart:{pen.case.version}", Restarted()))
        return False
    if pen.case.flaws:
        raise Broken(f"{pen.case.id} breaks its rule's form and cannot be approved by silence")
    pen.end(Move.SILENCE_APPROVES, Via.TIMEOUT, (), "clock")
    if step.review:
        pen.follow(OpenReview())
    return True


def _due_at(pen: Pen, step: Step) -> Instant:
    began = escalation.began_at(pen.case)
    if began is None:
        raise Broken(f"{pen.case.id} has a step due before it began")
    return began + step.after


def _seconds(step: Step) -> int:
    return int(step.after.total_seconds())

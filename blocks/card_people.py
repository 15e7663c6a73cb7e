"""Who may decide, on a card: who is asked besides, who is left out and why, and whether they are enough."""

from __future__ import annotations

from typing import Final

from approvals import quorum
from approvals.escalation import began_at, next_escalation
from approvals.model import Case
from approvals.roster import Profile, Roster
from approvals.words import Gate, GroupName, Instant, StepKind
from blocks import rich
from blocks.rich import Block, Element
from blocks.standing import some_approved, who_may
from blocks.text import listed, short

_GROUPS: Final = 6
#: Groups that it was escalated to, each with how and when.
_CALLED: Final = 3
_PEOPLE: Final = 8
_MAY: Final = {Gate.AUDIT: "Who may review", Gate.QUESTION: "Who may answer"}
_MUST_NOT: Final = {Gate.AUDIT: "review", Gate.QUESTION: "answer"}
_CAN: Final = {**_MUST_NOT, Gate.SOFT: "object to"}


def lack(case: Case, roster: Roster, *, operators: bool) -> list[Block]:
    """Too few are left to decide, and what is done about it; `operators`: whether any can be told."""
    short_of = None if case.status.final else quorum.lack(case, roster)
    if short_of is None:
        return []
    if short_of.left == 0:
        nobody = "Nobody else who is asked" if some_approved(case) else "Nobody who is asked"
        many = f"{nobody} can {_CAN.get(case.judgement.gate, 'decide')} this"
    else:
        many = f"Only {short_of.left} of the {short_of.missing} needed can decide"
    if case.parked_at is not None:
        done = "."
    elif next_escalation(case) is not None:
        done = ": more people are about to be asked."
    elif operators:
        done = ": the operators have been asked."
    else:
        done = ", and there are no operators to be told: put somebody in, in Slack or in hitl.yml."
    return [rich.block(rich.section(rich.text(f"⚠️ {many}", bold=True), rich.text(done)))]


def people(case: Case, roster: Roster) -> list[Element]:
    """Who may decide, and what there is to know about that; once decided, on whose behalf it was."""
    parts: list[Element] = []
    gate = case.judgement.gate
    if not case.status.final:
        parts.append(rich.titled(_MAY.get(gate, "Who may decide"), rich.text(who_may(case, roster))))
        parts += [*_stale(case, roster), *_skipped(case, roster)]
    if case.request.on_behalf_of:
        requester = _requester(case.request.on_behalf_of, roster)
        note = f"; they may not {_MUST_NOT.get(gate, 'approve')} it." if not case.status.final else "."
        parts.append(rich.titled("On behalf of", rich.text(f"{requester}{note}")))
    return parts


def also_asked(case: Case, roster: Roster) -> list[Block]:
    """While it is open: to whom it was escalated, since when, and by whom where somebody handed it over.

    Where nobody is in that group it reached nobody.
    """
    if not case.escalated or case.status.final:
        return []
    line: list[Element] = []
    for place, group in enumerate(case.escalated[:_CALLED]):
        line += [*rich.text(f"{', ' if place else ''}{short(group, 60)}"), *_how_asked(case, group)]
        known = roster.asked((group,)) or quorum.unheard((group,), roster)
        line += [] if known else rich.text(" (⚠️ nobody is in it now)")
    more = len(case.escalated) - _CALLED
    beyond = rich.text(f" and {more:,} more" if more > 0 else "")
    return [rich.block(rich.titled("⏫ Also asked", line, beyond))]


def _how_asked(case: Case, group: GroupName) -> list[Element]:
    """Since when, and why before its time."""
    called = case.called.get(group)
    since, early = _asked_since(case, group) if called is None else (called.at, called.early)
    told = [*rich.text(" since "), rich.date(since)] if since is not None else []
    if called is not None and called.by is not None:
        return [*told, *rich.text(f" ({short(called.by.name, 60)} handed it over)")]
    if not early:
        return told
    why = "before its time" if called is None else "early, as too few of the others can decide"
    return [*told, *rich.text(f" ({why})")]


def _asked_since(case: Case, group: GroupName) -> tuple[Instant | None, bool]:
    """When that step was due, and whether it was taken before its time; a window that began anew hides it."""
    steps = case.judgement.steps
    if any(steps[place].to == group for place in case.ahead if place < len(steps)):
        return None, True
    began = None if case.judgement.gate is Gate.SOFT else began_at(case)
    fired = (step for step in steps[: case.fired] if step.do is StepKind.ESCALATE and step.to == group)
    step = next(fired, None)
    return (began + step.after if step is not None and began is not None else None), False


def _stale(case: Case, roster: Roster) -> list[Element]:
    """Groups that Slack was not there to ask about."""
    parts: list[Element] = []
    for group in [group for group in case.asked if group in roster.as_of][:_GROUPS]:
        known = roster.as_of[group]
        name = short(group, 60)
        if known is None:
            told = rich.text(f"Slack has not said yet who is in {name}, so nobody there can decide.")
        else:
            told = [*rich.text(f"{name} as last known, "), rich.date(known), *rich.text(".")]
        parts.append(rich.titled("Slack cannot be asked", told))
    return parts


def _skipped(case: Case, roster: Roster) -> list[Element]:
    skipped = roster.skipped(case.asked)
    told = [
        *_left_out([each for each in skipped if not each.outsider], "no longer active in Slack"),
        *_left_out([each for each in skipped if each.outsider], "guests here, or from another workspace"),
    ]
    return [rich.titled("Not asked", rich.text(" ".join(told)))] if told else []


def _left_out(people: list[Profile], why: str) -> list[str]:
    gone = [short(profile.name, 60) for profile in people]
    if not gone:
        return []
    names = listed([*gone[:_PEOPLE], *([f"{len(gone) - _PEOPLE:,} more"] if len(gone) > _PEOPLE else [])])
    return [f"{names}: {why}."]


def _requester(requester: str, roster: Roster) -> str:
    names = [profile.name for user, profile in roster.people.items() if user == requester]
    return short(names[0] if names else requester, 100)

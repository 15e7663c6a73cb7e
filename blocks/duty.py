"""Who is on call and who is away, in words: what commands answer, and what people are told of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from approvals.escalation import ends_at
from approvals.model import Case
from approvals.roster import Person
from approvals.rotation import Shift
from approvals.words import GroupName, Instant, UserId
from blocks.message import Message, small, words
from blocks.standing import EMOJI, title_of
from blocks.text import Mrkdwn, escape, listed, mention, when

#: Groups in one list, and shifts named of one group.
_GROUPS: Final = 25
_SHIFTS: Final = 6
#: Groups that somebody who mistyped one is offered.
_NAMED: Final = 10
#: To somebody who was a deputy.
_OVER: Final = "You no longer decide for them."
ONCALL: Final = "oncall GROUP @user for 4h"
AWAY: Final = "away @deputy until DATE"


@dataclass(frozen=True, slots=True)
class Turns:
    """A group, and who decides in it from now on."""

    name: GroupName
    #: who is on call, in order, from now on; None: people do not take turns in it
    shifts: tuple[Shift, ...] | None
    #: the Slack user group that others keep; None: the policy names its people
    usergroup: str | None = None
    #: those of whom is known that they left Slack
    gone: frozenset[str] = frozenset()


def oncall(turns: Sequence[Turns], now: Instant) -> Message:
    """Now and next, of each group."""
    text = Mrkdwn(f"Who is on call, in {len(turns)} group{'' if len(turns) == 1 else 's'}:")
    if len(turns) == 1:
        return _said(turns_line(turns[0], now, _SHIFTS))
    shown = [words(turns_line(each, now, 2)) for each in turns[:_GROUPS]]
    more = len(turns) - _GROUPS
    rest = [small(f"{more:,} more groups: `/hitl oncall GROUP`")] if more > 0 else []
    return Message(text, [words(text), *shown, *rest])


def turns_line(turns: Turns, now: Instant, most: int) -> str:
    """One group: who is on call now, and the next, `most` shifts in all."""
    name = f"*{escape(turns.name, 60)}*"
    if turns.usergroup is not None:
        return f"{name}: whoever is in the Slack user group {escape(turns.usergroup, 40)}; it is kept there."
    if turns.shifts is None:
        return f"{name}: people who are always asked, as `hitl.yml` names them."
    lines, at = [], now
    for shift in turns.shifts[:most]:
        if shift.starts > at:
            lines.append(f"⚠️ nobody until {when(shift.starts)}")
        stands_in = ", standing in" if shift.override else ""
        gone = ", who left Slack: nobody decides" if shift.user in turns.gone else ""
        who = _who(shift.user)
        if shift.starts <= now:
            lines.append(f"now {who}{stands_in}{gone}, until {when(shift.ends)}")
        else:
            lines.append(f"from {when(shift.starts)} {who}{stands_in}{gone}, until {when(shift.ends)}")
        at = shift.ends
    if len(lines) < 2:
        return f"{name}: {lines[0] if lines else '⚠️ nobody is on call'}"
    return "\n• ".join([f"{name}:", *lines])


def taken(group: str, user: str, starts: Instant | None, ends: Instant, *, shortened: bool) -> Message:
    """An override is made."""
    start = f"from {when(starts)} " if starts is not None else ""
    own = " That is when your own shift ends." if shortened else ""
    return _said(
        f"{_who(user)} is on call for {escape(group, 60)} {start}until {when(ends)}."
        f"{own} Both of you are told. `/hitl oncall {_code(group)} off` takes it back."
    )


def given_back(turns: Turns, now: Instant) -> Message:
    """Overrides are ended; others may stand."""
    shifts = turns.shifts or ()
    if any(shift.override for shift in shifts):
        ended = f"What was yours for {escape(turns.name, 60)} is ended. What others made still stands."
        return _said(f"{ended}\n{turns_line(turns, now, _SHIFTS)}")
    today = next((shift for shift in shifts if shift.starts <= now < shift.ends), None)
    who = f"{_who(today.user)} is on call now, until {when(today.ends)}" if today else "nobody is on call now"
    return _said(f"{escape(turns.name, 60)} is as the rotation has it again: {who}.")


def nothing_to_give_back(group: str) -> Message:
    """No override there."""
    return _said(f"Nobody stands in for anybody in {escape(group, 60)}.")


def not_your_shift(group: str) -> Message:
    """Neither an operator nor on call then."""
    return _said(
        f"You are not on call for {escape(group, 60)} then. Whoever is can hand it over, and so can the"
        " operators."
    )


def not_your_override(group: str) -> Message:
    """Somebody else's."""
    return _said(
        f"Others made what stands for {escape(group, 60)}: they can take it back, whoever stands in, and the"
        " operators."
    )


def no_group(typed: str, groups: Sequence[str]) -> Message:
    """No such group."""
    known = listed([f"`{_code(name)}`" for name in groups[:_NAMED]], "or")
    return _said(f"There is no group `{_code(typed)}` in the policy. Say {known}.")


def no_turns(turns: Turns, now: Instant) -> Message:
    """Nothing to override in it."""
    return _said(f"People do not take turns there. {turns_line(turns, now, 1)}")


def nobody_named(usage: str) -> Message:
    """A person is missing."""
    return _said(f"Say who, by their name in Slack: `/hitl {usage}`.")


def nobody_called(name: str, usage: str) -> Message:
    """No such person is known."""
    return _said(
        f"I know nobody who is called {escape(name, 80)}. Type @ and choose them from Slack's list:"
        f" `/hitl {usage}`."
    )


def several_called(name: str, usage: str) -> Message:
    """More than one is."""
    return _said(
        f"Several people are called {escape(name, 80)}. Type @ and choose one from Slack's list:"
        f" `/hitl {usage}`."
    )


def not_active(user: str) -> Message:
    """They left, or are no person."""
    return _said(f"{_who(user)} is not an active person in this Slack.")


def no_time(problem: str, usage: str) -> Message:
    """When, cannot be read."""
    told = escape(f"{problem[:1].upper()}{problem[1:]}", 200)
    return _said(
        f"When? {told}. Type `/hitl {usage}`; a time may follow a day, as in “until 2026-12-01 09:00” or"
        " “until fri 6pm”."
    )


def no_deputy(user: str) -> Message:
    """Not in any group."""
    return _said(f"{_who(user)} is in no group of the policy, so they cannot decide for you.")


def not_oneself() -> Message:
    """Nobody is their own deputy."""
    return _said("You cannot stand in for yourself: name somebody else.")


def away(deputy: str, until: Instant) -> Message:
    """Somebody stands in from now on."""
    return _said(
        f"Until {when(until)} {_who(deputy)} may decide in your place, and is asked instead of you."
        " It is shown as theirs for you, and counts once for both of you. `/hitl away off` ends it."
    )


def here() -> Message:
    """Nobody stands in."""
    return _said(f"You are not away. `/hitl {AWAY}` says so.")


def back() -> Message:
    """They decide for themselves again."""
    return _said("You are back: nobody decides in your place any more.")


def planned(to: str, group: str, user: str, *, by: str, starts: Instant, ends: Instant) -> Message:
    """To both: somebody will stand in."""
    who = "You are" if to == user else f"{_who(user)} is"
    return _said(
        f"📅 {who} on call for {escape(group, 60)} from {when(starts)} until {when(ends)},"
        f" {'instead of whose turn it is' if to == user else 'instead of you'}. {_who(by)} said so."
    )


def planned_no_more(
    to: str, group: str, on_call: str | None, *, by: str, starts: Instant, ends: Instant
) -> Message:
    """To both: nobody will stand in after all, and `on_call` will be on call."""
    name, time = escape(group, 60), f"from {when(starts)} until {when(ends)}"
    if to == on_call:
        return _said(f"📅 You are on call for {name} {time} after all: {_who(by)} took back the change.")
    then = f", {_who(on_call)} is" if on_call is not None else ""
    return _said(f"📅 You are not on call for {name} {time} after all{then}. {_who(by)} took it back.")


def deputy(user: str, until: Instant) -> Message:
    """To a deputy."""
    return _said(
        f"🏖️ {_who(user)} is away until {when(until)}: what they are asked, you may decide in their place."
        " You are mentioned instead of them."
    )


def deputy_no_more(user: str, deputy: str | None) -> Message:
    """To somebody who was a deputy: `deputy` is from now on; None: nobody needs to be."""
    instead = (
        f"is back and decides for themselves again. {_OVER}"
        if deputy is None
        else (f"has asked {_who(deputy)} to decide in their place. {_OVER}")
    )
    return _said(f"🏖️ {_who(user)} {instead}")


@dataclass(frozen=True, slots=True)
class Open:
    """A request that is still open, and where its card is."""

    case: Case
    permalink: str | None


def handoff(
    to: str,
    group: str,
    before: str | None,
    after: str,
    at: Instant,
    *,
    count: int,
    urgent: Sequence[Open],
) -> Message:
    """To both, at the handoff: who is on call now, and what is still open for that group."""
    name = escape(group, 60)
    if to == after:
        whose = f", after {_who(before)}" if before is not None else ""
        text = f"📟 You are on call for {name} since {when(at)}{whose}."
    else:
        text = f"📟 Your shift for {name} is over: {_who(after)} is on call since {when(at)}."
    waits = "Nothing is open." if not count else f"{count:,} request{' is' if count == 1 else 's are'} open"
    more = count - len(urgent)
    if count:
        waits += ", the most urgent first:" if more > 0 and urgent else ":" if urgent else "."
    lines = [_open(each) for each in urgent]
    if urgent and more > 0:
        lines.append(f"…and {more:,} more")
    return Message(
        Mrkdwn(f"{text} {waits.rstrip(':.')}."), [words(text), words("\n• ".join([waits, *lines]))]
    )


def _open(each: Open) -> str:
    case = each.case
    title = escape(title_of(case, 120), 120)
    linked = f"<{each.permalink}|{title}>" if each.permalink is not None else title
    ends = ends_at(case)
    due = "parked" if case.parked_at is not None else f"until {when(ends)}" if ends is not None else "open"
    return f"{EMOJI[case.judgement.risk]} {linked} · {escape(case.request.agent, 60)} · {due}"


def _who(user: str) -> Mrkdwn:
    return mention(Person(UserId(user), user))


def _code(text: str) -> Mrkdwn:
    return escape(text.replace("`", "'"), 80)


def _said(text: str) -> Message:
    return Message(Mrkdwn(text), [words(text)])

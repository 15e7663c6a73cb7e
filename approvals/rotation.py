"""Who is on call: people take turns by the wall clock of a zone, right across its changes of time.

A handoff in an hour that a change of time skips happens at that hour's end; one in an hour that comes twice
happens once, the first time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from approvals.policy_model import Rotation
from approvals.words import GroupName, Instant, UserId

#: No zone has ever been set by more than this at once: how far an estimate of the shift's number may be off.
_CHANGE = timedelta(hours=26)
#: Whom a handoff longer ago would be news to has found out by now.
_LOOK_BACK = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody is on call from `starts` until just before `ends`."""

    user: UserId
    starts: Instant
    ends: Instant
    #: True when somebody took it over from whoever's turn it is
    override: bool = False


@dataclass(frozen=True, slots=True)
class Override:
    """Somebody stands in for whoever's turn it is. Of several at once the one made last holds."""

    group: GroupName
    user: UserId
    starts: Instant
    ends: Instant
    by: UserId
    made_at: Instant


@dataclass(frozen=True, slots=True)
class Handoff:
    """At `at` somebody else was on call."""

    at: Instant
    #: None: nobody was, before the first shift
    before: UserId | None
    after: UserId


@dataclass(frozen=True, slots=True)
class Change:
    """From `starts` until just before `ends`, `user` is on call who was not to be, or the other way round."""

    user: UserId
    #: who is on call then
    on_call: UserId | None
    starts: Instant
    ends: Instant


def on_call(rotation: Rotation, overrides: Iterable[Override], now: Instant) -> UserId | None:
    """Who is on call at `now`; None before the first shift."""
    standing_in = [each for each in overrides if each.starts <= now < each.ends]
    if standing_in:
        return max(standing_in, key=lambda each: each.made_at).user
    shift = _turn_at(rotation, now)
    return None if shift is None else shift.user


def shifts(
    rotation: Rotation, overrides: Sequence[Override], starts: Instant, ends: Instant
) -> Iterator[Shift]:
    """Who is on call from `starts` to `ends`, in order, overrides laid over the turns, neighbours joined."""
    edges = {starts, ends}
    edges |= {edge for each in overrides for edge in (each.starts, each.ends) if starts < edge < ends}
    turns = list(_turns(rotation, starts, ends))
    edges |= {max(turn.starts, starts) for turn in turns}
    edges |= {turn.ends for turn in turns if turn.ends < ends}
    last: Shift | None = None
    moments = sorted(edges)
    for begins, stops in pairwise(moments):
        user = on_call(rotation, overrides, begins)
        if user is None:
            continue
        stands_in = any(each.starts <= begins < each.ends for each in overrides)
        now = Shift(user, begins, stops, stands_in)
        if last is not None and (last.user, last.override, last.ends) == (user, stands_in, begins):
            last = replace(last, ends=stops)
            continue
        if last is not None:
            yield last
        last = now
    if last is not None:
        yield last


def next_handoff(rotation: Rotation, overrides: Sequence[Override], now: Instant) -> Instant | None:
    """When somebody else is on call next, within two turns; None while one alone always is."""
    turn = _turn_at(rotation, now)
    first = _instant(rotation, 0)
    horizon = (turn.ends if turn is not None else first) + 2 * rotation.every + _CHANGE
    today = on_call(rotation, overrides, now)
    following = (each for each in shifts(rotation, overrides, now, horizon) if each.user != today)
    return next((each.starts for each in following), None)


def last_handoff(
    rotation: Rotation, overrides: Sequence[Override], since: Instant, now: Instant
) -> Handoff | None:
    """The last time after `since` that somebody else was on call; None when nobody else was, or nobody is."""
    first = max(since, now - _LOOK_BACK)
    runs = list(shifts(rotation, overrides, first, now + timedelta(microseconds=1)))
    if not runs or runs[-1].ends <= now:
        return None
    run = runs.pop()
    while runs and (runs[-1].user, runs[-1].ends) == (run.user, run.starts):
        run = replace(run, starts=runs.pop().starts)
    before = on_call(rotation, overrides, run.starts - timedelta(microseconds=1))
    return None if run.starts <= first or before == run.user else Handoff(run.starts, before, run.user)


def taken_back(
    rotation: Rotation, before: Sequence[Override], after: Sequence[Override], now: Instant
) -> tuple[Change, ...]:
    """What becomes of that which was to come when of the overrides `before` only those `after` are left.

    Without what begins at `now`, which is a handoff. Whoever's turn it is counts where a planned override was
    to take it from them: of one that runs they were not told beforehand.
    """
    found: dict[Change, None] = {}
    for each in (one for one in before if one not in after):
        begins = max(each.starts, now)
        was, will = (list(shifts(rotation, plan, begins, each.ends)) for plan in (before, after))
        for starts, ends in pairwise(
            sorted({edge for one in (*was, *will) for edge in (one.starts, one.ends)})
        ):
            old, new = (_at(plan, starts) for plan in (was, will))
            if old == new or starts <= now:
                continue
            if old == each.user:
                found[Change(old, new, starts, ends)] = None
            if new is not None and each.starts > now:
                found[Change(new, new, starts, ends)] = None
    return tuple(found)


def _at(plan: Sequence[Shift], moment: Instant) -> UserId | None:
    return next((each.user for each in plan if each.starts <= moment < each.ends), None)


def _turn_at(rotation: Rotation, now: Instant) -> Shift | None:
    return next(_turns(rotation, now, now + timedelta(microseconds=1)), None)


def _turns(rotation: Rotation, starts: Instant, ends: Instant) -> Iterator[Shift]:
    """The turns, without overrides, that overlap with that time."""
    zone = ZoneInfo(rotation.timezone)
    wall = starts.astimezone(zone).replace(tzinfo=None)
    number = max(0, (wall - _first(rotation) - _CHANGE) // rotation.every)
    begins = _instant(rotation, number)
    while begins < ends:
        stops = _instant(rotation, number + 1)
        if stops > max(begins, starts):
            yield Shift(rotation.users[number % len(rotation.users)], begins, stops)
        begins, number = stops, number + 1


def _first(rotation: Rotation) -> datetime:
    """The first handoff on or after `start`, by the wall clock."""
    first = datetime.combine(rotation.start, rotation.at)
    if rotation.weekday is None:
        return first
    return first + timedelta(days=(rotation.weekday - first.weekday()) % 7)


def _instant(rotation: Rotation, number: int) -> Instant:
    """When the turn of that number begins."""
    zone = ZoneInfo(rotation.timezone)
    wall = _first(rotation) + number * rotation.every
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    return _end_of_gap(moment, zone)


def _end_of_gap(near: Instant, zone: ZoneInfo) -> Instant:
    """When the clocks were put forward, within a day of `near`."""
    early, late = near - timedelta(days=1), near + timedelta(days=1)
    before = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)

"""Who is on call and who is away, as people change it: who may, what it comes to, and who is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from approvals import rotation
from approvals.absence import Absence
from approvals.canonical import Json
from approvals.moments import Span
from approvals.policy_model import Policy, Rotation, UserGroup
from approvals.roster import Person
from approvals.rotation import Change, Override, Shift
from approvals.words import GroupName, Instant, UserId
from blocks.duty import Turns
from bot.desk.desk import Desk
from bot.desk.view import moment
from store import outbox, overrides
from store.outbox import ParcelKind
from store.unit_of_work import Unit

#: So that the handoff that an override makes is after what was announced before.
_JUST_BEFORE = timedelta(milliseconds=1)
#: How far ahead a list looks, in turns.
_AHEAD = 6


class Ending(StrEnum):
    """What came of what somebody wanted."""

    DONE = "done"
    #: it is neither their shift, nor are they an operator
    NOT_YOURS = "not_yours"
    #: nothing was there to be ended
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of it; with `DONE` the override, which ends with the shift of whoever gave that away."""

    ending: Ending
    override: Override | None = None


def rotations(policy: Policy) -> dict[GroupName, Rotation]:
    """The groups in which people take turns."""
    return {name: group for name, group in policy.groups.items() if isinstance(group, Rotation)}


def coming(unit: Unit, group: GroupName, turns: Rotation, starts: Instant, ends: Instant) -> list[Shift]:
    """Who is on call from `starts` to `ends`, overrides included."""
    theirs = [each for each in overrides.since(unit, starts) if each.group == group]
    return list(rotation.shifts(turns, theirs, starts, ends))


async def turns_in(desk: Desk, names: Sequence[GroupName]) -> list[Turns]:
    """Who is on call in those groups of the policy, some turns ahead. Raises `KeyError`."""
    now, policy, roster = desk.runtime.now(), desk.policies.current, desk.directory.roster()
    gone = frozenset(user for user, profile in roster.people.items() if not profile.active)

    def looking(unit: Unit) -> list[Turns]:
        found = []
        for name in names:
            group = policy.groups[name]
            if isinstance(group, Rotation):
                shifts = coming(unit, name, group, now, _horizon(group, now))
                found.append(Turns(name, tuple(shifts), gone=gone))
            else:
                found.append(Turns(name, None, group.id if isinstance(group, UserGroup) else None))
        return found

    return await desk.store.read(looking)


def _horizon(group: Rotation, now: Instant) -> Instant:
    return max(now, _beginning(group)) + max(_AHEAD * group.every, timedelta(days=1))


def _beginning(group: Rotation) -> Instant:
    return datetime.combine(group.start, group.at, UTC)


async def take_over(desk: Desk, by: Person, group: GroupName, user: UserId, when: Span) -> Taken:
    """Let `user` be on call instead: by an operator, or by whoever's shift it is, until its end at most.

    Raises `KeyError` for a group that is no rotation.
    """
    policy, now = desk.policies.current, desk.runtime.now()
    turns = rotations(policy)[group]

    def taking(unit: Unit) -> Taken:
        ends = when.ends
        planned = coming(unit, group, turns, when.starts, ends)
        if by.id not in policy.operators:
            own = _own_shift(planned, by.id, when.starts)
            if own is None:
                return Taken(Ending.NOT_YOURS)
            ends = own
        override = Override(group, user, when.starts, ends, by.id, now)
        overrides.first_seen(unit, group, min(now, when.starts) - _JUST_BEFORE)
        overrides.add(unit, override)
        if when.starts > now:
            # One that begins now is told as the handoff that it is.
            others = [each.user for each in planned if each.starts < ends]
            _tell_planned(unit, override, dict.fromkeys([user, *others]))
        return Taken(Ending.DONE, override)

    return await desk.store.write(taking)


async def give_back(desk: Desk, by: Person, group: GroupName) -> Ending:
    """End overrides of `group`: an operator all, others those that they made or in which they stand in.

    Those who were told of what was to come are told. Raises `KeyError` for a group that is no rotation.
    """
    policy, now = desk.policies.current, desk.runtime.now()
    whose, turns = None if by.id in policy.operators else by.id, rotations(policy)[group]

    def giving(unit: Unit) -> Ending:
        overrides.first_seen(unit, group, now - _JUST_BEFORE)
        before = [each for each in overrides.since(unit, now) if each.group == group]
        ended = overrides.end(unit, group, now, whose)
        if ended:
            after = [each for each in before if each not in ended]
            for change in rotation.taken_back(turns, before, after, now):
                if change.user != by.id:
                    _tell_taken_back(unit, group, change, by, now)
            return Ending.DONE
        theirs = any(each.group == group for each in overrides.since(unit, now))
        return Ending.NOT_YOURS if theirs else Ending.NOTHING

    return await desk.store.write(giving)


async def go_away(desk: Desk, by: Person, deputy: UserId, until: Instant) -> Absence:
    """`by` is away from now on, and `deputy` decides in their place; the deputy is told, and one before."""
    now = desk.runtime.now()
    absence = Absence(by.id, deputy, until, now)

    def going(unit: Unit) -> None:
        _tell_former_deputy(unit, by.id, deputy, now)
        overrides.put_absence(unit, absence)
        body: Json = {"notice": "deputy", "to": deputy, "user": by.id, "until": moment(until)}
        _put(unit, f"deputy:{by.id}:{moment(now)}", body, now)

    await desk.store.write(going)
    return absence


async def come_back(desk: Desk, by: Person) -> bool:
    """`by` is there again, and their deputy is told; False when they were not away."""
    now = desk.runtime.now()

    def coming_back(unit: Unit) -> bool:
        _tell_former_deputy(unit, by.id, None, now)
        return overrides.back(unit, by.id, now)

    return await desk.store.write(coming_back)


def _tell_former_deputy(unit: Unit, user: UserId, deputy: UserId | None, now: Instant) -> None:
    """Whoever stands in for `user` until now; `deputy` does from now on, None: nobody."""
    for absence in overrides.absent(unit, now):
        if absence.user == user and absence.deputy != deputy:
            body: Json = {"notice": "deputy_no_more", "to": absence.deputy, "user": user, "deputy": deputy}
            _put(unit, f"deputy-no-more:{user}:{moment(now)}", body, now)


def _own_shift(planned: list[Shift], user: UserId, starts: Instant) -> Instant | None:
    """Until when `user` is on call from `starts` on; None when they are not."""
    ends = None
    for each in planned:
        if each.user != user or each.starts != (starts if ends is None else ends):
            break
        ends = each.ends
    return ends


def _tell_planned(unit: Unit, override: Override, users: dict[UserId, None]) -> None:
    for user in users:
        body: Json = {
            "notice": "override",
            "to": user,
            "group": override.group,
            "user": override.user,
            "by": override.by,
            "starts": moment(override.starts),
            "ends": moment(override.ends),
        }
        key = f"override:{override.group}:{moment(override.made_at)}:{override.user}:{user}"
        _put(unit, key, body, override.made_at)


def _tell_taken_back(unit: Unit, group: GroupName, change: Change, by: Person, now: Instant) -> None:
    body: Json = {
        "notice": "override_off",
        "to": change.user,
        "group": group,
        "on_call": change.on_call,
        "by": by.id,
        "starts": moment(change.starts),
        "ends": moment(change.ends),
    }
    key = f"override-off:{group}:{moment(now)}:{moment(change.starts)}:{change.user}"
    _put(unit, key, body, now)


def _put(unit: Unit, key: str, body: Json, now: Instant) -> None:
    outbox.put(unit, ParcelKind.NOTICE, request=None, key=key, lane="", body=body, now=now)

"""`hitl oncall [GROUP]`: who decides when, as the policy and the overrides have it."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import click

from approvals import moments
from approvals.policy import Policy, PolicyError, Rotation, UserGroup
from approvals.rotation import Shift, next_handoff, on_call
from approvals.words import GroupName, Instant, UserId
from bot.cli.common import asynchronous, opened_store, read_settings, table
from bot.desk import duty
from bot.desk.view import moment
from bot.policies import read
from bot.runtime import SystemRuntime
from store import overrides, people
from store.unit_of_work import Unit

#: How far a plan goes where nobody says.
_TURNS = 8


@click.command()
@click.argument("group", required=False)
@click.option("--from", "starts", help="A day or a time, `2026-12-01 09:00`, in the rotation's zone; now.")
@click.option("--until", "ends", help="The same; eight turns later.")
@click.option("--json", "as_json", is_flag=True, help="As a JSON list; times in UTC.")
@asynchronous
async def oncall(group: str | None, starts: str | None, ends: str | None, as_json: bool) -> None:
    """Who is on call in GROUP, and when; without GROUP, who is now in each."""
    settings, now = read_settings(), SystemRuntime().now()
    try:
        policy = read(settings.config)
    except (PolicyError, OSError) as wrong:
        raise click.ClickException(str(wrong)) from wrong
    async with opened_store(settings.database_url) as store:
        names = await store.read(_names)
        if group is None:
            click.echo(await store.read(lambda unit: _everybody(unit, policy, now, names)))
            return
        turns = _turns(policy, group)
        first, last = _range(turns, starts, ends, now)
        plan = await store.read(lambda unit: duty.coming(unit, GroupName(group), turns, first, last))
    if as_json:
        click.echo(json.dumps([_told(each) for each in plan], indent=2))
        return
    click.echo(_plan(plan, turns, first, last, names))


def _names(unit: Unit) -> dict[UserId, str]:
    """What the bot has heard people called."""
    return {user: profile.name for user, (profile, _) in people.profiles(unit).items()}


def _turns(policy: Policy, name: str) -> Rotation:
    group = policy.groups.get(GroupName(name))
    if group is None:
        known = ", ".join(policy.groups)
        raise click.ClickException(f"there is no group {name!r}; the policy has {known}")
    if isinstance(group, UserGroup):
        raise click.ClickException(f"{name} is the Slack user group {group.id}: who is in it is kept there")
    if not isinstance(group, Rotation):
        raise click.ClickException(
            f"people do not take turns in {name}: the policy names them, all are asked"
        )
    return group


def _range(turns: Rotation, starts: str | None, ends: str | None, now: Instant) -> tuple[Instant, Instant]:
    try:
        first = now if starts is None else _moment(starts, now, turns)
        last = first + _TURNS * turns.every if ends is None else _moment(ends, first, turns, whole_day=True)
    except (ValueError, OverflowError) as wrong:
        raise click.ClickException(str(wrong)) from wrong
    if last <= first:
        raise click.ClickException("--until must be after --from")
    return first, last


def _moment(text: str, now: Instant, turns: Rotation, *, whole_day: bool = False) -> Instant:
    return moments.moment(text, now, turns.timezone, whole_day=whole_day)


def _plan(plan: list[Shift], turns: Rotation, first: Instant, last: Instant, names: dict[UserId, str]) -> str:
    zone = ZoneInfo(turns.timezone)
    lines: list[tuple[str, ...]] = []
    at = first
    for shift in plan:
        if shift.starts > at:
            lines.append((_local(at, zone), _local(shift.starts, zone), "nobody", "gap"))
        note = "stands in" if shift.override else ""
        lines.append((_local(shift.starts, zone), _local(shift.ends, zone), _who(shift.user, names), note))
        at = shift.ends
    if at < last:
        lines.append((_local(at, zone), _local(last, zone), "nobody", "gap"))
    return table((f"from ({turns.timezone})", "until", "who", ""), lines)


def _everybody(unit: Unit, policy: Policy, now: Instant, names: dict[UserId, str]) -> str:
    lines = []
    standing_in = overrides.since(unit, now)
    for name, group in policy.groups.items():
        if isinstance(group, Rotation):
            theirs = [each for each in standing_in if each.group == name]
            user = on_call(group, theirs, now)
            ends = next_handoff(group, theirs, now)
            until = _local(ends, ZoneInfo(group.timezone)) if ends is not None else "-"
            who = _who(user, names) if user is not None else "nobody yet"
            lines.append((name, who, until, group.timezone))
        elif isinstance(group, UserGroup):
            lines.append((name, f"whoever is in {group.id}", "-", "kept in Slack"))
        else:
            lines.append((name, ", ".join(_who(user, names) for user in group.users), "-", "always"))
    return table(("group", "who", "until", ""), lines)


def _who(user: UserId, names: dict[UserId, str]) -> str:
    return f"{names[user]} ({user})" if user in names else user


def _local(at: Instant, zone: ZoneInfo) -> str:
    """`Mon 2026-11-23 09:00 +01:00`: where the clocks change, the offset tells the two hours apart."""
    local = at.astimezone(zone)
    return f"{local:%a} {local.isoformat(' ', 'minutes')}"


def _told(shift: Shift) -> dict[str, Any]:
    return {
        "user": shift.user,
        "starts": moment(shift.starts),
        "ends": moment(shift.ends),
        "override": shift.override,
    }

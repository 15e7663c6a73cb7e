"""Who takes over a shift, and who is away: what people say with `/hitl oncall` and `/hitl away`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from approvals.absence import Absence
from approvals.rotation import Override
from approvals.words import GroupName, Instant, UserId
from store.statements import or_update, plain, unless_there
from store.tables import absences, handoffs, overrides
from store.unit_of_work import Unit

_ADD = plain(overrides)
_AT = sa.bindparam("at_", type_=overrides.c.ends.type)
_SINCE = sa.select(overrides).where(overrides.c.ends > _AT).order_by(overrides.c.made_at, overrides.c.id)
_AWAY = or_update(
    absences,
    ("person",),
    lambda new: {"deputy": new.deputy, "until": new.until, "made_at": new.made_at},
)
_ABSENT = sa.select(absences).where(absences.c.until > _AT).order_by(absences.c.made_at, absences.c.person)
_BACK = sa.update(absences).where(absences.c.person == sa.bindparam("person_"), absences.c.until > _AT)
_FIRST_SEEN = unless_there(handoffs, "group_name")
_MARKS = sa.select(handoffs)
_MARK = (
    sa.update(handoffs)
    .where(handoffs.c.group_name == sa.bindparam("group_"), handoffs.c.at < _AT)
    .values(at=_AT)
)


def add(u: Unit, override: Override) -> None:
    """Keep one."""
    row = {
        "group_name": override.group,
        "person": override.user,
        "starts": override.starts,
        "ends": override.ends,
        "made_by": override.by,
        "made_at": override.made_at,
    }
    u.insert(_ADD, row)


def since(u: Unit, at: Instant) -> tuple[Override, ...]:
    """Those that end after `at`, in the order in which they were made."""
    return tuple(map(_override, u.read(_SINCE, {"at_": at}, of=(overrides,)).all()))


def end(u: Unit, group: GroupName, now: Instant, whose: UserId | None = None) -> tuple[Override, ...]:
    """End those of `group` that run, and drop those to come; which. `whose` made them or stands in."""
    ended = tuple(
        each
        for each in since(u, now)
        if each.group == group and (whose is None or whose in (each.user, each.by))
    )
    theirs = [overrides.c.group_name == group]
    if whose is not None:
        theirs.append(sa.or_(overrides.c.person == whose, overrides.c.made_by == whose))
    to_come = sa.delete(overrides).where(*theirs, overrides.c.starts >= _AT)
    running = sa.update(overrides).where(*theirs, overrides.c.ends > _AT).values(ends=_AT)
    row = {"at_": now}
    u.change(to_come, row, of=(overrides,))
    u.change(running, row, of=(overrides,))
    return ended


def put_absence(u: Unit, absence: Absence) -> None:
    """The latest word of one person holds."""
    row = {"person": absence.user, "deputy": absence.deputy, "until": absence.until}
    u.insert(_AWAY, row | {"made_at": absence.made_at})


def absent(u: Unit, at: Instant) -> tuple[Absence, ...]:
    """Everybody who is away at `at`."""
    rows = u.read(_ABSENT, {"at_": at}, of=(absences,))
    return tuple(Absence(UserId(r.person), UserId(r.deputy), r.until, r.made_at) for r in rows)


def back(u: Unit, user: UserId, now: Instant) -> bool:
    """They are there again; False when they were not away."""
    return u.change(_BACK.values(until=_AT), {"person_": user, "at_": now}, of=(absences,)) > 0


def first_seen(u: Unit, group: GroupName, at: Instant) -> None:
    """From when on the handoffs of a group are announced; one that is known stays as it is."""
    u.insert(_FIRST_SEEN, {"group_name": group, "at": at})


def announced(u: Unit) -> dict[GroupName, Instant]:
    """Up to when the handoffs of each group were announced."""
    return {GroupName(row.group_name): row.at for row in u.read(_MARKS, of=(handoffs,))}


def announce(u: Unit, group: GroupName, at: Instant) -> bool:
    """The handoff at `at` is announced now; False when it was, by this replica or another."""
    return u.change(_MARK, {"group_": group, "at_": at}, of=(handoffs,)) > 0


def forget(u: Unit, before: Instant) -> int:
    """Drop overrides and absences that ended before then; how many there were."""
    row = {"at_": before}
    ended = u.change(sa.delete(overrides).where(overrides.c.ends < _AT), row, of=(overrides,))
    return ended + u.change(sa.delete(absences).where(absences.c.until < _AT), row, of=(absences,))


def _override(row: Any) -> Override:
    return Override(
        GroupName(row.group_name),
        UserId(row.person),
        row.starts,
        row.ends,
        UserId(row.made_by),
        row.made_at,
    )

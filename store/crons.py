"""What recurs by a cron expression: which of its times was carried out last."""

from __future__ import annotations

import sqlalchemy as sa

from approvals.words import Instant
from store.statements import unless_there
from store.tables import cron_runs
from store.unit_of_work import Unit

_moment = cron_runs.c.at.type
_NAMED = cron_runs.c.name == sa.bindparam("name_")
_GET = sa.select(cron_runs.c.at).where(_NAMED)
_BEGIN = unless_there(cron_runs, "name")
_ADVANCE = (
    sa.update(cron_runs)
    .where(_NAMED, cron_runs.c.at < sa.bindparam("new", type_=_moment))
    .values(at=sa.bindparam("new", type_=_moment))
)


def last(u: Unit, name: str) -> Instant | None:
    """The last time of `name` that was carried out, or that it began with; None where it never began."""
    found: Instant | None = u.read(_GET, {"name_": name}, of=(cron_runs,)).scalar()
    return found


def begin(u: Unit, name: str, at: Instant) -> None:
    """What was scheduled up to `at` is not made up for; where it had begun already, nothing changes."""
    u.insert(_BEGIN, {"name": name, "at": at})


def take(u: Unit, name: str, at: Instant) -> bool:
    """Whether the caller is to carry out what was scheduled at `at`: true once, whoever asks, if it began."""
    return u.change(_ADVANCE, {"name_": name, "new": at}, of=(cron_runs,)) > 0

"""Read models: what waits, counted."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from approvals.model import Instant, Status
from store.tables import cases
from store.unit_of_work import Unit

_IS_PENDING = cases.c.status == sa.literal_column("'pending'")
_PENDING = sa.select(sa.func.count()).select_from(cases).where(_IS_PENDING)
#: Ids sort by creation.
_OLDEST = sa.select(cases.c.created_at).where(_IS_PENDING).order_by(cases.c.id).limit(1)
_BY_STATUS = sa.select(cases.c.status, sa.func.count().label("many")).group_by(cases.c.status)


@dataclass(frozen=True, slots=True)
class Pending:
    """What waits for people. `oldest` is None where nothing does."""

    count: int
    oldest: Instant | None


def pending(u: Unit) -> Pending:
    """Costs what is pending, whatever was decided before."""
    return Pending(u.read(_PENDING, of=(cases,)).scalar_one(), u.read(_OLDEST, of=(cases,)).scalar())


def counts(u: Unit) -> dict[Status, int]:
    """Requests of all time by status; counts through an index, so it grows with history."""
    found = {Status(row.status): row.many for row in u.read(_BY_STATUS, of=(cases,))}
    return {status: found.get(status, 0) for status in Status}

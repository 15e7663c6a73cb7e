"""What should have left long ago: for operators, who see to why it did not."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from approvals.words import Instant
from store.parcels import IS_WAITING, MOMENT, ParcelKind
from store.tables import outbox
from store.unit_of_work import Unit

_now: sa.BindParameter[Instant] = sa.bindparam("now_", type_=MOMENT)
_CHANNEL = "channel:"
_THROTTLED = sa.and_(outbox.c.last_error.contains("ratelimited"), outbox.c.due_at > _now)
_DELAYED = (
    sa.select(outbox.c.lane, sa.func.count().label("many"), sa.func.max(outbox.c.due_at).label("until"))
    .where(IS_WAITING, outbox.c.lane != sa.literal_column("''"))
    .group_by(outbox.c.lane)
    .having(sa.func.max(sa.case((_THROTTLED, 1), else_=0)) == 1)
    .order_by(outbox.c.lane)
)
# What is to leave later has not been tried yet. A home tab is drawn for whoever asks.
_LATE = (
    sa.select(sa.func.count().label("many"), sa.func.min(outbox.c.created_at).label("oldest"))
    .select_from(outbox)
    .where(
        IS_WAITING,
        outbox.c.kind != sa.literal_column(f"'{ParcelKind.HOME}'"),
        outbox.c.created_at < sa.bindparam("before_", type_=MOMENT),
        sa.or_(outbox.c.attempts > 0, outbox.c.due_at <= _now),
    )
)


@dataclass(frozen=True, slots=True)
class Delayed:
    """A channel for which Slack takes nothing just now."""

    channel: str
    #: how much waits for it
    count: int
    until: Instant


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits although its time has come, and since when the oldest does."""

    count: int
    oldest: Instant | None
    delayed: tuple[Delayed, ...]


def backlog(u: Unit, before: Instant, now: Instant) -> Backlog:
    """What was put into the outbox before then and has not left; costs what waits."""
    late = u.read(_LATE, {"before_": before, "now_": now}, of=(outbox,)).one()
    lanes = u.read(_DELAYED, {"now_": now}, of=(outbox,))
    delayed = tuple(
        Delayed(row.lane.removeprefix(_CHANNEL), row.many, row.until)
        for row in lanes
        if row.lane.startswith(_CHANNEL)
    )
    return Backlog(late.many, late.oldest, delayed)

"""Who takes which parcel of the outbox, and what came of it.

A claim is committed before the call is made, so a crash in between shows as an attempt whose lease runs out.
While a parcel is claimed its `due_at` is the end of its lease: one index tells what can be taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from approvals.words import Instant, RequestId
from store.parcels import IS_WAITING, MOMENT, NEWS, PRIORITIES, UPDATES, Parcel, ParcelKind, State
from store.spelling import read_json
from store.tables import outbox
from store.unit_of_work import Unit

#: The contract, section 2: an event that cannot be delivered holds back later ones of its request so long.
HELD_BACK = timedelta(minutes=5)
#: A parcel that stands behind another is looked at again after this, should the other's end have missed it.
_LOOK_AGAIN = timedelta(seconds=15)
#: What is said in order within a request.
_ORDERED = (ParcelKind.CALLBACK, ParcelKind.THREAD)


def _first_due(priority: int) -> sa.Select[Any]:
    first = (
        sa.select(outbox.c.id, outbox.c.priority, outbox.c.due_at)
        .where(
            IS_WAITING,
            outbox.c.priority == sa.literal_column(str(priority)),
            outbox.c.due_at <= sa.bindparam("now", type_=MOMENT),
        )
        .order_by(outbox.c.due_at, outbox.c.id)
        .limit(sa.bindparam(f"most_{priority}", type_=sa.Integer))
        .subquery()
    )
    return sa.select(first.c.id, first.c.priority, first.c.due_at)


_DUE = sa.union_all(*map(_first_due, PRIORITIES))
_IDS: sa.BindParameter[Any] = sa.bindparam("ids", expanding=True)
_TAKE = (
    sa.select(outbox)
    .where(outbox.c.id.in_(_IDS), IS_WAITING, outbox.c.due_at <= sa.bindparam("now", type_=MOMENT))
    .order_by(outbox.c.priority, outbox.c.due_at, outbox.c.id)
    .with_for_update(skip_locked=True)
)
_SIBLINGS = sa.select(
    outbox.c.id, outbox.c.request, outbox.c.kind, outbox.c.first_tried_at, outbox.c.due_at
).where(
    outbox.c.request.in_(sa.bindparam("requests", expanding=True)),
    outbox.c.kind.in_([str(kind) for kind in _ORDERED]),
    outbox.c.state == sa.literal_column("'waiting'"),
)
_CLAIM = (
    sa.update(outbox)
    .where(outbox.c.id.in_(_IDS))
    .values(
        lease=sa.bindparam("lease_"),
        due_at=sa.bindparam("until", type_=MOMENT),
        attempts=outbox.c.attempts + 1,
        first_tried_at=sa.func.coalesce(outbox.c.first_tried_at, sa.bindparam("now", type_=MOMENT)),
        behind=None,
    )
)
_PUT_BEHIND = (
    sa.update(outbox)
    .where(outbox.c.id == sa.bindparam("id_"))
    .values(due_at=sa.bindparam("until", type_=MOMENT), behind=sa.bindparam("behind_"), lease=None)
)
_MINE = (outbox.c.id == sa.bindparam("id_"), outbox.c.lease == sa.bindparam("lease_"), IS_WAITING)
_now = sa.bindparam("now", type_=MOMENT)
# What was said need not be kept: the body may hold a payload.
_DONE = (
    sa.update(outbox)
    .where(*_MINE, outbox.c.generation == sa.bindparam("generation_"))
    .values(state=State.DONE, finished_at=_now, lease=None, last_error=None, body="null")
)
_CHANGED_MEANWHILE = (
    sa.update(outbox)
    .where(*_MINE)
    .values(
        due_at=_now,
        lease=None,
        attempts=0,
        first_tried_at=None,
        last_error=None,
        priority=sa.case((outbox.c.priority == NEWS, UPDATES), else_=outbox.c.priority),
    )
)
_AGAIN = (
    sa.update(outbox)
    .where(*_MINE)
    .values(
        due_at=sa.bindparam("due", type_=MOMENT),
        lease=None,
        last_error=sa.bindparam("error"),
        lane=sa.func.coalesce(sa.bindparam("known_lane", type_=sa.Text), outbox.c.lane),
    )
)
_BURY = (
    sa.update(outbox)
    .where(*_MINE)
    .values(state=State.DEAD, finished_at=_now, lease=None, last_error=sa.bindparam("error"))
)
_BRING_FORWARD = (
    sa.update(outbox)
    .where(
        outbox.c.request == sa.bindparam("request_"),
        outbox.c.kind == sa.bindparam("kind_"),
        outbox.c.behind == sa.bindparam("id_"),
        IS_WAITING,
    )
    .values(due_at=_now, behind=None)
)
_RELEASE_ALL = (
    sa.update(outbox).where(outbox.c.lease.is_not(None), IS_WAITING).values(lease=None, due_at=_now)
)
_HURRY = (
    sa.update(outbox)
    .where(
        IS_WAITING,
        outbox.c.kind != sa.literal_column(f"'{ParcelKind.CALLBACK}'"),
        outbox.c.lease.is_(None),
        outbox.c.behind.is_(None),
        outbox.c.attempts > 0,
    )
    .values(due_at=outbox.c.created_at)
)
# Not a range: databases disagree on where a colon sorts.
_owner = sa.bindparam("owner", type_=sa.Text)
_RELEASE = _RELEASE_ALL.where(
    sa.or_(
        outbox.c.lease == _owner,
        sa.func.substr(outbox.c.lease, 1, sa.func.length(_owner) + 1) == _owner + ":",
    )
)


def claim(
    u: Unit, now: Instant, lease: str, until: Instant, limit: int | Mapping[int, int]
) -> tuple[Parcel, ...]:
    """Take what is due, most pressing first: a person's answer, ended cards, news, updates; then by time.

    One card is under way at most per request; a callback or thread reply waits for earlier ones of its kind
    and request (callbacks for 5 minutes at most, from when the earlier one was first tried). A parcel whose
    lease ran out is taken anew. May return fewer than are due, never what another holds. `limit` is for all
    together, or for each priority that is to be claimed.
    """
    each = limit if isinstance(limit, Mapping) else dict.fromkeys(PRIORITIES, limit)
    most = {f"most_{priority}": each.get(priority, 0) for priority in PRIORITIES}
    ids = sorted(u.read(_DUE, {"now": now, **most}, of=(outbox,)).all(), key=lambda row: row[1:] + row[:1])
    if not ids:
        return ()
    total = len(ids) if isinstance(limit, Mapping) else limit
    rows = u.read(_TAKE, {"ids": [row.id for row in ids[:total]], "now": now}, of=(outbox,)).all()
    taken = _put_others_behind(u, rows, now)
    if taken:
        wanted = {"ids": [row.id for row in taken], "lease_": lease, "until": until, "now": now}
        u.change(_CLAIM, wanted, of=(outbox,))
    return tuple(_parcel(row, lease, now) for row in taken)


def _put_others_behind(u: Unit, rows: Sequence[Any], now: Instant) -> list[Any]:
    """Those of `rows` that need not wait for an earlier one; the others are put behind it."""
    ordered = {row.request for row in rows if row.kind in _ORDERED and row.request}
    if not ordered:
        return list(rows)
    waiting: dict[tuple[str, str], list[Any]] = {}
    for row in u.read(_SIBLINGS, {"requests": sorted(ordered)}, of=(outbox,)):
        waiting.setdefault((row.request, row.kind), []).append(row)
    free = []
    for row in rows:
        ahead = _ahead(row, waiting.get((row.request, row.kind), ()), now)
        if ahead is None:
            free.append(row)
        else:
            until = min(_may_go_at(ahead), now + _LOOK_AGAIN)
            moved = {"id_": row.id, "behind_": ahead.id, "until": max(until, now + timedelta(milliseconds=1))}
            u.change(_PUT_BEHIND, moved, of=(outbox,))
    return free


def _ahead(row: Any, siblings: Iterable[Any], now: Instant) -> Any | None:
    """The last earlier parcel that `row` still waits for."""
    if row.kind not in _ORDERED or not row.request:
        return None
    ahead = [other for other in siblings if other.id < row.id]
    if row.kind == ParcelKind.CALLBACK:
        ahead = [other for other in ahead if other.first_tried_at is None or _may_go_at(other) > now]
    return max(ahead, key=lambda other: other.id, default=None)


def _may_go_at(ahead: Any) -> Instant:
    """Until when one that stands behind `ahead` need not be looked at."""
    if ahead.kind == ParcelKind.CALLBACK and ahead.first_tried_at is not None:
        moment: Instant = ahead.first_tried_at + HELD_BACK
        return moment
    due: Instant = ahead.due_at + _LOOK_AGAIN
    return due


def done(u: Unit, parcel: Parcel, now: Instant) -> bool:
    """It was sent. False, changing nothing, where the lease no longer holds.

    A card that changed since it was claimed stays due.
    """
    mine = {"id_": parcel.id, "lease_": parcel.lease, "now": now}
    if u.change(_DONE, mine | {"generation_": parcel.generation}, of=(outbox,)):
        _bring_forward(u, parcel, now)
        return True
    changed = u.change(_CHANGED_MEANWHILE, mine, of=(outbox,)) > 0
    u.outbox_touched = u.outbox_touched or changed
    return changed


def again(u: Unit, parcel: Parcel, due_at: Instant, error: str, *, lane: str | None = None) -> bool:
    """It could not be sent and is tried again at `due_at`; `lane` once it is known. False as for `done`."""
    wanted = {"id_": parcel.id, "lease_": parcel.lease, "due": due_at, "error": error, "known_lane": lane}
    u.outbox_touched = True
    return u.change(_AGAIN, wanted, of=(outbox,)) > 0


def bury(u: Unit, parcel: Parcel, now: Instant, error: str) -> bool:
    """It is given up, and those behind it go on. False as for `done`."""
    wanted = {"id_": parcel.id, "lease_": parcel.lease, "now": now, "error": error}
    buried = u.change(_BURY, wanted, of=(outbox,)) > 0
    if buried:
        _bring_forward(u, parcel, now)
    return buried


def release(u: Unit, owner: str | None, now: Instant) -> int:
    """Give back what is held under `OWNER` or `OWNER:…` (None: by anybody), to be taken at once; how many."""
    u.outbox_touched = True
    if owner is None:
        return u.change(_RELEASE_ALL, {"now": now}, of=(outbox,))
    return u.change(_RELEASE, {"owner": owner, "now": now}, of=(outbox,))


def hurry(u: Unit) -> int:
    """Slack takes parcels again: what waits for another try is due as it was at first; how many those are."""
    u.outbox_touched = True
    return u.change(_HURRY, {}, of=(outbox,))


def _bring_forward(u: Unit, parcel: Parcel, now: Instant) -> None:
    if parcel.kind in _ORDERED and parcel.request is not None:
        behind = {"request_": parcel.request, "kind_": parcel.kind, "id_": parcel.id, "now": now}
        moved = u.change(_BRING_FORWARD, behind, of=(outbox,))
        u.outbox_touched = u.outbox_touched or moved > 0


def _parcel(row: Any, lease: str, now: Instant) -> Parcel:
    return Parcel(
        id=row.id,
        kind=ParcelKind(row.kind),
        request=RequestId(row.request) if row.request else None,
        key=row.key,
        lane=row.lane,
        body=read_json(row.body),
        created_at=row.created_at,
        due_at=row.due_at,
        attempts=row.attempts + 1,
        generation=row.generation,
        first_tried_at=row.first_tried_at or now,
        last_error=row.last_error,
        lease=lease,
        priority=row.priority,
    )

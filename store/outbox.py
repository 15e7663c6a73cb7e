"""What must still leave the process: Slack posts and updates, callbacks.

Two kinds: a card is level-triggered, one row a request, whose `generation` counts how often it changed;
everything else is said once, under one key. Who sends takes parcels under a lease: `store.leases`. What is
given up: `store.dead_letters`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from approvals.canonical import Json
from approvals.words import BoardId, Instant, RequestId, UserId
from store.aside import Row
from store.leases import again, bury, claim, done, hurry, release
from store.parcels import (
    CALLS,
    DECISIONS,
    FINAL_CARDS,
    IS_DEAD,
    IS_WAITING,
    MOMENT,
    NEWS,
    PRIORITIES,
    REPLIES,
    UPDATES,
    Counts,
    Parcel,
    ParcelKind,
    State,
    lane_of,
)
from store.spelling import write_json
from store.statements import or_update, unless_there
from store.tables import outbox
from store.unit_of_work import Unit

__all__ = [
    "HOMES",
    "Counts",
    "Parcel",
    "ParcelKind",
    "again",
    "bury",
    "cards_behind",
    "claim",
    "counts",
    "done",
    "forget_done",
    "given_up",
    "hold",
    "hurry",
    "lane_of",
    "next_due",
    "put",
    "release",
    "show_board",
    "show_card",
    "show_home",
    "waiting_in",
    "was_in_thread",
]

_PRIORITY = {ParcelKind.REPLY: REPLIES, ParcelKind.CLEARING: DECISIONS, ParcelKind.CALLBACK: CALLS}
#: The lane of all home tabs: Slack counts `views.publish` for the app, whoever it is for.
HOMES = "homes"
#: The one row of a request's card.
_CARD_KEY = "card"
_UNIQUE = ("request", "kind", "key")
_IS_DONE = outbox.c.state == sa.literal_column("'done'")

_PUT = unless_there(outbox, *_UNIQUE)


def _card_again(new: Row, *, final: bool) -> Row:
    waits = outbox.c.state == "waiting"
    # One that was given up may have reached Slack on an earlier try, which the next has to know.
    unsent = outbox.c.state != "done"
    return {
        "generation": outbox.c.generation + 1,
        "state": "waiting",
        # What changes only now did not wait for anything before.
        "created_at": sa.case((unsent, outbox.c.created_at), else_=new["created_at"]),
        # One that waits, be it for its turn or for Retry-After, keeps its time.
        "due_at": sa.case((waits, outbox.c.due_at), else_=new["due_at"]),
        "priority": FINAL_CARDS if final else sa.case((waits, outbox.c.priority), else_=UPDATES),
        "attempts": sa.case((unsent, outbox.c.attempts), else_=0),
        "first_tried_at": sa.case((unsent, outbox.c.first_tried_at), else_=None),
        "last_error": sa.case((unsent, outbox.c.last_error), else_=None),
        # Where Slack was found to take it outweighs where it was expected to go.
        "lane": sa.case((outbox.c.lane == "", new["lane"]), else_=outbox.c.lane),
        "finished_at": None,
    }


_SHOW = or_update(outbox, _UNIQUE, lambda new: _card_again(new, final=False))
_SHOW_FINAL = or_update(outbox, _UNIQUE, lambda new: _card_again(new, final=True))


def _home_again(new: Row) -> Row:
    """Who looks at it now does not wait until those could have it who looked yesterday."""
    leased = sa.and_(outbox.c.state == "waiting", outbox.c.lease.is_not(None))
    due = sa.case((leased, outbox.c.due_at), else_=new["due_at"])
    return {**_card_again(new, final=True), "due_at": due, "priority": new["priority"]}


_SHOW_HOME = or_update(outbox, _UNIQUE, _home_again)

_NEXT_DUE = sa.select(
    *(
        sa.select(outbox.c.due_at)
        .where(IS_WAITING, outbox.c.priority == sa.literal_column(str(priority)))
        .order_by(outbox.c.due_at)
        .limit(1)
        .scalar_subquery()
        for priority in PRIORITIES
    )
)
#: What waits for one lane, and is not being sent.
_IN_LANE = (
    IS_WAITING,
    outbox.c.lane != sa.literal_column("''"),
    outbox.c.lane == sa.bindparam("lane_"),
    outbox.c.lease.is_(None),
)
_HOLD = (
    sa.update(outbox)
    .where(*_IN_LANE, outbox.c.due_at < sa.bindparam("until", type_=MOMENT))
    # Who no longer stands behind another is not brought forward by the other's end.
    .values(due_at=sa.bindparam("until", type_=MOMENT), behind=None)
)
_FORGET = sa.delete(outbox).where(_IS_DONE, outbox.c.finished_at < sa.bindparam("before", type_=MOMENT))
#: `approvals.effects.Wake`: it waits for its time, and not for us.
_IS_PUT_OFF = sa.and_(
    outbox.c.kind == sa.literal_column(f"'{ParcelKind.NOTICE}'"), outbox.c.key.like("wake:%")
)
_COUNTS = (
    sa.select(outbox.c.kind, sa.func.count().label("many"), sa.func.min(outbox.c.created_at).label("oldest"))
    .where(IS_WAITING, sa.not_(_IS_PUT_OFF))
    .group_by(outbox.c.kind)
)
_IN_LANE_COUNT = sa.select(sa.func.count()).select_from(outbox).where(*_IN_LANE)
_CARDS_BEHIND = sa.select(outbox.c.request).where(
    outbox.c.request.in_(sa.bindparam("requests", expanding=True)),
    outbox.c.kind == sa.literal_column(f"'{ParcelKind.CARD}'"),
    outbox.c.state != sa.literal_column("'done'"),
)
_IN_THREAD = (
    sa.select(outbox.c.id)
    .where(
        outbox.c.request == sa.bindparam("request_"),
        outbox.c.kind == sa.literal_column(f"'{ParcelKind.THREAD}'"),
    )
    .limit(1)
)
_DEAD_COUNT = sa.select(sa.func.count()).select_from(outbox).where(IS_DEAD)


def put(  # noqa: PLR0913  # a row's columns, by name
    u: Unit,
    kind: ParcelKind,
    *,
    request: RequestId | None,
    key: str,
    lane: str,
    body: Json,
    now: Instant,
    priority: int | None = None,
    due: Instant | None = None,
) -> None:
    """Have it sent once, at `due` (None: now): a second one of that request, kind and key changes nothing."""
    row = _row(kind, request, key, now) | ({} if due is None else {"due_at": due})
    row |= {"lane": lane, "body": write_json(body)}
    row["priority"] = _PRIORITY.get(kind, NEWS) if priority is None else priority
    u.insert(_PUT, row)
    u.outbox_touched = True


def show_card(u: Unit, request: RequestId, now: Instant, *, final: bool, lane: str = "") -> None:
    """Have Slack show the current state; whatever of it is not sent yet is covered by this.

    `lane` is `channel:C…` where the card is expected to go; what was learnt of it by sending stays.
    """
    row = _row(ParcelKind.CARD, request, _CARD_KEY, now) | {"lane": lane}
    u.insert(_SHOW_FINAL if final else _SHOW, row | {"priority": FINAL_CARDS if final else NEWS})
    u.outbox_touched = True


def show_board(u: Unit, board: BoardId, now: Instant, *, pressing: bool, lane: str = "") -> None:
    """The same of a digest's message, whose parcel has the board's id for a key.

    `pressing` as `final` of a card: somebody waits to see it, or it ended.
    """
    row = _row(ParcelKind.BOARD, None, board, now) | {"lane": lane}
    u.insert(_SHOW_FINAL if pressing else _SHOW, row | {"priority": FINAL_CARDS if pressing else NEWS})
    u.outbox_touched = True


def show_home(u: Unit, person: UserId, now: Instant, *, looking: bool) -> None:
    """The same of somebody's home tab, whose parcel has the person's id for a key.

    `looking`: they wait to see it; else it is what changed, and comes after all that somebody waits for.
    """
    row = _row(ParcelKind.HOME, None, person, now) | {"lane": HOMES}
    if looking:
        u.insert(_SHOW_HOME, row | {"priority": REPLIES})
    else:
        u.insert(_SHOW, row | {"priority": UPDATES})
    u.outbox_touched = True


def _row(kind: ParcelKind, request: RequestId | None, key: str, now: Instant) -> dict[str, object]:
    return {
        "kind": kind,
        "request": request or "",
        "key": key,
        "lane": "",
        "body": "null",
        "state": State.WAITING,
        "created_at": now,
        "due_at": now,
        "attempts": 0,
        "generation": 1,
    }


def hold(u: Unit, lane: str, until: Instant) -> int:
    """Nothing of `lane` before `until` (Retry-After); how many parcels that moved. Other lanes go on."""
    u.outbox_touched = True
    return u.change(_HOLD, {"lane_": lane, "until": until}, of=(outbox,))


def next_due(u: Unit, among: Iterable[int] = PRIORITIES) -> Instant | None:
    """When `claim` may next find something of these priorities."""
    first = u.read(_NEXT_DUE, of=(outbox,)).one()
    return min((first[each] for each in among if first[each] is not None), default=None)


def forget_done(u: Unit, before: Instant) -> int:
    """Drop what was sent before then; its keys could be put anew afterwards. How many there were."""
    return u.change(_FORGET, {"before": before}, of=(outbox,))


def counts(u: Unit) -> Counts:
    """For metrics, without reminders that people put off; costs what waits and what is dead."""
    rows = u.read(_COUNTS, of=(outbox,)).all()
    waiting = {ParcelKind(row.kind): row.many for row in rows}
    return Counts(
        {kind: waiting.get(kind, 0) for kind in ParcelKind},
        min((row.oldest for row in rows), default=None),
        given_up(u),
    )


def given_up(u: Unit) -> int:
    """How many dead letters there are (`store.dead_letters`)."""
    return int(u.read(_DEAD_COUNT, of=(outbox,)).scalar_one())


def waiting_in(u: Unit, lane: str) -> int:
    """How many wait for one lane, besides those that are being sent."""
    return int(u.read(_IN_LANE_COUNT, {"lane_": lane}, of=(outbox,)).scalar_one())


def cards_behind(u: Unit, requests: Sequence[RequestId]) -> frozenset[RequestId]:
    """Those whose card, as Slack shows it, is not yet how it should be."""
    rows = u.read(_CARDS_BEHIND, {"requests": list(requests)}, of=(outbox,)).scalars()
    return frozenset(map(RequestId, rows))


def was_in_thread(u: Unit, request: RequestId) -> bool:
    """Whether anything was, or is to be, said in the thread of its card, as far as is still kept."""
    return u.read(_IN_THREAD, {"request_": request}, of=(outbox,)).first() is not None

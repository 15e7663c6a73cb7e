"""The one word that somebody is owed once Slack takes again what waited, and whether all of that has left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from approvals.words import Instant, UserId
from store.parcels import IS_WAITING, MOMENT, NEWS, PUT_OFF, ParcelKind, State
from store.spelling import read_json, write_json
from store.statements import or_update, unless_there
from store.tables import outbox
from store.unit_of_work import Unit

#: What its parcels' `body["notice"]` says.
NOTICE = "back"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Slack took nothing, or too little, for a while."""

    since: Instant
    #: what was asked for later did not wait for it; of a delay, when that is expected to be over
    until: Instant
    #: those that were held; none: everything was
    lanes: tuple[str, ...] = ()
    #: Slack's name for why everything was
    why: str = ""

    def is_of(self, other: Trouble) -> bool:
        """Whether this outage is the one of `other`, found a moment sooner or later."""
        everything = not (self.lanes or other.lanes)
        return everything and self.since <= other.until and other.since <= self.until

    def and_(self, other: Trouble) -> Trouble:
        """Both of them as one."""
        everything = not (self.lanes and other.lanes)
        lanes = () if everything else tuple(sorted({*self.lanes, *other.lanes}))
        since, until = min(self.since, other.since), max(self.until, other.until)
        return Trouble(since, until, lanes, self.why or other.why)


@dataclass(frozen=True, slots=True)
class Left:
    """What has become of what waited."""

    delivered: int
    #: still waits, be it for Slack's limits
    waiting: int
    given_up: int
    #: Slack's limits hold some of it just now
    throttled: bool


_since: sa.BindParameter[Any] = sa.bindparam("since_", type_=MOMENT)
_until: sa.BindParameter[Any] = sa.bindparam("until_", type_=MOMENT)
_now: sa.BindParameter[Any] = sa.bindparam("now_", type_=MOMENT)
_IS_IT = (
    outbox.c.request == sa.literal_column("''"),
    outbox.c.kind == sa.literal_column(f"'{ParcelKind.NOTICE}'"),
    outbox.c.key == sa.bindparam("key_"),
)
# Locked: another replica may be about to send it.
_OWED = (
    sa.select(outbox.c.state, outbox.c.body, outbox.c.lease, outbox.c.finished_at)
    .where(*_IS_IT)
    .with_for_update()
)
#: What nobody waits for, what does not go to Slack, and these words themselves.
_CONCERNS = (
    outbox.c.kind.not_in([str(kind) for kind in (ParcelKind.CALLBACK, ParcelKind.CLEARING, ParcelKind.HOME)]),
    outbox.c.key.not_like(f"{NOTICE}:%"),
    outbox.c.created_at <= _until,
)
_THROTTLED = outbox.c.last_error.contains("ratelimited")
#: Not what waits for its digest, an agent, or a closed channel, nor what stands behind such a one: whoever
#: stands behind one that Slack does not take waits no longer than that does.
_FOR_SLACK = (
    outbox.c.behind.is_(None),
    sa.or_(outbox.c.last_error.is_(None), outbox.c.last_error.not_like(f"{PUT_OFF}%")),
    sa.or_(outbox.c.attempts > 0, outbox.c.due_at <= _now),
)
_WAITING = sa.select(
    sa.func.count().label("many"), sa.func.sum(sa.case((_THROTTLED, 1), else_=0)).label("throttled")
).where(IS_WAITING, *_CONCERNS, *_FOR_SLACK)


def _ended(state: State) -> sa.Select[Any]:
    over = (outbox.c.state == sa.literal_column(f"'{state}'"), outbox.c.finished_at >= _since)
    return sa.select(sa.func.count()).select_from(outbox).where(*over, *_CONCERNS)


_DONE, _DEAD = _ended(State.DONE), _ended(State.DEAD)
_LANES = outbox.c.lane.in_(sa.bindparam("lanes_", expanding=True))


def _afresh(new: Any) -> dict[str, Any]:
    """Whoever sends the one from before finds that it changed, and says this one as well."""
    fresh = {name: new[name] for name in ("body", "state", "created_at", "attempts")}
    waits = outbox.c.state == "waiting"
    return {
        **fresh,
        "generation": outbox.c.generation + 1,
        "due_at": sa.case((waits, outbox.c.due_at), else_=new["due_at"]),
        "first_tried_at": None,
        "last_error": None,
        "finished_at": None,
    }


_UNIQUE = ("request", "kind", "key")
_OWE_FIRST, _OWE = unless_there(outbox, *_UNIQUE), or_update(outbox, _UNIQUE, _afresh)


def owe(u: Unit, to: Iterable[UserId], trouble: Trouble, now: Instant) -> None:
    """Have each of `to` told when all that waited for `trouble` has left: once, of all troubles together.

    Of an outage that another replica found as well, and had told, nothing more is said.
    """
    # In one order for everybody, so that two replicas wait for each other rather than both.
    for person in sorted(to):
        key = f"{NOTICE}:{person}"
        # Only a row can be locked: of two replicas that owe the first, the later sees what the other did.
        u.insert(_OWE_FIRST, _row(person, key, trouble, now))
        u.outbox_touched = True
        row = u.read(_OWED, {"key_": key}, of=(outbox,)).one()
        if row.state == State.DONE and not trouble.lanes and row.finished_at > trouble.since:
            continue
        before = read(read_json(row.body)) if row.state == State.WAITING else None
        if before is not None and row.lease is not None and trouble.is_of(before):
            continue
        u.insert(_OWE, _row(person, key, trouble if before is None else trouble.and_(before), now))


def read(body: Any) -> Trouble:
    """What such a parcel's body says."""
    since, until = (Instant.fromisoformat(str(body[name])) for name in ("since", "until"))
    return Trouble(since, until, tuple(map(str, body["lanes"])), str(body["why"]))


def left(u: Unit, trouble: Trouble, now: Instant) -> Left:
    """How it stands with all that waited for `trouble`; costs what waits, and what left since."""
    row = {"since_": trouble.since, "until_": trouble.until, "now_": now}
    some = {"lanes_": list(trouble.lanes)} if trouble.lanes else {}

    def found(query: sa.Select[*tuple[Any, ...]]) -> Any:
        wanted = query.where(_LANES) if trouble.lanes else query
        return u.read(wanted, row | some, of=(outbox,)).one()

    waiting = found(_WAITING)
    return Left(found(_DONE)[0], waiting.many, found(_DEAD)[0], bool(waiting.throttled))


def _row(to: UserId, key: str, owed: Trouble, now: Instant) -> dict[str, object]:
    body = {"notice": NOTICE, "to": to, "lanes": list(owed.lanes), "why": owed.why}
    body |= {"since": owed.since.isoformat(), "until": owed.until.isoformat()}
    return {
        "kind": ParcelKind.NOTICE,
        "request": "",
        "key": key,
        "lane": "",
        "body": write_json(body),
        "state": State.WAITING,
        "priority": NEWS,
        "created_at": now,
        "due_at": now,
        "attempts": 0,
        "generation": 1,
    }

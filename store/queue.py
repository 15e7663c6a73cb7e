"""Read models: what waits, counted, listed, found by a piece of its id."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa

from approvals.model import Case
from approvals.words import Instant, RequestId, Status, UserId
from store.payloads import PARTS, joined_case
from store.spelling import read_json
from store.tables import cases
from store.unit_of_work import Unit

_IS_PENDING = cases.c.status == sa.literal_column("'pending'")
_PENDING = sa.select(sa.func.count()).select_from(cases).where(_IS_PENDING)
#: Ids sort by creation.
_OLDEST = sa.select(cases.c.created_at).where(_IS_PENDING).order_by(cases.c.id).limit(1)
_VERSIONS = sa.select(cases.c.id, cases.c.version).where(_IS_PENDING)
#: `payloads.content`, which it does without, is most of what a request holds.
_OUTLINES_OF = sa.select(*PARTS[:-1], sa.null().label("content"), cases.c.id, cases.c.version).where(
    cases.c.id.in_(sa.bindparam("ids", expanding=True))
)
#: A cheap look at the whole row first: who decided is in its JSON.
_DECIDED = (
    sa.select(cases.c.id, cases.c.state)
    .where(
        cases.c.decided_at.is_not(None),
        cases.c.decided_at >= sa.bindparam("since_", type_=cases.c.decided_at.type),
        cases.c.state.like(sa.bindparam("named")),
    )
    .order_by(cases.c.decided_at.desc(), cases.c.id.desc())
    .limit(sa.bindparam("most"))
)
_BEGINNING = (
    sa.select(cases.c.id)
    .where(cases.c.id >= sa.bindparam("first"), cases.c.id < sa.bindparam("beyond_"))
    .order_by(cases.c.id.desc())
    .limit(sa.bindparam("most"))
)
#: As an expression: ordered by the ids themselves, all of history would be walked through.
_AN_ID = cases.c.id.concat("").label("id")
_ENDS_SO = sa.and_(
    cases.c.id.like(sa.bindparam("ending"), escape="/"), cases.c.id.concat("") < sa.bindparam("beyond_")
)
_ENDING = (
    sa.union_all(
        sa.select(_AN_ID).where(_IS_PENDING, _ENDS_SO),
        sa.select(_AN_ID).where(
            cases.c.decided_at.is_not(None),
            cases.c.decided_at >= sa.bindparam("since_", type_=cases.c.decided_at.type),
            _ENDS_SO,
        ),
    )
    .order_by(sa.desc("id"))
    .limit(sa.bindparam("most"))
)
#: Behind every character that an id may have.
_BEYOND = "\x7f"
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


def versions(u: Unit) -> dict[RequestId, int]:
    """What is pending, and how often each has changed."""
    return {RequestId(row.id): row.version for row in u.read(_VERSIONS, of=(cases,))}


def outlines_of(u: Unit, requests: Iterable[RequestId]) -> dict[RequestId, tuple[int, Case]]:
    """Of these, decided or not, each with its version.

    Without payloads and words: enough to tell who can decide it and until when, not to change or show it.
    """
    rows = u.read(_OUTLINES_OF, {"ids": list(requests)}, of=(cases,)).all()
    return {RequestId(row.id): (row.version, joined_case(row)) for row in rows}


def decided_by(u: Unit, person: UserId, since: Instant, limit: int) -> tuple[RequestId, ...]:
    """What `person` decided, alone or with others, after `since`, the latest first; at most so many."""
    wanted = {"since_": since, "named": f'%"{person}"%', "most": limit}
    rows = u.read(_DECIDED, wanted, of=(cases,)).all()
    return tuple(RequestId(row.id) for row in rows if person in _deciders(row.state))


def _deciders(state: str) -> set[str]:
    decision = read_json(state).get("decision") or {}
    return {each["id"] for each in decision.get("by") or ()}


def beginning(u: Unit, piece: str, limit: int, before: RequestId | None = None) -> tuple[RequestId, ...]:
    """Requests, of all time, whose ids begin with `piece` (`req_01…`), the newest `limit` of them.

    Of those that come before the id `before`, where it is given.
    """
    bounds = {"first": piece, "beyond_": before or piece + _BEYOND, "most": limit}
    return tuple(map(RequestId, u.read(_BEGINNING, bounds, of=(cases,)).scalars()))


def ending(
    u: Unit, piece: str, limit: int, since: Instant, before: RequestId | None = None
) -> tuple[RequestId, ...]:
    """The newest `limit` whose ids end with `piece`, as ids of one minute begin alike.

    Of what is pending, and what was decided after `since`; all before the id `before`, where it is given.
    """
    inert = piece.replace("/", "//").replace("%", "/%").replace("_", "/_")
    wanted = {"ending": f"%{inert}", "since_": since, "beyond_": before or _BEYOND, "most": limit}
    return tuple(map(RequestId, u.read(_ENDING, wanted, of=(cases,)).scalars()))

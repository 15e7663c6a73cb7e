"""Cases: the current state of every request.

What is searched and sorted by stands in columns, the rest as JSON in `state`; payloads and words stand in
`store.payloads`, so that they can be deleted after their time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from approvals.escalation import next_due as due_of
from approvals.model import Case
from approvals.words import AgentName, Instant, RequestId, Status
from store import boards, payloads
from store.cards import PLACE, CardRef, of, ref_of
from store.errors import Conflict
from store.lookups import Ahead, Lookup
from store.payloads import PARTS, SPELLING, joined_case
from store.statements import altering, plain
from store.tables import cards, cases
from store.tables import payloads as contents
from store.unit_of_work import Unit

#: `waits_in` of what waits until its agent goes on (`store.held`).
HELD = "a pause"
_ADD = plain(cases)
_WHOLE = sa.select(*PARTS).outerjoin_from(cases, contents, cases.c.id == contents.c.request)
_LOAD = _WHOLE.where(cases.c.id == sa.bindparam("id_"))
_MOVED = (
    "status", "gate", "risk", "due_at", "decided_at", "parked_at", "claimed_at", "version", "chain_seq",
    "waits_in", "sight",
)  # fmt: skip
_SAVE = altering(cases, "id", "version", (*_MOVED, "chain_hash", "state"))
_PLACED = _WHOLE.add_columns(cases.c.id, *PLACE).join(cards, cards.c.request == cases.c.id)
_places = sa.func.unnest(
    sa.bindparam("channels", type_=ARRAY(sa.Text)), sa.bindparam("stamps", type_=ARRAY(sa.Text))
).table_valued(sa.column("channel", sa.Text), sa.column("ts", sa.Text))
_wanted = _places.render_derived(name="wanted")
_WITH_CARDS = (
    _WHOLE.add_columns(*PLACE)
    .outerjoin(cards, cards.c.request == cases.c.id)
    .where(cases.c.id.in_(sa.bindparam("ids", expanding=True)))
)
_SOME = _WHOLE.where(cases.c.id.in_(sa.bindparam("ids", expanding=True)))
_BY_CARD = Lookup(
    of=(cases, contents, cards),
    spelled={
        "sqlite": _PLACED.where(
            sa.tuple_(cards.c.channel, cards.c.ts).in_(sa.bindparam("places", expanding=True))
        ),
        "postgresql": _PLACED.join(
            _wanted, sa.and_(cards.c.channel == _wanted.c.channel, cards.c.ts == _wanted.c.ts)
        ),
    },
    parameters=lambda places: {
        "places": places,
        "channels": [channel for channel, _ in places],
        "stamps": [ts for _, ts in places],
    },
    key=lambda row: (row.channel, row.ts),
)
#: `payloads.content`, which it does without, is most of what a request holds.
_OUTLINES = (
    sa.select(*PARTS[:-1], sa.null().label("content"), cases.c.id)
    .where(
        cases.c.status == sa.literal_column("'pending'"),
        cases.c.parked_at.is_(None),
        sa.func.coalesce(cases.c.waits_in, "") != HELD,
        cases.c.id > sa.bindparam("after"),
    )
    .order_by(cases.c.id)
    .limit(sa.bindparam("most"))
)
_WAITED_FOR = (
    sa.select(cases.c.waits_in)
    .where(cases.c.waits_in.is_not(None), cases.c.status == sa.literal_column("'pending'"))
    .distinct()
)
_LOCK = sa.select(cases.c.id).where(cases.c.id == sa.bindparam("id_")).with_for_update()
#: Written out, because a partial index is used only where the statement says its condition in so many words.
_IS_PENDING = cases.c.status == sa.literal_column("'pending'")
_DUE = (
    sa.select(cases.c.id)
    .where(cases.c.due_at.is_not(None), cases.c.due_at <= sa.bindparam("now", type_=cases.c.due_at.type))
    .order_by(cases.c.due_at, cases.c.id)
    .limit(sa.bindparam("most"))
)
_NEXT_DUE = sa.select(cases.c.due_at).where(cases.c.due_at.is_not(None)).order_by(cases.c.due_at).limit(1)
_OPEN = (
    sa.select(cases.c.id)
    .where(cases.c.agent == sa.bindparam("agent"), cases.c.status == sa.literal_column("'pending'"))
    .order_by(cases.c.id)
)
_VERSIONS = sa.select(cases.c.id, cases.c.version).where(cases.c.id.in_(sa.bindparam("ids", expanding=True)))
_known = (
    sa.func.unnest(
        sa.bindparam("ids", type_=ARRAY(sa.Text)), sa.bindparam("versions", type_=ARRAY(sa.BigInteger))
    )
    .table_valued(sa.column("id", sa.Text), sa.column("version", sa.BigInteger))
    .render_derived(name="known")
)
#: PostgreSQL answers with what moved on only: ten thousand waiters are asked after every second.
_MOVED_ON = sa.select(cases.c.id).join(
    _known, sa.and_(cases.c.id == _known.c.id, cases.c.version > _known.c.version)
)


@dataclass(frozen=True, slots=True)
class Page:
    """Some cases, newest first; `next_cursor` None on the last page."""

    items: tuple[Case, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Outlines:
    """Some of what waits for people, oldest first."""

    #: without payloads and words
    readable: tuple[Case, ...]
    #: rows that cannot be read, and why
    unreadable: tuple[tuple[RequestId, Exception], ...]
    #: of all of them, whether or not it can be read; None where there is none
    last: RequestId | None


def add(u: Unit, case: Case) -> None:
    """Write a new case with its content."""
    request = case.request
    row = {
        "id": case.id,
        "agent": request.agent,
        "kind": request.kind,
        "action": request.action,
        "rule": case.judgement.rule,
        "created_at": request.created_at,
        **_columns(case),
    }
    u.insert(_ADD, row)
    payloads.add(u, case)
    u.touched.add(case.id)


def load(u: Unit, request: RequestId) -> Case | None:
    """The case; where its content was deleted after its time, its payloads and words are empty."""
    if "\0" in request:
        return None
    if u.insists:
        # A statement of its own: in one, PostgreSQL would join the fresh row to content of before the wait.
        u.read(_LOCK, {"id_": request}, of=(cases,), only={"id": request})
    row = u.read(_LOAD, {"id_": request}, of=(cases,), only={"id": request}).first()
    return None if row is None else joined_case(row)


def some(u: Unit, requests: Iterable[RequestId]) -> dict[RequestId, Case]:
    """Those of `requests` that there are, whole, in one look."""
    found = map(joined_case, u.read(_SOME, {"ids": list(requests)}, of=(cases, contents)).all())
    return {case.id: case for case in found}


def with_cards(u: Unit, requests: Iterable[RequestId]) -> list[tuple[Case, CardRef | None]]:
    """Those of `requests` that there are, and where Slack shows them."""
    rows = u.read(_WITH_CARDS, {"ids": list(requests)}, of=(cases, contents, cards)).all()
    found = [(joined_case(row), ref_of(row) if row.ts is not None else None) for row in rows]
    return [(case, place_of(u, case) if case.waits_in is not None else ref) for case, ref in found]


def place_of(u: Unit, case: Case) -> CardRef | None:
    """Where Slack shows `case`: its card, or the digest that holds it; None until it does."""
    if case.waits_in is None:
        return of(u, case.id)
    board = boards.of_request(u, case.id)
    return None if board is None else board.ref


def by_card(channel: str, ts: str) -> Ahead:
    """For a unit that begins with `of_card`, to be said ahead."""
    return Ahead(_BY_CARD, (channel, ts))


def of_card(u: Unit, channel: str, ts: str) -> Case | None:
    """The case whose card is that message."""
    if "\0" in channel + ts:
        return None
    row = u.look_up(_BY_CARD, (channel, ts))
    if row is None:
        return None
    u.cards[RequestId(row.id)] = ref_of(row)
    return load(u, RequestId(row.id)) if u.insists else joined_case(row)


def save(u: Unit, before: Case, after: Case) -> None:
    """Replace `before`; where somebody else has replaced it meanwhile, `Conflict` is raised, or will be."""
    row = {"id": after.id, "version_before": before.version, **_columns(after)}
    if not u.alter(_SAVE, row):
        raise Conflict(f"{after.id} is no longer at version {before.version}")
    if payloads.moved(before, after):
        payloads.replace(u, after)
    u.touched.add(after.id)
    u.saved[after.id] = after


def page(
    u: Unit,
    agent: AgentName | None,
    *,
    status: Status | None,
    action: str | None,
    cursor: str | None,
    limit: int,
) -> Page:
    """Cases of `agent`, or everybody's; `action` is a glob of `*` and `?`, `cursor` a `next_cursor`."""
    if "\0" in f"{agent}{action}{cursor}":
        return Page((), None)
    query = _WHOLE.add_columns(cases.c.id).order_by(cases.c.id.desc()).limit(limit + 1)
    if agent is not None:
        query = query.where(cases.c.agent == agent)
    if status is not None:
        query = query.where(_IS_PENDING if status is Status.PENDING else cases.c.status == str(status))
    if action is not None:
        query = query.where(_like(u.dialect, action))
    if cursor is not None:
        query = query.where(cases.c.id < cursor)
    rows = u.read(query, of=(cases, contents)).all()
    items = tuple(joined_case(row) for row in rows[:limit])
    return Page(items, items[-1].id if len(rows) > limit and items else None)


def outlines(u: Unit, after: RequestId | None, limit: int) -> Outlines:
    """What waits for people and is not parked, beginning behind `after`.

    Without payloads and words: enough to tell who can decide it, not to change or show it. A row that cannot
    be read keeps no other from being.
    """
    rows = u.read(_OUTLINES, {"after": after or "", "most": limit}, of=(cases,)).all()
    readable: list[Case] = []
    unreadable: list[tuple[RequestId, Exception]] = []
    for row in rows:
        try:
            readable.append(joined_case(row))
        except Exception as bug:  # noqa: BLE001  # whatever is wrong with a row, it is handed on with it
            unreadable.append((RequestId(row.id), bug))
    return Outlines(tuple(readable), tuple(unreadable), RequestId(rows[-1].id) if rows else None)


def waited_for(u: Unit) -> tuple[str, ...]:
    """Every digest that something pending waits in, and `HELD` where anything does."""
    return tuple(sorted(u.read(_WAITED_FOR, of=(cases,)).scalars()))


def due(u: Unit, now: Instant, limit: int) -> tuple[RequestId, ...]:
    """Requests of which a step is due, the longest overdue first."""
    return tuple(u.read(_DUE, {"now": now, "most": limit}, of=(cases,)).scalars())


def next_due(u: Unit) -> Instant | None:
    """When the next step of any request is due."""
    found: Instant | None = u.read(_NEXT_DUE, of=(cases,)).scalar()
    return found


def open_of(u: Unit, agent: AgentName) -> tuple[RequestId, ...]:
    """What `agent` has pending, oldest first."""
    return tuple(u.read(_OPEN, {"agent": agent}, of=(cases,)).scalars())


def moved_on(u: Unit, known: Mapping[RequestId, int]) -> tuple[RequestId, ...]:
    """Those whose version is beyond the one known: another replica may have changed them."""
    if u.dialect == "postgresql":
        rows = u.read(_MOVED_ON, {"ids": list(known), "versions": list(known.values())}, of=(cases,))
        return tuple(map(RequestId, rows.scalars()))
    rows = u.read(_VERSIONS, {"ids": list(known)}, of=(cases,))
    return tuple(RequestId(row.id) for row in rows if row.version > known[RequestId(row.id)])


def _columns(case: Case) -> dict[str, Any]:
    """What may change over a case's life."""
    return {
        "status": case.status,
        "gate": case.judgement.gate,
        "risk": case.judgement.risk,
        "due_at": due_of(case),
        "decided_at": case.decision.decided_at if case.decision is not None else None,
        "parked_at": case.parked_at,
        "claimed_at": case.claimed_at,
        "version": case.version,
        "waits_in": HELD if case.held else case.waits_in,
        "sight": case.sight if case.waits_in is not None else None,
        "chain_seq": case.chain.seq,
        "chain_hash": case.chain.hash,
        "state": SPELLING.write(case),
    }


def _like(dialect: str, glob: str) -> sa.ColumnElement[bool]:
    """`*` and `?` as in a shell, everything else itself; upper and lower case differ."""
    if dialect == "sqlite":
        return cases.c.action.op("GLOB", is_comparison=True)(glob.replace("[", "[[]"))
    spelled = "".join({"*": ".*", "?": "."}.get(letter) or re.escape(letter) for letter in glob)
    return cases.c.action.regexp_match(f"^{spelled}$")

"""The audit log: facts, appended and never changed, and the anchors over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from approvals.anchors import Anchor, anchored
from approvals.audit import Fact, FactKind
from approvals.canonical import Json
from approvals.model import ChainHead, Instant, RequestId
from store.spelling import read_json, write_json
from store.statements import plain
from store.tables import anchors, cases, facts
from store.unit_of_work import Unit

#: Rows that a long read holds in memory at once.
STRIDE = 500
#: Heads in one anchor at most: it is one row, and verified whole.
LARGEST_ANCHOR = 1000

_APPEND = plain(facts)
_ANCHOR = plain(anchors)
_CHAIN = sa.select(facts).where(facts.c.request == sa.bindparam("request_")).order_by(facts.c.seq)
_LAST_ANCHOR = sa.select(anchors.c.seq, anchors.c.hash).order_by(anchors.c.seq.desc()).limit(1)
_CHANGED = (
    sa.select(cases.c.id, cases.c.chain_seq, cases.c.chain_hash)
    .where(cases.c.chain_seq > cases.c.anchored_seq)
    .order_by(cases.c.id)
    .limit(LARGEST_ANCHOR)
    .with_for_update()
)
_ANCHORED = (
    sa.update(cases)
    .where(cases.c.id.in_(sa.bindparam("ids", expanding=True)))
    .values(anchored_seq=cases.c.chain_seq, anchor=sa.bindparam("number"))
)


def append(u: Unit, new: Iterable[Fact]) -> None:
    """Add links; a second one at the same place in a chain is refused by the database."""
    for fact in new:
        row = {
            "request": fact.request,
            "seq": fact.seq,
            "at": fact.at,
            "kind": fact.kind,
            "by": fact.by,
            "body": write_json(fact.body),
            "prev": fact.prev,
            "hash": fact.hash,
        }
        u.insert(_APPEND, row)
        u.touched.add(fact.request)


def chain(u: Unit, request: RequestId) -> tuple[Fact, ...]:
    """All facts of one request, in order."""
    return tuple(map(fact_of, u.read(_CHAIN, {"request_": request}, of=(facts,), only={"request": request})))


def since(u: Unit, moment: Instant | None) -> Iterator[Fact]:
    """Every fact from `moment` on (None: all), by time, with bounded memory."""
    place = (facts.c.at, facts.c.request, facts.c.seq)
    last: tuple[Instant, RequestId, int] | None = None
    while True:
        query = sa.select(facts).order_by(*place).limit(STRIDE)
        if last is not None:
            query = query.where(sa.tuple_(*place) > sa.tuple_(*last, types=[column.type for column in place]))
        elif moment is not None:
            query = query.where(facts.c.at >= moment)
        found = [fact_of(row) for row in u.read(query, of=(facts,))]
        yield from found
        if len(found) < STRIDE:
            return
        last = (found[-1].at, found[-1].request, found[-1].seq)


def anchor(u: Unit, now: Instant) -> int:
    """Chain the heads of what changed since the last anchor; how many, `LARGEST_ANCHOR` at most at a time."""
    changed = u.read(_CHANGED, of=(cases,)).all()
    if not changed:
        return 0
    last = u.read(_LAST_ANCHOR, of=(anchors,)).first()
    before = ChainHead() if last is None else ChainHead(last.seq, last.hash)
    heads = tuple((RequestId(row.id), ChainHead(row.chain_seq, row.chain_hash)) for row in changed)
    new = anchored(before, now, heads)
    listed: list[Json] = [[request, head.seq, head.hash] for request, head in heads]
    row = {"seq": new.seq, "at": new.at, "heads": write_json(listed), "prev": new.prev, "hash": new.hash}
    u.insert(_ANCHOR, row)
    u.change(_ANCHORED, {"ids": [request for request, _ in heads], "number": new.seq}, of=(cases,))
    return len(heads)


def fact_of(row: Any) -> Fact:
    """A row as it was appended."""
    return Fact(
        RequestId(row.request),
        row.seq,
        row.at,
        FactKind(row.kind),
        row.by,
        read_json(row.body),
        row.prev,
        row.hash,
    )


def anchor_of(row: Any) -> Anchor:
    """A row as it was written."""
    heads = tuple((RequestId(id_), ChainHead(seq, hash_)) for id_, seq, hash_ in read_json(row.heads))
    return Anchor(row.seq, row.at, heads, row.prev, row.hash)

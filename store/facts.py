"""The audit log: facts, appended and never changed, and the anchors over them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain as all_of
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from approvals.anchors import ANCHORS, Anchor, anchored, why_not_after
from approvals.audit import Break, Fact, FactKind, verify
from approvals.canonical import Json
from approvals.model import ChainHead
from approvals.words import Instant, RequestId
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

_HEADS = sa.select(cases.c.id, cases.c.status, cases.c.chain_seq, cases.c.chain_hash).order_by(cases.c.id)
_NEXT_ANCHOR = sa.select(anchors).where(anchors.c.seq > sa.bindparam("seq_")).order_by(anchors.c.seq).limit(1)
_NEWEST_ANCHORED = sa.select(sa.func.max(cases.c.anchor))
_AT = sa.select(facts.c.request, facts.c.seq, facts.c.hash).where(
    sa.tuple_(facts.c.request, facts.c.seq).in_(sa.bindparam("places", expanding=True))
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


def since(u: Unit, moment: Instant | None, *, stride: int = STRIDE) -> Iterator[Fact]:
    """Every fact from `moment` on (None: all), by time, with bounded memory."""
    place = (facts.c.at, facts.c.request, facts.c.seq)
    last: tuple[Instant, RequestId, int] | None = None
    while True:
        query = sa.select(facts).order_by(*place).limit(stride)
        if last is not None:
            query = query.where(sa.tuple_(*place) > sa.tuple_(*last, types=[column.type for column in place]))
        elif moment is not None:
            query = query.where(facts.c.at >= moment)
        found = [fact_of(row) for row in u.read(query, of=(facts,))]
        yield from found
        if len(found) < stride:
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


def first_break(u: Unit, *, stride: int = STRIDE) -> Break | None:
    """The first place where a chain, a case's head or an anchor does not hold, by request; None if all do.

    Reads everything, `stride` rows at a time.
    """
    breaks = all_of(_breaks_of_chains(u, stride), _breaks_of_anchors(u, stride))
    return next(breaks, None)


def _breaks_of_chains(u: Unit, stride: int) -> Iterator[Break]:
    last: RequestId | None = None
    while True:
        query = (_HEADS if last is None else _HEADS.where(cases.c.id > last)).limit(stride)
        heads = {RequestId(row.id): row for row in u.read(query, of=(cases,))}
        final = len(heads) < stride
        until = None if final else next(reversed(heads))
        for request, links in groupby(_rows_between(u, last, until, stride), key=lambda row: row.request):
            found = _break_of(RequestId(request), links, heads.pop(RequestId(request), None))
            if found is not None:
                yield found
        yield from (Break(request, 1, "every fact of it is missing") for request in heads)
        if final:
            return
        last = until


def _break_of(request: RequestId, rows: Iterator[Any], case: Any | None) -> Break | None:
    if case is None:
        return Break(request, 1, "its case is missing")
    verdict, seq = "pending", 0

    def read() -> Iterator[Fact]:
        nonlocal verdict, seq
        for row in rows:
            seq = row.seq
            fact = fact_of(row)
            if fact.kind is FactKind.DECIDED:
                verdict = str(fact.body["verdict"])
            yield fact

    try:
        found = verify(read(), ChainHead(case.chain_seq, case.chain_hash))
    except (ValueError, TypeError, LookupError, ArithmeticError):
        # Whoever tampers need not leave JSON, a known kind or a moment that exists.
        return Break(request, seq, "it cannot be read any more")
    if found is None and verdict != case.status:
        return Break(request, case.chain_seq, f"the case says {case.status}, its facts say {verdict}")
    return found


def _rows_between(u: Unit, after: RequestId | None, until: RequestId | None, stride: int) -> Iterator[Any]:
    """Facts of requests after one and up to another, by request and place in the chain."""
    place = (facts.c.request, facts.c.seq)
    query = sa.select(facts).order_by(*place).limit(stride)
    if after is not None:
        query = query.where(facts.c.request > after)
    if until is not None:
        query = query.where(facts.c.request <= until)
    found = list(u.read(query, of=(facts,)))
    while found:
        yield from found
        if len(found) < stride:
            return
        last = sa.tuple_(found[-1].request, found[-1].seq, types=[column.type for column in place])
        found = list(u.read(query.where(sa.tuple_(*place) > last), of=(facts,)))


def _breaks_of_anchors(u: Unit, stride: int) -> Iterator[Break]:
    before = ChainHead()
    while (row := u.read(_NEXT_ANCHOR, {"seq_": before.seq}, of=(anchors,)).first()) is not None:
        try:
            found = anchor_of(row)
            broken = why_not_after(before, found)
        except (ValueError, TypeError, ArithmeticError):
            yield Break(ANCHORS, row.seq, "it cannot be read any more")
            return
        if broken is not None:
            yield broken
        yield from _unlike_facts(u, found, stride)
        before = ChainHead(found.seq, found.hash)
    newest = u.read(_NEWEST_ANCHORED, of=(cases,)).scalar() or 0
    if newest > before.seq:
        yield Break(ANCHORS, before.seq + 1, "this anchor is missing")


def _unlike_facts(u: Unit, found: Anchor, stride: int) -> Iterator[Break]:
    for start in range(0, len(found.heads), stride):
        part = found.heads[start : start + stride]
        rows = u.read(_AT, {"places": [(request, head.seq) for request, head in part]}, of=(facts,))
        hashes = {(row.request, row.seq): row.hash for row in rows}
        for request, head in part:
            if hashes.get((request, head.seq)) != head.hash:
                yield Break(request, head.seq, f"anchor {found.seq} has another fact here")


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

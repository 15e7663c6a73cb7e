"""What agents and people said, kept apart from what happened, so that it can be deleted after its time.

A request's content is one row of JSON: the payload as posted and as it is now, its form, context, reasoning,
title, comments, and the salt, without which nobody can check a guess at the payload against the facts.
Votes and the decision stay with the case: their reasons are in the facts as well.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from approvals.model import Case
from approvals.titles import of_action
from approvals.words import Instant, RequestId
from store.spelling import Spelling, joined, read_json
from store.statements import plain
from store.tables import cases, outbox, payloads
from store.unit_of_work import Unit

_WORDS = {
    "payload": True,
    "flaws": True,
    "comments": True,
    "outcome": {"detail", "url"},
    "judgement": {"title"},
    "request": {
        "payload",
        "salt",
        "title",
        "reasoning",
        "context",
        "effects",
        "form",
        "options",
        "default_answer",
        "metadata",
    },
}
#: What loading needs and conditions are about stands in columns only: there is one truth about each.
SPELLING: Spelling[Case] = Spelling(Case, _WORDS, never=("status", "version", "chain", "gone_at"))
#: Stands in for content that is gone, or was not asked for: what has no default must be there.
_NOTHING = {"payload": {}, "judgement": {"title": ""}, "request": {"payload": {}, "salt": ""}}

_ADD = plain(payloads)
_REPLACE = (
    sa.update(payloads)
    .where(payloads.c.request == sa.bindparam("request_"))
    .values(content=sa.bindparam("content"))
)
#: What `joined_case` puts a case together from.
PARTS = (
    cases.c.state,
    cases.c.status,
    cases.c.version,
    cases.c.chain_seq,
    cases.c.chain_hash,
    cases.c.emptied_at,
    payloads.c.content,
)
_moment = cases.c.decided_at.type
_OVER = (
    sa.select(cases.c.id)
    .where(
        cases.c.decided_at.is_not(None),
        cases.c.emptied_at.is_(None),
        cases.c.decided_at < sa.bindparam("before", type_=_moment),
    )
    .order_by(cases.c.decided_at)
    .limit(sa.bindparam("most"))
)
_FORGET = sa.delete(payloads).where(payloads.c.request.in_(sa.bindparam("ids", expanding=True)))
#: What was sent, or given up, repeats what was said; what still waits is to arrive whole.
_FORGET_SENT = sa.delete(outbox).where(
    outbox.c.request.in_(sa.bindparam("ids", expanding=True)),
    outbox.c.state != sa.literal_column("'waiting'"),
)
_EMPTIED = (
    sa.update(cases)
    .where(cases.c.id.in_(sa.bindparam("ids", expanding=True)))
    .values(emptied_at=sa.bindparam("now", type_=_moment))
)
_GONE = sa.select(cases.c.emptied_at).where(cases.c.id == sa.bindparam("id_"))


def add(u: Unit, case: Case) -> None:
    """Write a new case's content."""
    u.insert(_ADD, {"request": case.id, "content": SPELLING.write_apart(case)})


def replace(u: Unit, case: Case) -> None:
    """Write changed content; content that was deleted stays so."""
    row = {"request_": case.id, "content": SPELLING.write_apart(case)}
    u.change(_REPLACE, row, of=(payloads,), only={"request": case.id})


def moved(before: Case, after: Case) -> bool:
    """Whether any content changed."""
    # By identity: to Python `True == 1`, which to an approver is another payload.
    return any(getattr(before, name) is not getattr(after, name) for name in _WORDS)


def joined_case(row: Any) -> Case:
    """The case from the columns `PARTS`."""
    words = _NOTHING if row.content is None else read_json(row.content)
    fields = joined(read_json(row.state), words)
    fields["status"] = row.status
    fields["version"] = row.version
    fields["chain"] = {"seq": row.chain_seq, "hash": row.chain_hash}
    fields["gone_at"] = row.emptied_at
    if row.emptied_at is not None:
        fields["judgement"]["title"] = of_action(fields["request"]["action"])
    return SPELLING.read_joined(fields)


def forget(u: Unit, before: Instant, now: Instant, limit: int) -> int:
    """Delete the content of `limit` requests at most that were decided before `before`; how many it met.

    The facts stay, and every chain still verifies. Parcels that were sent or given up go as well: a dead
    letter is not sent again after this. One that still waits keeps its body until it is.
    """
    ids = list(u.read(_OVER, {"before": before, "most": limit}, of=(cases,)).scalars())
    if ids:
        u.change(_FORGET, {"ids": ids}, of=(payloads,))
        u.change(_FORGET_SENT, {"ids": ids}, of=(outbox,))
        u.change(_EMPTIED, {"ids": ids, "now": now}, of=(cases,))
    return len(ids)


def gone_at(u: Unit, request: RequestId) -> Instant | None:
    """When the content of `request` was deleted; None while it is there."""
    found: Instant | None = u.read(_GONE, {"id_": request}, of=(cases,)).scalar()
    return found

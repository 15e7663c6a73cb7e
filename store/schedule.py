"""The schedule as the sweeper sees it, `due_at` on each row, beside what each request says of itself."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from approvals.escalation import next_due
from approvals.model import Case
from approvals.words import Instant, RequestId
from store.cases import load, save
from store.payloads import PARTS, joined_case
from store.tables import cases
from store.unit_of_work import Unit

#: Written out, because a partial index is used only where the statement says its condition in so many words.
_IS_PENDING = cases.c.status == sa.literal_column("'pending'")
_MOMENT = cases.c.due_at.type
#: Without `payloads.content`, which is most of what a request holds.
_PAGE = (
    sa.select(*PARTS[:-1], sa.null().label("content"), cases.c.id, cases.c.due_at)
    .where(_IS_PENDING, cases.c.parked_at.is_(None), cases.c.id > sa.bindparam("after"))
    .order_by(cases.c.id)
    .limit(sa.bindparam("most"))
)
_OVER = (
    sa.select(cases.c.id)
    .where(
        cases.c.due_at.is_not(None),
        cases.c.due_at <= sa.bindparam("before", type_=_MOMENT),
        sa.or_(cases.c.status != sa.literal_column("'pending'"), cases.c.parked_at.is_not(None)),
    )
    .order_by(cases.c.due_at)
    .limit(sa.bindparam("most"))
)
_DUE_AT = sa.select(cases.c.due_at).where(cases.c.id == sa.bindparam("id_"))


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A request without payloads and words, and when the sweeper would come to it; None: never."""

    case: Case
    due_at: Instant | None


@dataclass(frozen=True, slots=True)
class Righted:
    """What the schedule had, and what it has now."""

    before: Instant | None
    after: Instant | None


def page(u: Unit, after: RequestId | None, limit: int) -> tuple[Scheduled, ...]:
    """What waits for people and is not parked, oldest first, beginning behind `after`."""
    rows = u.read(_PAGE, {"after": after or "", "most": limit}, of=(cases,)).all()
    return tuple(Scheduled(joined_case(row), row.due_at) for row in rows)


def over(u: Unit, before: Instant, limit: int) -> tuple[RequestId, ...]:
    """What is ended or parked, and yet was to be ticked by `before`; costs what is due by then."""
    return tuple(u.read(_OVER, {"before": before, "most": limit}, of=(cases,)).scalars())


def due_at(u: Unit, request: RequestId) -> Instant | None:
    """When the sweeper comes to it; None: never."""
    found: Instant | None = u.read(_DUE_AT, {"id_": request}, of=(cases,), only={"id": request}).scalar()
    return found


def put_right(u: Unit, request: RequestId) -> Righted | None:
    """Have the schedule say when its next step is; None where it did already, or there is no such request."""
    case = load(u, request)
    if case is None:
        return None
    before, after = due_at(u, request), next_due(case)
    if before == after:
        return None
    save(u, case, case)
    return Righted(before, after)

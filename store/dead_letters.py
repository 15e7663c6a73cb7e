"""What was given up: listed, asked after, sent again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from approvals.canonical import Json
from approvals.words import Instant, RequestId
from store.outbox import given_up, show_card
from store.parcels import IS_DEAD, MOMENT, ParcelKind
from store.spelling import read_json
from store.tables import outbox
from store.unit_of_work import Unit

_IS_CALLBACK = outbox.c.kind == sa.literal_column(f"'{ParcelKind.CALLBACK}'")
_EVERY = sa.select(outbox).where(IS_DEAD).order_by(outbox.c.id)
_PAGE = _EVERY.limit(sa.bindparam("most")).offset(sa.bindparam("start"))
_UNDELIVERED = (
    sa.select(outbox.c.last_error)
    .where(IS_DEAD, outbox.c.request == sa.bindparam("request_"), _IS_CALLBACK)
    .order_by(outbox.c.id.desc())
    .limit(1)
)
# A callback's time begins anew, and its receiver knows a second one by its id. Slack knows no second one: who
# posts looks for an earlier one if there was a try.
_RETRY = (
    sa.update(outbox)
    .where(IS_DEAD)
    .values(
        state="waiting",
        due_at=sa.bindparam("now", type_=MOMENT),
        attempts=sa.case((_IS_CALLBACK, 0), else_=outbox.c.attempts),
        first_tried_at=sa.case((_IS_CALLBACK, None), else_=outbox.c.first_tried_at),
        finished_at=None,
    )
)
_RETRY_ONE = _RETRY.where(outbox.c.id == sa.bindparam("id_"))
#: Requests whose cards say that the agent could not be told.
_COMPLAINING = (
    sa.select(outbox.c.request)
    .where(IS_DEAD, _IS_CALLBACK, outbox.c.request != sa.literal_column("''"))
    .distinct()
)
_COMPLAINING_ONE = _COMPLAINING.where(outbox.c.id == sa.bindparam("id_"))


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What was given up, until somebody has it sent again."""

    id: int
    kind: ParcelKind
    request: RequestId | None
    key: str
    lane: str
    body: Json
    created_at: Instant
    died_at: Instant
    attempts: int
    error: str


@dataclass(frozen=True, slots=True)
class DeadPage:
    """Some dead letters, oldest first, and how many there are in all."""

    letters: tuple[DeadLetter, ...]
    count: int


def every(u: Unit) -> tuple[DeadLetter, ...]:
    """All of them, oldest first."""
    return tuple(map(_letter, u.read(_EVERY, of=(outbox,))))


def page(u: Unit, start: int, limit: int) -> DeadPage:
    """Those from place `start`, from 0, on; costs what is dead, and reads the bodies of the page alone."""
    rows = u.read(_PAGE, {"start": start, "most": limit}, of=(outbox,))
    return DeadPage(tuple(map(_letter, rows)), given_up(u))


def undelivered(u: Unit, request: RequestId) -> str | None:
    """Why the agent could not be told about `request`; None where no callback of it was given up."""
    row = u.read(_UNDELIVERED, {"request_": request}, of=(outbox,)).first()
    return None if row is None else row.last_error or "no reason was kept"


def retry(u: Unit, letter: int | None, now: Instant) -> int:
    """Have one dead letter, or all, sent again; how many there were. Cards stop saying it was given up."""
    only = {} if letter is None else {"id_": letter}
    complaining = u.read(_COMPLAINING if letter is None else _COMPLAINING_ONE, only, of=(outbox,)).scalars()
    requests = complaining.all()
    count = u.change(_RETRY if letter is None else _RETRY_ONE, {"now": now, **only}, of=(outbox,))
    for request in requests:
        show_card(u, RequestId(request), now, final=False)
    u.outbox_touched = True
    return count


def _letter(row: Any) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        kind=ParcelKind(row.kind),
        request=RequestId(row.request) if row.request else None,
        key=row.key,
        lane=row.lane,
        body=read_json(row.body),
        created_at=row.created_at,
        died_at=row.finished_at,
        attempts=row.attempts,
        error=row.last_error or "",
    )

"""Who is clearing which digest, and what they had chosen when they began."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import sqlalchemy as sa

from approvals.canonical import Json
from approvals.digest_choices import Choices, Pick
from approvals.roster import Person
from approvals.words import BoardId, Instant, RequestId, UserId
from store.spelling import Spelling, read_json, write_json
from store.statements import or_update, unless_there
from store.tables import boards, clearings, drafts
from store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Clearing:
    """One pass over a digest, from the click until each item is decided or refused."""

    #: unique for the click that began it: one delivered twice clears once
    id: str
    board: BoardId
    by: Person
    choices: Choices
    begun_at: Instant
    #: how many of the first items were seen to: where to go on after an interruption
    reached: int = 0
    #: items that could not be decided by a fault of ours, each with its incident in the log
    failed: Mapping[RequestId, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody chose so far in a digest's *Review*: only what differs from approval."""

    choices: Mapping[RequestId, Pick] = field(default_factory=dict)
    #: why some are rejected, as far as it is written
    reason: str = ""


_SPELLING = Spelling(Clearing)
_BEGIN = unless_there(clearings, "id")
_GET = sa.select(clearings.c.state).where(clearings.c.id == sa.bindparam("id_"))
_BEFORE_IT = sa.select(boards.c.id).where(boards.c.carried_to == sa.bindparam("board_"))
_OPEN = (
    sa.select(clearings.c.state)
    .where(
        clearings.c.done_at.is_(None),
        (clearings.c.board == sa.bindparam("board_")) | clearings.c.board.in_(_BEFORE_IT),
    )
    .order_by(clearings.c.begun_at, clearings.c.id)
)
_REACH = (
    sa.update(clearings)
    .where(clearings.c.id == sa.bindparam("id_"), clearings.c.done_at.is_(None))
    .values(state=sa.bindparam("state_"))
)
_FINISH = (
    sa.update(clearings)
    .where(clearings.c.id == sa.bindparam("id_"), clearings.c.done_at.is_(None))
    .values(done_at=sa.bindparam("now", type_=clearings.c.done_at.type))
)
_KEEP = or_update(
    drafts, ("board", "person"), lambda new: {"choices": new["choices"], "reason": new["reason"]}
)
_MINE = (drafts.c.board == sa.bindparam("board_"), drafts.c.person == sa.bindparam("person_"))
_DRAFT = sa.select(drafts).where(*_MINE)
_DROP = sa.delete(drafts).where(*_MINE)
_DRAFTERS = sa.select(drafts.c.person).where(drafts.c.board == sa.bindparam("board_"))
_FORGET = sa.delete(clearings).where(
    clearings.c.done_at < sa.bindparam("before", type_=clearings.c.done_at.type)
)
#: Where a newer message took over, a *Review* of the older one may still be open, and be sent.
_FORGET_DRAFTS = sa.delete(drafts).where(
    drafts.c.board.in_(
        sa.select(boards.c.id).where(
            boards.c.closed_at.is_not(None),
            boards.c.carried_to.is_(None)
            | (boards.c.closed_at < sa.bindparam("before", type_=boards.c.closed_at.type)),
        )
    )
)


def begin(u: Unit, clearing: Clearing) -> None:
    """Keep what was chosen; the same click again changes nothing."""
    row = {"id": clearing.id, "board": clearing.board, "state": _SPELLING.write(clearing)}
    u.insert(_BEGIN, {**row, "begun_at": clearing.begun_at, "done_at": None})


def get(u: Unit, clearing: str) -> Clearing | None:
    """By its id, done or not."""
    row = u.read(_GET, {"id_": clearing}, of=(clearings,)).first()
    return None if row is None else _SPELLING.read(row.state)


def open_of(u: Unit, board: BoardId) -> tuple[Clearing, ...]:
    """Those under way on that board, or on one that it took over from, the earliest first."""
    rows = u.read(_OPEN, {"board_": board}, of=(clearings, boards)).scalars()
    return tuple(map(_SPELLING.read, rows))


def reach(u: Unit, clearing: Clearing, reached: int) -> None:
    """Its first `reached` items were seen to; of these, those that `clearing` says could not be decided."""
    state = _SPELLING.write(replace(clearing, reached=reached))
    u.change(_REACH, {"id_": clearing.id, "state_": state}, of=(clearings,))


def finish(u: Unit, clearing: str, now: Instant) -> bool:
    """Each item was decided or refused; False where that was said before."""
    return u.change(_FINISH, {"id_": clearing, "now": now}, of=(clearings,)) > 0


def draft(u: Unit, board: BoardId, person: UserId) -> Draft:
    """What they chose so far."""
    row: Any = u.read(_DRAFT, {"board_": board, "person_": person}, of=(drafts,)).first()
    if row is None:
        return Draft()
    choices = {RequestId(request): Pick(pick) for request, pick in read_json(row.choices).items()}
    return Draft(choices, row.reason)


def keep_draft(u: Unit, board: BoardId, person: UserId, draft: Draft) -> None:
    """Replace what they chose so far."""
    choices: dict[str, Json] = {str(request): str(pick) for request, pick in draft.choices.items()}
    row = {"board": board, "person": person, "choices": write_json(choices), "reason": draft.reason}
    u.insert(_KEEP, row)


def drop_draft(u: Unit, board: BoardId, person: UserId) -> None:
    """They are done with it, or begin anew."""
    u.change(_DROP, {"board_": board, "person_": person}, of=(drafts,))


def carry_drafts(u: Unit, board: BoardId, to: BoardId) -> None:
    """What anybody chose so far is there again on the newer message; who has the older one open keeps it."""
    for person in u.read(_DRAFTERS, {"board_": board}, of=(drafts,)).scalars().all():
        theirs, there = draft(u, board, person), draft(u, to, person)
        both = Draft({**there.choices, **theirs.choices}, there.reason or theirs.reason)
        keep_draft(u, to, person, both)


def forget(u: Unit, before: Instant) -> int:
    """Drop what was over before then, and the drafts of which nothing can come; how many clearings.

    Both hold people's reasons.
    """
    u.change(_FORGET_DRAFTS, {"before": before}, of=(drafts, boards))
    return u.change(_FORGET, {"before": before}, of=(clearings,))

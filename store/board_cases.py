"""Whole requests as they stand on a board, page by page; and which boards a newer one took over from."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from approvals.canonical import Digest
from approvals.model import AgentName, BoardId, Case, RequestId
from store.boards import Item
from store.payloads import PARTS, joined_case
from store.tables import board_items, boards, cases
from store.tables import payloads as contents
from store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Standing:
    """One item of a board, and the request as it is now."""

    item: Item
    case: Case
    #: false once a newer board holds it
    here: bool


_newer = board_items.alias("newer")
#: Ids sort by creation: a request stands on the last board that it was put on.
_LATEST = (
    sa.select(sa.func.max(_newer.c.board))
    .where(_newer.c.request == board_items.c.request)
    .scalar_subquery()
    .label("latest")
)
_PAGE = (
    sa.select(
        board_items.c.place,
        board_items.c.request,
        board_items.c.sight,
        board_items.c.board,
        _LATEST,
        *PARTS,
    )
    .select_from(
        board_items.join(cases, cases.c.id == board_items.c.request).outerjoin(
            contents, contents.c.request == board_items.c.request
        )
    )
    .where(board_items.c.board == sa.bindparam("board_"), board_items.c.place >= sa.bindparam("start"))
    .order_by(board_items.c.place)
    .limit(sa.bindparam("most"))
)
_AGENTS = (
    sa.select(cases.c.agent)
    .select_from(board_items.join(cases, cases.c.id == board_items.c.request))
    .where(board_items.c.board == sa.bindparam("board_"))
    .group_by(cases.c.agent)
    .order_by(sa.func.min(board_items.c.place))
)
_BEFORE = sa.select(boards.c.id).where(boards.c.carried_to == sa.bindparam("id_")).order_by(boards.c.id)


def page(u: Unit, board: BoardId, start: int, most: int) -> tuple[Standing, ...]:
    """Those from place `start` on, `most` at a time."""
    rows = u.read(
        _PAGE, {"board_": board, "start": start, "most": most}, of=(board_items, cases, contents)
    ).all()
    return tuple(
        Standing(
            Item(row.place, RequestId(row.request), Digest(row.sight)),
            joined_case(row),
            row.latest == row.board,
        )
        for row in rows
    )


def agents(u: Unit, board: BoardId) -> tuple[AgentName, ...]:
    """Whose requests stand on it, by first appearance: an agent's place never changes."""
    return tuple(map(AgentName, u.read(_AGENTS, {"board_": board}, of=(board_items, cases)).scalars()))


def carried_into(u: Unit, board: BoardId) -> tuple[BoardId, ...]:
    """Those whose open items went on that board, oldest first. Looks through all there ever were."""
    return tuple(map(BoardId, u.read(_BEFORE, {"id_": board}, of=(boards,)).scalars()))

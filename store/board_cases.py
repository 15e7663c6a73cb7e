"""Requests and boards together: what stands on one, page by page; what is on none; what one took over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from approvals.canonical import Digest
from approvals.model import Case
from approvals.words import AgentName, BoardId, DigestName, RequestId
from store.boards import Board, Item
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


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One item of a board whose request's row cannot be read."""

    item: Item
    agent: AgentName
    why: Exception


@dataclass(frozen=True, slots=True)
class Fresh:
    """What waits in a digest and stands on no open board of it."""

    #: without payloads and words, each with its sight
    outlines: tuple[tuple[Case, Digest], ...]
    #: rows that cannot be read, and why
    unreadable: tuple[tuple[RequestId, Exception], ...]
    #: where to go on; None: there is no more
    last: RequestId | None


_newer, _boards = board_items.alias("newer"), boards.alias("newer_boards")
#: The last board that it was put on.
_LATEST = (
    sa.select(_newer.c.board)
    .join_from(_newer, _boards, _boards.c.id == _newer.c.board)
    .where(_newer.c.request == board_items.c.request)
    .order_by(_boards.c.seq.desc())
    .limit(1)
    .scalar_subquery()
    .label("latest")
)
_on_a_board = (
    sa.exists()
    .where(
        board_items.c.request == cases.c.id,
        boards.c.id == board_items.c.board,
        boards.c.closed_at.is_(None),
        boards.c.digest == cases.c.waits_in,
    )
    .correlate(cases)
)
_ON_NONE = (
    cases.c.waits_in.is_not(None),
    cases.c.status == sa.literal_column("'pending'"),
    cases.c.waits_in == sa.bindparam("digest_"),
    ~_on_a_board,
)
_FRESH = (
    sa.select(*PARTS[:-1], sa.null().label("content"), cases.c.id, cases.c.sight)
    .where(*_ON_NONE, cases.c.id > sa.bindparam("after"))
    .order_by(cases.c.id)
    .limit(sa.bindparam("most"))
)
_IS_ANY_FRESH = sa.select(cases.c.id).where(*_ON_NONE).limit(1)
#: Where `digest` is what the board is of, nothing has left it for a card of its own.
_STILL_THERE = (
    sa.select(board_items.c.request, cases.c.sight)
    .join(cases, cases.c.id == board_items.c.request)
    .where(
        board_items.c.board == sa.bindparam("board_"),
        cases.c.status == sa.literal_column("'pending'"),
        cases.c.waits_in == sa.bindparam("digest_"),
    )
    .order_by(board_items.c.place)
    .limit(sa.bindparam("most"))
)
_PAGE = (
    sa.select(
        board_items.c.place,
        board_items.c.request,
        board_items.c.sight,
        board_items.c.board,
        cases.c.agent,
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
_BEFORE = sa.select(boards.c.id).where(boards.c.carried_to == sa.bindparam("id_")).order_by(boards.c.seq)


def fresh(u: Unit, digest: DigestName, after: RequestId | None, limit: int) -> Fresh:
    """Of what waits in `digest` and is on no open board of it, the oldest `limit` behind `after`.

    Reads no payload. A row that cannot be read keeps no other from being shown.
    """
    wanted = {"digest_": digest, "after": after or "", "most": limit}
    rows = u.read(_FRESH, wanted, of=(cases, board_items, boards)).all()
    outlines: list[tuple[Case, Digest]] = []
    unreadable: list[tuple[RequestId, Exception]] = []
    for row in rows:
        try:
            outlines.append((joined_case(row), Digest(row.sight)))
        except Exception as bug:  # noqa: BLE001  # whatever is wrong with a row, it is handed on with it
            unreadable.append((RequestId(row.id), bug))
    last = RequestId(rows[-1].id) if len(rows) == limit else None
    return Fresh(tuple(outlines), tuple(unreadable), last)


def is_any_fresh(u: Unit, digest: DigestName) -> bool:
    """Whether anything waits in `digest` and is on no open board of it."""
    return u.read(_IS_ANY_FRESH, {"digest_": digest}, of=(cases, board_items, boards)).first() is not None


def still_there(u: Unit, board: Board, most: int) -> tuple[tuple[RequestId, Digest], ...]:
    """Of what is open on `board`, the first `most`, each with its sight as it is now."""
    rows = u.read(
        _STILL_THERE, {"board_": board.id, "digest_": board.digest, "most": most}, of=(board_items, cases)
    )
    return tuple((RequestId(row.request), Digest(row.sight)) for row in rows)


def page(u: Unit, board: BoardId, start: int, most: int) -> tuple[Standing | Unreadable, ...]:
    """Those from place `start` on, `most` at a time; a row that cannot be read keeps no other from being."""
    rows = u.read(
        _PAGE, {"board_": board, "start": start, "most": most}, of=(board_items, boards, cases, contents)
    ).all()
    return tuple(map(_standing, rows))


def _standing(row: Any) -> Standing | Unreadable:
    item = Item(row.place, RequestId(row.request), Digest(row.sight))
    try:
        return Standing(item, joined_case(row), row.latest == row.board)
    except Exception as bug:  # noqa: BLE001  # whatever is wrong with a row, it is handed on with it
        return Unreadable(item, AgentName(row.agent), bug)


def agents(u: Unit, board: BoardId) -> tuple[AgentName, ...]:
    """Whose requests stand on it, by first appearance: an agent's place never changes."""
    return tuple(map(AgentName, u.read(_AGENTS, {"board_": board}, of=(board_items, cases)).scalars()))


def carried_into(u: Unit, board: BoardId) -> tuple[BoardId, ...]:
    """Those whose open items went on that board, oldest first. Looks through all there ever were."""
    return tuple(map(BoardId, u.read(_BEFORE, {"id_": board}, of=(boards,)).scalars()))

"""Boards: one message each that holds many requests, and what stands on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from approvals.canonical import Digest
from approvals.model import Case
from approvals.words import BoardId, DigestName, GroupName, Instant, RequestId
from store.cards import CardRef
from store.spelling import read_json, write_json
from store.statements import plain
from store.tables import board_items, boards, cases
from store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Board:
    """One message that holds many requests."""

    id: BoardId
    digest: DigestName
    #: where it is to go; None: to the policy's own channel
    channel: str | None
    #: the groups that decide all that stands on it
    ask: tuple[GroupName, ...]
    #: whether *Approve all* may clear what it holds
    clears: bool
    opened_at: Instant
    #: since when nothing on it waits for anybody
    closed_at: Instant | None = None
    #: the newer one that takes over what is still open: as soon as it is up, which closes this one
    carried_to: BoardId | None = None
    #: where it is in Slack
    ref: CardRef | None = None

    @property
    def carried_on(self) -> bool:
        """True once the newer one is up: until then, people decide here."""
        return self.closed_at is not None and self.carried_to is not None

    def holds(self, case: Case) -> bool:
        """Whether an item of it has not left: it stands there, or on the newer message that took over."""
        return case.waits_in == self.digest and case.asked == self.ask


@dataclass(frozen=True, slots=True)
class Item:
    """One request on a board. What was not on the message cannot be cleared by it."""

    #: from 0, in the order in which they stand on it
    place: int
    request: RequestId
    #: `Case.sight` when it was put there
    sight: Digest


#: Any number, as long as nothing else here locks it.
_TURN = 0x6869746C
_MY_TURN = sa.select(sa.func.pg_try_advisory_xact_lock(_TURN))
_WAIT_FOR_IT = sa.select(sa.func.pg_advisory_xact_lock(_TURN))
_PATIENCE = sa.select(sa.func.current_setting("lock_timeout"))
_BE_PATIENT = sa.select(sa.func.set_config("lock_timeout", sa.bindparam("within"), True))
#: A batch of others is through by then; whoever waits for the commit waits no longer.
_WITHIN = "2s"
_ADD = plain(boards)
_ADD_ITEM = plain(board_items)
_GET = sa.select(boards).where(boards.c.id == sa.bindparam("id_"))
_AT = sa.select(boards).where(
    boards.c.posted_channel == sa.bindparam("channel_"), boards.c.posted_ts == sa.bindparam("ts_")
)
_OPEN = (
    sa.select(boards)
    .where(boards.c.closed_at.is_(None), boards.c.digest == sa.bindparam("digest_"))
    .order_by(boards.c.seq)
)
_LAST = sa.select(sa.func.max(boards.c.seq))
_STANDING = (
    sa.select(boards.c.id, boards.c.posted_ts).where(boards.c.closed_at.is_(None)).order_by(boards.c.seq)
)
_ITEMS = (
    sa.select(board_items).where(board_items.c.board == sa.bindparam("id_")).order_by(board_items.c.place)
)
#: Where `digest` is what the board is of, nothing has left it for a card of its own.
_WAITING = (
    sa.select(board_items)
    .join(cases, cases.c.id == board_items.c.request)
    .where(
        board_items.c.board == sa.bindparam("id_"),
        board_items.c.place < sa.bindparam("before"),
        cases.c.status == sa.literal_column("'pending'"),
        cases.c.waits_in == sa.bindparam("digest_"),
    )
    .order_by(board_items.c.place)
)
_HOW_MANY_WAIT = (
    sa.select(sa.func.count())
    .select_from(board_items.join(cases, cases.c.id == board_items.c.request))
    .where(
        board_items.c.board == sa.bindparam("id_"),
        cases.c.status == sa.literal_column("'pending'"),
        cases.c.waits_in == sa.bindparam("digest_"),
    )
)
#: No request looks like it: what it was is not to be decided by this board.
_UNSEEN = ""
_UNSEE = (
    sa.update(board_items)
    .where(
        board_items.c.board == sa.bindparam("id_"),
        board_items.c.place.in_(sa.bindparam("places", expanding=True)),
    )
    .values(sight=_UNSEEN)
)
_COUNT = sa.select(sa.func.count()).select_from(board_items).where(board_items.c.board == sa.bindparam("id_"))
_HANDS_OVER = sa.and_(
    boards.c.carried_to.is_not(None), boards.c.closed_at.is_(None), boards.c.digest == cases.c.waits_in
)
#: It stands on the last one, but where that is not up, and takes over from one that is.
_OF_REQUEST = (
    sa.select(boards)
    .join(board_items, board_items.c.board == boards.c.id)
    .join(cases, cases.c.id == board_items.c.request)
    .where(board_items.c.request == sa.bindparam("request_"))
    .order_by(sa.case((_HANDS_OVER, 1), else_=0).desc(), boards.c.seq.desc())
    .limit(1)
)
_PLACE = (
    sa.update(boards)
    .where(boards.c.id == sa.bindparam("id_"))
    .values(
        posted_channel=sa.bindparam("channel_"),
        posted_ts=sa.bindparam("ts_"),
        permalink=sa.bindparam("permalink_"),
    )
)
_CLOSE = (
    sa.update(boards)
    .where(boards.c.id == sa.bindparam("id_"), boards.c.closed_at.is_(None))
    .values(closed_at=sa.bindparam("at_", type_=boards.c.closed_at.type), carried_to=None)
)
_HAND_OVER = (
    sa.update(boards)
    .where(boards.c.id == sa.bindparam("id_"), boards.c.closed_at.is_(None))
    .values(carried_to=sa.bindparam("to_"))
)
_TAKES_OVER = (boards.c.carried_to == sa.bindparam("id_"), boards.c.closed_at.is_(None))
_FROM = sa.select(boards.c.id).where(*_TAKES_OVER).order_by(boards.c.seq)
_TAKE_OVER = (
    sa.update(boards).where(*_TAKES_OVER).values(closed_at=sa.bindparam("at_", type_=boards.c.closed_at.type))
)
_REOPEN = (
    sa.update(boards)
    .where(boards.c.id == sa.bindparam("id_"), boards.c.carried_to.is_(None))
    .values(closed_at=None)
)


def alone(u: Unit) -> None:
    """From here to the commit nobody else decides what goes on which board: who comes later waits.

    SQLite has one writer anyway.
    """
    if u.dialect != "postgresql" or u.read(_MY_TURN, of=()).scalar_one():
        return
    before = u.read(_PATIENCE, of=()).scalar_one()
    u.read(_BE_PATIENT, {"within": _WITHIN}, of=())
    u.read(_WAIT_FOR_IT, of=())
    u.read(_BE_PATIENT, {"within": before}, of=())


def add(u: Unit, board: Board) -> None:
    """A new one, not in Slack yet; behind all there are."""
    alone(u)
    row = {
        "id": board.id,
        "seq": (u.read(_LAST, of=(boards,)).scalar() or 0) + 1,
        "digest": board.digest,
        "channel": board.channel or "",
        "ask": write_json(list(board.ask)),
        "clears": int(board.clears),
        "opened_at": board.opened_at,
    }
    u.insert(_ADD, row)


def standing(u: Unit) -> tuple[tuple[str, str | None], ...]:
    """Every board on which something may still wait, by its id, and its message's `ts`."""
    found = u.read(_STANDING, of=(boards,))
    return tuple((row.id, row.posted_ts) for row in found)


def append(u: Unit, board: BoardId, start: int, items: Sequence[tuple[RequestId, Digest]]) -> None:
    """Requests, each with its sight, behind the `start` that stand on it already."""
    for place, (request, sight) in enumerate(items, start):
        u.insert(_ADD_ITEM, {"board": board, "place": place, "request": request, "sight": sight})


def unsee(u: Unit, board: BoardId, places: Sequence[int]) -> None:
    """What stands there is not shown: should that ever be possible again, no click on `board` decides it."""
    u.change(_UNSEE, {"id_": board, "places": list(places)}, of=(board_items,))


def get(u: Unit, board: BoardId) -> Board | None:
    """By its id."""
    return _board(u.read(_GET, {"id_": board}, of=(boards,), only={"id": board}).first())


def at(u: Unit, channel: str, ts: str) -> Board | None:
    """Whose message that is."""
    if "\0" in channel + ts:
        return None
    return _board(u.read(_AT, {"channel_": channel, "ts_": ts}, of=(boards,)).first())


def open_of(u: Unit, digest: DigestName) -> tuple[Board, ...]:
    """Those of that digest on which something may still wait, oldest first."""
    found = (_board(row) for row in u.read(_OPEN, {"digest_": digest}, of=(boards,)))
    return tuple(board for board in found if board is not None)


def of_request(u: Unit, request: RequestId) -> Board | None:
    """The one that shows it to people: the newest that it was put on, once that is up."""
    return _board(u.read(_OF_REQUEST, {"request_": request}, of=(boards, board_items, cases)).first())


def items(u: Unit, board: BoardId) -> tuple[Item, ...]:
    """All that was ever put on it, in order."""
    rows = u.read(_ITEMS, {"id_": board}, of=(board_items,), only={"board": board})
    return tuple(Item(row.place, RequestId(row.request), Digest(row.sight)) for row in rows)


def waiting(u: Unit, board: Board, before: int) -> tuple[Item, ...]:
    """Those of its first `before` that nobody has decided, and that have not left its digest."""
    wanted = {"id_": board.id, "before": before, "digest_": board.digest}
    rows = u.read(_WAITING, wanted, of=(board_items, cases))
    return tuple(Item(row.place, RequestId(row.request), Digest(row.sight)) for row in rows)


def how_many_wait(u: Unit, board: Board) -> int:
    """Of all that were put on it, those that nobody has decided, and that have not left its digest."""
    wanted = {"id_": board.id, "digest_": board.digest}
    found: int = u.read(_HOW_MANY_WAIT, wanted, of=(board_items, cases)).scalar_one()
    return found


def count(u: Unit, board: BoardId) -> int:
    """How many were ever put on it."""
    found: int = u.read(_COUNT, {"id_": board}, of=(board_items,), only={"board": board}).scalar_one()
    return found


def place(u: Unit, board: BoardId, ref: CardRef) -> None:
    """Remember where it is in Slack."""
    row = {"id_": board, "channel_": ref.channel, "ts_": ref.ts, "permalink_": ref.permalink}
    u.change(_PLACE, row, of=(boards,))
    # Has the commit heard of: a click that was quicker waits for it.
    u.outbox_touched = True


def close(u: Unit, board: BoardId, at: Instant) -> bool:
    """Nothing on it waits any more; False where it was closed before."""
    return u.change(_CLOSE, {"id_": board, "at_": at}, of=(boards,)) > 0


def hand_over(u: Unit, board: BoardId, to: BoardId) -> None:
    """What is open on it was put on `to` as well, and is decided on `board` until that is up."""
    u.change(_HAND_OVER, {"id_": board, "to_": to}, of=(boards,))


def take_over(u: Unit, board: BoardId, at: Instant) -> tuple[BoardId, ...]:
    """It is up: those that handed over to it are closed. Which these are."""
    before = tuple(map(BoardId, u.read(_FROM, {"id_": board}, of=(boards,)).scalars().all()))
    if before:
        u.change(_TAKE_OVER, {"id_": board, "at_": at}, of=(boards,))
    return before


def reopen(u: Unit, board: BoardId) -> None:
    """Something joined it while it was being closed."""
    u.change(_REOPEN, {"id_": board}, of=(boards,))


def _board(row: Any) -> Board | None:
    if row is None:
        return None
    posted = row.posted_ts is not None
    return Board(
        id=BoardId(row.id),
        digest=DigestName(row.digest),
        channel=row.channel or None,
        ask=tuple(map(GroupName, read_json(row.ask))),
        clears=bool(row.clears),
        opened_at=row.opened_at,
        closed_at=row.closed_at,
        carried_to=None if row.carried_to is None else BoardId(row.carried_to),
        ref=CardRef(row.posted_channel, row.posted_ts, row.permalink) if posted else None,
    )

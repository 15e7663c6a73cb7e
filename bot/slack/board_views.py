"""What is known of a digest when it is shown: in its message, or in its *Review* for somebody alone."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from approvals.words import BoardId
from blocks.digest_board import BoardView, Entry, Unread
from bot.desk import incidents
from bot.desk.desk import Desk
from store import board_cases, boards, clearings
from store.board_cases import Standing, Unreadable
from store.boards import Board
from store.clearings import Clearing
from store.unit_of_work import Unit

#: Requests that are read at once: a thousand in a row would hold up every click for a third of a second.
_PAGE = 50


@dataclass(frozen=True, slots=True)
class _Frame:
    """A board without what stands on it."""

    board: Board
    clearing: tuple[Clearing, ...]
    #: the one that took over
    newer: Board | None


@dataclass(frozen=True, slots=True)
class Shown:
    """A board, and what people see of it."""

    board: Board
    view: BoardView

    @property
    def over(self) -> bool:
        """True when nobody decides anything there any more."""
        return self.view.carried_on or not self.view.open


async def load(desk: Desk, board: BoardId, most: int | None = None) -> Shown | None:
    """As it stands now; of its items, the first `most`. None where there is no such board.

    Of what cannot be read there is the place; the operators are told, and no click on it decides it from
    then on: nobody sees how much it is.
    """
    frame = await desk.store.read(partial(_frame, board=board))
    if frame is None:
        return None
    standing: list[Standing | Unreadable] = []
    while part := await desk.store.read(
        partial(board_cases.page, board=board, start=len(standing), most=_PAGE)
    ):
        standing += part
        # A read from SQLite does not give way by itself.
        await asyncio.sleep(0)
        if most is not None and len(standing) >= most:
            break
    shown = standing[:most]
    return Shown(frame.board, _view(desk, frame, shown, await _unread(desk, board, shown)))


async def _unread(desk: Desk, board: BoardId, standing: Iterable[Standing | Unreadable]) -> list[Unread]:
    torn = [each for each in standing if isinstance(each, Unreadable)]
    seen = [each.item.place for each in torn if each.item.sight]
    if seen:
        await desk.store.write(partial(boards.unsee, board=board, places=seen))
    return [Unread(each.item.place, each.agent, await _incident(desk, each)) for each in torn]


async def _incident(desk: Desk, torn: Unreadable) -> str:
    return await incidents.unreadable(desk, torn.item.request, torn.why)


async def bare(desk: Desk, board: BoardId) -> Shown | None:
    """The same without any items: enough to say whom it asks, and what took its place."""
    frame = await desk.store.read(partial(_frame, board=board))
    return None if frame is None else Shown(frame.board, _view(desk, frame, (), ()))


def _frame(unit: Unit, board: BoardId) -> _Frame | None:
    found = boards.get(unit, board)
    if found is None:
        return None
    newer = boards.get(unit, found.carried_to) if found.carried_to is not None else None
    return _Frame(found, clearings.open_of(unit, board), newer)


def _view(
    desk: Desk, frame: _Frame, standing: Iterable[Standing | Unreadable], unread: Iterable[Unread]
) -> BoardView:
    board, newer = frame.board, frame.newer
    link = newer.ref.permalink if newer is not None and newer.ref is not None else None
    return BoardView(
        board=board.id,
        digest=board.digest,
        ask=board.ask,
        clears=board.clears,
        entries=tuple(_entry(board, each) for each in standing if isinstance(each, Standing)),
        unread=tuple(unread),
        roster=desk.directory.roster(),
        now=desk.runtime.now(),
        clearing=tuple({each.by.id: each.by for each in frame.clearing}.values()),
        carried_on=board.carried_on,
        carried=link,
    )


def _entry(board: Board, standing: Standing) -> Entry:
    case, item = standing.case, standing.item
    # What a newer message took over with all the rest stands here as it did.
    moved = not standing.here and board.carried_to is None
    return Entry(item.place, case, changed=case.sight != item.sight, moved=moved)

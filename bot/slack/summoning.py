"""Direct messages to those who are asked only now about something critical: made when they are sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from approvals.model import Case
from approvals.words import BoardId
from blocks import digest_words, thread_notes
from blocks.message import Message
from bot.desk.desk import Desk
from bot.slack import board_views
from scheduler.results import Again, Done, Result
from store import cards, cases
from store.cards import CardRef
from store.outbox import Parcel
from store.unit_of_work import Unit

#: How often to look for the card's address, and how long: it has one within moments, or Slack does not tell.
_LOOK: Final = timedelta(seconds=1)
_AT_MOST: Final = timedelta(seconds=30)


async def summoned(desk: Desk, parcel: Parcel) -> Message | Result:
    """What to say; what becomes of `parcel` where nothing is to be said, or not yet."""
    match parcel.body:
        case {"board": str(board)}:
            return await _to_digest(desk, parcel, BoardId(board))
        case _:
            return await _to_card(desk, parcel)


async def _to_digest(desk: Desk, parcel: Parcel, board: BoardId) -> Message | Result:
    shown = await board_views.load(desk, board)
    if shown is None or shown.over:
        return Done()
    permalink = shown.board.ref.permalink if shown.board.ref is not None else None
    if permalink is None and desk.runtime.now() - parcel.created_at < _AT_MOST:
        return Again("the message has no address yet", _LOOK)
    return digest_words.summons(board, permalink, parcel.key)


async def _to_card(desk: Desk, parcel: Parcel) -> Message | Result:
    found = await desk.store.read(lambda unit: _load(unit, parcel))
    if found is None:
        return Done()
    case, ref = found
    if case.status.final or case.parked_at is not None:
        # Nobody is called to what is over.
        return Done()
    permalink = ref.permalink if ref is not None else None
    if permalink is None and desk.runtime.now() - parcel.created_at < _AT_MOST:
        return Again("the card has no address yet", _LOOK)
    told = parcel.body if isinstance(parcel.body, dict) else {}
    by = str(told["by"]) if told.get("by") else None
    return thread_notes.summons(
        case, desk.directory.roster(), permalink, parcel.key, early=bool(told.get("early")), by=by
    )


def _load(unit: Unit, parcel: Parcel) -> tuple[Case, CardRef | None] | None:
    case = cases.load(unit, parcel.request) if parcel.request is not None else None
    return None if case is None else (case, cards.of(unit, case.id))

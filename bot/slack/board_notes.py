"""Says things once in the thread of a digest's message, about all that waits on it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from approvals.effects import Escalated, Note, Reminded, Restarted
from approvals.words import BoardId
from blocks import digest_words
from blocks.message import Message
from bot.desk import spoken
from bot.slack import board_views, reminding
from bot.slack.board_views import Shown
from bot.slack.outgoing import Outgoing
from scheduler.results import Dead, Done, Result
from store import boards, reminders
from store.boards import Board
from store.outbox import Parcel
from store.reminders import Reminder
from store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class _Thread:
    board: Board
    #: those that are in it already
    reminders: tuple[Reminder, ...]


class BoardNoteSender:
    """The courier's sender for `ParcelKind.NOTE`."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out

    async def send(self, parcel: Parcel) -> Result:
        """Put one note under the digest that it is about, or under the one that took over from that."""
        note = spoken.read(parcel.body)
        match parcel.body:
            case {"board": str(named)} if note is not None:
                found = await self._out.desk.store.read(partial(_latest, board=BoardId(named)))
            case _:
                return Dead("a note about no digest")
        if found is None:
            return Done()
        if any(each.key == parcel.key for each in found.reminders):
            # An earlier try got this far: what is left is to take the one before away.
            return await reminding.replaced(self._out, found.board.id, parcel, found.reminders)
        shown = await board_views.load(self._out.desk, found.board.id)
        message = _said(note, shown, parcel.key) if shown is not None and not shown.over else None
        if message is None:
            # It would call people to something that is over.
            return Done()
        if found.board.ref is None:
            if isinstance(note, Reminded):
                # A message that is not up yet calls them itself.
                return Done()
            return reminding.not_up("digest", parcel, self._out.desk.runtime.now())
        return await reminding.say(
            self._out, parcel, found.board.ref, note, message, about=found.board.id, known=found.reminders
        )


def _said(note: Note, shown: Shown, key: str) -> Message | None:
    match note:
        case Reminded():
            nobody = digest_words.is_for_nobody(shown.view)
            return None if nobody else digest_words.still_open(shown.view, key)
        case Restarted():
            return digest_words.restarted(shown.view, key)
        case Escalated():
            parked = all(entry.case.parked_at is not None for entry in shown.view.open)
            return None if parked else digest_words.escalated(shown.view, note, key)
        case _:
            return None


def _latest(unit: Unit, board: BoardId) -> _Thread | None:
    """The board, or the last of those that took over."""
    found = boards.get(unit, board)
    while found is not None and found.carried_on and found.carried_to is not None:
        found = boards.get(unit, found.carried_to)
    return None if found is None else _Thread(found, reminders.of(unit, found.id))

"""Says things once in the thread of a digest's message: about one of its items, or about all that waits."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from approvals.effects import Reminded, Restarted
from approvals.model import AgentName, BoardId, Comment, Person, UserId
from blocks import digest_words
from blocks.message import Message
from bot.desk import spoken
from bot.slack import board_views
from bot.slack.board_views import Shown
from bot.slack.outgoing import Outgoing
from bot.slack.saying import say_under
from bot.slack.troubles import SlackTrouble, Trouble
from scheduler.results import Again, Dead, Done, Result
from store import boards, cases
from store.boards import Board
from store.outbox import Parcel
from store.unit_of_work import Unit

#: How often to look whether the message is up by now.
_UNTIL_IT_IS_UP = timedelta(seconds=1)


class BoardNoteSender:
    """The courier's sender for `ParcelKind.NOTE`."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out

    async def send(self, parcel: Parcel) -> Result:
        """Put one note under the digest that it is about, or under the one that took over from that."""
        match parcel.body:
            case {"board": str(named)}:
                found = await self._out.desk.store.read(partial(_latest, board=BoardId(named)))
            case _:
                return Dead("a note about no digest")
        if found is None:
            return Done()
        about_item = parcel.request is not None
        if found.ref is None:
            # A message that is not up calls nobody by a reminder; what was said of an item is not lost.
            waits = about_item and found.closed_at is None
            return Again("the digest is not up yet", _UNTIL_IT_IS_UP) if waits else Done()
        message = await self._item(parcel) if about_item else await self._whole(parcel, found)
        if message is None:
            return Done()
        try:
            await say_under(self._out, parcel, found.ref, message)
        except SlackTrouble as trouble:
            if trouble.trouble in (Trouble.CHANNEL, Trouble.MESSAGE):
                # Its place is gone; the message's own update finds another, and the case keeps the words.
                return Done()
            return await self._out.result(parcel, trouble, found.ref.channel)
        return Done()

    async def _item(self, parcel: Parcel) -> Message | None:
        request = parcel.request
        if request is None:
            return None
        case = await self._out.desk.store.read(lambda unit: cases.load(unit, request))
        match parcel.body:
            case {"note": note, "by": str(by), "text": str(text)} if case is not None:
                asked = Person(UserId(""), by) if note == "asked" else AgentName(by)
                comment = Comment(asked, text, parcel.created_at)
                return digest_words.item_comment(case, comment, parcel.key)
            case _:
                return None

    async def _whole(self, parcel: Parcel, board: Board) -> Message | None:
        """None where it would call people to something that is over."""
        shown = await board_views.load(self._out.desk, board.id)
        if shown is None or shown.over:
            return None
        return _said(parcel.body, shown, parcel.key)


def _said(body: Any, shown: Shown, key: str) -> Message | None:
    match spoken.read(body):
        case Reminded():
            nobody = digest_words.is_for_nobody(shown.view)
            return None if nobody else digest_words.still_open(shown.view, key)
        case Restarted():
            return digest_words.restarted(shown.view, key)
        case _:
            return None


def _latest(unit: Unit, board: BoardId) -> Board | None:
    """The board, or the last of those that took over."""
    found = boards.get(unit, board)
    while found is not None and found.carried_to is not None:
        found = boards.get(unit, found.carried_to)
    return found

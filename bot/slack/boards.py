"""Makes Slack show a digest as it stands: one message for all that is on it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from approvals import escalation
from approvals.events import Shown as SeenInSlack
from approvals.words import BoardId, Gate, Instant, RequestId
from blocks import digest, digest_again
from blocks.message import Message
from bot.desk import notify
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on
from bot.slack import board_views
from bot.slack.board_views import Shown
from bot.slack.keeping import Keeping
from bot.slack.outgoing import Outgoing, may_have_arrived
from bot.slack.places import Stuck, Way
from scheduler.results import Again, Done, Result
from store import board_cases, boards, cases, clearings, outbox
from store.cards import CardRef
from store.outbox import Parcel
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: Between two updates of one message: `chat.update` takes 50 a minute, and a storm or a clearing changes the
#: message hundreds of times (docs.slack.dev/apis/web-api/rate-limits, tier 3).
_APART = timedelta(seconds=1.2)
#: Messages remembered for that.
_REMEMBERED = 1024
#: Windows that begin in one transaction: clicks find room between them.
_AT_ONCE = 25


class BoardSender:
    """The courier's sender for `ParcelKind.BOARD`."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out
        self._keeping = Keeping(out)
        #: board → when it was last updated
        self._sent: dict[BoardId, Instant] = {}

    async def send(self, parcel: Parcel) -> Result:
        """Make Slack show the digest of `parcel` as it stands now."""
        desk, board = self._out.desk, BoardId(parcel.key)
        wait = self._too_soon(board, desk.runtime.now())
        if wait is not None and await desk.store.read(partial(_waits, board=board)):
            return Again("the message was changed just now", wait)
        shown = await board_views.load(desk, board)
        if shown is None:
            return Done()
        message = _Message(desk, shown)
        if shown.board.ref is None and shown.over:
            return await self._never_posted(parcel, message)
        if shown.board.ref is not None:
            self._note(board, desk.runtime.now())
        return await self._keeping.show(parcel, message)

    async def _never_posted(self, parcel: Parcel, message: _Message) -> Result:
        """Nobody needs it any more. Where an earlier try may have posted it, it must not look alive."""
        if may_have_arrived(parcel):
            try:
                found = await self._keeping.found(parcel, message)
            except Stuck as stuck:
                return await self._out.result(parcel, stuck.trouble, stuck.channel)
            if found is not None:
                return found
        return Done(partial(message.ended, addressed=None))

    def _too_soon(self, board: BoardId, now: Instant) -> timedelta | None:
        sent = self._sent.get(board)
        # A clock that was set back holds nothing up.
        return sent + _APART - now if sent is not None and sent <= now < sent + _APART else None

    def _note(self, board: BoardId, now: Instant) -> None:
        self._sent.pop(board, None)
        self._sent[board] = now
        if len(self._sent) > _REMEMBERED:
            del self._sent[next(iter(self._sent))]


@dataclass(frozen=True, slots=True)
class _Message:
    """See `Kept`."""

    desk: Desk
    shown: Shown

    @property
    def name(self) -> str:
        """See `Kept`."""
        return f"the digest {self.shown.board.id}"

    @property
    def ref(self) -> CardRef | None:
        """See `Kept`."""
        return self.shown.board.ref

    @property
    def way(self) -> Way:
        """See `Kept`."""
        return Way(self.shown.board.channel, self.shown.board.ask)

    @property
    def over(self) -> bool:
        """See `Kept`."""
        return self.shown.over

    def message(self, *, duplicate: bool = False) -> Message:
        """See `Kept`."""
        return digest_again.copy(self.shown.view) if duplicate else digest.message(self.shown.view)

    async def smaller(self, problem: str) -> Message:
        """The operators are told once a day for each problem."""
        notice = {"notice": "digest_refused", "board": self.shown.board.id, "problem": problem}
        await notify.operators(self.desk, notice, f"digest_refused:{problem}"[:200])
        return digest_again.minimal(self.shown.view, problem)

    def bare(self, smaller: Message) -> Message:
        """See `Kept`."""
        return digest_again.bare(self.shown.view, smaller)

    def posted_again(self) -> str:
        """See `Kept`."""
        return digest_again.posted_again(over=self.over)

    def placed(self, unit: Unit, ref: CardRef) -> None:
        """See `Kept`."""
        board, now = self.shown.board.id, self.desk.runtime.now()
        boards.place(unit, board, ref)
        for before in boards.take_over(unit, board, now):
            clearings.carry_drafts(unit, before, board)
            outbox.show_board(unit, before, now, pressing=False)

    async def seen(self, since: Instant) -> None:
        """Soft windows begin: of what stood on the message, and never before it did."""
        if self.shown.view.carried_on:
            return
        waiting = [
            entry.case.id
            for entry in self.shown.view.open
            if entry.case.judgement.gate is Gate.SOFT and escalation.began_at(entry.case) is None
        ]
        for start in range(0, len(waiting), _AT_ONCE):
            part = waiting[start : start + _AT_ONCE]
            await self.desk.store.write(partial(_begin, desk=self.desk, requests=part))

    def ended(self, unit: Unit, addressed: CardRef | None) -> None:
        """What pointed to it without an address is shown anew; what nobody waits on is closed."""
        board, now = self.shown.board.id, self.desk.runtime.now()
        if addressed is not None:
            boards.place(unit, board, addressed)
            for before in board_cases.carried_into(unit, board):
                outbox.show_board(unit, before, now, pressing=False)
        # What came meanwhile is shown by the next generation, which closes it. What cannot be read keeps it
        # from nothing: mended, it goes on the next message.
        if self.over and boards.count(unit, board) == self.shown.view.on.shown:
            boards.close(unit, board, now)
        elif not self.over and self.shown.board.closed_at is not None:
            # Something joined it in a transaction that crossed the closing: it is to be decided here.
            boards.reopen(unit, board)


def _waits(unit: Unit, board: BoardId) -> bool:
    """Whether it will be shown again: its end is shown at once."""
    found = boards.get(unit, board)
    return found is not None and bool(boards.waiting(unit, found, boards.count(unit, board)))


def _begin(unit: Unit, desk: Desk, requests: Sequence[RequestId]) -> None:
    """What left the message meanwhile has its window begin with its card."""
    now, roster = desk.runtime.now(), desk.directory.roster()
    for request in requests:
        case = cases.load(unit, request)
        if case is not None and case.waits_in is not None:
            rule_on(unit, case, SeenInSlack(), now, roster, desk=desk)

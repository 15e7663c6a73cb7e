"""A digest's *Review*, or the reason for rejecting all of it, was submitted: it is cleared so."""

from __future__ import annotations

from approvals.digest_choices import Choices, Pick
from blocks import digest_words, modals_digest, replies
from blocks.actions import BoardPage, OnBoard
from blocks.modal_parts import REASON_BLOCK
from bot.desk import clearing, picking
from bot.desk.clearing import Beginning
from bot.slack.board_clicks import why_not
from bot.slack.clearing_job import words_of
from bot.slack.front import Front
from bot.slack.payloads import Submission
from bot.slack.view_answers import CLOSE, ViewAnswer, error, errors, instead
from store import boards
from store.boards import Board
from store.unit_of_work import Unit


class BoardSubmits:
    """What is submitted says what somebody wants; what they may, is the desk's to say."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def review(self, sent: Submission) -> ViewAnswer:
        """Each as it was chosen, on whatever page; the rest as it stood in the modal."""
        page = BoardPage.decode(sent.private_metadata)
        if page is None:
            return instead(replies.unknown_button())
        desk, on = self._front.desk, page.on
        picked = await picking.keep(
            desk,
            on.board,
            self._front.person(sent.by),
            modals_digest.picks_of(sent.values),
            shown=on.shown,
            reason=modals_digest.reason_of(sent.values) or "",
        )
        if picked is None:
            found = await desk.store.read(lambda unit: boards.get(unit, on.board))
            words = digest_words.unknown_board() if found is None else digest_words.not_asked(found.ask)
            return instead(words)
        answer = await self._begin(sent, on, picked.choices)
        return errors(modals_digest.say_why()) if answer is None else answer

    async def reject_all(self, sent: Submission) -> ViewAnswer:
        """All that stood on the message, for one reason."""
        on = OnBoard.decode(sent.private_metadata)
        if on is None:
            return instead(replies.unknown_button())
        choices = Choices(on.shown, Pick.REJECT, modals_digest.reason_of(sent.values))
        answer = await self._begin(sent, on, choices)
        return error(REASON_BLOCK, digest_words.reason_missing()) if answer is None else answer

    async def _begin(self, sent: Submission, on: OnBoard, choices: Choices) -> ViewAnswer | None:
        """None where a reason is missing."""
        desk, by = self._front.desk, self._front.person(sent.by)
        place = await desk.store.read(lambda unit: _channel(unit, on))
        begun = await clearing.clear(desk, on.board, by, choices, sent.key, words=words_of, channel=place)
        if begun.what is Beginning.REASON_MISSING:
            return None
        if begun.what is Beginning.NOTHING and begun.board is not None:
            board = begun.board
            if await desk.store.read(lambda unit: boards.waiting(unit, board, on.shown)):
                # They left all of it, and it waits as they wanted.
                return CLOSE
        words = why_not(begun)
        return CLOSE if words is None else instead(words)


def _channel(unit: Unit, on: OnBoard) -> str | None:
    """Where whoever clears it looks."""
    board: Board | None = boards.get(unit, on.board)
    return board.ref.channel if board is not None and board.ref is not None else None

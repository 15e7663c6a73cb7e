"""A click on a digest's message: it is cleared, or opened for review; or an agent is paused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from approvals.digest_choices import Choices, Pick
from blocks import actions, digest, digest_words, replies
from blocks.actions import OnBoard
from blocks.text import Mrkdwn
from bot.desk import clearing, pausing
from bot.desk.clearing import Beginning, Begun
from bot.desk.desk import Desk
from bot.slack import pause_commands
from bot.slack.board_review import BoardReview
from bot.slack.clearing_job import words_of
from bot.slack.front import Front
from bot.slack.payloads import Click
from store import board_cases, boards
from store.boards import Board

#: Items that are decided while somebody still looks at what they clicked: more are announced.
_AT_A_GLANCE: Final = 100


class BoardClicks:
    """Which digest it is, the message's place says; what a button carries can only have it refused."""

    def __init__(self, front: Front, review: BoardReview) -> None:
        self._front = front
        self._review = review
        self._does: Mapping[str, Callable[[Click], Awaitable[None]]] = {
            actions.DIGEST_APPROVE: self._approve_all,
            actions.DIGEST_REJECT: self._reject_all,
            actions.DIGEST_REVIEW: self._open_review,
            **review.does,
        }

    def handler(self, action: str) -> Callable[[Click], Awaitable[None]] | None:
        """What a click of that kind does; None for what is none of a digest's."""
        return self._pause if actions.pausing_place(action) is not None else self._does.get(action)

    async def _approve_all(self, click: Click) -> None:
        board = await self._board(click)
        on = _on(click, board)
        if on is None:
            self._front.say(click, digest_words.stale())
        elif not board.clears:
            self._front.say(click, digest_words.not_all_at_once())
        else:
            choices = Choices(on.shown, Pick.APPROVE)
            begun = await clearing.clear(
                self._front.desk,
                board.id,
                click.by,
                choices,
                click.key,
                words=words_of,
                channel=click.channel,
                response_url=click.response_url,
            )
            words = why_not(begun)
            if words is not None:
                self._front.say(click, words)
            elif not begun.over and begun.count > _AT_A_GLANCE:
                self._front.say(click, digest_words.being_cleared(begun.count))

    async def _reject_all(self, click: Click) -> None:
        on = await self._asked(click)
        if on is not None:
            self._review.ask_why(click, on)

    async def _open_review(self, click: Click) -> None:
        on = await self._asked(click)
        if on is not None:
            self._review.open(click, on)

    async def _asked(self, click: Click) -> OnBoard | None:
        """What was on the screen of somebody who may decide it; None, and said so, for anybody else."""
        board, desk = await self._board(click), self._front.desk
        on = _on(click, board)
        if not clearing.may_clear(click.by.id, board.ask, desk.directory.roster()):
            self._front.say(click, digest_words.not_asked(board.ask))
            return None
        if on is None:
            self._front.say(click, digest_words.stale())
        elif board.carried_on:
            self._front.say(click, await _elsewhere(desk, board))
            return None
        return on

    async def _pause(self, click: Click) -> None:
        desk, board = self._front.desk, await self._board(click)
        agents = await desk.store.read(lambda unit: board_cases.agents(unit, board.id))
        name = digest.agent_to_pause(agents, click.action, click.value)
        if name is None:
            self._front.say(click, replies.unknown_button())
            return
        told = pause_commands.paused(await pausing.pause(desk, name, click.by), name)
        self._front.say(click, told.text)

    async def _board(self, click: Click) -> Board:
        """Whose message was clicked. Raises `NotUpYet`."""

        async def looking() -> Board | None:
            return await self._front.desk.store.read(lambda unit: boards.at(unit, click.channel, click.ts))

        return await self._front.once_up(looking)


def why_not(begun: Begun) -> Mrkdwn | None:
    """Why nothing is cleared; None where it is."""
    match begun.what, begun.board:
        case Beginning.BEGUN, _:
            return None
        case Beginning.NOT_ASKED, Board(ask=ask):
            return digest_words.not_asked(ask)
        case what, _:
            return _SAID.get(what, digest_words.stale)()


_SAID: Final[Mapping[Beginning, Callable[[], Mrkdwn]]] = {
    Beginning.UNKNOWN: digest_words.unknown_board,
    Beginning.ALREADY: digest_words.clearing_already,
    Beginning.DEACTIVATED: digest_words.deactivated,
    Beginning.NOTHING: digest_words.nothing_left,
    Beginning.REASON_MISSING: digest_words.reason_missing,
}


async def _elsewhere(desk: Desk, board: Board) -> Mrkdwn:
    carried_to = board.carried_to
    newer = (
        await desk.store.read(lambda unit: boards.get(unit, carried_to)) if carried_to is not None else None
    )
    return digest_words.carried_on(
        newer.ref.permalink if newer is not None and newer.ref is not None else None
    )


def _on(click: Click, board: Board) -> OnBoard | None:
    """How much was on the screen; None for a value of another message."""
    on = OnBoard.decode(click.value)
    return on if on is not None and on.board == board.id else None

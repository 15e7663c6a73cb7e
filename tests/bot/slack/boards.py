"""Digests as people see them: a bot with some, and what stands in Slack of them."""

from __future__ import annotations

import asyncio
from typing import Any

from approvals.model import Case
from approvals.words import BoardId, RequestId, Status
from bot.desk.gathering import Gathered
from sandbox.server import SlackStandIn
from sandbox.workspace import Message, View
from store import boards, cases, outbox
from store.boards import Board
from store.unit_of_work import Unit
from tests.bot.desk.digests import on_one_board
from tests.harness.desk import RunningDesk


async def board_of(bot: RunningDesk, board: BoardId) -> Board:
    """As it is stored."""
    found = await bot.store.read(lambda unit: boards.get(unit, board))
    assert found is not None
    return found


async def message_of(bot: RunningDesk, board: BoardId, containing: str = "") -> Message:
    """Its message in Slack, once the bot knows where it is and these words stand in its text."""

    def placed(unit: Unit) -> Board | None:
        found = boards.get(unit, board)
        return found if found is not None and found.ref is not None else None

    await bot.stored(placed)

    def shown() -> Message | None:
        for message in bot.slack.messages("C0APPROVALS") + bot.slack.messages("C0REFUNDS"):
            about = (message.metadata or {}).get("event_payload", {})
            if about == {"board": board} and containing in message.text:
                return message
        return None

    found = await bot.slack.until(shown)
    assert found is not None
    return found


async def posted(bot: RunningDesk, count: int, **fields: Any) -> tuple[Gathered, list[Case], Message]:
    """So many refunds on a message that is in Slack."""
    board, asked = await on_one_board(bot, count, **fields)
    return board, asked, await message_of(bot, board.board)


async def ended(bot: RunningDesk, asked: list[Case]) -> list[Case]:
    """Those requests, once each of them is final."""
    return [await bot.decided(case.id) for case in asked]


async def statuses(bot: RunningDesk, asked: list[Case]) -> list[Status]:
    """How each stands now."""
    return [(await bot.case(case.id)).status for case in asked]


async def closed(bot: RunningDesk, board: BoardId) -> Board:
    """The board, once nothing on it waits any more: no commit says so."""
    async with asyncio.timeout(5):
        while (found := await board_of(bot, board)).closed_at is None:  # noqa: ASYNC110  # no event says so
            await asyncio.sleep(0.01)
    return found


async def quiet(bot: RunningDesk) -> None:
    """Until nothing waits to be sent; that the last of it was sent, no commit says."""
    async with asyncio.timeout(5):
        while any((await bot.store.read(outbox.counts)).waiting.values()):  # noqa: ASYNC110  # no event
            await asyncio.sleep(0.01)


async def left(bot: RunningDesk, request: RequestId) -> Case:
    """The case, once it has a card of its own."""

    def is_out(unit: Unit) -> Case | None:
        case = cases.load(unit, request)
        return case if case is not None and case.waits_in is None else None

    found: Case = await bot.stored(is_out)
    return found


async def review(bot: RunningDesk, user: str, message: Message) -> View:
    """The *Review* that this person opens from there, filled."""
    answer = await bot.slack.click(user, message.channel, message.ts, "Review")
    assert answer.acknowledged
    return await bot.slack.view_of(user, "Review")


def buttons(message: Message) -> list[str]:
    """What can be clicked on it."""
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row]


async def filled(slack: SlackStandIn, view: View, words: str) -> View:
    """The same modal, once these words stand in it."""
    await slack.until(lambda: words in str(view.payload))
    return view

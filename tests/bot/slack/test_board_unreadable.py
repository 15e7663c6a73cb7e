"""A digest of which a request cannot be read any more: the rest is shown, and decided; that one is not."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator

import pytest
import sqlalchemy as sa

from approvals.model import Case
from approvals.words import RequestId, Status
from bot.desk import follow_up
from sandbox.server import SlackStandIn
from sandbox.workspace import Message
from store import boards, outbox
from store.tables import cases as rows
from tests.bot.desk.digests import POLICY, gathered
from tests.bot.slack.boards import (
    board_of,
    buttons,
    closed,
    ended,
    message_of,
    posted,
    quiet,
    review,
    statuses,
)
from tests.harness.desk import RunningDesk, running_desk

TORN = '{"torn": 1}'


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot whose policy has digests."""
    async with running_desk(sqlite_url, slack, POLICY) as running:
        yield running


async def spoiled(bot: RunningDesk, request: RequestId, state: str = TORN) -> str:
    """Its row says `state` from now on; what it said before."""
    was: str = await bot.store.read(
        lambda unit: unit.read(sa.select(rows.c.state).where(rows.c.id == request), of=(rows,)).scalar_one()
    )
    write = sa.update(rows).where(rows.c.id == request).values(state=state)
    await bot.store.write(lambda unit: unit.change(write, {}, of=(rows,)))
    return was


async def withdrawn(bot: RunningDesk, case: Case, message: Message, words: str) -> None:
    """One that can be read is, which has the message drawn anew: until it says so."""
    await follow_up.cancel(bot.desk, bot.agent, case.id, None)
    await bot.slack.until(lambda: words in str(message.blocks))


async def test_the_rest_of_a_digest_goes_on_being_shown_and_decided(
    bot: RunningDesk, slack: SlackStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """The message counts the bad one and says its incident; the log and each operator hear of it once."""
    board, [bad, gone, *others], message = await posted(bot, 4)
    await spoiled(bot, bad.id)
    with caplog.at_level(logging.ERROR):
        await withdrawn(bot, gone, message, "1 request could not be read")
        await withdrawn(bot, others[0], message, "2 withdrawn")
    assert message.text.startswith("1 of 3 requests waits")
    [logged] = [each for each in caplog.messages if "cannot be read" in each]
    incident = logged.partition("(incident ")[2].rstrip(")")
    assert f"{bad.id} cannot be read" in logged
    assert f"as incident {incident}." in str(message.blocks)
    await slack.click("U0ALICE", message.channel, message.ts, "Approve all")
    assert [case.status for case in await ended(bot, others[1:])] == [Status.APPROVED]
    shown = await message_of(bot, board.board, "Nothing can be decided here any more")
    assert buttons(shown) == []
    await closed(bot, board.board)
    await quiet(bot)
    notices = [each for each in slack.direct_messages("U0ADMIN") if incident in str(each.blocks)]
    assert len(notices) == 1


async def test_what_was_mended_is_not_decided_by_a_message_that_did_not_show_it(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """*Approve all* means what stood there. Drawn anew, the message tells to pull it out, which works."""
    _, [bad, gone, other], message = await posted(bot, 3)
    was = await spoiled(bot, bad.id)
    await withdrawn(bot, gone, message, "could not be read")
    await spoiled(bot, bad.id, was)
    await slack.click("U0ALICE", message.channel, message.ts, "Approve all")
    await bot.decided(other.id)
    await slack.until(lambda: "was changed since" in str(message.blocks))
    assert await statuses(bot, [bad, other]) == [Status.PENDING, Status.APPROVED]
    await review(bot, "U0ALICE", message)
    await slack.click_in_view("U0ALICE", "Pull out")
    card = await bot.card(bad.id)
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    assert (await bot.decided(bad.id)).status is Status.APPROVED


async def test_what_was_mended_goes_on_the_next_message(bot: RunningDesk, slack: SlackStandIn) -> None:
    """All that could be read had ended, so that its own was closed."""
    board, [bad, gone], message = await posted(bot, 2)
    was = await spoiled(bot, bad.id)
    await withdrawn(bot, gone, message, "its one other request has ended")
    await closed(bot, board.board)
    await spoiled(bot, bad.id, was)
    [newer] = await gathered(bot)
    next_one = await message_of(bot, newer.board, "1 request waits")
    await slack.click("U0ALICE", next_one.channel, next_one.ts, "Approve all")
    assert (await bot.decided(bad.id)).status is Status.APPROVED


async def test_a_review_leaves_out_what_cannot_be_read(bot: RunningDesk, slack: SlackStandIn) -> None:
    """It opens, says how many are missing, and sends what it shows."""
    board, [bad, *others], message = await posted(bot, 3)
    was = await spoiled(bot, bad.id)
    view = await review(bot, "U0ALICE", message)
    assert "1 request could not be read" in str(view.payload)
    assert view.payload["submit"]["text"] == "Decide 2"
    await spoiled(bot, bad.id, was)
    await slack.submit("U0ALICE")
    await ended(bot, others)
    assert await statuses(bot, [bad, *others]) == [Status.PENDING, Status.APPROVED, Status.APPROVED]
    await bot.store.write(
        lambda unit: outbox.show_board(unit, board.board, bot.runtime.now(), pressing=False)
    )
    await quiet(bot)
    items = await bot.store.read(lambda unit: boards.items(unit, board.board))
    assert [item.request for item in items if not item.sight] == [bad.id]
    assert (await board_of(bot, board.board)).closed_at is None

"""The ways to Slack and from it: there at once, or as soon as Slack is."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from approvals.words import Status
from sandbox.server import SlackStandIn
from store import outbox
from store.outbox import ParcelKind
from store.unit_of_work import Unit
from tests.harness.desk import RunningDesk, running_desk


async def test_a_bot_that_starts_before_slack_catches_up(sqlite_url: str, slack: SlackStandIn) -> None:
    """Not ready at first, and why; then the card that waited goes out, and clicks come in."""
    slack.faults.status(503, "*", times=None)
    async with running_desk(sqlite_url, slack) as bot:
        assert await bot.side.why_not_ready() == "http_503"
        case = await bot.ask()
        slack.faults.clear()
        card = await bot.card(case.id)
        await bot.eventually(lambda: bool(bot.desk.directory.roster().asked(case.asked)))
        await slack.click("U0ALICE", card.channel, card.ts, "Approve")
        assert (await bot.case(case.id)).status is Status.APPROVED
        assert await bot.side.why_not_ready() is None


async def test_a_lost_socket_is_made_again(sqlite_url: str, slack: SlackStandIn) -> None:
    """Slack asks for another connection, as it does every few hours: no click is lost."""
    async with running_desk(sqlite_url, slack, socket_mode=True) as bot:
        case = await bot.ask()
        card = await bot.card(case.id)
        before = len(slack.calls("apps.connections.open"))
        await slack.sockets.disconnect()
        await slack.until(lambda: len(slack.calls("apps.connections.open")) > before)
        await slack.connected()
        await slack.click("U0ALICE", card.channel, card.ts, "Approve")
        assert (await bot.case(case.id)).status is Status.APPROVED
        assert await bot.side.why_not_ready() is None


async def test_a_stop_finishes_the_click_in_hand(sqlite_url: str, slack: SlackStandIn) -> None:
    """A modal whose opening is under way is opened before the bot is gone."""
    async with running_desk(sqlite_url, slack) as bot:
        case = await bot.ask()
        card = await bot.card(case.id)
        hold = slack.faults.hold("views.open")
        await slack.click("U0ALICE", card.channel, card.ts, "Edit")
        await hold.reached()
        stopping = asyncio.create_task(bot.side.stop_intake())
        hold.release()
        await stopping
        assert slack.views("U0ALICE")


async def test_an_answer_nobody_waits_for_is_dropped(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Half an hour after the click its answer would only confuse."""
    slack.faults.status(503, "chat.postEphemeral", times=1)
    body = {"user": "U0CAROL", "channel": "C0APPROVALS", "text": "too late"}

    def putting(unit: Unit) -> None:
        outbox.put(unit, ParcelKind.REPLY, request=None, key="old", lane="", body=body, now=bot.runtime.now())

    await bot.store.write(putting)
    await slack.call_of("chat.postEphemeral")
    bot.runtime.ahead += timedelta(minutes=31)
    await bot.card((await bot.ask()).id)
    await bot.courier.run_once(bot.runtime.now())
    assert not slack.ephemerals("U0CAROL")

"""Clicks on a digest's message: cleared in one pass, by whom it asks, for what it showed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from approvals.words import STORM, AgentName, Status
from bot.desk import follow_up
from sandbox.delivery import Manner
from sandbox.server import SlackStandIn
from sandbox.workspace import Message
from store import agents, boards
from tests.bot.desk.digests import POLICY, STORMY, asked, gathered
from tests.bot.slack.boards import closed, ended, message_of, posted, quiet, statuses
from tests.harness.desk import RunningDesk, running_desk


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot whose policy has digests."""
    async with running_desk(sqlite_url, slack, POLICY) as running:
        yield running


@pytest.fixture
async def stormy(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """The same, whose channel takes five cards in five minutes."""
    async with running_desk(sqlite_url, slack, STORMY) as running:
        yield running


async def test_approve_all_clears_what_was_shown(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Each item is approved by whoever clicked, who is told how many."""
    _, requests, message = await posted(bot, 3)
    answer = await slack.click("U0ALICE", message.channel, message.ts, "Approve all")
    assert answer.acknowledged
    assert [case.decision.by[0].id for case in await ended(bot, requests) if case.decision] == ["U0ALICE"] * 3
    assert await statuses(bot, requests) == [Status.APPROVED] * 3
    await slack.ephemeral_to("U0ALICE", "3 approved")


async def test_the_click_is_answered_while_slack_hangs(bot: RunningDesk, slack: SlackStandIn) -> None:
    """What it began is durable, and no call to Slack is waited for."""
    _, requests, message = await posted(bot, 2)
    held = slack.faults.hold("chat.*", times=None)
    answer = await slack.click("U0ALICE", message.channel, message.ts, "Approve all")
    assert answer.acknowledged
    assert answer.took is not None
    assert answer.took < 1.0
    assert [case.status for case in await ended(bot, requests)] == [Status.APPROVED] * 2
    held.release()


@pytest.mark.parametrize("button", ["Approve all", "Review", "Reject all"])
async def test_who_is_not_asked_is_told_so(bot: RunningDesk, slack: SlackStandIn, button: str) -> None:
    """Carol is none of support: an ephemeral sentence, no modal, nothing decided."""
    _, requests, message = await posted(bot, 2)
    answer = await slack.click("U0CAROL", message.channel, message.ts, button)
    assert answer.acknowledged
    await slack.ephemeral_to("U0CAROL", "not asked")
    assert slack.views("U0CAROL") == []
    assert await statuses(bot, requests) == [Status.PENDING] * 2


async def test_what_came_later_is_not_cleared(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A button that carries fewer items than stand there clears these, and no others."""
    board, requests, message = await posted(bot, 3)
    _forge(message, "digest_approve_all", f"b1:{board.board}:1")
    await slack.click("U0ALICE", message.channel, message.ts, "Approve all")
    await slack.ephemeral_to("U0ALICE", "1 approved")
    assert sorted(await statuses(bot, requests)) == [Status.APPROVED, Status.PENDING, Status.PENDING]


@pytest.mark.parametrize("value", ["b1:dig_other:3", "b1:{board}:4", "v1:req_1:" + "0" * 64, ""])
async def test_a_value_that_fits_no_state_of_the_message_is_refused(
    bot: RunningDesk, slack: SlackStandIn, value: str
) -> None:
    """The message's place says which digest: what the button carries can only have it refused."""
    board, requests, message = await posted(bot, 3)
    other, others, _ = await posted(bot, 1, action="send_mail")
    _forge(message, "digest_approve_all", value.format(board=board.board).replace("dig_other", other.board))
    await slack.click("U0ALICE", message.channel, message.ts, "Approve all")
    await slack.ephemeral_to("U0ALICE", "not as you saw it")
    assert set(await statuses(bot, requests + others)) == {Status.PENDING}


async def test_what_may_not_be_cleared_at_once_is_not_though_somebody_forges_it(
    stormy: RunningDesk, slack: SlackStandIn
) -> None:
    """A storm of risky requests has no *Approve all*; a click that says it was one is refused."""
    requests = [await stormy.ask("delete_it") for _ in range(7)][5:]
    [board] = await stormy.store.read(lambda unit: boards.open_of(unit, STORM))
    message = await message_of(stormy, board.id, "2 request")
    _forge(message, "digest_reject_all", f"b1:{board.id}:2", action="digest_approve_all")
    await slack.click("U0CAROL", message.channel, message.ts, "Reject all")
    await slack.ephemeral_to("U0CAROL", "Not all of these may be approved in one click")
    assert await statuses(stormy, requests) == [Status.PENDING] * 2


async def test_two_people_at_once_decide_each_item_once(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Both are answered, and no item has two decisions."""
    _, requests, message = await posted(bot, 20)
    clicks = [slack.click(user, message.channel, message.ts, "Approve all") for user in ("U0ALICE", "U0BOB")]
    assert all(answer.acknowledged for answer in await asyncio.gather(*clicks))
    for user in ("U0ALICE", "U0BOB"):
        await slack.ephemeral_to(user, "")
    assert [case.status for case in await ended(bot, requests)] == [Status.APPROVED] * 20
    for case in requests:
        assert (await bot.story(case.id)).count("request.decided") == 1


async def test_a_payload_that_comes_twice_clears_once(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Slack delivers the same click again: one clearing, one answer."""
    board, requests, message = await posted(bot, 2)
    await slack.click("U0ALICE", message.channel, message.ts, "Approve all", manner=Manner(times=2))
    await ended(bot, requests)
    await closed(bot, board.board)
    await quiet(bot)
    assert len(slack.ephemerals("U0ALICE")) == 1


async def test_who_it_is_asked_for_does_not_approve_theirs(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Alice clears the others; the one on her behalf goes on waiting, and is named."""
    mine = await bot.ask(on_behalf_of="U0ALICE")
    board, requests, message = await posted(bot, 2)
    await slack.click("U0ALICE", message.channel, message.ts, "Approve all")
    await slack.ephemeral_to("U0ALICE", "on your behalf")
    assert await statuses(bot, requests) == [Status.APPROVED] * 2
    assert (await bot.case(mine.id)).status is Status.PENDING
    shown = await message_of(bot, board.board, "1 of 3")
    await slack.until(lambda: "Approve all" in str(shown.blocks))
    await slack.click("U0BOB", shown.channel, shown.ts, "Approve all")
    assert (await bot.decided(mine.id)).status is Status.APPROVED


async def test_what_was_decided_meanwhile_is_named(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The message had not caught up: the withdrawn one is said, the rest is cleared."""
    _, [gone, *rest], message = await posted(bot, 3)
    held = slack.faults.hold("chat.update")
    await follow_up.cancel(bot.desk, bot.agent, gone.id, None)
    await held.reached()
    await slack.click("U0ALICE", message.channel, message.ts, "Approve all")
    told = await slack.ephemeral_to("U0ALICE", "2 approved")
    assert "meanwhile" in told.text
    assert await statuses(bot, rest) == [Status.APPROVED] * 2
    held.release()


async def test_reject_all_asks_why_and_holds_for_each(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A modal at once; its reason is every item's."""
    _, requests, message = await posted(bot, 3)
    await slack.click("U0ALICE", message.channel, message.ts, "Reject all")
    await slack.view_of("U0ALICE", "Reject all")
    empty = await slack.submit("U0ALICE", {"Why?": "   "})
    assert empty.errors
    await slack.submit("U0ALICE", {"Why?": "Duplicates."})
    done = await ended(bot, requests)
    assert {(case.status, case.decision.reason) for case in done if case.decision} == {
        (Status.REJECTED, "Duplicates.")
    }
    assert slack.views("U0ALICE") == []
    await slack.ephemeral_to("U0ALICE", "3 rejected")


async def test_an_older_message_says_where_the_open_ones_went(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The digest was carried over before the older message showed it: it is read on the newer one."""
    _, requests, message = await posted(bot, 2)
    held = slack.faults.hold("chat.update", times=None)
    await asked(bot, 1)
    [newer] = await gathered(bot)
    await message_of(bot, newer.board)
    for button in ("Review", "Reject all"):
        await slack.click("U0ALICE", message.channel, message.ts, button)
    await slack.until(lambda: sum("newer message" in each.text for each in slack.ephemerals("U0ALICE")) == 2)
    assert await statuses(bot, requests) == [Status.PENDING] * 2
    held.release()


async def test_an_older_message_clears_what_it_showed(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A click that met the newer one on its way: nothing that it saw is lost, nothing else is decided."""
    _, requests, message = await posted(bot, 2)
    held = slack.faults.hold("chat.update", times=None)
    [later] = await asked(bot, 1)
    [newer] = await gathered(bot)
    await message_of(bot, newer.board)
    await slack.click("U0ALICE", message.channel, message.ts, "Approve all")
    await slack.ephemeral_to("U0ALICE", "Done: 2 approved.")
    assert await statuses(bot, [*requests, later]) == [Status.APPROVED] * 2 + [Status.PENDING]
    held.release()


async def test_a_second_click_of_one_person_begins_nothing(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Before the message is drawn anew: they are told that it is under way, and once what came of it."""
    board, requests, message = await posted(bot, 200)
    clicks = [slack.click("U0ALICE", message.channel, message.ts, "Approve all") for _ in range(2)]
    assert all(answer.acknowledged for answer in await asyncio.gather(*clicks))
    await slack.ephemeral_to("U0ALICE", "You are clearing these already")
    await slack.ephemeral_to("U0ALICE", "Done: 200 approved.")
    await ended(bot, requests)
    await closed(bot, board.board)
    await quiet(bot)
    assert len([each for each in slack.ephemerals("U0ALICE") if "Done" in each.text]) == 1


async def test_the_message_of_a_storm_pauses_its_agent(stormy: RunningDesk, slack: SlackStandIn) -> None:
    """Whoever decides may pause it; a value that names another agent pauses nobody."""
    for _ in range(6):
        await stormy.ask("delete_it")
    [board] = await stormy.store.read(lambda unit: boards.open_of(unit, STORM))
    message = await message_of(stormy, board.id)
    button = _button(message, "hitl.pause.0")
    honest, button["value"] = button["value"], f"b1:{board.id}:1|another-agent"
    await slack.click("U0CAROL", message.channel, message.ts, "Pause this agent")
    await slack.ephemeral_to("U0CAROL", "another version")
    assert not await _paused(stormy)
    button["value"] = honest
    await slack.click("U0CAROL", message.channel, message.ts, "Pause this agent")
    await slack.ephemeral_to("U0CAROL", "is paused")
    assert await _paused(stormy)


async def _paused(bot: RunningDesk) -> bool:
    agent = await bot.store.read(lambda unit: agents.get(unit, AgentName("billing-agent")))
    return agent is not None and agent.paused_at is not None


def _button(message: Message, action: str) -> dict[str, Any]:
    rows = [block["elements"] for block in message.blocks if block["type"] == "actions"]
    found: dict[str, Any]
    [found] = [element for row in rows for element in row if element["action_id"] == action]
    return found


def _forge(message: Message, button: str, value: str, *, action: str | None = None) -> None:
    """As if the message had been posted with another value, or another action, behind the same words."""
    found = _button(message, button)
    found["value"] = value
    found["action_id"] = action or button

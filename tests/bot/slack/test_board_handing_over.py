"""Where a newer message takes over: until it is up, people see and decide what is open on the older one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from approvals.model import Case
from approvals.words import STORM, Status
from bot.desk import decide
from sandbox.server import SlackStandIn
from store import boards, cases
from store.unit_of_work import Unit
from tests.bot.desk.digests import HOURLY, POLICY, STORMY, asked, gathered
from tests.bot.slack.boards import board_of, buttons, closed, ended, message_of, posted, quiet
from tests.harness.desk import RunningDesk, running_desk

CALLED = STORMY.replace(
    "rules:\n",
    """rules:
  - name: launches
    when: "action == 'deploy_all'"
    gate: hard
    ask: support
    steps: [{after: 20m, do: escalate, to: directors}, {after: 4h, do: expire}]
""",
    1,
).replace("in: 5m", "in: 1h")


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot whose policy has digests."""
    async with running_desk(sqlite_url, slack, POLICY) as running:
        yield running


async def test_the_older_message_decides_until_the_newer_is_up(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Slack holds the post up: the old buttons stay, and clear what stands there; then they go."""
    older, [one, other], before = await posted(bot, 2)
    held = slack.faults.hold("chat.postMessage", channel="C0APPROVALS")
    fresh = await bot.ask()
    [newer] = await gathered(bot)
    await held.reached()
    assert buttons(before) == ["Approve all", "Review", "Reject all"]
    assert before.text.startswith("2 requests wait")
    place = await bot.store.read(lambda unit: cases.place_of(unit, one))
    assert place is not None
    assert place.ts == before.ts
    await slack.click("U0ALICE", before.channel, before.ts, "Approve all")
    assert {case.status for case in await ended(bot, [one, other])} == {Status.APPROVED}
    held.release()
    message = await message_of(bot, newer.board, "1 of 3 requests waits")
    assert buttons(message) == ["Approve all", "Review", "Reject all"]
    await quiet(bot)
    assert buttons(before) == []
    assert (await closed(bot, older.board)).closed_at is not None
    assert (await bot.case(fresh.id)).status is Status.PENDING


async def test_no_silence_approves_what_nobody_can_see(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A window runs out while the newer message cannot be posted: people could object on the older one."""
    _, [draft], before = await posted(bot, 1, action="publish_draft")
    await quiet(bot)
    held = slack.faults.hold("chat.postMessage", channel="C0APPROVALS")
    late = await bot.ask("publish_draft")
    [newer] = await gathered(bot)
    await held.reached()
    began = (await bot.case(draft.id)).began_at
    assert began is not None
    assert buttons(before) == ["Approve all", "Review", "Reject all"]
    for case in (draft, late):
        await decide.tick(bot.desk, case.id, began + timedelta(minutes=30))
    assert (await bot.case(draft.id)).status is Status.APPROVED
    unseen = await bot.case(late.id)
    assert (unseen.status, unseen.began_at) == (Status.PENDING, None)
    held.release()
    await message_of(bot, newer.board, "1 of 2 requests waits")

    def begun(unit: Unit) -> Case | None:
        case = cases.load(unit, late.id)
        return case if case is not None and case.began_at is not None else None

    assert (await bot.stored(begun)).status is Status.PENDING


async def test_each_older_message_links_the_one_that_took_over(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Time after time: what is decided is left behind, and each points one further."""
    first, _, _ = await posted(bot, 1)
    await asked(bot, 1)
    [second] = await gathered(bot)
    await message_of(bot, second.board)
    await quiet(bot)
    await asked(bot, 1)
    [third] = await gathered(bot)
    message = await message_of(bot, third.board)
    await quiet(bot)
    assert message.text.startswith("3 requests")
    for board, after in ((first.board, second.board), (second.board, third.board)):
        link = (await board_of(bot, after)).ref
        assert link is not None
        assert link.permalink is not None
        assert link.permalink in str((await message_of(bot, board)).blocks)
    last = await bot.store.read(lambda unit: boards.open_of(unit, HOURLY))
    assert [board.id for board in last] == [third.board]


async def test_what_moves_within_a_storm_has_no_card(sqlite_url: str, slack: SlackStandIn) -> None:
    """Escalated to others, it stands on another message of the storm: the first one says so."""
    async with running_desk(sqlite_url, slack, CALLED) as bot:
        every = [await bot.ask("deploy_all") for _ in range(7)]
        await quiet(bot)
        [storm] = await bot.store.read(lambda unit: boards.open_of(unit, STORM))
        bot.runtime.ahead += timedelta(minutes=21)
        for case in every[5:]:
            await decide.tick(bot.desk, case.id, bot.runtime.now())
        await quiet(bot)
        message = await message_of(bot, storm.id, "another message")
        assert "of their own" not in str(message.blocks) + message.text

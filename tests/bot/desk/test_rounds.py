"""A digest's round: in parts, at any size, with what cannot be read left out; and what order boards have."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from approvals.model import Case, ReplyTo
from approvals.policy_model import Digest as Times
from approvals.words import STORM, BoardId, DigestName, RequestId
from bot.desk import decide, digest_now, gathering
from bot.desk.gathering import MOST
from sandbox.server import SlackStandIn
from scheduler.digests import Digests
from store import board_cases, boards, outbox, recent
from store.board_cases import Standing
from store.boards import Board
from store.outbox import ParcelKind
from store.tables import cases as rows
from tests.bot.desk.digests import (
    ADMIN,
    HOURLY,
    POLICY,
    STORMY,
    asked,
    gathered,
    items_of,
    on_one_board,
    put_up,
)
from tests.bot.desk.test_gathering import digests
from tests.harness.desk import RunningDesk, running_desk

DAILY = DigestName("daily")
#: What those approve who direct waits in a digest of its own.
TWO = POLICY.replace(
    "channel: C0REFUNDS\n    digest: hourly",
    "channel: C0REFUNDS\n    digest: daily",
)
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
async def bot(database_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot on each database whose policy has two digests."""
    async with running_desk(database_url, slack, TWO, carrying=False) as running:
        yield running


async def standing(bot: RunningDesk, digest: DigestName = HOURLY) -> list[tuple[Board, list[RequestId]]]:
    """The open boards, oldest first, and what was put on each."""
    found = await bot.store.read(lambda unit: boards.open_of(unit, digest))
    return [(each, [item.request for item in await _items(bot, each.id)]) for each in found]


async def _items(bot: RunningDesk, board: BoardId) -> tuple[boards.Item, ...]:
    return await bot.store.read(lambda unit: boards.items(unit, board))


async def spoiled(bot: RunningDesk, case: Case) -> None:
    """Its row can no longer be read."""
    spoil = sa.update(rows).where(rows.c.id == case.id).values(state='{"torn": 1}')
    await bot.store.write(lambda unit: unit.change(spoil, {}, of=(rows,)))


async def told(bot: RunningDesk) -> int:
    """How many notices the operators have on the way."""
    return (await bot.store.read(outbox.counts)).waiting[ParcelKind.NOTICE]


def by_the_minute(bot: RunningDesk) -> Mapping[DigestName, Times]:
    """The policy's digests, each due every minute."""
    return {name: replace(each, cron="* * * * *") for name, each in bot.shelf.current.digests.items()}


async def rung(bot: RunningDesk, clock: Digests) -> int:
    """What it makes at the next time of all digests."""
    await clock.run_once(bot.runtime.now())
    bot.runtime.ahead += timedelta(minutes=2)
    return await clock.run_once(bot.runtime.now())


async def test_a_row_that_cannot_be_read_keeps_nothing_from_being_shown(
    bot: RunningDesk, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest of its digest and the other digest are posted; the log and the operators hear of it, once."""
    bad, good = await asked(bot, 2)
    await asked(bot, 1, action="send_mail")
    await spoiled(bot, bad)
    clock = digests(bot, lambda: by_the_minute(bot))
    assert await rung(bot, clock) == 2
    [(_, shown)] = await standing(bot)
    assert shown == [good.id]
    assert len(await standing(bot, DAILY)) == 1
    assert await told(bot) == 1
    assert f"{bad.id} cannot be read" in caplog.text
    assert "incident inc_" in caplog.text
    assert await rung(bot, clock) == 0
    assert await told(bot) == 1


async def test_a_digest_that_fails_keeps_no_other_from_its_time(
    bot: RunningDesk, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged and told, and tried again after a while, not at every look."""
    await asked(bot, 1, action="send_mail")
    tried = []
    whole = digests(bot, lambda: by_the_minute(bot))

    async def gather(digest: DigestName, now: object, turn: object) -> int:
        if digest == HOURLY:
            tried.append(now)
            raise KeyError("a bug")
        return 1

    reported: list[str] = []

    async def report(incident: str, _bug: Exception) -> None:
        reported.append(incident)

    times = by_the_minute(bot)
    clock = Digests(bot.store, lambda: times, gather, lambda: "inc_1", report)
    with caplog.at_level(logging.ERROR):
        assert await rung(bot, clock) == 1
    assert (len(tried), reported) == (1, ["inc_1"])
    assert "the digest hourly could not be posted (incident inc_1)" in caplog.text
    await clock.run_once(bot.runtime.now() + timedelta(seconds=5))
    assert len(tried) == 1
    await clock.run_once(bot.runtime.now() + timedelta(minutes=2))
    assert len(tried) == 2
    # What was not posted is not lost: it is due until it is.
    await asked(bot, 1)
    assert await whole.run_once(bot.runtime.now() + timedelta(minutes=2)) == 2


async def test_a_round_that_was_cut_off_is_gone_on_with(bot: RunningDesk) -> None:
    """Of a thousand and one, the first part is on a message when nobody is left: the next look ends it."""
    for _ in range(7):
        await asked(bot, 143)
    await asked(bot, MOST + 1 - 7 * 143)
    clock = digests(bot, lambda: by_the_minute(bot))
    await clock.run_once(bot.runtime.now())
    bot.runtime.ahead += timedelta(minutes=2)
    now = bot.runtime.now()
    part = await bot.store.write(
        lambda unit: gathering.gather(unit, bot.desk, HOURLY, now, since=now - timedelta(minutes=1))
    )
    assert part.after is not None
    assert [len(shown) for _, shown in await standing(bot)] == [MOST]
    assert await clock.run_once(bot.runtime.now()) == 1
    assert [len(shown) for _, shown in await standing(bot)] == [MOST, 1]
    assert await clock.run_once(bot.runtime.now()) == 0
    for board, _ in await standing(bot):
        await put_up(bot, board.id)
    # What comes now joins the one that has room; the full one stays as it is, and points nowhere.
    new = await bot.ask()
    [made] = await gathered(bot)
    assert {item.request for item in await items_of(bot, made)} > {new.id}
    assert [(len(shown), board.carried_to) for board, shown in await standing(bot)] == [
        (MOST, None),
        (1, made.board),
        (2, None),
    ]
    sent = await digest_now.send(bot.desk, ADMIN.id, (HOURLY,))
    assert (sent.made, [each.count for each in sent.standing]) == ((), [MOST, 2])


async def test_what_is_not_up_yet_takes_in_what_comes(bot: RunningDesk) -> None:
    """While Slack is away for many times of a digest, one message waits for it, not one for each."""
    first, _ = await on_one_board(bot, 2)
    await asked(bot, 1)
    [again] = await gathered(bot)
    assert (again.board, again.count) == (first.board, 3)
    assert len(await standing(bot)) == 1


async def test_the_order_of_boards_hangs_on_no_clock(bot: RunningDesk) -> None:
    """The newer one's id sorts before the older one's, as if made by a clock that was set back."""
    older, [case, _] = await on_one_board(bot, 2)
    newer = Board(BoardId("dig_0"), HOURLY, "C0APPROVALS", case.asked, True, case.request.created_at)
    assert newer.id < older.board
    await bot.store.write(lambda unit: boards.add(unit, newer))
    await bot.store.write(lambda unit: boards.append(unit, newer.id, 0, [(case.id, case.sight)]))
    shows = await bot.store.read(lambda unit: boards.of_request(unit, case.id))
    assert shows == newer
    assert [board.id for board, _ in await standing(bot)] == [older.board, newer.id]
    there = await bot.store.read(lambda unit: board_cases.page(unit, older.board, 0, 9))
    assert [isinstance(each, Standing) and each.here for each in there] == [
        each.item.request != case.id for each in there
    ]
    [on_newer] = await bot.store.read(lambda unit: board_cases.page(unit, newer.id, 0, 9))
    assert isinstance(on_newer, Standing)
    assert on_newer.here


async def test_a_storm_is_where_it_was_counted(sqlite_url: str, slack: SlackStandIn) -> None:
    """What an agent wants in a thread of another channel makes its storm there."""
    async with running_desk(sqlite_url, slack, STORMY, carrying=False) as bot:
        where = ReplyTo("C0REFUNDS", "1700000000.000100")
        for _ in range(7):
            await bot.ask("publish_pair", reply_to=where)
        [(storm, shown)] = await standing(bot, STORM)
        assert (storm.channel, len(shown)) == ("C0REFUNDS", 2)
        assert (await bot.ask("publish_pair")).waits_in is None


async def test_what_is_escalated_within_a_storm_is_counted_once(sqlite_url: str, slack: SlackStandIn) -> None:
    """It moves to another message of the storm: no request more came."""
    async with running_desk(sqlite_url, slack, CALLED, carrying=False) as bot:
        every = [await bot.ask("deploy_all") for _ in range(8)]
        long_ago = bot.runtime.now() - timedelta(hours=1)
        bot.runtime.ahead += timedelta(minutes=21)
        for case in every:
            await decide.tick(bot.desk, case.id, bot.runtime.now())
        assert [len(shown) for _, shown in await standing(bot, STORM)] == [3, 3]
        assert await bot.store.read(lambda unit: recent.many(unit, "C0APPROVALS", long_ago, 99)) == 8

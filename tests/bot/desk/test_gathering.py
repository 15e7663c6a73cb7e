"""Which message shows what: digests at their time and by hand, storms at once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta
from functools import partial

import pytest

from approvals.policy import load
from approvals.policy_model import Digest as Times
from approvals.words import STORM, AgentName, Choice, DigestName, Gate, Instant, Risk, Status
from bot.desk import decide, digest_now, incidents, rounds
from sandbox.server import SlackStandIn
from scheduler.digests import Digests, Turn
from store import boards, outbox, recent
from store.boards import Board
from store.outbox import ParcelKind
from store.recent import Lately
from tests.bot.desk.digests import (
    ADMIN,
    ALICE,
    CAROL,
    HOURLY,
    POLICY,
    STORMY,
    another_agent,
    asked,
    asks_as,
    cleared,
    gathered,
    items_of,
    on_one_board,
    put_up,
)
from tests.harness.databases import PostgresServer
from tests.harness.desk import RunningDesk, running_desk

MINUTE = timedelta(minutes=1)
#: What one click may clear, of the same people as pairs.
DOCS = """  - name: docs
    when: "action == 'publish_docs'"
    gate: hard
    ask: directors
    steps: [{after: 4h, do: expire}]
  - name: notes
"""


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot on SQLite whose policy has digests."""
    async with running_desk(sqlite_url, slack, POLICY, carrying=False) as running:
        yield running


@pytest.fixture
async def stormy(database_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot on each database whose policy takes five cards in five minutes."""
    async with running_desk(database_url, slack, STORMY, carrying=False) as running:
        yield running


async def waiting_to_be_sent(bot: RunningDesk, kind: ParcelKind) -> int:
    """Parcels of one kind in the outbox."""
    return (await bot.store.read(outbox.counts)).waiting[kind]


async def storms(bot: RunningDesk) -> tuple[Board, ...]:
    """The open boards of storms."""
    return await bot.store.read(lambda unit: boards.open_of(unit, STORM))


async def test_nothing_is_shown_before_its_time(bot: RunningDesk) -> None:
    """No card and no message, until it is gathered: one for each channel and group of approvers."""
    refunds = await asked(bot, 3)
    mails = await asked(bot, 2, action="send_mail")
    assert {case.waits_in for case in (*refunds, *mails)} == {HOURLY}
    assert await waiting_to_be_sent(bot, ParcelKind.CARD) == 0
    assert await waiting_to_be_sent(bot, ParcelKind.BOARD) == 0
    made = await gathered(bot)
    assert sorted((board.channel, board.count) for board in made) == [("C0APPROVALS", 3), ("C0REFUNDS", 2)]
    assert await waiting_to_be_sent(bot, ParcelKind.BOARD) == 2
    for board in made:
        cases = refunds if board.count == 3 else mails
        standing = await items_of(bot, board)
        assert {(item.request, item.sight) for item in standing} == {(case.id, case.sight) for case in cases}


async def test_one_message_holds_all_that_is_open(bot: RunningDesk) -> None:
    """With nothing new it stays; with something new, what is still open moves on, and no more than that."""
    first, (one, other) = await on_one_board(bot, 2)
    await put_up(bot, first.board)
    assert await gathered(bot) == ()
    await decide.vote(bot.desk, one.id, ALICE, Choice.APPROVE, one.sight)
    third = await bot.ask()
    [second] = await gathered(bot)
    assert {item.request for item in await items_of(bot, second)} == {other.id, third.id}
    old = await bot.store.read(lambda unit: boards.get(unit, first.board))
    assert old is not None
    assert (old.closed_at, old.carried_to) == (None, second.board)
    shows = await bot.store.read(lambda unit: boards.of_request(unit, other.id))
    assert shows == old
    await bot.store.write(lambda unit: boards.take_over(unit, second.board, bot.runtime.now()))
    old = await bot.store.read(lambda unit: boards.get(unit, first.board))
    assert old is not None
    assert old.carried_on
    shows = await bot.store.read(lambda unit: boards.of_request(unit, other.id))
    assert shows is not None
    assert shows.id == second.board


async def test_it_is_gathered_once_at_its_time(database_url: str, slack: SlackStandIn) -> None:
    """By two that look at the same moment, after a time in which nobody did; not for times before it."""
    text = POLICY.replace('hourly: {cron: "0 0 1 1 *"', 'hourly: {cron: "0 * * * *"')
    async with running_desk(database_url, slack, text, carrying=False) as bot:
        replicas = [digests(bot), digests(bot)]
        now = bot.runtime.now().replace(minute=30)
        assert await replicas[0].run_once(now) == 0
        await asked(bot, 2)
        assert await replicas[0].run_once(now + 29 * MINUTE) == 0
        later = now + timedelta(hours=7)
        made = await asyncio.gather(*(each.run_once(later) for each in replicas))
        assert sum(made) == 1
        assert await replicas[0].run_once(later) == 0
        [board] = await bot.store.read(lambda unit: boards.open_of(unit, HOURLY))
        assert len(await bot.store.read(lambda unit: boards.items(unit, board.id))) == 2


def digests(bot: RunningDesk, times: Callable[[], Mapping[DigestName, Times]] | None = None) -> Digests:
    """A replica's clock, with that policy for the times of digests."""
    settings = times or (lambda: bot.desk.policies.current.digests)

    async def gather(digest: DigestName, now: Instant, turn: Turn) -> int:
        return len(await rounds.post(bot.desk, digest, now, turn))

    incident = partial(incidents.number, bot.runtime)
    return Digests(bot.store, settings, gather, incident, partial(incidents.tell, bot.desk))


async def test_an_escalated_item_leaves_for_a_card(bot: RunningDesk) -> None:
    """Its step falls due before the digest is cleared: those asked only now are shown it alone."""
    board, [refund, _] = await on_one_board(bot, 2)
    await bot.courier.run_once(bot.runtime.now())
    await decide.tick(bot.desk, refund.id, refund.request.created_at + timedelta(hours=2))
    now = await bot.case(refund.id)
    assert (now.waits_in, now.asked) == (None, ("support", "directors"))
    assert await waiting_to_be_sent(bot, ParcelKind.CARD) == 1
    assert await waiting_to_be_sent(bot, ParcelKind.BOARD) == 1
    came = await cleared(bot, board)
    assert [each.case.id for each in came.not_cleared] == [refund.id]


async def test_a_digest_is_sent_by_hand(bot: RunningDesk) -> None:
    """To whoever decides any of it, their part alone; for an operator all of it; said where it stands."""
    await asked(bot, 3)
    await asked(bot, 2, action="send_mail")
    assert not digest_now.may_send(bot.desk, ("U0NOBODY"))  # type: ignore[arg-type]
    names = await digest_now.names(bot.desk)
    assert names == ("hourly", "daily")
    mine = await digest_now.send(bot.desk, CAROL.id, names)
    assert [(sent.channel, sent.count) for sent in mine.made] == [("C0REFUNDS", 2)]
    again = await digest_now.send(bot.desk, CAROL.id, names)
    assert (again.made, [sent.count for sent in again.standing]) == ((), [2])
    rest = await digest_now.send(bot.desk, ADMIN.id, names)
    assert [sent.count for sent in rest.made] == [3]
    assert [sent.count for sent in rest.standing] == [2]
    assert await digest_now.send(bot.desk, ADMIN.id, names[1:]) == digest_now.Sending()


async def test_a_storm_is_one_message(stormy: RunningDesk) -> None:
    """Of 60 at once five get cards, and one message the rest; the operators are told once."""
    bot = stormy
    every = await asked(bot, 60, action="publish_pair")
    with_cards = [case for case in every if case.waits_in is None]
    assert len(with_cards) == 5
    [storm] = await storms(bot)
    assert await bot.store.read(lambda unit: boards.count(unit, storm.id)) == 55
    assert not storm.clears
    assert await waiting_to_be_sent(bot, ParcelKind.CARD) == 5
    assert await waiting_to_be_sent(bot, ParcelKind.BOARD) == 1
    assert await waiting_to_be_sent(bot, ParcelKind.NOTICE) == 1
    busiest = await bot.store.read(
        lambda unit: recent.busiest(unit, "C0APPROVALS", bot.runtime.now() - MINUTE)
    )
    assert busiest == (Lately(AgentName("billing-agent"), asked=60, moved=0, gathered=55),)
    bot.runtime.ahead += timedelta(minutes=6)
    assert (await bot.ask("publish_pair")).waits_in is None


async def test_a_storm_over_two_replicas_is_one_message(
    postgres_server: PostgresServer, slack: SlackStandIn
) -> None:
    """Two that take requests at the same moment count together, and put the rest on one message."""
    url = postgres_server.fresh()
    async with (
        running_desk(url, slack, STORMY, carrying=False) as one,
        running_desk(url, slack, STORMY, carrying=False) as other,
    ):
        both = await asyncio.gather(
            asked(one, 100, action="publish_pair"), asked(other, 100, action="publish_pair")
        )
        every = [case for half in both for case in half]
        assert len([case for case in every if case.waits_in is None]) == 5
        [storm] = await storms(one)
        standing = await one.store.read(lambda unit: boards.items(unit, storm.id))
        assert len({item.request for item in standing}) == 195
        assert [item.place for item in standing] == list(range(195))


async def test_what_may_be_cleared_stands_apart_in_a_storm(stormy: RunningDesk) -> None:
    """Approve all is for a message that holds nothing else; what needs more has one of its own."""
    bot = stormy
    await asked(bot, 5, action="publish_pair")
    easy = await asked(bot, 3, action="deploy_docs")
    hard = await asked(bot, 2, action="publish_pair")
    assert {case.waits_in for case in (*easy, *hard)} == {STORM}
    by_clears = {board.clears: board for board in await storms(bot)}
    assert not by_clears[False].clears
    assert {case.judgement.risk for case in easy} == {Risk.HIGH}
    standing = await bot.store.read(lambda unit: boards.items(unit, by_clears[False].id))
    assert {item.request for item in standing} == {case.id for case in (*easy, *hard)}


async def test_digests_and_what_nobody_sees_make_no_storm(stormy: RunningDesk) -> None:
    """Only cards count: neither what waits in a digest, nor what the policy lets through."""
    bot = stormy
    await asked(bot, 20)
    notes = await asked(bot, 20, action="note_this")
    assert {case.judgement.gate for case in notes} == {Gate.AUTO}
    assert (await bot.ask("publish_pair")).waits_in is None
    assert await storms(bot) == ()


async def test_operators_hear_whose_storm_it_is(sqlite_url: str, slack: SlackStandIn) -> None:
    """Both agents by how many they asked, the message, and how to stop the worse one."""
    async with running_desk(sqlite_url, slack, STORMY) as bot:
        noisy = await another_agent(bot, "noisy-agent")
        for _ in range(9):
            await asks_as(bot, noisy, "publish_pair")
        await bot.ask("publish_pair")

        def told() -> str | None:
            found = [each.text for each in slack.direct_messages("U0ADMIN") if "noisy-agent" in each.text]
            return found[0] if found else None

        words = await slack.until(told)
        assert words is not None
        # It is told while they still come: of those it counts, all but the first five are on the message.
        sent = [int(count) for count in re.findall(r"agent sent (\d+) request", words)]
        beside = re.search(r"5 have cards of their own, and (\d+) (?:is|are) on one message", words)
        assert beside is not None
        assert sum(sent) - 5 == int(beside[1]) > 0
        assert words.startswith("🌪️ noisy-agent sent ")
        assert "/hitl pause noisy-agent" in words
        assert "<#C0APPROVALS>" in words


async def test_no_agent_is_said_to_have_sent_what_was_escalated(sqlite_url: str, slack: SlackStandIn) -> None:
    """They come at once, long after they were asked: to pause somebody would change nothing."""
    async with running_desk(sqlite_url, slack, STORMY) as bot:
        every = await asked(bot, 7)
        bot.runtime.ahead += timedelta(hours=2, minutes=1)
        for case in every:
            await decide.tick(bot.desk, case.id, bot.runtime.now())

        def told() -> str | None:
            found = [each.text for each in slack.direct_messages("U0ADMIN") if "🌪️" in each.text]
            return found[0] if found else None

        words = await slack.until(told)
        assert words is not None
        assert re.match(r"🌪️ [67] requests that were sent earlier came to <#C0APPROVALS> in 5 min", words)
        assert re.search(r"So far 5 have cards of their own, and (1 is|2 are) on", words)
        assert "pause" not in words


async def test_operators_hear_of_each_message_of_a_mixed_storm(sqlite_url: str, slack: SlackStandIn) -> None:
    """Where some of it may be cleared at once and some may not, both are named, and which is which."""
    policy = STORMY.replace("  - name: notes\n", DOCS)
    async with running_desk(sqlite_url, slack, policy) as bot:
        for _ in range(6):
            await bot.ask("publish_docs")
        await slack.until(lambda: slack.direct_messages("U0ADMIN"))
        await bot.stored(lambda unit: all(each.ref for each in boards.open_of(unit, STORM)))
        await bot.ask("publish_pair")
        told = await slack.until(lambda: slack.direct_messages("U0ADMIN")[1:])
        # Each is linked as soon as Slack has told its address.
        words = re.sub(r"<http[^|>]*\|([^>]*)>", r"\1", told[0].text)
        assert "and 2 are on 2 messages: one with Approve all and one without" in words
        first = slack.direct_messages("U0ADMIN")[0].text
        assert "|one message>" in first or " one message." in first


async def test_a_policy_without_a_storm_counts_nothing(bot: RunningDesk) -> None:
    """A hundred cards are a hundred cards; nothing is kept of how many came."""
    await asked(bot, 30, action="publish_pair")
    assert await waiting_to_be_sent(bot, ParcelKind.CARD) == 30
    assert await bot.store.read(lambda unit: recent.many(unit, "C0APPROVALS", _long_ago(bot), 100)) == 0
    bot.shelf.current = load(STORMY, "hitl.yml")
    assert (await bot.ask("publish_pair")).waits_in is None


def _long_ago(bot: RunningDesk) -> Instant:
    return bot.runtime.now() - timedelta(days=1)


async def test_a_soft_window_does_not_begin_before_its_message_is_up(bot: RunningDesk) -> None:
    """Gathered but not in Slack yet, nothing goes ahead by silence, however long that takes."""
    draft = await bot.ask("publish_draft")
    await gathered(bot)
    later = draft.request.created_at + timedelta(hours=5)
    await decide.tick(bot.desk, draft.id, later)
    now = await bot.case(draft.id)
    assert (now.status, now.began_at) == (Status.PENDING, None)

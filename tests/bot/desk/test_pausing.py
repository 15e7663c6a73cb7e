"""Pausing an agent: nothing new of it proceeds or is shown, until it goes on; then all of it does."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta

import pytest
import sqlalchemy as sa

from approvals.errors import Reason
from approvals.machine import may_act
from approvals.model import Case
from approvals.roster import Person
from approvals.words import STORM, AgentName, Choice, Kind, Status, UserId, Via
from bot.desk import decide, follow_up, granting, pausing
from bot.desk.pausing import Pausing
from bot.desk.submit import Draft, submit
from bot.http.auth import TRUSTED_SECONDS
from sandbox.server import SlackStandIn
from store import agents, boards, cases, outbox
from store.outbox import ParcelKind
from store.sqlite import file_of
from store.unit_of_work import Unit
from tests.bot.desk.digests import (
    ADMIN,
    ALICE,
    CAROL,
    HOURLY,
    POLICY,
    STORMY,
    another_agent,
    asks_as,
    gathered,
)
from tests.harness.desk import RunningDesk, running_desk

BILLING = AgentName("billing-agent")
NOBODY = Person(UserId("U0DAN"), "dan")
HOUR = timedelta(hours=1)
NOTE = {"action": "issue_refund", "payload": {"amount": 40}}
GRANTING = POLICY.replace(
    "    form: {amount: {type: number, maximum: 5000}}\n",
    "    grants: {longest: 8h, same: [payload.customer]}\n",
)


@pytest.fixture
async def bot(database_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot on each database."""
    async with running_desk(database_url, slack, GRANTING, carrying=False) as running:
        yield running


async def paused(bot: RunningDesk) -> None:
    """The agent, by an operator."""
    assert (await pausing.pause(bot.desk, BILLING, ADMIN)).what is Pausing.DONE


async def held(bot: RunningDesk, count: int) -> list[Case]:
    """So many that wait, as the agent is paused."""
    await paused(bot)
    return list(await asyncio.gather(*(asks_as(bot, bot.agent, "note_this") for _ in range(count))))


async def parcels(bot: RunningDesk) -> int:
    """Everything in the outbox."""
    return sum((await bot.store.read(outbox.counts)).waiting.values())


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("note_this", Kind.APPROVAL),
        ("issue_refund", Kind.APPROVAL),
        ("publish_pair", Kind.APPROVAL),
        ("publish_draft", Kind.APPROVAL),
        ("moderate", Kind.REVIEW),
    ],
    ids=["auto", "digest", "hard", "soft", "audit"],
)
async def test_nothing_new_proceeds_or_is_shown(bot: RunningDesk, action: str, kind: Kind) -> None:
    """Under every gate it is pending, without leave to act, without a card, a message or a digest."""
    await paused(bot)
    agent = await bot.store.read(lambda unit: agents.get(unit, BILLING))
    assert agent is not None
    case = await asks_as(bot, agent, action, kind=kind)
    assert (case.status, case.held) == (Status.PENDING, True)
    assert not may_act(case, bot.runtime.now())
    assert await parcels(bot) == 0
    assert await gathered(bot) == ()
    await decide.tick(bot.desk, case.id, bot.runtime.now() + 9 * HOUR)
    assert (await bot.case(case.id)).status is Status.PENDING
    told = await decide.vote(bot.desk, case.id, ALICE, Choice.APPROVE, case.sight)
    assert told.answer.refused is Reason.HELD
    assert await parcels(bot) == 0


async def test_what_was_let_in_is_stored_when_the_pause_is_told(sqlite_url: str, slack: SlackStandIn) -> None:
    """However slow the database is: it waits for one that was known as not paused a moment ago."""
    file = file_of(sqlite_url)
    assert file is not None
    async with running_desk(sqlite_url, slack, POLICY, carrying=False) as bot:
        pause = asyncio.create_task(paused(bot))
        async with asyncio.timeout(5):
            while not await bot.store.read(_is_paused):  # noqa: ASYNC110  # no commit says so
                await asyncio.sleep(0.01)
        with closing(sqlite3.connect(file, isolation_level=None)) as another:
            another.execute("BEGIN IMMEDIATE")
            late = asyncio.create_task(submit(bot.desk, bot.agent, Draft(NOTE), None))
            told, _ = await asyncio.wait([pause], timeout=4 * TRUSTED_SECONDS)
            assert not told
            another.execute("ROLLBACK")
        await pause
        assert len(await bot.store.read(lambda unit: cases.open_of(unit, BILLING))) == 1
        assert not (await late).case.held


def _is_paused(unit: Unit) -> bool:
    agent = agents.get(unit, BILLING)
    return agent is not None and agent.paused_at is not None


async def test_a_grant_lets_nothing_through_meanwhile(bot: RunningDesk) -> None:
    """It does once the agent goes on, if it still holds then."""
    first = await bot.ask()
    await decide.vote(bot.desk, first.id, ALICE, Choice.APPROVE, first.sight, lasts=HOUR)
    await paused(bot)
    agent = await bot.store.read(lambda unit: agents.get(unit, BILLING))
    assert agent is not None
    payload = {"amount": 750, "currency": "EUR", "customer": "ACME GmbH"}
    held = [await asks_as(bot, agent, payload=payload) for _ in range(2)]
    assert [case.status for case in held] == [Status.PENDING] * 2
    [grant] = await granting.listed(bot.desk, ALICE.id)
    assert grant.grant.uses == 0
    assert (await pausing.resume(bot.desk, BILLING, ADMIN)).requests == 2
    assert await pausing.release(bot.desk, ADMIN) == 2
    for case in held:
        decision = (await bot.case(case.id)).decision
        assert decision is not None
        assert decision.via is Via.GRANT


async def test_what_waited_goes_on_as_if_it_were_asked_then(bot: RunningDesk) -> None:
    """Let through, shown, or put in its digest; its steps count from then, and its chain says who let it."""
    await paused(bot)
    agent = await bot.store.read(lambda unit: agents.get(unit, BILLING))
    assert agent is not None
    note, refund, pair, draft = [
        await asks_as(bot, agent, action)
        for action in ("note_this", "issue_refund", "publish_pair", "publish_draft")
    ]
    bot.runtime.ahead += 5 * HOUR
    resumed = bot.runtime.now()
    came = await pausing.resume(bot.desk, BILLING, ADMIN)
    assert (came.what, came.requests) == (Pausing.DONE, 4)
    assert await pausing.release(bot.desk, ADMIN) == 4
    assert (await bot.case(note.id)).status is Status.APPROVED
    shown = await bot.case(pair.id)
    assert shown.began_at is not None
    assert shown.began_at >= resumed
    assert (await bot.case(refund.id)).waits_in == HOURLY
    assert (await bot.case(draft.id)).began_at is None
    await decide.tick(bot.desk, pair.id, resumed + 3 * HOUR)
    assert (await bot.case(pair.id)).status is Status.PENDING
    await decide.tick(bot.desk, pair.id, bot.runtime.now() + 4 * HOUR)
    assert (await bot.case(pair.id)).status is Status.TIMED_OUT
    assert (await bot.story(note.id)) == ["request.opened", "request.resumed", "request.decided"]
    assert (await bot.store.read(outbox.counts)).waiting[ParcelKind.CARD] == 1


async def test_what_was_open_before_is_not_touched(bot: RunningDesk) -> None:
    """People still decide it; other agents are not paused either."""
    before = await bot.ask("publish_pair")
    other = await another_agent(bot, "other-agent")
    came = await pausing.pause(bot.desk, BILLING, ADMIN)
    assert came.requests == 1
    assert not (await bot.case(before.id)).held
    assert (await asks_as(bot, other, "note_this")).status is Status.APPROVED
    told = await decide.vote(bot.desk, before.id, CAROL, Choice.APPROVE, before.sight)
    assert told.answer.refused is None


async def test_who_may_pause_and_who_may_let_go_on(bot: RunningDesk) -> None:
    """Whoever decides anything may pause; only operators let go on; a stranger does neither."""
    assert (await pausing.pause(bot.desk, BILLING, NOBODY)).what is Pausing.NOT_ALLOWED
    assert (await pausing.pause(bot.desk, AgentName("nobody"), ADMIN)).what is Pausing.UNKNOWN
    assert (await pausing.pause(bot.desk, BILLING, CAROL)).what is Pausing.DONE
    assert (await pausing.pause(bot.desk, BILLING, ADMIN)).what is Pausing.ALREADY
    assert (await pausing.resume(bot.desk, BILLING, CAROL)).what is Pausing.NOT_ALLOWED
    agent = await bot.store.read(lambda unit: agents.get(unit, BILLING))
    assert agent is not None
    assert agent.paused_by == CAROL.id
    assert (await pausing.resume(bot.desk, BILLING, ADMIN)).what is Pausing.DONE
    assert (await pausing.resume(bot.desk, BILLING, ADMIN)).what is Pausing.ALREADY


async def test_two_that_release_let_each_go_on_once(bot: RunningDesk) -> None:
    """Two replicas' clocks at the same moment; what is of an agent that is paused stays."""
    other = await another_agent(bot, "other-agent")
    await paused(bot)
    assert (await pausing.pause(bot.desk, other.name, ADMIN)).what is Pausing.DONE
    agent = await bot.store.read(lambda unit: agents.get(unit, BILLING))
    assert agent is not None
    held = await asyncio.gather(*(asks_as(bot, agent, "note_this") for _ in range(60)))
    stays = await asks_as(bot, other, "note_this")
    await pausing.resume(bot.desk, BILLING, ADMIN)
    assert sum(await asyncio.gather(*(pausing.release(bot.desk) for _ in range(2)))) == 60
    assert (await bot.case(stays.id)).held
    for case in held[:5]:
        assert await bot.story(case.id) == ["request.opened", "request.resumed", "request.decided"]


async def test_a_pause_between_the_look_and_the_release_holds(sqlite_url: str, slack: SlackStandIn) -> None:
    """What was about to go on waits, and the policy lets nothing of it through."""
    async with running_desk(sqlite_url, slack, POLICY, carrying=False) as bot:
        waiting = await held(bot, 5)
        await pausing.resume(bot.desk, BILLING, ADMIN)
        releasing = asyncio.ensure_future(pausing.release(bot.desk, ADMIN))
        # SQLite answers at once: it has looked, and its writes are behind this one.
        await asyncio.sleep(0)
        now = bot.runtime.now()
        await bot.store.write(lambda unit: agents.pause(unit, BILLING, ADMIN.id, now))
        assert await releasing == 0
        assert [(await bot.case(case.id)).held for case in waiting] == [True] * 5


async def test_what_waits_of_a_revoked_agent_is_withdrawn_and_never_let_through(bot: RunningDesk) -> None:
    """Nobody can let it go on, and where somebody had, nothing is released before it is withdrawn."""
    [waiting] = await held(bot, 1)
    await bot.store.write(lambda unit: agents.revoke(unit, BILLING, bot.runtime.now()))
    assert (await pausing.resume(bot.desk, BILLING, ADMIN)).what is Pausing.REVOKED
    await bot.store.write(lambda unit: agents.resume(unit, BILLING))
    assert await pausing.release(bot.desk, ADMIN) == 0
    assert await follow_up.cancel_all_of_revoked(bot.store, bot.runtime) == 1
    assert (await bot.case(waiting.id)).status is Status.CANCELLED


async def test_what_waits_of_a_paused_agent_is_not_read_again_and_again(bot: RunningDesk) -> None:
    """However much that is, the clock costs the database one look."""
    await held(bot, 60)
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        assert await pausing.release(bot.desk) == 0
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)
    assert len([each for each in asked if "FROM agents" in each or "FROM cases" in each]) == 1


async def test_what_is_released_at_once_makes_no_flood(sqlite_url: str, slack: SlackStandIn) -> None:
    """Forty that waited: five cards, and one message for the rest."""
    async with running_desk(sqlite_url, slack, STORMY, carrying=False) as bot:
        await paused(bot)
        agent = await bot.store.read(lambda unit: agents.get(unit, BILLING))
        assert agent is not None
        await asyncio.gather(*(asks_as(bot, agent, "publish_pair") for _ in range(40)))
        await pausing.resume(bot.desk, BILLING, ADMIN)
        assert await pausing.release(bot.desk, ADMIN) == 40
        [storm] = await bot.store.read(lambda unit: boards.open_of(unit, STORM))
        assert await bot.store.read(lambda unit: boards.count(unit, storm.id)) == 35
        assert (await bot.store.read(outbox.counts)).waiting[ParcelKind.CARD] == 5

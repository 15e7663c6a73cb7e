"""The bot as it is put together: what it says of itself, what it tidies up, and how it stops."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from approvals.errors import Reason, Refused
from approvals.events import Allowing, Cancelled, Opened, Voted
from approvals.model import Case, Grants
from approvals.words import AgentName, Choice, GrantId, Instant, RequestId, Status
from bot.app import Bot, all_ended, running
from bot.cli.serve import reread
from bot.desk import follow_up
from bot.desk.ruling import rule_on
from bot.desk.submit import Draft, submit
from bot.desk.view import request_json
from bot.settings import Settings
from sandbox.server import SlackStandIn
from store import agents, cases, facts, grants, payloads
from store.agents import Agent
from store.engine import Store
from store.unit_of_work import Unit
from tests.harness.cases import ALICE, NOON, a_judgement, a_request, a_roster
from tests.harness.desk import MovableRuntime

POLICY = """\
channel: C0APPROVALS
operators: [U0ADMIN]
groups: {support: {users: [U0ALICE, U0BOB]}}
default: {gate: hard, ask: support, steps: [{after: 1d, do: park}]}
"""
DAY = timedelta(days=1)
WRITER = Agent(AgentName("writer"), "2" * 64, "whsec_MDAw", None, (), (), NOON)
AN_AGENT = Agent(AgentName("billing-agent"), "0" * 64, "whsec_MDAw", None, ("issue_*",), (), NOON)


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """The policy's file."""
    path = tmp_path / "hitl.yml"
    path.write_text(POLICY, encoding="utf-8")
    return path


#: Loads, with a warning.
NUDGING = """\
rules:
  - name: nudged
    gate: hard
    ask: support
    steps: [{after: 1h, do: escalate, to: support}, {after: 1d, do: expire}]
"""


def says_also(policy: Path, more: str) -> None:
    """Write the file anew, with `more` at its end."""
    policy.write_text(POLICY + more, encoding="utf-8")


@asynccontextmanager
async def a_bot(
    url: str, policy: Path, runtime: MovableRuntime | None = None, **more: int
) -> AsyncIterator[Bot]:
    """The bot in this process, on a workspace of its own; `more` goes into the environment."""
    async with SlackStandIn() as slack:
        settings = Settings.model_validate(
            {
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_SIGNING_SECRET": slack.signing_secret,
                "HITL_SLACK_API_URL": slack.api_url,
                "HITL_SLACK_HOST": "127.0.0.1",
                "HITL_SLACK_PORT": 0,
                "HITL_API_PORT": 0,
                "HITL_DATABASE_URL": url,
                "HITL_CONFIG": policy,
                **more,
            }
        )
        async with running(settings, runtime or MovableRuntime()) as bot:
            yield bot


async def status(store: Store, request: RequestId) -> Status:
    """As stored."""
    case = await store.read(lambda unit: cases.load(unit, request))
    assert case is not None
    return case.status


async def test_it_says_what_it_runs_on(
    sqlite_url: str, policy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """One line each: policy, database, Slack, started, stopped."""
    caplog.set_level(logging.INFO)
    async with a_bot(sqlite_url, policy) as bot:
        version = bot.shelf.current.version
    said = "\n".join(record.getMessage() for record in caplog.records)
    assert f"the policy {policy} is in force: {version}, 0 rules" in said
    assert "the database is open: SQLite, " in said
    assert "Slack is connected: the bot is U0HITL in T0SANDBOX" in said
    assert f"started: agents at {bot.api.url}, Slack at {bot.slack}" in said
    assert caplog.records[-1].getMessage() == "stopped"


async def test_what_the_policy_is_warned_of_is_logged(
    sqlite_url: str, policy: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """At the start, and again after a reload."""
    says_also(policy, NUDGING)
    async with a_bot(sqlite_url, policy) as bot:
        assert f'the policy: {policy}:6: rule "nudged": steps: escalates to support' in caplog.text
        caplog.clear()
        await bot.reload()
        assert f'the policy: {policy}:6: rule "nudged": steps: escalates to support' in caplog.text


def decided_requests(unit: Unit, count: int) -> None:
    """So many, opened and withdrawn at noon."""
    for number in range(count):
        request = a_request(id=RequestId(f"req_{number:04}"), callback_url=None)
        case = rule_on(unit, None, Opened(request, a_judgement()), NOON, a_roster()).case
        rule_on(unit, case, Cancelled("not needed"), NOON, a_roster())


async def test_payloads_are_kept_as_long_as_the_policy_says(sqlite_url: str, policy: Path) -> None:
    """Not a day less; afterwards they are gone, however many there are, and every chain still verifies."""
    says_also(policy, "keep: {payloads: 30d}\n")
    store = await Store.open(sqlite_url)
    await store.write(lambda unit: decided_requests(unit, 205))
    await store.close()

    def first(unit: Unit) -> Case | None:
        return cases.load(unit, RequestId("req_0000"))

    def gone_first_and_last(unit: Unit) -> list[Instant | None]:
        return [payloads.gone_at(unit, RequestId(f"req_{number:04}")) for number in (0, 204)]

    async with a_bot(sqlite_url, policy) as bot:
        await bot.sweeper.forget(NOON + 29 * DAY)
        before = await bot.desk.store.read(first)
        assert before is not None
        assert before.payload == a_request().payload
        await bot.sweeper.forget(NOON + 31 * DAY)
        after = await bot.desk.store.read(first)
        assert after is not None
        assert (after.payload, after.status) == ({}, Status.CANCELLED)
        assert await bot.desk.store.read(gone_first_and_last) == [NOON + 31 * DAY] * 2
        assert await bot.desk.store.read(facts.first_break, long=True) is None


async def test_nobody_acts_on_an_approval_whose_payload_is_gone(sqlite_url: str, policy: Path) -> None:
    """An empty payload would be what the agent carries out: `proceed` is false, and it cannot be claimed."""
    says_also(policy, "keep: {payloads: 30d}\n")
    store = await Store.open(sqlite_url)

    def approving(unit: Unit) -> Case:
        agents.add(unit, AN_AGENT)
        case = rule_on(unit, None, Opened(a_request(), a_judgement()), NOON, a_roster()).case
        vote = Voted(ALICE, Choice.APPROVE, case.sight, a_roster())
        return rule_on(unit, case, vote, NOON, a_roster()).case

    approved = await store.write(approving)
    await store.close()
    assert request_json(approved, None, NOON + DAY, a_roster())["proceed"]
    async with a_bot(sqlite_url, policy) as bot:
        await bot.sweeper.forget(NOON + 31 * DAY)
        seen = await follow_up.look(bot.desk, AN_AGENT, approved.id)
        told = request_json(seen.case, None, NOON + 31 * DAY, a_roster())
        assert (told["status"], told["payload"], told["proceed"]) == ("approved", {}, False)
        with pytest.raises(Refused) as refused:
            await follow_up.claim(bot.desk, AN_AGENT, approved.id)
        assert refused.value.reason is Reason.NOT_CLAIMABLE


async def test_payloads_are_kept_for_ever_where_the_policy_says_nothing(
    sqlite_url: str, policy: Path
) -> None:
    """And what today's policy says goes: a reload that asks for less is heeded."""
    store = await Store.open(sqlite_url)
    await store.write(lambda unit: decided_requests(unit, 1))
    await store.close()
    async with a_bot(sqlite_url, policy) as bot:

        async def gone() -> bool:
            at = await bot.desk.store.read(lambda unit: payloads.gone_at(unit, RequestId("req_0000")))
            return at is not None

        await bot.sweeper.forget(NOON + 900 * DAY)
        assert not await gone()
        says_also(policy, "keep: {payloads: 1w}\n")
        await bot.reload()
        await bot.sweeper.forget(NOON + 900 * DAY)
        assert await gone()


async def test_a_revocation_that_was_cut_short_is_finished_at_the_start(
    sqlite_url: str, policy: Path
) -> None:
    """What a revoked agent still has open is withdrawn before anybody could click."""
    store = await Store.open(sqlite_url)
    await store.write(lambda unit: agents.add(unit, AN_AGENT))
    now = MovableRuntime().now()
    opened = Opened(a_request(created_at=now), a_judgement())
    await store.write(lambda unit: rule_on(unit, None, opened, now, a_roster()))
    await store.write(lambda unit: agents.revoke(unit, AN_AGENT.name, NOON))
    await store.close()
    async with a_bot(sqlite_url, policy) as bot:
        assert await status(bot.desk.store, RequestId("req_01")) is Status.CANCELLED


async def test_a_post_that_was_let_in_before_the_revocation_is_withdrawn_after_it(
    sqlite_url: str, policy: Path
) -> None:
    """It is stored after the look at what was open; the next look finds it, and leaves other agents alone."""
    other = Agent(AgentName("mail-agent"), "1" * 64, "whsec_MDAw", None, (), (), NOON)
    async with a_bot(sqlite_url, policy) as bot:
        store, draft = bot.desk.store, Draft({"action": "issue_refund", "payload": {"amount": 750}})
        await store.write(lambda unit: agents.add(unit, AN_AGENT) and agents.add(unit, other))
        await store.write(lambda unit: agents.revoke(unit, AN_AGENT.name, NOON))
        late = (await submit(bot.desk, AN_AGENT, draft, None)).case
        others = (await submit(bot.desk, other, draft, None)).case
        assert await follow_up.cancel_all_of_revoked(store, bot.runtime) == 1
        assert await follow_up.cancel_all_of_revoked(store, bot.runtime) == 0
        assert await status(store, late.id) is Status.CANCELLED
        assert await status(store, others.id) is Status.PENDING


async def test_a_part_that_does_not_stop_well_is_logged_and_keeps_no_other_from_it(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Each is waited for; the one that failed is named with what it raised."""
    ended = []

    async def ends() -> None:
        await asyncio.sleep(0)
        ended.append("clock")

    async def fails() -> None:
        raise RuntimeError("no luck")

    await all_ended(courier=fails(), clock=ends())
    assert ended == ["clock"]
    assert [record.getMessage() for record in caplog.records] == ["courier did not stop well"]
    assert "RuntimeError: no luck" in caplog.text


async def test_a_part_that_does_not_stop_in_time_is_cut_off_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A stop ends however long one part would take; only the late one is named."""
    cut = asyncio.Event()

    async def lingers() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cut.set()

    async with asyncio.timeout(5):
        await all_ended(0.05, slack=lingers(), clock=asyncio.sleep(0))
    assert cut.is_set()
    said = [record.getMessage() for record in caplog.records]
    assert said == ["slack did not stop within 0.05 s, and was cut off"]


async def test_a_start_that_fails_leaves_no_door_open(sqlite_url: str, policy: Path) -> None:
    """The agents' port is taken: nobody can click on a bot that does not run."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        slack_port = free.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        more = {"HITL_SLACK_PORT": slack_port, "HITL_API_PORT": taken.getsockname()[1]}
        with pytest.raises(OSError, match="in use"):
            async with a_bot(sqlite_url, policy, **more):
                pass
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", slack_port)


async def test_a_reload_that_fails_is_logged_and_the_next_one_is_made(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whatever it raises: an operator who sends SIGHUP sees it in the log."""
    again, done = asyncio.Event(), asyncio.Event()
    tries = 0

    async def reload() -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            again.set()
            raise RuntimeError("no luck")
        done.set()

    again.set()
    task = asyncio.create_task(reread(reload, again))
    async with asyncio.timeout(5):
        await done.wait()
    task.cancel()
    await asyncio.wait([task])
    assert [record.getMessage() for record in caplog.records] == ["the policy could not be read again"]
    assert "RuntimeError: no luck" in caplog.text


SOFT = """\
channel: C0APPROVALS
operators: [U0ADMIN]
groups: {support: {users: [U0ALICE, U0BOB]}, others: {users: [U0CAROL]}}
risk: {unknown: low}
rules:
  - name: drafts
    when: "action == 'publish_draft'"
    gate: soft
    ask: support
    steps: [{after: 1s, do: approve}]
default:
  gate: hard
  ask: support
  quorum: 2
  steps: [{after: 1h, do: escalate, to: others}, {after: 1d, do: park}]
"""


def says(policy: Path, text: str) -> None:
    """Write the file anew."""
    policy.write_text(text, encoding="utf-8")


async def seen(store: Store, request: RequestId) -> Case:
    """As stored."""
    case = await store.read(lambda unit: cases.load(unit, request))
    assert case is not None
    return case


async def until(store: Store, request: RequestId, happened: Callable[[Case], bool]) -> Case:
    """The case, once `happened` is true of it; looked at after each commit."""
    committed = asyncio.Event()
    store.on_commit(lambda _: committed.set())
    async with asyncio.timeout(10):
        while not happened(case := await seen(store, request)):
            await committed.wait()
            committed.clear()
    return case


async def test_silence_counts_while_the_bot_is_up(sqlite_url: str, policy: Path) -> None:
    """A window that would have ended while it was down starts again, and ends by the clock alone."""
    says(policy, SOFT)
    draft = Draft({"action": "publish_draft", "payload": {}})
    async with a_bot(sqlite_url, policy) as bot:
        await bot.desk.store.write(lambda unit: agents.add(unit, WRITER))
        await bot.clock.stop()
        request = (await submit(bot.desk, WRITER, draft, None)).case.id
        began = (await until(bot.desk.store, request, lambda case: case.began_at is not None)).began_at
    later = MovableRuntime()
    # Down for longer than its window had left.
    later.ahead = timedelta(seconds=1.5)
    async with a_bot(sqlite_url, policy, later) as bot:
        case = await until(bot.desk.store, request, lambda case: case.status.final)
        assert (case.status, case.began_at != began) == (Status.APPROVED, True)
        story = await bot.desk.store.read(lambda unit: facts.chain(unit, request))
    shown_again = ["request.shown", "window.restarted", "request.shown", "request.decided"]
    assert [str(fact.kind) for fact in story][1:] == shown_again


async def test_a_lack_of_deciders_is_noticed_without_anybody_asking(sqlite_url: str, policy: Path) -> None:
    """A reload that takes one of two needed away asks the next group within seconds."""
    says(policy, SOFT)
    draft = Draft({"action": "drop_table", "payload": {}})
    async with a_bot(sqlite_url, policy) as bot:
        await bot.desk.store.write(lambda unit: agents.add(unit, WRITER))
        request = (await submit(bot.desk, WRITER, draft, None)).case.id
        assert (await seen(bot.desk.store, request)).escalated == ()
        fewer = SOFT.replace("[U0ALICE, U0BOB]", "[U0ALICE]").replace("  quorum: 2\n", "")
        says(policy, fewer)
        await bot.reload()
        case = await until(bot.desk.store, request, lambda case: case.escalated != ())
    assert case.escalated == ("others",)


async def test_ended_grants_are_forgotten_in_time(sqlite_url: str, policy: Path) -> None:
    """After thirty days, or as soon as payloads are: a grant holds words of one."""
    store = await Store.open(sqlite_url)
    case = (await store.write(granting)).id
    await store.close()

    async def left(bot: Bot, days: int) -> int:
        await bot.sweeper.tidy(NOON + days * DAY)
        return len(await bot.desk.store.read(lambda unit: grants.of_request(unit, case)))

    async with a_bot(sqlite_url, policy) as bot:
        assert await left(bot, 30) == 1
        says_also(policy, "keep: {payloads: 7d}\n")
        await bot.reload()
        assert await left(bot, 7) == 1
        assert await left(bot, 8) == 0


def granting(unit: Unit) -> Case:
    """A refund approved at noon, with like ones for an hour."""
    terms = Grants(timedelta(hours=8))
    case = rule_on(unit, None, Opened(a_request(), a_judgement(grants=terms)), NOON, a_roster()).case
    allowing = Allowing(GrantId("g_1"), timedelta(hours=1))
    vote = Voted(ALICE, Choice.APPROVE, case.sight, a_roster(), allowing=allowing)
    return rule_on(unit, case, vote, NOON, a_roster()).case

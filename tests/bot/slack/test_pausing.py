"""`/hitl pause`, `resume` and `digest`: names as people type them, and what they are answered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from approvals.words import AgentName, Status
from blocks.limits import problems_of_message
from blocks.pausing_words import Flood, StormMessage, storm
from sandbox.server import SlackStandIn
from store import agents
from store.agents import Agent
from tests.bot.desk.digests import POLICY, another_agent, asked, asks_as
from tests.bot.slack.test_commands import answered, words
from tests.harness.desk import RunningDesk, running_desk


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot whose policy has digests, with two agents."""
    async with running_desk(sqlite_url, slack, POLICY) as running:
        await another_agent(running, "Mail.Agent")
        yield running


async def stored(bot: RunningDesk, name: str) -> Agent:
    """An agent as the store has it."""
    found = await bot.store.read(lambda unit: agents.get(unit, AgentName(name)))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("billing-agent", "billing-agent"),
        ("`Billing-Agent`", "billing-agent"),
        ("*mail.agent*", "Mail.Agent"),
    ],
)
async def test_a_name_is_understood_as_people_type_it(
    bot: RunningDesk, slack: SlackStandIn, typed: str, name: str
) -> None:
    """In any case, in backticks, in bold; it holds from the answer on, and ends with the next."""
    said = await answered(slack, "U0ADMIN", f"/hitl pause {typed}")
    assert f"{name} is paused" in words(said)
    assert f"Go on with `/hitl resume {name}`" in words(said)
    agent = await stored(bot, name)
    assert agent.paused_by == "U0ADMIN"
    held = await asks_as(bot, agent, "note_this")
    assert held.held
    said = await answered(slack, "U0CAROL", f"/hitl pause {typed}")
    assert "is paused already. An operator lets it go on." in words(said)
    assert "only the operators" in words(await answered(slack, "U0CAROL", f"/hitl resume {typed}"))
    assert "1 request that waited goes on" in words(await answered(slack, "U0ADMIN", f"/hitl resume {typed}"))
    assert (await bot.decided(held.id)).status is Status.APPROVED
    assert "is not paused" in words(await answered(slack, "U0ADMIN", f"/hitl resume {typed}"))


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("pause", "Say which agent"),
        ("pause biling-agent", "Did you mean `billing-agent`?"),
        ("pause <!channel>", "Registered: `billing-agent` and `Mail.Agent`."),
        ("resume", "Say which agent: `/hitl resume AGENT`. No agent is paused."),
        ("resume billing", "No agent is paused."),
        ("resume mail.agent", "is not paused"),
        ("digest hurly", "Did you mean `/hitl digest hourly`?"),
        ("digest weekly", "Say `hourly` or `daily`"),
        ("digest", "Nothing waits"),
        ("digest `Daily`", "Nothing waits"),
        ("puase billing-agent", "Did you mean `/hitl pause`?"),
    ],
)
async def test_what_cannot_be_is_said(bot: RunningDesk, slack: SlackStandIn, typed: str, says: str) -> None:
    """In one sentence that helps; nobody is paused by it."""
    said = await answered(slack, "U0ADMIN", f"/hitl {typed}")
    assert says in words(said)
    assert {each.paused_at for each in await bot.store.read(agents.everybody)} == {None}


@pytest.mark.parametrize(
    ("user", "typed", "says"),
    [
        ("U0CAROL", "pause biling-agent", "There is no agent `biling-agent`. Did you mean `billing-agent`?"),
        ("U0CAROL", "pause nobody", "There is no agent `nobody`. Cards say what"),
        ("U0CAROL", "resume nobody", "only the operators may"),
        ("U0DAN", "pause biling-agent", "You may not pause biling-agent"),
        ("U0DAN", "resume biling-agent", "only the operators may"),
    ],
)
async def test_names_of_agents_are_told_to_those_who_may_know_them(
    bot: RunningDesk, slack: SlackStandIn, user: str, typed: str, says: str
) -> None:
    """Operators all, whoever decides the nearest, others none; nobody is sent to a shell."""
    said = words(await answered(slack, user, f"/hitl {typed}"))
    assert says in said
    assert "Mail.Agent" not in said
    assert "agent list" not in said


async def test_whoever_may_not_resume_is_told_who_may(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Carol decides, and may pause."""
    said = words(await answered(slack, "U0CAROL", "/hitl pause billing-agent"))
    assert "billing-agent is paused" in said
    assert "An operator lets it go on." in said
    assert "/hitl resume" not in said
    await answered(slack, "U0ADMIN", "/hitl pause mail.agent")
    assert "Paused: `billing-agent` and `Mail.Agent`." in words(
        await answered(slack, "U0ADMIN", "/hitl resume")
    )


async def test_a_revoked_agent_does_not_go_on(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Paused before or not: what it has open is withdrawn, and whoever asks is told so."""
    await answered(slack, "U0ADMIN", "/hitl pause billing-agent")
    now = bot.runtime.now()
    await bot.store.write(lambda unit: agents.revoke(unit, AgentName("billing-agent"), now))
    told = await answered(slack, "U0ADMIN", "/hitl resume billing-agent")
    assert "was revoked, so it does not go on" in words(told)
    assert problems_of_message({"text": told.text, "blocks": told.blocks}) == []
    assert (await stored(bot, "billing-agent")).paused_at is not None


async def test_a_stranger_pauses_and_sends_nothing(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Whoever is in no group of the policy, and no operator."""
    await asked(bot, 2)
    assert "You may not pause" in words(await answered(slack, "U0DAN", "/hitl pause billing-agent"))
    assert "You may not send" in words(await answered(slack, "U0DAN", "/hitl digest"))
    assert (await stored(bot, "billing-agent")).paused_at is None


async def test_a_digest_is_sent_by_hand(bot: RunningDesk, slack: SlackStandIn) -> None:
    """It is said how many went where; and, when asked again, that they are there."""
    await asked(bot, 3)
    await asked(bot, 2, action="send_mail")
    said = words(await answered(slack, "U0CAROL", "/hitl digest hourly"))
    assert "2 requests to <#C0REFUNDS>" in said
    assert "C0APPROVALS" not in said
    said = words(await answered(slack, "U0ADMIN", "/hitl digest"))
    assert "3 requests to <#C0APPROVALS>" in said
    said = words(await answered(slack, "U0ALICE", "/hitl digest"))
    assert "Nothing new came" in said
    assert "3 requests" in said


def test_a_storm_of_many_agents_is_said_within_slacks_limits() -> None:
    """Whatever they are called."""
    names = [(AgentName(f"{'x' * 60}{n}"), n) for n in range(40)]
    there = StormMessage("https://example.com/" + "y" * 200, clears=False)
    told = storm(Flood(names, 0, 5, 5), "C0APPROVALS", timedelta(minutes=5), [there] * 12)
    assert problems_of_message(told.as_call()) == []

"""The home tab: what it says to whom, that it decides, and that it stays true whatever happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from approvals.events import Reported
from approvals.words import Choice, GroupName, Instant, OutcomeStatus, RequestId, Status
from blocks.home_view import agent_block
from blocks.limits import problems_of_view
from blocks.listed import HOME, Listed
from bot.desk import attention, decide, follow_up
from bot.desk.attention import Handing
from bot.runtime import SystemRuntime
from bot.slack.home import KEPT
from sandbox.faults import Fault
from sandbox.server import SlackStandIn
from sandbox.words import words_of
from sandbox.workspace import View
from store import agents, dead_letters, homes
from store.dead_letters import DeadLetter
from tests.bot.desk.digests import POLICY as DIGESTS
from tests.bot.desk.digests import gathered
from tests.bot.slack.test_attending import POLICY as ESCALATING
from tests.bot.slack.test_duties import the_policy
from tests.bot.slack.test_queue import died
from tests.harness.cases import ALICE, BOB
from tests.harness.databases import PostgresServer
from tests.harness.desk import RunningDesk, running_desk

SUPPORT = GroupName("support")


@dataclass(frozen=True)
class File:
    """The policy's file, as operators are told of it."""

    loaded_at: Instant
    problem: str | None


def needs(told: Mapping[str, str | None]) -> Callable[[], Awaitable[Mapping[str, str | None]]]:
    """What the program says that it needs."""

    async def asked() -> Mapping[str, str | None]:
        return told

    return asked


def row(request: RequestId) -> str:
    """The block that its buttons stand in."""
    return Listed(request, HOME).encode()


async def home_of(slack: SlackStandIn, user: str, *words: str, within: float = 5.0) -> View:
    """What this person sees, once all these words stand there; legal, whatever it is."""

    def shown() -> View | None:
        home = slack.home(user)
        return home if home is not None and all(each in words_of(home.blocks) for each in words) else None

    found = await slack.until(shown, within=within)
    assert found is not None
    assert problems_of_view({**found.payload, "blocks": found.blocks}) == []
    return found


async def opened(slack: SlackStandIn, user: str, *words: str) -> View:
    """The same of somebody who opens it."""
    slack.open_home(user)
    return await home_of(slack, user, *words)


async def gone(slack: SlackStandIn, user: str, *words: str) -> None:
    """None of these words stands there any more."""

    def shown() -> bool:
        home = slack.home(user)
        return home is not None and not any(each in words_of(home.blocks) for each in words)

    await slack.until(shown)


def drawn(slack: SlackStandIn) -> int:
    """How often Slack was asked to draw one."""
    return len(slack.calls("views.publish"))


async def dm_to(slack: SlackStandIn, user: str, words: str) -> str:
    """What the bot told somebody alone."""

    def told() -> str | None:
        return next((each.text for each in slack.direct_messages(user) if words in each.text), None)

    found = await slack.until(told)
    assert found is not None
    return found


async def letters(bot: RunningDesk) -> tuple[DeadLetter, ...]:
    """What was given up."""
    return await bot.store.read(dead_letters.every)


async def test_what_waits_is_decided_there(either_bot: RunningDesk, slack: SlackStandIn) -> None:
    """Title, risk, until when, who else can; a click decides, is answered, and the tab goes on at once."""
    first, second = await either_bot.ask(), await either_bot.ask("pair_payout")
    home = await opened(slack, "U0ALICE", "2 requests wait for you")
    shown = words_of(home.blocks)
    for words in ("Refund 750 EUR to ACME GmbH", "Medium risk", "then it expires", "bob can decide it too"):
        assert words in shown
    answer = await slack.click_in_home("U0ALICE", "Approve", block_id=row(first.id))
    assert answer.acknowledged
    assert (await either_bot.case(first.id)).status is Status.APPROVED
    assert (await either_bot.case(second.id)).status is Status.PENDING
    assert "is approved" in await dm_to(slack, "U0ALICE", "Done")
    await home_of(slack, "U0ALICE", "1 request waits for you", "Decided by you this week: 1", "· approved")


async def test_a_reason_is_asked_for_and_what_came_of_it_is_shown(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Reject opens its modal from the tab; once it is submitted the tab says what was decided."""
    case = await bot.ask()
    await opened(slack, "U0ALICE", "1 request waits")
    await slack.click_in_home("U0ALICE", "Reject", block_id=row(case.id))
    await slack.view_of("U0ALICE", "Reject")
    await slack.submit("U0ALICE", {"reason": "no receipt"})
    assert (await bot.case(case.id)).status is Status.REJECTED
    await home_of(slack, "U0ALICE", "Nothing waits for you", "· rejected")


async def test_a_refusal_reaches_whoever_clicked(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Decided meanwhile, and the tab not drawn yet: there is no channel there, so it is a direct message."""
    case = await bot.ask()
    await opened(slack, "U0ALICE", "1 request waits")
    held = slack.faults.add(Fault("hold", method="views.publish", times=None))
    await decide.vote(bot.desk, case.id, BOB, Choice.APPROVE, case.sight)
    await slack.click_in_home("U0ALICE", "Approve", block_id=row(case.id))
    assert "bob" in (await dm_to(slack, "U0ALICE", "Too late")).casefold()
    slack.faults.clear()
    held.release()
    await home_of(slack, "U0ALICE", "Nothing waits for you")


async def test_whoever_is_asked_nothing_sees_nothing_of_others(bot: RunningDesk, slack: SlackStandIn) -> None:
    """What it is, and whom to ask; no title, no button, no count."""
    await bot.ask(reasoning="secret reasons")
    home = await opened(slack, "U0GUEST", "The approval desk for AI agents")
    shown = words_of(home.blocks)
    assert "<@U0ADMIN>" in shown
    assert not [each for each in ("Refund", "secret", "Approve", "request waits") if each in shown]
    assert "All quiet" in words_of((await opened(slack, "U0CAROL", "Nothing waits for you")).blocks)


async def test_it_follows_what_others_do(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A new request appears, one that another decided goes, one that needs others yet is said to."""
    await opened(slack, "U0ALICE", "Nothing waits for you")
    case = await bot.ask()
    await home_of(slack, "U0ALICE", "1 request waits for you", within=2.0)
    await decide.vote(bot.desk, case.id, BOB, Choice.APPROVE, case.sight)
    await home_of(slack, "U0ALICE", "Nothing waits for you", within=2.0)
    pair = await bot.ask("pair_payout")
    await decide.vote(bot.desk, pair.id, ALICE, Choice.APPROVE, pair.sight)
    await home_of(slack, "U0ALICE", "decided by others", "you approved it; 1 of 2 approvals")


async def test_many_changes_are_few_drawings(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Forty requests within a moment; the tab ends with all of them."""
    await opened(slack, "U0ALICE", "Nothing waits for you")
    before = drawn(slack)
    await asyncio.gather(*(bot.ask() for _ in range(40)))
    await home_of(slack, "U0ALICE", "40 requests wait for you", "`/hitl queue` lists all of them")
    assert drawn(slack) - before <= 4


async def test_what_looks_as_it_did_is_not_drawn_again(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A round of all finds nothing new; no tab is drawn for requests of others, none where nobody looks."""
    looks = bot.side.front.homes
    await bot.card((await bot.ask()).id)
    assert await looks.look(everything=True) == 0
    await opened(slack, "U0ALICE", "1 request waits")
    await opened(slack, "U0CAROL", "Nothing waits")
    assert await looks.look(everything=True) == 2
    await bot.ask("unheard_of")
    await home_of(slack, "U0CAROL", "1 request waits")
    assert [call.args["user_id"] for call in slack.calls("views.publish")].count("U0ALICE") == 1


async def test_a_round_is_for_those_to_whom_something_may_have_happened(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Where nothing moved only operators see more; a change, or a step whose time came, is for all."""
    looks = bot.side.front.homes
    await bot.card((await bot.ask()).id)
    await opened(slack, "U0ALICE", "1 request waits")
    await opened(slack, "U0ADMIN")
    await looks.look(everything=True)
    assert [await looks.look(everything=True) for _ in range(3)] == [1, 1, 1]
    await bot.ask()
    assert await looks.look(everything=True) == 2
    assert await looks.look(everything=True) == 1
    bot.runtime.ahead += timedelta(hours=5)
    assert await looks.look(everything=True) == 2


@pytest.mark.parametrize(
    "fault",
    [
        Fault("ratelimited", method="views.publish", retry_after=1),
        Fault("lost", method="views.publish"),
        Fault("reset", method="views.publish"),
        Fault("status", method="views.publish", status=503),
    ],
    ids=lambda fault: str(fault.kind),
)
async def test_no_fault_of_slacks_leaves_it_as_it_was(
    bot: RunningDesk, slack: SlackStandIn, fault: Fault
) -> None:
    """A limit, a lost answer, a lost call: it is drawn all the same, as it is by then."""
    await bot.ask()
    slack.faults.add(fault)
    slack.open_home("U0ALICE")
    await slack.until(lambda: fault.met)
    await bot.ask("pair_payout")
    await home_of(slack, "U0ALICE", "2 requests wait for you", within=8.0)
    assert not await letters(bot)


async def test_a_refused_tab_says_so_in_words(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Rather than one with buttons of yesterday; the next change draws it whole."""
    case = await bot.ask()
    slack.faults.add(Fault("error", method="views.publish", error="invalid_arguments"))
    home = await opened(slack, "U0ALICE", "Slack would not show this page")
    assert row(case.id) not in str(home.blocks)
    await bot.ask()
    await home_of(slack, "U0ALICE", "2 requests wait for you")


async def test_where_there_is_no_tab_nobody_keeps_trying(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Not enabled for the app, say: it is left alone until somebody opens it again, and is no dead letter."""
    fault = slack.faults.add(Fault("error", method="views.publish", error="not_enabled"))
    slack.open_home("U0ALICE")
    await slack.until(lambda: fault.met)
    since = bot.runtime.now() - KEPT
    async with asyncio.timeout(5):
        while await bot.store.read(lambda unit: homes.since(unit, since)):  # noqa: ASYNC110  # it is silent
            await asyncio.sleep(0.01)
    assert not await letters(bot)
    await opened(slack, "U0ALICE", "Nothing waits for you")


async def test_a_tab_that_somebody_else_drew_is_drawn_over(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Slack's hash says that it is not as it was left: what is true now is shown, at the next change."""
    await opened(slack, "U0ALICE", "Nothing waits for you")
    client = AsyncWebClient(token=slack.bot_token, base_url=slack.api_url)
    divider = [{"type": "divider"}]
    await client.views_publish(user_id="U0ALICE", view={"type": "home", "blocks": divider})
    await bot.ask()
    await home_of(slack, "U0ALICE", "1 request waits for you")
    await client.views_publish(user_id="U0ALICE", view={"type": "home", "blocks": divider})
    await opened(slack, "U0ALICE", "1 request waits for you")
    assert "hash_conflict" in {call.error for call in slack.calls("views.publish")}


async def test_a_restart_leaves_no_stale_buttons(sqlite_url: str, slack: SlackStandIn) -> None:
    """What was decided while nobody kept it true is gone soon after, though nobody opened it again."""
    async with running_desk(sqlite_url, slack) as bot:
        case = await bot.ask()
        await opened(slack, "U0ALICE", "1 request waits")
    async with running_desk(sqlite_url, slack, carrying=False) as bot:
        await decide.vote(bot.desk, case.id, BOB, Choice.APPROVE, case.sight)
    await home_of(slack, "U0ALICE", "1 request waits")
    async with running_desk(sqlite_url, slack):
        await home_of(slack, "U0ALICE", "Nothing waits for you")


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """A database that several processes may serve."""
    return postgres_server.fresh()


async def test_any_replica_keeps_it_true(postgres_url: str, slack: SlackStandIn) -> None:
    """Opened at one, changed at the other, and back: each knows who looks."""
    async with running_desk(postgres_url, slack) as one, running_desk(postgres_url, slack) as two:
        await opened(slack, "U0ALICE", "Nothing waits for you")
        first = await one.ask()
        await home_of(slack, "U0ALICE", "1 request waits for you", within=3.0)
        await two.ask()
        await home_of(slack, "U0ALICE", "2 requests wait for you", within=3.0)
        await decide.vote(one.desk, first.id, BOB, Choice.APPROVE, first.sight)
        await home_of(slack, "U0ALICE", "1 request waits for you", within=3.0)


async def test_who_has_not_looked_for_a_day_sees_no_buttons_of_then(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The tab is drawn a last time, and wakes up with the button that is left on it."""
    await bot.ask()
    await opened(slack, "U0ALICE", "1 request waits")
    bot.runtime.ahead = KEPT + timedelta(minutes=1)
    await bot.side.front.homes.look(everything=True)
    await home_of(slack, "U0ALICE", "left open")
    await slack.click_in_home("U0ALICE", "Show what waits for me")
    await gone(slack, "U0ALICE", "left open")


async def test_operators_see_how_the_desk_is(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Agents, dead letters, the policy, what it needs; nobody else does."""
    case = await bot.ask()
    await died(bot, case)
    bot.desk.program.needs = needs({"database": None, "slack": "Socket Mode: reconnecting"})
    bot.desk.program.policy_file = File(bot.runtime.now(), "hitl.yml:3: <!channel> no such group")
    home = await opened(slack, "U0ADMIN", "For operators")
    shown = words_of(home.blocks)
    for words in (
        "1 request waits for others",
        "billing-agent",
        "never seen",
        "Dead letters: 1",
        "Its file does not load",
        "Socket Mode: reconnecting",
        "3 rules",
    ):
        assert words in shown
    assert "<!channel>" not in shown
    assert "For operators" not in words_of((await opened(slack, "U0ALICE", "1 request")).blocks)


async def test_operators_act_there(bot: RunningDesk, slack: SlackStandIn) -> None:
    """An agent is paused and goes on, a dead letter is sent again; each is answered, and shown."""
    await died(bot, await bot.ask())
    [letter] = await letters(bot)
    await opened(slack, "U0ADMIN", "Dead letters: 1")
    agent = bot.agent.name
    await slack.click_in_home("U0ADMIN", "Pause", block_id=agent_block(agent))
    assert "is paused" in await dm_to(slack, "U0ADMIN", "is paused")
    await home_of(slack, "U0ADMIN", "its new requests wait unseen")
    bot.agent = replace(bot.agent, paused_at=bot.runtime.now())
    await asyncio.gather(*(bot.ask("note_this") for _ in range(2)))
    await home_of(slack, "U0ADMIN", "2 requests of it wait unseen")
    await slack.click_in_home("U0ADMIN", "Resume", block_id=agent_block(agent))
    await dm_to(slack, "U0ADMIN", "goes on")
    await gone(slack, "U0ADMIN", "wait unseen")
    await slack.click_in_home("U0ADMIN", "Send again", block_id=f"letter:{letter.id}")
    await dm_to(slack, "U0ADMIN", "on the way again")
    await gone(slack, "U0ADMIN", "Dead letters: 1")


async def test_a_row_and_a_value_that_disagree_pause_nobody(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The block says which agent; somebody who is no operator lets nobody go on by it either."""
    home = await opened(slack, "U0ADMIN", "For operators")
    agent = bot.agent.name
    button = next(each["accessory"] for each in home.blocks if each["block_id"] == agent_block(agent))
    button["value"] = "another-agent"
    await slack.click_in_home("U0ADMIN", "Pause", block_id=agent_block(agent))
    await dm_to(slack, "U0ADMIN", "button")
    found = await bot.store.read(lambda unit: agents.get(unit, agent))
    assert found is not None
    assert found.paused_at is None
    button["value"] = agent
    foreign = await opened(slack, "U0CAROL", "Nothing waits")
    foreign.payload["blocks"] = [{**each} for each in home.blocks]
    await bot.store.write(lambda unit: agents.pause(unit, agent, ALICE.id, bot.runtime.now()))
    await home_of(slack, "U0ADMIN", "its new requests wait unseen")
    foreign.payload["blocks"] = slack.home("U0ADMIN").blocks  # type: ignore[union-attr]
    await slack.click_in_home("U0CAROL", "Resume", block_id=agent_block(agent))
    await dm_to(slack, "U0CAROL", "only the operators may")
    found = await bot.store.read(lambda unit: agents.get(unit, agent))
    assert found is not None
    assert found.paused_at is not None


async def test_grants_are_listed_and_revoked_there(gates: RunningDesk, slack: SlackStandIn) -> None:
    """What somebody let through for a while, with a button to end it."""
    case = await gates.ask("publish_draft", payload={"site": "shop"})
    await opened(slack, "U0ALICE", "1 request waits")
    await slack.click_in_home("U0ALICE", "Approve and allow similar", block_id=row(case.id))
    await slack.view_of("U0ALICE", "Allow similar")
    await slack.submit("U0ALICE", {})
    await home_of(slack, "U0ALICE", "What you let through", "publish_draft by billing-agent")
    await slack.click_in_home("U0ALICE", "Revoke")
    await dm_to(slack, "U0ALICE", "is revoked")
    await gone(slack, "U0ALICE", "What you let through")


async def test_what_waits_in_a_digest_is_one_line(sqlite_url: str, slack: SlackStandIn) -> None:
    """Before its message is sent, how to send it; then a link to it. It is not listed request by request."""
    async with running_desk(sqlite_url, slack, DIGESTS) as bot:
        await bot.ask()
        await bot.ask()
        home = await opened(slack, "U0ALICE", "2 requests for the next message of hourly")
        assert "Approve" not in words_of(home.blocks)
        await gathered(bot)
        home = await home_of(slack, "U0ALICE", "2 requests in hourly", "clear them there")
        assert "/archives/" in str(home.blocks)


async def test_who_is_on_call_is_said(sqlite_url: str, slack: SlackStandIn) -> None:
    """Now and next of the groups that one takes turns in; besides, in which one is always asked."""
    async with running_desk(sqlite_url, slack, the_policy(SystemRuntime().now())) as bot:
        home = await opened(slack, "U0CAROL", "On call")
        shown = words_of(home.blocks)
        assert shown.index("turns") < shown.index("now <@U0CAROL>") < shown.index("<@U0DAN>")
        await bot.ask()
        await home_of(slack, "U0CAROL", "1 request waits for you", "Nobody else can decide this")
        assert "always asked in" in words_of((await opened(slack, "U0ALICE", "On call")).blocks)


async def test_what_is_parked_and_overdue_is_listed(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Out of the way of what waits."""
    case = await gates.ask("deploy_site", payload={})
    gates.runtime.ahead = timedelta(hours=3)
    await decide.tick(gates.desk, case.id, gates.runtime.now())
    home = await opened(slack, "U0ALICE", "Nothing waits for you", "Parked")
    assert "/hitl queue parked" in words_of(home.blocks)


async def test_what_came_of_a_decision_is_shown(bot: RunningDesk, slack: SlackStandIn) -> None:
    """As the agent says it, soon after it does."""
    case = await bot.ask()
    await opened(slack, "U0ALICE", "1 request waits")
    await decide.vote(bot.desk, case.id, ALICE, Choice.APPROVE, case.sight)
    await home_of(slack, "U0ALICE", "Decided by you this week: 1")
    paid = Reported(OutcomeStatus.SUCCEEDED, "Paid, tx 5521")
    await follow_up.report(bot.desk, bot.agent, case.id, paid)
    await home_of(slack, "U0ALICE", "Done: Paid, tx 5521")


async def test_who_handed_it_over_reads_who_took_it(sqlite_url: str, slack: SlackStandIn) -> None:
    """A group that is asked now, then a person: the last of them."""
    async with running_desk(sqlite_url, slack, ESCALATING) as bot:
        case = await bot.ask()
        await opened(slack, "U0ALICE", "1 request waits for you")
        for place, (to, named) in enumerate(((Handing(group=SUPPORT), "support"), (Handing(BOB.id), "bob"))):
            handed = await attention.hand_over(bot.desk, case.id, ALICE, to, f"submit:{place}")
            assert handed.answer.refused is None
            await home_of(slack, "U0ALICE", f"you handed it over to {named};")

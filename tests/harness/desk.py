"""A whole desk in this process, with a stand-in Slack: what a test of a door or of a story needs around it.

async with SlackStandIn() as slack, running_desk(url, slack) as bot:
    case = await bot.ask(payload={"amount": 750})
    card = await bot.card(case.id)
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    assert (await bot.decided(case.id)).status is Status.APPROVED
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from approvals import policy
from approvals.model import Case
from approvals.policy import Policy
from approvals.words import AgentName, Instant, RequestId, Status
from bot.desk.desk import Desk
from bot.desk.submit import Draft, submit
from bot.runtime import SystemRuntime
from bot.slack.connection import TIMEOUT
from bot.slack.service import SlackSide, Workspace, slack_side
from sandbox.server import SlackStandIn
from sandbox.workspace import Message
from scheduler.courier import Courier
from store import agents, cards, cases, facts
from store.agents import Agent
from store.cards import CardRef
from store.engine import Store
from store.unit_of_work import Committed, Unit

#: Alice and Bob direct, by their user group; a refund needs both or one of them.
POLICY = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  directors: {usergroup: S0DIRECTORS}
  support: {users: [U0CAROL, U0DAN]}
risk:
  levels: {medium: [issue_refund, "pair_*"], low: ["note_*"]}
rules:
  - name: pairs
    when: "action.startsWith('pair_')"
    gate: hard
    ask: directors
    quorum: 2
    steps: [{after: 4h, do: expire}]
  - name: notes
    when: "action.startsWith('note_')"
    gate: auto
    ask: directors
    steps: [{after: 4h, do: expire}]
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: directors
    title: "Refund {{ payload.amount }} {{ payload.currency }} to {{ payload.customer }}"
    form: {amount: {type: number, maximum: 5000}}
    steps: [{after: 4h, do: expire}]
default: {gate: hard, ask: support, steps: [{after: 4h, do: expire}]}
"""


class MovableRuntime(SystemRuntime):
    """The machine's clock, ahead by as much as a test says."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> Instant:
        """See `Runtime`."""
        return super().now() + self.ahead


@dataclass
class Shelf:
    """A policy that a test can replace."""

    current: Policy


@dataclass
class RunningDesk:
    """The bot, running."""

    desk: Desk
    side: SlackSide
    courier: Courier
    agent: Agent
    slack: SlackStandIn
    runtime: MovableRuntime
    shelf: Shelf
    _committed: asyncio.Event

    @property
    def store(self) -> Store:
        """Its store."""
        return self.desk.store

    async def ask(self, action: str = "issue_refund", **fields: Any) -> Case:
        """What an agent's POST comes to; a refund of 750 EUR unless told otherwise."""
        payload = {"amount": 750, "currency": "EUR", "customer": "ACME GmbH"}
        draft = Draft({"action": action, "payload": payload, **fields})
        return (await submit(self.desk, self.agent, draft, None)).case

    async def case(self, request: RequestId) -> Case:
        """The request as it is stored now."""
        found = await self.store.read(lambda unit: cases.load(unit, request))
        if found is None:
            raise LookupError(f"{request} is not stored")
        return found

    async def story(self, request: RequestId) -> list[str]:
        """The kinds of its facts, in order."""
        chain = await self.store.read(lambda unit: facts.chain(unit, request))
        return [str(fact.kind) for fact in chain]

    async def ref(self, request: RequestId) -> CardRef | None:
        """Where the card is, as the bot knows it."""
        return await self.store.read(lambda unit: cards.of(unit, request))

    async def card(self, request: RequestId, containing: str = "") -> Message:
        """Its card in Slack, once the bot knows where it is and these words stand in its text."""
        ref = await self.stored(lambda unit: cards.of(unit, request))

        def shown() -> Message | None:
            message = self.slack.workspace.channels[ref.channel].messages.get(ref.ts)
            return message if message is not None and containing in message.text else None

        found = await self.slack.until(shown)
        if found is None:
            raise LookupError(f"{request} is not shown")
        return found

    async def decided(self, request: RequestId) -> Case:
        """The case, once it is final."""

        def final(unit: Unit) -> Case | None:
            case = cases.load(unit, request)
            return case if case is not None and case.status is not Status.PENDING else None

        found: Case = await self.stored(final)
        return found

    async def stored(self, look: Callable[[Unit], Any], within: float = 5.0) -> Any:
        """What `look` finds in the store, once it finds something; looked for after each commit."""
        async with asyncio.timeout(within):
            while True:
                self._committed.clear()
                found = await self.store.read(look)
                if found:
                    return found
                await self._committed.wait()

    async def eventually(self, happened: Callable[[], bool], within: float = 5.0) -> None:
        """For what neither a commit nor the stand-in announces: looked at again and again."""
        async with asyncio.timeout(within):
            while not happened():  # noqa: ASYNC110  # there is no event: that is what this is for
                await asyncio.sleep(0.01)

    def cards_in(self, channel: str = "C0APPROVALS") -> list[Message]:
        """The messages with a card's metadata in a channel."""
        return [each for each in self.slack.messages(channel) if _is_card(each)]


def _is_card(message: Message) -> bool:
    return (message.metadata or {}).get("event_type") == "hitl_card"


@asynccontextmanager
async def running_desk(
    database_url: str,
    slack: SlackStandIn,
    policy_text: str = POLICY,
    *,
    socket_mode: bool = False,
    carrying: bool = True,
    timeout_seconds: float = TIMEOUT,
) -> AsyncIterator[RunningDesk]:
    """A bot on this database and this Slack, over HTTP or Socket Mode. Stops as SIGTERM would have it.

    Without `carrying`, what is in the outbox stays there until a test calls `courier.run_once`.
    """
    runtime = MovableRuntime()
    shelf = Shelf(policy.load(policy_text, "hitl.yml"))
    store = await Store.open(database_url)
    committed = asyncio.Event()

    def heard(_commit: Committed) -> None:
        committed.set()

    store.on_commit(heard)
    workspace = Workspace(
        api_url=slack.api_url,
        bot_token=slack.bot_token,
        signing_secret=slack.signing_secret,
        app_token=slack.app_token if socket_mode else None,
        host="127.0.0.1",
        port=0,
        timeout_seconds=timeout_seconds,
    )
    try:
        async with slack_side(workspace, store, shelf, runtime) as side:
            agent = await _register(store, runtime)
            courier = Courier(
                store, side.senders, runtime, probe=side.probe, alarm=side.alarm, resumed=side.resumed
            )
            bot = RunningDesk(side.desk, side, courier, agent, slack, runtime, shelf, committed)
            async with _running(bot, socket_mode, carrying):
                yield bot
    finally:
        await store.close()


@asynccontextmanager
async def _running(bot: RunningDesk, socket_mode: bool, carrying: bool) -> AsyncIterator[None]:
    stop = asyncio.Event()
    address = await bot.side.open()
    bot.slack.deliver_to(None if socket_mode else address)
    if socket_mode:
        await bot.slack.connected()
    courier = asyncio.create_task(bot.courier.run(stop)) if carrying else None
    try:
        yield
    finally:
        await bot.side.stop_intake()
        stop.set()
        if courier is not None:
            await courier
        await bot.side.close()


async def _register(store: Store, runtime: MovableRuntime) -> Agent:
    agent = Agent(
        name=AgentName("billing-agent"),
        token_hash="0" * 64,
        webhook_secret="whsec_MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw",
        callback_url=None,
        callback_hosts=(),
        actions=(),
        created_at=runtime.now(),
        revoked_at=None,
        last_seen=None,
    )

    def registering(unit: Unit) -> None:
        if agents.get(unit, agent.name) is None:
            agents.add(unit, agent)

    await store.write(registering)
    return agent

"""The day itself: a house with three agents, a clock that is moved on, how each request has to end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.app import Bot
from sandbox.server import SlackStandIn
from sandbox.words import words_of
from sandbox.workspace import Message
from tests.harness.agent import Agent, Heard, agent
from tests.harness.desk import MovableRuntime
from tests.harness.house import House, house, is_card_of, page
from tests.stories.a_day.hands import Hands
from tests.stories.a_day.policy import POLICY
from tests.stories.digests import bot_in

AGENTS = ("billing-agent", "press-agent", "ops-agent")


@dataclass(frozen=True, slots=True)
class End:
    """How a request has to have ended when the day is over."""

    status: str
    via: str
    by: tuple[str, ...] = ()


@dataclass
class Day:
    """Everybody and everything, from the morning to the evening."""

    one: House
    agents: dict[str, Agent]
    clock: MovableRuntime
    hands: Hands
    #: When the day began; tomorrow, so that no step falls before now.
    midnight: datetime
    #: Requests by what the script calls them: their ids, and who asked.
    ids: dict[str, str] = field(default_factory=dict)
    whose: dict[str, str] = field(default_factory=dict)
    #: By request id.
    ends: dict[str, End] = field(default_factory=dict)
    _bot: Bot | None = None
    _running: AsyncExitStack = field(default_factory=AsyncExitStack)
    #: How many of the messages that only somebody sees the script has taken note of.
    _seen: dict[str, int] = field(default_factory=dict)

    @property
    def slack(self) -> SlackStandIn:
        """The workspace."""
        return self.one.slack

    @property
    def bot(self) -> Bot:
        """The running bot."""
        assert self._bot is not None
        return self._bot

    async def start(self) -> None:
        """Start the bot."""
        self._bot = await self._running.enter_async_context(bot_in(self.one, self.clock))

    async def stop(self) -> None:
        """Stop it, as SIGTERM would; from then on nobody answers at its addresses."""
        await self._running.aclose()
        self.one.api.target = self.one.door.target = None
        self._running, self._bot = AsyncExitStack(), None

    async def at(self, hour: int, minute: int = 0) -> None:
        """Move the clock on, and have everybody notice."""
        await self._move(self.midnight + timedelta(hours=hour, minutes=minute))

    async def until_due(self, name: str) -> None:
        """Move it to the moment of a request's last step: what comes much later counts as a time away."""
        await self._move(datetime.fromisoformat((await self.look(name))["due_at"]))

    async def _move(self, then: datetime) -> None:
        if self._bot is not None:
            await self._nothing_in_hand()
        for each in self.agents.values():
            await each.idle()
        on = then - self.clock.now()
        assert on > timedelta(), f"it is later than {then} already"
        self.clock.ahead += on
        if self._bot is None:
            return
        # It would notice within five seconds of ours, its own having been an hour.
        for worker in self._bot.clock._workers:
            worker.bell.set()
        self._bot.courier.wake()
        # People are asked about every minute; a day of jumps would find all that is known of them old.
        self._bot.side.people.wake()

    async def _nothing_in_hand(self) -> None:
        """No lease may run out because of a clock that jumps: that is not what the day is about."""
        async with asyncio.timeout(10):
            while self.bot.courier.in_hand:  # noqa: ASYNC110  # nothing announces it
                await asyncio.sleep(0.01)

    # Agents

    async def ask(self, name: str, who: str = "billing", **fields: Any) -> dict[str, Any]:
        """An agent asks; the script calls the request `name` from then on."""
        asking = self.agents[f"{who}-agent"]
        told = await asking.ask(**fields)
        self.ids[name], self.whose[told["id"]] = told["id"], asking.name
        return told

    def agent_of(self, name: str) -> Agent:
        """Who asked."""
        return self.agents[self.whose[self.ids[name]]]

    async def look(self, name: str) -> dict[str, Any]:
        """A request as its agent sees it."""
        return await self.agent_of(name).look(self.ids[name])

    async def hears(self, name: str, kind: str) -> Heard:
        """The first callback of a kind about a request, once its agent has it."""
        return await self.agent_of(name).hears(self.ids[name], kind)

    async def ended(self, name: str, status: str, *by: str, via: str = "human") -> dict[str, Any]:
        """The decision, once the agent has it; it is this one, and has to be so in the evening, too."""
        request = self.ids[name]
        assert request not in self.ends, f"{name} ended already"
        self.ends[request] = End(status, via, by)
        heard = await self.hears(name, "request.decided")
        decision: dict[str, Any] = heard.data["decision"]
        said = (heard.data["status"], decision["via"], tuple(each["id"] for each in decision["by"]))
        assert said == (status, via, by), (name, said, decision)
        return decision

    # Slack

    async def card(self, name: str, *words: str) -> Message:
        """A request's card, once all these words stand on it and the bot knows where it is."""
        card = await self.one.card(self.ids[name], *words)
        async with asyncio.timeout(10):
            while (await self.look(name))["slack"] is None:  # noqa: ASYNC110  # nothing announces it
                await asyncio.sleep(0.02)
        return card

    async def told(self, user: str, *words: str) -> Message:
        """The next message that only somebody sees, with these words: the answer to what they did."""

        def found() -> Message | None:
            fresh = self.slack.ephemerals(user)[self._seen.get(user, 0) :]
            return next((each for each in fresh if all(word in page(each) for word in words)), None)

        answer = await self.slack.until(found)
        assert answer is not None
        self._seen[user] = self.slack.ephemerals(user).index(answer) + 1
        return answer

    async def in_thread(self, card: Message, *words: str) -> Message:
        """What stands in a card's thread, once it does."""

        def found() -> Message | None:
            replies = self.slack.thread(card.channel, card.ts)
            return next((each for each in replies if all(word in page(each) for word in words)), None)

        reply = await self.slack.until(found)
        assert reply is not None
        return reply

    async def at_home(self, user: str, *words: str) -> None:
        """Wait until these words stand in somebody's home tab."""

        def reads() -> bool:
            home = self.slack.home(user)
            return home is not None and all(each in words_of(home.blocks) for each in words)

        await self.slack.until(reads)

    def every_message(self) -> list[Message]:
        """All that stands in Slack for more than one person, and in direct messages."""
        return [m for channel in self.slack.workspace.channels.values() for m in channel.messages.values()]

    def cards(self) -> list[Message]:
        """Every card."""
        return [each for each in self.every_message() if is_card_of(each, "req_")]


@asynccontextmanager
async def a_day(
    url: str, credentials: dict[str, str], folder: Path, hands: Callable[[SlackStandIn], Hands]
) -> AsyncIterator[Day]:
    """Everybody is there, with these hands; the bot is not yet started."""
    policy = folder / "hitl.yml"
    policy.write_text(POLICY)
    clock = MovableRuntime()
    midnight = clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(1)
    slack = SlackStandIn()
    slack.workspace.clock = lambda: clock.now().timestamp()
    async with AsyncExitStack() as stack:
        one = await stack.enter_async_context(house(url, credentials, policy, slack=slack, started=False))
        agents = {one.agent.name: one.agent}
        for name in AGENTS[1:]:
            told = await one.hitl("agent", "add", name, "--callback-host", "127.0.0.1", "--json")
            agents[name] = await stack.enter_async_context(agent(json.loads(told)))
        for each in agents.values():
            each.api, each.any_time = one.agent.api, True
        made = hands(slack)
        day = Day(one, agents, clock, made, midnight)
        stack.push_async_callback(day.stop)
        yield day

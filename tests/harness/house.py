"""All of it: a Slack workspace, an agent, a database, and `hitl serve` in a process that can be killed.

async with house(url, credentials) as all_of_it:
    asked = await all_of_it.agent.ask()
    card = await all_of_it.card(asked["id"])
    await all_of_it.slack.click("U0ALICE", card.channel, card.ts, "Approve")
    await all_of_it.agent.hears(asked["id"])
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import aiohttp
from click.testing import CliRunner

from bot.__main__ import main
from sandbox.server import SlackStandIn
from sandbox.words import clickables, words_of_message
from sandbox.workspace import Message
from tests.harness.agent import Agent, agent
from tests.harness.process import POLICY, Served, environment, serve
from tests.harness.wire import Wire, wire

_CALLING = threading.Lock()
#: The words of every button that decides.
DECIDING = {"Approve", "Edit", "Reject"}


@dataclass
class House:
    """What a story happens in."""

    slack: SlackStandIn
    agent: Agent
    env: dict[str, str]
    #: what the agent, and what Slack, call the bot over; its address stays while the bot comes and goes
    api: Wire
    door: Wire
    _bot: Served | None = None
    _up: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def bot(self) -> Served:
        """The running bot."""
        assert self._bot is not None
        return self._bot

    async def start(self) -> Served:
        """Start the bot, and let everybody reach it."""
        self._bot = await serve(self.env)
        self.lead_to(self._bot.api, self._bot.slack)
        if self._bot.slack == "socket":
            await self.slack.connected()
        self._up.set()
        return self._bot

    def lead_to(self, api: str, slack: str) -> None:
        """Let everybody reach the bot that printed these addresses."""
        self.api.mute = self.door.mute = False
        self.api.lead_to(api)
        if slack.startswith("http"):
            self.door.lead_to(slack)
        self.slack.deliver_to(
            f"http://127.0.0.1:{self.door.port}/slack/events" if slack.startswith("http") else None
        )

    async def kill(self) -> None:
        """`kill -9`."""
        self._up.clear()
        self.api.target = self.door.target = None
        await self.bot.kill()

    async def is_up(self) -> None:
        """Wait until the bot runs."""
        await self._up.wait()

    async def hitl(self, *words: str) -> str:
        """A command's stdout; it has to end with 0."""
        code, out = await asyncio.to_thread(_called, self.env, words)
        assert code == 0, (words, out)
        return out

    async def facts(self, request: str) -> list[str]:
        """The kinds of a request's facts, in order, as `hitl audit export` has them."""
        lines = (await self.hitl("audit", "export")).splitlines()
        return [fact["kind"] for fact in map(json.loads, lines) if fact["request"] == request]

    def cards(self, request: str) -> list[Message]:
        """The messages in all of Slack that are this request's card, copies too."""
        every = [m for channel in self.slack.workspace.channels.values() for m in channel.messages.values()]
        return [message for message in every if is_card_of(message, request)]

    async def card(self, request: str, *words: str, within: float = 10) -> Message:
        """The one card of a request, once all these words can be read on it."""

        def shown() -> Message | None:
            fitting = [each for each in self.cards(request) if all(word in page(each) for word in words)]
            return fitting[0] if fitting else None

        found = await self.slack.until(shown, within=within)
        assert found is not None
        return found

    async def settled_card(self, request: str, within: float = 10) -> Message:
        """The card, once the bot has recorded where it is: what an agent is told as `slack`."""
        card = await self.card(request, within=within)
        async with asyncio.timeout(within):
            while (await self.agent.look(request))["slack"] is None:  # noqa: ASYNC110  # nothing announces it
                await asyncio.sleep(0.02)
        return card

    async def modal(self, user: str, card: Message, words: str) -> dict[str, str]:
        """Click what opens a modal: the block ids of its inputs, by their labels."""
        answer = await self.slack.click(user, card.channel, card.ts, words)
        assert answer.acknowledged, answer.error
        view = await self.slack.view_of(user, words)
        return {b["label"]["text"]: b["block_id"] for b in view.blocks if b["type"] == "input"}

    async def reject(self, user: str, card: Message, why: str) -> None:
        """Click *Reject*, and say why."""
        await self.modal(user, card, "Reject")
        answer = await self.slack.submit(user, {"reason": why})
        assert (answer.acknowledged, answer.errors, answer.view) == (True, {}, None), answer

    async def get(self, path: str) -> tuple[int, str]:
        """A call without a token: status and body."""
        async with aiohttp.ClientSession() as http, http.get(self.agent.api + path) as answer:
            return answer.status, await answer.text()

    async def metric(self, name: str) -> float:
        """A number of /metrics; the sum where it has labels."""
        _, text = await self.get("/metrics")
        found = re.findall(rf"^{re.escape(name)}(?:{{[^}}]*}})? (\S+)$", text, re.MULTILINE)
        assert found, f"there is no {name}"
        return sum(map(float, found))

    async def nothing_left(self, within: float = 20) -> None:
        """Wait until the outbox is empty: a result is recorded a moment after it shows."""
        async with asyncio.timeout(within):
            while await self.metric("hitl_outbox_waiting") > 0:  # noqa: ASYNC110  # nothing announces it
                await asyncio.sleep(0.05)
        assert await self.metric("hitl_outbox_dead") == 0

    async def ready(self) -> tuple[int, str]:
        """What /readyz says."""
        status, text = await self.get("/readyz")
        told: dict[str, Any] = json.loads(text)
        return status, str(told.get("detail", told.get("status")))


def _called(env: dict[str, str], words: tuple[str, ...]) -> tuple[int, str]:
    # In this process, as starting one costs more than all the rest; one at a time, as click's runner swaps
    # the environment and the streams of the whole process.
    with _CALLING:
        told = CliRunner().invoke(main, words, env=env)
    return told.exit_code, told.output


def is_card_of(message: Message, request: str) -> bool:
    """Whether a message is a request's card, by the metadata that the bot put there."""
    told = message.metadata or {}
    return told.get("event_type") == "hitl_card" and request in json.dumps(told.get("event_payload"))


def page(message: Message) -> str:
    """All that can be read of a message: what a phone shows, and its blocks."""
    return f"{message.text}\n{words_of_message(message)}"


def buttons(message: Message, user: str = "U0ALICE") -> set[str]:
    """The words that this person can click on a message."""
    return {each.words for each in clickables(message.all_blocks(), user) if each.words}


@asynccontextmanager
async def house(
    database_url: str,
    credentials: dict[str, str],
    policy: Path = POLICY,
    *,
    slack: SlackStandIn | None = None,
    socket_mode: bool = False,
    started: bool = True,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> AsyncIterator[House]:
    """A house with its bot started. `settings` are environment variables of the bot."""
    async with (
        slack or SlackStandIn() as workspace,
        agent(credentials) as asking,
        wire() as api,
        wire() as door,
    ):
        env = environment(workspace, database_url, policy) | dict(settings)
        if socket_mode:
            env["SLACK_APP_TOKEN"] = workspace.app_token
        asking.api = f"http://127.0.0.1:{api.port}"
        one = House(workspace, asking, env, api, door)
        try:
            if started:
                await one.start()
            yield one
        finally:
            if one._bot is not None:
                await one._bot.kill()
                # pytest shows it where the story failed. Not into the output of a command that just runs.
                with _CALLING:
                    sys.stdout.write("".join(one._bot.log[-60:]))

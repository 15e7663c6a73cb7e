"""What the story is played on: the stand-in Slack in this process, the bot and the agents beside it."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from aiohttp import ClientSession, ClientTimeout

from demo.children import Child, Children
from demo.tap import Tap, tapping
from sandbox.server import SlackStandIn

Json: TypeAlias = dict[str, Any]

#: The demo's policy.
POLICY = Path(__file__).with_name("hitl.yml")
#: Each agent's module, and what its token is for.
AGENTS = {
    "refund-agent": ("demo.agents.refunds", ["issue_refund"]),
    "mail-agent": ("demo.agents.mails", ["send_email"]),
    "cleanup-agent": ("demo.agents.cleanup", ["search_*", "delete_*"]),
}
#: Calls to our own processes on loopback, in seconds.
_PATIENCE = ClientTimeout(total=10.0)


@dataclass(frozen=True, slots=True)
class Agent:
    """A sample agent that runs."""

    name: str
    url: str
    token: str = field(repr=False)
    webhook_secret: str = field(repr=False)


@dataclass(slots=True)
class Stage:
    """Everything that runs."""

    slack: SlackStandIn
    http: ClientSession
    children: Children
    folder: Path
    tap: Tap
    bot: Child | None = None
    #: the agents' endpoint, without a slash at the end
    api: str = ""
    agents: dict[str, Agent] = field(default_factory=dict)

    async def start_bot(self) -> None:
        """Start the bot, and wait until it is ready; the second time where it was at first.

        Raises `ChildFailed`.
        """
        port = self.api.rpartition(":")[2] or "0"
        self.bot = await self.children.start(
            "bot", "bot", "serve", env={**self.environment, "HITL_API_PORT": port}
        )
        ready = await self.bot.line("ready ")
        self.api = ready.split()[1].removeprefix("api=")
        await self.slack.connected(within=10.0)

    async def kill_bot(self) -> None:
        """End the bot as a power cut would, and wait until Slack noticed."""
        if self.bot is not None:
            await self.bot.kill()
        await self.slack.until(lambda: not self.slack.sockets.open)

    async def start_agent(self, name: str) -> None:
        """Register an agent as an operator would, and start it. Raises `ChildFailed`."""
        module, actions = AGENTS[name]
        scope = [word for action in actions for word in ("--action", action)]
        callbacks = self.tap.url_for(name)
        added = await self.hitl(
            *("agent", "add", name, "--callback-host", "127.0.0.1", "--callback-url", callbacks, *scope),
            "--json",
        )
        told = json.loads(added)
        env = {
            "HITL_URL": self.api,
            "HITL_CALLBACK_URL": callbacks,
            "HITL_TOKEN": told["token"],
            "HITL_WEBHOOK_SECRET": told["webhook_secret"],
        }
        child = await self.children.start(name, module, env=env)
        ready = await child.line("ready ")
        self.agents[name] = Agent(name, ready.split()[1], told["token"], told["webhook_secret"])
        self.tap.agents[name] = self.agents[name].url

    async def hitl(self, *words: str) -> str:
        """Run the command `hitl …`; its stdout. Raises `ChildFailed` unless it exits 0."""
        return await self.children.run(f"hitl-{'-'.join(words[:3])}", "bot", *words, env=self.environment)

    async def world(self, agent: str) -> Json:
        """An agent's little world, as it is now."""
        return await self._json("GET", f"{self.agents[agent].url}/world")

    async def happens(self, agent: str, path: str, **what: Any) -> Json:
        """Something happens to an agent; what it has to say about it."""
        return await self._json("POST", self.agents[agent].url + path, json=what)

    async def request(self, agent: str, id_: str) -> Json:
        """A request, as its agent sees it."""
        return await self._asked(agent, f"/v1/requests/{id_}")

    async def pending(self, agent: str) -> int:
        """How many of an agent's requests wait for people."""
        return len((await self._asked(agent, "/v1/requests?status=pending"))["items"])

    async def waiting(self) -> float:
        """How much is in the outbox, dead letters included, by `GET /metrics`."""
        async with self.http.get(f"{self.api}/metrics", raise_for_status=True) as answer:
            lines = (await answer.text()).splitlines()
        counted = ("hitl_outbox_waiting{", "hitl_outbox_dead ")
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(counted))

    async def _asked(self, agent: str, path: str) -> Json:
        bearer = {"Authorization": f"Bearer {self.agents[agent].token}"}
        return await self._json("GET", self.api + path, headers=bearer)

    async def _json(self, verb: str, url: str, **how: Any) -> Json:
        async with self.http.request(verb, url, raise_for_status=True, **how) as answer:
            told: Json = await answer.json()
            return told

    @property
    def environment(self) -> dict[str, str]:
        """What a newcomer would set for a workspace of their own, and for a database that may vanish."""
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "HITL_SLACK_API_URL": self.slack.api_url,
            "HITL_DATABASE_URL": f"sqlite+aiosqlite:///{self.folder / 'hitl.db'}",
            "HITL_CONFIG": str(self.folder / "hitl.yml"),
        }


@asynccontextmanager
async def stage(policy: Path = POLICY, *, port: int = 0) -> AsyncIterator[Stage]:
    """The stand-in Slack in a temporary folder's company; whatever was started has ended when it is left.

    `port` is where its page is, 0 for a free one. Raises OSError when it is taken.
    """
    with tempfile.TemporaryDirectory(prefix="hitl-demo-") as name:
        folder = Path(name)
        shutil.copy(policy, folder / "hitl.yml")
        children = Children(folder)
        async with (
            SlackStandIn(port=port) as slack,
            ClientSession(timeout=_PATIENCE) as http,
            tapping(http, slack.beside) as tap,
        ):
            try:
                yield Stage(slack, http, children, folder, tap)
            finally:
                await children.end()


async def raise_curtain(here: Stage) -> None:
    """Start the bot, and then the agents, all at once. Raises `ChildFailed`."""
    await here.start_bot()
    try:
        async with asyncio.TaskGroup() as together:
            for name in AGENTS:
                together.create_task(here.start_agent(name), name=name)
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed

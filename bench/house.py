"""What is measured, each in a process of its own: the bot, the stand-in Slack, the floors, the databases."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sqlite3
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
import asyncpg

from bench.loads import Wrong
from sandbox.client import SlackRemote
from tests.harness.databases import DURABLE, postgres
from tests.harness.process import POLICY, Served, environment, hitl, registered, serve

#: Calls a second; the limit is not what is measured.
_NO_LIMIT = "1000000"
#: Seconds for the courier to empty its outbox.
_TO_DRAIN = 180.0


class Databases:
    """A fresh database of either kind each time, and a look into it. Durable: a commit is on the disk."""

    kind = ""

    def fresh(self) -> str:
        """The URL of an empty database."""
        raise NotImplementedError

    def floor(self) -> tuple[str, str]:
        """What `bench.floors` is started with for this kind."""
        raise NotImplementedError

    async def rows(self, url: str, query: str) -> list[tuple[Any, ...]]:
        """What `query` finds in a database."""
        raise NotImplementedError


class Sqlite(Databases):
    """Files in a directory."""

    kind = "SQLite"

    def __init__(self, home: Path) -> None:
        self._home = home
        self._numbers = count()

    def fresh(self) -> str:
        """See `Databases`."""
        return f"sqlite+aiosqlite:///{self._home / f'hitl{next(self._numbers)}.db'}"

    def floor(self) -> tuple[str, str]:
        """See `Databases`."""
        return "sqlite", str(self._home / f"floor{next(self._numbers)}.db")

    async def rows(self, url: str, query: str) -> list[tuple[Any, ...]]:
        """See `Databases`."""
        connection = sqlite3.connect(url.removeprefix("sqlite+aiosqlite:///"))
        try:
            return connection.execute(query).fetchall()
        finally:
            connection.close()


class Postgres(Databases):
    """Databases of a server of its own, with `fsync` and `synchronous_commit` on."""

    kind = "PostgreSQL"

    def __init__(self, fresh: Any) -> None:
        self._fresh = fresh

    def fresh(self) -> str:
        """See `Databases`."""
        return str(self._fresh())

    def floor(self) -> tuple[str, str]:
        """See `Databases`."""
        return "postgresql", self.fresh()

    async def rows(self, url: str, query: str) -> list[tuple[Any, ...]]:
        """See `Databases`."""
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()


@contextmanager
def sqlite_files() -> Iterator[Databases]:
    """SQLite, in a temporary directory."""
    with TemporaryDirectory(prefix="bench") as home:
        yield Sqlite(Path(home))


@contextmanager
def postgres_server() -> Iterator[Databases]:
    """PostgreSQL, started for this."""
    with postgres(DURABLE) as server:
        yield Postgres(server.empty)


@dataclass(slots=True)
class House:
    """A bot that serves, its Slack, and an agent that may ask it."""

    bot: Served
    slack: SlackRemote
    databases: Databases
    database_url: str
    token: str
    signing_secret: str

    @property
    def headers(self) -> dict[str, str]:
        """What an agent's requests carry."""
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}

    async def count(self, query: str) -> int:
        """The one number that `query` asks of the bot's database."""
        return int((await self.rows(query))[0][0])

    async def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What `query` finds in the bot's database."""
        return await self.databases.rows(self.database_url, query)

    async def metric(self, name: str) -> float | None:
        """A number of /metrics, the sum where it has labels; None while the bot cannot say."""
        async with aiohttp.ClientSession() as http, http.get(f"{self.bot.api}/metrics") as answer:
            found = re.findall(
                rf"^{re.escape(name)}(?:{{[^}}]*}})? (\S+)$", await answer.text(), re.MULTILINE
            )
        return sum(map(float, found)) if found else None

    async def ask(self) -> str:
        """One request; its id."""
        async with (
            aiohttp.ClientSession(headers=self.headers) as http,
            http.post(f"{self.bot.api}/v1/requests", data=REFUND) as answer,
        ):
            if answer.status != 201:
                raise Wrong(f"a request was answered with {answer.status}")
            return str((await answer.json())["id"])

    async def slack_shuts(self) -> None:
        """Slack refuses the bot's token: from now on the courier rests, and cards wait in the outbox."""
        await self.slack.act("token", refused="token_revoked")
        await self.ask()
        async with asyncio.timeout(_TO_DRAIN):
            while (await self._readiness()) == 200:  # noqa: ASYNC110  # in another process
                await asyncio.sleep(0.05)

    async def slack_is_busy(self) -> None:
        """Slack answers 429, to every call about a channel, and wants the next one in an hour."""
        await self.slack.act("fault", kind="ratelimited", method="chat.*", times=None, retry_after=3600)

    async def drained(self) -> None:
        """Wait until everything in the outbox was sent."""
        async with asyncio.timeout(_TO_DRAIN):
            while await self.metric("hitl_outbox_waiting") != 0:  # noqa: ASYNC110  # the same
                await asyncio.sleep(0.1)
        if dead := await self.metric("hitl_outbox_dead"):
            raise Wrong(f"{dead:g} dead letters")

    async def _readiness(self) -> int:
        async with aiohttp.ClientSession() as http, http.get(f"{self.bot.api}/readyz") as answer:
            return answer.status


#: What an agent posts: held by the rule `refunds` of the demo's policy, with all that a card shows.
REFUND = json.dumps(
    {
        "action": "issue_refund",
        "payload": {"amount": 750, "currency": "EUR", "customer": "ACME GmbH", "reason": "goodwill"},
        "reasoning": "Arrived broken, photo attached. Customer for three years, first refund.",
        "context": [{"label": "Order", "value": "8821"}, {"label": "Ticket", "value": "Z-4711"}],
        "effects": {"approve": "The refund is paid at once.", "reject": "The customer hears from a person."},
        "confidence": 0.92,
        "run_id": "run-1",
    }
).encode()


@asynccontextmanager
async def house(databases: Databases, **settings: str) -> AsyncIterator[House]:
    """`hitl serve` on a fresh database, before a stand-in Slack without limits.

    `settings` are for its environment.
    """
    url = databases.fresh()
    async with (
        _program("-m", "sandbox") as slack_process,
        SlackRemote(await _slack_url(slack_process)) as slack,
    ):
        told = await slack.look("settings")
        env = environment(None, url, POLICY) | {
            "SLACK_BOT_TOKEN": told["bot_token"],
            "SLACK_SIGNING_SECRET": told["signing_secret"],
            "HITL_SLACK_API_URL": told["api_url"],
            "HITL_RATE_LIMIT": _NO_LIMIT,
            **settings,
        }
        code, _, err = await hitl(env, "db", "upgrade")
        if code != 0:
            raise Wrong(err)
        agent = await registered(env, "bench")
        bot = await serve(env)
        try:
            yield House(bot, slack, databases, url, agent["token"], told["signing_secret"])
            if bot.process.returncode is not None:
                raise Wrong(f"the bot ended by itself:\n{''.join(bot.log[-20:])}")
        finally:
            await bot.stop()


async def _slack_url(process: Process) -> str:
    assert process.stdout is not None
    while line := (await process.stdout.readline()).decode():
        if line.startswith("export HITL_SLACK_API_URL="):
            return line.split("=", 1)[1].strip().removesuffix("/api/")
    raise Wrong("the stand-in Slack did not start")


@asynccontextmanager
async def floor(kind: str, what: str) -> AsyncIterator[str]:
    """A floor of `bench.floors`; its address."""
    async with _program("-m", "bench.floors", kind, what) as process:
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        if not line.startswith("ready "):
            raise Wrong(f"the floor {kind} did not start")
        yield line.split()[1]


@asynccontextmanager
async def _program(*words: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, *words, stdout=PIPE)
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()

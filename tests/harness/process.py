"""The bot as an operator runs it: `hitl serve` in a process of its own, to be killed at any moment."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from sandbox.server import SlackStandIn

POLICY = Path(__file__).parents[2] / "demo" / "hitl.yml"


def environment(slack: SlackStandIn | None, database_url: str, policy: Path = POLICY) -> dict[str, str]:
    """What `hitl` reads: ports that are free, Slack the stand-in, over HTTP."""
    told = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("HITL_", "SLACK_"))},
        "HITL_DATABASE_URL": database_url,
        "HITL_CONFIG": str(policy),
        "HITL_API_PORT": "0",
        "HITL_SLACK_HOST": "127.0.0.1",
        "HITL_SLACK_PORT": "0",
        "PYTHONUNBUFFERED": "1",
    }
    if slack is not None:
        told |= {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_SIGNING_SECRET": slack.signing_secret,
            "HITL_SLACK_API_URL": slack.api_url,
        }
    return told


async def hitl(env: Mapping[str, str], *words: str) -> tuple[int, str, str]:
    """Run a command to its end: exit code, stdout, stderr."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", *words, env=dict(env), stdout=PIPE, stderr=PIPE
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def registered(env: Mapping[str, str], name: str, *options: str) -> dict[str, str]:
    """`hitl agent add`: its name, token and webhook secret."""
    code, out, err = await hitl(env, "agent", "add", name, *options, "--json")
    assert code == 0, err
    told: dict[str, str] = json.loads(out)
    return told


@dataclass
class Served:
    """A running `hitl serve`."""

    process: Process
    api: str
    slack: str
    #: stderr so far
    log: list[str] = field(default_factory=list)
    _reading: asyncio.Task[None] | None = None

    async def kill(self) -> None:
        """`kill -9`, as a crash would have it."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._ended()

    def freeze(self) -> None:
        """It does nothing any more, and does not know; what is sent to it waits in its kernel."""
        self.process.send_signal(signal.SIGSTOP)

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        if self.process.returncode is None:
            self.process.terminate()
        code = await self.process.wait()
        await self._ended()
        return code

    async def _ended(self) -> None:
        if self._reading is not None:
            await self._reading


async def serve(env: Mapping[str, str]) -> Served:
    """Start it, and wait for its ready line. Raises AssertionError with its log where it ends instead."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "serve", env=dict(env), stdout=PIPE, stderr=PIPE
    )
    assert process.stdout is not None
    served = Served(process, "", "")
    served._reading = asyncio.create_task(_read(process, served.log))
    try:
        line = (await process.stdout.readline()).decode()
    except asyncio.CancelledError:
        await served.kill()
        raise
    if not line.startswith("ready "):
        await served.kill()
        raise AssertionError("".join(served.log))
    told = dict(word.split("=", 1) for word in line.split()[1:])
    served.api, served.slack = told["api"], told["slack"]
    return served


async def _read(process: Process, log: list[str]) -> None:
    assert process.stderr is not None
    while line := await process.stderr.readline():
        log.append(line.decode(errors="replace"))


@asynccontextmanager
async def serving(env: Mapping[str, str], slack: SlackStandIn | None = None) -> AsyncIterator[Served]:
    """`serve`, told to the stand-in Slack; killed at the end if it still runs."""
    served = await serve(env)
    if slack is not None and served.slack.startswith("http"):
        slack.deliver_to(served.slack)
    try:
        yield served
    finally:
        await served.kill()


@asynccontextmanager
async def agent_session(token: str) -> AsyncIterator[aiohttp.ClientSession]:
    """An HTTP client with an agent's token."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        yield session


async def ask(http: aiohttp.ClientSession, api: str, key: str | None = None, **fields: Any) -> dict[str, Any]:
    """POST a refund of 750 EUR, unless told otherwise; the request as it is answered."""
    body = {
        "action": "issue_refund",
        "payload": {"amount": 750, "currency": "EUR", "customer": "ACME GmbH", "reason": "goodwill"},
        **fields,
    }
    headers = {"Idempotency-Key": key} if key else {}
    async with http.post(f"{api}/v1/requests", json=body, headers=headers) as answer:
        told: dict[str, Any] = await answer.json()
        assert answer.status in (200, 201), told
        return told

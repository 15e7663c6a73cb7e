"""`python -m bench.floors`: the least that an answer can cost with the same libraries, in its own process.

`sqlite FILE` and `postgresql URL` take a POST, insert its body as one row, commit, and answer 201.
`bolt SECRET` verifies a signed payload and acknowledges it. Each prints its address once it listens.
"""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiosqlite
import asyncpg
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck

#: The row that a floor writes.
_TABLE = "CREATE TABLE IF NOT EXISTS floor (id {key}, body TEXT NOT NULL)"

Insert = Callable[[str], Awaitable[None]]


@asynccontextmanager
async def _sqlite(file: str) -> AsyncIterator[Insert]:
    async with aiosqlite.connect(file) as database:
        await database.execute("PRAGMA journal_mode=WAL")
        await database.execute("PRAGMA synchronous=FULL")
        await database.execute(_TABLE.format(key="INTEGER PRIMARY KEY"))

        # A connection has one transaction. Without the lock, a commit would take half of others' along.
        transaction = asyncio.Lock()

        async def insert(body: str) -> None:
            async with transaction:
                await database.execute("INSERT INTO floor (body) VALUES (?)", (body,))
                await database.commit()

        yield insert


@asynccontextmanager
async def _postgresql(url: str) -> AsyncIterator[Insert]:
    async with asyncpg.create_pool(url.replace("+asyncpg", "")) as pool:
        await pool.execute(_TABLE.format(key="BIGSERIAL PRIMARY KEY"))

        async def insert(body: str) -> None:
            await pool.execute("INSERT INTO floor (body) VALUES ($1)", body)

        yield insert


def _intake(insert: Insert) -> web.Application:
    async def post(request: web.Request) -> web.Response:
        body = await request.json()
        await insert(json.dumps(body))
        return web.json_response({"status": "pending"}, status=201)

    app = web.Application()
    app.router.add_post("/v1/requests", post)
    return app


def _bolt(secret: str) -> web.Application:
    async def authorize(enterprise_id: str | None, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=enterprise_id, team_id=team_id, bot_token="xoxb-floor")  # noqa: S106

    # Otherwise Bolt looks every 10 ms whether it was acknowledged.
    bolt = AsyncApp(signing_secret=secret, authorize=authorize, process_before_response=True)

    async def acknowledge(ack: AsyncAck) -> None:
        await ack()

    bolt.action(re.compile(".*"))(acknowledge)
    return bolt.web_app("/slack/events")


async def serve(app: web.Application) -> None:
    """Serve until SIGTERM."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(f"ready http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
    await stop.wait()
    await runner.cleanup()


async def run(kind: str, what: str) -> None:
    """One floor. Raises KeyError for a kind there is none of."""
    if kind == "bolt":
        await serve(_bolt(what))
        return
    opened = {"sqlite": _sqlite, "postgresql": _postgresql}[kind]
    async with opened(what) as insert:
        await serve(_intake(insert))


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:3]))

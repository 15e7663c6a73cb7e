"""The doors themselves: what a stranger gets to see of one, and how one closes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from slack_bolt.app.async_app import AsyncApp
from yarl import URL

from bot.slack.connection import connected
from bot.slack.doors import FINISH_WITHIN, HttpDoor, SocketDoor

CANARY = b"xoxb-canary-4711"


def an_app() -> AsyncApp:
    """Bolt, with no listeners."""
    return AsyncApp(token="xoxb-1", signing_secret="not-used-here")


@asynccontextmanager
async def an_http_door() -> AsyncIterator[int]:
    """Slack's public port, open on the loopback interface."""
    door = HttpDoor(an_app(), "a-secret", "127.0.0.1", 0)
    port = URL(await door.open()).port
    assert port is not None
    try:
        yield port
    finally:
        await door.close()


async def said(port: int, sent: bytes) -> bytes:
    """All that comes back for these bytes until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    "sent",
    [
        CANARY + b"\r\n\r\n",
        b"GET /" + CANARY + b" HTTP/9.9\r\nHost: x\r\n\r\n",
        b"POST /slack/events HTTP/1.1\r\nHost: x\r\n" + CANARY + b"\r\n\r\n",
        b"POST /slack/events HTTP/1.1\r\nHost: x\r\nContent-Length: " + CANARY + b"\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_neither_logged_nor_repeated(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    """Anybody can reach Slack's port: 400, not a byte of theirs anywhere, and no alarm in the log."""
    caplog.set_level(logging.DEBUG)
    async with an_http_door() as port:
        answer = await said(port, sent)
    assert answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert CANARY not in answer
    assert CANARY.decode() not in caplog.text
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"hello\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"404"),
        (
            b"POST /slack/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}",
            b"401",
        ),
    ],
)
async def test_nobody_learns_what_serves(sent: bytes, status: bytes) -> None:
    """Neither the library nor its version, whether a post could be read or not."""
    async with an_http_door() as port:
        head = (await said(port, sent)).partition(b"\r\n\r\n")[0]
    assert head.split(b" ")[1] == status
    assert b"\r\nServer: hitl" in head
    assert b"aiohttp" not in head.lower()


async def test_a_body_that_is_no_chunks_raises_no_alarm(caplog: pytest.LogCaptureFixture) -> None:
    """Its headers promised chunks; nobody signed it."""
    head = (
        b"POST /slack/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    async with an_http_door() as port:
        answer = await said(port, head + CANARY + b"\r\n\r\n")
    assert b" 400 " in answer.partition(b"\r\n")[0]
    assert CANARY not in answer
    assert CANARY.decode() not in caplog.text
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


@asynccontextmanager
async def a_peer_that_falls_silent() -> AsyncIterator[str]:
    """A Web API that hands out a WebSocket on which nothing is ever read; its address."""
    released = asyncio.Event()

    async def link(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await released.wait()
        return socket

    async def open_one(request: web.Request) -> web.Response:
        return web.json_response({"ok": True, "url": f"ws://{request.host}/link"})

    site = web.Application()
    site.router.add_post("/api/apps.connections.open", open_one)
    site.router.add_get("/link", link)
    runner = web.AppRunner(site, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/api/"
    finally:
        released.set()
        await runner.cleanup()


async def test_a_silent_peer_does_not_hold_up_the_stop(caplog: pytest.LogCaptureFixture) -> None:
    """The goodbye is not waited for as long as the WebSocket would, and nothing is left running."""
    async with a_peer_that_falls_silent() as api, connected("xoxb-1", api) as connection:
        door = SocketDoor(an_app(), connection, "xapp-1")
        before = asyncio.all_tasks()
        await door.open()
        assert await door.why_not_ready() is None
        async with asyncio.timeout(FINISH_WITHIN):
            await door.close()
        coroutines = {getattr(task.get_coro(), "__name__", "") for task in asyncio.all_tasks() - before}
        assert not coroutines & {"process_messages", "monitor_current_session", "receive_messages", "_keep"}
        assert await door.why_not_ready() == "the connection is closed"
    assert "Slack did not answer the goodbye" in caplog.text

"""The tap on the callbacks' way: what comes in goes on as it is, and is shown."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from demo.tap import Tap, tapping
from sandbox.beside import Beside
from sandbox.changes import Changes

BODY = json.dumps({"type": "request.decided", "data": {}}, indent=3).encode()
SIGNED = {"webhook-id": "msg_1", "webhook-timestamp": "1", "webhook-signature": "v1,x", "x-else": "y"}


@pytest.fixture
async def beside() -> Beside:
    """What the page would show."""
    return Beside(Changes())


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    """The bot's and the tap's way out."""
    async with ClientSession() as session:
        yield session


@pytest.fixture
async def tap(http: ClientSession, beside: Beside) -> AsyncIterator[Tap]:
    """A tap that knows no agent yet."""
    async with tapping(http, beside) as running:
        yield running


async def _called(http: ClientSession, url: str) -> int:
    async with http.post(url, data=BODY, headers=SIGNED) as answer:
        return answer.status


async def test_a_callback_arrives_as_it_was_signed(tap: Tap, http: ClientSession, beside: Beside) -> None:
    """The body byte by byte, the signature's headers and no other, the agent's own status, one line shown."""
    heard: list[tuple[bytes, dict[str, str]]] = []

    async def callback(request: web.Request) -> web.Response:
        own = {name.lower(): value for name, value in request.headers.items() if name.lower() in SIGNED}
        heard.append((await request.read(), own))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/callback", callback)
    async with TestServer(app) as agent:
        tap.agents["refund-agent"] = str(agent.make_url("")).rstrip("/")
        assert await _called(http, tap.url_for("refund-agent")) == 204
    assert heard == [(BODY, {name: SIGNED[name] for name in list(SIGNED)[:3]})]
    [shown] = beside.callbacks
    assert (shown.agent, shown.kind, shown.status) == ("refund-agent", "request.decided", 204)


async def test_an_agent_that_is_away_is_tried_again(tap: Tap, http: ClientSession, beside: Beside) -> None:
    """Nobody behind it is 502, which the bot takes for a failure, and the page shows the try."""
    tap.agents["mail-agent"] = "http://127.0.0.1:9"
    assert await _called(http, tap.url_for("mail-agent")) == 502
    assert [each.status for each in beside.callbacks] == [502]


async def test_an_agent_nobody_knows_is_not_found(tap: Tap, http: ClientSession, beside: Beside) -> None:
    """An address that no agent has is 404, and nothing is shown of it."""
    assert await _called(http, tap.url_for("nobody")) == 404
    assert list(beside.callbacks) == []

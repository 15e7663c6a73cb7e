"""A tap on the callbacks' way: it hands each on to its agent as it came, and shows it on the page."""

from __future__ import annotations

import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from aiohttp import ClientError, ClientSession, web

from sandbox.beside import Beside, Callback

Json: TypeAlias = dict[str, Any]

#: What a callback is, by its own words; the rest of the headers belongs to the connection it came on.
_CARRIED = ("content-type", "webhook-id", "webhook-timestamp", "webhook-signature")


class Tap:
    """Stands where the agents say they are reached, as a proxy in front of them would."""

    def __init__(self, http: ClientSession, beside: Beside, url: str) -> None:
        self._http = http
        self._beside = beside
        self._url = url
        #: Where the agents really are, by name.
        self.agents: dict[str, str] = {}

    def url_for(self, agent: str) -> str:
        """Where this agent hears of decisions."""
        return f"{self._url}/{agent}/callback"

    async def carry(self, request: web.Request) -> web.Response:
        """Hand a callback on. 404 for an agent nobody knows, 502 for one that does not answer."""
        agent, body = request.match_info["agent"], await request.read()
        if agent not in self.agents:
            raise web.HTTPNotFound
        headers = {name: request.headers[name] for name in _CARRIED if name in request.headers}
        status = await self._handed_on(f"{self.agents[agent]}/callback", body, headers)
        told: Json = json.loads(body)
        self._beside.called_back(Callback(agent, told["type"], told, status))
        return web.Response(status=status)

    async def _handed_on(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        try:
            async with self._http.post(url, data=body, headers=headers) as answer:
                return answer.status
        except (ClientError, TimeoutError):
            return 502  # as a proxy says it, upon which the bot tries again


@asynccontextmanager
async def tapping(http: ClientSession, beside: Beside) -> AsyncIterator[Tap]:
    """A tap on a free port of loopback."""
    listening = socket.create_server(("127.0.0.1", 0))
    tap = Tap(http, beside, f"http://127.0.0.1:{listening.getsockname()[1]}")
    app = web.Application()
    app.router.add_post("/{agent}/callback", tap.carry)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.SockSite(runner, listening).start()
        yield tap
    finally:
        await runner.cleanup()

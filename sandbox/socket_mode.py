"""Socket Mode: the app connects, payloads come in envelopes.

Source: docs.slack.dev/apis/events-api/using-socket-mode.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

from aiohttp import WSMsgType, web

from sandbox.app import App
from sandbox.changes import Changes, Json

#: Connections one app may have at a time.
CONNECTIONS = 10
#: Acknowledged or not, what the app said, and why not.
Fate = tuple[bool, Any, str | None]


class SocketMode:
    """The connections of one app."""

    def __init__(self, app: App, changes: Changes) -> None:
        self.app = app
        self.changes = changes
        self.open: list[web.WebSocketResponse] = []
        self._transports: dict[web.WebSocketResponse, asyncio.BaseTransport] = {}
        self._tickets: set[str] = set()
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._turn = 0

    def new_url(self, base: str) -> str:
        """A URL for one connection."""
        ticket = secrets.token_hex(16)
        self._tickets.add(ticket)
        return f"{base.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={self.app.app_id}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One connection, for as long as it lasts."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=403, text="invalid ticket")
        self._tickets.discard(ticket)
        if len(self.open) >= CONNECTIONS:
            return web.Response(status=429, text="too_many_websockets")
        socket = web.WebSocketResponse(timeout=1.0, heartbeat=30.0)
        await socket.prepare(request)
        if self.app.request_url is not None:  # Socket Mode is off in the app's settings
            await socket.send_json({"type": "disconnect", "reason": "link_disabled"})
            await socket.close()
            return socket
        self.open.append(socket)
        if request.transport is not None:
            self._transports[socket] = request.transport
        await socket.send_json(self._hello())
        self.changes.note("socket", connections=len(self.open))
        try:
            async for message in socket:
                if message.type == WSMsgType.TEXT:
                    self._acknowledged(message.json())
        finally:
            self._forget(socket)
        return socket

    async def carry(self, kind: str, payload: Json, within: float, retry: tuple[int, str] | None) -> Fate:
        """Put a payload into one connection, each in its turn, and wait for the acknowledgement."""
        living = [socket for socket in self.open if not socket.closed]
        if not living:
            return False, None, "no_connection"
        self._turn += 1
        socket = living[self._turn % len(living)]
        envelope_id = secrets.token_hex(16)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = answer
        try:
            async with asyncio.timeout(within):
                await socket.send_json(_envelope(envelope_id, kind, payload, retry))
                return True, await answer, None
        except TimeoutError:
            return False, None, "timeout"
        except ConnectionError:
            return False, None, "connection"
        finally:
            self._waiting.pop(envelope_id, None)

    async def disconnect(self, reason: str = "refresh_requested") -> None:
        """End every connection politely, as Slack does every few hours."""
        for socket in list(self.open):
            self._forget(socket)
            await socket.send_json(
                {"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}}
            )
            await socket.close()

    def drop(self) -> None:
        """Break every connection, without a word."""
        for socket in list(self.open):
            transport = self._transports.get(socket)
            self._forget(socket)
            if isinstance(transport, asyncio.Transport):
                transport.abort()

    async def close(self) -> None:
        """End every connection because the stand-in stops."""
        for socket in list(self.open):
            await socket.close()

    def _forget(self, socket: web.WebSocketResponse) -> None:
        if socket in self.open:
            self.open.remove(socket)
            self._transports.pop(socket, None)
            self.changes.note("socket", connections=len(self.open))

    def _acknowledged(self, answer: Json) -> None:
        waiting = self._waiting.get(str(answer.get("envelope_id")))
        if waiting is not None and not waiting.done():
            waiting.set_result(answer.get("payload") or None)

    def _hello(self) -> Json:
        info = {"host": "sandbox", "build_number": 1, "approximate_connection_time": 18_060}
        connection = {"app_id": self.app.app_id}
        return {
            "type": "hello",
            "num_connections": len(self.open),
            "debug_info": info,
            "connection_info": connection,
        }


def _envelope(envelope_id: str, kind: str, payload: Json, retry: tuple[int, str] | None) -> Json:
    envelope: Json = {"envelope_id": envelope_id, "type": kind, "payload": payload}
    envelope["accepts_response_payload"] = kind != "events_api"
    if kind == "events_api":
        envelope |= {"retry_attempt": retry[0] if retry else 0, "retry_reason": retry[1] if retry else ""}
    return envelope

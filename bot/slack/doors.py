"""The two ways in which Slack's payloads come: over its HTTP endpoint, or over Socket Mode."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import Protocol

from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response
from slack_bolt.adapter.socket_mode.async_internals import run_async_bolt_app, send_async_response
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.signature import SignatureVerifier
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from yarl import URL

from bot.http.listener import Listener, listen
from bot.slack.connection import Connection
from bot.slack.troubles import SlackTrouble
from bot.tasks import Tasks

log = logging.getLogger(__name__)

#: Where Slack posts to, as in the manifest.
PATH = "/slack/events"

#: Slack documents no size; a submitted view with 100 full inputs stays under 1 MiB.
MOST_BYTES = 2 * 1024 * 1024

#: Seconds for the payloads in hand when the bot stops; a stop takes 10 s at most.
FINISH_WITHIN = 4.0

#: Seconds that a post may take to arrive. Slack itself waits three for the answer.
READ_WITHIN = 10.0

#: Seconds for the goodbye on a Socket Mode connection, which a peer that fell silent never answers.
_FAREWELL = 1.0

#: Seconds between two looks at a Socket Mode connection, and between two tries to make the first one.
_LOOK = 5.0


class Door(Protocol):
    """A way in. Opened once, closed once."""

    async def open(self) -> str:
        """Begin to take payloads; the address for the `ready` line."""

    async def close(self) -> None:
        """Take no further payloads, and finish those in hand within `FINISH_WITHIN` seconds."""

    async def why_not_ready(self) -> str | None:
        """None when payloads can come in."""


class HttpDoor:
    """Slack's HTTP endpoint on a listener of its own: one path, signed posts, nothing else."""

    def __init__(self, app: AsyncApp, signing_secret: str, host: str, port: int) -> None:
        self._app = app
        self._verifier = SignatureVerifier(signing_secret)
        self._host, self._port = host, port
        self._listener: Listener | None = None

    async def open(self) -> str:
        """See `Door`. Raises `OSError` when the port is taken."""
        site = web.Application(client_max_size=MOST_BYTES)
        site.router.add_post(PATH, self._receive)
        site.on_response_prepare.append(_unbranded)
        # Slack may hang up after three seconds: what it asked for is carried out all the same.
        self._listener = await listen(
            site, self._host, self._port, cancel_when_left=False, stop_seconds=FINISH_WITHIN
        )
        return f"{self._listener.url}{PATH}"

    async def close(self) -> None:
        """See `Door`."""
        if self._listener is not None:
            listener, self._listener = self._listener, None
            await listener.close()

    async def why_not_ready(self) -> str | None:
        """See `Door`."""
        return None if self._listener is not None else "the listener is closed"

    async def _receive(self, request: web.Request) -> web.Response:
        """Verify before anything is parsed: a stranger's bytes reach no parser and no log."""
        try:
            async with asyncio.timeout(READ_WITHIN):
                body = await request.read()
        except TimeoutError:
            return web.json_response({"error": "body too slow"}, status=408, headers={"Connection": "close"})
        except web.RequestPayloadError:
            return web.json_response({"error": "unreadable body"}, status=400)
        if not self._is_signed(body, request):
            return web.json_response({"error": "invalid signature"}, status=401)
        try:
            headers: dict[str, str | Sequence[str]] = {
                name: request.headers.getall(name) for name in request.headers
            }
            asked = AsyncBoltRequest(body=unwrapped(body), headers=headers)
        except (ValueError, TypeError, AttributeError, KeyError):
            return web.json_response({"error": "unreadable body"}, status=400)
        try:
            return await to_aiohttp_response(await self._app.async_dispatch(asked))
        except Exception:
            # The listener would name its type only; this is signed, so its traceback is worth having.
            log.exception("a post of Slack's could not be answered")
            return web.json_response({"error": "internal"}, status=500)

    def _is_signed(self, body: bytes, request: web.Request) -> bool:
        timestamp = request.headers.get("X-Slack-Request-Timestamp", "")
        signature = request.headers.get("X-Slack-Signature", "")
        # The SDK's verifier raises on a timestamp that is no number, and on what is not ASCII or UTF-8.
        if not (timestamp.isascii() and timestamp.isdigit() and signature.isascii()):
            return False
        try:
            return self._verifier.is_valid(body, timestamp, signature)
        except UnicodeDecodeError:
            return False


async def _unbranded(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers["Server"] = "hitl"


def unwrapped(body: bytes) -> str:
    """The JSON of an interaction, which comes in a form's one field; anything else as it is.

    Bolt would take the form apart in pure Python: a click brings its whole message along, and that was a
    quarter of all that it cost. Raises `ValueError` for what is not UTF-8.
    """
    text = body.decode()
    if not text.startswith("payload="):
        return text
    return URL.build(query_string=text, encoded=True).query["payload"]


class SocketDoor:
    """Socket Mode: the bot calls Slack, and payloads come over that WebSocket."""

    def __init__(self, app: AsyncApp, connection: Connection, app_token: str) -> None:
        self._app = app
        self._app_token = app_token
        self._connection = connection
        self._client: SocketModeClient | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._in_hand = Tasks()
        self._closing = False
        self._problem: str | None = "not connected yet"
        self._connected = asyncio.Event()

    async def open(self) -> str:
        """See `Door`. The connection is made, and kept, in the background; a quick one is waited for."""
        self._client = SocketModeClient(
            app_token=self._app_token,
            logger=_terse_log(),
            web_client=self._connection.client,
            ping_interval=_LOOK,
        )
        # The SDK would take the environment's proxy again, past what was decided for the Web API.
        self._client.proxy = self._connection.client.proxy
        self._client.socket_mode_request_listeners.append(self._receive)
        self._keeper = asyncio.create_task(self._keep(self._client), name="socket-mode")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LOOK):
                await self._connected.wait()
        return "socket"

    async def close(self) -> None:
        """See `Door`. What comes in meanwhile is not acknowledged: Slack gives it to another connection."""
        self._closing = True
        await self._in_hand.finish(FINISH_WITHIN)
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait([self._keeper])
        if self._client is not None:
            client, self._client = self._client, None
            await _hung_up(client)

    async def why_not_ready(self) -> str | None:
        """See `Door`."""
        if self._client is None:
            return "the connection is closed"
        if await self._client.is_connected():
            return None
        return f"Socket Mode: {self._problem or 'reconnecting'}"

    async def _keep(self, client: SocketModeClient) -> None:
        while True:
            if not await client.is_connected():
                # The SDK tries an address it was given for ever, though Slack takes each one once only.
                client.wss_uri = None
                await self._connect(client)
            await asyncio.sleep(_LOOK)

    async def _connect(self, client: SocketModeClient) -> None:
        try:
            await client.connect_to_new_endpoint()
        except Exception as failed:  # noqa: BLE001  # whatever it is, the next look tries again
            self._problem = _name_of(failed)
            log.warning("Socket Mode cannot be used yet: %s. Trying again.", self._problem)
        else:
            self._problem = None
            self._connected.set()

    async def _receive(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        if not self._closing:
            self._in_hand.start(self._answer(client, request), f"socket-mode {request.type}")

    async def _answer(self, client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        try:
            answer = await run_async_bolt_app(self._app, request)
            await send_async_response(client, request, answer, 0.0)
        except Exception as failed:  # noqa: BLE001  # a connection lost while answering: Slack sends it again
            log.warning("A payload could not be answered: %s.", _name_of(failed))


async def _hung_up(client: SocketModeClient) -> None:
    """Close the connection, without waiting for a peer that no longer answers, and end the SDK's tasks."""
    try:
        async with asyncio.timeout(_FAREWELL):
            await client.close()  # type: ignore[no-untyped-call]  # the SDK left it so
    except TimeoutError:
        log.warning("Slack did not answer the goodbye on its Socket Mode connection: it was cut.")
    # The SDK does all this last: where it was cut short, it has yet to be done.
    every = (client.message_processor, client.current_session_monitor, client.message_receiver)
    running = [task for task in every if task is not None]
    for task in running:
        task.cancel()
    try:
        async with asyncio.timeout(_FAREWELL):
            await asyncio.gather(*running, return_exceptions=True)
            await client.aiohttp_client_session.close()
    except TimeoutError:
        log.warning("The Socket Mode client did not end in time.")


def _name_of(failed: Exception) -> str:
    """What to call it in the log: never its text, which may hold an address with a ticket."""
    response = getattr(failed, "response", None)
    data = getattr(response, "data", None)
    if isinstance(data, dict) and data.get("error"):
        return str(data["error"])
    return failed.code if isinstance(failed, SlackTrouble) else type(failed).__name__


class _Terse(logging.Filter):
    """Cuts what the SDK adds in brackets or after a colon: ticketed addresses, and what Slack sent."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = record.getMessage().split("(", 1)[0].split(":", 1)[0].strip()
        record.args, record.exc_info = None, None
        return True


def _terse_log() -> logging.Logger:
    log = logging.getLogger("hitl.slack.socket")
    log.setLevel(logging.WARNING)
    if not log.filters:
        log.addFilter(_Terse())
    return log

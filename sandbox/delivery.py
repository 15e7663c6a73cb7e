"""Carrying payloads to the app: signed HTTP or Socket Mode, acknowledged in time or not."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import aiohttp

from sandbox.app import App, Times
from sandbox.changes import Changes, Json
from sandbox.socket_mode import SocketMode

#: How many deliveries are remembered.
KEPT = 5_000
#: The kinds of payload, by the names that Socket Mode gives them.
EVENT, INTERACTIVE, COMMAND = "events_api", "interactive", "slash_commands"
#: `X-Slack-Retry-Reason` by how the try before failed; `http_error` for everything else.
RETRY_REASONS = {
    "timeout": "http_timeout",
    "connection": "connection_failed",
    "no_connection": "connection_failed",
}


@dataclass(frozen=True, slots=True)
class Manner:
    """How a payload is carried, when not as it should be."""

    #: Signed with another secret.
    wrong_signature: bool = False
    #: Signed so many seconds ago; negative is in the future.
    age: float = 0.0
    #: Carried so many times, at once.
    times: int = 1
    #: Its trigger_id has run out already.
    expired_trigger: bool = False


PROPER = Manner()


@dataclass(slots=True)
class Delivery:
    """One try to carry one payload."""

    seq: int
    kind: str
    payload: Json
    at: float = field(default_factory=time.time)
    #: 1, 2, … for events that are carried again.
    attempt: int = 1
    #: Whether the app acknowledged in time.
    acknowledged: bool = False
    #: HTTP status; None over Socket Mode and when no answer came in time.
    status: int | None = None
    #: What the app said with its acknowledgement: an object, a text, or nothing.
    body: Any = None
    #: Why it was not acknowledged: `timeout`, `http_404`, `connection`, `no_connection`.
    failure: str | None = None
    #: Seconds until the answer.
    took: float | None = None

    def as_json(self) -> Json:
        """As the control API shows it."""
        names = (
            "seq",
            "kind",
            "payload",
            "at",
            "attempt",
            "acknowledged",
            "status",
            "body",
            "failure",
            "took",
        )
        return {name: getattr(self, name) for name in names}


def signature(secret: str, timestamp: str, body: str) -> str:
    """The `X-Slack-Signature` of a request (docs.slack.dev/authentication/verifying-requests-from-slack)."""
    base = f"v0:{timestamp}:{body}".encode()
    return "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()


class Courier:
    """Carries payloads and remembers how it went."""

    def __init__(self, app: App, times: Times, changes: Changes, sockets: SocketMode) -> None:
        self.app = app
        self.times = times
        self.changes = changes
        self.sockets = sockets
        self.deliveries: deque[Delivery] = deque(maxlen=KEPT)
        self._count = 0
        self._session: aiohttp.ClientSession | None = None
        self._retrying: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Get ready to speak HTTP."""
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def stop(self) -> None:
        """Give up what is still to be carried again."""
        for task in self._retrying:
            task.cancel()
        await asyncio.gather(*self._retrying, return_exceptions=True)
        if self._session is not None:
            await self._session.close()

    async def carry(self, kind: str, payload: Json, manner: Manner = PROPER) -> Delivery:
        """Carry a payload once, or as often as the manner says at the same time; the first one's fate."""
        tries = [self._try(kind, payload, manner) for _ in range(manner.times)]
        return (await asyncio.gather(*tries))[0]

    def announce(self, event: Json) -> None:
        """Carry an event in the background, again while it is not acknowledged."""
        task = asyncio.create_task(self._carry_event(event))
        self._retrying.add(task)
        task.add_done_callback(self._retrying.discard)

    async def idle(self) -> None:
        """Wait until every announced event was acknowledged or given up."""
        while self._retrying:
            await asyncio.wait(list(self._retrying))

    async def _carry_event(self, event: Json) -> None:
        delivery = await self._try(EVENT, event, PROPER)
        for number, pause in enumerate(self.times.event_retries, start=1):
            if delivery.acknowledged:
                return
            await asyncio.sleep(pause)
            reason = RETRY_REASONS.get(str(delivery.failure), "http_error")
            delivery = await self._try(EVENT, event, PROPER, retry=(number, reason))

    async def _try(
        self, kind: str, payload: Json, manner: Manner, retry: tuple[int, str] | None = None
    ) -> Delivery:
        self._count += 1
        delivery = Delivery(self._count, kind, payload, attempt=1 + (retry[0] if retry else 0))
        started = time.monotonic()
        if self.app.request_url is None:
            answer = await self.sockets.carry(kind, payload, self.times.acknowledge, retry)
            delivery.acknowledged, delivery.body, delivery.failure = answer
        else:
            await self._post(delivery, manner, retry)
        delivery.took = time.monotonic() - started
        self.deliveries.append(delivery)
        about = {"seq": delivery.seq, "delivery_kind": kind, "acknowledged": delivery.acknowledged}
        self.changes.note("delivery", **about)
        return delivery

    async def _post(self, delivery: Delivery, manner: Manner, retry: tuple[int, str] | None) -> None:
        if self._session is None or self.app.request_url is None:
            raise RuntimeError("the stand-in is not running")
        body, content_type = encode(delivery.kind, delivery.payload)
        timestamp = str(int(time.time() - manner.age))
        signed_with = "not the secret" if manner.wrong_signature else self.app.signing_secret
        headers = {"Content-Type": content_type, "X-Slack-Request-Timestamp": timestamp}
        headers["X-Slack-Signature"] = signature(signed_with, timestamp, body)
        if retry is not None:
            headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        try:
            async with (
                asyncio.timeout(self.times.acknowledge),
                self._session.post(self.app.request_url, data=body.encode(), headers=headers) as response,
            ):
                delivery.status = response.status
                delivery.body = read_answer(response.content_type, await response.text())
        except TimeoutError:
            delivery.failure = "timeout"
        except (aiohttp.ClientError, OSError):
            delivery.failure = "connection"
        else:
            delivery.acknowledged = delivery.status // 100 == 2
            delivery.failure = None if delivery.acknowledged else f"http_{delivery.status}"


def encode(kind: str, payload: Json) -> tuple[str, str]:
    """The body of a request and its content type, as Slack sends each kind."""
    if kind == EVENT:
        return json.dumps(payload), "application/json"
    fields = payload if kind == COMMAND else {"payload": json.dumps(payload)}
    return urlencode(fields), "application/x-www-form-urlencoded"


def read_answer(content_type: str, text: str) -> Any:
    """What an acknowledgement says: an object, a text, or None."""
    if not text.strip():
        return None
    if content_type == "application/json" or text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text

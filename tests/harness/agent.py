"""An agent as its authors write one: asks under a key, hears callbacks, claims, acts once, reports."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

import aiohttp
from aiohttp import web
from standardwebhooks.webhooks import Webhook

Json: TypeAlias = dict[str, Any]

REFUND: Json = {
    "action": "issue_refund",
    "payload": {"amount": 750, "currency": "EUR", "customer": "ACME GmbH", "reason": "goodwill"},
}


@dataclass(frozen=True, slots=True)
class Heard:
    """One delivery of a callback whose signature holds."""

    id: str
    type: str
    data: Json


@dataclass
class Gate:
    """Keeps callbacks waiting before they are answered, until it is opened."""

    reached: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Agent:
    """One agent: its credentials, its server, and what it did in the world."""

    name: str
    token: str
    secret: str
    #: Where the desk is.
    api: str = ""
    url: str = ""
    heard: list[Heard] = field(default_factory=list)
    #: Payloads it acted with, by request.
    acted: dict[str, list[Json]] = field(default_factory=dict)
    #: What callbacks are answered with; only those of these types, where there are any.
    status: int = 204
    refuses: frozenset[str] = frozenset()
    #: The bot's clock is not ours: signatures have to hold, their age does not.
    any_time: bool = False
    gate: Gate | None = None
    #: A callback's answer has been written.
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    #: It works only while this is set.
    at_work: asyncio.Event = field(default_factory=asyncio.Event)
    problems: list[str] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _working: set[asyncio.Task[None]] = field(default_factory=set)
    _http: aiohttp.ClientSession | None = None

    @property
    def http(self) -> aiohttp.ClientSession:
        """Its client, with its token."""
        assert self._http is not None
        return self._http

    async def call(
        self, method: str, path: str, body: Json | None = None, *, api: str | None = None, **headers: str
    ) -> tuple[int, Json]:
        """One call to the desk: status and answer. Raises `aiohttp.ClientError` where none came."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.http.request(method, (api or self.api) + path, json=body, headers=named) as answer:
            return answer.status, await answer.json()

    async def ask(self, key: str | None = None, *, api: str | None = None, **fields: Any) -> Json:
        """POST a refund of 750 EUR unless told otherwise; the request. `callback_url` is its own."""
        body = {**REFUND, "callback_url": self.url, **fields}
        headers = {"Idempotency_Key": key} if key else {}
        status, told = await self.call("POST", "/v1/requests", body, api=api, **headers)
        assert status in (200, 201), told
        return told

    async def ask_until_answered(self, key: str, **fields: Any) -> Json:
        """The same with a key, again for as long as no answer comes."""
        async with asyncio.timeout(30):
            while True:
                try:
                    return await self.ask(key, **fields)
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)

    async def look(self, request: str, wait: int = 0, *, api: str | None = None) -> Json:
        """The request as it stands, or once it changed."""
        held = f"?wait={wait}" if wait else ""
        status, told = await self.call("GET", f"/v1/requests/{request}{held}", api=api)
        assert status == 200, told
        return told

    def heard_of(self, request: str, kind: str = "request.decided") -> list[Heard]:
        """The deliveries of one kind about one request, oldest first."""
        return [each for each in self.heard if each.type == kind and each.data["id"] == request]

    async def hears(self, request: str, kind: str = "request.decided", within: float = 10) -> Heard:
        """The first such delivery, once it came."""
        await self.until(lambda: self.heard_of(request, kind), within)
        return self.heard_of(request, kind)[0]

    async def until(self, happened: Any, within: float = 10) -> None:
        """Wait until `happened()` is true; asked whenever the agent heard or did something."""
        async with asyncio.timeout(within), self._changed:
            await self._changed.wait_for(happened)

    async def noted(self) -> None:
        """Wake whoever waits in `until`."""
        async with self._changed:
            self._changed.notify_all()

    async def receive(self, request: web.Request) -> web.StreamResponse:
        """A callback: verified, noted, answered; what it asks for is done afterwards, once."""
        text = (await request.read()).decode()
        told = self._verified(text, request.headers)
        heard = Heard(request.headers["webhook-id"], told["type"], told["data"])
        self.heard.append(heard)
        await self.noted()
        if self.gate is not None:
            self.gate.reached.set()
            await self.gate.opened.wait()
        refused = self.status >= 300 and (not self.refuses or heard.type in self.refuses)
        answer = web.Response(status=self.status if refused else 204)
        await answer.prepare(request)
        await answer.write_eof()
        self.answered.set()
        if heard.type == "request.decided" and heard.data["proceed"] and not refused:
            task = asyncio.create_task(self._work(heard.data))
            self._working.add(task)
            task.add_done_callback(self._working.discard)
        return answer

    def _verified(self, text: str, headers: Mapping[str, str]) -> Json:
        webhook = Webhook(self.secret)
        if not self.any_time:
            verified: Json = webhook.verify(text, dict(headers))
            return verified
        at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), UTC)
        assert webhook.sign(headers["webhook-id"], at, text) in headers["webhook-signature"].split()
        told: Json = json.loads(text)
        return told

    async def _work(self, request: Json) -> None:
        await self.at_work.wait()
        status, told = await self.call("POST", f"/v1/requests/{request['id']}/claim")
        if status == 200:
            self.acted.setdefault(request["id"], []).append(request["decision"]["payload"])
            outcome = {"status": "succeeded", "detail": "Paid, tx 5521"}
            status, told = await self.call("POST", f"/v1/requests/{request['id']}/outcome", outcome)
        if status not in (200, 409):
            self.problems.append(f"{status} {told}")
        await self.noted()

    async def idle(self) -> None:
        """Wait until it has done what it was told to."""
        await asyncio.gather(*self._working)

    def ids(self, request: str) -> Counter[str]:
        """How often each webhook-id came with a decision about this request."""
        return Counter(each.id for each in self.heard_of(request))


@asynccontextmanager
async def agent(credentials: dict[str, str]) -> AsyncIterator[Agent]:
    """Its server, on a free port of loopback, with the credentials that `hitl agent add` printed."""
    one = Agent(credentials["name"], credentials["token"], credentials["webhook_secret"])
    one.at_work.set()
    app = web.Application()
    app.router.add_post("/callback", one.receive)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.url = f"http://127.0.0.1:{runner.addresses[0][1]}/callback"
    # A connection of its own for each call: a bot that was killed leaves broken ones behind.
    connector = aiohttp.TCPConnector(force_close=True)
    one._http = aiohttp.ClientSession(connector=connector, headers={"Authorization": f"Bearer {one.token}"})
    try:
        yield one
    finally:
        if one.gate is not None:
            one.gate.opened.set()
        # Not cancelled: that would leak a socket that is just being connected. Nobody answers by now.
        one.at_work.set()
        await asyncio.gather(*one._working, return_exceptions=True)
        await one._http.close()
        await runner.cleanup()

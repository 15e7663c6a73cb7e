"""A whole endpoint for each test: a database, a policy, two agents, a socket, and a client."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from approvals import policy
from approvals.policy import Policy
from approvals.roster import Person, Roster
from approvals.words import AgentName, Choice, Instant, RequestId
from bot.desk import decide
from bot.desk.desk import Desk
from bot.http.app import build
from bot.http.auth import token_hash
from bot.http.listener import Listener, listen
from bot.http.meter import Meter
from bot.http.operations import Readiness
from bot.runtime import SystemRuntime
from store import agents, cases
from store.agents import Agent
from store.engine import Store
from tests.harness.cases import ALICE, NOON, a_roster

POLICY = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  directors: {users: [U0ALICE, U0BOB, U0CAROL]}
risk:
  levels:
    medium: [issue_refund]
    low: ["search_*"]
rules:
  - name: searches
    when: "action.startsWith('search_')"
    gate: auto
    ask: directors
    steps: [{after: 1d, do: expire}]
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: directors
    valid_for: 1h
    title: "Refund {{ payload.amount }} {{ payload.currency }}"
    steps: [{after: 4h, do: expire}]
default: {gate: hard, ask: directors, steps: [{after: 1h, do: park}]}
"""

#: A request with nothing but what it needs to be judged by the rule `refunds`.
REFUND: Mapping[str, Any] = {"action": "issue_refund", "payload": {"amount": 750, "currency": "EUR"}}

BILLING, MAILER = "hitl_billing-token", "hitl_mailer-token"


class Noon(SystemRuntime):
    """Ids and chance as they are, and a time that tests set."""

    def __init__(self) -> None:
        self.at: Instant = NOON

    def now(self) -> Instant:
        """See `Runtime`."""
        return self.at


class FixedPolicy:
    """The policy of today."""

    def __init__(self, current: Policy) -> None:
        self.current = current


class FixedPeople:
    """The people of today."""

    def roster(self) -> Roster:
        """See `Directory`."""
        return a_roster()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        """As JSON."""
        return json.loads(self.raw)

    @property
    def locs(self) -> list[str]:
        """Which fields a problem names."""
        return [error["loc"] for error in self.body["errors"]]


@dataclass
class Endpoint:
    """A bot's endpoint, and a client of it."""

    desk: Desk
    runtime: Noon
    listener: Listener
    client: aiohttp.ClientSession
    meter: Meter
    #: why it is not ready, by what it needs
    missing: dict[str, str | None] = field(default_factory=lambda: {"database": None, "slack": None})

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        raw: Any = None,
        token: str | None = BILLING,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One call: `body` is sent as JSON, `raw` as it is."""
        sent = dict(headers or {})
        if token is not None:
            sent.setdefault("Authorization", f"Bearer {token}")
        data = raw
        if body is not None:
            data = json.dumps(body).encode()
            sent.setdefault("Content-Type", "application/json")
        async with self.client.request(method, self.listener.url + path, data=data, headers=sent) as answer:
            return Answer(answer.status, answer.headers, await answer.read())

    async def post(self, fields: Mapping[str, Any] | None = None, **more: Any) -> Answer:
        """`POST /v1/requests` of a refund with these fields besides."""
        return await self.call("POST", "/v1/requests", {**REFUND, **(fields or {})}, **more)

    async def opened(self, **fields: Any) -> RequestId:
        """The id of a new request."""
        answer = await self.post(fields)
        assert answer.status == 201, answer.raw
        return RequestId(answer.body["id"])

    async def vote(self, request: RequestId, choice: Choice = Choice.APPROVE, by: Person = ALICE) -> None:
        """A person decides."""
        case = await self.desk.store.read(lambda unit: cases.load(unit, request))
        assert case is not None
        told = await decide.vote(self.desk, request, by, choice, case.sight, reason="because")
        assert told.answer.refused is None

    async def passes(self, time: timedelta, request: RequestId) -> None:
        """Time goes by, and the sweeper comes."""
        self.runtime.at += time
        await decide.tick(self.desk, request, self.runtime.at)

    async def holding(self, many: int) -> None:
        """Wait until so many long-polls are held."""
        async with asyncio.timeout(10):
            while (
                f"hitl_http_waiting {float(many)}\n".encode() not in (await self.call("GET", "/metrics")).raw
            ):
                pass

    async def count(self) -> int:
        """How many requests are stored, whoever asked."""
        page = await self.desk.store.read(
            lambda unit: cases.page(unit, None, status=None, action=None, cursor=None, limit=100)
        )
        return len(page.items)


def an_agent(name: str, token: str, **fields: Any) -> Agent:
    """A registration that may do anything, and be called at agent.example.com."""
    plain = Agent(
        name=AgentName(name),
        token_hash=token_hash(token),
        webhook_secret="whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        callback_url=None,
        callback_hosts=("agent.example.com",),
        actions=(),
        created_at=NOON,
    )
    return replace(plain, **fields)


@asynccontextmanager
async def running(
    store: Store, *, rate_limit: float = 10_000.0, readiness: Readiness | None = None, **options: Any
) -> AsyncIterator[Endpoint]:
    """An endpoint on `store`; ready as its `missing` says, unless `readiness` is given."""
    runtime = Noon()
    desk = Desk(store, runtime, FixedPolicy(policy.load(POLICY)), FixedPeople())
    missing: dict[str, str | None] = {"database": None, "slack": None}

    async def as_said() -> Mapping[str, str | None]:
        return missing

    meter = Meter("0.0.0")
    asked = readiness or as_said
    app = build(desk, readiness=asked, version="0.0.0", rate_limit=rate_limit, meter=meter)
    listener = await listen(app, "127.0.0.1", 0, **options)
    try:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:
            yield Endpoint(desk, runtime, listener, client, meter, missing)
    finally:
        await listener.close()


@asynccontextmanager
async def opened_store(url: str) -> AsyncIterator[Store]:
    """The database at `url`, with two agents in it."""
    store = await Store.open(url)
    await store.write(lambda unit: agents.add(unit, an_agent("billing-agent", BILLING)))
    await store.write(
        lambda unit: agents.add(unit, an_agent("mailer", MAILER, actions=("send_*", "issue_*")))
    )
    try:
        yield store
    finally:
        await store.close()


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh SQLite file, for what does not depend on the database."""
    shutil.copy(sqlite_template, tmp_path / "desk.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'desk.db'}"


@pytest.fixture
async def store(sqlite_url: str) -> AsyncIterator[Store]:
    """A SQLite store with two agents."""
    async with opened_store(sqlite_url) as opened:
        yield opened


@pytest.fixture
async def endpoint(store: Store) -> AsyncIterator[Endpoint]:
    """An endpoint on SQLite."""
    async with running(store) as started:
        yield started


@pytest.fixture
async def on_each(database_url: str) -> AsyncIterator[Endpoint]:
    """An endpoint on SQLite, and one on PostgreSQL."""
    async with opened_store(database_url) as opened, running(opened) as started:
        yield started

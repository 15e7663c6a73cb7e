"""Callbacks, posted to real servers on this machine."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver
from aiohttp.test_utils import TestServer, unused_port
from standardwebhooks import Webhook, WebhookVerificationError

from approvals.words import AgentName, RequestId
from bot.http.callbacks import CallbackSender, Registration
from bot.runtime import SystemRuntime
from scheduler.results import Again, Dead, Done
from store.outbox import Parcel, ParcelKind
from store.unit_of_work import Unit
from tests.bot.test_addresses import Dns

now = SystemRuntime().now
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TEXT = '{"type":"request.decided","data":{"title":"Zwölf → 12"}}'
CERTIFICATE = Path(__file__).with_name("localhost.pem")


@dataclass
class Agent:
    """An agent's server: keeps what it gets, and answers as a test tells it."""

    answer: Callable[[web.Request], Awaitable[web.StreamResponse]] | None = None
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""

    async def hear(self, request: web.Request) -> web.StreamResponse:
        """One callback."""
        self.got.append((dict(request.headers), await request.read()))
        if self.answer is not None:
            return await self.answer(request)
        return web.Response(status=self.status, headers=self.headers)


async def serving(agent: Agent, tls: ssl.SSLContext | None = None) -> TestServer:
    """Let `agent` listen on a free port of 127.0.0.1."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", agent.hear)
    server = TestServer(app)
    await server.start_server(ssl=tls)
    agent.url = str(server.make_url("/hook"))
    return server


@pytest.fixture
async def agent() -> AsyncIterator[Agent]:
    """A server that answers 204."""
    one = Agent()
    server = await serving(one)
    yield one
    await server.close()


def sender(
    *hosts: str,
    resolver: AbstractResolver | None = None,
    tls: ssl.SSLContext | None = None,
    patience: float = 5,
    on_dead: Callable[[Unit, Parcel, str], None] | None = None,
) -> CallbackSender:
    """A sender for one agent, `billing`, that is registered with `hosts`; chance is always in the middle."""

    async def lookup(name: AgentName) -> Registration | None:
        return Registration(SECRET, hosts) if name == "billing" else None

    return CallbackSender(
        lookup, now, lambda: 0.5, on_dead=on_dead, resolver=resolver, tls=tls, patience=patience
    )


def parcel(url: str, *, agent: str = "billing", attempts: int = 1, since: timedelta = timedelta()) -> Parcel:
    """A callback on its `attempts`-th try, first tried `since` ago."""
    at = now()
    return Parcel(
        id=7,
        kind=ParcelKind.CALLBACK,
        request=RequestId("req_1"),
        key="decided",
        lane="",
        body={"url": url, "agent": agent, "id": "msg_1_decided", "body": TEXT},
        created_at=at,
        due_at=at,
        attempts=attempts,
        generation=0,
        first_tried_at=at - since,
        last_error=None,
        lease="a:1",
    )


async def test_a_callback_is_the_frozen_text_with_a_signature_that_verifies(agent: Agent) -> None:
    """The agent gets the bytes as committed, and any Standard Webhooks library accepts them."""
    assert await sender("127.0.0.1")(parcel(agent.url)) == Done()
    [(headers, body)] = agent.got
    assert body == TEXT.encode()
    assert headers["Content-Type"] == "application/json"
    assert headers["webhook-id"] == "msg_1_decided"
    assert Webhook(SECRET).verify(body, headers)["type"] == "request.decided"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(body + b" ", headers)


async def test_every_try_has_the_same_id(agent: Agent) -> None:
    """An agent can tell a repeat from a new event."""
    for attempts in (1, 2, 3):
        await sender("127.0.0.1")(parcel(agent.url, attempts=attempts))
    assert [headers["webhook-id"] for headers, _ in agent.got] == ["msg_1_decided"] * 3


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_every_2xx_is_done(agent: Agent, status: int) -> None:
    """The contract's `2xx is done`."""
    agent.status = status
    assert await sender("127.0.0.1")(parcel(agent.url)) == Done()


@pytest.mark.parametrize("status", [300, 304, 400, 401, 404, 409, 410, 422, 429, 500, 502, 503])
async def test_anything_else_is_tried_again(agent: Agent, status: int) -> None:
    """Also what other senders give up at: the first pause is about five seconds, the fourth forty."""
    agent.status = status
    why = f"the agent answered {status}"
    assert await sender("127.0.0.1")(parcel(agent.url)) == Again(why, timedelta(seconds=5))
    fourth = parcel(agent.url, attempts=4, since=timedelta(seconds=35))
    assert await sender("127.0.0.1")(fourth) == Again(why, timedelta(seconds=40))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(agent: Agent, status: int) -> None:
    """Where a redirect leads was not checked by anybody."""
    agent.status, agent.headers = status, {"Location": agent.url + "/elsewhere"}
    result = await sender("127.0.0.1")(parcel(agent.url))
    assert isinstance(result, Again)
    assert len(agent.got) == 1


async def test_an_agent_may_ask_for_more_time(agent: Agent) -> None:
    """`Retry-After` lengthens the pause."""
    agent.status, agent.headers = 503, {"Retry-After": "90"}
    result = await sender("127.0.0.1")(parcel(agent.url))
    assert result == Again("the agent answered 503", timedelta(seconds=90))


async def test_after_a_day_it_is_a_dead_letter(agent: Agent) -> None:
    """The last failure is what the dead letter says, and its note is written with it."""
    agent.status = 500
    noted: list[tuple[int, str]] = []
    last = parcel(agent.url, attempts=40, since=timedelta(days=1))
    result = await sender("127.0.0.1", on_dead=lambda _unit, dead, why: noted.append((dead.id, why)))(last)
    assert isinstance(result, Dead)
    assert result.error == "the agent answered 500"
    assert result.then is not None
    result.then(None)  # type: ignore[arg-type]  # this hook does not look at its unit
    assert noted == [(7, "the agent answered 500")]


async def test_the_last_try_may_still_succeed(agent: Agent) -> None:
    """What is delivered after a day is delivered."""
    assert await sender("127.0.0.1")(parcel(agent.url, since=timedelta(days=2))) == Done()


async def test_an_agent_nobody_knows_is_not_called(agent: Agent) -> None:
    """Without a registration there is neither secret nor leave."""
    result = await sender("127.0.0.1")(parcel(agent.url, agent="stranger"))
    assert result == Dead("nobody knows the agent stranger")
    assert agent.got == []


async def test_a_host_that_is_not_registered_any_more_is_not_called(agent: Agent) -> None:
    """The registration of today holds, not that of the post."""
    result = await sender("example.com")(parcel(agent.url))
    assert isinstance(result, Again)
    assert "not registered" in result.error
    assert agent.got == []


async def test_dns_that_turns_inward_is_not_followed(agent: Agent) -> None:
    """A public name whose answer is this machine gets no connection, and says why."""
    url = agent.url.replace("127.0.0.1", "hooks.example.com")
    dns = Dns(hooks_example_com="127.0.0.1")
    result = await sender("hooks.example.com", resolver=dns)(parcel(url))
    assert isinstance(result, Again)
    assert "127.0.0.1 (loopback)" in result.error
    assert (dns.asked, agent.got) == (["hooks.example.com"], [])


async def test_a_named_host_inside_is_called_at_the_address_that_was_checked(agent: Agent) -> None:
    """One look-up a try; the connection goes where it said, under the host's own name."""
    url = agent.url.replace("127.0.0.1", "agents.example.com")
    dns = Dns(agents_example_com="127.0.0.1")
    assert await sender("agents.example.com+private", resolver=dns)(parcel(url)) == Done()
    [(headers, _)] = agent.got
    assert headers["Host"].startswith("agents.example.com:")
    assert dns.asked == ["agents.example.com"]


async def test_a_name_dns_does_not_know_is_tried_again() -> None:
    """DNS may be away for a while."""
    result = await sender("hooks.example.com", resolver=Dns())(parcel("https://hooks.example.com/"))
    assert isinstance(result, Again)
    assert result.after == timedelta(seconds=5)


async def test_a_refused_connection_is_tried_again() -> None:
    """An agent that is restarting hears of it later."""
    result = await sender("127.0.0.1")(parcel(f"http://127.0.0.1:{unused_port()}/hook"))
    assert isinstance(result, Again)
    assert result.ambiguous


async def test_an_agent_that_does_not_answer_is_left(agent: Agent) -> None:
    """A try ends after its time; whether it arrived is not known."""
    over = asyncio.Event()

    async def never(_request: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    agent.answer = never
    result = await sender("127.0.0.1", patience=0.1)(parcel(agent.url))
    over.set()
    assert result == Again("no answer within 0.1 s", timedelta(seconds=5), ambiguous=True)


async def test_an_endless_answer_is_not_read(agent: Agent) -> None:
    """The status is enough; a body without an end holds up nobody."""
    left = asyncio.Event()

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=200)
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 65_536)
        finally:
            left.set()

    agent.answer = endless
    assert await sender("127.0.0.1")(parcel(agent.url)) == Done()
    await left.wait()


async def test_a_dropped_connection_is_tried_again(agent: Agent) -> None:
    """A server that hangs up without an answer may have heard it or not."""

    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    agent.answer = hang_up
    result = await sender("127.0.0.1")(parcel(agent.url))
    assert isinstance(result, Again)
    assert result.ambiguous


async def test_certificates_are_checked() -> None:
    """A server that cannot prove its name gets nothing; one that can, does."""
    theirs = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    theirs.load_cert_chain(CERTIFICATE)
    agent = Agent()
    server = await serving(agent, theirs)
    url = agent.url.replace("127.0.0.1", "localhost")
    dns = Dns(localhost="127.0.0.1", agent="127.0.0.1")
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))

    unknown = await sender("localhost", resolver=dns)(parcel(url))
    other_name = await sender("agent", resolver=dns, tls=trusting)(parcel(url.replace("localhost", "agent")))
    before = len(agent.got)
    proven = await sender("localhost", resolver=dns, tls=trusting)(parcel(url))
    await server.close()

    assert isinstance(unknown, Again)
    assert isinstance(other_name, Again)
    assert (before, proven, len(agent.got)) == (0, Done(), 1)


async def test_a_body_that_is_no_callback_is_a_bug(agent: Agent) -> None:
    """The courier logs it with an incident; nothing is posted."""
    broken = replace(parcel(agent.url), body={"url": agent.url, "agent": "billing", "id": "msg_1"})
    with pytest.raises(TypeError, match="has no body"):
        await sender("127.0.0.1")(broken)
    assert agent.got == []


async def test_what_is_no_http_is_said_without_address_or_bytes() -> None:
    """An address may carry a key and an answer may carry anything: neither stands in the error."""

    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"CANARY is no HTTP\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        result = await sender("127.0.0.1")(parcel(f"http://127.0.0.1:{port}/hook?token=CANARY"))
    assert isinstance(result, Again)
    assert result.error == "what it answered is no HTTP"

"""The socket and its manners: what HTTP leaves open, and what nobody's route is."""

from __future__ import annotations

import asyncio

import pytest

from store.engine import Store
from tests.bot.http.conftest import Endpoint, running


async def _said(endpoint: Endpoint, sent: bytes) -> bytes:
    """All that comes back for these bytes until the other side closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.listener.port)
    writer.write(sent)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_an_unknown_path_is_a_problem(endpoint: Endpoint) -> None:
    """404 in the one shape, with a token or without; Slack's path is none of this listener's."""
    for path in ("/", "/v1", "/v1/requests/", "/v2/requests", "/slack/events"):
        for token in ("hitl_billing-token", None):
            answer = await endpoint.call("GET", path, token=token)
            assert answer.status == 404
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.body["type"] == "urn:hitl:problem:not-found"


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v1/requests", "GET,HEAD,POST"),
        ("DELETE", "/v1/requests/req_0", "GET,HEAD"),
        ("GET", "/v1/requests/req_0/claim", "POST"),
        ("GET", "/v1/requests/req_0/cancel", "POST"),
        ("OPTIONS", "/v1/check", "POST"),
        ("POST", "/healthz", "GET,HEAD"),
    ],
)
async def test_another_method_is_405(endpoint: Endpoint, method: str, path: str, allow: str) -> None:
    """With `Allow`; above all no GET changes anything."""
    answer = await endpoint.call(method, path)
    assert answer.status == 405
    assert answer.headers["Allow"] == allow
    assert answer.body["status"] == 405


async def test_head_is_get_without_its_body(endpoint: Endpoint) -> None:
    """The same status and length."""
    request = await endpoint.opened()
    got = await endpoint.call("GET", f"/v1/requests/{request}")
    head = await endpoint.call("HEAD", f"/v1/requests/{request}")
    assert (head.status, head.raw) == (200, b"")
    assert head.headers["Content-Length"] == got.headers["Content-Length"]


async def test_answers_are_kept_by_nobody_and_name_no_version(endpoint: Endpoint) -> None:
    """No cache keeps an answer, no browser guesses its type or may read it, nobody learns what runs here."""
    for path in ("/v1/requests", "/healthz", "/nothing"):
        headers = (await endpoint.call("GET", path, headers={"Origin": "https://evil.example"})).headers
        assert headers["Cache-Control"] == "no-store"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Server"] == "hitl"
        assert not any(name.lower().startswith("access-control") for name in headers)


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"GET /healthz HTTP/9.9\r\nHost: x\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nbroken header\r\n\r\n",
        b"GET /healthz HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 20_000 + b"\r\n\r\n",
        b"POST /v1/requests HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /v1/requests HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_a_problem_too(endpoint: Endpoint, sent: bytes) -> None:
    """400 in the one shape, and the connection is closed; nothing of it comes back."""
    answer = await _said(endpoint, sent)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith((b"HTTP/1.1 400 ", b"HTTP/1.0 400 "))
    assert b"application/problem+json" in head
    assert b"urn:hitl:problem:bad-http" in body
    assert b"yyyy" not in body


async def test_a_body_that_is_no_chunks_is_a_problem(endpoint: Endpoint) -> None:
    """Its headers promised chunks."""
    head = b"POST /v1/requests HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer hitl_billing-token\r\n"
    answer = await _said(
        endpoint, head + b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n"
    )
    assert b" 400 " in answer.partition(b"\r\n")[0]
    assert b"urn:hitl:problem:bad-http" in answer


async def test_100_continue_is_granted_and_nothing_else(endpoint: Endpoint) -> None:
    """curl sends it before larger bodies."""
    answer = await endpoint.post(headers={"Expect": "100-continue"})
    assert answer.status == 201
    answer = await endpoint.post(headers={"Expect": "miracles"})
    assert answer.status == 417
    assert answer.headers["Content-Type"] == "application/problem+json"


async def test_whoever_says_nothing_is_hung_up_on(store: Store) -> None:
    """A connection without a call, or with half of one, is closed after its time."""
    async with running(store, first_call_seconds=0.05) as endpoint:
        assert await _said(endpoint, b"") == b""
        assert await _said(endpoint, b"GET /healthz HTTP/1.1\r\nHo") == b""
        request = await endpoint.opened()
        answer = await endpoint.call("GET", f"/v1/requests/{request}?wait=0.2")
        assert answer.status == 200


async def test_calls_in_hand_are_finished_and_no_new_ones_taken(store: Store) -> None:
    """A stop loses no answer, and the port is free afterwards."""
    async with running(store) as endpoint:
        posts = [asyncio.create_task(endpoint.post()) for _ in range(5)]
        answers = [await post for post in posts]
        await endpoint.listener.close()
        assert [answer.status for answer in answers] == [201] * 5
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", endpoint.listener.port)

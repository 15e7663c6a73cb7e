"""What is not taken: each gets a clear answer in one shape, and nothing is stored."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.http import bodies
from tests.bot.http.conftest import REFUND, Answer, Endpoint

DEEP: Any = {}
for _ in range(32):
    DEEP = {"in": DEEP}


def _is_problem(answer: Answer, status: int) -> None:
    assert answer.status == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body["status"] == status
    assert answer.body["type"].startswith("urn:hitl:problem:")
    assert answer.body["title"]
    assert answer.body["detail"]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"action": None}, "action"),
    ({"action": ""}, "action"),
    ({"action": 5}, "action"),
    ({"action": "a" * 201}, "action"),
    ({"action": "a\0b"}, "action"),
    ({"payload": [1]}, "payload"),
    ({"payload": "{}"}, "payload"),
    ({"payload": DEEP}, "payload" + ".in" * 32),
    ({"payload": {"a": "x" * 262_144}}, "payload"),
    ({"payload": {"a": 2**53}}, "payload.a"),
    ({"payload": {"a": {"b": [0, 9007199254740993.0]}}}, "payload.a.b.1"),
    ({"kind": "wish"}, "kind"),
    ({"title": "x" * 251}, "title"),
    ({"title": 5}, "title"),
    ({"reasoning": "x" * 20_001}, "reasoning"),
    ({"reasoning": "a\0b"}, "reasoning"),
    ({"context": {}}, "context"),
    ({"context": [{"value": 1}]}, "context.0.label"),
    ({"context": [{"label": "a"}]}, "context.0.value"),
    (
        {"context": [{"label": "a", "value": 1}, {"label": "a", "value": 1, "colour": "red"}]},
        "context.1.colour",
    ),
    ({"context": [{"label": "a", "value": 1, "url": "javascript:alert(1)"}]}, "context.0.url"),
    ({"context": [{"label": "a", "value": 1, "url": "https://bank.example@evil.example/"}]}, "context.0.url"),
    ({"context": [{"label": "a", "value": 1, "url": "http://["}]}, "context.0.url"),
    ({"context": [{"label": "a", "value": ["\0"]}]}, "context.0.value.0"),
    ({"context": [{"label": "a", "value": DEEP}]}, "context.0.value" + ".in" * 32),
    ({"context": [{"label": "a", "value": 1}] * 51}, "context"),
    ({"effects": {"approve": 1}}, "effects.approve"),
    ({"effects": {"explode": "yes"}}, "effects.explode"),
    ({"confidence": 1.01}, "confidence"),
    ({"confidence": -0.1}, "confidence"),
    ({"confidence": "0.5"}, "confidence"),
    ({"confidence": True}, "confidence"),
    ({"risk": "HIGH"}, "risk"),
    ({"reversible": "yes"}, "reversible"),
    ({"reversible": 1}, "reversible"),
    ({"form": "schema"}, "form"),
    ({"form": {"type": "strnig"}}, "form.type"),
    ({"form": {"properties": {"amount": {"maximum": 100}}}}, "payload.amount"),
    ({"form": {"required": ["reason"]}}, "payload.reason"),
    ({"form": {"$ref": "https://schemas.example.com/refund.json"}}, "form.$ref"),
    ({"form": {"$ref": "file:///etc/passwd"}}, "form.$ref"),
    ({"form": {"properties": {"a": {"pattern": "(?=a)b"}}}}, "form.properties.a.pattern"),
    ({"form": {"description": "x" * 32_768}}, "form"),
    ({"options": ["a", "b"]}, "options"),
    ({"default_answer": "a"}, "default_answer"),
    ({"kind": "question", "options": ["a"]}, "options"),
    ({"kind": "question", "options": [str(n) for n in range(101)]}, "options"),
    ({"kind": "question", "options": ["a", "a"]}, "options"),
    ({"kind": "question", "options": ["a", "b"], "default_answer": "c"}, "default_answer"),
    ({"on_behalf_of": "Alice"}, "on_behalf_of"),
    ({"on_behalf_of": "mailto:alice@example.com"}, "on_behalf_of"),
    ({"on_behalf_of": "<mailto:alice@example.com|alice@example.com>"}, "on_behalf_of"),
    ({"on_behalf_of": "a@b"}, "on_behalf_of"),
    ({"action": "  "}, "action"),
    ({"action": "___"}, "action"),
    ({"action": "a\u202eb"}, "action"),
    ({"action": "pay\u200bout"}, "action"),
    ({"supersedes": "req_01UNKNOWN"}, "supersedes"),
    ({"run_id": 7}, "run_id"),
    ({"run_id": "\0"}, "run_id"),
    ({"metadata": {"a": 1}}, "metadata.a"),
    ({"metadata": {"a" * 129: "x"}}, "metadata." + "a" * 129),
    ({"metadata": {"a\0": "x"}}, "metadata"),
    ({"metadata": {str(n): "x" for n in range(101)}}, "metadata"),
    ({"callback_url": "https://evil.example.net/"}, "callback_url"),
    ({"callback_url": "https://agent.example.com@evil.example.net/"}, "callback_url"),
    ({"callback_url": "ftp://agent.example.com/"}, "callback_url"),
    ({"callback_url": "http://127.0.0.1/"}, "callback_url"),
    ({"reply_to": {"channel": "general", "thread_ts": "1700000000.000100"}}, "reply_to.channel"),
    ({"reply_to": {"channel": "C0OPS"}}, "reply_to.thread_ts"),
    ({"surprise": 1}, "surprise"),
]


@pytest.mark.parametrize(
    ("fields", "loc"), WRONG, ids=[f"{n}-{loc[:30]}" for n, (_, loc) in enumerate(WRONG)]
)
async def test_a_wrong_field_is_named(endpoint: Endpoint, fields: dict[str, Any], loc: str) -> None:
    """422 with the field's place, on `requests` and on `check` alike; nothing is stored."""
    for path in ("/v1/requests", "/v1/check"):
        if path == "/v1/check" and "supersedes" in fields:
            continue  # what is not stored supersedes nothing
        answer = await endpoint.call("POST", path, {**REFUND, **fields})
        _is_problem(answer, 422)
        assert answer.locs == [loc]
        assert all(error["msg"] for error in answer.body["errors"])
    assert await endpoint.count() == 0


async def test_every_flaw_is_told_at_once(endpoint: Endpoint) -> None:
    """An author mends them in one go."""
    answer = await endpoint.call("POST", "/v1/requests", {"titel": "x", "confidence": 2, "risk": "none"})
    assert set(answer.locs) == {"action", "titel", "confidence", "risk"}


async def test_no_value_comes_back(endpoint: Endpoint) -> None:
    """A problem repeats the names of fields, never what was in them."""
    secret = "hunter2-4111111111111111"
    wrong = {
        "title": [secret],
        "risk": secret,
        "callback_url": f"ftp://{secret}",
        "metadata": {"a": [secret]},
    }
    for fields in (
        wrong,
        {"payload": {"a": secret, "b": 2**60}},
        {"form": {"const": 1}, "payload": {"a": secret}},
    ):
        answer = await endpoint.post(fields)
        assert answer.status == 422
        assert secret.encode() not in answer.raw
    answer = await endpoint.call("POST", "/v1/requests", raw=f'{{"action": {secret}}}'.encode())
    assert answer.status == 400
    assert secret.encode() not in answer.raw


async def test_many_flaws_are_cut(endpoint: Endpoint) -> None:
    """A body made of mistakes does not come back larger than it went."""
    answer = await endpoint.post({f"{'x' * 300}{n}": n for n in range(500)})
    assert answer.status == 422
    assert len(answer.raw) < 20_000


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"action=issue_refund",
        b"{'action': 'x'}",
        b'{"action": "x",}',
        b'{"action": "x", "confidence": NaN}',
        b'{"action": "x", "confidence": -Infinity}',
        b'\xff\xfe{"action": "x"}',
        b'{"action": "\xff"}',
        b'{"action": "x"} {}',
        b"[" * 100_000,
    ],
)
async def test_what_is_not_json_is_400(endpoint: Endpoint, raw: bytes) -> None:
    """The detail says where it ends being JSON."""
    answer = await endpoint.call("POST", "/v1/requests", raw=raw)
    _is_problem(answer, 400)
    assert "line" in answer.body["detail"]
    assert await endpoint.count() == 0


@pytest.mark.parametrize(
    ("raw", "loc"),
    [
        (b'{"action": "a", "action": "b"}', "action"),
        (b'{"action": "a", "payload": {"x": 1, "x": 1}}', "payload.x"),
        (b'{"action": "a", "payload": {"x": 1e400}}', "payload.x"),
        (b'{"action": "a", "payload": {"x": 9007199254740993}}', "payload.x"),
        (b'{"action": "a", "confidence": 1e400}', "confidence"),
        (b'{"action": "a", "title": "\\ud800"}', "title"),
        (b'{"action": "a", "payload": {"x": ["\\udfff"]}}', "payload.x.0"),
        (b'{"action": "a", "payload": {"x": ' + b"[" * 5000 + b"]" * 5000 + b"}}", "payload.x"),
        (b"[]", ""),
        (b"null", ""),
        (b'"issue_refund"', ""),
    ],
)
async def test_json_that_others_read_otherwise_is_422(endpoint: Endpoint, raw: bytes, loc: str) -> None:
    """Duplicate keys, numbers that do not survive, half characters, and what is no object."""
    answer = await endpoint.call("POST", "/v1/requests", raw=raw)
    _is_problem(answer, 422)
    assert answer.locs[0].startswith(loc)
    assert await endpoint.count() == 0


async def test_a_payload_keeps_every_character(on_each: Endpoint) -> None:
    """What the tool takes is kept to the letter, a NUL as well."""
    odd = {
        "nul": "a\0b",
        "\0": "key",
        "emoji": "😀",
        "bidi": "\u202e",
        "big": 2**53 - 1,
        "small": 5e-324,
        "e": 1e300,
    }
    answer = await on_each.post({"payload": odd})
    assert answer.status == 201
    assert (await on_each.call("GET", answer.headers["Location"])).body["payload"] == odd


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_over_a_mebibyte_is_413(endpoint: Endpoint, *, chunked: bool) -> None:
    """Whether or not it says so beforehand."""
    body = json.dumps({**REFUND, "reasoning": "x" * (1024 * 1024)}).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    answer = await endpoint.call("POST", "/v1/requests", raw=pieces() if chunked else io.BytesIO(body))
    _is_problem(answer, 413)
    assert await endpoint.count() == 0


async def test_a_body_of_a_mebibyte_is_read(endpoint: Endpoint) -> None:
    """The limit itself is allowed."""
    empty = json.dumps({**REFUND, "pad": ""}).encode()
    body = json.dumps({**REFUND, "pad": "x" * (1024 * 1024 - len(empty))}).encode()
    assert len(body) == 1024 * 1024
    answer = await endpoint.call("POST", "/v1/requests", raw=io.BytesIO(body))
    assert answer.status == 422
    assert answer.locs == ["pad"]


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded"]
)
async def test_json_is_read_whatever_it_is_called(endpoint: Endpoint, content_type: str) -> None:
    """`curl -d` calls everything a form; what counts is what it is."""
    headers = {"Content-Type": content_type}
    path = "/v1/requests"
    assert (await endpoint.call("POST", path, raw=json.dumps(REFUND).encode(), headers=headers)).status == 201
    _is_problem(await endpoint.call("POST", path, raw=b"action=issue_refund", headers=headers), 400)


@pytest.mark.parametrize(
    ("call", "body", "loc"),
    [
        ("comments", {}, "text"),
        ("comments", {"text": ""}, "text"),
        ("comments", {"text": " \n"}, "text"),
        ("comments", {"text": "a\0"}, "text"),
        ("comments", {"text": "x" * 10_001}, "text"),
        ("comments", {"text": "a", "by": "somebody"}, "by"),
        ("cancel", {"reason": 5}, "reason"),
        ("cancel", {"why": "x"}, "why"),
        ("claim", {"worker": 1}, "worker"),
        ("outcome", {}, "status"),
        ("outcome", {"status": "done"}, "status"),
        ("outcome", {"status": "failed", "url": "javascript:0"}, "url"),
        ("outcome", {"status": "failed", "detail": ["x"]}, "detail"),
    ],
)
async def test_the_other_calls_are_as_strict(endpoint: Endpoint, call: str, body: Any, loc: str) -> None:
    """422 that names the field, and the request stays as it was."""
    request = await endpoint.opened()
    answer = await endpoint.call("POST", f"/v1/requests/{request}/{call}", body)
    _is_problem(answer, 422)
    assert answer.locs == [loc]
    assert (await endpoint.call("GET", f"/v1/requests/{request}")).body["comments"] == []


async def test_a_body_that_never_ends_is_given_up(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """408, and the connection is closed."""
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.05)
    reader, writer = await asyncio.open_connection("127.0.0.1", endpoint.listener.port)
    writer.write(b"POST /v1/requests HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n")
    writer.write(b"Authorization: Bearer hitl_billing-token\r\n\r\n{")
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"urn:hitl:problem:body-too-slow" in answer

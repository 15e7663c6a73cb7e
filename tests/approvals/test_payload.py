"""What a payload may be, and how a body that holds one is read."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given

from approvals.canonical import LARGEST_INTEGER, Json, canonical
from approvals.payload import DEEPEST, LARGEST, problems
from approvals.strict_json import NotInterchangeable, NotJson, parse
from tests.approvals.json_values import payloads


def _deep(levels: int) -> Json:
    value: Json = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def test_an_ordinary_payload_is_fine() -> None:
    """What agents send every day has no problems."""
    assert problems({"amount": 750.5, "to": ["a", None, True], "größe": {"x": -LARGEST_INTEGER}}) == ()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (float("nan"), "finite"),
        (float("inf"), "finite"),
        (LARGEST_INTEGER + 1, "9007199254740991"),
        (-LARGEST_INTEGER - 1, "9007199254740991"),
        (1e17, "9007199254740991"),
        pytest.param(10**5000, "9007199254740991", id="more digits than Python prints"),
        ("\ud83d", "surrogate"),
        ({"\udc00": 1}, "surrogate"),
    ],
)
def test_what_does_not_survive_interchange(value: Json, words: str) -> None:
    """Numbers and texts without a canonical spelling that reads back are named by their place."""
    (flaw,) = problems({"items": [1, value]})
    assert flaw.loc.startswith("payload.items.1")
    assert words in flaw.msg
    assert flaw.loc.encode()


def test_levels() -> None:
    """32 levels pass, 33 do not, and 100,000 are refused without a RecursionError."""
    assert problems(_deep(DEEPEST)) == ()
    for levels in (DEEPEST + 1, 100_000):
        (flaw,) = problems(_deep(levels))
        assert flaw.msg == "is nested deeper than 32 levels"


def test_size_is_that_of_the_canonical_spelling() -> None:
    """256 KiB pass to the byte, counted in UTF-8 as RFC 8785 spells it; one byte more does not."""
    room = LARGEST - len('{"a":""}')
    for text in ("x" * room, "ü" * (room // 2), "\u001f" * (room // 6)):
        payload: Json = {"a": text}
        assert problems(payload) == ()
        fill = "x" * (LARGEST - len(canonical(payload)) + 1)
        (flaw,) = problems({"a": text + fill})
        assert flaw.msg == "is larger than 256 KiB"


@given(payloads())
def test_without_problems_it_has_a_spelling_that_reads_back(payload: dict[str, Json]) -> None:
    """Whatever passes can be spelled, and its spelling passes and is the same payload."""
    assert problems(payload) == ()
    again = json.loads(canonical(payload))
    assert problems(again) == ()
    assert canonical(again) == canonical(payload)


@given(payloads())
@example({"id": "12345678901234567890", "hex": "1e400", "face": "\U0001f600"})
def test_ordinary_bodies_are_read_as_python_reads_them(payload: dict[str, Json]) -> None:
    """For JSON that every reader understands, the strict reader says what the usual one does."""
    assert parse(json.dumps(payload).encode()) == payload
    assert parse(json.dumps(payload, ensure_ascii=False).encode()) == payload


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b"", 1, 1),
        (b"{'a': 1}", 1, 2),
        (b'{"a": 1}\n x', 2, 2),
        (b'{"a": "\xff"}', 1, 8),
        (b'{"NaN": "NaN",\n "a": NaN}', 2, 7),
        (b"[-Infinity]", 1, 2),
        (b"\xef\xbb\xbf{}", 1, 1),
        (b"[" * 100_000, 1, 100_001),
        (b'{"a": 1, "a": 2', 1, 16),
    ],
)
def test_not_json(body: bytes, line: int, column: int) -> None:
    """What is no JSON is refused with its line and column, whatever Python makes of it."""
    with pytest.raises(NotJson) as caught:
        parse(body)
    assert (caught.value.line, caught.value.column) == (line, column)


@pytest.mark.parametrize(
    ("body", "loc", "words"),
    [
        (b'{"action": "x", "action": "y"}', "action", "more than once"),
        (b'{"payload": {"items": [{"b": 1, "b": 1}]}}', "payload.items.0.b", "more than once"),
        (b'{"payload": {"amount": 1e400}}', "payload.amount", "finite"),
        (b'{"payload": {"amount": -1' + b"0" * 400 + b".5}}", "payload.amount", "finite"),
        (b'{"payload": {"amount": 9007199254740992}}', "payload.amount", "integer"),
        (b'{"payload": {"amount": ' + b"9" * 900_000 + b"}}", "payload.amount", "integer"),
        (b'{"payload": {"to": "\\uD83d"}}', "payload.to", "surrogate"),
        (b'{"payload": {"\\udc00": 1}}', "payload.\\udc00", "surrogate"),
        (b'{"payload": ' + b"[" * 5000 + b"]" * 5000 + b"}", "payload." + ".".join(["0"] * 38), "too deep"),
    ],
)
def test_json_that_readers_read_differently(body: bytes, loc: str, words: str) -> None:
    """Duplicate keys, numbers that do not fit, half characters and endless nesting are flaws with a place."""
    with pytest.raises(NotInterchangeable) as caught:
        parse(body)
    (flaw,) = caught.value.flaws
    assert flaw.loc == loc
    assert words in flaw.msg


def test_all_flaws_of_a_body_are_told_at_once() -> None:
    """Who sent three wrong things learns of three."""
    with pytest.raises(NotInterchangeable) as caught:
        parse(b'{"a": 1, "a": 2, "b": 1e999, "c": "\\ud800"}')
    assert [flaw.loc for flaw in caught.value.flaws] == ["a", "b", "c"]

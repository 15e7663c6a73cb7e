"""JSON as it comes in from outside, read so that everybody who reads it reads the same.

Python's reader takes more than JSON (NaN) and forgives what others read differently (a key twice, numbers
beyond a double, half a surrogate pair). Here the first is no JSON, and the second are flaws with a place.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from approvals.canonical import LARGEST_INTEGER, Json
from approvals.model import Flaw
from approvals.paths import Path, dotted
from approvals.payload import DEEPEST, LONE_SURROGATE, NOT_FINITE, TOO_LARGE_INTEGER

#: Texts without any of these cannot hold an integer beyond 2^53, a float that overflows, or (with an escape
#: at all) a lone surrogate; nearly all have none, and then nothing has to be looked at one by one. A pattern
#: that begins with one set of characters is looked for several times as fast as one of alternatives.
_SUSPICIOUS_NUMBER = re.compile(r"[0-9](?:[0-9]{15}|[eE][+-]?[0-9]{3})")
_SUSPICIOUS_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_NO_STRING = re.compile(r'"(?:[^"\\]|\\.)*"|(-?Infinity|NaN)', re.DOTALL)
_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*"|([\[{])|([\]}])', re.DOTALL)
#: Objects and arrays below this level are cut out of a text that is too deep for Python's reader. More than
#: a payload's own levels and the body's around it, so that what is cut is refused in any case.
_CUT_BELOW = DEEPEST + 8
#: What stands for a cut; longer than any integer that is taken, so that it is a flaw wherever it stands.
_CUT = "1" + "0" * 60
#: More flaws than this help nobody.
_MOST_FLAWS = 20
TOO_DEEP = "is nested too deep"


class NotJson(ValueError):
    """The bytes are not JSON in UTF-8. `line` and `column` count from 1."""

    def __init__(self, msg: str, line: int = 1, column: int = 1) -> None:
        super().__init__(f"{msg} (line {line}, column {column})")
        self.msg = msg
        self.line = line
        self.column = column


class NotInterchangeable(ValueError):
    """JSON, but other readers may read something else. `flaws` say where: `payload.amount`."""

    def __init__(self, flaws: tuple[Flaw, ...]) -> None:
        super().__init__("; ".join(f"{flaw.loc or 'the body'} {flaw.msg}" for flaw in flaws))
        self.flaws = flaws


def parse(body: bytes, root: str = "") -> Json:
    """The value that `body` spells; `root` heads the `loc`s of flaws.

    Raises `NotJson` for what is not UTF-8 or not JSON (RFC 8259), NaN and infinities among it, and
    `NotInterchangeable` for duplicate keys, numbers that overflow or lose digits, lone surrogates (RFC 7493).
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise NotJson("is not UTF-8", *_place(body, error.start)) from None
    try:
        value = _ORDINARY.decode(text)
    except json.JSONDecodeError as error:
        raise NotJson(_sentence(error.msg), error.lineno, error.colno) from None
    except _Constant:
        raise _constant_in(text) from None
    except (_Trouble, RecursionError, ValueError):  # ValueError: more digits than Python converts
        return _slowly(text, root)
    return _slowly(text, root) if _is_suspicious(text) else value


def _is_suspicious(text: str) -> bool:
    if _SUSPICIOUS_NUMBER.search(text) is not None:
        return True
    return "\\u" in text and _SUSPICIOUS_ESCAPE.search(text) is not None


class _Trouble(Exception):
    """The quick way met a duplicate key."""


class _Constant(Exception):
    """NaN or an infinity, which JSON does not have."""


def _no_constant(_name: str) -> NoReturn:
    raise _Constant


def _plain(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise _Trouble
    return value


_ORDINARY = json.JSONDecoder(object_pairs_hook=_plain, parse_constant=_no_constant)


@dataclass(frozen=True, slots=True)
class _Marked:
    """Stands in a value that is looked through for flaws, and then thrown away."""

    why: str


class _Repeating(dict[str, Any]):
    """An object in which these keys come twice."""

    twice: tuple[str, ...] = ()


def _marked_object(pairs: list[tuple[str, Json]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) == len(pairs):
        return value
    marked = _Repeating(value)
    seen: set[str] = set()
    marked.twice = tuple(dict.fromkeys(key for key, _ in pairs if key in seen or seen.add(key)))  # type: ignore[func-returns-value]
    return marked


def _marked_int(digits: str) -> int | _Marked:
    if digits == _CUT:
        return _Marked(TOO_DEEP)
    # Longer ones are not converted at all: that takes quadratic time.
    if len(digits) > len(str(LARGEST_INTEGER)) + 1 or abs(int(digits)) > LARGEST_INTEGER:
        return _Marked(TOO_LARGE_INTEGER)
    return int(digits)


def _marked_float(digits: str) -> float | _Marked:
    value = float(digits)
    return value if math.isfinite(value) else _Marked(NOT_FINITE)


_CAREFUL = json.JSONDecoder(
    object_pairs_hook=_marked_object,
    parse_int=_marked_int,
    parse_float=_marked_float,
    parse_constant=_no_constant,
)


def _slowly(text: str, root: str) -> Json:
    try:
        value = _careful(text)
    except json.JSONDecodeError as error:
        raise NotJson(_sentence(error.msg), error.lineno, error.colno) from None
    except _Constant:
        raise _constant_in(text) from None
    flaws = _flaws(value, root)
    if flaws:
        raise NotInterchangeable(flaws)
    return value


def _careful(text: str) -> Json:
    try:
        value: Json = _CAREFUL.decode(text)
    except RecursionError:
        value = _CAREFUL.decode(_shallow(text))
    return value


def _shallow(text: str) -> str:
    """The same text with `_CUT` for everything below the level where it is refused anyway."""
    kept: list[str] = []
    depth = start = 0
    for token in _BRACKET.finditer(text):
        if token[1]:
            depth += 1
            if depth == _CUT_BELOW:
                kept.append(text[start : token.start()])
        elif token[2]:
            if depth == _CUT_BELOW:
                kept.append(_CUT)
                start = token.end()
            depth -= 1
    if depth >= _CUT_BELOW:
        raise json.JSONDecodeError("Expecting the end of an array or object", text, len(text))
    return "".join((*kept, text[start:]))


def _flaws(value: Json, root: str) -> tuple[Flaw, ...]:
    flaws: list[Flaw] = []
    waiting: list[tuple[Path, Any]] = [((), value)]
    while waiting and len(flaws) < _MOST_FLAWS:
        path, item = waiting.pop()
        if isinstance(item, _Marked):
            flaws.append(Flaw(dotted(root, path), item.why))
        elif isinstance(item, str):
            flaws.extend(_halves(root, path, item))
        elif isinstance(item, list):
            waiting.extend(((*path, index), inner) for index, inner in reversed([*enumerate(item)]))
        elif isinstance(item, Mapping):
            twice = item.twice if isinstance(item, _Repeating) else ()
            flaws.extend(Flaw(dotted(root, (*path, key)), "is there more than once") for key in twice)
            for key in item:
                flaws.extend(_halves(root, (*path, key), key))
            waiting.extend(((*path, key), inner) for key, inner in reversed([*item.items()]))
    return tuple(flaws[:_MOST_FLAWS])


def _halves(root: str, path: Path, text: str) -> list[Flaw]:
    if text.isascii() or not any("\ud800" <= char <= "\udfff" for char in text):
        return []
    return [Flaw(dotted(root, path), LONE_SURROGATE)]


def _constant_in(text: str) -> NotJson:
    for token in _NO_STRING.finditer(text):
        if token[1]:
            place = _place(text.encode("utf-8"), len(text[: token.start()].encode("utf-8")))
            return NotJson(f"{token[1]} is no JSON", *place)
    return NotJson("NaN and infinities are no JSON")


def _place(body: bytes, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of a byte."""
    before = body[:offset]
    line = before.count(b"\n")
    last = before.rsplit(b"\n", 1)[-1]
    return line + 1, len(last.decode("utf-8", "replace")) + 1


def _sentence(msg: str) -> str:
    """The reader's words, without the hints at Python that some of them carry."""
    return msg.split(" (using", 1)[0][:1].lower() + msg.split(" (using", 1)[0][1:]

"""What came in: read within a time and a size, parsed strictly, matched field by field."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from approvals import strict_json
from approvals.canonical import Json
from approvals.model import Flaw
from bot.http import problems
from bot.http.drafts import PATTERNS
from bot.http.problems import Problem

T = TypeVar("T", bound=BaseModel)

#: Bytes (contract, section 2).
LARGEST_BODY = 1024 * 1024
#: Longer than any honest client takes for a mebibyte; a slow one must not keep a connection for ever.
BODY_SECONDS = 20.0

#: These hold what the tool takes, to the letter. JSON keeps a NUL in them; text for people has none, and
#: PostgreSQL has no room for one outside JSON.
_TO_THE_LETTER = frozenset({"payload", "form"})
_NUL = "must not hold a NUL character"

_BY_PATTERN = "is not spelled as it should be"
#: pydantic's names of what can be wrong, in words that repeat nothing of what was sent
_WORDS: Mapping[str, str] = {
    "extra_forbidden": "is no field of this call",
    "missing": "is required",
    "string_type": "must be a string",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "list_type": "must be an array",
    "tuple_type": "must be an array",
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "literal_error": "must be {expected}",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than_equal": "must be {le:g} or less",
    "string_pattern_mismatch": _BY_PATTERN,
}


async def json_object(request: web.Request, *, optional: bool = False) -> dict[str, Json]:
    """The body, an object; {} for none where it is `optional`. Raises `Problem`: 400, 408, 413, 422.

    It is read as JSON whatever its `Content-Type`, which many clients get wrong. That opens nothing to a
    browser's forms: these cannot send a token.
    """
    body = await whole(request)
    if optional and not body.strip():
        return {}
    value = _parsed(body)
    if not isinstance(value, dict):
        raise problems.bad_input([Flaw("", "must be an object")])
    if b"\\u0000" in body:
        flaws = [flaw for name, inner in value.items() for flaw in _nuls(name, inner)]
        if flaws:
            raise problems.bad_input(flaws)
    return value


def matched(model: type[T], value: Mapping[str, Json]) -> T:
    """`value` as `model`. Raises `Problem` (422) that names each field that is wrong."""
    try:
        return model.model_validate(value, strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=True, include_input=False)
        raise problems.bad_input([_flaw(one) for one in found]) from None


async def whole(request: web.Request) -> bytes:
    """The body as it came; once it was waited for it is there. Raises `Problem`: 408, 413."""
    if request.content_length is not None and request.content_length > LARGEST_BODY:
        raise Problem(problems.TOO_LARGE, problems.TOO_LARGE.meaning)
    if request.content.is_eof():
        # Nearly every body comes in one piece with its head: there is nothing to wait for.
        return await request.read()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            return await request.read()
    except TimeoutError:
        raise Problem(problems.TOO_SLOW, problems.TOO_SLOW.meaning, headers={"Connection": "close"}) from None


def _parsed(body: bytes) -> Json:
    try:
        return strict_json.parse(body)
    except strict_json.NotJson as error:
        raise Problem(problems.NOT_JSON, str(error)) from None
    except strict_json.NotInterchangeable as error:
        raise problems.bad_input(error.flaws) from None


def _nuls(name: str, value: Json) -> Iterator[Flaw]:
    """Where under `name` a NUL stands that nobody can store or show; at most the first few matter."""
    if "\x00" in name:
        yield Flaw(name.replace("\x00", "\\u0000"), _NUL)
    if name in _TO_THE_LETTER:
        return
    waiting: list[tuple[str, Json]] = [(name, value)]
    while waiting:
        loc, item = waiting.pop()
        if isinstance(item, str) and "\x00" in item:
            yield Flaw(loc, _NUL)
        elif isinstance(item, list):
            waiting.extend((f"{loc}.{place}", inner) for place, inner in enumerate(item))
        elif isinstance(item, dict):
            if any("\x00" in key for key in item):
                yield Flaw(loc, _NUL)
            waiting.extend((f"{loc}.{key}", inner) for key, inner in item.items())


def _flaw(error: ErrorDetails) -> Flaw:
    loc = ".".join(str(part) for part in error["loc"] if part != "[key]")
    words = _WORDS.get(error["type"], "is not what it should be")
    if words is _BY_PATTERN:
        return Flaw(loc, PATTERNS.get(error["ctx"]["pattern"], _BY_PATTERN))
    return Flaw(loc, words.format_map(error.get("ctx", {})))

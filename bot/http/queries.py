"""What stands behind the question mark, and in the headers: as strict as the bodies."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from aiohttp import web

from approvals.model import Flaw
from approvals.words import Status
from bot.http.problems import bad_input

#: Seconds (contract, section 2).
LONGEST_WAIT = 60
MOST_ITEMS = 200
DEFAULT_ITEMS = 50
LONGEST_GLOB = 200

CURSOR = r"^req_[0-9A-Za-z]{1,60}$"
#: Visible ASCII: what every HTTP client can send and every log can show.
IDEMPOTENCY_KEY = r"^[!-~]{1,255}$"
#: Any spelling of a number that JSON has, so that a client may print it as it likes.
_NUMBER = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?")
_COUNT = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class Listing:
    """Which requests an agent wants to see. An empty parameter is as good as none."""

    status: Status | None
    #: a glob of `*` and `?`
    action: str | None
    cursor: str | None
    limit: int


def wait_in(request: web.Request) -> float:
    """Seconds to wait, 0 without. Raises `Problem` (422)."""
    given = _given(request, ("wait",))
    text = given.get("wait", "")
    if text == "":
        return 0.0
    if _NUMBER.fullmatch(text) is None or not 0 <= float(text) <= LONGEST_WAIT:
        raise bad_input([Flaw("wait", f"must be a number of seconds from 0 to {LONGEST_WAIT}")])
    return float(text)


def listing_in(request: web.Request) -> Listing:
    """Which requests to list. Raises `Problem` (422) with every flaw."""
    given = _given(request, ("status", "action", "cursor", "limit"))
    flaws: list[Flaw] = []
    status, action, cursor, limit = (given.get(name, "") for name in ("status", "action", "cursor", "limit"))
    if status and status not in set(Status):
        flaws.append(Flaw("status", "must be " + " or ".join(Status)))
    if len(action) > LONGEST_GLOB or "\x00" in action:
        flaws.append(Flaw("action", f"must have at most {LONGEST_GLOB} characters, and no NUL"))
    if cursor and re.fullmatch(CURSOR, cursor) is None:
        flaws.append(Flaw("cursor", "must be a next_cursor of this listing"))
    if limit and (_COUNT.fullmatch(limit) is None or not 1 <= int(limit) <= MOST_ITEMS):
        flaws.append(Flaw("limit", f"must be a whole number from 1 to {MOST_ITEMS}"))
    if flaws:
        raise bad_input(flaws)
    return Listing(
        Status(status) if status else None,
        action or None,
        cursor or None,
        int(limit) if limit else DEFAULT_ITEMS,
    )


def no_query(request: web.Request) -> None:
    """Raises `Problem` (422) for any parameter: a misspelt one must not be ignored."""
    _given(request, ())


def idempotency_key_in(request: web.Request) -> str | None:
    """The key, None without. Raises `Problem` (422)."""
    keys = request.headers.getall("Idempotency-Key", [])
    if not keys:
        return None
    if len(keys) > 1 or re.fullmatch(IDEMPOTENCY_KEY, keys[0]) is None:
        raise bad_input([Flaw("Idempotency-Key", "must be one key of 1 to 255 visible ASCII characters")])
    return keys[0]


def _given(request: web.Request, known: Collection[str]) -> dict[str, str]:
    """Each parameter's value. Raises `Problem` (422) for unknown ones and for what comes twice."""
    if not request.query_string:
        return {}
    given: dict[str, str] = {}
    flaws: list[Flaw] = []
    for name, value in request.query.items():
        if name not in known:
            flaws.append(Flaw(name, "is no parameter of this call"))
        elif name in given:
            flaws.append(Flaw(name, "is there more than once"))
        else:
            given[name] = value
    if flaws:
        raise bad_input(flaws)
    return given

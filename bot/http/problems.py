"""What went wrong, as RFC 9457 says it: every error of this listener is one of these, in one shape.

A problem never repeats what was sent, except the names of fields: values may be secrets.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import hdrs, web

from approvals.errors import Reason, Refused
from approvals.model import Flaw

CONTENT_TYPE = "application/problem+json"
#: A flaw's place may be a name that the agent made up: no longer than this is repeated.
_LONGEST_LOC = 200
#: More flaws than this help nobody.
_MOST_FLAWS = 50


@dataclass(frozen=True, slots=True)
class Sort:
    """One sort of problem: its type, a stable URN, and what is the same on each."""

    name: str
    status: int
    title: str
    #: what an agent's author should know of it; goes into the OpenAPI document
    meaning: str

    @property
    def type(self) -> str:
        """The `type` member."""
        return f"urn:hitl:problem:{self.name}"


BAD_HTTP = Sort("bad-http", 400, "Not HTTP", "The request line or the headers cannot be read.")
NOT_JSON = Sort("not-json", 400, "Not JSON", "The body is not JSON in UTF-8 (RFC 8259).")
NO_TOKEN = Sort("no-token", 401, "No valid token", "There is no bearer token, or it is unknown or revoked.")
NOT_YOUR_ACTION = Sort("action-not-allowed", 403, "Not your action", "The token is not for this action.")
NOT_FOUND = Sort("not-found", 404, "Not found", "There is no such thing, or it is another agent's.")
NO_METHOD = Sort("method-not-allowed", 405, "Method not allowed", "`Allow` says which methods are.")
TOO_SLOW = Sort("body-too-slow", 408, "Body too slow", "The body did not arrive in time.")
WRONG_STATE = Sort("wrong-state", 409, "Not in this state", "The request is not in a state that allows this.")
TOO_LARGE = Sort("too-large", 413, "Too large", "The body is larger than 1 MiB.")
NO_EXPECTATION = Sort("no-expectation", 417, "Expectation failed", "`Expect` takes 100-continue only.")
BAD_INPUT = Sort("bad-input", 422, "Bad input", "Fields are wrong; `errors` says which and how.")
KEY_REUSED = Sort("key-reused", 422, "Key used before", "This Idempotency-Key came with another body before.")
TOO_MANY = Sort("too-many", 429, "Too many calls", "The agent calls too often; wait for `Retry-After`.")
OUR_FAULT = Sort("internal", 500, "Our fault", "A bug; `incident` finds it in the log.")
UNAVAILABLE = Sort(
    "unavailable",
    503,
    "Not now",
    "The database does not answer, or the bot is stopping. Whether a write took place is unknown: "
    "repeat it with the same Idempotency-Key after `Retry-After` seconds.",
)


class Problem(Exception):
    """Raised by handlers; answered as its JSON."""

    def __init__(
        self,
        sort: Sort,
        detail: str,
        flaws: Sequence[Flaw] = (),
        *,
        headers: Mapping[str, str] | None = None,
        incident: str | None = None,
    ) -> None:
        super().__init__(f"{sort.name}: {detail}")
        self.sort = sort
        self.detail = detail
        self.flaws = flaws
        self.headers = headers or {}
        self.incident = incident

    def answer(self) -> web.Response:
        """The response."""
        response = web.Response(status=self.sort.status, body=self.body(), content_type=CONTENT_TYPE)
        response.headers.update(self.headers)
        return response

    def body(self) -> bytes:
        """The problem as JSON; bytes that are safe to send whatever the fields were called."""
        told: dict[str, Any] = {
            "type": self.sort.type,
            "title": self.sort.title,
            "status": self.sort.status,
            "detail": self.detail,
        }
        if self.flaws:
            told["errors"] = [
                {"loc": flaw.loc[:_LONGEST_LOC], "msg": flaw.msg} for flaw in self.flaws[:_MOST_FLAWS]
            ]
        if self.incident is not None:
            told["incident"] = self.incident
        # A name may hold half of a surrogate pair, which UTF-8 has no bytes for; an escape it has.
        return json.dumps(told).encode("ascii")


def bad_input(flaws: Sequence[Flaw]) -> Problem:
    """422 with these flaws."""
    named = ", ".join(dict.fromkeys(flaw.loc[:_LONGEST_LOC] or "the body" for flaw in flaws[:5]))
    return Problem(BAD_INPUT, f"wrong: {named}{' and more' if len(flaws) > 5 else ''}", flaws)


def no_token(why: str) -> Problem:
    """401, with the challenge that RFC 6750 asks for."""
    error = "" if why == "" else ', error="invalid_token"'
    detail = why or "send Authorization: Bearer <token>"
    return Problem(NO_TOKEN, detail, headers={hdrs.WWW_AUTHENTICATE: f'Bearer realm="hitl"{error}'})


def unavailable(why: str, seconds: int) -> Problem:
    """503; `seconds` is when to try again."""
    return Problem(UNAVAILABLE, why, headers={hdrs.RETRY_AFTER: str(seconds)})


def of_refusal(refused: Refused) -> Problem | None:
    """What an agent is told when the rules say no; None for reasons that only people are refused for."""
    spelled = _REFUSALS.get(refused.reason)
    if spelled is None:
        return None
    sort, words = spelled
    return Problem(sort, words(refused.detail), refused.flaws)


def of_http(error: web.HTTPException) -> Problem | None:
    """What aiohttp itself refuses, in our shape; None for what is no error."""
    sort = _BY_STATUS.get(error.status)
    if sort is None:
        return None
    allow = error.headers.get(hdrs.ALLOW)
    return Problem(sort, sort.meaning, headers={hdrs.ALLOW: allow} if allow is not None else {})


def _not_claimable(detail: str) -> str:
    if detail == "claimed":
        return "it was claimed before: somebody else acts on it"
    if detail == "deleted":
        return "what was approved was deleted after its time: ask again if it is still needed"
    if detail == "expired":
        return "the approval has run out: ask again"
    return f"only an approved or modified request can be claimed; this one is {detail}"


def _as_it_is(detail: str) -> str:
    return detail


def _not_pending(status: str) -> str:
    if status == "review":
        return "people were promised this review of what silence let through: it cannot be withdrawn"
    return f"it is decided already: {status}"


_REFUSALS: Mapping[Reason, tuple[Sort, Callable[[str], str]]] = {
    Reason.UNKNOWN_REQUEST: (NOT_FOUND, lambda _: "no such request"),
    Reason.NOT_PENDING: (WRONG_STATE, _not_pending),
    Reason.NOT_CLAIMABLE: (WRONG_STATE, _not_claimable),
    Reason.NOT_REPORTABLE: (WRONG_STATE, lambda status: f"there is no outcome to report; it is {status}"),
    Reason.TOO_MANY_COMMENTS: (WRONG_STATE, lambda _: "it has as many comments as a request can have"),
    Reason.ACTION_NOT_ALLOWED: (NOT_YOUR_ACTION, lambda _: "this token is not for that action"),
    Reason.KEY_REUSED: (KEY_REUSED, _as_it_is),
    Reason.BAD_INPUT: (BAD_INPUT, _as_it_is),
}

_BY_STATUS: Mapping[int, Sort] = {
    sort.status: sort for sort in (BAD_HTTP, NOT_FOUND, NO_METHOD, TOO_LARGE, NO_EXPECTATION)
}

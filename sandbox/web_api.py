"""The Web API over HTTP: who calls, may they, does a fault stand in the way, and what is answered."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from typing import Any

from aiohttp import web

# Each of these puts its methods into METHODS when it is imported.
from sandbox import methods_app, methods_chat, methods_conversations, methods_people, methods_views
from sandbox.calls import METHODS, Call, Method, Site, SlackError, read_arguments
from sandbox.changes import Json
from sandbox.faults import Fault, Faults
from sandbox.rates import Rates

FAMILIES = (methods_app, methods_chat, methods_conversations, methods_people, methods_views)
#: How many calls are remembered.
KEPT = 5_000


class Dropped(Exception):
    """The connection is to end here, without an answer."""


class WebApi:
    """Answers the calls of one workspace, and remembers them."""

    def __init__(self, site: Site, faults: Faults, rates: Rates) -> None:
        self.site = site
        self.faults = faults
        self.rates = rates
        self.calls: deque[Call] = deque(maxlen=KEPT)
        self._count = 0

    def __iter__(self) -> Iterator[Call]:
        return iter(list(self.calls))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request to `/api/<method>`."""
        started = time.monotonic()
        call = Call(self._number(), request.match_info["method"], {}, None)
        try:
            status, answer, headers = await self._answer(request, call)
        except Dropped:
            call.took = time.monotonic() - started
            self._remember(call)
            return drop(request)
        call.response, call.status, call.took = answer, status, time.monotonic() - started
        self._remember(call)
        if answer is None:
            return web.Response(status=status, text="Something went wrong", headers=headers)
        return web.json_response(answer, status=status, headers=headers)

    def _number(self) -> int:
        self._count += 1
        return self._count

    def _remember(self, call: Call) -> None:
        self.calls.append(call)
        about = {"seq": call.seq, "method": call.method, "error": call.error, "fault": call.fault}
        self.site.workspace.changes.note("call", **about)

    async def _answer(self, request: web.Request, call: Call) -> tuple[int, Json | None, dict[str, str]]:
        headers: dict[str, str] = {}
        try:
            call.args = await read_arguments(request)
            bearer = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
            call.token = bearer or str(call.args.pop("token", ""))
            headers["X-OAuth-Scopes"] = ",".join(sorted(self.site.app.scopes))
            fault = self.faults.meeting(call.method, call.args)
            if fault is not None:
                call.fault = fault.kind
                return await self._with_fault(fault, call, headers)
            return 200, self._carry_out(call), headers
        except TooManyError as limited:
            return 429, _refused("ratelimited"), {**headers, "Retry-After": str(limited.seconds)}
        except SlackError as refused:
            return 200, _refused(refused.code, **refused.extra), headers

    async def _with_fault(
        self, fault: Fault, call: Call, headers: dict[str, str]
    ) -> tuple[int, Json | None, dict[str, str]]:
        match fault.kind:
            case "ratelimited":
                raise TooManyError(fault.retry_after)
            case "status":
                return fault.status, None, headers
            case "error":
                raise SlackError(fault.error, **fault.extra)
            case "reset":
                raise Dropped
            case "lost":
                self._carry_out(call)
                raise Dropped
        if not fault.after_effect:
            await _waited(fault)
        answer = self._carry_out(call)
        if fault.after_effect:
            await _waited(fault)
        return 200, answer, headers

    def _carry_out(self, call: Call) -> Json:
        method = METHODS.get(call.method)
        if method is None:
            raise SlackError("unknown_method", req_method=call.method)
        self._check_token(call, method)
        seconds = self.rates.seconds_to_wait(call.method, call.args)
        if seconds is not None:
            raise TooManyError(seconds)
        call.unknown = sorted(set(call.args) - method.known)
        return {"ok": True, **method.does(self.site, call)}

    def _check_token(self, call: Call, method: Method) -> None:
        app = self.site.app
        if method.holder == "nobody":
            return
        if not call.token:
            raise SlackError("not_authed")
        if call.token not in (app.bot_token, app.app_token):
            raise SlackError("invalid_auth")
        if call.token != (app.bot_token if method.holder == "bot" else app.app_token):
            raise SlackError("not_allowed_token_type")
        if app.refused and method.holder == "bot":
            raise SlackError(app.refused)
        missing = [scope for scope in method.scopes if scope not in app.scopes]
        if missing:
            raise SlackError("missing_scope", needed=missing[0], provided=",".join(sorted(app.scopes)))


class TooManyError(Exception):
    """429."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


async def _waited(fault: Fault) -> None:
    await fault.wait()
    if fault.dropped:
        raise Dropped


def _refused(code: str, **extra: Any) -> Json:
    return {"ok": False, "error": code, **extra}


def drop(request: web.Request) -> web.Response:
    """End the connection as a broken network does: no answer, not even a polite end."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)  # goes nowhere: the transport is gone

"""The agents' endpoint: routes, and what is the same for every call."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler

from approvals.errors import Refused
from bot.desk import incidents
from bot.desk.desk import Desk
from bot.http import openapi, problems
from bot.http.auth import Callers
from bot.http.bodies import LARGEST_BODY, whole
from bot.http.limiting import CallLimit
from bot.http.meter import Meter
from bot.http.operations import OperationCalls, Readiness
from bot.http.problems import Problem, unavailable
from bot.http.requests import RequestCalls, json_answer
from bot.http.waiting import WaitingRoom
from bot.logs import ABOUT
from bot.tasks import Tasks
from store.agents import Agent
from store.errors import Unavailable

_log = logging.getLogger(__name__)

#: A stop may take ten seconds in all, and calls in hand most of them.
_TELL_SECONDS = 1.0

AgentHandler: TypeAlias = Callable[[web.Request, Agent], Awaitable[web.Response]]


def build(
    desk: Desk, *, readiness: Readiness, version: str, rate_limit: float = 100.0, meter: Meter | None = None
) -> web.Application:
    """The application, to be run by `bot.http.listener.listen`. Called on the event loop that will run it.

    `rate_limit` is calls a second for each agent. Its `on_shutdown` answers every long-poll, its `on_cleanup`
    waits for what is being told.
    """
    door = _Door(desk, rate_limit, meter or Meter(version))
    app = web.Application(middlewares=[door.answer], client_max_size=LARGEST_BODY)
    app.on_response_prepare.append(_mark)
    app.on_shutdown.append(door.close)
    # After the calls in hand: they may have something to tell as well.
    app.on_cleanup.append(door.finish)
    _add_request_calls(app.router, door, RequestCalls(desk, door.room, door.meter))
    _add_operations(app.router, OperationCalls(desk, door.room, door.meter, readiness), version)
    return app


def _add_request_calls(router: web.UrlDispatcher, door: _Door, calls: RequestCalls) -> None:
    for method, path, handler in (
        (hdrs.METH_POST, "/v1/requests", calls.post),
        (hdrs.METH_GET, "/v1/requests", calls.page),
        (hdrs.METH_GET, "/v1/requests/{id}", calls.get),
        (hdrs.METH_POST, "/v1/requests/{id}/cancel", calls.cancel),
        (hdrs.METH_POST, "/v1/requests/{id}/comments", calls.comment),
        (hdrs.METH_POST, "/v1/requests/{id}/claim", calls.claim),
        (hdrs.METH_POST, "/v1/requests/{id}/outcome", calls.outcome),
        (hdrs.METH_POST, "/v1/check", calls.check),
    ):
        _add(router, method, path, door.for_agents(handler))


def _add_operations(router: web.UrlDispatcher, calls: OperationCalls, version: str) -> None:
    document = openapi.document(version)

    async def spec(_request: web.Request) -> web.Response:
        return json_answer(document)

    for path, handler in (
        ("/v1/openapi.json", spec),
        ("/healthz", calls.healthz),
        ("/readyz", calls.readyz),
        ("/metrics", calls.metrics),
    ):
        _add(router, hdrs.METH_GET, path, handler)


def _add(router: web.UrlDispatcher, method: str, path: str, handler: Handler) -> None:
    methods = (hdrs.METH_GET, hdrs.METH_HEAD) if method == hdrs.METH_GET else (method,)
    for one in methods:
        router.add_route(one, path, handler, expect_handler=_expect)


class _Door:
    """What every call goes through: who calls, how often, and in which shape errors leave."""

    def __init__(self, desk: Desk, rate_limit: float, meter: Meter) -> None:
        loop = asyncio.get_running_loop()
        self.room = WaitingRoom(desk.store)
        self.meter = meter
        self._desk = desk
        self._clock = loop.time
        self._callers = Callers(desk.store, desk.runtime.now, loop.time)
        self._limit = CallLimit(rate_limit, loop.time)
        #: what operators are being told
        self._telling = Tasks()
        self._closing = False

    def for_agents(self, handler: AgentHandler) -> Handler:
        """`handler` for calls with a good token, not too many of them."""

        async def checked(request: web.Request) -> web.StreamResponse:
            if self._closing:
                raise unavailable("the bot is stopping", 5)
            agent = await self._callers.of(request)
            self._limit.check(agent.name)
            if request.method == hdrs.METH_POST and not request.content.is_eof():
                # A pause or a revocation holds for those as well whose body takes its time.
                await whole(request)
                agent = await self._callers.of(request)
            return await handler(request, agent)

        return checked

    @web.middleware
    async def answer(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Every error in one shape, every call measured."""
        started = self._clock()
        try:
            response = await handler(request)
        except Exception as error:  # noqa: BLE001  # what nobody foresaw is answered with an incident's id
            problem = self._problem(error)
            self.meter.refused.labels(problem.sort.name).inc()
            if problem.incident is not None:
                # The caller need not wait until it is kept.
                telling = incidents.tell(self._desk, problem.incident, error, "call")
                self._telling.start(telling, "incident")
            response = problem.answer()
        resource = request.match_info.route.resource
        route = "none" if resource is None else resource.canonical
        method = request.method if request.method in hdrs.METH_ALL else "other"
        self.meter.http.labels(method, route, str(response.status)).observe(self._clock() - started)
        return response

    async def close(self, _app: web.Application) -> None:
        """Take nothing more, answer those who wait."""
        self._closing = True
        await self.room.close()
        await self._callers.close()

    async def finish(self, _app: web.Application) -> None:
        """Let what operators are being told be kept."""
        if await self._telling.finish(_TELL_SECONDS):
            _log.error("a stop did not wait until the operators' notice of an incident was kept")

    def _problem(self, error: Exception) -> Problem:
        match error:
            case Problem():
                return error
            case Refused() if (refusal := problems.of_refusal(error)) is not None:
                return refusal
            case Unavailable():
                return unavailable("the database does not answer", 1)
            case web.HTTPException() if (told := problems.of_http(error)) is not None:
                return told
            case web.RequestPayloadError() | HttpProcessingError():
                return Problem(problems.BAD_HTTP, "the body is not spelled as its headers say")
            case _:
                return self._incident(error)

    def _incident(self, error: Exception) -> Problem:
        """Logged by where it happened; what the error says may hold what the agent sent."""
        incident = incidents.number(self._desk.runtime)
        where = "".join(traceback.format_tb(error.__traceback__))
        about = {"incident": incident, "error": type(error).__qualname__}
        _log.error("a call failed\n%s", where, extra={ABOUT: about})
        return Problem(problems.OUR_FAULT, "something went wrong here; it was logged", incident=incident)


async def _expect(request: web.Request) -> web.StreamResponse | None:
    """`Expect: 100-continue`, and nothing else."""
    if request.headers.get(hdrs.EXPECT, "").lower() != "100-continue":
        return Problem(problems.NO_EXPECTATION, problems.NO_EXPECTATION.meaning).answer()
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    # aiohttp counts an answer as begun from its first byte on, and would not send the real one's errors.
    request.writer.output_size = 0
    return None


async def _mark(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers[hdrs.SERVER] = "hitl"
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"

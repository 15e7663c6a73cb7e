"""A socket that strangers reach: what is no HTTP gets a problem, and nobody holds it by saying nothing."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiohttp import hdrs, web

from bot.http import problems
from bot.http.problems import Problem

_log = logging.getLogger(__name__)
#: Paths and addresses of calls are counted, not logged.
_NO_LOG = logging.getLogger(f"{__name__}.access")
_NO_LOG.disabled = True

#: A connection on which no call has begun after this is closed, and so is one that is idle between calls for
#: longer than most load balancers keep one (60 s).
FIRST_CALL_SECONDS = 15.0
IDLE_SECONDS = 75.0
#: A stop may take ten seconds in all. Calls in hand have this long, and as long again once cancelled.
STOP_SECONDS = 3.0
#: How long a refused body is still read, so that its sender gets to see the answer.
LINGER_SECONDS = 2.0


class Listener:
    """A bound socket that serves an application."""

    def __init__(self, runner: web.AppRunner, server: asyncio.Server, host: str, port: int) -> None:
        self._runner = runner
        self._server = server
        self.host = host
        #: the port that was bound, where 0 was asked for
        self.port = port

    @property
    def url(self) -> str:
        """`http://HOST:PORT`."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def close(self) -> None:
        """Take no new connection, answer every long-poll, finish calls in hand within `stop_seconds`."""
        self._server.close()
        await self._runner.cleanup()


async def listen(
    app: web.Application,
    host: str,
    port: int,
    *,
    first_call_seconds: float = FIRST_CALL_SECONDS,
    stop_seconds: float = STOP_SECONDS,
    cancel_when_left: bool = True,
) -> Listener:
    """Serve `app`; a port of 0 takes a free one. Raises `OSError` where the address cannot be bound.

    `cancel_when_left`: a call whose caller hung up is cancelled.
    """
    runner = web.AppRunner(app, handler_cancellation=cancel_when_left, shutdown_timeout=stop_seconds)
    await runner.setup()
    manager = runner.server
    assert manager is not None, "set up just now"  # noqa: S101  # for the type checker
    loop = asyncio.get_running_loop()

    def protocol() -> _Protocol:
        made = _Protocol(
            manager,
            loop=loop,
            access_log=_NO_LOG,
            keepalive_timeout=IDLE_SECONDS,
            lingering_time=LINGER_SECONDS,
        )
        made.first_call_seconds = first_call_seconds
        return made

    try:
        server = await loop.create_server(protocol, host, port, backlog=1024)
    except OSError:
        await runner.cleanup()
        raise
    return Listener(runner, server, host, server.sockets[0].getsockname()[1])


class _Protocol(web.RequestHandler):
    """aiohttp's, but for what it says when it cannot read a call, and how long it waits for the first."""

    first_call_seconds = FIRST_CALL_SECONDS

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        super().connection_made(transport)
        self._patience = asyncio.get_running_loop().call_later(self.first_call_seconds, self._no_call)

    def connection_lost(self, exc: BaseException | None) -> None:
        """See `asyncio.Protocol`."""
        self._patience.cancel()
        super().connection_lost(exc)

    def _no_call(self) -> None:
        if self._request_count == 0:
            self.force_close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # it repeats what was sent
    ) -> web.StreamResponse:
        """Answer what aiohttp could not read, or what failed outside of the application."""
        about: Any = type(exc).__name__
        if status < 500:
            _log.info("a call could not be read: %s", about)
            problem = Problem(problems.BAD_HTTP, problems.BAD_HTTP.meaning)
        else:
            _log.error("a call failed before it was read: %s", about)
            problem = Problem(problems.OUR_FAULT, "something went wrong here; it was logged")
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun already")
        response = problem.answer()
        # No hook of the application's sees this answer.
        response.headers[hdrs.SERVER] = "hitl"
        response.force_close()
        return response

"""Driving a stand-in that runs in another process, over its control API."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

import aiohttp

from sandbox.changes import Json


class RefusedError(Exception):
    """The stand-in would not do it: there is no such thing, or an argument is wrong."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        #: 404 for what is not there, 422 for what is wrong.
        self.status = status


class SlackRemote:
    """A stand-in elsewhere: `async with SlackRemote(url) as slack: await slack.act("click", …)`."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def act(self, action: str, **args: Any) -> Json:
        """Do one of the things that `sandbox.control.Control.actions` names. Raises RefusedError."""
        return await self._ask("POST", action, json=args)

    async def look(self, what: str, **query: str | int | float) -> Json:
        """`settings`, `state`, `changes`, `calls`, `deliveries` or `faults`. Raises RefusedError."""
        return await self._ask("GET", what, params=query)

    async def _ask(self, verb: str, path: str, **how: Any) -> Json:
        if self._session is None:
            raise RuntimeError("use it with `async with`")
        async with self._session.request(verb, f"{self.url}/sandbox/{path}", **how) as response:
            if response.status != 200:
                body = await response.text()
                raise RefusedError(response.status, body)
            answer: Json = await response.json()
            return answer

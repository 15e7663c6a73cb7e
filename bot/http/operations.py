"""For those who run it: alive, ready, and the numbers. No token: this listener is internal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import hdrs, web
from prometheus_client import generate_latest

from bot.desk.desk import Desk
from bot.http import problems
from bot.http.meter import Meter, Standing
from bot.http.problems import Problem
from bot.http.requests import json_answer
from bot.http.waiting import WaitingRoom
from store import outbox, queue
from store.errors import Unavailable
from store.unit_of_work import Unit

#: What the bot needs, each by name (`database`, `slack`) → why it is not ready, None when it is.
#: It must answer fast from what is known; it is called for every `GET /readyz` and `GET /metrics`.
Readiness: TypeAlias = Callable[[], Awaitable[Mapping[str, str | None]]]

#: Orchestrators give a probe a few seconds; a check that hangs is a check that fails.
READY_SECONDS = 2.0
#: The text format of Prometheus, which every scraper reads.
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class OperationCalls:
    """One method a call."""

    desk: Desk
    room: WaitingRoom
    meter: Meter
    readiness: Readiness

    async def healthz(self, _request: web.Request) -> web.Response:
        """`GET /healthz`: the process answers."""
        return json_answer({"status": "alive"})

    async def readyz(self, _request: web.Request) -> web.Response:
        """`GET /readyz`: it can do its work. Raises `Problem` (503) that names what is missing."""
        missing = {name: why for name, why in (await self._needs()).items() if why is not None}
        if missing:
            detail = "; ".join(f"{name}: {why}" for name, why in missing.items())
            raise Problem(problems.UNAVAILABLE, f"not ready: {detail}", headers={hdrs.RETRY_AFTER: "5"})
        return json_answer({"status": "ready"})

    async def metrics(self, _request: web.Request) -> web.Response:
        """`GET /metrics`."""
        needs = await self._needs()
        for name, why in needs.items():
            self.meter.ready.labels(name).set(why is None)
        self.meter.waiting.set(self.room.waiting)
        try:
            async with asyncio.timeout(READY_SECONDS):
                standing = await self.desk.store.read(_standing, long=True)
        except (Unavailable, TimeoutError):
            # `hitl_ready{what="database"}` says it; the numbers that need no database still help.
            self.meter.ready.labels("database").set(0)
        else:
            self.meter.stands(standing, self.desk.runtime.now())
        body = generate_latest(self.meter.registry)
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: METRICS_TYPE})

    async def _needs(self) -> Mapping[str, str | None]:
        try:
            async with asyncio.timeout(READY_SECONDS):
                return await self.readiness()
        except TimeoutError:
            return {"bot": f"did not say within {READY_SECONDS:g} s"}


def _standing(unit: Unit) -> Standing:
    return Standing(queue.counts(unit), queue.pending(unit), outbox.counts(unit))

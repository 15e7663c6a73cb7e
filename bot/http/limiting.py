"""How often one agent may call: a token bucket each, so that one agent's flood is only its own."""

from __future__ import annotations

import math
from collections.abc import Callable

from aiohttp import hdrs

from approvals.words import AgentName
from bot.http.problems import TOO_MANY, Problem


class CallLimit:
    """`rate` calls a second for each agent, and as many at once after a second of silence.

    `clock` gives seconds that never go back, such as the event loop's.
    """

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._burst = max(1.0, rate)
        self._clock = clock
        #: agent → (calls it may make at once, when that was counted); agents are few, so none is forgotten
        self._buckets: dict[AgentName, tuple[float, float]] = {}

    def check(self, agent: AgentName) -> None:
        """Count one call. Raises `Problem` (429) when it is one too many; that one does not count."""
        now = self._clock()
        left, counted = self._buckets.get(agent, (self._burst, now))
        left = min(self._burst, left + (now - counted) * self._rate)
        if left < 1.0:
            self._buckets[agent] = (left, now)
            seconds = max(1, math.ceil((1.0 - left) / self._rate))
            detail = f"more than {self._rate:g} calls a second"
            raise Problem(TOO_MANY, detail, headers={hdrs.RETRY_AFTER: str(seconds)})
        self._buckets[agent] = (left - 1.0, now)

"""Whether Slack as a whole is away, and not one of its methods, channels or messages."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from approvals.words import Instant
from bot.slack.identity import Identity

#: For how long nothing has come through before Slack itself is asked. A shorter outage is over sooner than a
#: pause would be, and each parcel has its own second try by then.
_IN_DOUBT = timedelta(seconds=15)
#: How long an answer to that holds.
_HOLDS = timedelta(seconds=5)
#: Seconds for it: whoever asks holds a lease, and has waited for a call already.
_WITHIN = 2.0


class Reach:
    """What came of the latest calls, taken together."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        #: since when nothing came through; None while calls do
        self._lost_since: Instant | None = None
        self._asked_at: Instant | None = None
        self._away = False
        self._turn = asyncio.Lock()

    def found(self) -> None:
        """Slack answered a call, be it with a refusal."""
        self._lost_since = None

    async def is_away(self, now: Instant) -> bool:
        """A call failed at `now`: whether that is because all of Slack is away."""
        if self._lost_since is None or now < self._lost_since:
            self._lost_since = now
        if now - self._lost_since < _IN_DOUBT:
            return False
        async with self._turn:
            if self._asked_at is None or not timedelta() <= now - self._asked_at < _HOLDS:
                self._away = not await self._answers()
                self._asked_at = now
            return self._away

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(_WITHIN):
                return await self._identity.check()
        except TimeoutError:
            return False

"""Whether people can be heard: silence means nothing while Slack cannot bring what they say."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

from approvals.words import Instant

#: How often it is asked; a step that is due asks as well.
LISTEN_EVERY = timedelta(seconds=2)


class Ears:
    """Since when people can be heard, as far as this process knows."""

    def __init__(self, now: Callable[[], Instant], why_deaf: Callable[[], Awaitable[str | None]]) -> None:
        self._now = now
        self._why_deaf = why_deaf
        self._since = now()

    async def heard_since(self) -> Instant:
        """The moment from which on nothing was missed; now, while nothing can be heard."""
        if await self._why_deaf() is not None:
            self._since = self._now()
        return self._since

    async def listen(self, _now: Instant) -> None:
        """Notice a time of deafness that no step falls into."""
        await self.heard_since()

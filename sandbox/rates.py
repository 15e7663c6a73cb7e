"""Slack's rate limits, as far as an app can feel them (docs.slack.dev/apis/web-api/rate-limits)."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field

from sandbox.calls import METHODS
from sandbox.changes import Json


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float


@dataclass(slots=True)
class Rates:
    """Counts calls and says when there were too many."""

    #: Whether anything is limited at all.
    on: bool = False
    #: How many calls may come at once before the rate counts, as a share of a minute's.
    burst: float = 0.5
    #: `chat.postMessage`: so many a second into one channel ("Posting messages"), and so many at once.
    posts_per_second: float = 1.0
    posts_at_once: int = 4
    _buckets: dict[tuple[str, str], _Bucket] = field(default_factory=dict)

    def seconds_to_wait(self, method: str, args: Json) -> int | None:
        """How long a call must wait, in whole seconds as `Retry-After` has them; None when it may go on."""
        if not self.on:
            return None
        if method == "chat.postMessage":
            return self._take((method, str(args.get("channel"))), self.posts_per_second, self.posts_at_once)
        per_minute = METHODS[method].per_minute
        return self._take((method, ""), per_minute / 60, max(1, int(per_minute * self.burst)))

    def _take(self, key: tuple[str, str], per_second: float, at_once: int) -> int | None:
        now = time.monotonic()
        bucket = self._buckets.setdefault(key, _Bucket(at_once, now))
        bucket.left = min(at_once, bucket.left + (now - bucket.at) * per_second)
        bucket.at = now
        if bucket.left < 1:
            return max(1, math.ceil((1 - bucket.left) / per_second))
        bucket.left -= 1
        return None

"""Everything that happens in the workspace, numbered, so that whoever waits is woken and need not ask."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

#: A JSON object, as it goes over the wire.
Json: TypeAlias = dict[str, Any]
Found = TypeVar("Found")

#: How many changes are kept; whoever asks for older ones is told the oldest there is.
KEPT = 50_000


class NeverHappenedError(AssertionError):
    """What somebody waited for did not happen in time; the message says what was there instead."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that happened."""

    #: 1, 2, 3, …
    seq: int
    #: Seconds since the epoch.
    at: float
    #: `message`, `message_changed`, `message_deleted`, `ephemeral`, `view`, `home`, `call`, `delivery`, …
    kind: str
    #: What it concerns: ids only, never secrets.
    about: Json

    def as_json(self) -> Json:
        """As the control API shows it."""
        return {"seq": self.seq, "at": self.at, "kind": self.kind, "about": self.about}


class Changes:
    """The feed of changes of one workspace."""

    def __init__(self) -> None:
        self._kept: deque[Change] = deque(maxlen=KEPT)
        self._next: asyncio.Event = asyncio.Event()
        self.last = 0

    def note(self, kind: str, **about: Any) -> None:
        """Number a change and wake everybody who waits."""
        self.last += 1
        self._kept.append(Change(self.last, time.time(), kind, about))
        woken, self._next = self._next, asyncio.Event()
        woken.set()

    def after(self, seq: int) -> list[Change]:
        """The changes above a number, oldest first; at most the `KEPT` youngest."""
        missing = self.last - seq
        if missing <= 0:
            return []
        return list(self._kept)[-missing:]

    async def wait(self, seq: int, seconds: float) -> list[Change]:
        """The changes above a number, as soon as there is one; none when the seconds are over."""
        try:
            await self.until(lambda: self.last > seq, seconds)
        except NeverHappenedError:
            return []
        return self.after(seq)

    async def until(
        self, happened: Callable[[], Found], within: float, otherwise: Callable[[], str] = lambda: ""
    ) -> Found:
        """What `happened` returns, as soon as that is true; it is asked at once and after each change.

        Raises NeverHappenedError after `within` seconds, with what `otherwise` has to say.
        """
        ends = time.monotonic() + within
        while True:
            woken = self._next
            found = happened()
            if found:
                return found
            left = ends - time.monotonic()
            try:
                async with asyncio.timeout(max(left, 0)):
                    await woken.wait()
            except TimeoutError:
                raise NeverHappenedError(f"not within {within} s. {otherwise()}") from None

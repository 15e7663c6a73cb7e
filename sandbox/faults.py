"""Slack at its worst, on demand: what the next calls of the Web API run into."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from sandbox.changes import Changes, Json

#: What a fault may be.
KINDS = ("ratelimited", "status", "error", "slow", "hold", "lost", "reset")


@dataclass(slots=True, eq=False)
class Fault:
    """What happens to calls that fit, until it has happened often enough or is cleared."""

    #: `ratelimited` (429), `status` (that HTTP status), `error` (that Slack error), `slow` (so many seconds),
    #: `hold` (until released), `lost` (takes effect, the connection is dropped without an answer),
    #: `reset` (dropped before it takes effect).
    kind: str
    #: A glob over method names: `chat.*`.
    method: str = "*"
    #: Only calls about this channel.
    channel: str | None = None
    #: How many calls are left to it; None until it is cleared.
    times: int | None = 1
    #: Seconds, for `ratelimited`.
    retry_after: int = 1
    #: For `status`.
    status: int = 500
    #: Seconds, for `slow`.
    seconds: float = 0.0
    #: For `slow` and `hold`: whether the call takes effect before the wait.
    after_effect: bool = False
    #: Slack's error code, for `error`.
    error: str = "internal_error"
    #: What else the answer of an `error` says.
    extra: Json = field(default_factory=dict)
    #: For `slow` and `hold`: the connection ends with the wait; what has had no effect by then never will.
    dropped: bool = False
    #: How many calls it has met.
    met: int = 0
    id: int = 0
    _reached: asyncio.Event = field(default_factory=asyncio.Event)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def fits(self, method: str, args: Mapping[str, Any]) -> bool:
        """Whether a call runs into it."""
        about = self.channel is None or args.get("channel") == self.channel
        return about and fnmatchcase(method, self.method)

    async def reached(self, within: float = 5.0) -> None:
        """Wait for a call to be held here. Raises TimeoutError."""
        async with asyncio.timeout(within):
            await self._reached.wait()

    def release(self) -> None:
        """Let held calls go on."""
        self._released.set()

    def drop(self) -> None:
        """Let held calls end as if the caller were gone: with no answer, and no further effect."""
        self.dropped = True
        self._released.set()

    async def wait(self) -> None:
        """What a slow or held call does meanwhile."""
        self._reached.set()
        if self.kind == "hold":
            await self._released.wait()
        else:
            try:
                async with asyncio.timeout(self.seconds):
                    await self._released.wait()
            except TimeoutError:
                return  # the seconds are over, which is what was asked for

    def as_json(self) -> Json:
        """As the control API shows it."""
        names = (
            "id",
            "kind",
            "method",
            "channel",
            "times",
            "retry_after",
            "status",
            "seconds",
            "error",
            "met",
        )
        return {name: getattr(self, name) for name in (*names, "after_effect")}


class Faults:
    """The faults that are on."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._active: list[Fault] = []
        #: Used up, perhaps, but a call may still wait in it.
        self._waiting: list[Fault] = []
        self._last_id = 0

    def __iter__(self) -> Iterator[Fault]:
        return iter(list(self._active))

    def add(self, fault: Fault) -> Fault:
        """Switch a fault on. Raises ValueError for a kind there is none of."""
        if fault.kind not in KINDS:
            raise ValueError(f"no such fault: {fault.kind}; there are {', '.join(KINDS)}")
        self._last_id += 1
        fault.id = self._last_id
        self._active.append(fault)
        if fault.kind in ("slow", "hold"):
            self._waiting.append(fault)
        self._changes.note("fault", fault=fault.id, fault_kind=fault.kind)
        return fault

    def rate_limit(self, method: str = "*", *, retry_after: int = 1, **more: Any) -> Fault:
        """Answer 429 with `Retry-After`."""
        return self.add(Fault("ratelimited", method, retry_after=retry_after, **more))

    def status(self, status: int, method: str = "*", **more: Any) -> Fault:
        """Answer with a bare HTTP status, as Slack's front does when what is behind it fails: 500, 503."""
        return self.add(Fault("status", method, status=status, **more))

    def refuse(self, error: str, method: str = "*", *, extra: Json | None = None, **more: Any) -> Fault:
        """Answer 200 with `ok: false` and this error."""
        return self.add(Fault("error", method, error=error, extra=extra or {}, **more))

    def slow(self, seconds: float, method: str = "*", **more: Any) -> Fault:
        """Take so long."""
        return self.add(Fault("slow", method, seconds=seconds, **more))

    def hold(self, method: str = "*", **more: Any) -> Fault:
        """Keep calls waiting until `release()`; `reached()` tells when one is here."""
        return self.add(Fault("hold", method, **more))

    def lose_answer(self, method: str = "*", **more: Any) -> Fault:
        """Do what was asked, then drop the connection without saying so."""
        return self.add(Fault("lost", method, **more))

    def reset(self, method: str = "*", **more: Any) -> Fault:
        """Drop the connection and do nothing."""
        return self.add(Fault("reset", method, **more))

    def clear(self, fault: Fault | None = None) -> None:
        """Switch one fault off, or all; whoever is held goes on."""
        for each in [fault] if fault else [*self._active, *self._waiting]:
            each.release()
            if each in self._waiting:
                self._waiting.remove(each)
            if each in self._active:
                self._active.remove(each)
        self._changes.note("fault", fault=fault.id if fault else None, fault_kind="cleared")

    def meeting(self, method: str, args: Mapping[str, Any]) -> Fault | None:
        """The first fault that this call runs into, which is then used up by one."""
        for fault in self._active:
            if fault.fits(method, args):
                fault.met += 1
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times <= 0:
                        self._active.remove(fault)
                return fault
        return None

"""Long-polls: those who wait for a request cost one future each, and the database nothing.

A commit wakes those who wait for what it changed: with what it wrote where that is all there is to know, else
all of them by one read. Where other processes commit as well, one query a second asks for everything that
anybody here waits for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import islice

from approvals.words import RequestId
from bot.desk.follow_up import Seen
from store import cases
from store.engine import Store
from store.errors import Unavailable
from store.unit_of_work import Committed, Unit

_log = logging.getLogger(__name__)

#: How often other processes' commits are asked for, and a read that failed is tried again.
LOOK_SECONDS = 1.0
#: Requests loaded by one read, so that thousands that end at once do not stop everything else.
_MOST_AT_ONCE = 200
#: Ids in one query; PostgreSQL takes 32,767 parameters.
_MOST_VERSIONS = 10_000


class _Waiter:
    """One held call. `parked` is None until it is known how the request stood when the wait began."""

    __slots__ = ("ended", "latest", "parked")

    def __init__(self) -> None:
        self.ended: asyncio.Future[Seen | None] = asyncio.get_running_loop().create_future()
        self.parked: bool | None = None
        #: what was loaded before the wait had begun
        self.latest: Seen | None = None

    def hear(self, seen: Seen, *, whatever: bool) -> None:
        """The request was loaded again; `whatever` ends the wait in any case."""
        if self.parked is None:
            # Two connections' commits may be heard of in another order than they were made.
            if self.latest is None or self.latest.case.version <= seen.case.version:
                self.latest = seen
        elif (whatever or self.is_ended_by(seen)) and not self.ended.done():
            self.ended.set_result(seen)

    def is_ended_by(self, seen: Seen) -> bool:
        """Decided, or parked meanwhile."""
        return seen.case.status.final or (seen.case.parked_at is not None and self.parked is False)

    def time_is_over(self) -> None:
        if not self.ended.done():
            self.ended.set_result(None)


class WaitingRoom:
    """Holds the long-polls of this process. Built on the event loop that it lives on."""

    def __init__(self, store: Store, look_seconds: float = LOOK_SECONDS) -> None:
        self._store = store
        self._look_seconds = look_seconds
        self._waiters: dict[RequestId, set[_Waiter]] = {}
        #: the version that those who wait have seen, or an older one; what other processes change is above it
        self._versions: dict[RequestId, int] = {}
        #: what changed and was not loaded yet; a dict for its order
        self._changed: dict[RequestId, None] = {}
        self._loading: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._closed = False
        store.on_commit(self._heard)

    @property
    def waiting(self) -> int:
        """How many wait now."""
        return sum(map(len, self._waiters.values()))

    async def hold(self, request: RequestId, look: Callable[[], Awaitable[Seen]], seconds: float) -> Seen:
        """The request once it is decided, or parked meanwhile, or `seconds` are over, or the room closes.

        Whoever gives up is simply cancelled. Raises what `look` does.
        """
        waiter = self._enter(request)
        try:
            # Entered first: what is committed while this look is on its way is heard.
            seen = await look()
            if seen.case.status.final or self._closed:
                return seen
            waiter.parked = seen.case.parked_at is not None
            if waiter.latest is not None and waiter.is_ended_by(waiter.latest):
                return waiter.latest
            self._versions.setdefault(request, seen.case.version)
            del seen
            timer = asyncio.get_running_loop().call_later(seconds, waiter.time_is_over)
            try:
                ended = await waiter.ended
            finally:
                timer.cancel()
            return await look() if ended is None else ended
        finally:
            self._leave(request, waiter)

    async def close(self) -> None:
        """Answer everybody with what is current, and hold nobody any more."""
        self._closed = True
        if self._looking is not None:
            self._looking.cancel()
        self._load_again(self._waiters)
        if self._loading is not None:
            await self._loading

    def _enter(self, request: RequestId) -> _Waiter:
        waiter = _Waiter()
        self._waiters.setdefault(request, set()).add(waiter)
        if self._store.replicated and self._looking is None and not self._closed:
            self._looking = asyncio.create_task(self._look_elsewhere())
        return waiter

    def _leave(self, request: RequestId, waiter: _Waiter) -> None:
        others = self._waiters[request]
        others.discard(waiter)
        if not others:
            del self._waiters[request]
            self._versions.pop(request, None)

    def _heard(self, committed: Committed) -> None:
        waited = [request for request in committed.requests if request in self._waiters]
        # What is being loaded may be older, and would come later.
        known = committed.whole if self._loading is None else {}
        self._wake({request: Seen(*known[request]) for request in waited if request in known})
        self._load_again(request for request in waited if request not in known)

    def _load_again(self, requests: Iterable[RequestId]) -> None:
        self._changed.update(dict.fromkeys(requests))
        if self._changed and self._loading is None:
            self._loading = asyncio.create_task(self._load())

    async def _load(self) -> None:
        try:
            while self._changed:
                some = tuple(islice(self._changed, _MOST_AT_ONCE))
                for request in some:
                    del self._changed[request]
                try:
                    loaded = await self._store.read(lambda unit, some=some: _loaded(unit, some))  # type: ignore[misc]
                except Unavailable as error:
                    if self._closed:
                        self._let_go(some)
                        continue
                    _log.warning("could not wake those who wait: %s", error)
                    self._changed.update(dict.fromkeys(some))
                    await asyncio.sleep(self._look_seconds)
                else:
                    self._wake(loaded)
        finally:
            self._loading = None

    def _wake(self, loaded: Mapping[RequestId, Seen]) -> None:
        for request, seen in loaded.items():
            if request in self._versions:
                self._versions[request] = max(seen.case.version, self._versions[request])
            for waiter in self._waiters.get(request, ()):
                waiter.hear(seen, whatever=self._closed)

    def _let_go(self, requests: Iterable[RequestId]) -> None:
        """Their own look will say that the database is gone."""
        for request in requests:
            for waiter in self._waiters.get(request, ()):
                waiter.time_is_over()

    async def _look_elsewhere(self) -> None:
        """Ask for what other processes committed, as long as somebody waits."""
        try:
            while self._waiters:
                await asyncio.sleep(self._look_seconds)
                waited = tuple(self._versions.items())
                for start in range(0, len(waited), _MOST_VERSIONS):
                    await self._compare(dict(waited[start : start + _MOST_VERSIONS]))
        finally:
            self._looking = None

    async def _compare(self, known: Mapping[RequestId, int]) -> None:
        try:
            moved = await self._store.read(lambda unit: cases.moved_on(unit, known))
        except Unavailable as error:
            _log.warning("could not look for what other processes decided: %s", error)
        else:
            self._load_again(request for request in moved if request in self._versions)


def _loaded(unit: Unit, requests: Iterable[RequestId]) -> dict[RequestId, Seen]:
    found = cases.with_cards(unit, requests)
    return {case.id: Seen(case, card) for case, card in found}

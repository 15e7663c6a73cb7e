"""All that is pending, at one look for everybody who wants to know at once."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

from approvals.model import Case, RequestId
from store import queue
from store.engine import Store

#: Requests read at once: some ten milliseconds, in which a click on SQLite has to wait.
_PAGE: Final = 200


class Overview:
    """What was read is kept, so that the next look costs what has changed since."""

    def __init__(self, store: Store) -> None:
        self._store = store
        #: each with its version
        self._known: dict[RequestId, tuple[int, Case]] = {}
        self._running: asyncio.Task[tuple[Case, ...]] | None = None
        #: one that has not begun
        self._next: asyncio.Task[tuple[Case, ...]] | None = None

    async def pending(self) -> tuple[Case, ...]:
        """As outlines, as they stood at some moment after this call. Raises `Unavailable`."""
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._running), name="overview")
            self._next.add_done_callback(_heard)
        # Whoever gives up must not take the answer from those who wait for the same one.
        return await asyncio.shield(self._next)

    def forget(self) -> None:
        """Nobody wants to know any more."""
        self._known = {}

    async def _after(self, running: asyncio.Task[tuple[Case, ...]] | None) -> tuple[Case, ...]:
        if running is not None:
            await asyncio.wait([running])
        self._running, self._next = self._next, None
        return await self._look()

    async def _look(self) -> tuple[Case, ...]:
        versions = await self._store.read(queue.versions)
        known = {id_: seen for id_, seen in self._known.items() if id_ in versions}
        wanted = [id_ for id_, version in versions.items() if id_ not in known or known[id_][0] < version]
        for first in range(0, len(wanted), _PAGE):
            part = wanted[first : first + _PAGE]
            known |= await self._store.read(partial(queue.outlines_of, requests=part))
            # A read from SQLite does not give way by itself.
            await asyncio.sleep(0)
        self._known = known
        return tuple(case for _, case in known.values() if not case.status.final)


def _heard(look: asyncio.Task[tuple[Case, ...]]) -> None:
    """Everybody who wanted to know may be gone: then nobody else asks for what went wrong."""
    if not look.cancelled():
        look.exception()

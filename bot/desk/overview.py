"""All that is pending, at one look for everybody who wants to know at once."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Final

from approvals.model import Case
from approvals.words import RequestId
from bot.desk import readable
from bot.desk.desk import Desk
from store import queue
from store.unit_of_work import Unit

#: Requests read at once: some ten milliseconds, in which a click on SQLite has to wait.
_PAGE: Final = 200


class Overview:
    """What was read is kept, so that the next look costs what has changed since."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        #: each with its version
        self._known: dict[RequestId, tuple[int, Case]] = {}
        #: what the last look could not read: read alone, so that it costs no other a second reading
        self._torn: frozenset[RequestId] = frozenset()
        self._running: asyncio.Task[tuple[Case, ...]] | None = None
        #: one that has not begun
        self._next: asyncio.Task[tuple[Case, ...]] | None = None

    async def pending(self) -> tuple[Case, ...]:
        """As outlines, as they stood at some moment after this call. Raises `Unavailable`.

        What cannot be read is left out, and the operators are told.
        """
        if self._next is None:
            self._next = asyncio.create_task(self._after(self._running), name="overview")
            self._next.add_done_callback(_heard)
        # Whoever gives up must not take the answer from those who wait for the same one.
        return await asyncio.shield(self._next)

    async def _after(self, running: asyncio.Task[tuple[Case, ...]] | None) -> tuple[Case, ...]:
        if running is not None:
            await asyncio.wait([running])
        self._running, self._next = self._next, None
        return await self._look()

    async def _look(self) -> tuple[Case, ...]:
        versions = await self._desk.store.read(queue.versions)
        held = self._known.items()
        known = {id_: seen for id_, seen in held if id_ in versions and versions[id_] <= seen[0]}
        wanted = [id_ for id_ in versions if id_ not in known]
        whole = [id_ for id_ in wanted if id_ not in self._torn]
        parts = [whole[first : first + _PAGE] for first in range(0, len(whole), _PAGE)]
        for part in (*parts, *([id_] for id_ in wanted if id_ in self._torn)):
            known |= await readable.of(self._desk, part, _outlines)
        self._known = known
        self._torn = frozenset(id_ for id_ in wanted if id_ not in known)
        return tuple(case for _, case in known.values() if not case.status.final)


def _outlines(unit: Unit, requests: Sequence[RequestId]) -> Iterable[tuple[RequestId, tuple[int, Case]]]:
    return queue.outlines_of(unit, requests).items()


def _heard(look: asyncio.Task[tuple[Case, ...]]) -> None:
    """Everybody who wanted to know may be gone: then nobody else asks for what went wrong."""
    if not look.cancelled():
        look.exception()

"""Notices that the policy's file was changed, and has it read again.

Looked at, not listened to: a network's or a container's file systems tell nobody of a change, and a look
costs one `stat`. What an editor writes in several strokes, or takes away for a moment, is waited out.
"""

from __future__ import annotations

import asyncio
import logging
import os
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

from approvals.words import Instant
from bot.policies import PolicyShelf, print_of, raw_of

log = logging.getLogger(__name__)

#: A change is taken at the second look that finds it the same: within twice this.
LOOK_EVERY = timedelta(seconds=0.75)
#: A file that is away for so long is gone; editors and orchestrators put a new one in its place at once.
GONE_AFTER = timedelta(seconds=10)

#: Which file it is and when it was touched; empty when there is none.
_Mark: TypeAlias = "tuple[int, ...]"


@dataclass(slots=True)
class PolicyWatch:
    """Keeps `shelf` up to date with its file."""

    shelf: PolicyShelf
    now: Callable[[], Instant]
    #: hears that another policy is in force
    taken: Callable[[], None]
    #: hears that the file does not load, and why: once for each content
    refused: Callable[[str], Awaitable[None]]
    #: hears that the file loads again, after `refused` was told
    restored: Callable[[], Awaitable[None]] | None = None
    #: what the file was at the last look that settled something
    _settled: _Mark | None = None
    #: what was new at the last look, and since when
    _glimpsed: tuple[_Mark, str | None, Instant] | None = None
    #: what `refused` was told of
    _told: str = ""
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def again(self) -> None:
        """Read the file now, changed or not (SIGHUP)."""
        async with self._one_at_a_time:
            await self._read()

    async def look(self, now: Instant) -> None:
        """Read the file if it has changed, and stays so. To be called each `LOOK_EVERY`."""
        async with self._one_at_a_time:
            if self._changed(now):
                await self._read()
            await self._tell()

    def _changed(self, now: Instant) -> bool:
        mark = _mark_of(self.shelf.path)
        if mark is None or mark == self._settled:
            self._glimpsed = None
            return False
        content = _content_of(self.shelf.path) if mark else None
        before, self._glimpsed = self._glimpsed, (mark, content, now)
        if before is None or before[:2] != (mark, content):
            return False
        self._glimpsed = before
        if content is None and now - before[2] < GONE_AFTER:
            return False
        self._settled, self._glimpsed = mark, None
        return content != self.shelf.seen

    async def _read(self) -> None:
        # A large policy takes most of a second to read, in which people click.
        if await asyncio.to_thread(self.shelf.reload, self.now()):
            told, self._told = self._told, ""
            self.taken()
            if told and self.restored is not None:
                await self.restored()
            return
        problem = self.shelf.problem
        log.error("the changed policy does not load; the one from before stays in force\n%s", problem)
        await self._tell()

    async def _tell(self) -> None:
        problem, content = self.shelf.problem, self.shelf.seen or "gone"
        if problem is not None and content != self._told:
            await self.refused(problem)
            self._told = content


def _mark_of(path: Path) -> _Mark | None:
    """None for what is no file (a pipe, say): it can be read once only."""
    try:
        # What a symbolic link leads to: a Kubernetes ConfigMap is changed by turning a link.
        found = os.stat(path)
    except OSError:
        return ()
    if not stat.S_ISREG(found.st_mode):
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def _content_of(path: Path) -> str | None:
    try:
        return print_of(raw_of(path))
    except OSError:
        # Away between the two calls, or not readable: as good as gone.
        return None

"""Work that nobody waits for now, but that a shutdown does."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """Tasks that no answer waits for; each must handle its own exceptions."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, work: Coroutine[Any, Any, None], name: str) -> None:
        """Run `work` beside everything else. The set keeps it from being collected half-way."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def finish(self, within: float) -> int:
        """Wait for what is running, at most `within` seconds; what is left then is cancelled, and counted."""
        if not self._running:
            return 0
        _, left = await asyncio.wait(tuple(self._running), timeout=within)
        for task in left:
            task.cancel()
        if left:
            await asyncio.wait(left)
        return len(left)

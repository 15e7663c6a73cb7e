"""How a demo ends: by a signal, with everything cleaned up, or by a failure, with the end of each log."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

from aiohttp import ClientError

from demo.checking import StepFailed
from demo.children import ChildFailed
from demo.stage import Stage
from demo.telling import Transcript
from sandbox.changes import NeverHappenedError
from sandbox.workspace import NotThereError

#: What ends a demo: a step that did not happen, in whatever words it is noticed.
FAILURES = (StepFailed, ChildFailed, NeverHappenedError, NotThereError, ClientError, TimeoutError)
#: Lines of each log that are shown then.
_LAST_LINES = 15


class Stopped(Exception):
    """Somebody ended it, with a signal of this number."""

    def __init__(self, number: int) -> None:
        super().__init__(f"ended by signal {number}")
        self.number = number


async def until_stopped(playing: Coroutine[Any, Any, int]) -> int:
    """What it returns. Raises `Stopped` on SIGINT, SIGTERM or SIGHUP, once everything is cleaned up."""
    task = asyncio.create_task(playing, name="demo")
    heard: list[int] = []

    def stop(number: int) -> None:
        # Once: a second Ctrl-C must not interrupt the cleaning up, which takes seconds at most.
        if not heard:
            heard.append(number)
            task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not heard:
            raise
        raise Stopped(heard[0]) from None


def explain(tell: Transcript, here: Stage, failure: Exception) -> None:
    """What did not happen, and the last lines of each log."""
    tell.failed(f"This did not happen: {str(failure) or type(failure).__name__}")
    for log in sorted({child.log for child in here.children.every}):
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        if lines:
            tell.progress(f"The last lines of {log.name}:")
            tell.quote(*lines)
        elif here.bot is not None and log == here.bot.log:
            tell.progress(f"Nothing is in {log.name}.")

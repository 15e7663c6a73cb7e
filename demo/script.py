"""`hitl demo --script`: raise the curtain, play every chapter, say how it went."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path

from aiohttp import ClientError

from demo.checking import StepFailed, expect
from demo.children import ChildFailed
from demo.reading import names_of
from demo.stage import POLICY, Stage, raise_curtain, stage
from demo.story import CHAPTERS, Scene
from demo.telling import Transcript, transcript_on
from sandbox.changes import NeverHappenedError
from sandbox.workspace import NotThereError

#: What ends a story: a step that did not happen, in whatever words it is noticed.
_FAILURES = (StepFailed, ChildFailed, NeverHappenedError, NotThereError, ClientError, TimeoutError)
#: Lines of each log that are shown then.
_LAST_LINES = 15


async def play(tell: Transcript, policy: Path = POLICY) -> int:
    """Play it all; 0 only if each step happened, else 1. Nothing that was started is left in either case."""
    started = time.monotonic()
    tell.title("An agent asks, a person decides in Slack, the agent goes on.")
    tell.progress(
        "Everything here is real, but Slack: a stand-in on this machine plays it. Starting that, the bot"
        " and three agents …"
    )
    async with stage(policy) as here:
        folder = here.folder
        try:
            await raise_curtain(here)
            tell.progress(f"Ready after {time.monotonic() - started:.1f} s.")
            for chapter in CHAPTERS:
                await chapter(Scene(here, tell, names_of(here.slack.workspace)))
        except _FAILURES as failure:
            _explain(tell, here, failure)
            return 1
    expect(not folder.exists(), "the temporary folder to be gone", folder)
    tell.end(f"Each of {tell.checks} checks held, in {time.monotonic() - started:.1f} s.")
    return 0


def _explain(tell: Transcript, here: Stage, failure: Exception) -> None:
    tell.failed(f"This did not happen: {str(failure) or type(failure).__name__}")
    for log in sorted({child.log for child in here.children.every}):
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_LINES:]
        if lines:
            tell.progress(f"The last lines of {log.name}:")
            tell.quote(*lines)
        elif here.bot is not None and log == here.bot.log:
            tell.progress(f"Nothing is in {log.name}.")
    tell.end("The story ended before its end.")


async def _until_stopped(tell: Transcript, policy: Path) -> int:
    """Play; on SIGINT, SIGTERM or SIGHUP clean up, and return 128 and the signal, as shells do."""
    playing = asyncio.create_task(play(tell, policy), name="story")
    heard: list[int] = []

    def stop(number: int) -> None:
        # Once: a second Ctrl-C must not interrupt the cleaning up, which takes seconds at most.
        if not heard:
            heard.append(number)
            playing.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop, number)
    try:
        return await playing
    except asyncio.CancelledError:
        if not heard:
            raise
        tell.end("Stopped; nothing of it is left.")
        return 128 + heard[0]


def main(policy: Path = POLICY) -> int:
    """Play it to stdout; the exit code."""
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal that has no ✓ shows a question mark, and the story goes on.
        sys.stdout.reconfigure(errors="replace")
    return asyncio.run(_until_stopped(transcript_on(sys.stdout), policy))

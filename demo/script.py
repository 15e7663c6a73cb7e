"""`hitl demo --script`: raise the curtain, play every chapter, say how it went."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

from demo.checking import expect
from demo.ending import FAILURES, Stopped, explain, until_stopped
from demo.reading import names_of
from demo.stage import POLICY, raise_curtain, stage
from demo.story import CHAPTERS, Scene
from demo.telling import Transcript, transcript_on


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
        except FAILURES as failure:
            explain(tell, here, failure)
            tell.end("The story ended before its end.")
            return 1
    expect(not folder.exists(), "the temporary folder to be gone", folder)
    tell.end(f"Each of {tell.checks} checks held, in {time.monotonic() - started:.1f} s.")
    return 0


def main(policy: Path = POLICY) -> int:
    """Play it to stdout; the exit code, which is 128 and the signal for a story that was stopped."""
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal that has no ✓ shows a question mark, and the story goes on.
        sys.stdout.reconfigure(errors="replace")
    tell = transcript_on(sys.stdout)
    try:
        return asyncio.run(until_stopped(play(tell, policy)))
    except Stopped as stopped:
        tell.end("Stopped; nothing of it is left.")
        return 128 + stopped.number

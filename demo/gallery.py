"""`hitl demo --gallery`: everything that Slack ever shows of a request, on one page, to be looked at."""

from __future__ import annotations

import asyncio
import sys
import webbrowser
from collections.abc import Sequence

from demo.ending import Stopped, until_stopped
from demo.live import free_port
from demo.telling import transcript_on
from sandbox.page.gallery import Gallery, Told


async def show(stories: Sequence[Told], port: int, *, browse: bool) -> int:
    """Show it until cancelled."""
    async with Gallery(stories, port=port) as gallery:
        print(f"The gallery is open: {gallery.url}", flush=True)
        if browse:
            await asyncio.to_thread(webbrowser.open, gallery.url)
        await asyncio.Event().wait()
    return 0


def main(stories: Sequence[Told], port: int | None = None, *, browse: bool = False) -> int:
    """Show it until Ctrl-C, which is its normal end: 0. Raises `PortTaken`."""
    try:
        return asyncio.run(until_stopped(show(stories, free_port(port), browse=browse)))
    except Stopped:
        transcript_on(sys.stderr).end("Closed.")
        return 0

"""`hitl demo --gallery`, as somebody types it who wants to see every card."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import aiohttp
import pytest

from bot.gallery.hall import hall


async def started(folder: Path, *words: str) -> Process:
    """The command, with nothing of this machine's own settings."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--gallery", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env={**os.environ, "TMPDIR": str(folder), "HITL_CONFIG": "/nowhere"},
    )


async def test_the_gallery_is_open_until_somebody_ends_it(tmp_path: Path) -> None:
    """It prints where it is, shows every story there, and ends by Ctrl-C, which is no failure."""
    process = await started(tmp_path, "--port", "0")
    try:
        assert process.stdout is not None
        async with asyncio.timeout(30):
            line = (await process.stdout.readline()).decode()
        found = re.fullmatch(r"The gallery is open: (http://127\.0\.0\.1:\d+)\n", line)
        assert found is not None, line
        async with aiohttp.ClientSession() as http:
            for story in hall():
                async with http.get(f"{found[1]}/story/{story.name}") as answer:
                    assert (answer.status, story.title in await answer.text()) == (200, True)
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(10):
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()


@pytest.mark.parametrize("other", ["--script", "--fast"])
async def test_what_has_no_meaning_in_a_gallery_is_refused(tmp_path: Path, other: str) -> None:
    """Options of the other demos are not ignored."""
    process = await started(tmp_path, other)
    _, err = await process.communicate()
    assert process.returncode == 2
    assert "--gallery is the same every time" in err.decode()

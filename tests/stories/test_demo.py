"""`hitl demo --script`, as a newcomer types it: the whole story, or a clear end, and nothing left behind."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from demo.stage import POLICY

#: What has to be told, in this order.
STEPS = (
    "Ready after",
    "1. ",
    "│ Refund 750 EUR to ACME GmbH",
    "│ [ Approve ] [ Edit ] [ Reject ]",
    "the agent was told to wait",
    "types 1500",
    "│ ⚠ ",
    "✓ the modal stayed open",
    "Approved with changes by @alice",
    "Paid 500 EUR to ACME GmbH (tx 5521)",
    "│ amount  750 → 500",
    "✓ the agent's ledger: 500 EUR",
    "2. ",
    "(1240)",
    "Bob clicks Reject",
    "Rejected by bob",
    "✓ nothing was sent",
    "Asked again",
    "✓ one mail left, to 38 customers",
    "3. ",
    "kill -9",
    "We had some trouble connecting",
    "The bot is started again",
    "✓ nothing was deleted meanwhile",
    "Deleted 18,420 records",
    "4. ",
    "✓ the outbox is empty",
    "hitl audit verify: whole",
    "✓ the bot and the agents ended",
    "checks held",
)


@asynccontextmanager
async def playing(folder: Path, *words: str, **own: str) -> AsyncIterator[Process]:
    """`hitl demo --script`, with a folder of its own for temporary files."""
    demo = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "demo", "--script", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=PIPE,
        stderr=STDOUT,
        env={**os.environ, "TMPDIR": str(folder), **own},
        start_new_session=True,
    )
    try:
        yield demo
    finally:
        if demo.returncode is None:
            demo.kill()
            await demo.wait()


async def until_told(demo: Process, words: str) -> None:
    """Read on until these words were told."""
    assert demo.stdout is not None
    async with asyncio.timeout(40):
        while line := (await demo.stdout.readline()).decode():
            if words in line:
                return
    raise AssertionError(f"it ended before it told {words!r}")


async def to_the_end(demo: Process) -> tuple[int, str]:
    """Its exit code, and what it told from here on."""
    async with asyncio.timeout(50):
        told, _ = await demo.communicate()
    return demo.returncode or 0, told.decode()


def family(folder: Path) -> list[int]:
    """The processes that live with this folder for temporary files: the demo and all its children."""
    mark = f"TMPDIR={folder}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes()
        except OSError:
            continue  # it ended while we looked, or is somebody else's
        if mark in environment.split(b"\0"):
            found.append(int(entry.name))
    return found


def left_in(folder: Path) -> list[str]:
    """What the demo left in its folder for temporary files."""
    return [path.name for path in folder.iterdir()]


async def test_every_step_of_the_story_happens(tmp_path: Path) -> None:
    """Edit, reject, ask again, a kill in the middle: told in order, exit 0, nothing left.

    Tokens, settings and a proxy that somebody has in their environment do not matter.
    """
    own = {"SLACK_BOT_TOKEN": "xoxb-own", "HITL_CONFIG": "/nowhere", "HTTP_PROXY": "http://127.0.0.1:9"}
    async with playing(tmp_path, **own) as demo:
        code, told = await to_the_end(demo)
    assert code == 0, told
    rest = told
    for step in STEPS:
        assert step in rest, f"{step!r} is missing, or too early:\n{told}"
        rest = rest.split(step, 1)[1]
    assert "\x1b" not in told
    assert max(len(line) for line in told.splitlines()) <= 100
    assert len(told.splitlines()) < 110
    assert family(tmp_path) == []
    assert left_in(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "moment"),
    [(signal.SIGINT, "In #approvals"), (signal.SIGTERM, "Starting that"), (signal.SIGINT, "kill -9")],
)
async def test_a_demo_that_is_stopped_leaves_nothing(
    number: signal.Signals, moment: str, tmp_path: Path
) -> None:
    """Ctrl-C or SIGTERM, in the story or before it: no process, no file, and the shell's exit code."""
    async with playing(tmp_path) as demo:
        await until_told(demo, moment)
        os.killpg(demo.pid, number)
        code, told = await to_the_end(demo)
    assert code == 128 + number
    assert "Stopped; nothing of it is left." in told
    assert "Traceback" not in told
    assert family(tmp_path) == []
    assert left_in(tmp_path) == []


async def test_a_demo_that_is_killed_takes_its_children_along(tmp_path: Path) -> None:
    """SIGKILL gives it no chance to clean up: the bot and the agents end all the same (on Linux)."""
    async with playing(tmp_path) as demo:
        await until_told(demo, "In #approvals")
        children = [pid for pid in family(tmp_path) if pid != demo.pid]
        assert len(children) == 4
        ends = [os.pidfd_open(pid) for pid in children]
        demo.kill()
        for end in ends:
            ready, _, _ = await asyncio.to_thread(select.select, [end], [], [], 5.0)
            assert ready == [end]
            os.close(end)


async def test_a_step_that_does_not_happen_ends_the_story(tmp_path: Path) -> None:
    """Under a policy that does not ask Alice her edit is refused: exit 1, the reason, and the bot's log."""
    policy = tmp_path / "no-alice.yml"
    policy.write_text(POLICY.read_text(encoding="utf-8").replace("U0ALICE, ", ""), encoding="utf-8")
    folder = tmp_path / "temporary"
    folder.mkdir()
    async with playing(folder, "--policy", str(policy)) as demo:
        code, told = await to_the_end(demo)
    assert code == 1
    assert "✗ This did not happen: " in told
    assert "expected a modal" in told
    assert "not asked" in told.split("seen:", 1)[1]
    assert "bot.log" in told
    assert "checks held" not in told
    assert family(folder) == []
    assert left_in(folder) == []

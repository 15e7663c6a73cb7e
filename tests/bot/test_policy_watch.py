"""The policy's file is watched: each change is noticed, and none that is half done."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest

from approvals.words import Instant
from bot.policies import PolicyShelf
from bot.policy_watch import GONE_AFTER, LOOK_EVERY, PolicyWatch
from scheduler.clock import Clock
from tests.bot.test_app import a_bot
from tests.harness.cases import NOON

GOOD = """\
channel: C0APPROVALS
operators: [U0ADMIN]
groups: {support: {users: [U0ALICE]}}
default: {gate: hard, ask: support, steps: [{after: 1d, do: park}]}
"""
OTHER = GOOD.replace("C0APPROVALS", "C0OTHERS")
BROKEN = GOOD.replace("gate: hard", "gate: hrad")


class Watched:
    """A policy's file under watch; time moves as a test says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_text(GOOD, encoding="utf-8")
        self.shelf = PolicyShelf.open(path, NOON)
        self.taken = 0
        self.told: list[str] = []
        self.at: Instant = NOON
        self.watch = PolicyWatch(self.shelf, lambda: self.at, self._taken, self._refused)

    def _taken(self) -> None:
        self.taken += 1

    async def _refused(self, problem: str) -> None:
        self.told.append(problem)

    async def look(self, times: int = 1) -> None:
        """As the clock does."""
        for _ in range(times):
            self.at += LOOK_EVERY
            await self.watch.look(self.at)

    @property
    def channel(self) -> str:
        """By which the tests tell policies apart."""
        return self.shelf.current.channel


@pytest.fixture
def watched(tmp_path: Path) -> Watched:
    """A policy that loads, looked at already."""
    return Watched(tmp_path / "hitl.yml")


async def test_a_change_is_taken_at_the_second_look(watched: Watched) -> None:
    """Not at the first: an editor may be in the middle of writing. Afterwards nothing is read again."""
    await watched.look(3)
    assert watched.taken == 0
    watched.path.write_text(OTHER, encoding="utf-8")
    await watched.look()
    assert watched.channel == "C0APPROVALS"
    await watched.look()
    assert watched.channel == "C0OTHERS"
    assert watched.shelf.loaded_at == watched.at
    await watched.look(3)
    assert watched.taken == 1
    assert timedelta(seconds=2) >= 2 * LOOK_EVERY


async def test_a_change_before_the_first_look_is_no_exception(watched: Watched) -> None:
    """Between the start and the first ring of the clock a file may change too."""
    watched.path.write_text(OTHER, encoding="utf-8")
    await watched.look(2)
    assert watched.channel == "C0OTHERS"


async def test_a_change_of_the_same_size_at_the_same_time_is_seen(watched: Watched) -> None:
    """Whoever restores a file with its old time: the inode's own time still tells."""
    await watched.look(2)
    before = watched.path.stat()
    same_size = GOOD.replace("C0APPROVALS", "C0APPROVALT")
    watched.path.write_text(same_size, encoding="utf-8")
    os.utime(watched.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    await watched.look(2)
    assert watched.channel == "C0APPROVALT"


async def test_a_file_that_an_editor_replaces_is_taken(watched: Watched, tmp_path: Path) -> None:
    """A new file under the old name is another inode."""
    await watched.look(2)
    new = tmp_path / ".hitl.yml.swp"
    new.write_text(OTHER, encoding="utf-8")
    new.replace(watched.path)
    await watched.look(2)
    assert watched.channel == "C0OTHERS"


async def test_a_link_that_is_turned_is_taken(tmp_path: Path) -> None:
    """As Kubernetes changes a ConfigMap: the file's name leads over a folder's, which is turned at once."""
    mount = tmp_path / "mount"
    for folder, text in (("one", GOOD), ("two", OTHER)):
        (mount / folder).mkdir(parents=True)
        (mount / folder / "hitl.yml").write_text(text, encoding="utf-8")
    (mount / "..data").symlink_to("one")
    path = mount / "hitl.yml"
    path.symlink_to("..data/hitl.yml")
    shelf = PolicyShelf.open(path, NOON)
    taken = asyncio.Event()
    watch = PolicyWatch(shelf, lambda: NOON, taken.set, _nobody)
    await watch.look(NOON)
    await watch.look(NOON)
    (mount / "..new").symlink_to("two")
    (mount / "..new").replace(mount / "..data")
    await watch.look(NOON)
    await watch.look(NOON)
    assert taken.is_set()
    assert shelf.current.channel == "C0OTHERS"


async def _nobody(_problem: str) -> None:
    raise AssertionError("the policy loads")


async def test_a_file_away_for_a_moment_changes_nothing(watched: Watched) -> None:
    """Gone for some looks and back with something else: nobody is told, and the new one is taken."""
    await watched.look(2)
    watched.path.unlink()
    await watched.look(4)
    assert (watched.channel, watched.told, watched.shelf.problem) == ("C0APPROVALS", [], None)
    watched.path.write_text(OTHER, encoding="utf-8")
    await watched.look(2)
    assert (watched.channel, watched.told) == ("C0OTHERS", [])


async def test_a_file_that_stays_away_is_told_of_once(watched: Watched) -> None:
    """The old policy holds; when the file is back as it was, all is well again."""
    await watched.look(2)
    watched.path.unlink()
    await watched.look(GONE_AFTER // LOOK_EVERY + 20)
    assert len(watched.told) == 1
    assert "cannot be read: No such file" in watched.told[0]
    assert watched.channel == "C0APPROVALS"
    watched.path.write_text(GOOD, encoding="utf-8")
    await watched.look(2)
    assert watched.shelf.problem is None
    assert watched.taken == 1


async def test_half_a_file_is_waited_out(watched: Watched) -> None:
    """A stroke that does not load, and the next one that does: nobody hears of the first."""
    await watched.look(2)
    watched.path.write_text(OTHER[:60], encoding="utf-8")
    await watched.look()
    watched.path.write_text(OTHER, encoding="utf-8")
    await watched.look(2)
    assert (watched.channel, watched.told) == ("C0OTHERS", [])


async def test_a_broken_file_is_told_of_once_for_each_content(watched: Watched) -> None:
    """The old policy stays; touching or rereading it says nothing new, another mistake does."""
    await watched.look(2)
    watched.path.write_text(BROKEN, encoding="utf-8")
    await watched.look(5)
    os.utime(watched.path)
    await watched.look(3)
    await watched.watch.again()
    assert len(watched.told) == 1
    assert "did you mean `hard`?" in watched.told[0]
    watched.path.write_text(BROKEN + "kep: {}\n", encoding="utf-8")
    await watched.look(2)
    assert len(watched.told) == 2
    assert (watched.channel, watched.taken) == ("C0APPROVALS", 0)
    watched.path.write_text(GOOD, encoding="utf-8")
    await watched.look(2)
    assert (watched.shelf.problem, watched.taken) == (None, 1)


async def test_who_could_not_be_told_is_told_at_the_next_look(watched: Watched) -> None:
    """The database was away for a moment."""
    await watched.look(2)
    watched.path.write_text(BROKEN, encoding="utf-8")
    tell = watched.watch.refused

    async def fails(_problem: str) -> None:
        raise ConnectionError("no database")

    watched.watch.refused = fails
    with pytest.raises(ConnectionError):
        await watched.look(2)
    watched.watch.refused = tell
    await watched.look(2)
    assert len(watched.told) == 1


async def test_sighup_waits_for_nothing(watched: Watched) -> None:
    """Who signals has finished writing; the looks that follow find nothing new."""
    watched.path.write_text(OTHER, encoding="utf-8")
    await watched.watch.again()
    assert watched.channel == "C0OTHERS"
    await watched.look(3)
    assert watched.taken == 1


async def test_a_pipe_is_not_read_twice(watched: Watched) -> None:
    """`HITL_CONFIG=<(…)` gives its policy once; looking at it again would wait for ever."""
    await watched.look(2)
    watched.path.unlink()
    os.mkfifo(watched.path)
    async with asyncio.timeout(5):
        await watched.look(30)
    assert (watched.channel, watched.told) == ("C0APPROVALS", [])


async def test_the_clock_notices_within_two_seconds(watched: Watched) -> None:
    """With the real clock and the real file."""
    taken = asyncio.Event()
    watched.watch.taken = taken.set

    async def nothing(_now: Instant | None = None) -> None:
        return None

    clock = Clock(lambda: NOON, nothing, nothing)
    clock.every(LOOK_EVERY, "policy", watched.watch.look)
    clock.start()
    try:
        watched.path.write_text(OTHER, encoding="utf-8")
        async with asyncio.timeout(5):
            await taken.wait()
    finally:
        await clock.stop()
    assert watched.channel == "C0OTHERS"


async def test_a_broken_file_shows_in_the_metrics_and_the_bot_stays_ready(
    sqlite_url: str, tmp_path: Path
) -> None:
    """Noticed by itself, without a signal; mended, the gauge is up again."""
    path = tmp_path / "hitl.yml"
    path.write_text(GOOD, encoding="utf-8")
    async with a_bot(sqlite_url, path) as bot, aiohttp.ClientSession() as http:
        heard = asyncio.Event()
        taken, refused = bot.watch.taken, bot.watch.refused

        def hears_of_taken() -> None:
            taken()
            heard.set()

        async def hears_of_refused(problem: str) -> None:
            await refused(problem)
            heard.set()

        bot.watch.taken, bot.watch.refused = hears_of_taken, hears_of_refused

        async def after(text: str) -> tuple[int, str]:
            heard.clear()
            path.write_text(text, encoding="utf-8")
            async with asyncio.timeout(10):
                await heard.wait()
            async with http.get(f"{bot.api.url}/readyz") as ready, http.get(f"{bot.api.url}/metrics") as said:
                return ready.status, _gauge(await said.text())

        assert await after(BROKEN) == (200, "0.0")
        assert bot.shelf.current.channel == "C0APPROVALS"
        assert await after(OTHER) == (200, "1.0")
        assert bot.desk.policies.current.channel == "C0OTHERS"


def _gauge(metrics: str) -> str:
    return next(line for line in metrics.splitlines() if line.startswith("hitl_policy_loaded ")).split()[1]

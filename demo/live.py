"""`hitl demo`: everything runs, the page is open to whoever comes, and now and then something happens."""

from __future__ import annotations

import asyncio
import socket
import sys
import webbrowser
from collections.abc import Awaitable, Callable
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import NoReturn

from aiohttp import ClientError

from demo.children import ChildFailed
from demo.ending import FAILURES, Stopped, explain, until_stopped
from demo.guide import lines, welcome
from demo.occasions import CAMPAIGN, COMPLAINT, ORDER, SWEEP, Occasion, Occasions
from demo.stage import POLICY, Stage, raise_curtain, stage
from demo.telling import Transcript, transcript_on
from demo.worlds import Worlds

#: Where the page is, unless something else is there already.
PORT = 8080
#: Seconds between two occasions: time to read a card, and not to get bored.
PAUSES = (25.0, 35.0, 30.0, 40.0)
#: A newcomer must not drown: while so many requests wait for people, nothing more happens.
MOST_WAITING = 4
#: Buttons beside the channel: whose, what they say, and what they make happen.
LEVERS = (
    ("refund-agent", "A customer complains", COMPLAINT),
    ("mail-agent", "Marketing has an idea", CAMPAIGN),
    ("cleanup-agent", "Old records pile up", SWEEP),
)


class PortTaken(Exception):
    """Something else listens where the page was wanted."""


def free_port(wanted: int | None) -> int:
    """The port that was wanted; without a wish the usual one, or 0 for any. Raises `PortTaken`."""
    try:
        with socket.create_server(("127.0.0.1", PORT if wanted is None else wanted)):
            return PORT if wanted is None else wanted
    except OSError as error:
        if wanted is None:
            return 0
        raise PortTaken(f"port {wanted} cannot be used ({error.strerror}); leave --port away") from error


class Director:
    """Makes things happen to the agents: at a human pace, or when somebody pulls a lever on the page."""

    def __init__(self, here: Stage, worlds: Worlds) -> None:
        self._here = here
        self._worlds = worlds
        self._occasions = Occasions()
        for agent, words, kind in LEVERS:
            worlds.levers.setdefault(agent, {})[words] = self._lever(kind)

    def _lever(self, kind: str) -> Callable[[], Awaitable[None]]:
        return partial(self.happens, kind)

    async def begin(self) -> None:
        """The first thing happens. Raises `aiohttp.ClientError`."""
        await self._happens(self._occasions.following(ORDER[0]))

    async def happens(self, kind: str) -> None:
        """The next thing of a kind happens; an agent that cannot ask just now says so beside the channel."""
        occasion = self._occasions.following(kind)
        try:
            await self._happens(occasion)
        except (ClientError, TimeoutError) as error:
            self._worlds.complain(occasion.agent, f"Could not ask just now: {error}")

    async def keep_going(self, pauses: tuple[float, ...]) -> NoReturn:
        """One thing after another, as long as not too many wait already. Begins after the first."""
        changes, pause, kinds = self._here.slack.changes, cycle(pauses), cycle((*ORDER[1:], ORDER[0]))
        while True:
            while sum(self._worlds.waiting.values()) >= MOST_WAITING:
                await changes.wait(changes.last, 60.0)
            await asyncio.sleep(next(pause))
            await self.happens(next(kinds))

    async def _happens(self, occasion: Occasion) -> None:
        await self._here.happens(occasion.agent, occasion.path, **occasion.what)
        await self._worlds.look()


async def show(tell: Transcript, policy: Path, port: int, *, fast: bool, browse: bool) -> int:
    """Show it until cancelled; 1 when something of it ended by itself."""
    tell.progress("Starting a stand-in for Slack, the bot and three agents …")
    async with stage(policy, port=port) as here:
        try:
            await raise_curtain(here)
            welcome(here)
            worlds = Worlds(here)
            director = Director(here, worlds)
            await worlds.look()
            await director.begin()
            print("\n".join(lines(here)), flush=True)
            if browse:
                await asyncio.to_thread(webbrowser.open, here.slack.url)
            await _keep_up(here, worlds, director, (0.0,) if fast else PAUSES)
        except FAILURES as failure:
            explain(tell, here, failure)
    return 1


async def _keep_up(here: Stage, worlds: Worlds, director: Director, pauses: tuple[float, ...]) -> None:
    """Until a process ends that should not: then this raises `ChildFailed`."""
    try:
        async with asyncio.TaskGroup() as together:
            together.create_task(_watch(here), name="watch")
            together.create_task(worlds.keep_looking(), name="worlds")
            together.create_task(director.keep_going(pauses), name="director")
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from failed


async def _watch(here: Stage) -> NoReturn:
    running = {
        asyncio.create_task(child.process.wait(), name=child.name): child
        for child in here.children.every
        if child.process.returncode is None
    }
    try:
        [ended, *_], _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        raise ChildFailed(f"{running[ended].name} ended by itself, with {ended.result()}")
    finally:
        for each in running:
            each.cancel()


def main(policy: Path = POLICY, port: int | None = None, *, fast: bool = False, browse: bool = False) -> int:
    """Show it until Ctrl-C, which is its normal end: 0. Raises `PortTaken`."""
    tell = transcript_on(sys.stderr)
    try:
        return asyncio.run(until_stopped(show(tell, policy, free_port(port), fast=fast, browse=browse)))
    except Stopped:
        tell.end("Stopped; nothing of it is left.")
        return 0

"""The processes that a demo starts: each logs to a file, and none outlives it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo import leash

#: Seconds that a process gets to say that it is ready, to run as a command, and to end when asked.
READY_WITHIN = 30.0
RUN_WITHIN = 30.0
END_WITHIN = 5.0
#: What is somebody's own, and must not reach a demo: tokens of a real workspace, a real database, a proxy.
_OWN_PREFIXES = ("SLACK_", "HITL_")
_OWN_NAMES = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy", "port"})


class ChildFailed(Exception):
    """A process did not do what it was started for; the message names it and says how it went."""


@dataclass(slots=True)
class Child:
    """One process, from its start to its end."""

    name: str
    process: Process
    #: what it wrote to stderr
    log: Path

    async def line(self, beginning: str) -> str:
        """The first line of its stdout that begins so. Raises `ChildFailed`."""
        if self.process.stdout is None:
            raise ChildFailed(f"{self.name} was started without a stdout to read")
        try:
            async with asyncio.timeout(READY_WITHIN):
                while line := await self.process.stdout.readline():
                    if line.decode().startswith(beginning):
                        return line.decode().rstrip()
        except TimeoutError:
            raise ChildFailed(f"{self.name} did not say “{beginning}…” in {READY_WITHIN:.0f} s") from None
        code = await self.process.wait()
        raise ChildFailed(f"{self.name} ended with {code} before it said “{beginning}…”")

    async def kill(self) -> None:
        """End it at once, as a power cut would (SIGKILL)."""
        self.process.kill()
        await self.process.wait()

    async def end(self) -> int:
        """Ask it to end (SIGTERM), and see to it; its exit code, negative for the signal that ended it."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):  # it ended this moment
                self.process.terminate()
        try:
            async with asyncio.timeout(END_WITHIN):
                return await self.process.wait()
        except TimeoutError:
            await self.kill()
            return await self.process.wait()


@dataclass(slots=True)
class Children:
    """Everything that was started, with one folder for the logs."""

    folder: Path
    every: list[Child] = field(default_factory=list)

    async def start(self, name: str, *command: str, env: Mapping[str, str]) -> Child:
        """Start `python -m command…`. Its stderr goes to `NAME.log`, after what is there already."""
        log = self.folder / f"{name}.log"
        words = [sys.executable, leash.__file__, str(os.getpid()), sys.executable, "-m", *command]
        with log.open("ab") as stderr:
            # A session of its own: Ctrl-C in the terminal is the demo's alone, which then ends its children.
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=DEVNULL,
                stdout=PIPE,
                stderr=stderr,
                env={**_neutral(os.environ), "PYTHONUNBUFFERED": "1", **env},
                start_new_session=True,
                # Where our packages are, so that no folder of the same name elsewhere is taken for them.
                cwd=Path(leash.__file__).parent.parent,
            )
        child = Child(name, process, log)
        self.every.append(child)
        return child

    async def run(self, name: str, *command: str, env: Mapping[str, str]) -> str:
        """Run `python -m command…` to its end; its stdout. Raises `ChildFailed` unless it exits 0."""
        child = await self.start(name, *command, env=env)
        try:
            async with asyncio.timeout(RUN_WITHIN):
                told, _ = await child.process.communicate()
        except TimeoutError:
            await child.kill()
            raise ChildFailed(f"{' '.join(command)} took longer than {RUN_WITHIN:.0f} s") from None
        said = told.decode().strip()
        if child.process.returncode:
            raise ChildFailed(f"{' '.join(command)} exited {child.process.returncode}: {said}")
        return said

    async def end(self) -> dict[str, int]:
        """End whatever still runs; by name, how each of those ended."""
        running = [child for child in self.every if child.process.returncode is None]
        codes = await asyncio.gather(*(child.end() for child in running))
        return {child.name: code for child, code in zip(running, codes, strict=True)}


def _neutral(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(_OWN_PREFIXES) and name.lower() not in _OWN_NAMES
    }

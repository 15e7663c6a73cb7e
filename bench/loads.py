"""Loads, as whoever orders them sees them: a plan to the generator's process, and what came of it."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit


class Wrong(Exception):
    """A measurement that must not be believed: an answer was no 2xx, or rows are missing."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one load took."""

    answers: int
    #: from the first request to the last answer
    seconds: float
    #: seconds of each answer, sorted
    latencies: tuple[float, ...]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds

    def percentile(self, percent: float) -> float:
        """Seconds within which so many of a hundred were answered."""
        place = min(len(self.latencies) - 1, int(len(self.latencies) * percent / 100))
        return self.latencies[place]


def request(method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """A whole HTTP/1.1 request."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    lines = [f"{method} {path} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


@asynccontextmanager
async def generating(plan: Mapping[str, Any]) -> AsyncIterator[Process]:
    """The generator at work; killed at the end should it still be."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.generator", stdin=PIPE, stdout=PIPE, limit=64 * 1024 * 1024
    )
    try:
        assert process.stdin is not None
        process.stdin.write(json.dumps(dict(plan)).encode() + b"\n")
        await process.stdin.drain()
        yield process
    except BaseException:
        if process.returncode is None:
            process.kill()
        raise
    finally:
        await process.wait()


async def outcome(process: Process) -> dict[str, Any]:
    """What the generator found. Raises `Wrong` where it gave up, or an answer was no 2xx."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line:
        raise Wrong("the load broke off")
    found: dict[str, Any] = json.loads(line)
    others = {status: n for status, n in found["statuses"].items() if not status.startswith("2")}
    if others:
        raise Wrong(f"not every answer was a 2xx: {others}")
    return found


async def closed_loop(url: str, file: Path, *, clients: int, total: int, seconds: float = 60.0) -> Taken:
    """`clients` connections, `total` requests from `file` or `seconds` of them. Raises `Wrong`."""
    plan = {"way": "closed_loop", **place(url), "messages": str(file)}
    plan |= {"clients": clients, "total": total, "seconds": seconds}
    async with generating(plan) as process:
        found = await outcome(process)
    latencies: Sequence[float] = found["latencies"]
    return Taken(len(latencies), found["seconds"], tuple(sorted(latencies)))


def place(url: str) -> dict[str, Any]:
    """Host and port, as plans have them."""
    parts = urlsplit(url)
    return {"host": parts.hostname, "port": parts.port}

"""`python -m bench.generator`: the load, in a process of its own. A plan comes in on stdin, what came of it
goes out on stdout, both as JSON.

It speaks HTTP over plain asyncio protocols, so that the one who measures costs less than what is measured.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

#: Bytes before each message in a plan's file: its length.
PREFIX = 4
#: Seconds for what is under way once a load's time is over; an answer that takes longer is an error.
_PATIENCE = 30.0
_END = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"


class Line(asyncio.Protocol):
    """One connection that is kept: `ask` sends a message, `answered` hears the status of its answer."""

    def __init__(self, answered: Callable[[Line, int], None]) -> None:
        self._answered = answered
        self._transport: asyncio.Transport | None = None
        self._came = b""
        self.asked_at = 0.0
        self.lost = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        if not self.lost.done():
            self.lost.set_result(exc)

    def ask(self, message: bytes) -> None:
        """Send a whole request."""
        assert self._transport is not None
        self.asked_at = perf_counter()
        self._transport.write(message)

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        self._came = self._came + data if self._came else data
        end = self._came.find(_END)
        if end < 0:
            return
        head = self._came[: end + 2].lower()
        at = head.find(_LENGTH)
        if at < 0:
            raise ValueError("an answer that does not say how long it is")
        length = int(head[at + len(_LENGTH) : head.index(b"\r\n", at + 2)])
        if len(self._came) < end + len(_END) + length:
            return
        status, self._came = int(head[9:12]), b""
        self._answered(self, status)

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


async def connected(host: str, port: int, answered: Callable[[Line, int], None]) -> Line:
    """A new connection. Raises `OSError`."""
    _, line = await asyncio.get_running_loop().create_connection(lambda: Line(answered), host, port)
    return line


async def closed_loop(plan: dict[str, Any]) -> dict[str, Any]:
    """`clients` connections, each with one request under way, until `total` are answered or `seconds` over.

    The file's messages are sent in turn, from the first one again where there are fewer than `total`.
    """
    messages = read_messages(Path(plan["messages"]))
    statuses: Counter[int] = Counter()
    latencies: list[float] = []
    loop = asyncio.get_running_loop()
    finished = loop.create_future()
    sent = 0
    deadline = 0.0

    def next_on(line: Line) -> None:
        nonlocal sent
        line.ask(messages[sent % len(messages)])
        sent += 1

    def answered(line: Line, status: int) -> None:
        now = perf_counter()
        latencies.append(now - line.asked_at)
        statuses[status] += 1
        if sent < plan["total"] and now < deadline:
            next_on(line)
        elif len(latencies) == sent and not finished.done():
            finished.set_result(now)

    def broken(gone: asyncio.Future[Any]) -> None:
        if not finished.done():
            finished.set_exception(ConnectionError(f"a connection was closed: {gone.result()}"))

    lines = [await connected(plan["host"], plan["port"], answered) for _ in range(plan["clients"])]
    for line in lines:
        line.lost.add_done_callback(broken)
    started = perf_counter()
    deadline = started + plan["seconds"]
    for line in lines[: plan["total"]]:
        next_on(line)
    ended = await asyncio.wait_for(finished, plan["seconds"] + _PATIENCE)
    _hang_up(lines)
    return {"statuses": dict(statuses), "seconds": ended - started, "latencies": latencies}


async def relay(plan: dict[str, Any]) -> dict[str, Any]:
    """One click after the other: from sending it to the answer of the long-poll that it ends.

    `polls` and `clicks` are files of as many messages each, `pause` seconds lie between a poll and its click.
    """
    polls, clicks = read_messages(Path(plan["polls"])), read_messages(Path(plan["clicks"]))
    statuses: Counter[int] = Counter()
    told: list[float] = []
    acknowledged: list[float] = []
    arrived: asyncio.Queue[tuple[Line, float]] = asyncio.Queue()

    def answered(line: Line, status: int) -> None:
        statuses[status] += 1
        arrived.put_nowait((line, perf_counter()))

    agent = await connected(plan["host"], plan["port"], answered)
    slack = await connected(plan["slack_host"], plan["slack_port"], answered)
    for poll, click in zip(polls, clicks, strict=True):
        agent.ask(poll)
        await asyncio.sleep(plan["pause"])
        if not arrived.empty():
            raise ValueError("a long-poll was answered before anybody had clicked")
        slack.ask(click)
        for _ in range(2):
            line, at = await asyncio.wait_for(arrived.get(), _PATIENCE)
            (told if line is agent else acknowledged).append(at - slack.asked_at)
    _hang_up([agent, slack])
    return {"statuses": dict(statuses), "latencies": told, "acknowledged": acknowledged}


async def hold(plan: dict[str, Any]) -> dict[str, Any]:
    """One long-poll on each of `clients` connections, `pace` of them a second; waits for all answers.

    Says `held` on stdout once all are sent.
    """
    messages = read_messages(Path(plan["messages"]))
    statuses: Counter[int] = Counter()
    finished = asyncio.get_running_loop().create_future()

    def answered(_line: Line, status: int) -> None:
        statuses[status] += 1
        if statuses.total() == plan["clients"]:
            finished.set_result(None)

    lines: list[Line] = []
    started = perf_counter()
    for number in range(plan["clients"]):
        await asyncio.sleep(max(0.0, started + number / plan["pace"] - perf_counter()))
        line = await connected(plan["host"], plan["port"], answered)
        line.ask(messages[number % len(messages)])
        lines.append(line)
    print("held", flush=True)
    await asyncio.wait_for(finished, plan["seconds"] + _PATIENCE)
    _hang_up(lines)
    return {"statuses": dict(statuses)}


def read_messages(file: Path) -> list[bytes]:
    """What `write_messages` wrote."""
    return list(_split(file.read_bytes()))


def write_messages(file: Path, messages: Sequence[bytes]) -> Path:
    """Whole HTTP requests, each after its length."""
    file.write_bytes(b"".join(len(message).to_bytes(PREFIX, "big") + message for message in messages))
    return file


def _split(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        start = at + PREFIX
        at = start + int.from_bytes(data[at:start], "big")
        yield data[start:at]


def _hang_up(lines: Sequence[Line]) -> None:
    for line in lines:
        line.close()


def main() -> None:
    """Read the plan, carry it out, print what came of it."""
    plan = json.loads(sys.stdin.readline())
    ways = {"closed_loop": closed_loop, "relay": relay, "hold": hold}
    print(json.dumps(asyncio.run(ways[plan["way"]](plan))), flush=True)


if __name__ == "__main__":
    main()

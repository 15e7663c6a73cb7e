"""A wire to the bot with an address that stays: what a load balancer is to whoever calls.

A test sees when a request has gone over it, and can keep the answer from coming back.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass
class Wire:
    """One address before one listener of the bot, which may come and go and move."""

    port: int = 0
    #: Where the bot listens now; None while it is down.
    target: int | None = None
    #: Answers are not passed on.
    mute: bool = False
    #: A caller's bytes are in the bot's hands, or at least in its kernel's.
    carried: asyncio.Event = field(default_factory=asyncio.Event)
    #: The bot has begun to answer.
    answered: asyncio.Event = field(default_factory=asyncio.Event)
    _ends: set[asyncio.StreamWriter] = field(default_factory=set)

    def lead_to(self, url: str) -> None:
        """The bot listens at this URL now."""
        self.target = urlsplit(url).port

    def rearm(self) -> None:
        """Forget what went over it so far."""
        self.carried.clear()
        self.answered.clear()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side ends it."""
        ends = [writer]
        self._ends.add(writer)
        try:
            if self.target is None:
                return
            back, other = await asyncio.open_connection("127.0.0.1", self.target)
            ends.append(other)
            self._ends.add(other)
            await asyncio.wait(
                [
                    asyncio.create_task(self._forth(reader, other)),
                    asyncio.create_task(self._back(back, writer)),
                ],
                return_when=asyncio.FIRST_COMPLETED,
            )
        except OSError:
            return  # the bot is down: the caller's connection breaks, as it would
        finally:
            # The other way ends by this: its side is closed as well.
            for end in ends:
                end.transport.abort()
                self._ends.discard(end)

    def cut(self) -> None:
        """Break every connection."""
        for end in self._ends:
            end.transport.abort()

    async def _forth(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while sent := await reader.read(65_536):
                writer.write(sent)
                await writer.drain()
                self.carried.set()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while said := await reader.read(65_536):
                self.answered.set()
                if not self.mute:
                    writer.write(said)
                    await writer.drain()


@asynccontextmanager
async def wire() -> AsyncIterator[Wire]:
    """A wire that leads nowhere yet."""
    laid = Wire()
    server = await asyncio.start_server(laid.handle, "127.0.0.1", 0)
    laid.port = server.sockets[0].getsockname()[1]
    try:
        yield laid
    finally:
        laid.target = None
        server.close()
        await asyncio.sleep(0)  # a connection that was just accepted is known by now
        laid.cut()
        await server.wait_closed()
        await asyncio.sleep(0.01)  # sockets that were aborted are let go in the next rounds of the loop

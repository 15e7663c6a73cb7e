"""Durable intake: a request is validated, judged and committed, with facts and outbox; then comes the 201."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bench.comparing import Compared, Size, in_turns
from bench.generator import write_messages
from bench.house import REFUND, Databases, House, floor, house
from bench.loads import Taken, Wrong, closed_loop, request

#: What one request leaves behind: its case, the fact that it was opened, and the card that is to be shown.
_ROWS = (
    "SELECT count(*) FROM cases",
    "SELECT count(*) FROM facts WHERE seq = 1",
    "SELECT count(*) FROM payloads",
    "SELECT count(*) FROM outbox WHERE kind = 'card'",
)

#: What Slack does meanwhile.
Slack = Callable[[House], Awaitable[None]]


async def slack_shuts(home: House) -> None:
    """It refuses the token: the courier rests, and intake is measured alone."""
    await home.slack_shuts()


async def slack_is_busy(home: House) -> None:
    """It answers 429: the courier tries each card once."""
    await home.slack_is_busy()


async def slack_takes_all(_home: House) -> None:
    """It takes every card: the courier posts them as fast as it can, meanwhile."""


async def measured(databases: Databases, size: Size, slack: Slack, scratch: Path) -> AsyncIterator[Compared]:
    """The comparison at each number of clients. Raises `Wrong`."""
    async with floor(*databases.floor()) as at, house(databases) as home:
        ordinary = _file(at, {"Content-Type": "application/json"}, scratch / "floor")
        ours = _file(home.bot.api, home.headers, scratch / "ours")
        await slack(home)
        await closed_loop(at, ordinary, clients=4, total=size.warm_up)
        await closed_loop(home.bot.api, ours, clients=4, total=size.warm_up)

        async def one_floor(clients: int) -> Taken:
            return await closed_loop(at, ordinary, clients=clients, total=size.most, seconds=size.seconds)

        async def one_of_ours(clients: int) -> Taken:
            async with kept(home) as answered:
                taken = await closed_loop(
                    home.bot.api, ours, clients=clients, total=size.most, seconds=size.seconds
                )
                answered.append(taken.answers)
            return taken

        for clients in size.clients:
            yield await in_turns(clients, size.turns, one_floor, one_of_ours)
            if slack is slack_takes_all:
                await home.drained()


@asynccontextmanager
async def kept(home: House) -> AsyncIterator[list[int]]:
    """Whatever was answered is there afterwards, all of it. Raises `Wrong`."""
    before = [await home.count(query) for query in _ROWS]
    answered: list[int] = []
    yield answered
    for query, there in zip(_ROWS, before, strict=True):
        new = await home.count(query) - there
        if new != sum(answered):
            raise Wrong(f"{sum(answered)} requests were answered, but {query} grew by {new}")


def _file(url: str, headers: dict[str, str], file: Path) -> Path:
    return write_messages(file, [request("POST", f"{url}/v1/requests", headers, REFUND)])

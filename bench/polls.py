"""Long-polls: how soon an agent hears of a click, and what ten thousand who wait cost."""

from __future__ import annotations

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path

from bench.clicks import Cards
from bench.comparing import Size
from bench.generator import write_messages
from bench.house import REFUND, Databases, House, house
from bench.loads import Taken, Wrong, closed_loop, generating, outcome, place, request

#: Long-polls begun in a second: each is one read, of which PostgreSQL answers some hundreds a second.
_A_SECOND = 400
#: Seconds for all polls to be held, and then for what that left to be done to settle.
_TO_HOLD, _TO_SETTLE = 45.0, 1.0


@dataclass(frozen=True, slots=True)
class Relayed:
    """One click after the other: until its agent is told, and until it is answered itself."""

    told: Taken
    acknowledged: Taken
    #: cards a second that were posted before, their requests' intake included
    posted: float


async def relayed(databases: Databases, size: Size, scratch: Path) -> Relayed:
    """From sending a click to its long-poll's answer, and to its own, one after the other. Raises `Wrong`."""
    async with house(databases) as home:
        cards = Cards(home, scratch)
        shown = await cards.fresh(size.relayed)
        ids = await _ids(home)
        polls = [_poll(home, ids[card.ts], size.wait) for card in shown]
        plan = {
            "way": "relay",
            **place(home.bot.api),
            **{f"slack_{name}": value for name, value in place(home.bot.slack).items()},
            "polls": str(write_messages(scratch / "polls", polls)),
            "clicks": str(write_messages(scratch / "clicks", cards.clicks(shown, home.bot.slack))),
            "pause": size.pause,
        }
        async with generating(plan) as process:
            found = await outcome(process)
        decided = await home.count("SELECT count(*) FROM cases WHERE status = 'approved'")
        if decided != len(shown):
            raise Wrong(f"{len(shown)} clicks were answered, and {decided} requests decided")
    return Relayed(_one_by_one(found["latencies"]), _one_by_one(found["acknowledged"]), cards.posted)


def _one_by_one(latencies: list[float]) -> Taken:
    return Taken(len(latencies), sum(latencies), tuple(sorted(latencies)))


@dataclass(frozen=True, slots=True)
class Held:
    """What held long-polls cost."""

    many: int
    #: bytes of the bot's memory that each took
    each: float
    #: of one core, while nothing happened; and the same before the first of them came
    busy: float
    busy_before: float


async def held(databases: Databases, size: Size, scratch: Path) -> Held:
    """Hold `size.held` long-polls, each on a request of its own, and look at the bot. Raises `Wrong`."""
    async with house(databases) as home:
        await home.slack_shuts()
        ask = request("POST", f"{home.bot.api}/v1/requests", home.headers, REFUND)
        file = write_messages(scratch / "asked", [ask])
        await closed_loop(home.bot.api, file, clients=min(32, size.held), total=size.held)
        polls = [_poll(home, id_, size.wait) for id_ in (await _pending(home))[: size.held]]
        await asyncio.sleep(_TO_SETTLE)
        busy_before = await _busy(home, size.watched)
        before = _memory(home)
        plan = {
            "way": "hold",
            **place(home.bot.api),
            "clients": size.held,
            "seconds": size.wait,
            "pace": _A_SECOND,
        }
        plan["messages"] = str(write_messages(scratch / "polls", polls))
        async with generating(plan) as process:
            await _all_held(home, size.held)
            await asyncio.sleep(_TO_SETTLE)
            busy = await _busy(home, size.watched)
            each = (_memory(home) - before) / size.held
            assert process.stdout is not None
            await process.stdout.readline()
            await outcome(process)
    return Held(size.held, each, busy, busy_before)


async def _all_held(home: House, many: int) -> None:
    async with asyncio.timeout(_TO_HOLD):
        while await home.metric("hitl_http_waiting") != many:  # noqa: ASYNC110  # in another process
            await asyncio.sleep(0.2)


def _poll(home: House, request_id: str, wait: int) -> bytes:
    url = f"{home.bot.api}/v1/requests/{request_id}?wait={wait}"
    return request("GET", url, {"Authorization": home.headers["Authorization"]})


async def _busy(home: House, seconds: float) -> float:
    """The share of one core that the bot takes."""
    started, before = time.perf_counter(), _processor_seconds(home)
    await asyncio.sleep(seconds)
    return (_processor_seconds(home) - before) / (time.perf_counter() - started)


def _processor_seconds(home: House) -> float:
    # After the name, which may hold anything, come the fields from the third on: proc_pid_stat(5).
    fields = Path(f"/proc/{home.bot.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(home: House) -> int:
    """Bytes of the bot that are in memory."""
    resident = Path(f"/proc/{home.bot.process.pid}/statm").read_text().split()[1]
    return int(resident) * os.sysconf("SC_PAGE_SIZE")


async def _ids(home: House) -> dict[str, str]:
    """The request of each card, by the card's ts."""
    return dict(await home.rows("SELECT ts, request FROM cards"))


async def _pending(home: House) -> list[str]:
    return [id_ for (id_,) in await home.rows("SELECT id FROM cases WHERE status = 'pending'")]

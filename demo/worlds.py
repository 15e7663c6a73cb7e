"""The agents' worlds as the page shows them beside the channel, kept as they are."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from aiohttp import ClientError

from demo.stage import AGENTS, Json, Stage
from sandbox.beside import Row, World

#: What may have moved a world. What the page itself shows (`world`) is left out: it would never end.
_MOVING = frozenset({"message", "message_changed", "callback"})
#: Seconds between two looks: what comes together is looked at together.
_BREATH = 0.1
#: Rows that a world shows, the youngest first.
_ROWS = 6

Levers = dict[str, Callable[[], Awaitable[None]]]


def _ledger(world: Json) -> list[Row]:
    return _youngest_first(
        [Row(f"{each['amount']} EUR to {each['to']}", f"tx {each['tx']}") for each in world["ledger"]]
    )


def _sent(world: Json) -> list[Row]:
    return _youngest_first(
        [Row(f"“{each['subject']}”", f"to {each['recipients']:,} people") for each in world["sent"]]
    )


def _youngest_first(rows: list[Row]) -> list[Row]:
    shown = rows[: -_ROWS - 1 : -1]
    return [replace(row, tone="new") if number == 0 else row for number, row in enumerate(shown)]


def _records(world: Json) -> list[Row]:
    """What is left, and of what was deleted the last."""
    left = [Row(table, f"{count:,} records") for table, count in world["records"].items()]
    deleted = [each for each in world["done"] if each.startswith("Deleted")]
    return left + [Row(each, "", "bad") for each in deleted[-2:]]


@dataclass(frozen=True, slots=True)
class Look:
    """How one agent's world is shown."""

    title: str
    icon: str
    rows: Callable[[Json], list[Row]]
    empty: str
    #: What became of it after a no.
    unharmed: str


LOOKS = {
    "refund-agent": Look("Money paid", "💶", _ledger, "Nothing was paid yet.", "not paid"),
    "mail-agent": Look("Mails sent", "📨", _sent, "No mail has left yet.", "not sent"),
    "cleanup-agent": Look("Records kept", "🗄️", _records, "Nothing is left.", "not deleted"),
}


@dataclass(slots=True)
class Worlds:
    """Looks at the agents whenever something may have moved them, and tells the page what is different."""

    here: Stage
    #: For each agent what can be made to happen to it, by the words on the button.
    levers: dict[str, Levers] = field(default_factory=dict)
    #: Requests that wait for people, by agent.
    waiting: dict[str, int] = field(default_factory=dict)
    _one_by_one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def look(self) -> None:
        """Show each world as it is now. Raises `aiohttp.ClientError`."""
        async with self._one_by_one:
            for agent in AGENTS:
                self.waiting[agent] = await self.here.pending(agent)
                self._show(agent, await self.here.world(agent))

    async def keep_looking(self) -> None:
        """Look again after whatever may have moved a world, until cancelled."""
        changes, seen = self.here.slack.changes, 0
        while True:
            news = await changes.wait(seen, 60.0)
            seen = changes.last
            if any(change.kind in _MOVING for change in news):
                try:
                    await self.look()
                except (ClientError, TimeoutError):
                    # A bot in need answers later, and then something moves; its end is noticed elsewhere.
                    continue
                await asyncio.sleep(_BREATH)

    def complain(self, agent: str, now: str) -> None:
        """Say what is the matter with an agent, until the next look."""
        self.here.slack.beside.put(replace(self.here.slack.beside.worlds[agent], now=now))

    def _show(self, agent: str, world: Json) -> None:
        look, count = LOOKS[agent], self.waiting[agent]
        now = f"Waits for people about {count} request{'s' if count > 1 else ''}." if count else ""
        rows = [*look.rows(world), *self._refused(agent)]
        shown = World(agent, look.title, look.icon, now, rows, look.empty, self.levers.get(agent, {}))
        if self.here.slack.beside.worlds.get(agent) != shown:
            self.here.slack.beside.put(shown)

    def _refused(self, agent: str) -> list[Row]:
        """What did not happen, if that is what the agent was told last."""
        told = self._told_last(agent)
        if told is None or told["proceed"]:
            return []
        return [Row(told["title"], LOOKS[agent].unharmed, "bad")]

    def _told_last(self, agent: str) -> Json | None:
        heard = [each for each in self.here.slack.beside.callbacks if each.agent == agent]
        decided: list[Json] = [each.body["data"] for each in heard if each.kind == "request.decided"]
        return decided[-1] if decided else None

"""What stands beside the workspace on its page: the agents' small worlds, and the callbacks they got.

Neither is Slack's: whoever runs the agents tells it, in-process or by `POST /sandbox/world` and `/callback`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass, field

from sandbox.changes import Changes, Json

#: How many callbacks are remembered.
KEPT = 2_000


@dataclass(slots=True)
class Callback:
    """One try to tell an agent something, as the agent saw it."""

    #: The agent's name.
    agent: str
    #: `request.decided`, …
    kind: str
    #: What was sent.
    body: Json
    #: What the agent answered.
    status: int = 204
    at: float = field(default_factory=time.time)
    seq: int = 0

    def as_json(self) -> Json:
        """As the control API and the page show it."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing in a world: `invoice 8821`, `paid 500 EUR`."""

    name: str
    value: str
    #: `good`, `bad`, `new` or nothing: how it is coloured.
    tone: str = ""


@dataclass(slots=True)
class World:
    """What an agent can change: a ledger, an outbox, a disk."""

    #: The agent's name.
    agent: str
    #: What it is: "The ledger".
    title: str
    #: An emoji before the title.
    icon: str = "🌍"
    #: One sentence about what the agent is doing now, or what it waits for.
    now: str = ""
    rows: list[Row] = field(default_factory=list)
    #: What to say while there are no rows.
    empty: str = "Nothing has happened yet."
    #: Buttons by their words: what makes something happen to this agent.
    levers: dict[str, Callable[[], Awaitable[None]]] = field(default_factory=dict)


class Beside:
    """What the page shows beside the channel."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        #: By agent, in the order they came.
        self.worlds: dict[str, World] = {}
        self._callbacks: deque[Callback] = deque(maxlen=KEPT)
        self._count = 0

    @property
    def callbacks(self) -> Iterator[Callback]:
        """The callbacks, oldest first."""
        return iter(list(self._callbacks))

    def put(self, world: World) -> World:
        """Show a world, or show it as it is now."""
        self.worlds[world.agent] = world
        self._changes.note("world", agent=world.agent)
        return world

    def called_back(self, callback: Callback) -> Callback:
        """An agent was told something."""
        self._count += 1
        callback.seq = self._count
        self._callbacks.append(callback)
        self._changes.note("callback", seq=callback.seq, agent=callback.agent)
        return callback

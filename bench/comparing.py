"""Ours beside its floor: in turns, so that whatever else the machine does hits both."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from statistics import median

from bench.loads import Taken

#: Carries out one load of so many clients.
Load = Callable[[int], Awaitable[Taken]]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured."""

    clients: tuple[int, ...] = (1, 32, 128)
    #: turns of each: an odd number, as the one in the middle counts
    turns: int = 3
    #: seconds of one load, and how many requests it has at most
    seconds: float = 2.0
    most: int = 12_000
    #: requests that each bot and floor answers before anything is measured
    warm_up: int = 200
    #: clicks in one load
    clicks: int = 500
    #: clicks of which the long-poll is timed, and seconds between a poll and its click
    relayed: int = 150
    pause: float = 0.1
    #: long-polls that are held at once, and seconds for which the processor is watched meanwhile
    held: int = 10_000
    watched: float = 10.0
    #: seconds that a poll asks to be held; the longest that there is
    wait: int = 60
    #: requests pending while a sweep is timed, how many of them are due, and how often
    pending: tuple[int, ...] = (1_000, 100_000)
    due: int = 200
    sweeps: int = 15

    @property
    def lighter(self) -> Size:
        """For loads that leave a backlog to the courier: one turn, fewer requests."""
        return replace(self, turns=1, most=min(self.most, 1500), clicks=min(self.clicks, 600))


#: For trying whether everything runs.
TINY = Size(
    (1, 4),
    turns=1,
    seconds=5.0,
    most=12,
    warm_up=2,
    clicks=6,
    relayed=3,
    held=20,
    watched=0.2,
    pending=(5, 50),
    due=3,
    sweeps=3,
)


@dataclass(frozen=True, slots=True)
class Compared:
    """The turns at one number of clients."""

    clients: int
    floor: tuple[Taken, ...]
    ours: tuple[Taken, ...]

    @property
    def ratio(self) -> float:
        """Our rate by the floor's, the turn in the middle."""
        pairs = zip(self.ours, self.floor, strict=True)
        return median(ours.rate / floor.rate for ours, floor in pairs)


async def in_turns(clients: int, turns: int, floor: Load, ours: Load) -> Compared:
    """`turns` times the one, then the other."""
    found = [(await floor(clients), await ours(clients)) for _ in range(turns)]
    floors, mine = zip(*found, strict=True)
    return Compared(clients, floors, mine)


def rate(turns: tuple[Taken, ...]) -> float:
    """Answers a second, in the turn in the middle."""
    return median(turn.rate for turn in turns)


def percentile(turns: tuple[Taken, ...], percent: float) -> float:
    """Seconds within which so many of a hundred were answered, in the turn in the middle."""
    return median(turn.percentile(percent) for turn in turns)

"""How much work a schema can make, found without doing the work.

Two things make a validator run (nearly) for ever: a reference that comes back to itself at the same place
of the payload, and references that fan out, so that a few hundred bytes stand for 2^30 checks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeAlias

from approvals.payload import DEEPEST


class How(Enum):
    """Where a schema inside of another one applies."""

    #: to the same value: `allOf`, `$ref`
    IN_PLACE = auto()
    #: each to another member or item: `properties`, `prefixItems`
    ONE_EACH = auto()
    #: to any member or item: `items`, `additionalProperties`
    EVERY = auto()
    #: not by standing there: `$defs`
    NOWHERE = auto()


@dataclass(frozen=True, slots=True)
class Edge:
    """One schema applies another one."""

    how: How
    to: int


#: node → (its own checks, the schemas that it applies)
Graph: TypeAlias = Mapping[int, tuple[int, Sequence[Edge]]]


def endless(graph: Graph) -> int | None:
    """A schema that applies itself to the same value again, None when there is none."""
    return _order(graph)[1]


def weight(graph: Graph, root: int, most: int) -> int:
    """How many checks one place of a payload can meet, at most; counting ends above `most`.

    For each level of a payload the checks that reach one place of that level are counted: those in place
    add up, of members with different names only the heaviest counts, because a place has one name.
    """
    order, _ = _order(graph)
    total = 0
    above = dict.fromkeys(graph, 0)
    for level in range(DEEPEST + 1):
        here: dict[int, int] = {}
        for node in order:
            own, edges = graph[node]
            here[node] = min(most + 1, (own if level == 0 else 0) + _reached(edges, here, above))
        total += here[root]
        if total > most or not any(here.values()):
            break
        above = here
    return total


def _reached(edges: Sequence[Edge], here: Mapping[int, int], above: Mapping[int, int]) -> int:
    in_place = sum(here[edge.to] for edge in edges if edge.how is How.IN_PLACE)
    every = sum(above[edge.to] for edge in edges if edge.how is How.EVERY)
    one = max((above[edge.to] for edge in edges if edge.how is How.ONE_EACH), default=0)
    return in_place + every + one


def _order(graph: Graph) -> tuple[list[int], int | None]:
    """Nodes so that whatever one applies in place comes before it; and a node on a circle, if any."""
    done: dict[int, bool] = {}
    order: list[int] = []
    for start in graph:
        waiting = [(start, False)]
        while waiting:
            node, leaving = waiting.pop()
            if leaving:
                done[node] = True
                order.append(node)
            elif node not in done:
                done[node] = False
                waiting.append((node, True))
                for edge in graph[node][1]:
                    if edge.how is How.IN_PLACE:
                        if done.get(edge.to) is False:
                            return order, edge.to
                        waiting.append((edge.to, False))
    return order, None

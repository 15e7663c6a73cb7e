"""The life of a request as a picture, drawn from the machine's own table so that it cannot drift."""

from __future__ import annotations

from approvals.machine import MOVES
from approvals.words import Status


def mermaid() -> str:
    """A Mermaid state diagram of `machine.MOVES`."""
    lines = ["stateDiagram-v2", f"    [*] --> {Status.PENDING}"]
    lines += [f"    {start} --> {end}: {move}" for (start, move), end in MOVES.items()]
    lines += [f"    {status} --> [*]" for status in dict.fromkeys(MOVES.values())]
    return "\n".join(lines)

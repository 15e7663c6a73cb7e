"""What somebody chose when they cleared a digest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from approvals.words import RequestId


class Pick(StrEnum):
    """What is to become of one item."""

    APPROVE = "approve"
    REJECT = "reject"
    #: it goes on waiting
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Choices:
    """For each of the first `shown` items of a board."""

    #: how many stood on the message when they chose: what came later is not theirs to clear
    shown: int
    #: what becomes of those that `apart` does not name
    rest: Pick
    #: why those that are rejected are; never empty where any is
    reason: str | None = None
    apart: Mapping[RequestId, Pick] = field(default_factory=dict)

    def of(self, place: int, request: RequestId) -> Pick:
        """What they want of the item at `place`."""
        return self.apart.get(request, self.rest) if place < self.shown else Pick.LEAVE

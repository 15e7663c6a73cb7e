"""What a thread under a digest is about: one of many requests, which has to be named there."""

from __future__ import annotations

from dataclasses import dataclass

from approvals.canonical import Digest
from approvals.model import Case
from approvals.words import RequestId
from bot.desk.desk import Desk
from store import boards, cases
from store.boards import Item
from store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Listed:
    """What one message holds."""

    #: all that were ever put on it
    items: tuple[Item, ...]
    #: those that nobody has decided
    waiting: tuple[RequestId, ...]

    @property
    def requests(self) -> tuple[RequestId, ...]:
        """All that can be named in its thread."""
        return tuple(item.request for item in self.items)

    @property
    def alone(self) -> RequestId | None:
        """The one that is meant by what is said there, where there is but one; None: it has to be named."""
        if len(self.items) == 1:
            return self.items[0].request
        return self.waiting[0] if len(self.waiting) == 1 else None

    def seen(self, request: RequestId) -> Digest | None:
        """Its `Case.sight` when it was put there; None where it was not."""
        return next((item.sight for item in self.items if item.request == request), None)


def find(unit: Unit, channel: str, thread_ts: str) -> Listed | None:
    """What the message that heads that thread holds; None where it is no digest."""
    board = boards.at(unit, channel, thread_ts)
    if board is None:
        return None
    items = boards.items(unit, board.id)
    return Listed(items, tuple(item.request for item in boards.waiting(unit, board, len(items))))


async def listed(desk: Desk, channel: str, thread_ts: str) -> Listed | None:
    """The same, looked up."""
    return await desk.store.read(lambda unit: find(unit, channel, thread_ts))


async def some(desk: Desk, requests: tuple[RequestId, ...]) -> tuple[Case, ...]:
    """These requests, in this order."""

    def loading(unit: Unit) -> tuple[Case, ...]:
        found = (cases.load(unit, request) for request in requests)
        return tuple(case for case in found if case is not None)

    return await desk.store.read(loading)

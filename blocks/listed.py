"""What stands in lists: which request a row of buttons is about, and which part of whose list it is in."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from approvals.model import RequestId

#: `Listed.where` of what `/hitl show` shows.
SHOWN: Final = "shown"
#: `Listed.where` of what stands in the home tab.
HOME: Final = "home"
#: Characters that an action's or an agent's pattern may have in a list.
MOST_IN_PATTERN: Final = 60
_LISTED: Final = re.compile(r"item:([A-Za-z0-9_-]{1,60}):(.{0,180})", re.DOTALL)
_QUEUE_PAGE: Final = re.compile(r"queue\|([a-z]{1,10})\|([0-9]{1,6})\|([^|\s]{0,60})\|([^|\s]{0,60})")


@dataclass(frozen=True, slots=True)
class Listed:
    """Which request a row of buttons in a list is about, and in which list it stands.

    A list has no message of its own for each request, so the row's `block_id` names it. The buttons carry
    `Seen` as on cards: where the two do not agree, the vote is refused as stale.
    """

    request: RequestId
    #: for whoever draws the list anew: `QueuePage.encode()`, `SHOWN`, or `HOME`
    where: str = ""

    def encode(self) -> str:
        """For the row's `block_id`, which takes 255 characters: `where` has room for 180."""
        return f"item:{self.request}:{self.where}"

    @classmethod
    def decode(cls, block_id: object) -> Listed | None:
        """What `encode` made; None for anything else, as on a card."""
        match = _LISTED.fullmatch(block_id) if isinstance(block_id, str) else None
        return cls(RequestId(match[1]), match[2]) if match else None


@dataclass(frozen=True, slots=True)
class QueuePage:
    """Which part of whose list: of whoever looks at it."""

    #: mine, all, overdue or parked
    which: str
    #: the place, from 0, of its first request
    start: int = 0
    #: globs of at most `MOST_IN_PATTERN` characters, without blanks and bars
    action: str | None = None
    agent: str | None = None

    def at(self, start: int) -> QueuePage:
        """Another page of the same."""
        return replace(self, start=start)

    def encode(self) -> str:
        """For a button's `value` and for `Listed.where`."""
        return f"queue|{self.which}|{self.start}|{self.action or ''}|{self.agent or ''}"

    @classmethod
    def decode(cls, value: object) -> QueuePage | None:
        """What `encode` made; None for anything else."""
        match = _QUEUE_PAGE.fullmatch(value) if isinstance(value, str) else None
        return cls(match[1], int(match[2]), match[3] or None, match[4] or None) if match else None

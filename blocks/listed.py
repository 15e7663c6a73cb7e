"""What stands in lists: which request a row of buttons is about, and which part of whose list it is in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final, TypeAlias

from approvals.words import RequestId
from blocks.carried import Carried, Spelled

#: `Listed.where` of what `/hitl show` shows.
SHOWN: Final = "shown"
#: `Listed.where` of what stands in the home tab.
HOME: Final = "home"
#: Characters that an action's or an agent's pattern may have in a list.
MOST_IN_PATTERN: Final = 60
_Glob: TypeAlias = Annotated[
    str | None, Spelled(r"[^|\s]{0,60}", lambda text: text or None, lambda glob: glob or "")
]


@dataclass(frozen=True, slots=True)
class Listed(Carried):
    """Which request a row of buttons in a list is about, and in which list it stands.

    A list has no message of its own for each request, so the row's `block_id` names it. The buttons carry
    `Seen` as on cards: where the two do not agree, the vote is refused as stale.
    A `block_id` takes 255 characters: `where` has room for 180.
    """

    SHAPE = "item:{request}:{where}"
    request: Annotated[RequestId, Spelled("[A-Za-z0-9_-]{1,60}")]
    #: for whoever draws the list anew: `QueuePage.encode()`, `SHOWN`, or `HOME`
    where: Annotated[str, Spelled(".{0,180}")] = ""


@dataclass(frozen=True, slots=True)
class QueuePage(Carried):
    """Which part of whose list: of whoever looks at it. Stands in a button, and in `Listed.where`."""

    SHAPE = "queue|{which}|{start}|{action}|{agent}"
    #: mine, all, overdue or parked
    which: Annotated[str, Spelled("[a-z]{1,10}")]
    #: the place, from 0, of its first request
    start: Annotated[int, Spelled("[0-9]{1,6}", int)] = 0
    #: globs of at most `MOST_IN_PATTERN` characters, without blanks and bars
    action: _Glob = None
    agent: _Glob = None

    def at(self, start: int) -> QueuePage:
        """Another page of the same."""
        return replace(self, start=start)

"""What somebody does in a digest's *Review* before they send it: choose, and pull out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

from approvals.digest_choices import Choices, Pick
from approvals.errors import Reason
from approvals.events import PulledOut
from approvals.model import Case
from approvals.roster import Person
from approvals.words import BoardId, RequestId
from bot.desk.clearing import may_clear
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on
from store import boards, cases, clearings
from store.boards import Board
from store.clearings import Draft
from store.unit_of_work import Unit


class Pulling(Enum):
    """What came of pulling one out."""

    DONE = auto()
    #: it has left the message already
    GONE = auto()
    #: it is none of that message's
    UNKNOWN = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Pulled:
    """The same, with the request where there is one."""

    what: Pulling
    case: Case | None = None
    #: with `REFUSED`
    why: Reason | None = None


@dataclass(frozen=True, slots=True)
class Picked:
    """All that somebody has chosen so far."""

    choices: Choices
    #: another number of items than before is decided when it is sent
    decides_more_or_less: bool


def rest_of(board: Board) -> Pick:
    """What becomes of those that nobody chose anything for."""
    return Pick.APPROVE if board.clears else Pick.LEAVE


async def keep(
    desk: Desk,
    board: BoardId,
    by: Person,
    picks: Mapping[RequestId, Pick],
    *,
    shown: int,
    reason: str,
) -> Picked | None:
    """Keep `picks` of the first `shown` items, and `reason` as far as it is written.

    Durable when this returns. None where `by` may decide nothing there, or there is no such board.
    """

    def keeping(unit: Unit) -> Picked | None:
        found = boards.get(unit, board)
        if found is None or not may_clear(by.id, found.ask, desk.directory.roster()):
            return None
        there = {item.request for item in boards.items(unit, board) if item.place < shown}
        before, rest = clearings.draft(unit, board, by.id), rest_of(found)
        chosen = {**before.choices, **picks}
        kept = {request: pick for request, pick in chosen.items() if request in there and pick is not rest}
        draft = Draft(kept, reason)
        changed = _set_apart(before.choices, rest) != _set_apart(kept, rest)
        if draft != before:
            clearings.keep_draft(unit, board, by.id, draft)
        return Picked(Choices(shown, rest, reason or None, kept), changed)

    return await desk.store.write(keeping)


async def pull_out(desk: Desk, board: BoardId, by: Person, request: RequestId) -> Pulled:
    """Give one item a card of its own; durable when this returns. Who sends the *Review* then leaves it."""

    def pulling(unit: Unit) -> Pulled:
        found, case = boards.get(unit, board), cases.load(unit, request)
        if (
            found is None
            or case is None
            or all(each.request != request for each in boards.items(unit, board))
        ):
            return Pulled(Pulling.UNKNOWN)
        if not found.holds(case):
            return Pulled(Pulling.GONE, case)
        now, roster = desk.runtime.now(), desk.directory.roster()
        ruling = rule_on(unit, case, PulledOut(by, roster), now, roster, desk=desk)
        if ruling.answer.refused is not None:
            return Pulled(Pulling.REFUSED, ruling.case, ruling.answer.refused)
        draft = clearings.draft(unit, board, by.id)
        left = {**draft.choices, request: Pick.LEAVE}
        clearings.keep_draft(unit, board, by.id, replace(draft, choices=left))
        return Pulled(Pulling.DONE, ruling.case)

    return await desk.store.write(pulling)


def _set_apart(choices: Mapping[RequestId, Pick], rest: Pick) -> int:
    """How many more, or fewer, are decided than if nobody had chosen anything."""
    return len(choices) if rest is Pick.LEAVE else sum(pick is Pick.LEAVE for pick in choices.values())

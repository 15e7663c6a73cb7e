"""Clearing a digest: begun by one click, carried out item by item, each as if its own card were clicked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Final

from approvals import digesting
from approvals.digest_choices import Choices, Pick
from approvals.errors import Reason
from approvals.events import Voted
from approvals.model import BoardId, Case, Choice, GroupName, Person, Roster, Status, UserId
from approvals.pen import said
from approvals.voting import why_refused
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on
from store import boards, cases, clearings, outbox
from store.boards import Board, Item
from store.clearings import Clearing
from store.outbox import ParcelKind
from store.unit_of_work import Unit

#: Items that are decided at once: they share commits, and clicks on cards find room between them.
_ABREAST: Final = 25
_PAGE: Final = 100


class Beginning(Enum):
    """What came of a click that would clear a digest."""

    BEGUN = auto()
    UNKNOWN = auto()
    #: nothing that they chose waits on it any more
    NOTHING = auto()
    #: a newer message holds what is still open
    CARRIED_ON = auto()
    NOT_ASKED = auto()
    DEACTIVATED = auto()
    REASON_MISSING = auto()
    #: more than stands on it
    NOT_SHOWN = auto()
    #: approval of all that is on a message which holds what one click may not approve
    NOT_AT_ONCE = auto()


@dataclass(frozen=True, slots=True)
class Begun:
    """The same, with the board where there is one."""

    what: Beginning
    board: Board | None = None
    #: how many items it will decide, if nobody decides them before
    count: int = 0


@dataclass(frozen=True, slots=True)
class Answering:
    """Where whoever cleared is told what came of it."""

    channel: str | None = None
    response_url: str | None = None


@dataclass(frozen=True, slots=True)
class NotCleared:
    """An item that was to be decided and was not."""

    case: Case
    #: None: it left the message, or one click does not decide it
    why: Reason | None


@dataclass(frozen=True, slots=True)
class Cleared:
    """What came of all of it."""

    clearing: Clearing
    approved: tuple[Case, ...]
    rejected: tuple[Case, ...]
    not_cleared: tuple[NotCleared, ...]
    #: those that they wanted to go on waiting, and that do
    left: int


@dataclass(frozen=True, slots=True)
class Underway:
    """There is more to do."""

    reached: int
    shown: int


async def begin(  # a click's parts, by name
    desk: Desk,
    board: BoardId,
    by: Person,
    choices: Choices,
    key: str,
    *,
    channel: str | None = None,
    response_url: str | None = None,
) -> Begun:
    """Keep what `by` chose, and have it carried out; durable when this returns.

    `key` is unique for the click: one that is delivered twice begins once. Nobody's say but that of those
    asked about the board (or of their deputies) begins anything.
    """

    def beginning(unit: Unit) -> Begun:
        found = boards.get(unit, board)
        if found is None:
            return Begun(Beginning.UNKNOWN)
        if clearings.get(unit, key) is not None:
            return Begun(Beginning.BEGUN, found)
        refused = _why_not(unit, desk, found, by, choices)
        if refused is not None:
            return Begun(refused, found)
        count = len(_wanted(boards.waiting(unit, found, choices.shown), choices))
        if not count:
            return Begun(Beginning.NOTHING, found)
        now = desk.runtime.now()
        clearings.begin(unit, Clearing(key, board, by, choices, now))
        clearings.drop_draft(unit, board, by.id)
        body = {"user": by.id, "channel": channel, "response_url": response_url}
        outbox.put(unit, ParcelKind.CLEARING, request=None, key=key, lane="", body=body, now=now)
        outbox.show_board(unit, board, now, pressing=True)
        return Begun(Beginning.BEGUN, found, count)

    return await desk.store.write(beginning)


def may_clear(user: UserId, ask: tuple[GroupName, ...], roster: Roster) -> bool:
    """Whether `user` is active, and is asked or stands in for somebody who is."""
    asked = {profile.id for profile in roster.asked(ask)}
    in_place_of = roster.deputies.get(user, ())
    return user in asked or (roster.profile(user).active and any(each in asked for each in in_place_of))


def _why_not(unit: Unit, desk: Desk, board: Board, by: Person, choices: Choices) -> Beginning | None:
    roster = desk.directory.roster()
    if not roster.profile(by.id).active:
        return Beginning.DEACTIVATED
    if not may_clear(by.id, board.ask, roster):
        return Beginning.NOT_ASKED
    if board.closed_at is not None:
        return Beginning.NOTHING if board.carried_to is None else Beginning.CARRIED_ON
    if choices.rest is Pick.APPROVE and not board.clears:
        return Beginning.NOT_AT_ONCE
    rejects = choices.rest is Pick.REJECT or Pick.REJECT in choices.apart.values()
    if rejects and said(choices.reason) is None:
        return Beginning.REASON_MISSING
    return Beginning.NOT_SHOWN if choices.shown > boards.count(unit, board.id) else None


def _wanted(items: Sequence[Item], choices: Choices) -> list[Item]:
    """Those that are to be decided."""
    return [item for item in items if choices.of(item.place, item.request) is not Pick.LEAVE]


async def go_on(desk: Desk, clearing: str, within: float) -> Cleared | Underway | None:
    """Carry out what was begun, for about `within` seconds; None where there is no such clearing.

    May be cut off anywhere and called again, by several at once too: each item is decided once, or pending.
    Raises `Unavailable`; what was decided until then is.
    """
    found = await desk.store.read(partial(_load, clearing=clearing))
    if found is None:
        return None
    begun, board, items = found
    clock = asyncio.get_running_loop().time
    ends = clock() + within
    for start in range(begun.reached, len(items), _ABREAST):
        if start > begun.reached and clock() >= ends:
            await desk.store.write(partial(clearings.reach, clearing=begun, reached=start))
            return Underway(start, len(items))
        part = _wanted(items[start : start + _ABREAST], begun.choices)
        deciding = [partial(_decide, desk=desk, clearing=begun, board=board, item=item) for item in part]
        await asyncio.gather(*map(desk.store.write, deciding))
    return await _came_of(desk, begun, board, items)


def finish(unit: Unit, desk: Desk, cleared: Cleared, answering: Answering, text: str) -> None:
    """Tell whoever cleared what came of it, once."""
    clearing, now = cleared.clearing, desk.runtime.now()
    if not clearings.finish(unit, clearing.id, now):
        return
    body = {
        "user": clearing.by.id,
        "channel": answering.channel,
        "response_url": answering.response_url,
        "text": text,
    }
    key = f"cleared:{clearing.id}"
    outbox.put(unit, ParcelKind.REPLY, request=None, key=key, lane="", body=body, now=now)
    outbox.show_board(unit, clearing.board, now, pressing=True)


def _load(unit: Unit, clearing: str) -> tuple[Clearing, Board, tuple[Item, ...]] | None:
    begun = clearings.get(unit, clearing)
    board = boards.get(unit, begun.board) if begun is not None else None
    if begun is None or board is None:
        return None
    return begun, board, boards.items(unit, board.id)[: begun.choices.shown]


def _decide(unit: Unit, desk: Desk, clearing: Clearing, board: Board, item: Item) -> None:
    """One vote, for what stood on the message, if it still waits there."""
    case = cases.load(unit, item.request)
    if case is None or case.status.final or not _is_here(unit, case, board):
        return
    rejects = clearing.choices.of(item.place, item.request) is Pick.REJECT
    if not rejects and not digesting.clears(case):
        return
    choice = Choice.REJECT if rejects else Choice.APPROVE
    reason = clearing.choices.reason if rejects else None
    roster = desk.directory.roster()
    vote = Voted(clearing.by, choice, item.sight, roster, reason)
    # Another replica's clock may be behind: nothing is decided before the click that decides it.
    rule_on(unit, case, vote, max(desk.runtime.now(), clearing.begun_at), roster, desk=desk)


def _is_here(unit: Unit, case: Case, board: Board) -> bool:
    stands_on = boards.of_request(unit, case.id) if case.waits_in == board.digest else None
    return stands_on is not None and stands_on.id == board.id


async def _came_of(desk: Desk, clearing: Clearing, board: Board, items: Sequence[Item]) -> Cleared:
    """Read from the requests themselves: it is true whoever was interrupted, and where."""
    approved: list[Case] = []
    rejected: list[Case] = []
    not_cleared: list[NotCleared] = []
    left = 0
    for start in range(0, len(items), _PAGE):
        look = partial(_look, desk=desk, board=board, by=clearing.by, items=items[start : start + _PAGE])
        for item, case, why in await desk.store.read(look):
            pick = clearing.choices.of(item.place, item.request)
            if pick is Pick.LEAVE:
                left += not case.status.final
            elif not case.status.final:
                not_cleared.append(NotCleared(case, why))
            elif not _decided_by(case, clearing.by, pick):
                not_cleared.append(NotCleared(case, Reason.LATE))
            elif case.decision is not None and case.decision.decided_at >= clearing.begun_at:
                (rejected if pick is Pick.REJECT else approved).append(case)
    return Cleared(clearing, tuple(approved), tuple(rejected), tuple(not_cleared), left)


def _look(
    unit: Unit, desk: Desk, board: Board, by: Person, items: Sequence[Item]
) -> list[tuple[Item, Case, Reason | None]]:
    """Each item as it is now; and, where it is pending on the board, why `by` cannot decide it."""
    roster = desk.directory.roster()
    found = cases.some(unit, [item.request for item in items])
    looked_at = []
    for item in items:
        case = found[item.request]
        pending_here = not case.status.final and _is_here(unit, case, board)
        why = why_refused(case, by.id, item.sight, roster) if pending_here else None
        looked_at.append((item, case, why))
    return looked_at


def _decided_by(case: Case, by: Person, pick: Pick) -> bool:
    """Whether it ended as they chose, by them: at this clearing, or before it by themselves."""
    ended_so = (Status.REJECTED,) if pick is Pick.REJECT else (Status.APPROVED, Status.MODIFIED)
    mine = case.decision is not None and any(person.id == by.id for person in case.decision.by)
    return mine and case.status in ended_so

"""Clearing a digest: begun by one click, carried out item by item, each as if its own card were clicked."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum, auto
from functools import partial
from typing import Final

from approvals import digesting
from approvals.digest_choices import Choices, Pick
from approvals.events import Voted
from approvals.pen import said
from approvals.roster import Person, Roster
from approvals.words import BoardId, Choice, GroupName, Instant, UserId
from bot.desk.came_of import Cleared, came_of, failure
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on
from store import boards, cases, clearings, outbox
from store.boards import Board, Item
from store.clearings import Clearing
from store.errors import Unavailable
from store.outbox import ParcelKind
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: Items that are decided at once: they share commits, and clicks on cards find room between them.
_ABREAST: Final = 25
#: The click that begins it is answered within a second: so long, and the job begins where this ended.
_AT_ONCE: Final = timedelta(seconds=0.8)


class Beginning(Enum):
    """What came of a click that would clear a digest."""

    BEGUN = auto()
    UNKNOWN = auto()
    #: nothing that they chose waits on it any more
    NOTHING = auto()
    #: what they began before on that message is not over
    ALREADY = auto()
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
    #: each of them is decided or refused, and whoever cleared is told
    over: bool = False


@dataclass(frozen=True, slots=True)
class Answering:
    """Where whoever cleared is told what came of it."""

    channel: str | None = None
    response_url: str | None = None


@dataclass(frozen=True, slots=True)
class Underway:
    """There is more to do."""

    reached: int
    shown: int


async def begin(  # noqa: PLR0913  # a click's parts, by name
    desk: Desk,
    board: BoardId,
    by: Person,
    choices: Choices,
    key: str,
    *,
    channel: str | None = None,
    response_url: str | None = None,
    after: timedelta = timedelta(),
) -> Begun:
    """Keep what `by` chose, and have it carried out; durable when this returns.

    `key` is unique for the click: one that is delivered twice begins once. Nobody's say but that of those
    asked about the board (or of their deputies) begins anything. What they chose on a message that a newer
    one took over from holds for the items that it showed. The job waits for as long as `after` says.
    """

    def beginning(unit: Unit) -> Begun:
        # Of two clicks at once by one person, on two replicas, the later one sees what the other began.
        boards.alone(unit)
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
        kind, later = ParcelKind.CLEARING, now + after
        outbox.put(unit, kind, request=None, key=key, lane="", body=body, now=now, due=later)
        _show(unit, found, now)
        return Begun(Beginning.BEGUN, found, count)

    return await desk.store.write(beginning)


async def clear(  # noqa: PLR0913  # a click's parts, by name
    desk: Desk,
    board: BoardId,
    by: Person,
    choices: Choices,
    key: str,
    *,
    words: Callable[[Cleared], str],
    channel: str | None = None,
    response_url: str | None = None,
) -> Begun:
    """As `begin`, and what few items a message usually holds are decided when this returns.

    Where all are, `words` of what came of it are under way to whoever cleared; else the job goes on with the
    rest, and tells.
    """
    where = Answering(channel, response_url)
    begun = await begin(
        desk, board, by, choices, key, channel=channel, response_url=response_url, after=_AT_ONCE
    )
    if not begun.count:
        return begun
    try:
        came = await go_on(desk, key, within=_AT_ONCE.total_seconds() / 2)
        if not isinstance(came, Cleared):
            return begun
        told = words(came)
        await desk.store.write(partial(finish, desk=desk, cleared=came, answering=where, text=told))
    except Unavailable as away:
        log.info("a clearing that was begun waits for the database: %s", away)
        return begun
    return replace(begun, over=True)


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
    if board.closed_at is not None and board.carried_to is None:
        return Beginning.NOTHING
    if any(each.by.id == by.id for each in clearings.open_of(unit, board.id)):
        return Beginning.ALREADY
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
        seeing_to = [_see_to(desk, begun, board, item) for item in part]
        incidents = await asyncio.gather(*seeing_to)
        failed = {item.request: each for item, each in zip(part, incidents, strict=True) if each is not None}
        begun = replace(begun, failed={**begun.failed, **failed})
    return await came_of(desk, begun, board, items)


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
    board = boards.get(unit, clearing.board)
    if board is not None:
        _show(unit, board, now)


def _show(unit: Unit, board: Board, now: Instant) -> None:
    """Also what took over from it says who is clearing it."""
    for each in (board.id, board.carried_to):
        if each is not None:
            outbox.show_board(unit, each, now, pressing=True)


def _load(unit: Unit, clearing: str) -> tuple[Clearing, Board, tuple[Item, ...]] | None:
    begun = clearings.get(unit, clearing)
    board = boards.get(unit, begun.board) if begun is not None else None
    if begun is None or board is None:
        return None
    return begun, board, boards.items(unit, board.id)[: begun.choices.shown]


async def _see_to(desk: Desk, clearing: Clearing, board: Board, item: Item) -> str | None:
    """Decide it; where that fails by a fault of ours, its incident: the others must not wait for it."""
    try:
        await desk.store.write(partial(_decide, desk=desk, clearing=clearing, board=board, item=item))
    except Unavailable:
        raise
    except Exception as bug:  # noqa: BLE001  # it is logged, and said to whoever cleared
        return await failure(desk, item.request, bug)
    return None


def _decide(unit: Unit, desk: Desk, clearing: Clearing, board: Board, item: Item) -> None:
    """One vote, for what stood on the message, if it still waits there."""
    case = cases.load(unit, item.request)
    if case is None or case.status.final or not board.holds(case):
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

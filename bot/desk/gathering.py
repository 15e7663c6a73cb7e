"""Which message shows a request that has no card of its own: digests at their time, storms at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from approvals import digesting
from approvals.canonical import Digest, Json
from approvals.events import Opened
from approvals.model import Case
from approvals.words import STORM, BoardId, DigestName, GroupName, Instant, RequestId
from bot.desk.desk import Desk
from store import board_cases, boards, outbox, recent
from store.boards import Board
from store.outbox import ParcelKind
from store.unit_of_work import Unit

#: What one message holds at most; what is more goes on another.
MOST = 1000


@dataclass(frozen=True, slots=True)
class _Route:
    """What stands on one message has this in common."""

    channel: str | None
    ask: tuple[GroupName, ...]
    clears: bool


@dataclass(frozen=True, slots=True)
class Gathered:
    """A message that is on its way."""

    board: BoardId
    #: where it goes; None: to the policy's own channel
    channel: str | None
    #: how many were put on it so far
    count: int


@dataclass(frozen=True, slots=True)
class Part:
    """What one transaction of a round came to."""

    boards: tuple[Gathered, ...]
    #: requests that stay where they are, as their rows cannot be read
    unreadable: tuple[tuple[RequestId, Exception], ...] = ()
    #: where to go on; None: that was all
    after: RequestId | None = None


#: A request, and its sight.
_Seen: TypeAlias = tuple[RequestId, Digest]


def gather(  # noqa: PLR0917  # a part of a round, and whose
    unit: Unit,
    desk: Desk,
    digest: DigestName,
    now: Instant,
    since: Instant,
    after: RequestId | None = None,
    wanted: Callable[[Case], bool] = lambda _: True,
) -> Part:
    """Put what waits in `digest`, and is on no message, on one for each channel and approver group.

    Looks at 1,000 requests behind `after`. What is new goes on a message of the same round, one that was made
    `since` then, or on one that is not in Slack yet. Else a message is made, which takes over what is open on
    those before, as far as it fits. Where nothing new came, those stay as they are. `wanted` is asked of each
    request.
    """
    boards.alone(unit)
    fresh = board_cases.fresh(unit, digest, after, MOST)
    routes: dict[_Route, list[_Seen]] = defaultdict(list)
    for case, sight in fresh.outlines:
        if wanted(case):
            routes[_route(case)].append((case.id, sight))
    touched: list[Gathered] = []
    for route, waiting in routes.items():
        touched += _put(unit, desk, digest, route, waiting, now, since)
    return Part(tuple(touched), fresh.unreadable, fresh.last)


def _put(  # noqa: PLR0917  # what goes where, and when
    unit: Unit,
    desk: Desk,
    digest: DigestName,
    route: _Route,
    waiting: Sequence[_Seen],
    now: Instant,
    since: Instant,
) -> Iterator[Gathered]:
    standing = [
        board for board in boards.open_of(unit, digest) if _of_board(board) == route and not board.carried_to
    ]
    joinable = [board for board in standing if board.ref is None or board.opened_at >= since]
    older = [board for board in standing if board not in joinable]
    counts = {board.id: boards.count(unit, board.id) for board in joinable}
    while waiting:
        board = next((each for each, count in counts.items() if count < MOST), None)
        if board is None:
            board = _open(unit, desk, digest, route, now)
            counts[board] = _take_in(unit, board, older, min(MOST, len(waiting)))
        room = MOST - counts[board]
        boards.append(unit, board, counts[board], waiting[:room])
        counts[board] += len(waiting[:room])
        waiting = waiting[room:]
        outbox.show_board(unit, board, now, pressing=False, lane=outbox.lane_of(route.channel))
        yield Gathered(board, route.channel, counts[board])


def _take_in(unit: Unit, board: BoardId, older: list[Board], coming: int) -> int:
    """Put on `board` what is open on those of `older` that fit whole beside what is `coming`; how many.

    One that does not stays as it is: a message has one successor. These hand over once `board` is up.
    """
    count = 0
    for old in tuple(older):
        room = MOST - coming - count
        if room <= 0:
            break
        there = board_cases.still_there(unit, old, room + 1)
        if len(there) <= room:
            boards.append(unit, board, count, there)
            boards.hand_over(unit, old.id, board)
            older.remove(old)
            count += len(there)
    return count


def crowded(unit: Unit, desk: Desk, case: Case | None, channel: str | None, now: Instant) -> bool:
    """Whether `channel` has more cards lately than the policy wants. Costs nothing without a `storm`.

    `case` is what might leave its digest; None: one that is being opened.
    """
    storm = desk.policies.current.storm
    if storm is None or (case is not None and case.waits_in is None):
        return False
    where = channel or desk.policies.current.channel
    # Else two replicas would each let so many cards through, and begin a message each for the rest.
    boards.alone(unit)
    return recent.many(unit, where, now - storm.within, storm.cards) >= storm.cards


def channel_of(case: Case | Opened) -> str | None:
    """Where its card goes, as the request or its rule says; None where only the policy of today knows."""
    asked = case.request.reply_to
    return case.judgement.channel if asked is None else asked.channel


def follow(unit: Unit, desk: Desk, before: Case | None, after: Case, now: Instant) -> None:
    """See to it that what has to be shown anew is shown somewhere, and count it, once, for the next storm."""
    if after.held or after.status.final or not _moved(before, after):
        return
    if after.waits_in == STORM:
        _join(unit, desk, after, now)
    counted = before is not None and before.waits_in == STORM
    if after.waits_in in (None, STORM) and not counted and desk.policies.current.storm is not None:
        channel = channel_of(after) or desk.policies.current.channel
        moved, gathered = before is not None and not before.held, after.waits_in == STORM
        recent.note(unit, channel, after.request.agent, now, moved=moved, gathered=gathered)


def _moved(before: Case | None, after: Case) -> bool:
    """Whether `after` is shown by another message than `before` was, if that was shown at all."""
    if before is None or before.held:
        return True
    left = before.waits_in is not None and after.waits_in != before.waits_in
    # A storm's message asks the same people for all that stands on it.
    return left or (after.waits_in == STORM and after.asked != before.asked)


def left(unit: Unit, before: Case, after: Case, now: Instant) -> None:
    """The message that `before` stood on is out of date, where `after` stands elsewhere."""
    if before.waits_in is not None and _moved(before, after):
        _show(unit, before.id, now, pressing=False)


def show(unit: Unit, case: Case, now: Instant) -> None:
    """Have the message that holds `case` show how it stands; nothing where it waits for its time."""
    _show(unit, case.id, now, pressing=case.status.final)


def _show(unit: Unit, request: RequestId, now: Instant, *, pressing: bool) -> None:
    board = boards.of_request(unit, request)
    if board is not None:
        outbox.show_board(unit, board.id, now, pressing=pressing)
        if board.carried_to is not None:
            # Which may be on its way to Slack, and shows the request as it was.
            outbox.show_board(unit, board.carried_to, now, pressing=pressing)


def _join(unit: Unit, desk: Desk, case: Case, now: Instant) -> None:
    """Put it on the storm's message for its channel and approvers; the operators are told of a new one."""
    route = _route(case)
    fitting = [board for board in boards.open_of(unit, STORM) if _of_board(board) == route]
    board = fitting[-1].id if fitting else None
    count = 0 if board is None else boards.count(unit, board)
    if board is None or count >= MOST:
        board, count = _open(unit, desk, STORM, route, now), 0
        _tell_operators(unit, desk, board, case, now)
    boards.append(unit, board, count, [(case.id, case.sight)])
    outbox.show_board(unit, board, now, pressing=False, lane=outbox.lane_of(route.channel))


def _tell_operators(unit: Unit, desk: Desk, board: BoardId, case: Case, now: Instant) -> None:
    channel = channel_of(case) or desk.policies.current.channel
    for operator in desk.policies.current.operators:
        body: Json = {"notice": "storm", "to": operator, "board": board, "channel": channel}
        key = f"storm:{board}:{operator}"
        outbox.put(unit, ParcelKind.NOTICE, request=None, key=key, lane="", body=body, now=now)


def _open(unit: Unit, desk: Desk, digest: DigestName, route: _Route, now: Instant) -> BoardId:
    board = desk.runtime.board_id()
    boards.add(unit, Board(board, digest, route.channel, route.ask, route.clears, now))
    return board


def _route(case: Case) -> _Route:
    return _Route(channel_of(case), case.asked, digesting.clears(case))


def _of_board(board: Board) -> _Route:
    return _Route(board.channel, board.ask, board.clears)

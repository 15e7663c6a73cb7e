"""Which message shows a request that has no card of its own: digests at their time, storms at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from approvals import digesting
from approvals.canonical import Digest, Json
from approvals.model import STORM, BoardId, Case, DigestName, GroupName, Instant, RequestId
from bot.desk.desk import Desk
from store import boards, cases, outbox, recent
from store.boards import Board
from store.outbox import ParcelKind
from store.unit_of_work import Unit

#: What one message holds at most; what is more goes on another.
MOST = 1000
_PAGE = 200


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
    count: int


def gather(
    unit: Unit, desk: Desk, digest: DigestName, now: Instant, wanted: Callable[[Case], bool] = lambda _: True
) -> tuple[Gathered, ...]:
    """Put what waits in `digest` on messages, one for each channel and approver group (and 1,000 requests).

    Where something new came, what is still open on the message before moves to the new one, so that one
    message holds all; where nothing did, that one stays as it is. `wanted` is asked of each request.
    """
    boards.alone(unit)
    earlier = _standing(unit, digest)
    routes: dict[_Route, list[Case]] = defaultdict(list)
    for case in _waiting(unit, digest):
        if wanted(case):
            routes[_route(case)].append(case)
    made: list[Gathered] = []
    for route, waiting in routes.items():
        if all(case.id in earlier for case in waiting):
            continue
        first: BoardId | None = None
        for start in range(0, len(waiting), MOST):
            part = waiting[start : start + MOST]
            board = _open(unit, desk, digest, route, now)
            boards.append(unit, board, 0, _seen(unit, part))
            outbox.show_board(unit, board, now, pressing=False, lane=_lane(route.channel))
            made.append(Gathered(board, route.channel, len(part)))
            first = first or board
        for old in {earlier[case.id] for case in waiting if case.id in earlier}:
            boards.close(unit, old, now, first)
            outbox.show_board(unit, old, now, pressing=False)
    return tuple(made)


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


def channel_of(case: Case) -> str | None:
    """Where its card goes, as the request or its rule says; None where only the policy of today knows."""
    asked = case.request.reply_to
    return case.judgement.channel if asked is None else asked.channel


def follow(unit: Unit, desk: Desk, before: Case | None, after: Case, now: Instant) -> None:
    """See to it that what has to be shown anew is shown somewhere, and count it for the next storm."""
    if after.held or after.status.final or not _moved(before, after):
        return
    if after.waits_in == STORM:
        _join(unit, desk, after, now)
    if after.waits_in in (None, STORM) and desk.policies.current.storm is not None:
        channel = channel_of(after) or desk.policies.current.channel
        recent.note(unit, channel, after.request.agent, now)


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
        board = boards.of_request(unit, before.id)
        if board is not None:
            outbox.show_board(unit, board.id, now, pressing=False)


def show(unit: Unit, case: Case, now: Instant) -> None:
    """Have the message that holds `case` show how it stands; nothing where it waits for its time."""
    board = boards.of_request(unit, case.id)
    if board is not None:
        outbox.show_board(unit, board.id, now, pressing=case.status.final)


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
    outbox.show_board(unit, board, now, pressing=False, lane=_lane(route.channel))


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


def _standing(unit: Unit, digest: DigestName) -> Mapping[RequestId, BoardId]:
    """What stands on a message already that is not closed."""
    return {
        item.request: board.id
        for board in boards.open_of(unit, digest)
        for item in boards.items(unit, board.id)
    }


def _seen(unit: Unit, outlines: Sequence[Case]) -> list[tuple[RequestId, Digest]]:
    """Each with its sight, for which an outline lacks the salt."""
    whole = cases.some(unit, [case.id for case in outlines])
    return [(case.id, whole[case.id].sight) for case in outlines]


def _waiting(unit: Unit, digest: DigestName) -> Iterator[Case]:
    after: RequestId | None = None
    while page := cases.waiting_in(unit, digest, after, _PAGE):
        yield from page
        after = page[-1].id


def _route(case: Case) -> _Route:
    return _Route(case.judgement.channel, case.asked, digesting.clears(case))


def _of_board(board: Board) -> _Route:
    return _Route(board.channel, board.ask, board.clears)


def _lane(channel: str | None) -> str:
    return "" if channel is None else f"channel:{channel}"

"""A digest before its time, because somebody wants to clear it now."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from approvals.words import STORM, DigestName, GroupName, UserId
from bot.desk import rounds
from bot.desk.clearing import may_clear
from bot.desk.desk import Desk
from store import boards, cases
from store.boards import Board
from store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Sent:
    """A message of a digest, and how many requests wait on it."""

    digest: DigestName
    channel: str
    count: int
    #: where it is; None while it is on its way
    permalink: str | None = None


@dataclass(frozen=True, slots=True)
class Sending:
    """What came of it."""

    #: made just now
    made: tuple[Sent, ...] = ()
    #: there already, and nothing new came for them
    standing: tuple[Sent, ...] = ()


def may_send(desk: Desk, user: UserId) -> bool:
    """Operators, and whoever decides anything."""
    roster = desk.directory.roster()
    return user in desk.policies.current.operators or may_clear(user, tuple(roster.groups), roster)


async def names(desk: Desk) -> tuple[DigestName, ...]:
    """Every digest of the policy, and those that something still waits in."""
    waited_for = await desk.store.read(cases.waited_for)
    every = dict.fromkeys((*desk.policies.current.digests, *waited_for))
    return tuple(DigestName(name) for name in every if name not in (STORM, cases.HELD))


async def send(desk: Desk, by: UserId, digests: tuple[DigestName, ...]) -> Sending:
    """Put on messages what waits in `digests` for the groups that `by` is in; for an operator, all of it."""
    roster, policy = desk.directory.roster(), desk.policies.current

    def theirs(ask: tuple[GroupName, ...]) -> bool:
        return by in policy.operators or may_clear(by, ask, roster)

    made: list[Sent] = []
    standing: list[Sent] = []
    for digest in digests:
        posted = await rounds.post(desk, digest, desk.runtime.now(), wanted=lambda case: theirs(case.asked))
        fresh = {each.board for each in posted}
        for board, count in await desk.store.read(partial(_waiting, digest=digest)):
            if theirs(board.ask):
                link = board.ref.permalink if board.ref is not None else None
                sent = Sent(digest, board.channel or policy.channel, count, link)
                (made if board.id in fresh else standing).append(sent)
    return Sending(tuple(made), tuple(standing))


def _waiting(unit: Unit, digest: DigestName) -> list[tuple[Board, int]]:
    """The messages on which something waits, and how much; what hands over is counted where it goes."""
    standing = [board for board in boards.open_of(unit, digest) if board.carried_to is None]
    counts = ((board, boards.how_many_wait(unit, board)) for board in standing)
    return [(board, count) for board, count in counts if count]

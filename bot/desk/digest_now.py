"""A digest before its time, because somebody wants to clear it now."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from approvals.model import STORM, Case, DigestName, GroupName, Instant, UserId
from bot.desk import gathering
from bot.desk.clearing import may_clear
from bot.desk.desk import Desk
from store import boards, cases
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
    now = desk.runtime.now()
    came = [
        await desk.store.write(partial(_send, desk=desk, by=by, digest=each, now=now)) for each in digests
    ]
    return Sending(
        tuple(sent for each in came for sent in each.made),
        tuple(sent for each in came for sent in each.standing),
    )


def _send(unit: Unit, desk: Desk, by: UserId, digest: DigestName, now: Instant) -> Sending:
    roster, policy = desk.directory.roster(), desk.policies.current

    def theirs(ask: tuple[GroupName, ...]) -> bool:
        return by in policy.operators or may_clear(by, ask, roster)

    def wanted(case: Case) -> bool:
        return theirs(case.asked)

    made = gathering.gather(unit, desk, digest, now, wanted)
    fresh = {each.board for each in made}
    standing = []
    for board in boards.open_of(unit, digest):
        if board.id in fresh or not theirs(board.ask):
            continue
        waiting = len(boards.waiting(unit, board, boards.count(unit, board.id)))
        if waiting:
            link = board.ref.permalink if board.ref is not None else None
            standing.append(Sent(digest, board.channel or policy.channel, waiting, link))
    return Sending(
        tuple(Sent(digest, each.channel or policy.channel, each.count) for each in made), tuple(standing)
    )

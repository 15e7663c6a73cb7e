"""A digest's round: what waits in it is put on messages, a thousand requests in one transaction."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from approvals.model import Case
from approvals.words import BoardId, DigestName, Instant, RequestId
from bot.desk import gathering, incidents
from bot.desk.desk import Desk
from bot.desk.gathering import Gathered, Part
from scheduler.digests import Turn
from store.unit_of_work import Unit

log = logging.getLogger(__name__)


async def post(
    desk: Desk,
    digest: DigestName,
    now: Instant,
    turn: Turn | None = None,
    wanted: Callable[[Case], bool] = lambda _: True,
) -> tuple[Gathered, ...]:
    """Put all that waits in `digest` on messages; which of them got any of it.

    Others have their turn between the parts. Cut off anywhere, a `turn` is not over: whoever looks next goes
    on with what is left. A request that cannot be read is left out, and the operators are told.
    Raises `Unavailable`.
    """
    turn = turn or Turn(now)
    touched: dict[BoardId, Gathered] = {}
    after: RequestId | None = None
    while True:
        going_on = partial(_part, desk=desk, digest=digest, now=now, turn=turn, after=after, wanted=wanted)
        part = await desk.store.write(going_on)
        touched |= {each.board: each for each in part.boards}
        for request, bug in part.unreadable:
            await _report(desk, digest, request, bug)
        if part.after is None:
            return tuple(touched.values())
        after = part.after
        # A write to SQLite does not give way by itself.
        await asyncio.sleep(0)


def _part(  # a part of a round, by name
    unit: Unit,
    desk: Desk,
    digest: DigestName,
    now: Instant,
    *,
    turn: Turn,
    after: RequestId | None,
    wanted: Callable[[Case], bool],
) -> Part:
    if turn.is_over(unit):
        return Part(())
    part = gathering.gather(unit, desk, digest, now, turn.since, after, wanted)
    if part.after is None:
        turn.end(unit)
    return part


async def _report(desk: Desk, digest: DigestName, request: RequestId, bug: Exception) -> None:
    incident = incidents.number(desk.runtime)
    log.error(
        "%s cannot be read, and is left out of the digest %s (incident %s)",
        request,
        digest,
        incident,
        exc_info=bug,
    )
    await incidents.tell(desk, incident, bug, "digest")

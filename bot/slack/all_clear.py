"""Tells operators that a trouble with Slack is over, once nothing waits for it any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from approvals.words import Instant, UserId
from blocks import notices
from blocks.message import Message
from bot.desk.desk import Desk
from bot.desk.view import parsed
from scheduler.results import Again, Dead, Done, Result, Then
from store import all_clear
from store.all_clear import Trouble
from store.outbox import Parcel, lane_of
from store.unit_of_work import Unit

#: An outage shorter than this made nobody wait to speak of; as a delay that is told.
_WORTH_TELLING = timedelta(minutes=1)
#: How often it is looked whether all has left.
_LOOK_EVERY = timedelta(seconds=1)
#: What waits for another reason, such as a missing scope, is waited for no longer than this.
_PATIENCE = timedelta(minutes=2)
_LANE = "channel:"


def after_delay(parcel: Parcel, to: UserId, now: Instant) -> Then:
    """What ends the parcel by which `to` was told of a delay: they hear of its end, too."""
    body = parcel.body if isinstance(parcel.body, Mapping) else {}
    lane, until = lane_of(str(body["channel"])), parsed(str(body["until"]))
    return partial(all_clear.owe, to=(to,), trouble=Trouble(parcel.created_at, until, (lane,)), now=now)


def after_outage(unit: Unit, desk: Desk, why: str, since: Instant, now: Instant) -> None:
    """Nothing left for Slack since then, and now does: who heard it from `/readyz` alone hears it here."""
    if now - since >= _WORTH_TELLING:
        all_clear.owe(unit, desk.policies.current.operators, Trouble(since, now, why=why), now)


async def told(desk: Desk, parcel: Parcel) -> Message | Result:
    """What to say; `Again` while something still waits, `Done` where nothing had waited."""
    if not isinstance(parcel.body, Mapping):
        return Dead("a notice without words")
    trouble, now = all_clear.read(parcel.body), desk.runtime.now()
    left = await desk.store.read(lambda unit: all_clear.left(unit, trouble, now))
    if left.throttled or (left.waiting and now < trouble.until + _PATIENCE):
        return Again("something still waits for Slack", _LOOK_EVERY)
    if not (left.delivered or left.waiting or left.given_up):
        return Done()
    channels = [lane.removeprefix(_LANE) for lane in trouble.lanes]
    outage = (trouble.since, trouble.until, trouble.why) if trouble.why else None
    return notices.back(channels, outage, left.delivered, left.waiting, left.given_up)

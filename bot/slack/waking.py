"""Direct messages to those whose time is over: what they had put off, if it waits for them still."""

from __future__ import annotations

from collections.abc import Mapping

from approvals.model import Case
from approvals.turns import waits_for
from approvals.words import UserId
from blocks import thread_notes
from blocks.message import Message
from bot.desk.desk import Desk
from bot.desk.view import moment
from scheduler.results import Dead, Done, Result
from store import cases
from store.cards import CardRef
from store.outbox import Parcel
from store.unit_of_work import Unit


async def woken(desk: Desk, parcel: Parcel) -> Message | Result:
    """What to say; what becomes of `parcel` where nothing is to be said any more."""
    body = parcel.body
    if not isinstance(body, Mapping):
        return Dead("a notice without words")
    found = await desk.store.read(lambda unit: _load(unit, parcel))
    if found is None:
        return Done()
    case, ref = found
    user, roster = UserId(str(body["to"])), desk.directory.roster()
    until = case.snoozed.get(user)
    # Whoever put it off once more is told at the time that they chose last.
    superseded = until is None or moment(until) != body.get("until")
    if superseded or not waits_for(case, user, roster):
        return Done()
    return thread_notes.put_off(case, roster, ref.permalink if ref is not None else None, parcel.key)


def _load(unit: Unit, parcel: Parcel) -> tuple[Case, CardRef | None] | None:
    case = cases.load(unit, parcel.request) if parcel.request is not None else None
    return None if case is None else (case, cases.place_of(unit, case))

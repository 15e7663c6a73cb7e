"""What people are told of shifts and absences, as direct messages: made when it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from approvals.words import RequestId
from blocks import duty
from blocks.duty import Open
from blocks.message import Message
from bot.desk.desk import Desk
from bot.desk.view import parsed
from store import cases


async def told(desk: Desk, body: Mapping[str, Any]) -> Message | None:
    """The message of a notice about shifts and absences; None for any other."""
    match body:
        case {"notice": "deputy", "user": str(user), "until": str(until)}:
            return duty.deputy(user, parsed(until))
        case {"notice": "override", "to": str(to), "group": str(group), "user": str(user), "by": str(by)}:
            starts, ends = parsed(str(body["starts"])), parsed(str(body["ends"]))
            return duty.planned(to, group, user, by=by, starts=starts, ends=ends)
        case {"notice": "deputy_no_more", "user": str(user)}:
            return duty.deputy_no_more(user, None if body["deputy"] is None else str(body["deputy"]))
        case {"notice": "override_off", "to": str(to), "group": str(group), "by": str(by)}:
            on_call = None if body["on_call"] is None else str(body["on_call"])
            starts, ends = parsed(str(body["starts"])), parsed(str(body["ends"]))
            return duty.planned_no_more(to, group, on_call, by=by, starts=starts, ends=ends)
        case {"notice": "handoff", "to": str(to), "group": str(group), "after": str(after), "at": str(at)}:
            before = None if body["before"] is None else str(body["before"])
            urgent = await _open(desk, body["urgent"])
            count = int(body["open"])
            return duty.handoff(to, group, before, after, parsed(at), count=count, urgent=urgent)
        case _:
            return None


async def _open(desk: Desk, requests: list[str]) -> list[Open]:
    """Those that are still open as this is sent, in their order."""
    wanted = [RequestId(request) for request in requests]
    found = await desk.store.read(partial(cases.with_cards, requests=wanted))
    known = {case.id: Open(case, ref.permalink if ref is not None else None) for case, ref in found}
    return [known[each] for each in wanted if each in known and not known[each].case.status.final]

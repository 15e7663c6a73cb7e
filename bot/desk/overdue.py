"""Tells the operators of requests whose steps do not fire: of each once a day, wherever it was found."""

from __future__ import annotations

from collections.abc import Sequence

from approvals.canonical import Json
from bot.desk import notify
from bot.desk.desk import Desk
from bot.desk.view import moment
from scheduler.auditor import Stuck
from store.unit_of_work import Unit


async def tell(desk: Desk, stuck: Sequence[Stuck], more: int) -> None:
    """A message about each of `stuck`, and one that `more` are as overdue."""
    now = desk.runtime.now()

    def telling(unit: Unit) -> None:
        to = desk.policies.current.operators
        for each in stuck:
            what: dict[str, Json] = {"since": moment(each.since), "incident": each.incident}
            notice = {"notice": "overdue", "request": each.request, **what}
            notify.tell(unit, to, notice, f"overdue:{each.request}", now)
        if more:
            notify.tell(unit, to, {"notice": "overdue_more", "more": more}, "overdue_more", now)

    await desk.store.write(telling)

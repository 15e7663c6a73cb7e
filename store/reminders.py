"""Where each request's reminders are in Slack: a new one takes the place of those before it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from approvals.model import RequestId
from store.statements import unless_there
from store.tables import reminders
from store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Reminder:
    """A message in a request's thread. `key` is that of the parcel that it was sent by."""

    key: str
    channel: str
    ts: str


_KEEP = unless_there(reminders, "request", "key")
_OF = (
    sa.select(reminders.c.key, reminders.c.channel, reminders.c.ts)
    .where(reminders.c.request == sa.bindparam("request_"))
    .order_by(reminders.c.ts)
)
_FORGET = sa.delete(reminders).where(
    reminders.c.request == sa.bindparam("request_"), reminders.c.key == sa.bindparam("key_")
)


def keep(u: Unit, request: RequestId, reminder: Reminder) -> None:
    """Remember where it is; a second one with its key changes nothing."""
    row = {"request": request, "key": reminder.key, "channel": reminder.channel, "ts": reminder.ts}
    u.insert(_KEEP, row)


def of(u: Unit, request: RequestId) -> tuple[Reminder, ...]:
    """Those of `request` that are in Slack as far as is known, oldest first."""
    rows = u.read(_OF, {"request_": request}, of=(reminders,), only={"request": request})
    return tuple(Reminder(row.key, row.channel, row.ts) for row in rows)


def forget(u: Unit, request: RequestId, key: str) -> None:
    """It is no longer there."""
    u.change(_FORGET, {"request_": request, "key_": key}, of=(reminders,), only={"request": request})

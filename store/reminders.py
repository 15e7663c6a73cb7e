"""Where reminders are in Slack, of a request or a digest: a new one takes the place of those before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import sqlalchemy as sa

from approvals.words import BoardId, RequestId
from store.statements import unless_there
from store.tables import reminders
from store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Reminder:
    """A message in a thread. `key` is that of the parcel that it was sent by."""

    key: str
    channel: str
    ts: str


#: What is reminded of.
About: TypeAlias = RequestId | BoardId

_KEEP = unless_there(reminders, "about", "key")
_OF = (
    sa.select(reminders.c.key, reminders.c.channel, reminders.c.ts)
    .where(reminders.c.about == sa.bindparam("about_"))
    .order_by(reminders.c.ts)
)
_FORGET = sa.delete(reminders).where(
    reminders.c.about == sa.bindparam("about_"), reminders.c.key == sa.bindparam("key_")
)


def keep(u: Unit, about: About, reminder: Reminder) -> None:
    """Remember where it is; a second one with its key changes nothing."""
    row = {"about": about, "key": reminder.key, "channel": reminder.channel, "ts": reminder.ts}
    u.insert(_KEEP, row)


def of(u: Unit, about: About) -> tuple[Reminder, ...]:
    """Those of `about` that are in Slack as far as is known, oldest first."""
    rows = u.read(_OF, {"about_": about}, of=(reminders,), only={"about": about})
    return tuple(Reminder(row.key, row.channel, row.ts) for row in rows)


def forget(u: Unit, about: About, key: str) -> None:
    """It is no longer there."""
    u.change(_FORGET, {"about_": about, "key_": key}, of=(reminders,), only={"about": about})

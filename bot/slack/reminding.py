"""Reminders in a thread: each takes the place of the one before it, as an edit would call nobody."""

from __future__ import annotations

import logging
from typing import Final

from bot.slack.outgoing import Outgoing
from bot.slack.troubles import SlackTrouble, Trouble
from store import reminders
from store.reminders import About, Reminder
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: What may be over by the next try. Any other refusal leaves the message where it is, or it is gone already.
_PASSING: Final = frozenset({Trouble.BUSY, Trouble.AWAY, Trouble.TOKEN, Trouble.SCOPE})


async def posted(out: Outgoing, about: About, reminder: Reminder) -> None:
    """Remember where the new one is, before anything else: nothing may be posted twice."""

    def keeping(unit: Unit) -> None:
        reminders.keep(unit, about, reminder)

    await out.desk.store.write(keeping)


async def replace(out: Outgoing, about: About, key: str, known: tuple[Reminder, ...]) -> None:
    """Take away those of `known` that are not the one sent by the parcel `key`. Raises `SlackTrouble`.

    What was taken away by the time is not asked for again.
    """
    for older in (each for each in known if each.key != key):
        await _take_away(out, about, older)


async def _take_away(out: Outgoing, about: About, older: Reminder) -> None:
    try:
        await out.call("chat.delete", older.channel, {"ts": older.ts})
    except SlackTrouble as trouble:
        if trouble.trouble in _PASSING:
            raise
        log.info("an earlier reminder of %s was not taken away: %s", about, trouble)

    def forgetting(unit: Unit) -> None:
        reminders.forget(unit, about, older.key)

    await out.desk.store.write(forgetting)

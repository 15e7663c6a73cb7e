"""Notes in a thread. A reminder takes the place of the one before it, as an edit would call nobody."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from approvals.effects import Escalated, Note, Reminded
from approvals.words import Instant
from blocks.message import Message
from bot.slack.outgoing import Outgoing
from bot.slack.saying import say_under
from bot.slack.troubles import SlackTrouble, Trouble
from scheduler.results import Again, Done, Result
from store import reminders
from store.cards import CardRef
from store.outbox import Parcel
from store.reminders import About, Reminder
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: What may be over by the next try. Any other refusal leaves the message where it is, or it is gone already.
_PASSING: Final = frozenset({Trouble.BUSY, Trouble.AWAY, Trouble.TOKEN, Trouble.SCOPE})
#: How often to look whether it is up, what heads the thread: it is within moments, or Slack does not take it.
_SOON, _LATER = timedelta(seconds=1), timedelta(minutes=1)
_MOMENTS: Final = timedelta(seconds=30)


def not_up(what: str, parcel: Parcel, now: Instant) -> Again:
    """What becomes of `parcel` while `what` heads its thread is not in Slack."""
    return Again(f"the {what} is not up yet", _SOON if now - parcel.created_at < _MOMENTS else _LATER)


async def say(
    out: Outgoing,
    parcel: Parcel,
    ref: CardRef,
    note: Note | None,
    message: Message,
    *,
    about: About,
    known: tuple[Reminder, ...],
) -> Result:
    """Put `message` into the thread of `ref`; what becomes of `parcel`. A reminder replaces those `known`.

    `note` is what it says; None: something that people, or the agent, said.
    """
    try:
        # Whoever is asked only now does not follow the thread.
        ts = await say_under(out, parcel, ref, message, broadcast=isinstance(note, Escalated))
    except SlackTrouble as trouble:
        if trouble.trouble in (Trouble.CHANNEL, Trouble.MESSAGE):
            # Its place is gone; the update of what heads the thread finds another, and calls those it asks.
            return Done()
        return await out.result(parcel, trouble, ref.channel)
    if not isinstance(note, Reminded):
        return Done()

    def keeping(unit: Unit) -> None:
        reminders.keep(unit, about, Reminder(parcel.key, ref.channel, ts))

    # Before anything else: nothing may be posted twice.
    await out.desk.store.write(keeping)
    return await replaced(out, about, parcel, known)


async def replaced(out: Outgoing, about: About, parcel: Parcel, known: tuple[Reminder, ...]) -> Result:
    """What becomes of `parcel`, whose reminder is in the thread, once those of `known` before it are not.

    What was taken away by the time is not asked for again.
    """
    try:
        for older in (each for each in known if each.key != parcel.key):
            await _take_away(out, about, older)
    except SlackTrouble as trouble:
        return await out.result(parcel, trouble, known[0].channel)
    return Done()


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

"""Says things once, in a card's thread: what the agent said, what time did, that it could not be told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from approvals.effects import CallbackType, CameOfIt, HandedTo, Voided
from approvals.escalation import as_if_shown
from approvals.model import Case, Comment
from approvals.roster import Person, Roster
from approvals.words import AgentName, Instant, UserId
from blocks import attention_words, digest_words, replies, thread_decided, thread_notes, thread_words
from blocks.message import Message
from blocks.text import Mrkdwn
from bot.desk import spoken
from bot.slack import reminding
from bot.slack.outgoing import Outgoing
from scheduler.results import Again, Dead, Done, Result
from store import cases, outbox, reminders
from store.cards import CardRef
from store.outbox import Parcel
from store.parcels import PUT_OFF
from store.reminders import Reminder
from store.unit_of_work import Unit

#: What only rounds a thread off is left out where so many wait for its channel: the card says it, too.
_MANY = 20
#: How often to look where it may take days: the card waits for its agent, the message for its digest's time.
_LATER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Thread:
    case: Case
    ref: CardRef | None
    #: those that are in it already
    reminders: tuple[Reminder, ...]


class ThreadSender:
    """The courier's sender for `ParcelKind.THREAD`."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out

    async def send(self, parcel: Parcel) -> Result:
        """Put one note under the card of its request, if it is not there yet."""
        thread = await self._out.desk.store.read(lambda unit: _load(unit, parcel))
        if thread is None:
            return Done()
        if thread.case.held and not thread.case.status.final:
            return Again(f"{PUT_OFF}nobody is shown it yet", _LATER)
        if thread.case.quiet:
            return Done()
        if any(each.key == parcel.key for each in thread.reminders):
            # An earlier try got this far: what is left is to take the one before away.
            return await reminding.replaced(self._out, thread.case.id, parcel, thread.reminders)
        if _overtaken(thread.case, parcel):
            return Done()
        if thread.ref is None:
            return self._not_up(parcel, thread.case)
        return await self._put(parcel, thread, thread.ref)

    def _not_up(self, parcel: Parcel, case: Case) -> Result:
        if case.waits_in is not None:
            # It ended, and nobody was ever shown it; else it may wait for days.
            return Done() if case.status.final else Again(f"{PUT_OFF}the digest is not up yet", _LATER)
        return reminding.not_up("card", parcel, self._out.desk.runtime.now())

    async def _put(self, parcel: Parcel, thread: _Thread, ref: CardRef) -> Result:
        if parcel.body == {"note": "decided"} and await self._is_crowded(ref.channel):
            return Done()
        # A window that starts again begins with its card, which is on its way as this is.
        now, roster = self._out.desk.runtime.now(), self._out.desk.directory.roster()
        case = as_if_shown(thread.case, now)
        note = spoken.read(parcel.body)
        if note is not None and thread_notes.is_for_nobody(case, note, roster, now):
            # Those it would call put it off; what was said before it stays.
            return Done()
        message = _note(case, parcel, roster, now)
        if message is None:
            return Dead("nobody knows how to say this note")
        return await reminding.say(
            self._out, parcel, ref, note, message, about=case.id, known=thread.reminders
        )

    async def _is_crowded(self, channel: str) -> bool:
        lane = outbox.lane_of(channel)
        return await self._out.desk.store.read(lambda unit: outbox.waiting_in(unit, lane)) > _MANY


def _overtaken(case: Case, parcel: Parcel) -> bool:
    """Whether it would call people to something that is decided, or put aside, by now."""
    note = spoken.read(parcel.body)
    if isinstance(note, HandedTo):
        # Somebody may well ask another to look at what is parked.
        return case.status.final
    over = case.status.final or case.parked_at is not None
    return over and note is not None and not isinstance(note, Voided | CameOfIt)


def _note(case: Case, parcel: Parcel, roster: Roster, now: Instant) -> Message | None:
    note = spoken.read(parcel.body)
    if note is not None:
        return thread_notes.note_of(case, note, roster, parcel.key, now)
    match parcel.body:
        case {"note": "comment" | "asked" as kind, "by": str(by), "text": str(text)}:
            said_by = AgentName(by) if kind == "comment" else Person(UserId(""), by)
            return _comment(case, Comment(said_by, text, parcel.created_at), parcel.key)
        case {"note": "decided"}:
            return thread_decided.decided_note(case, roster, parcel.key)
        case {"note": "said", "text": str(text)}:
            return thread_words.said_note(case, Mrkdwn(text), parcel.key)
        case {"note": "dead_letter", "what": str(kind), "why": str(why)} if kind in list(CallbackType):
            return replies.dead_letter_note(case, CallbackType(kind), why, parcel.key)
        case _:
            return None


def _comment(case: Case, comment: Comment, key: str) -> Message:
    if case.waits_in is not None:
        # Among others it has to name its request.
        return digest_words.item_comment(case, comment, key)
    if isinstance(comment.by, Person):
        return attention_words.asked_note(case, comment.by.name, comment.text, key)
    return replies.comment_note(case, comment, key)


def _load(unit: Unit, parcel: Parcel) -> _Thread | None:
    case = cases.load(unit, parcel.request) if parcel.request is not None else None
    return None if case is None else _Thread(case, cases.place_of(unit, case), reminders.of(unit, case.id))

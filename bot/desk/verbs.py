"""A person decides by words in a card's thread: the same votes as by its buttons, each message once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

from approvals import confirming
from approvals.canonical import Digest, Json, digest_of
from approvals.errors import Reason
from approvals.events import Answered, Edited, Voted
from approvals.fields import entered
from approvals.machine import Answer, why_refused
from approvals.model import Case
from approvals.roster import Person
from approvals.seen import NOTHING, is_shown, seen_at
from approvals.spoken_edit import name_of, worded
from approvals.spoken_words import Assignment
from approvals.words import Choice, Instant, RequestId
from bot.desk.decide import known
from bot.desk.desk import Desk
from bot.desk.remark import Reply, in_thread, mark, was_marked
from bot.desk.ruling import rule_on
from store import cards, cases, outbox
from store.errors import KeyTaken
from store.outbox import ParcelKind
from store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Vote:
    """Approve or reject."""

    choice: Choice
    why: str | None


@dataclass(frozen=True, slots=True)
class Change:
    """Change these arguments, and approve it so."""

    said: tuple[Assignment, ...]
    why: str | None


@dataclass(frozen=True, slots=True)
class Say:
    """Answer a question."""

    answer: str


Wish: TypeAlias = Vote | Change | Say


@dataclass(frozen=True, slots=True)
class Came:
    """What came of it, and the case as it stands now."""

    case: Case
    answer: Answer
    #: what was written before a `=`, or the name of a field → what is wrong there; then nothing was recorded
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def counted(self) -> bool:
        """True when it did what was asked for, which everybody in the thread may see."""
        return self.answer.refused is None and not self.answer.repeated


#: The words that answer it: for the thread where it counted, else for its author alone.
Words: TypeAlias = Callable[[Came], str]


@dataclass(frozen=True, slots=True)
class Message:
    """A message to the bot in a thread."""

    by: Person
    reply: Reply
    #: when it was written, by Slack's clock
    written: Instant


class NotShownYet(Exception):
    """An edit is on its way to the card: in a moment it can be said what the author saw."""


async def cards_of(desk: Desk, reply: Reply) -> tuple[Case, ...]:
    """The requests whose cards are in that thread, the one that heads it first."""

    def looking(unit: Unit) -> tuple[Case, ...]:
        found = (cases.load(unit, request) for request in in_thread(unit, reply))
        return tuple(case for case in found if case is not None)

    return await desk.store.read(looking)


async def carry_out(
    desk: Desk,
    message: Message,
    request: RequestId,
    wish: Wish,
    words: Words,
    *,
    patient: bool,
    saw: Digest | None = None,
) -> Came | None:
    """Do what somebody wishes, as if they had clicked; durable, and answered, when this returns.

    `saw` is the `Case.sight` that a digest showed; None: what its card showed when the message was written.
    None where the message was taken before. Raises `Refused(UNKNOWN_REQUEST)`; while `patient`, and an edit
    is not known to be on the card yet, `NotShownYet`.
    """
    now = desk.runtime.now()

    def carrying(unit: Unit) -> Came | None:
        if was_marked(unit, message.reply, now):
            return None
        case = known(unit, request)
        if patient and saw is None and not case.status.final and not is_shown(case):
            raise NotShownYet
        seen = _seen(unit, case, message) if saw is None else saw
        came = _came(unit, desk, case, message, wish, seen)
        _answer(unit, message, came, words(came), now)
        return came

    try:
        return await desk.store.write(carrying)
    except KeyTaken:
        return None


async def tell(
    desk: Desk, message: Message, text: str, about: RequestId | None = None, *, again: str = ""
) -> None:
    """Answer the author alone: once for each message, and once more for each `again` that happens to it.

    With `about` the message is taken: when Slack repeats it, it does nothing.
    """
    now = desk.runtime.now()

    def telling(unit: Unit) -> None:
        if about is not None and not was_marked(unit, message.reply, now):
            mark(unit, message.reply, about, digest_of(message.reply.text), now)
        _whisper(unit, message, about, text, now, again)

    try:
        await desk.store.write(telling)
    except KeyTaken:
        # The same message came twice at once, and the other one is answered.
        return


async def tell_once(desk: Desk, message: Message, text: str) -> None:
    """The same, once for each thread and person, whatever else they write there."""
    now, reply = desk.runtime.now(), message.reply
    key = f"told:{reply.channel}:{reply.thread_ts}:{message.by.id}"
    body: Json = {
        "user": message.by.id,
        "channel": reply.channel,
        "thread_ts": reply.thread_ts,
        "text": text,
    }
    await desk.store.write(
        lambda unit: outbox.put(unit, ParcelKind.REPLY, request=None, key=key, lane="", body=body, now=now)
    )


def _seen(unit: Unit, case: Case, message: Message) -> Digest:
    """What was written before the card was there was about something else: Slack repeats for an hour."""
    place = cards.of(unit, case.id)
    if place is not None and Decimal(message.reply.ts) < Decimal(place.ts):
        return NOTHING
    return seen_at(case, message.written)


def _came(  # noqa: PLR0917  # what is wished of what, and what was seen of it
    unit: Unit, desk: Desk, case: Case, message: Message, wish: Wish, seen: Digest
) -> Came:
    now, roster = desk.runtime.now(), desk.directory.roster()
    mark(unit, message.reply, case.id, digest_of(message.reply.text), now)
    refused = why_refused(case, message.by.id, seen, roster)
    if _has_to_be_typed(case, wish):
        return Came(case, Answer(refused or Reason.NOT_CONFIRMED))
    if isinstance(wish, Change):
        read = worded(case, wish.said)
        made = entered(case, read.values)
        errors = dict(read.errors) | {name_of(case, key): said for key, said in made.errors.items()}
        if errors and refused is None:
            return Came(case, Answer(Reason.BREAKS_FORM), errors)
        event = Edited(message.by, made.payload, seen, roster, wish.why)
        return _ruled(unit, case, event, now)
    return _ruled(unit, case, _event(message.by, wish, seen, desk), now)


def _event(by: Person, wish: Vote | Say, seen: Digest, desk: Desk) -> Voted | Answered:
    roster = desk.directory.roster()
    if isinstance(wish, Vote):
        return Voted(by, wish.choice, seen, roster, wish.why)
    return Answered(by, wish.answer, seen, roster)


def _has_to_be_typed(case: Case, wish: Wish) -> bool:
    """Under `manual` an approval is confirmed in a modal; a reject is none."""
    rejects = isinstance(wish, Vote) and wish.choice is Choice.REJECT
    return not rejects and confirming.word(case.judgement, case.payload) is not None


def _ruled(unit: Unit, case: Case, event: Voted | Edited | Answered, now: Instant) -> Came:
    ruling = rule_on(unit, case, event, now, event.roster, aloud=True)
    return Came(ruling.case, ruling.answer)


def _answer(unit: Unit, message: Message, came: Came, text: str, now: Instant) -> None:
    if not came.counted:
        _whisper(unit, message, came.case.id, text, now)
        return
    body = {"note": SAID, "text": text}
    key = f"said:{message.reply.message}"
    outbox.put(unit, ParcelKind.THREAD, request=came.case.id, key=key, lane="", body=body, now=now)


def _whisper(  # noqa: PLR0917  # a row's columns
    unit: Unit, message: Message, about: RequestId | None, text: str, now: Instant, again: str = ""
) -> None:
    reply = message.reply
    body = {"user": message.by.id, "channel": reply.channel, "thread_ts": reply.thread_ts, "text": text}
    key = f"said:{reply.message}:{again}"
    outbox.put(unit, ParcelKind.REPLY, request=about, key=key, lane="", body=body, now=now)


#: The kind of note by which a verb is answered in the thread.
SAID: Final = "said"

"""A person says something in a card's thread, or changes it: kept with the request, and sent to the agent.

A message is taken once, whatever it is: its place is remembered. Where several cards stand in one thread,
what is said there is kept with each that is still open.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Final

from approvals.canonical import Digest, digest_of
from approvals.events import Commented, Reworded, Unsaid
from approvals.model import Case
from approvals.roster import Person
from approvals.words import AgentName, Instant, RequestId
from bot.desk import under_digest
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on
from bot.desk.under_digest import Listed
from store import cards, cases, keys
from store.errors import KeyTaken
from store.unit_of_work import Unit

#: Who remembers which messages were taken. No agent can be called so: names have no colon.
_REMEMBERING: Final = AgentName("slack:messages")
#: Requests of one thread that a comment is kept with, the latest; and cards that are looked at for that.
_MOST_KEPT, _MOST_LOOKED_AT = 25, 100
#: Slack repeats an event for about an hour: what was said longer ago had its chance.
_LATE: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Reply:
    """A message in a thread; (channel, ts) is its identity."""

    channel: str
    thread_ts: str
    ts: str
    text: str

    @property
    def message(self) -> str:
        """By which its comment is found again."""
        return f"{self.channel}:{self.ts}"


@dataclass(frozen=True, slots=True)
class Changed:
    """A message in a thread was edited, or deleted."""

    #: with its new words, empty when it was deleted
    reply: Reply
    deleted: bool
    #: the new words as Slack writes them
    wire: str
    #: when it was written, and when this happened, by Slack's clock
    written: Instant
    at: Instant


async def is_under_a_card(desk: Desk, reply: Reply) -> bool:
    """True where the thread holds a card, or is a digest's. Writes nothing."""

    def looking(unit: Unit) -> bool:
        return bool(in_thread(unit, reply)) or _listed(unit, reply) is not None

    return await desk.store.read(looking)


async def goes_nowhere(desk: Desk, reply: Reply) -> Listed | None:
    """The digest in whose thread it was said, where nobody can tell which request it is about; else None."""

    def looking(unit: Unit) -> Listed | None:
        listed = _listed(unit, reply)
        taken = was_marked(unit, reply, desk.runtime.now())
        return None if listed is None or listed.alone is not None or taken else listed

    return await desk.store.read(looking)


async def comment(desk: Desk, by: Person, reply: Reply) -> tuple[RequestId, ...]:
    """Keep what was said with the request whose card heads that thread, once for each message.

    In a thread of somebody else's, with every card there that is open. Empty where there is none, or the
    message was taken before. Raises `Refused(TOO_MANY_COMMENTS)`.
    """
    now = desk.runtime.now()
    try:
        return await desk.store.write(lambda unit: _keep(unit, desk, by, reply, now))
    except KeyTaken:
        return ()


async def change(desk: Desk, by: Person, changed: Changed, *, late: bool) -> tuple[RequestId, ...]:
    """Change a comment as its message was; which requests it was kept with.

    A message whose event has not come yet is taken as it is now if `late` says so, or, when it was deleted,
    not at all. Raises as `comment` does.
    """
    now = desk.runtime.now()

    def changing(unit: Unit) -> tuple[RequestId, ...]:
        held = [case for case in _suspects(unit, changed.reply, now) if _holds(case, changed.reply)]
        for case in held:
            rule_on(unit, case, _event(changed), now, desk.directory.roster())
        if held or was_marked(unit, changed.reply, now) or now - changed.written > _LATE:
            return tuple(case.id for case in held)
        if not changed.deleted and not late:
            return ()
        if not changed.deleted:
            return _keep(unit, desk, by, changed.reply, now)
        for request in in_thread(unit, changed.reply)[:1]:
            mark(unit, changed.reply, request, digest_of(""), now)
        return ()

    try:
        return await desk.store.write(changing)
    except KeyTaken:
        return ()


def in_thread(unit: Unit, reply: Reply) -> tuple[RequestId, ...]:
    """Every card in that thread: the one that heads it, then those that were put there, the latest first.

    Of a digest the one request that can be meant there, if it is but one.
    """
    headed = cards.at(unit, reply.channel, reply.thread_ts)
    guests = cards.in_thread(unit, reply.channel, reply.thread_ts)[::-1][:_MOST_LOOKED_AT]
    if headed is None and not guests:
        listed = _listed(unit, reply)
        headed = None if listed is None else listed.alone
    return (*(() if headed is None else (headed,)), *guests)


async def is_kept(desk: Desk, reply: Reply) -> bool:
    """Whether the message is a comment of what its thread is about."""
    now = desk.runtime.now()

    def looking(unit: Unit) -> bool:
        return any(_holds(case, reply) for case in _suspects(unit, reply, now))

    return await desk.store.read(looking)


def _listed(unit: Unit, reply: Reply) -> Listed | None:
    return under_digest.find(unit, reply.channel, reply.thread_ts)


def was_marked(unit: Unit, reply: Reply, now: Instant) -> bool:
    """Whether the message was taken before."""
    return keys.find(unit, _REMEMBERING, reply.message, now) is not None


def mark(unit: Unit, reply: Reply, request: RequestId, said: Digest, now: Instant) -> None:
    """Take the message; where another unit took it meanwhile, `Store.write` raises `KeyTaken`."""
    keys.remember(unit, _REMEMBERING, reply.message, said, request, now)


def _keep(unit: Unit, desk: Desk, by: Person, reply: Reply, now: Instant) -> tuple[RequestId, ...]:
    meant = _meant(unit, reply)
    if not meant or was_marked(unit, reply, now):
        return ()
    mark(unit, reply, meant[0].id, digest_of(reply.text), now)
    event = Commented(by, reply.text, reply.message)
    for case in meant:
        rule_on(unit, case, event, now, desk.directory.roster())
    return tuple(case.id for case in meant)


def _meant(unit: Unit, reply: Reply) -> tuple[Case, ...]:
    """What the thread is about: the card that heads it, else the one in it, else those that are open."""
    headed = cards.at(unit, reply.channel, reply.thread_ts)
    if headed is not None:
        case = cases.load(unit, headed)
        return () if case is None else (case,)
    guests = in_thread(unit, reply)
    found = (case for case in (cases.load(unit, each) for each in guests) if case is not None)
    if len(guests) == 1:
        return tuple(found)
    return tuple(islice((case for case in found if not case.status.final), _MOST_KEPT))


def _suspects(unit: Unit, reply: Reply, now: Instant) -> list[Case]:
    """Requests that may hold it as a comment; one whose card was posted again is in another thread now."""
    taken = keys.find(unit, _REMEMBERING, reply.message, now)
    found = dict.fromkeys((*in_thread(unit, reply), *(() if taken is None else (taken.request,))))
    return [case for case in (cases.load(unit, each) for each in found) if case is not None]


def _holds(case: Case, reply: Reply) -> bool:
    return any(comment.ref == reply.message for comment in case.comments)


def _event(changed: Changed) -> Reworded | Unsaid:
    if changed.deleted:
        return Unsaid(changed.reply.message, changed.at)
    return Reworded(changed.reply.message, changed.reply.text, changed.at)

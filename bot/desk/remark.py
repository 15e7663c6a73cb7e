"""A person says something in a card's thread: kept with the request, and sent to the agent."""

from __future__ import annotations

from dataclasses import dataclass

from approvals.canonical import digest_of
from approvals.events import Commented
from approvals.model import AgentName, Person, RequestId
from bot.desk.decide import known
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on
from store import cards, keys
from store.errors import KeyTaken
from store.unit_of_work import Unit

#: Who remembers which messages were taken. No agent can be called so: names have no colon.
_REMEMBERING = AgentName("slack:messages")


@dataclass(frozen=True, slots=True)
class Reply:
    """A message in a thread; (channel, ts) is its identity."""

    channel: str
    thread_ts: str
    ts: str
    text: str


async def is_under_a_card(desk: Desk, reply: Reply) -> bool:
    """True where `comment` would know which request is meant. Writes nothing."""
    return await desk.store.read(lambda unit: _meant(unit, reply)) is not None


async def comment(desk: Desk, by: Person, reply: Reply) -> RequestId | None:
    """Keep what was said with the request whose card heads that thread, once for each message.

    None where the thread is no card's, holds several cards (nobody knows which is meant), or the message
    was taken before. Raises `Refused(TOO_MANY_COMMENTS)`.
    """
    now = desk.runtime.now()
    message = f"{reply.channel}:{reply.ts}"

    def commenting(unit: Unit) -> RequestId | None:
        request = _meant(unit, reply)
        if request is None or keys.find(unit, _REMEMBERING, message, now) is not None:
            return None
        keys.remember(unit, _REMEMBERING, message, digest_of(reply.text), request, now)
        rule_on(unit, known(unit, request), Commented(by, reply.text), now, desk.directory.roster())
        return request

    try:
        return await desk.store.write(commenting)
    except KeyTaken:
        return None


def _meant(unit: Unit, reply: Reply) -> RequestId | None:
    """The one card that the thread is about."""
    headed = cards.at(unit, reply.channel, reply.thread_ts)
    if headed is not None:
        return headed
    guests = cards.in_thread(unit, reply.channel, reply.thread_ts)
    return guests[0] if len(guests) == 1 else None

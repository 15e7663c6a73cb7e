"""Somebody asks the agent, hands a request over or puts its reminders off: none of it decides anything.

What a modal was submitted with is done once, however often Slack delivers it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from approvals.canonical import digest_of
from approvals.events import Commented, Event, HandedOver, Snoozed
from approvals.machine import Answer
from approvals.roster import Person
from approvals.words import AgentName, GroupName, Instant, RequestId, UserId
from bot.desk.decide import Told, known
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on
from store import keys
from store.errors import KeyTaken
from store.unit_of_work import Unit

#: Who remembers what was submitted. No agent can be called so: names have no colon.
_REMEMBERING: Final = AgentName("slack:modals")


async def ask(desk: Desk, request: RequestId, by: Person, question: str, key: str) -> Told:
    """Ask the agent, for everybody to read; durable when this returns. Whoever sees the card may.

    `key` is the same for every delivery of one submission, here and below. Raises `Refused` for an
    `UNKNOWN_REQUEST`, and for `TOO_MANY_COMMENTS`.
    """
    return await _once(desk, request, Commented(by, question, aloud=True), key)


@dataclass(frozen=True, slots=True)
class Handing:
    """To whom something is handed over, one of the two; and why."""

    person: UserId | None = None
    group: GroupName | None = None
    reason: str | None = None


async def hand_over(desk: Desk, request: RequestId, by: Person, handing: Handing, key: str) -> Told:
    """Have another person take it, or ask a group now that is to be asked later; durable when this returns.

    Raises `Refused(UNKNOWN_REQUEST)`.
    """
    roster = desk.directory.roster()
    taker = None if handing.person is None else roster.profile(handing.person).person
    event = HandedOver(by, roster, taker, handing.group, handing.reason)
    return await _once(desk, request, event, key)


async def snooze(desk: Desk, request: RequestId, by: Person, until: Instant, key: str) -> Told:
    """Remind them of it no more until then; durable when this returns. Raises `Refused(UNKNOWN_REQUEST)`."""
    return await _once(desk, request, Snoozed(by, desk.directory.roster(), until), key)


async def _once(desk: Desk, request: RequestId, event: Event, key: str) -> Told:
    now = desk.runtime.now()

    def doing(unit: Unit) -> Told:
        case = known(unit, request)
        if keys.find(unit, _REMEMBERING, key, now) is not None:
            return Told(case, Answer())
        ruling = rule_on(unit, case, event, now, desk.directory.roster(), desk=desk)
        if ruling.answer.refused is None:
            keys.remember(unit, _REMEMBERING, key, digest_of(key), request, now)
        return Told(ruling.case, ruling.answer)

    try:
        return await desk.store.write(doing)
    except KeyTaken:
        # Another replica did it in the same moment.
        return Told(await desk.store.read(lambda unit: known(unit, request)), Answer())

"""A person decides: approve, edit, reject, answer. And the clock, which decides when nobody does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from approvals import confirming, fields
from approvals.canonical import Digest
from approvals.errors import Reason, Refused
from approvals.events import Allowing, Answered, Edited, Ticked, Voted
from approvals.machine import Answer, Ruling, why_refused
from approvals.model import Case
from approvals.roster import Person
from approvals.words import Choice, Instant, RequestId
from bot.desk import gathering
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on
from store import cases, outbox
from store.outbox import ParcelKind
from store.unit_of_work import Unit

#: What a person entered: a field's id → what Slack delivers for it.
Values: TypeAlias = Mapping[str, "str | bool | int | Sequence[str] | None"]


@dataclass(frozen=True, slots=True)
class Told:
    """What came of it, and the case as it stands now: enough to answer the person."""

    case: Case
    answer: Answer
    #: field id → what is wrong with it; not empty: nothing was recorded, the form stays open
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tell:
    """How to answer whoever clicked; put into the outbox by the transaction that the click caused."""

    user: str
    #: what to say of what came of it; None: the card alone says it
    words: Callable[[Told], str | None]
    #: unique for this click, so that a payload delivered twice is answered once
    key: str
    channel: str | None = None
    response_url: str | None = None


async def vote(  # noqa: PLR0913  # a vote's parts, by name
    desk: Desk,
    request: RequestId,
    by: Person,
    choice: Choice,
    seen: Digest,
    *,
    reason: str | None = None,
    typed: str | None = None,
    lasts: timedelta | None = None,
    tell: Tell | None = None,
) -> Told:
    """One vote, durable when this returns. Raises `Refused(UNKNOWN_REQUEST)`.

    `typed` is what confirms it under `manual`; `lasts`, with an approval: for how long like ones go through.
    """
    allowing = Allowing(desk.runtime.grant_id(), lasts) if lasts is not None else None

    def voting(unit: Unit) -> Told:
        case = known(unit, request)
        event = Voted(by, choice, seen, desk.directory.roster(), reason, typed, allowing)
        return _told(unit, desk, case, event, tell)

    return await desk.store.write(voting)


async def approve_card(
    desk: Desk,
    channel: str,
    ts: str,
    by: Person,
    seen: Callable[[RequestId], Digest],
    *,
    tell: Tell,
) -> Told | None:
    """Approve the request whose card is that message; None where there is none (yet). Durable as `vote` is.

    `seen` says which payload of the request was on the screen. Where something has to be typed first, nothing
    is recorded, and the answer is `NOT_CONFIRMED`.
    """

    def approving(unit: Unit) -> Told | None:
        case = cases.of_card(unit, channel, ts)
        if case is None:
            return None
        event = Voted(by, Choice.APPROVE, seen(case.id), desk.directory.roster())
        return _approved(unit, desk, case, event, tell)

    return await desk.store.write(approving, ahead=cases.by_card(channel, ts))


async def approve_listed(desk: Desk, request: RequestId, by: Person, seen: Digest, *, tell: Tell) -> Told:
    """The same of a request in a list. Raises as `vote` does."""

    def approving(unit: Unit) -> Told:
        event = Voted(by, Choice.APPROVE, seen, desk.directory.roster())
        return _approved(unit, desk, known(unit, request), event, tell)

    return await desk.store.write(approving)


def _approved(unit: Unit, desk: Desk, case: Case, event: Voted, tell: Tell) -> Told:
    if not case.status.final and confirming.word(case.judgement, case.payload) is not None:
        return Told(case, Answer(Reason.NOT_CONFIRMED))
    return _told(unit, desk, case, event, tell)


async def edit(  # noqa: PLR0913  # an edit's parts, by name
    desk: Desk,
    request: RequestId,
    by: Person,
    values: Values,
    seen: Digest,
    *,
    reason: str | None = None,
    typed: str | None = None,
    tell: Tell | None = None,
) -> Told:
    """Change the payload and approve it so; with `errors`, nothing happened yet. Raises as `vote` does."""

    def editing(unit: Unit) -> Told:
        case = known(unit, request)
        roster = desk.directory.roster()
        entered = fields.entered(case, values)
        if entered.errors and why_refused(case, by.id, seen, roster) is None:
            return Told(case, Answer(Reason.BREAKS_FORM), entered.errors)
        return _told(unit, desk, case, Edited(by, entered.payload, seen, roster, reason, typed), tell)

    return await desk.store.write(editing)


async def answer(
    desk: Desk, request: RequestId, by: Person, answer: str, seen: Digest, *, tell: Tell | None = None
) -> Told:
    """Answer a question; the first answer ends it. Raises as `vote` does."""

    def answering(unit: Unit) -> Told:
        case = known(unit, request)
        event = Answered(by, answer, seen, desk.directory.roster())
        return _told(unit, desk, case, event, tell)

    return await desk.store.write(answering)


async def tick(
    desk: Desk, request: RequestId, now: Instant, heard_since: Instant | None = None
) -> Ruling | None:
    """Fire the steps of `request` that are due at `now`; None when it is gone.

    `heard_since` is since when people could be heard: a soft window that ended before starts again.
    """

    def ticking(unit: Unit) -> Ruling | None:
        case = cases.load(unit, request)
        roster = desk.directory.roster()
        if case is None:
            return None
        crowded = gathering.crowded(unit, desk, case, gathering.channel_of(case), now)
        return rule_on(unit, case, Ticked(roster, heard_since, crowded), now, roster, desk=desk)

    return await desk.store.write(ticking)


def known(unit: Unit, request: RequestId) -> Case:
    """The case. Raises `Refused(UNKNOWN_REQUEST)`."""
    case = cases.load(unit, request)
    if case is None:
        raise Refused(Reason.UNKNOWN_REQUEST, "no such request")
    return case


def _told(unit: Unit, desk: Desk, case: Case, event: Voted | Edited | Answered, tell: Tell | None) -> Told:
    """Rule, and have the person answered."""
    now = desk.runtime.now()
    ruling = rule_on(unit, case, event, now, event.roster)
    told = Told(ruling.case, ruling.answer)
    words = tell.words(told) if tell is not None else None
    if tell is not None and words is not None:
        body = {"user": tell.user, "channel": tell.channel, "response_url": tell.response_url, "text": words}
        outbox.put(unit, ParcelKind.REPLY, request=told.case.id, key=tell.key, lane="", body=body, now=now)
    return told

"""What one person alone is told: the answer to a click, and notices to operators."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from approvals import escalation
from approvals.model import Case, Lack
from approvals.words import GroupName, Instant, RequestId, Shortage, UserId
from blocks import notices
from blocks.message import Message
from bot.desk.desk import Desk
from bot.desk.muster import first_of
from bot.desk.view import parsed
from bot.slack import all_clear, duty_notices, storm_notice, summoning, waking
from bot.slack.outgoing import Outgoing, may_have_arrived
from bot.slack.search import Place, find
from bot.slack.troubles import SlackTrouble, Trouble
from scheduler.results import Dead, Done, Result
from store import cases, outbox
from store.all_clear import NOTICE as BACK
from store.cards import CardRef
from store.engine import Store
from store.outbox import Parcel
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: Nobody waits for an answer any longer; a `response_url` lives as long.
_STALE = timedelta(minutes=30)
#: Notices that may be of no use any more when they are sent.
_OF_THE_MOMENT = ("too_few", "unreached", "delayed", "card_refused", "overdue", "overdue_more")


class ReplySender:
    """The courier's sender for `ParcelKind.REPLY`: to whoever clicked, by the shortest way that is open."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out

    async def send(self, parcel: Parcel) -> Result:
        """Say `body["text"]` to `body["user"]` alone."""
        if self._out.desk.runtime.now() - parcel.created_at > _STALE:
            log.warning("an answer to a click was given up after %s: %s", _STALE, parcel.last_error)
            return Done()
        if not isinstance(parcel.body, Mapping):
            return Dead("an answer without words")
        if await self._is_shown(parcel.body.get("unless_shown")):
            return Done()
        try:
            await whisper(self._out, parcel.body)
        except SlackTrouble as trouble:
            # Whichever way was throttled, the channel's own cards need not wait for a whisper.
            return await self._out.result(parcel, trouble)
        return Done()

    async def _is_shown(self, request: object) -> bool:
        """Whether the card of `request` says by now what this was to say in its place."""
        if not isinstance(request, str):
            return False
        about = RequestId(request)
        return not await self._out.desk.store.read(lambda unit: outbox.cards_behind(unit, [about]))


async def whisper(out: Outgoing, body: Mapping[str, Any]) -> None:
    """Tell `body["user"]` its `text`: by `response_url`, else in the `channel`, else as a direct message.

    Raises `SlackTrouble`.
    """
    text = {"text": str(body["text"])}
    if body.get("response_url"):
        answer = {"response_type": "ephemeral", "replace_original": False, **text}
        try:
            await out.connection.answer(str(body["response_url"]), answer)
            return
        except SlackTrouble as trouble:
            if trouble.trouble not in (Trouble.EXPIRED, Trouble.OTHER):
                raise
    user = str(body["user"])
    if body.get("channel"):
        thread = {"thread_ts": body["thread_ts"]} if body.get("thread_ts") else {}
        try:
            await out.call("chat.postEphemeral", str(body["channel"]), {"user": user, **text, **thread})
            return
        except SlackTrouble as trouble:
            # Where the place is closed to it, or its thread is gone, nobody is left without an answer.
            if trouble.trouble not in (Trouble.CHANNEL, Trouble.MESSAGE, Trouble.OTHER):
                raise
    await out.call("chat.postMessage", await out.direct_message(user), text)


def _notice(body: Mapping[str, Any]) -> Message | None:
    match body:
        case {"notice": "channel_gone", "channel": str(channel), "why": str(code), "instead": str(instead)}:
            return notices.channel_gone(channel, code, instead)
        case {"notice": "missing_scope", "scope": str(scope), "method": str(method)}:
            return notices.missing_scope(scope, method)
        case {"notice": "refused", "method": str(method), "code": str(code)}:
            return notices.refused(method, code)
        case {"notice": "incident", "id": str(incident), "what": str(what)}:
            return notices.incident(incident, what, str(body.get("in", "")))
        case {"notice": "policy_broken", "problem": str(problem)}:
            return notices.policy_broken(problem)
        case {"notice": "policy_restored", "version": str(version)}:
            return notices.policy_restored(version)
        case _:
            return None


def _asked(unit: Unit, request: RequestId) -> tuple[Case, CardRef | None] | None:
    case = cases.load(unit, request)
    return None if case is None else (case, cases.place_of(unit, case))


async def _card_refused(store: Store, body: Mapping[str, Any]) -> Message | None:
    """Which card it was; None once the request is gone."""
    case = await store.read(lambda unit: cases.load(unit, RequestId(str(body["request"]))))
    return None if case is None else notices.card_refused(case, str(body["problem"]))


async def _delayed(store: Store, body: Mapping[str, Any], now: Instant) -> Message | None:
    """With as many as wait by now; None once the delay is over: then it is of no use any more."""
    channel, until = str(body["channel"]), parsed(str(body["until"]))
    if until <= now:
        return None
    waiting = await store.read(lambda unit: outbox.waiting_in(unit, outbox.lane_of(channel)))
    return notices.delayed(channel, until, max(waiting, int(body["waiting"])))


async def _too_few(desk: Desk, body: Mapping[str, Any]) -> Message | None:
    """What is still true of it: about the request it began with, else about another like that; else None."""
    lack = Lack(int(body["left"]), int(body["missing"]), Shortage(str(body["why"])))
    asked = await desk.store.read(lambda unit: _asked(unit, RequestId(str(body["request"]))))
    if asked is None:
        return None
    case, ref = asked
    if case.status.final or case.parked_at is not None or case.lacking is None:
        asked = await _another(desk, lambda each: each.asked == case.asked and each.lacking == lack)
        if asked is None:
            return None
        case, ref = asked
    return notices.too_few(case, lack, ref.permalink if ref is not None else None)


async def _unreached(desk: Desk, body: Mapping[str, Any]) -> Message | None:
    """What is still true of it: of that request, else of another that asks the same group; else None."""
    group = GroupName(str(body["group"]))
    asked = await desk.store.read(lambda unit: _asked(unit, RequestId(str(body["request"]))))
    if asked is None or escalation.next_due(asked[0]) is None or group not in asked[0].unreached:
        asked = await _another(desk, lambda each: group in each.unreached)
    if asked is None:
        return None
    case, ref = asked
    known = group in desk.policies.current.groups
    return notices.unreached(case, group, ref.permalink if ref is not None else None, known=known)


async def _another(desk: Desk, like: Callable[[Case], bool]) -> tuple[Case, CardRef | None] | None:
    found = await first_of(desk, like)
    return None if found is None else await desk.store.read(lambda unit: _asked(unit, found))


async def _overdue(store: Store, body: Mapping[str, Any]) -> Message | None:
    """None once nothing of it is left to be done: somebody decided it, or it is parked."""
    asked = await store.read(lambda unit: _asked(unit, RequestId(str(body["request"]))))
    if asked is None or escalation.next_due(asked[0]) is None:
        return None
    case, ref = asked
    permalink = ref.permalink if ref is not None else None
    return notices.overdue(case, parsed(str(body["since"])), str(body["incident"]), permalink)


class NoticeSender:
    """The courier's sender for `ParcelKind.NOTICE`: a direct message, mostly to an operator."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out

    async def send(self, parcel: Parcel) -> Result:
        """Tell whoever is in `body["to"]`."""
        if not isinstance(parcel.body, Mapping):
            return Dead("a notice without words")
        message = await self._message(parcel, parcel.body)
        if not isinstance(message, Message):
            return message
        channel, user = None, str(parcel.body["to"])
        try:
            channel = await self._out.direct_message(user)
            if not await self._is_there(parcel, channel, message):
                await self._out.call("chat.postMessage", channel, message.as_post())
        except SlackTrouble as trouble:
            if trouble.trouble is Trouble.CHANNEL:
                log.error("somebody cannot be told: %s: %s", user, trouble)
                return Dead(str(trouble))
            return await self._out.result(parcel, trouble, channel)
        if parcel.body.get("notice") == "delayed":
            return Done(all_clear.after_delay(parcel, UserId(user), self._out.desk.runtime.now()))
        return Done()

    async def _message(self, parcel: Parcel, body: Mapping[str, Any]) -> Message | Result:
        """What to say; what becomes of `parcel` where nothing is."""
        if body.get("notice") == "summons":
            return await summoning.summoned(self._out.desk, parcel)
        if body.get("notice") == "snoozed":
            return await waking.woken(self._out.desk, parcel)
        if body.get("notice") == BACK:
            return await all_clear.told(self._out.desk, parcel)
        if body.get("notice") in _OF_THE_MOMENT:
            return await self._still_true(body) or Done()
        message = _notice(body) or await duty_notices.told(self._out.desk, body)
        message = message or await storm_notice.told(self._out.desk, body)
        return message or Dead("nobody knows how to say this notice")

    async def _is_there(self, parcel: Parcel, channel: str, message: Message) -> bool:
        """Whether an earlier try arrived, where the message can be known again. Raises `SlackTrouble`."""
        if message.metadata is None or not may_have_arrived(parcel):
            return False
        try:
            return bool(await find(self._out, Place(channel), message.metadata, parcel.first_tried_at))
        except SlackTrouble as trouble:
            # Else the next try would take the refused look for a refused post, and not look again.
            trouble.ambiguous = True
            raise

    async def _still_true(self, body: Mapping[str, Any]) -> Message | None:
        """What is still to be said of a moment that may be over."""
        desk = self._out.desk
        match body["notice"]:
            case "delayed":
                return await _delayed(desk.store, body, desk.runtime.now())
            case "card_refused":
                return await _card_refused(desk.store, body)
            case "overdue":
                return await _overdue(desk.store, body)
            case "unreached":
                return await _unreached(desk, body)
            case "overdue_more":
                return notices.overdue_more(int(body["more"]))
            case _:
                return await _too_few(desk, body)

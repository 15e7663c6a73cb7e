"""Makes Slack show a request as it stands: posts its card, finds it again, updates it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from approvals import escalation
from approvals.events import Shown
from approvals.model import Case
from blocks import guide
from blocks.card import card, minimal
from blocks.limits import problems_of_message
from blocks.message import Message
from bot.desk import notify
from bot.desk.ruling import rule_on
from bot.slack.outgoing import Outgoing, may_have_arrived
from bot.slack.search import Place, find
from bot.slack.showing import Known, load
from bot.slack.troubles import SlackTrouble, Trouble, said
from scheduler.results import Done, Result, Then
from store import cards, cases, outbox
from store.cards import CardRef
from store.outbox import Parcel
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: Seconds for looking after a post whose answer was lost: what is left of the lease.
_LOOK_AT_ONCE = 2.0
#: People in one group conversation besides the bot: docs.slack.dev/reference/methods/conversations.open.
_MOST_IN_A_CONVERSATION = 8


@dataclass(frozen=True, slots=True)
class _Gone:
    """A channel that could not be written to."""

    channel: str
    why: str


class CardSender:
    """The courier's sender for `ParcelKind.CARD`."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out

    async def send(self, parcel: Parcel) -> Result:
        """Make Slack show the request of `parcel` as it stands now."""
        now = self._out.desk.runtime.now()
        shown = await self._out.desk.store.read(lambda unit: load(unit, parcel.request, now))
        if shown is None:
            return Done()
        try:
            if shown.ref is None:
                return await self._place(parcel, shown)
            return await self._update(parcel, shown, shown.ref)
        except _Stuck as stuck:
            return await self._out.result(parcel, stuck.trouble, stuck.channel)

    async def _place(self, parcel: Parcel, shown: Known) -> Result:
        """Post the card at the first place that takes it; where it may be already, look there first."""
        gone: list[_Gone] = []
        async for place in self._places(shown.case, gone):
            try:
                if may_have_arrived(parcel):
                    ref = await self._adopt(parcel, shown, place) or await self._post(parcel, shown, place)
                else:
                    ref = await self._post(parcel, shown, place)
            except SlackTrouble as trouble:
                if trouble.trouble not in (Trouble.CHANNEL, Trouble.MESSAGE):
                    raise _Stuck(trouble, place.channel) from None
                log.warning("%s cannot be shown in %s: %s", shown.case.id, place.channel, trouble)
                gone.append(_Gone(place.channel, trouble.code))
                continue
            return Done(await self._settled(shown, ref, gone))
        why = ", ".join(f"{each.channel}: {each.why}" for each in gone) or "there is nobody to ask"
        log.error("%s cannot be shown to anybody: %s", shown.case.id, why)
        await self._out.desk.store.write(lambda unit: self._tell_operators(unit, shown.case, gone, "nobody"))
        raise _Stuck(SlackTrouble(Trouble.AWAY, f"no place for the card ({why})"), None)

    async def _places(self, case: Case, gone: list[_Gone]) -> AsyncIterator[Place]:
        """Where the card may go, best first. `gone` are those of them that did not take it."""
        policy = self._out.desk.policies.current
        if case.request.reply_to is not None:
            yield Place(case.request.reply_to.channel, case.request.reply_to.thread_ts)
        tried = set()
        for channel in filter(None, (case.judgement.channel, policy.channel)):
            if channel not in tried:
                tried.add(channel)
                yield Place(channel)
        roster = self._out.desk.directory.roster()
        reached = (roster.deputy(each.id) or each for each in roster.asked(case.asked))
        asked = list(dict.fromkeys(each.id for each in reached))
        together = asked[:_MOST_IN_A_CONVERSATION]
        for users in ([together] if together else []) + (
            [[user] for user in asked] if len(asked) > 1 else []
        ):
            try:
                yield Place(await self._out.direct_message(*users))
            except SlackTrouble as trouble:
                if trouble.trouble not in (Trouble.CHANNEL, Trouble.SCOPE):
                    raise _Stuck(trouble, None) from None
                gone.append(_Gone("+".join(users), str(trouble)))

    async def _post(self, parcel: Parcel, shown: Known, place: Place, note: str | None = None) -> CardRef:
        message = await self._rendered(shown, note=note)
        where = {"thread_ts": place.thread_ts} if place.thread_ts is not None else {}

        async def posting(form: Message) -> Mapping[str, Any]:
            return await self._out.call("chat.postMessage", place.channel, {**form.as_post(), **where})

        try:
            posted = await self._accepted(shown.case, message, posting)
        except SlackTrouble as trouble:
            if not trouble.ambiguous:
                raise
            return await self._look_at_once(parcel, shown, place, trouble)
        return CardRef(str(posted["channel"]), str(posted["ts"]), thread_ts=place.thread_ts)

    async def _look_at_once(self, parcel: Parcel, shown: Known, place: Place, lost: SlackTrouble) -> CardRef:
        """After a lost answer: adopt the card if it arrived. Raises `lost` when it did not, or not yet."""
        try:
            async with asyncio.timeout(_LOOK_AT_ONCE):
                ref = await self._adopt(parcel, shown, place)
        except (SlackTrouble, TimeoutError):
            raise lost from None
        if ref is None:
            raise lost
        return ref

    async def _adopt(self, parcel: Parcel, shown: Known, place: Place) -> CardRef | None:
        """The card that is there already, if any. Its troubles are ambiguous: nobody knows still."""
        try:
            return await self._brought_up_to_date(parcel, shown, place)
        except SlackTrouble as trouble:
            # Else the next try would take the refused look for a refused post, and not look again.
            trouble.ambiguous = True
            raise

    async def _brought_up_to_date(self, parcel: Parcel, shown: Known, place: Place) -> CardRef | None:
        """The card that was found, as it stands now; a second one is marked, without buttons."""
        message = await self._rendered(shown)
        found = await find(self._out, place, message.metadata or {}, parcel.first_tried_at)
        if not found:
            return None
        for copy in found[1:]:
            log.error("%s has a second card, %s in %s: it is marked", shown.case.id, copy, place.channel)
            marked = await self._rendered(shown, duplicate=True)
            await self._out.call("chat.update", place.channel, {"ts": copy, **marked.as_call()})
        ref = CardRef(place.channel, found[0], thread_ts=place.thread_ts)
        await self._change(shown, ref, message)
        return ref

    async def _settled(self, shown: Known, ref: CardRef, gone: list[_Gone]) -> Then | None:
        """Keep where the card is at once, as people click within milliseconds; then ask for its address.

        A soft window begins with its first card.

        Whoever is killed in between has told operators; the address is asked for with the next update.
        """

        case = shown.case

        def placing(unit: Unit) -> None:
            cards.place(unit, case.id, ref)
            self._tell_operators(unit, case, gone, ref.channel)
            if escalation.began_at(case) is None:
                self._begin(unit, shown)

        await self._out.desk.store.write(placing)
        return await self._addressed(case, ref)

    def _begin(self, unit: Unit, shown: Known) -> None:
        """The window ends when the card says, or later; where the minute differs, the card says so."""
        desk = self._out.desk
        case, now = cases.load(unit, shown.case.id), desk.runtime.now()
        if case is None:
            return
        began = rule_on(unit, case, Shown(), now, desk.directory.roster()).case.began_at
        if began == now and f"{began:%H:%M}" != f"{shown.now:%H:%M}":
            outbox.show_card(unit, case.id, now, final=False)

    async def _addressed(self, case: Case, ref: CardRef) -> Then | None:
        """What keeps the card's permalink; None where Slack does not tell it now, which is no failure."""
        try:
            told = await said(
                self._out.connection.client.chat_getPermalink(channel=ref.channel, message_ts=ref.ts)
            )
        except SlackTrouble as trouble:
            log.warning("%s has a card without an address: %s", case.id, trouble)
            return None
        found = replace(ref, permalink=str(told["permalink"]))
        return lambda unit: cards.place(unit, case.id, found)

    async def _update(self, parcel: Parcel, shown: Known, ref: CardRef) -> Result:
        try:
            await self._change(shown, ref, await self._rendered(shown))
        except SlackTrouble as trouble:
            if trouble.trouble is Trouble.MESSAGE:
                return await self._replace(parcel, shown, ref, trouble)
            if trouble.trouble is Trouble.CHANNEL and not shown.case.status.final:
                return await self._place(parcel, replace(shown, ref=None))
            if trouble.trouble is Trouble.CHANNEL:
                log.warning("%s is decided, and its card cannot be reached: %s", shown.case.id, trouble)
                return Done()
            raise _Stuck(trouble, ref.channel) from None
        if escalation.began_at(shown.case) is None:
            await self._out.desk.store.write(lambda unit: self._begin(unit, shown))
        return Done(await self._addressed(shown.case, ref) if ref.permalink is None else None)

    async def _replace(self, parcel: Parcel, shown: Known, ref: CardRef, why: SlackTrouble) -> Result:
        """The message is gone: a new one takes its place, and says so."""
        log.warning("the card of %s is gone (%s): it is posted again", shown.case.id, why)
        place = Place(ref.channel, ref.thread_ts)
        try:
            new = await self._adopt_other(parcel, shown, place, ref)
            note = guide.posted_again(final=shown.case.status.final)
            new = new or await self._post(parcel, shown, place, note=note)
        except SlackTrouble as trouble:
            if trouble.trouble in (Trouble.CHANNEL, Trouble.MESSAGE):
                return await self._place(parcel, replace(shown, ref=None))
            raise _Stuck(trouble, ref.channel) from None
        return Done(await self._settled(shown, new, []))

    async def _adopt_other(self, parcel: Parcel, shown: Known, place: Place, gone: CardRef) -> CardRef | None:
        """A new card whose answer was lost on an earlier try, if there is one."""
        if not may_have_arrived(parcel):
            return None
        ref = await self._adopt(parcel, shown, place)
        return ref if ref is not None and ref.ts != gone.ts else None

    async def _change(self, shown: Known, ref: CardRef, message: Message) -> None:
        async def changing(form: Message) -> Mapping[str, Any]:
            return await self._out.call("chat.update", ref.channel, {"ts": ref.ts, **form.as_call()})

        await self._accepted(shown.case, message, changing)

    async def _accepted(
        self, case: Case, message: Message, say: Callable[[Message], Awaitable[Mapping[str, Any]]]
    ) -> Mapping[str, Any]:
        """What Slack answers to `message`; where it refuses that, to the smallest card, and then to words.

        Old buttons must not stay: those of a card that could not be changed would look alive.
        """
        try:
            return await say(message)
        except SlackTrouble as trouble:
            if trouble.trouble is not Trouble.BLOCKS:
                raise
            smaller = await self._refused(case, trouble.code)
        try:
            return await say(smaller)
        except SlackTrouble as trouble:
            if trouble.trouble is not Trouble.BLOCKS:
                raise
            log.error("Slack refused the small card of %s too: %s. Words are shown.", case.id, trouble)
            return await say(guide.bare(case, smaller))

    async def _rendered(self, shown: Known, *, duplicate: bool = False, note: str | None = None) -> Message:
        """The card; where Slack would refuse it by the book of its limits, the smallest legal one instead."""
        roster = self._out.desk.directory.roster()
        operators = bool(self._out.desk.policies.current.operators)
        view = shown.view(roster, operators=operators, duplicate=duplicate)
        message = card(view)
        if note is not None:
            message = guide.headed(message, note)
        problems = problems_of_message(message.as_post())
        if not problems:
            return message
        return await self._refused(shown.case, f"{problems[0].rule} at {problems[0].path}")

    async def _refused(self, case: Case, problem: str) -> Message:
        """The smallest card, for one that breaks `problem`: the operators are told, once a day for each."""
        log.error("the card of %s is refused: %s. A smaller one is shown.", case.id, problem)
        notice = {"notice": "card_refused", "request": case.id, "problem": problem}
        await notify.operators(self._out.desk, notice, f"card_refused:{problem}"[:200])
        return minimal(case, problem)

    def _tell_operators(self, unit: Unit, case: Case, gone: list[_Gone], instead: str) -> None:
        """Once a day for each channel of the policy and its reason, however many cards it was.

        A thread that an agent named counts once a day for that agent: it could make up any number of them.
        """
        policy, now = self._out.desk.policies.current, self._out.desk.runtime.now()
        ours = {policy.channel, *(rule.channel for rule in policy.rules)}
        named = case.request.reply_to.channel if case.request.reply_to is not None else None
        for each in (each for each in gone if each.channel in ours or each.channel == named):
            about = f"{each.channel}:{each.why}" if each.channel in ours else f"named by {case.request.agent}"
            notice = {"notice": "channel_gone", "channel": each.channel, "why": each.why, "instead": instead}
            notify.tell(unit, policy.operators, notice, f"channel_gone:{about}", now)


class _Stuck(Exception):
    """Nothing better can be done now about `trouble`."""

    def __init__(self, trouble: SlackTrouble, channel: str | None) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble
        self.channel = channel

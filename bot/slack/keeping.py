"""Keeps a message in Slack as it should be: posts, finds, updates it, and puts a new one in its place."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from approvals.words import Instant
from blocks import guide
from blocks.limits import problems_of_message
from blocks.message import Message
from bot.slack.outgoing import Outgoing, may_have_arrived
from bot.slack.places import NOBODY, Gone, Stuck, Way, places, tell_of_gone
from bot.slack.search import Place, find
from bot.slack.stamps import changed_by
from bot.slack.troubles import SlackTrouble, Trouble, said
from scheduler.results import Again, Done, Result
from store.cards import CardRef
from store.outbox import Parcel
from store.parcels import PUT_OFF
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: Seconds for looking after a post whose answer was lost: what is left of the lease.
_LOOK_AT_ONCE = 2.0
#: For so long a channel that was closed to the bot is tried for what has ended in it: a mistake is put right.
_MAY_OPEN_WITHIN = timedelta(days=1)


class Kept(Protocol):
    """What a message shows, as it stands now: a card, or a digest's."""

    @property
    def name(self) -> str:
        """What logs call it."""

    @property
    def ref(self) -> CardRef | None:
        """Where it is already."""

    @property
    def way(self) -> Way:
        """Where it may go."""

    @property
    def over(self) -> bool:
        """True when nobody decides anything there any more."""

    def message(self, *, duplicate: bool = False) -> Message:
        """As it should be; a `duplicate` says that it is one, and has no buttons."""

    async def smaller(self, problem: str) -> Message:
        """The smallest legal one, for one that breaks a rule of Slack's; operators have been told of it."""

    def bare(self, smaller: Message) -> Message:
        """Words alone, where Slack refuses that too."""

    def posted_again(self) -> str:
        """Heads it where the message before is gone."""

    def placed(self, unit: Unit, ref: CardRef) -> None:
        """It was posted, or found, there: in a transaction at once, as people click within milliseconds."""

    async def seen(self, since: Instant) -> None:
        """It is in Slack as it stands, and known to be there; `since` then at the latest, in Slack's time."""

    def ended(self, unit: Unit, addressed: CardRef | None) -> None:
        """In the transaction that ends the parcel; `addressed` is where it is, if Slack told the address."""


class Keeping:
    """What the senders of cards and of digests share."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out

    async def show(self, parcel: Parcel, kept: Kept) -> Result:
        """Make Slack show it."""
        try:
            if kept.ref is None:
                return await self._place(parcel, kept)
            return await self._update(parcel, kept, kept.ref)
        except Stuck as stuck:
            return await self._out.result(parcel, stuck.trouble, stuck.channel)

    async def found(self, parcel: Parcel, kept: Kept) -> Done | None:
        """Where an earlier try got it to Slack, it is put right there; else None. Raises `Stuck`."""
        async for place in places(self._out, kept.way, []):
            try:
                ref = await self._adopt(parcel, kept, place)
            except SlackTrouble as trouble:
                if trouble.trouble not in (Trouble.CHANNEL, Trouble.MESSAGE):
                    raise Stuck(trouble, place.channel) from None
                continue
            if ref is not None:
                return await self._settled(kept, ref, [])
        return None

    async def _place(self, parcel: Parcel, kept: Kept) -> Result:
        """Post it at the first place that takes it; where it may be already, look there first."""
        gone: list[Gone] = []
        async for place in places(self._out, kept.way, gone):
            try:
                ref = await self._adopt(parcel, kept, place) if may_have_arrived(parcel) else None
                ref = ref or await self._post(parcel, kept, place)
            except SlackTrouble as trouble:
                if trouble.trouble not in (Trouble.CHANNEL, Trouble.MESSAGE):
                    raise Stuck(trouble, place.channel) from None
                log.warning("%s cannot be shown in %s: %s", kept.name, place.channel, trouble)
                gone.append(Gone(place.channel, trouble.code))
                continue
            return await self._settled(kept, ref, gone)
        why = ", ".join(f"{each.channel}: {each.why}" for each in gone) or "there is nobody to ask"
        log.error("%s cannot be shown to anybody: %s", kept.name, why)
        desk = self._out.desk
        await desk.store.write(lambda unit: tell_of_gone(unit, desk, kept.way, gone, NOBODY))
        raise Stuck(SlackTrouble(Trouble.AWAY, f"no place for {kept.name} ({why})"), None)

    async def _post(self, parcel: Parcel, kept: Kept, place: Place, note: str | None = None) -> CardRef:
        message = await self._rendered(kept, note=note)
        where = {"thread_ts": place.thread_ts} if place.thread_ts is not None else {}

        async def posting(form: Message) -> Mapping[str, Any]:
            return await self._out.call("chat.postMessage", place.channel, {**form.as_post(), **where})

        try:
            posted = await self._accepted(kept, message, posting)
        except SlackTrouble as trouble:
            if not trouble.ambiguous:
                raise
            return await self._look_at_once(parcel, kept, place, trouble)
        return CardRef(str(posted["channel"]), str(posted["ts"]), thread_ts=place.thread_ts)

    async def _look_at_once(self, parcel: Parcel, kept: Kept, place: Place, lost: SlackTrouble) -> CardRef:
        """After a lost answer: adopt it if it arrived. Raises `lost` when it did not, or not yet."""
        try:
            async with asyncio.timeout(_LOOK_AT_ONCE):
                ref = await self._adopt(parcel, kept, place)
        except (SlackTrouble, TimeoutError):
            raise lost from None
        if ref is None:
            raise lost
        return ref

    async def _adopt(self, parcel: Parcel, kept: Kept, place: Place) -> CardRef | None:
        """The message that is there already, if any. Its troubles are ambiguous: nobody knows still."""
        try:
            return await self._brought_up_to_date(parcel, kept, place)
        except SlackTrouble as trouble:
            # Else the next try would take the refused look for a refused post, and not look again.
            trouble.ambiguous = True
            raise

    async def _brought_up_to_date(self, parcel: Parcel, kept: Kept, place: Place) -> CardRef | None:
        """The message that was found, as it should be now; a second one is marked, without buttons."""
        message = await self._rendered(kept)
        found = await find(self._out, place, message.metadata or {}, parcel.first_tried_at)
        if not found:
            return None
        for copy in found[1:]:
            log.error("%s is there twice, %s in %s: that one is marked", kept.name, copy, place.channel)
            marked = await self._rendered(kept, duplicate=True)
            await self._out.call("chat.update", place.channel, {"ts": copy, **marked.as_call()})
        ref = CardRef(place.channel, found[0], thread_ts=place.thread_ts)
        await self._change(kept, ref, message)
        return ref

    async def _settled(self, kept: Kept, ref: CardRef, gone: list[Gone]) -> Done:
        """Keep where it is at once; then ask for its address.

        Whoever is killed in between has told operators; the address is asked for with the next update.
        """
        desk = self._out.desk

        def placing(unit: Unit) -> None:
            kept.placed(unit, ref)
            tell_of_gone(unit, desk, kept.way, gone, ref.channel)

        await desk.store.write(placing)
        await kept.seen(desk.runtime.now())
        return Done(partial(kept.ended, addressed=await self._addressed(kept, ref)))

    async def _addressed(self, kept: Kept, ref: CardRef) -> CardRef | None:
        """Where it is, with its permalink; None where Slack does not tell that now, which is no failure."""
        try:
            told = await said(
                self._out.connection.client.chat_getPermalink(channel=ref.channel, message_ts=ref.ts)
            )
        except SlackTrouble as trouble:
            log.warning("%s has no address yet: %s", kept.name, trouble)
            return None
        return replace(ref, permalink=str(told["permalink"]))

    async def _update(self, parcel: Parcel, kept: Kept, ref: CardRef) -> Result:
        try:
            answer = await self._change(kept, ref, await self._rendered(kept))
        except SlackTrouble as trouble:
            if trouble.trouble is Trouble.MESSAGE:
                return await self._replace(parcel, kept, ref, trouble)
            if trouble.trouble is Trouble.CHANNEL and not kept.over:
                return await self._place(parcel, kept)
            if trouble.trouble is not Trouble.CHANNEL:
                raise Stuck(trouble, ref.channel) from None
            return await self._out_of_reach(parcel, kept, ref, trouble)
        await kept.seen(changed_by(answer, self._out.desk.runtime.now()))
        addressed = await self._addressed(kept, ref) if ref.permalink is None else None
        return Done(partial(kept.ended, addressed=addressed))

    async def _out_of_reach(self, parcel: Parcel, kept: Kept, ref: CardRef, why: SlackTrouble) -> Result:
        """Nobody is asked there any more, so it needs no other place; its channel may open again."""
        log.warning("%s is over, and cannot be reached: %s", kept.name, why)
        desk, gone = self._out.desk, [Gone(ref.channel, why.code)]
        await desk.store.write(lambda unit: tell_of_gone(unit, desk, kept.way, gone, None))
        if desk.runtime.now() - parcel.first_tried_at < _MAY_OPEN_WITHIN:
            return Again(f"{PUT_OFF}{why}")
        return Done(partial(kept.ended, addressed=None))

    async def _replace(self, parcel: Parcel, kept: Kept, ref: CardRef, why: SlackTrouble) -> Result:
        """The message is gone: a new one takes its place, and says so."""
        log.warning("%s is gone (%s): it is posted again", kept.name, why)
        place = Place(ref.channel, ref.thread_ts)
        try:
            new = await self._adopt_other(parcel, kept, place, ref)
            new = new or await self._post(parcel, kept, place, note=kept.posted_again())
        except SlackTrouble as trouble:
            if trouble.trouble in (Trouble.CHANNEL, Trouble.MESSAGE):
                return await self._place(parcel, kept)
            raise Stuck(trouble, ref.channel) from None
        return await self._settled(kept, new, [])

    async def _adopt_other(self, parcel: Parcel, kept: Kept, place: Place, gone: CardRef) -> CardRef | None:
        """A new one whose answer was lost on an earlier try, if there is one."""
        if not may_have_arrived(parcel):
            return None
        ref = await self._adopt(parcel, kept, place)
        return ref if ref is not None and ref.ts != gone.ts else None

    async def _change(self, kept: Kept, ref: CardRef, message: Message) -> Mapping[str, Any]:
        async def changing(form: Message) -> Mapping[str, Any]:
            return await self._out.call("chat.update", ref.channel, {"ts": ref.ts, **form.as_call()})

        return await self._accepted(kept, message, changing)

    async def _accepted(
        self, kept: Kept, message: Message, say: Callable[[Message], Awaitable[Mapping[str, Any]]]
    ) -> Mapping[str, Any]:
        """What Slack answers to `message`; where it refuses that, to the smallest one, and then to words.

        Old buttons must not stay: those of a message that could not be changed would look alive.
        """
        try:
            return await say(message)
        except SlackTrouble as trouble:
            if trouble.trouble is not Trouble.BLOCKS:
                raise
            smaller = await self._refused(kept, trouble.code)
        try:
            return await say(smaller)
        except SlackTrouble as trouble:
            if trouble.trouble is not Trouble.BLOCKS:
                raise
            log.error("Slack refused the small one of %s too: %s. Words are shown.", kept.name, trouble)
            return await say(kept.bare(smaller))

    async def _rendered(self, kept: Kept, *, duplicate: bool = False, note: str | None = None) -> Message:
        """The message; where Slack would refuse it by the book of its limits, the smallest legal one."""
        message = kept.message(duplicate=duplicate)
        if note is not None:
            message = guide.headed(message, note)
        problems = problems_of_message(message.as_post())
        if not problems:
            return message
        return await self._refused(kept, f"{problems[0].rule} at {problems[0].path}")

    async def _refused(self, kept: Kept, problem: str) -> Message:
        log.error("%s is refused: %s. A smaller one is shown.", kept.name, problem)
        return await kept.smaller(problem)

"""What people write: to the bot, in a card's thread, and changes of that; and who looks at the home tab."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import Final

from approvals.errors import Refused
from approvals.roster import Person
from approvals.words import UserId
from blocks import digest_spoken, guide, thread_words
from bot.desk import remark, under_digest, verbs
from bot.desk.remark import Changed, Reply
from bot.desk.verbs import Message
from bot.slack.addressing import Address, addressed
from bot.slack.front import Front, NotUpYet
from bot.slack.hearing import changed
from bot.slack.payloads import Body, Words, mentioned, named, plainly, written
from bot.slack.people import People
from bot.slack.stamps import moment
from bot.slack.thread_verbs import ThreadVerbs
from store import outbox
from store.outbox import ParcelKind

log = logging.getLogger(__name__)

#: What people call the bot, in what is kept of their words.
_NAME: Final = "hitl"
#: People in one message whose names Slack is asked for.
_MOST_ASKED_ABOUT: Final = 5


class Talk:
    """Listeners for messages, mentions and the home tab."""

    def __init__(self, front: Front, people: People) -> None:
        self._front = front
        self._people = people
        self._verbs = ThreadVerbs(front)

    async def message(self, event: Body) -> None:
        """Something was written, edited or deleted.

        What names the bot comes here and to `mention`, in any order: each message is taken once. In a direct
        message it comes here only.
        """
        change = changed(event)
        if change is not None:
            await self._changed(*change)
        else:
            await self._written(event)

    async def mention(self, event: Body) -> None:
        """The bot was named. Slack says so once more when a message that names it is edited."""
        await self._written(event)

    async def _written(self, event: Body) -> None:
        words = written(event)
        if words is None:
            return
        if words.thread_ts is not None:
            place = Reply(words.channel, words.thread_ts, words.ts, "")
            words = replace(words, text=await self._with_names(words.text, place))
        address = self._address(words.text)
        directly = event.get("channel_type") == "im" or words.channel.startswith("D")
        if words.thread_ts is not None and await self._under_a_card(event, words, words.thread_ts, address):
            return
        if directly or address.to_us is not None or address.names_us:
            await self._explain(words, directly=directly)

    async def _under_a_card(self, event: Body, words: Words, thread_ts: str, address: Address) -> bool:
        """True where the thread is a card's, and the words were taken as what they are there."""
        message = self._message(words, thread_ts)
        if address.to_us is None:
            if not await remark.is_under_a_card(self._front.desk, message.reply):
                return False
            await self._keep(message, named=address.names_us)
            return True
        listed = await under_digest.listed(self._front.desk, message.reply.channel, thread_ts)
        if listed is not None and not event.get("edited"):
            await self._verbs.take_one_of(message, address.to_us, listed)
            return True
        cases = await verbs.cards_of(self._front.desk, message.reply)
        if (cases or listed is not None) and event.get("edited"):
            await verbs.tell(self._front.desk, message, thread_words.edited(), again="edited")
        elif cases:
            await self._verbs.take(message, address.to_us, cases)
        return bool(cases) or listed is not None

    async def _keep(self, message: Message, *, named: bool) -> None:
        """A comment; where it names the bot, its author may have meant more by it."""
        desk = self._front.desk
        try:
            kept = await remark.comment(desk, await self._people.person(message.by.id), message.reply)
        except Refused as refused:
            log.warning("a comment was not kept: %s", refused.reason)
            await verbs.tell(desk, message, thread_words.not_kept())
            return
        if kept and named:
            await verbs.tell(desk, message, thread_words.kept_only())
        listed = None if kept else await remark.goes_nowhere(desk, message.reply)
        if listed is not None:
            await verbs.tell_once(desk, message, digest_spoken.not_kept(len(listed.waiting)))

    async def _changed(self, user: UserId, change: Changed) -> None:
        desk = self._front.desk
        if not await remark.is_under_a_card(desk, change.reply):
            return
        speaks_to_us = self._address(change.wire).to_us is not None
        wire = await self._with_names(change.wire, change.reply)
        change = replace(change, reply=replace(change.reply, text=plainly(wire)))
        try:
            by = await self._people.person(user)
            await remark.change(desk, by, change, late=not speaks_to_us)
        except Refused as refused:
            log.warning("a comment was not kept: %s", refused.reason)

    async def _with_names(self, wire: str, place: Reply) -> str:
        """What somebody wrote, with the names of those who are mentioned in it by their id alone.

        Slack is asked about others than the roster's where the words are kept, a few, for a second at most.
        """
        wanted = mentioned(wire)
        if not wanted:
            return wire
        bot, known = self._front.out.identity.bot, self._front.desk.directory.roster().people
        names = {user: known[UserId(user)].name for user in wanted if user in known}
        if bot is not None:
            names[bot.user] = _NAME
        unknown = sorted(wanted - names.keys())[:_MOST_ASKED_ABOUT]
        if unknown and await remark.is_under_a_card(self._front.desk, place):
            asked = await asyncio.gather(*(self._people.profile(UserId(user)) for user in unknown))
            names |= {each.id: each.name for each in asked if each is not None}
        return named(wire, names)

    async def _explain(self, words: Words, *, directly: bool) -> None:
        """Say what the bot can do: to whoever asked alone."""
        body = {"user": words.by, "text": guide.usage()}
        if not directly:
            body["channel"] = words.channel
            if words.thread_ts is not None:
                body["thread_ts"] = words.thread_ts
        now = self._front.desk.runtime.now()
        key = f"mention:{words.channel}:{words.ts}"
        await self._front.desk.store.write(
            lambda unit: outbox.put(
                unit, ParcelKind.REPLY, request=None, key=key, lane="", body=body, now=now
            )
        )

    def _message(self, words: Words, thread_ts: str) -> Message:
        by = self._front.person(Person(words.by, str(words.by)))
        reply = Reply(words.channel, thread_ts, words.ts, plainly(words.text))
        return Message(by, reply, moment(words.ts))

    def _address(self, wire: str) -> Address:
        """Raises `NotUpYet` where it may be the bot that is named, and Slack did not say yet who it is."""
        bot = self._front.out.identity.bot
        if bot is not None:
            return addressed(wire, bot.user)
        if "<@" in wire:
            raise NotUpYet
        return Address(None, names_us=False)

    async def home(self, event: Body) -> None:
        """Somebody opened their home tab, or the app's messages: Slack tells both so."""
        if event.get("tab") in (None, "home"):
            shown = (event.get("view") or {}).get("hash")
            await self._front.homes.opened(UserId(str(event["user"])), shown)

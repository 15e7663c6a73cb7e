"""What people write: replies under cards, mentions; and who looks at the home tab."""

from __future__ import annotations

import logging

from approvals.errors import Refused
from blocks import guide
from bot.desk import remark
from bot.desk.remark import Reply
from bot.slack.front import Front
from bot.slack.payloads import Body, Words, plainly, written
from bot.slack.people import People
from bot.slack.troubles import SlackTrouble, said
from store import outbox
from store.outbox import ParcelKind

log = logging.getLogger(__name__)


class Talk:
    """Listeners for messages, mentions and the home tab."""

    def __init__(self, front: Front, people: People) -> None:
        self._front = front
        self._people = people

    async def message(self, event: Body) -> None:
        """A reply in a card's thread is a comment; everything else people write is none of ours."""
        words = written(event)
        if words is None or words.thread_ts is None or self._mentions_us(words):
            return
        reply = Reply(words.channel, words.thread_ts, words.ts, plainly(words.text))
        if not await remark.is_under_a_card(self._front.desk, reply):
            return
        try:
            await remark.comment(self._front.desk, await self._people.person(words.by), reply)
        except Refused as refused:
            log.warning("a comment was not kept: %s", refused.reason)

    async def mention(self, event: Body) -> None:
        """Whoever mentions the bot is told what it can do."""
        words = written(event)
        if words is None:
            return
        body = {"user": words.by, "channel": words.channel, "text": guide.usage()}
        if words.thread_ts is not None:
            body["thread_ts"] = words.thread_ts
        now = self._front.desk.runtime.now()
        key = f"mention:{words.channel}:{words.ts}"
        await self._front.desk.store.write(
            lambda unit: outbox.put(
                unit, ParcelKind.REPLY, request=None, key=key, lane="", body=body, now=now
            )
        )

    async def home(self, event: Body) -> None:
        """Draw the home tab for whoever opened it; nobody waits for it."""
        if event.get("tab") in (None, "home"):
            self._front.tasks.start(self._draw(str(event["user"])), "home")

    async def _draw(self, user: str) -> None:
        client = self._front.out.connection.client
        try:
            await said(client.views_publish(user_id=user, view=guide.home()))
        except SlackTrouble as trouble:
            log.warning("a home tab could not be drawn: %s", trouble)

    def _mentions_us(self, words: Words) -> bool:
        bot = self._front.out.identity.bot
        return bot is not None and f"<@{bot.user}" in words.text

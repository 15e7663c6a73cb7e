"""`/hitl stats`, and the buttons under a suggestion of the gate review: for whom is asked at each click."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final

from approvals.durations import duration
from approvals.words import Instant, UserId
from blocks import modals, replies
from blocks import review as said_of
from blocks.actions import About, StatsPage
from blocks.message import Message
from bot.desk import reviewing
from bot.slack.front import Front
from bot.slack.lists import heeding
from bot.slack.payloads import Click
from bot.slack.troubles import SlackTrouble, said

log = logging.getLogger(__name__)

#: How far back `/hitl stats` looks unless told.
USUAL: Final = timedelta(days=7)
#: Seconds that an answer to Slack may wait for the figures; it wants one within three.
_AT_ONCE: Final = 1.2
#: Seconds for figures that nobody waits for.
_WITHIN: Final = 120.0
_BARE_NUMBER: Final = re.compile(r"[0-9]{1,4}", re.ASCII)
_DAY: Final = timedelta(days=1)


class Stats:
    """How the desk is doing: for all whom its policy names. Requests are shown to who may see each."""

    def __init__(self, front: Front) -> None:
        self._front = front

    async def answer(self, by: UserId, typed: str, response_url: str | None) -> Message:
        """`/hitl stats [7d]`. Where that takes long, the figures come by `response_url`."""
        if not reviewing.may_ask(self._front.desk, by):
            return said_of.not_for_you()
        days = _days(typed)
        if days is None:
            return said_of.not_a_time(typed, reviewing.LONGEST)
        page = StatsPage(days, whole_second(self._front.desk.runtime.now()))
        counting = asyncio.ensure_future(self._page(page))
        done, _ = await asyncio.wait([counting], timeout=_AT_ONCE)
        if done or response_url is None:
            return await counting
        self._front.tasks.start(self._later(counting, response_url), "stats")
        return said_of.counting()

    def turn(self, click: Click) -> None:
        """Another page of the figures, in place of the one that was shown."""
        page, url = StatsPage.decode(click.value), click.response_url
        if page is None or url is None:
            self._front.say(click, replies.unknown_button())
            return
        if not self._may_ask(click):
            return

        async def turning() -> None:
            await self._replace(await self._page(page), url)

        self._start(click, turning)

    def show(self, click: Click) -> None:
        """The requests that a suggestion is about, in a modal."""
        about = About.decode(click.value)
        if about is None:
            self._front.say(click, replies.unknown_button())
            return
        if not self._may_ask(click):
            return

        async def showing() -> None:
            client = self._front.out.connection.client
            # At once, because what it shall show may take longer to read than a trigger lives.
            opened = await said(client.views_open(trigger_id=click.trigger, view=modals.loading_modal()))
            await self._fill(str(opened["view"]["id"]), about, click.by.id)

        self._start(click, showing)

    def turn_requests(self, click: Click) -> None:
        """Another page of them."""
        about, view = About.decode(click.value), click.view
        if about is not None and view is not None:
            self._start(click, lambda: self._fill(view, about, click.by.id))

    async def not_now(self, click: Click) -> None:
        """Hear of it no more for a while."""
        about = About.decode(click.value)
        if about is None:
            self._front.say(click, replies.unknown_button())
            return
        if not reviewing.may_mute(self._front.desk, about.rule, click.by.id):
            self._front.say(click, said_of.not_yours_to_mute(about.rule))
            return
        until = await reviewing.not_now(self._front.desk, about.rule, about.advice, click.by)
        self._front.say(click, said_of.muted(about, until))

    def _may_ask(self, click: Click) -> bool:
        may = reviewing.may_ask(self._front.desk, click.by.id)
        if not may:
            self._front.say(click, said_of.not_for_you().text)
        return may

    async def _page(self, page: StatsPage) -> Message:
        told = await reviewing.told(self._front.desk, page.until - page.days * _DAY, page.until)
        return said_of.stats(told.review, told.suggestions, told.quiet, page)

    async def _fill(self, view: str, about: About, user: UserId) -> None:
        start = (about.number - 1) * said_of.REQUESTS_A_PAGE
        listed = await reviewing.about(
            self._front.desk,
            user,
            (about.rule, about.advice),
            about.since,
            about.until,
            start=start,
            most=said_of.REQUESTS_A_PAGE,
        )
        client = self._front.out.connection.client
        shown = said_of.requests_modal(about, listed.lines, more=listed.more, hidden=listed.hidden)
        await said(client.views_update(view_id=view, view=shown))

    async def _later(self, counting: asyncio.Future[Message], url: str) -> None:
        async def answering() -> None:
            await self._replace(await counting, url)

        wrong = await self._front.answered(lambda: heeding(answering), _WITHIN)
        if wrong is not None:
            try:
                await self._replace(Message(wrong.text, []), url)
            except SlackTrouble as trouble:
                log.warning("the figures that somebody asked for could not be told: %s", trouble)

    async def _replace(self, message: Message, url: str) -> None:
        body = {"response_type": "ephemeral", "replace_original": True}
        await self._front.out.connection.answer(url, {**body, **message.as_call()})

    def _start(self, click: Click, work: Callable[[], Awaitable[None]]) -> None:
        async def guarded() -> None:
            wrong = await self._front.answered(lambda: heeding(work), _WITHIN)
            if wrong is not None:
                self._front.tell(click, wrong)

        self._front.tasks.start(guarded(), f"stats {click.action}")


def whole_second(now: Instant) -> Instant:
    """The first whole second from `now` on: buttons carry moments as such, and nothing shall fall between."""
    floor = now.replace(microsecond=0)
    return floor if floor == now else floor + timedelta(seconds=1)


def _days(typed: str) -> int | None:
    """How many days somebody means; None where it cannot be told."""
    text = typed.strip("` ").removeprefix("--days").strip(" =")
    if not text:
        return USUAL.days
    try:
        span = duration(f"{text}d" if _BARE_NUMBER.fullmatch(text) else text)
    except ValueError:
        return None
    return max(1, span.days) if span <= reviewing.LONGEST else None

"""`/hitl dead`: what was given up, for operators, who can have it sent again."""

from __future__ import annotations

from typing import Final

from approvals.words import UserId
from blocks import actions, replies
from blocks import dead as said_of
from blocks.message import Message
from bot.desk.home import dead_line
from bot.slack.front import Front
from bot.slack.lists import Lists
from bot.slack.payloads import Click
from store import dead_letters
from store.unit_of_work import Unit

_MOST_DIGITS: Final = 18


class DeadLetters:
    """The list, and its buttons."""

    def __init__(self, front: Front, lists: Lists) -> None:
        self._front = front
        self._lists = lists

    async def answer(self, by: UserId, typed: str) -> Message:
        """`/hitl dead`, or `dead all`, which sends all of them again."""
        if not self._operates(by):
            return Message(said_of.for_operators(self._front.desk.policies.current.operators), [])
        wish = typed.strip("`*_ ").casefold()
        if wish == "all":
            return Message(said_of.again(await self._retry(None)), [])
        return said_of.not_so(typed) if wish else await self._page(0)

    def turn(self, click: Click) -> None:
        """Another page, in place of the one that was shown."""
        start = _number(click.value)
        if start is None:
            self._front.say(click, replies.unknown_button())
            return
        self._replace(click, start)

    def send_again(self, click: Click) -> None:
        """One of them, or all."""
        letter = _number(click.value)
        if letter is None and click.action != actions.SEND_ALL_AGAIN:
            self._front.say(click, replies.unknown_button())
            return

        async def sending() -> None:
            if not self._operates(click.by.id):
                operators = self._front.desk.policies.current.operators
                self._front.say(click, said_of.for_operators(operators))
                return
            every = click.action == actions.SEND_ALL_AGAIN
            self._front.say(click, said_of.again(await self._retry(None if every else letter)))
            self._replace(click, 0)

        self._lists.start(click, sending)

    def _replace(self, click: Click, start: int) -> None:
        async def replacing() -> None:
            if click.response_url is not None and self._operates(click.by.id):
                await self._lists.replace(await self._page(start), click.response_url)

        self._lists.start(click, replacing)

    def _operates(self, user: UserId) -> bool:
        return user in self._front.desk.policies.current.operators

    async def _retry(self, letter: int | None) -> int:
        now = self._front.desk.runtime.now()
        return await self._front.desk.store.write(lambda unit: dead_letters.retry(unit, letter, now))

    async def _page(self, start: int) -> Message:
        def reading(unit: Unit) -> Message:
            page = dead_letters.page(unit, start, said_of.A_PAGE)
            return said_of.dead([dead_line(unit, each) for each in page.letters], start, page.count)

        return await self._front.desk.store.read(reading)


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS else None

"""What people do with their hands: over the wire, or at the page. The day is told with either."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from sandbox.people import Answer
from sandbox.server import SlackStandIn
from sandbox.workspace import Message, View

HERE = "C0APPROVALS"


class Hands(Protocol):
    """Everybody's. Each method ends when Slack's client has had its answer."""

    async def click(self, user: str, message: Message, words: str, row: str | None = None) -> None:
        """A button, an item of a menu or a choice of a select: in that row, by its block_id."""

    async def in_vain(self, user: str, message: Message, words: str) -> str:
        """The same while nobody answers: what Slack shows beside the button."""

    async def fill(
        self, user: str, title: str, values: Mapping[str, Any], *, shows: str | None = None
    ) -> None:
        """Fill the topmost modal in, by its labels, and send it. A moment is picked from its calendar.

        It closes; or shows what has this title and says what came of it, which is closed then.
        """

    async def mistake(self, user: str, title: str, values: Mapping[str, Any]) -> str:
        """The same with something wrong: what stands at the field. The modal stays open."""

    async def pick(self, user: str, row: str, words: str) -> None:
        """A button or a choice in a row, by its block_id, of the topmost modal."""

    async def back(self, user: str) -> None:
        """Close the topmost modal: the one below is there again."""

    async def leave(self, user: str) -> None:
        """Close the modals."""

    async def say(self, user: str, card: Message, words: str) -> None:
        """Reply in a card's thread; `@hitl` names the bot."""

    async def command(self, user: str, words: str) -> None:
        """Type a slash command in the channel."""

    async def home(self, user: str) -> None:
        """Open the app's home tab."""

    async def click_home(self, user: str, row: str, words: str) -> None:
        """A button of a row, by its block_id, of the home tab."""

    async def moment(
        self, name: str, user: str, message: Message | None = None, *, thread: bool = False, modal: str = ""
    ) -> None:
        """A moment worth a look at what this person sees: a message, its thread, a modal with this title."""


async def form_of(slack: SlackStandIn, user: str, title: str) -> View:
    """The topmost modal of somebody, once it has this title and can be sent."""

    def ready() -> View | None:
        stack = slack.views(user)
        return stack[-1] if stack and stack[-1].title == title and stack[-1].payload.get("submit") else None

    found = await slack.until(ready)
    assert found is not None
    return found


class ByWire:
    """Each thing is what Slack's client would send for it."""

    def __init__(self, slack: SlackStandIn) -> None:
        self._slack = slack

    async def click(self, user: str, message: Message, words: str, row: str | None = None) -> None:
        """See `Hands`."""
        _answered(await self._slack.click(user, message.channel, message.ts, words, block_id=row))

    async def in_vain(self, user: str, message: Message, words: str) -> str:
        """See `Hands`."""
        answer = await self._slack.click(user, message.channel, message.ts, words)
        return answer.error or ""

    async def fill(
        self, user: str, title: str, values: Mapping[str, Any], *, shows: str | None = None
    ) -> None:
        """See `Hands`."""
        view = await form_of(self._slack, user, title)
        typed = {
            label: int(value.timestamp()) if isinstance(value, datetime) else value
            for label, value in values.items()
        }
        answer = await self._slack.submit(user, typed, view=view)
        left = answer.view.title if answer.view is not None else None
        assert (answer.errors, answer.error, left) == ({}, None, shows), title
        if shows is not None:
            await self.leave(user)

    async def mistake(self, user: str, title: str, values: Mapping[str, Any]) -> str:
        """See `Hands`."""
        view = await form_of(self._slack, user, title)
        [told] = (await self._slack.submit(user, values, view=view)).errors.values()
        return told

    async def pick(self, user: str, row: str, words: str) -> None:
        """See `Hands`."""
        _answered(await self._slack.click_in_view(user, words, block_id=row))

    async def back(self, user: str) -> None:
        """See `Hands`."""
        await self._slack.close(user)

    async def leave(self, user: str) -> None:
        """See `Hands`."""
        await self._slack.close(user, every=True)

    async def say(self, user: str, card: Message, words: str) -> None:
        """See `Hands`."""
        spoken = words.replace("@hitl", f"<@{self._slack.app.bot_user}>")
        said = self._slack.mention if spoken != words else self._slack.say
        said(user, card.channel, spoken.removeprefix(f"<@{self._slack.app.bot_user}> "), thread_ts=card.ts)

    async def command(self, user: str, words: str) -> None:
        """See `Hands`."""
        _answered(await self._slack.command(user, words, channel=HERE))

    async def home(self, user: str) -> None:
        """See `Hands`."""
        self._slack.open_home(user)

    async def click_home(self, user: str, row: str, words: str) -> None:
        """See `Hands`."""
        _answered(await self._slack.click_in_home(user, words, block_id=row))

    async def moment(
        self, name: str, user: str, message: Message | None = None, *, thread: bool = False, modal: str = ""
    ) -> None:
        """Nobody looks at a wire."""


def _answered(answer: Answer) -> None:
    assert (answer.acknowledged, answer.error) == (True, None), answer

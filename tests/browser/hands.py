"""People before the stand-in's page: what `tests.stories.a_day.hands.Hands` asks for, with mouse and keys."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Locator, expect

from sandbox.server import SlackStandIn
from sandbox.words import Clickable, find
from sandbox.workspace import Message
from tests.browser.browsing import DESK, PHONE, Window
from tests.stories.a_day.hands import HERE, form_of


class AtThePage:
    """One browser before which everybody sits down in turn: each sees only what is theirs."""

    def __init__(self, slack: SlackStandIn, browser: Browser, folder: Path) -> None:
        self._slack, self._browser, self._folder = slack, browser, folder
        self._window: Window | None = None
        #: The moments that were looked at, in order.
        self.seen: list[str] = []

    @property
    def window(self) -> Window:
        """The browser's window."""
        assert self._window is not None
        return self._window

    async def click(self, user: str, message: Message, words: str, row: str | None = None) -> None:
        """See `Hands`."""
        assert await self._click(user, message, words, row) is None

    async def in_vain(self, user: str, message: Message, words: str) -> str:
        """See `Hands`."""
        said = await self._click(user, message, words, None) or ""
        await expect(self._message(message).locator(".trouble-said")).to_contain_text(said)
        return said

    async def fill(
        self, user: str, title: str, values: Mapping[str, Any], *, shows: str | None = None
    ) -> None:
        """See `Hands`."""
        assert await self._send(user, title, values) == {}
        if shows is None:
            await expect(self.window.modal).to_have_count(0)
        else:
            await expect(self.window.modal.locator("#modal-title")).to_have_text(shows)
            await self.leave(user)

    async def mistake(self, user: str, title: str, values: Mapping[str, Any]) -> str:
        """See `Hands`."""
        [told] = (await self._send(user, title, values)).values()
        await expect(self.window.modal.locator(".b-input.wrong .error")).to_contain_text(told)
        return str(told)

    async def pick(self, user: str, row: str, words: str) -> None:
        """See `Hands`."""
        view = self._slack.people.top_view(user)
        await self._be(user)
        assert await self._use(self.window.modal, find(view.blocks, user, words, row)) is None

    async def back(self, user: str) -> None:
        """See `Hands`."""
        await self._be(user)
        above = self.window.modal.locator(f"#view-{self._slack.people.top_view(user).id}")
        await above.locator("[data-do=back]").click()
        await expect(above).to_have_count(0)

    async def leave(self, user: str) -> None:
        """See `Hands`."""
        await self._be(user)
        top = self.window.modal.locator(f"#view-{self._slack.people.top_view(user).id}")
        await top.locator(".close").click()
        await expect(self.window.modal).to_have_count(0)

    async def say(self, user: str, card: Message, words: str) -> None:
        """See `Hands`."""
        await self._be(user, card.channel, card.ts)
        await self._write("#composer-in-thread", words)

    async def command(self, user: str, words: str) -> None:
        """See `Hands`."""
        await self._be(user, HERE)
        await self._write("#composer", words)

    async def home(self, user: str) -> None:
        """See `Hands`."""
        await self._be(user, "home")

    async def click_home(self, user: str, row: str, words: str) -> None:
        """See `Hands`."""
        await self._be(user, "home")
        home = self._slack.home(user)
        assert home is not None
        target = find(home.blocks, user, words, row)
        assert await self._use(self.window.page.locator("#main .home"), target) is None

    async def moment(
        self, name: str, user: str, message: Message | None = None, *, thread: bool = False, modal: str = ""
    ) -> None:
        """A picture at a desk and one on a phone; on neither does anything stand beside the page."""
        page = await self._be(
            user, message.channel if message else None, message.ts if message and thread else None
        )
        if "at=home" in page.url:
            # It is drawn a moment after it is published.
            await expect(page.locator("#main .home .b-header").first).to_be_visible()
        if modal:
            await expect(self.window.modal.locator("#modal-title")).to_have_text(modal)
        self.seen.append(name)
        for width, size in (("desk", DESK), ("phone", PHONE)):
            await page.set_viewport_size(size)
            if message is not None and not (thread and size is PHONE):
                await self._message(message).scroll_into_view_if_needed()
            path = self._folder / f"{len(self.seen):02}-{name}-{width}.png"
            await page.screenshot(path=path, animations="disabled")
            beside = await page.evaluate("document.scrollingElement.scrollWidth - window.innerWidth")
            assert beside <= 0, (name, width, beside)
        await page.set_viewport_size(DESK)

    async def _be(self, user: str, at: str | None = None, thread: str | None = None) -> Any:
        """Sit down before the page as somebody, at a place; without one, wherever it stands."""
        if self._window is None:
            self._window = await Window.open(self._browser, self._slack, user)
            self._window.page.set_default_timeout(10_000)
        window = self._window
        if window.user == user and at is None:
            return window.page
        wanted = f"{self._slack.url}/?as={user}&at={at or HERE}{f'&thread={thread}' if thread else ''}"
        if window.page.url != wanted:
            await window.page.goto(wanted)
        window.user = user
        return window.page

    def _message(self, message: Message) -> Locator:
        return self.window.page.locator(f'[id="m-{message.ts}"]')

    async def _click(self, user: str, message: Message, words: str, row: str | None) -> str | None:
        await self._be(user, message.channel)
        return await self._use(self._message(message), find(message.all_blocks(), user, words, row))

    async def _use(self, place: Locator, target: Clickable) -> str | None:
        """Click or choose it; what Slack's client says went wrong."""
        block, element = json.dumps(target.block["block_id"]), target.element
        named = f"[data-block={block}][data-action={json.dumps(element['action_id'])}]"
        at = place.locator(named).first

        async def using() -> None:
            if element["type"] == "overflow":
                await (
                    place.locator("details.menu", has=self.window.page.locator(named))
                    .locator("summary")
                    .click()
                )
                await place.get_by_role("menuitem", name=target.words, exact=True).click()
            elif target.option is not None:
                await at.select_option(value=target.option["value"])
            else:
                await expect(at).to_have_text(target.words)
                await at.click()
            if element.get("confirm"):
                await self.window.page.locator("dialog#confirm[open] [data-answer=yes]").click()

        return (await self._answer_to("click", using)).get("error")

    async def _send(self, user: str, title: str, values: Mapping[str, Any]) -> dict[str, str]:
        """Fill in and send the modal; what stands at its fields then."""
        await form_of(self._slack, user, title)
        await self._be(user)
        modal = self.window.modal
        await expect(modal.locator("#modal-title")).to_have_text(title)
        for label, value in values.items():
            labelled = self.window.page.locator(".b-label", has_text=re.compile(rf"^\s*{re.escape(label)}"))
            field = modal.locator(".b-input", has=labelled).locator("[data-key]").first
            if isinstance(value, datetime):
                zone = ZoneInfo(self._slack.workspace.users[user].timezone)
                await field.fill(f"{value.astimezone(zone):%Y-%m-%dT%H:%M}")
            elif await field.evaluate("field => field.nodeName") == "SELECT":
                await field.select_option(label=value)
            else:
                await field.fill(value)
        told = await self._answer_to("submit", modal.locator("footer [type=submit]").click)
        assert told.get("error") is None, told
        return dict(told.get("errors") or {})

    async def _write(self, box: str, words: str) -> None:
        await self.window.page.locator(box).fill(words)
        told = await self._answer_to("send", lambda: self.window.page.locator(box).press("Enter"))
        assert told.get("error") is None, told

    async def _answer_to(self, what: str, doing: Callable[[], Awaitable[None]]) -> dict[str, Any]:
        async with self.window.page.expect_response(f"**/page/do/{what}") as answered:
            await doing()
        told: dict[str, Any] = await (await answered.value).json()
        return told

"""A headless Chromium before the stand-in's page, and people in front of it."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from playwright.async_api import Browser, Locator, Page, Request, ViewportSize, async_playwright

from sandbox.server import SlackStandIn

#: How a distribution calls it.
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
#: Nothing but the page itself may go to the network.
QUIETLY = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *(
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--force-color-profile=srgb",
    ),
)
DESK: ViewportSize = {"width": 1200, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """The Chromium of this machine. Raises LookupError where there is none."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        raise LookupError("there is no Chromium here (Debian, Ubuntu: apt install chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(QUIETLY))
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Window:
    """One person's browser, with the page open."""

    page: Page
    user: str
    url: str
    #: The address of every request that the browser made.
    asked: list[str] = field(default_factory=list)
    #: What went wrong in the page's script, or was refused by its policy.
    complaints: list[str] = field(default_factory=list)

    @classmethod
    async def open(
        cls,
        browser: Browser,
        slack: SlackStandIn,
        user: str,
        *,
        at: str = "C0APPROVALS",
        size: ViewportSize = DESK,
        scheme: Literal["light", "dark"] = "light",
        more: str = "",
        **context: Any,
    ) -> Self:
        """Look at a channel as somebody."""
        theirs = await browser.new_context(viewport=size, color_scheme=scheme, **context)
        window = cls(await theirs.new_page(), user, slack.url)
        theirs.on("request", window._noted)
        window.page.on("pageerror", lambda error: window.complaints.append(str(error)))
        window.page.on(
            "console", lambda said: window.complaints.append(said.text) if said.type == "error" else None
        )
        await window.page.goto(f"{slack.url}/?as={user}&at={at}{more}")
        return window

    def _noted(self, request: Request) -> None:
        self.asked.append(request.url)

    def card(self, words: str) -> Locator:
        """The message with these words."""
        return self.page.locator("#main article.message", has_text=words)

    def button(self, words: str, within: Locator | None = None) -> Locator:
        """A button by the words on it."""
        place = within or self.page.locator("#main")
        return place.get_by_role("button", name=words).first

    @property
    def modal(self) -> Locator:
        """The modal that is open."""
        return self.page.locator("dialog#modal[open]")

    def field(self, label: str) -> Locator:
        """A field of the modal by its label."""
        return self.modal.get_by_label(label).first

    async def press(self, words: str) -> None:
        """Press a button of the modal."""
        await self.modal.locator("footer").get_by_role("button", name=words, exact=True).click()

"""`make pictures`: what the README shows, from the gallery and a running desk, into docs/pictures."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from bot.gallery.hall import hall
from bot.gallery.hanging import hung
from bot.gallery.life import Place, Scene
from sandbox.page.gallery import Gallery
from sandbox.server import SlackStandIn
from store.migrate import upgrade
from tests.browser.browsing import PHONE, Window, chromium
from tests.harness.desk import RunningDesk, running_desk

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
POLICY = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  directors: {users: [U0ALICE, U0BOB]}
risk: {levels: {medium: [issue_refund]}}
rules:
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: directors
    title: "Refund {{ payload.amount }} {{ payload.currency }} to {{ payload.customer }}"
    steps: [{after: 4h, do: expire}]
default: {gate: hard, ask: directors, steps: [{after: 4h, do: expire}]}
"""
REFUND: dict[str, Any] = {"amount": 80, "currency": "EUR", "customer": "Umbrella Ltd", "order": "8822"}
STORY = "refund_with_an_edit"
#: A card's own width and no more: a README shows it at two thirds of its size.
CARD: ViewportSize = {"width": 720, "height": 760}
#: A picture that weighs more does not belong into a repository.
MOST_BYTES = 300_000


async def take_gallery(browser: Browser, gallery: Gallery) -> None:
    """A card as it is asked and as it ends, a modal that refuses what was typed, and the wall."""
    open_, refused, decided = (
        _scene(lambda scene: scene.place is Place.CARD),
        _scene(_is_refused),
        _scene(_is_over),
    )
    for name, look, number, size in (
        ("card", "light", open_, CARD),
        ("card-dark", "dark", open_, CARD),
        ("phone", "light", open_, PHONE),
        ("decided", "light", decided, CARD),
        ("modal-error", "light", refused, CARD),
    ):
        page = await _page(browser, f"{gallery.url}/story/{STORY}?look={look}", size)
        scene = page.locator(f"#scene-{number}")
        await _save(page, name, scene.locator("article, .hung").first)
    wall = await _page(
        browser, f"{gallery.url}/?story={STORY}&width=phone", {"width": 1150, "height": 800}, scale=1
    )
    await expect(wall.frame_locator("iframe").last.locator(".scene").first).to_be_visible()
    await _save(wall, "gallery")


def _scene(wanted: Callable[[Scene], bool]) -> int:
    """The number of the first scene that is like this, from 1."""
    [story] = [story for story in hall() if story.name == STORY]
    return next(number for number, scene in enumerate(story.scenes, 1) if wanted(scene))


def _is_refused(scene: Scene) -> bool:
    return bool(scene.errors)


def _is_over(scene: Scene) -> bool:
    return scene.place is Place.CARD and "Approved with changes" in scene.content["text"]


async def _page(browser: Browser, url: str, size: ViewportSize, *, scale: float = 2) -> Page:
    page = await (await browser.new_context(viewport=size, device_scale_factor=scale)).new_page()
    await page.goto(url)
    return page


async def take_outage(browser: Browser, slack: SlackStandIn, bot: RunningDesk) -> None:
    """Slack is down, and somebody decides all the same."""
    alice = await Window.open(
        browser,
        slack,
        "U0ALICE",
        more="&panel=wire",
        size={"width": 1280, "height": 780},
        device_scale_factor=1.25,
    )
    case = await bot.ask(payload=REFUND)
    await bot.card(case.id)
    await alice.page.locator("#switch-down").click()
    await expect(alice.page.locator(".outage")).to_be_visible()
    await alice.button("Approve").click()
    await bot.decided(case.id)
    await expect(alice.page.locator("#aside .bad").first).to_be_visible()
    await _save(alice.page, "outage")
    await alice.button("Make it work again", alice.page.locator("#banner")).click()
    await expect(alice.page.locator(".outage")).to_have_count(0)


async def _save(page: Page, name: str, only: Locator | None = None) -> None:
    """The window, or a part of it."""
    await page.mouse.move(0, 0)
    await page.evaluate("document.fonts.ready")
    path = FOLDER / f"{name}.png"
    await (only or page).screenshot(path=path, animations="disabled")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path} has {path.stat().st_size} bytes, more than {MOST_BYTES}")
    sys.stdout.write(f"{path}\n")


async def main() -> None:
    """Set the stage, take the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    async with chromium() as browser, Gallery(hung()) as gallery:
        await take_gallery(browser, gallery)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/hitl.db"
        await upgrade(url)
        async with (
            chromium() as browser,
            SlackStandIn() as slack,
            running_desk(url, slack, POLICY) as bot,
        ):
            await take_outage(browser, slack, bot)


if __name__ == "__main__":
    asyncio.run(main())

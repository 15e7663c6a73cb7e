"""Every card, modal and message in a real browser: light and dark, at a desk and on a phone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from bot.gallery.hall import hall
from bot.gallery.hanging import hung
from sandbox.page.gallery import LOOKS, Gallery
from tests.browser.browsing import DESK, PHONE

pytestmark = pytest.mark.browser

#: Of each look the colour behind everything, as sandbox/page/static/page.css has it.
PAPER = {"light": "rgb(255, 255, 255)", "dark": "rgb(26, 29, 33)"}


@pytest.fixture
async def gallery() -> AsyncIterator[Gallery]:
    """All stories hang."""
    async with Gallery(hung()) as shown:
        yield shown


async def opened(browser: Browser, size: ViewportSize, complaints: list[str]) -> Page:
    """A window that notes what goes wrong in it."""
    page = await (await browser.new_context(viewport=size)).new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    return page


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("look", LOOKS)
async def test_every_story_fits_its_screen(
    browser: Browser, gallery: Gallery, look: str, size: ViewportSize
) -> None:
    """Nothing is wider than the screen, nothing is drawn as unknown, and the look is the one asked for."""
    complaints: list[str] = []
    page = await opened(browser, size, complaints)
    for story in hall():
        await page.goto(f"{gallery.url}/story/{story.name}?look={look}")
        assert await page.locator(".scene").count() == len(story.scenes)
        assert await page.locator(".not-drawn").count() == 0
        wide = await page.evaluate("document.documentElement.scrollWidth")
        assert wide <= size["width"], story.name
        colour = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert colour == PAPER[look]
    assert complaints == []


async def test_the_wall_leads_to_every_story(browser: Browser, gallery: Gallery) -> None:
    """A click on a story fills the frames with it, and one on a look leaves those of that look."""
    complaints: list[str] = []
    page = await opened(browser, {"width": 1700, "height": 900}, complaints)
    await page.goto(gallery.url)
    await expect(page.locator("iframe")).to_have_count(4)
    await page.get_by_role("link", name=hall()[-1].title).click()
    await expect(page.get_by_role("heading", name=hall()[-1].title)).to_be_visible()
    await page.get_by_role("link", name="Dark", exact=True).click()
    await expect(page.locator("iframe")).to_have_count(2)
    inside = page.frame_locator("iframe").first
    await expect(inside.locator(".scene").first).to_be_visible()
    assert complaints == []


async def test_a_screen_reader_tells_buttons_apart(browser: Browser, gallery: Gallery) -> None:
    """Each button of a card is found by its words and what they are about."""
    page = await opened(browser, DESK, [])
    await page.goto(f"{gallery.url}/story/refund_with_an_edit")
    card = page.locator("#scene-1")
    for words in ("Approve", "Edit", "Reject"):
        named = card.get_by_role("button", name=f"{words}: Refund 750 EUR to ACME GmbH", exact=True)
        await expect(named).to_have_text(words)

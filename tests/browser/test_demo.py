"""`hitl demo` in a browser: what Alice does to cards, and what the agents' worlds make of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.browser.browsing import DESK
from tests.stories.test_demo_live import showing

pytestmark = pytest.mark.browser


async def test_what_alice_decides_happens_beside_the_channel(browser: Browser, tmp_path: Path) -> None:
    """Her 500 is paid and not the 750; what she rejects is not paid; a lever brings the next complaint."""
    async with showing(tmp_path, "--port", "0") as shown:
        page = await browser.new_page(viewport=DESK)
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        await page.goto(shown.url)
        modal, ledger = page.locator("dialog#modal[open]"), page.locator("#world-refund-agent")
        await expect(page.locator("#main")).to_contain_text("Welcome. You are Alice")
        await expect(ledger).to_contain_text("Nothing was paid yet.")

        refund = page.locator("#main article.message", has_text="to ACME GmbH")
        await refund.get_by_role("button", name="Edit").click()
        await modal.get_by_label("Amount").first.fill("1500")
        await modal.locator("footer").get_by_role("button", name="Approve with changes").click()
        await expect(modal.locator(".error")).to_contain_text("at most")
        await modal.get_by_label("Amount").first.fill("500")
        await modal.get_by_label("Why?").first.fill("Goodwill ends at 500.")
        await modal.locator("footer").get_by_role("button", name="Approve with changes").click()
        await expect(ledger.locator("dl > div.new")).to_contain_text("500 EUR to ACME GmbH")
        await expect(refund).to_contain_text("Paid 500 EUR to ACME GmbH (tx 5521)")

        await ledger.get_by_role("button", name="A customer complains").click()
        cups = page.locator("#main article.message", has_text="to Bluebird Coffee")
        await cups.get_by_role("button", name="Reject").click()
        await modal.get_by_label("Why?").first.fill("Cups do crack.")
        await modal.locator("footer").get_by_role("button", name="Reject").click()
        await expect(ledger.locator("dl > div.bad")).to_contain_text("not paid")
        await expect(ledger.locator("dl > div")).to_have_count(2)

        await page.locator("#open-wire").click()
        await expect(page.locator("#aside .entry.callback")).to_have_count(2)
        assert [url for url in asked if not url.startswith(shown.url)] == []

"""`make pictures`: what the README shows, taken from the running page into docs/pictures."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Locator, ViewportSize, expect

from approvals.model import Consequences
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
risk:
  levels: {medium: [issue_refund]}
  raise: [{when: "payload.amount > 500", to: high}]
rules:
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: directors
    title: "Refund {{ payload.amount }} {{ payload.currency }} to {{ payload.customer }}"
    guidance: "FIN-7: above 500 only with the customer's receipt."
    summary: [payload.amount, payload.customer, payload.reason]
    form: {amount: {type: number, maximum: 1000}, reason: {enum: [return, goodwill, error]}}
    valid_for: 1h
    steps: [{after: 4h, do: expire}]
default: {gate: hard, ask: directors, steps: [{after: 4h, do: expire}]}
"""
REFUND: dict[str, Any] = {
    "payload": {
        "amount": 750,
        "currency": "EUR",
        "customer": "ACME GmbH",
        "reason": "goodwill",
        "order": "8821",
    },
    "reasoning": "Arrived broken, photo attached. Customer for three years, first refund.",
    "effects": Consequences(
        "The refund is paid at once.",
        "The customer hears from a person.",
        "A reversal is possible within 24 hours.",
    ),
}
TITLE = "Refund 750 EUR to ACME GmbH"
#: Wide enough for the sidebar and a card, and no wider: a README shows it at half its size.
SMALL_DESK: ViewportSize = {"width": 900, "height": 760}
#: Tall enough for a whole card.
LONG_PHONE: ViewportSize = {"width": PHONE["width"], "height": 910}
#: A picture that weighs more does not belong into a repository.
MOST_BYTES = 300_000


async def take(browser: Browser, slack: SlackStandIn, bot: RunningDesk) -> None:
    """All pictures, in the order in which things happen."""
    case = await bot.ask(**_refund())
    await bot.card(case.id)
    alice = await Window.open(browser, slack, "U0ALICE", size=SMALL_DESK, device_scale_factor=2)
    await expect(alice.card(TITLE)).to_be_visible()
    await _shoot(alice, "card")
    phone = await Window.open(browser, slack, "U0BOB", size=LONG_PHONE, device_scale_factor=2, is_mobile=True)
    await phone.card(TITLE).evaluate("card => card.scrollIntoView()")
    await _shoot(phone, "phone")
    dark = await Window.open(browser, slack, "U0BOB", scheme="dark", size=SMALL_DESK, device_scale_factor=1.5)
    await _shoot(dark, "card-dark")

    await alice.button("Edit").click()
    await expect(alice.modal).to_contain_text("Amount")
    await alice.field("Amount").fill("1500")
    await alice.press("Approve with changes")
    await expect(alice.modal.locator(".error")).to_be_visible()
    await _shoot(alice, "modal-error", alice.modal)
    await alice.field("Amount").fill("500")
    await alice.modal.get_by_label("Why?").fill("The receipt covers 500.")
    await alice.press("Approve with changes")
    await bot.decided(case.id)
    await expect(alice.card("Approved with changes")).to_be_visible()
    await _shoot(alice, "decided", alice.card("Approved with changes"))
    await _shoot_outage(browser, slack, bot)


async def _shoot_outage(browser: Browser, slack: SlackStandIn, bot: RunningDesk) -> None:
    alice = await Window.open(
        browser,
        slack,
        "U0ALICE",
        more="&panel=wire",
        size={"width": 1280, "height": 780},
        device_scale_factor=1.25,
    )
    case = await bot.ask(**_refund(amount=80, customer="Umbrella Ltd", order="8822"))
    await bot.card(case.id)
    await alice.page.locator("#switch-down").click()
    await expect(alice.page.locator(".outage")).to_be_visible()
    await alice.button("Approve").click()
    await bot.decided(case.id)
    await expect(alice.page.locator("#aside .bad").first).to_be_visible()
    await _shoot(alice, "outage")
    await alice.button("Make it work again", alice.page.locator("#banner")).click()
    await expect(alice.page.locator(".outage")).to_have_count(0)


def _refund(**changed: Any) -> dict[str, Any]:
    return {**REFUND, "payload": {**REFUND["payload"], **changed}}


async def _shoot(window: Window, name: str, only: Locator | None = None) -> None:
    """The window, or a part of it."""
    await window.page.mouse.move(0, 0)
    await window.page.evaluate("document.fonts.ready")
    path = FOLDER / f"{name}.png"
    await (only or window.page).screenshot(path=path, animations="disabled")
    if path.stat().st_size > MOST_BYTES:
        raise ValueError(f"{path} has {path.stat().st_size} bytes, more than {MOST_BYTES}")
    sys.stdout.write(f"{path}\n")


async def main() -> None:
    """Set the stage, take the pictures."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite+aiosqlite:///{folder}/hitl.db"
        await upgrade(url)
        async with (
            chromium() as browser,
            SlackStandIn() as slack,
            running_desk(url, slack, POLICY) as bot,
        ):
            await take(browser, slack, bot)


if __name__ == "__main__":
    asyncio.run(main())

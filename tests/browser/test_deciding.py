"""The main job through the page: what people see, click and type, and what becomes of it."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from approvals.words import Status
from sandbox.server import SlackStandIn
from tests.browser.browsing import PHONE
from tests.browser.conftest import Opens
from tests.harness.desk import RunningDesk

pytestmark = pytest.mark.browser

TITLE = "Refund 750 EUR to ACME GmbH"


async def test_a_card_appears_and_is_approved(bot: RunningDesk, slack: SlackStandIn, opens: Opens) -> None:
    """A card comes up by itself; a click on Approve is one signed payload, and the card says who approved."""
    alice = await opens("U0ALICE")
    case = await bot.ask()
    await alice.button("Approve", alice.card(TITLE)).click()
    assert (await bot.decided(case.id)).status is Status.APPROVED
    await expect(alice.card(TITLE)).to_contain_text("Approved by @Alice Adler")
    await expect(alice.card(TITLE).get_by_role("button", name="Approve")).to_have_count(0)
    (delivery,) = slack.deliveries()
    assert (delivery.payload["type"], delivery.payload["user"]["id"]) == ("block_actions", "U0ALICE")


async def test_an_edit_with_a_mistake_and_then_right(bot: RunningDesk, opens: Opens) -> None:
    """A wrong amount is told at its field and stays there to be mended; the right one is what is approved."""
    case = await bot.ask()
    alice = await opens("U0ALICE")
    await alice.button("Edit", alice.card(TITLE)).click()
    await alice.modal.get_by_label("Why?").fill("The receipt covers 500.")
    await alice.field("Amount").fill("9000")
    await alice.press("Approve with changes")
    await expect(alice.modal.locator(".b-input.wrong")).to_contain_text("5000")
    await expect(alice.field("Amount")).to_be_focused()
    await expect(alice.field("Amount")).to_have_value("9000")
    await expect(alice.modal.get_by_label("Why?")).to_have_value("The receipt covers 500.")
    await alice.field("Amount").fill("500")
    await alice.field("Amount").press("Enter")
    decided = await bot.decided(case.id)
    assert (decided.status, decided.payload["amount"]) == (Status.MODIFIED, 500)
    await expect(alice.modal).to_have_count(0)
    card = alice.card("Refund 500 EUR to ACME GmbH")
    await expect(card).to_contain_text("750 → 500")
    await expect(card).to_contain_text("The receipt covers 500.")


async def test_a_reject_with_a_reason(bot: RunningDesk, opens: Opens) -> None:
    """The reason is asked for, missed where it is missing, and stands on the card afterwards."""
    case = await bot.ask()
    bob = await opens("U0BOB")
    await bob.button("Reject", bob.card(TITLE)).click()
    await bob.press("Reject")
    await expect(bob.modal).to_contain_text("Please complete this required field.")
    await bob.field("Why?").fill("No receipt.")
    await bob.press("Reject")
    assert (await bot.decided(case.id)).status is Status.REJECTED
    await expect(bob.modal).to_have_count(0)
    await expect(bob.card(TITLE)).to_contain_text("No receipt.")


async def test_two_people_two_windows_one_decision(bot: RunningDesk, opens: Opens) -> None:
    """Both approve what needs two; each sees the other's vote without a reload, and it is decided once."""
    case = await bot.ask("pair_payment")
    alice, bob = await opens("U0ALICE"), await opens("U0BOB")
    await alice.button("Approve").click()
    await expect(bob.page.locator("#main")).to_contain_text("1 of 2 approvals")
    await bob.button("Approve").click()
    assert (await bot.decided(case.id)).status is Status.APPROVED
    for window in (alice, bob):
        await expect(window.page.locator("#main")).to_contain_text("@Alice Adler and @Bob Brandt")
    assert (await bot.story(case.id)).count("request.decided") == 1


async def test_a_card_that_changes_under_ones_eyes(bot: RunningDesk, opens: Opens) -> None:
    """While Bob types, Alice decides: his modal and words stay, and his submit is answered, not obeyed."""
    case = await bot.ask()
    alice, bob = await opens("U0ALICE"), await opens("U0BOB")
    await bob.button("Edit", bob.card(TITLE)).click()
    await bob.field("Amount").fill("400")
    await alice.button("Approve", alice.card(TITLE)).click()
    await bot.decided(case.id)
    await expect(bob.card(TITLE)).to_contain_text("Approved by")
    await expect(bob.field("Amount")).to_have_value("400")
    await expect(bob.field("Amount")).to_be_focused()
    await bob.press("Approve with changes")
    await expect(bob.field("Amount")).to_have_count(0)
    await expect(bob.modal).to_contain_text("Too late: it was approved by")
    kept = await bot.case(case.id)
    assert (kept.status, kept.payload["amount"]) == (Status.APPROVED, 750)


async def test_somebody_who_is_not_asked_is_told_so_alone(bot: RunningDesk, opens: Opens) -> None:
    """Carol's click decides nothing; what the bot answers is in her window only."""
    case = await bot.ask()
    carol, alice = await opens("U0CAROL"), await opens("U0ALICE")
    await carol.button("Approve", carol.card(TITLE)).click()
    await expect(carol.page.locator(".whisper")).to_contain_text("Only visible to you")
    await expect(alice.page.locator(".whisper")).to_have_count(0)
    assert (await bot.case(case.id)).status is Status.PENDING


async def test_it_is_approved_with_the_keyboard_alone(bot: RunningDesk, opens: Opens) -> None:
    """Tab leads to the card's Approve, and Enter presses it; Escape closes a modal and a menu."""
    case = await bot.ask()
    alice = await opens("U0ALICE")
    await expect(alice.card(TITLE)).to_be_visible()
    spoken = "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
    await _tab_to(alice.page, spoken, "More actions")
    await alice.page.keyboard.press("Enter")
    await alice.page.keyboard.press("ArrowDown")
    await alice.page.keyboard.press("Enter")
    await expect(alice.modal).to_contain_text("issue_refund")
    await alice.page.keyboard.press("Escape")
    await expect(alice.modal).to_have_count(0)
    await alice.page.evaluate("document.activeElement.blur()")
    await _tab_to(alice.page, spoken, "Approve")
    await alice.page.keyboard.press("Enter")
    assert (await bot.decided(case.id)).status is Status.APPROVED


async def _tab_to(page: Page, spoken: str, words: str) -> None:
    for _ in range(60):
        await page.keyboard.press("Tab")
        if str(await page.evaluate(spoken)).startswith(words):
            return
    raise AssertionError(f"no Tab leads to {words!r}")


async def test_a_phone_shows_it_without_scrolling_sideways(bot: RunningDesk, opens: Opens) -> None:
    """At phone width the channel, the edit modal and the sidebar fit, and it is decided there."""
    case = await bot.ask(payload={"amount": 750, "currency": "EUR", "customer": "A" * 120})
    bob = await opens("U0BOB", size=PHONE, is_mobile=True, has_touch=True)
    await bob.button("Edit").tap()
    await expect(bob.modal).to_be_visible()
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await bob.page.evaluate(wide) == 0
    assert await bob.modal.evaluate("modal => modal.scrollWidth - modal.clientWidth") == 0
    await bob.press("Cancel")
    await bob.page.locator("#burger").tap()
    await expect(bob.page.locator("#place-C0REFUNDS")).to_be_in_viewport()
    await bob.page.locator("#place-C0APPROVALS").tap()
    await bob.button("Approve").tap()
    assert (await bot.decided(case.id)).status is Status.APPROVED
    assert await bob.page.evaluate(wide) == 0

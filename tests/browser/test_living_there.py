"""Around the cards: channels, threads, commands, other people's eyes, and Slack on a bad day."""

from __future__ import annotations

import pytest
from playwright.async_api import expect
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from approvals.words import Status
from sandbox.beside import Callback, Row, World
from sandbox.delivery import COMMAND
from sandbox.server import SlackStandIn
from tests.browser.conftest import Opens
from tests.harness.desk import RunningDesk

pytestmark = pytest.mark.browser


@pytest.fixture
def client(slack: SlackStandIn) -> AsyncWebClient:
    """The app's own voice."""
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


async def test_an_outage_is_switched_on_and_survived(bot: RunningDesk, opens: Opens) -> None:
    """While Slack is down a click still decides; when it works again the card catches up by itself."""
    case = await bot.ask()
    await bot.card(case.id)
    alice = await opens("U0ALICE", more="&panel=wire")
    await alice.page.locator("#switch-down").click()
    await expect(alice.page.locator("#banner")).to_contain_text("Slack is down")
    await alice.button("Approve").click()
    assert (await bot.decided(case.id)).status is Status.APPROVED
    await expect(alice.page.locator("#aside .entry.bad").first).to_contain_text("503")
    await expect(alice.button("Approve")).to_be_visible()
    await alice.page.get_by_role("button", name="Make it work again").click()
    await expect(alice.page.locator("#banner .outage")).to_have_count(0)
    await expect(alice.page.locator("#main")).to_contain_text("Approved by @Alice Adler", timeout=20_000)


async def test_what_slack_would_refuse_is_shown_in_red(
    slack: SlackStandIn, client: AsyncWebClient, opens: Opens
) -> None:
    """A header that is too long stands in the channel as a refusal, with the rule and where it is broken."""
    alice = await opens("U0ALICE")
    too_long = {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}
    with pytest.raises(SlackApiError):
        await client.chat_postMessage(channel="C0APPROVALS", text="A card", blocks=[too_long])
    refused = alice.page.locator("#main .refused")
    await expect(refused).to_contain_text(
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]"
    )
    await expect(refused).to_contain_text("invalid_blocks")


async def test_unread_channels_are_marked_for_those_who_have_not_looked(
    slack: SlackStandIn, opens: Opens
) -> None:
    """A message elsewhere makes its channel bold, a mention is counted, and looking takes the mark away."""
    alice = await opens("U0ALICE")
    slack.say("U0BOB", "C0OPS", "Anybody?")
    place = alice.page.locator("#place-C0OPS")
    await expect(place).to_have_class("place unread")
    slack.say("U0BOB", "C0OPS", "<@U0ALICE>, you?")
    await expect(place.locator(".badge")).to_have_text("1")
    await place.click()
    await expect(alice.page.locator("#main")).to_contain_text("@Alice Adler, you?")
    await expect(place).to_have_class("place")


async def test_a_message_a_reply_and_a_command_are_sent_as_slack_sends_them(
    bot: RunningDesk, slack: SlackStandIn, opens: Opens
) -> None:
    """The composer escapes, makes mentions of names, replies in threads, and sends slash commands."""
    alice = await opens("U0ALICE")
    box = alice.page.locator("#composer")
    await box.fill("@bob is 5 < 6 in #refunds?")
    await box.press("Enter")
    said = await slack.message_in("C0APPROVALS", "is 5")
    assert said.text == "<@U0BOB> is 5 &lt; 6 in <#C0REFUNDS>?"
    await expect(alice.card("is 5")).to_contain_text("@Bob Brandt is 5 < 6 in #refunds?")
    await alice.card("is 5").hover()
    await alice.card("is 5").locator(".reply").click()
    await alice.page.locator("#composer-in-thread").fill("Yes.")
    await alice.page.locator("#composer-in-thread").press("Enter")
    await expect(alice.page.locator("#aside")).to_contain_text("1 reply")
    assert [each.text for each in slack.thread("C0APPROVALS", said.ts)] == ["Yes."]
    await box.fill("/hitl help")
    await box.press("Enter")
    await expect(alice.page.locator(".whisper")).to_contain_text("Agents ask here")


async def test_names_and_commands_are_completed_and_a_mistyped_command_goes_nowhere(
    bot: RunningDesk, slack: SlackStandIn, opens: Opens
) -> None:
    """What is begun is offered and taken with Enter or a click; Slack itself refuses a command nobody has."""
    alice = await opens("U0ALICE")
    box, offered = alice.page.locator("#composer"), alice.page.locator("#suggested li")
    await box.press_sequentially("@bo")
    await expect(offered).to_have_text(["@bobBob Brandt"])
    await box.press("Enter")
    await expect(box).to_have_value("@bob ")
    await box.press_sequentially("see #ref")
    await offered.first.click()
    await expect(box).to_have_value("@bob see #refunds ")
    await box.press("Enter")
    assert (await slack.message_in("C0APPROVALS", "see")).text == "<@U0BOB> see <#C0REFUNDS>"
    await box.press_sequentially("/h")
    await expect(offered).to_contain_text(["/hitl"])
    await box.press("Escape")
    await expect(offered).to_have_count(0)
    await box.fill("/hilt queue")
    await box.press("Enter")
    await expect(alice.page.locator("#toasts")).to_contain_text("/hilt is not a valid command")
    assert [each for each in slack.deliveries() if each.kind == COMMAND] == []


async def test_a_channel_opens_where_one_left_off(slack: SlackStandIn, opens: Opens) -> None:
    """The first message that one has not seen is in sight, and a button leads to the latest."""
    for number in range(30):
        slack.say("U0BOB", "C0APPROVALS", f"Line {number}\n\n")
    alice = await opens("U0ALICE")
    await expect(alice.card("Line 0")).to_be_in_viewport()
    await alice.page.get_by_role("button", name="New messages").click()
    await expect(alice.card("Line 29")).to_be_in_viewport()
    await alice.page.locator("#place-C0OPS").click()
    await expect(alice.page.locator("h1")).to_have_text("#ops")
    for number in range(30, 60):
        slack.say("U0BOB", "C0APPROVALS", f"Line {number}\n\n")
    await expect(alice.page.locator("#place-C0APPROVALS")).to_have_class("place unread")
    await alice.page.locator("#place-C0APPROVALS").click()
    await expect(alice.card("Line 30")).to_be_in_viewport()
    await expect(alice.card("Line 59")).not_to_be_in_viewport()


async def test_who_reads_further_up_is_told_of_news_and_led_there(slack: SlackStandIn, opens: Opens) -> None:
    """What comes does not move the page under a reader; one's own words and the button lead to the end."""
    for number in range(30):
        slack.say("U0BOB", "C0APPROVALS", f"Line {number}\n\n")
    await opens("U0ALICE")
    alice = await opens("U0ALICE")
    log, newer = alice.page.locator("#scroll-C0APPROVALS"), alice.page.locator("#main .newer button")
    await expect(alice.card("Line 29")).to_be_in_viewport()
    await expect(newer).to_be_hidden()
    await log.evaluate("log => { log.scrollTop = 0 }")
    slack.say("U0BOB", "C0APPROVALS", "Look here")
    await newer.click()
    await expect(alice.card("Look here")).to_be_in_viewport()
    await expect(newer).to_be_hidden()
    await log.evaluate("log => { log.scrollTop = 0 }")
    await alice.page.locator("#composer").fill("I come too")
    await alice.page.locator("#composer").press("Enter")
    await expect(alice.card("I come too")).to_be_in_viewport()
    await expect(newer).to_be_hidden()


async def test_a_message_of_markup_is_words_and_asks_nobody(
    slack: SlackStandIn, client: AsyncWebClient, opens: Opens
) -> None:
    """Tags are text, and a picture from elsewhere is named and not loaded."""
    alice = await opens("U0ALICE")
    slack.say("U0BOB", "C0APPROVALS", '<img src=x onerror="document.title=1"> &lt;script&gt;1&lt;/script&gt;')
    picture = {"type": "image", "image_url": "https://elsewhere.example/a.png", "alt_text": "A chart"}
    await client.chat_postMessage(channel="C0APPROVALS", text="A chart", blocks=[picture])
    await expect(alice.page.locator("#main")).to_contain_text("<script>1</script>")
    await expect(alice.page.get_by_role("img", name="A chart")).to_be_visible()
    assert await alice.page.locator("#main img, #main script").count() == 0


async def test_a_modal_above_a_modal_and_back(
    slack: SlackStandIn, client: AsyncWebClient, opens: Opens
) -> None:
    """The topmost of a stack is shown; Cancel leads back to the one below, with what was typed there."""

    def view(title: str, block_id: str) -> dict[str, object]:
        words = {"type": "plain_text", "text": title}
        field = {"type": "plain_text_input", "action_id": "words"}
        block = {"type": "input", "block_id": block_id, "label": words, "element": field}
        return {"type": "modal", "title": words, "submit": words, "blocks": [block]}

    alice = await opens("U0ALICE")
    trigger = slack.app.new_trigger("U0ALICE", 3)
    opened = await client.views_open(trigger_id=trigger, view=view("Below", "one"))
    await alice.field("Below").fill("kept?")
    above = slack.app.new_trigger("U0ALICE", 3, opened["view"]["id"])
    await client.views_push(trigger_id=above, view=view("Above", "two"))
    await expect(alice.modal).to_contain_text("2 of 3")
    await alice.press("Cancel")
    await expect(alice.field("Below")).to_be_visible()
    await alice.page.keyboard.press("Escape")
    await expect(alice.modal).to_have_count(0)
    assert slack.views("U0ALICE") == []


async def test_worlds_and_callbacks_are_shown_as_they_are_told(slack: SlackStandIn, opens: Opens) -> None:
    """Who runs the agents puts their worlds beside the channel, and callbacks onto the wire."""
    alice = await opens("U0ALICE")
    pulled: list[str] = []

    async def complain() -> None:
        pulled.append("complaint")

    slack.beside.put(World("refund-agent", "The ledger", levers={"A customer complains": complain}))
    await alice.page.get_by_role("button", name="A customer complains").click()
    slack.beside.put(World("refund-agent", "The ledger", rows=[Row("tx 5521", "500 EUR", "new")]))
    await expect(alice.page.locator("#world-refund-agent")).to_contain_text("500 EUR")
    assert pulled == ["complaint"]
    slack.beside.called_back(Callback("refund-agent", "request.decided", {"type": "request.decided"}))
    await alice.page.locator("#open-wire").click()
    await alice.page.locator("#aside .entry.callback summary").click()
    await expect(alice.page.locator("#aside .entry.callback pre")).to_contain_text('"request.decided"')

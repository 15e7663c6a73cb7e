"""Response URLs, by hand and through bolt's `respond`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from sandbox.server import SlackStandIn
from tests.sandbox.conftest import post, section


@pytest.fixture
async def card(slack: SlackStandIn, client: AsyncWebClient) -> str:
    """The ts of a card."""
    return await post(client, section("Refund"))


def about(slack: SlackStandIn, ts: str) -> AsyncWebhookClient:
    """Alice's response URL for a click on a card."""
    message = slack.workspace.message("C0APPROVALS", ts)
    return AsyncWebhookClient(slack.answers.new_url("C0APPROVALS", "U0ALICE", message), retry_handlers=[])


async def test_only_the_one_who_clicked_sees_it(slack: SlackStandIn, card: str) -> None:
    """An answer is ephemeral unless it says that it is for the channel."""
    url = about(slack, card)
    await url.send(text="only you")
    await url.send(text="everybody", response_type="in_channel")
    assert [each.text for each in slack.ephemerals("U0ALICE")] == ["only you"]
    assert [each.text for each in slack.messages("C0APPROVALS")] == ["A card", "everybody"]


async def test_original_replaced_and_deleted(slack: SlackStandIn, card: str) -> None:
    """An answer can stand in the place of the message that was clicked, and can take it away."""
    url = about(slack, card)
    await url.send(text="decided", replace_original=True)
    assert [each.text for each in slack.messages("C0APPROVALS")] == ["decided"]
    await url.send(delete_original=True)
    assert slack.messages("C0APPROVALS") == []


async def test_five_times(slack: SlackStandIn, card: str) -> None:
    """The sixth answer is refused, and so is every one after half an hour."""
    url = about(slack, card)
    answers = [await url.send(text=str(number)) for number in range(6)]
    assert [each.status_code for each in answers] == [200] * 5 + [404]
    assert answers[5].body == "used_url"
    slack.site.times = replace(slack.site.times, response_url=-1)
    late = await about(slack, card).send(text="late")
    assert (late.status_code, late.body) == (404, "expired_url")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"text": "x", "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
        ({}, "no_text"),
        ([], "invalid_payload"),
    ],
)
async def test_refused_answers(slack: SlackStandIn, card: str, body: Any, code: str) -> None:
    """What Slack would not show is refused by its code, and does not use the URL up."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(about(slack, card).url, json=body) as response,
    ):
        assert (response.status, await response.text()) == (400, code)
    assert slack.ephemerals("U0ALICE") == []

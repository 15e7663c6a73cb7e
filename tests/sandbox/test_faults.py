"""Slack at its worst, on demand."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.server import SlackStandIn


def posting(client: AsyncWebClient, channel: str = "C0OPS") -> Any:
    """A post, not sent yet."""
    return client.chat_postMessage(channel=channel, text="hello")


async def test_429_for_one_channel(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A channel can be rate limited so often while others go on, and nothing is posted meanwhile."""
    slack.faults.rate_limit("chat.postMessage", channel="C0OPS", retry_after=7, times=1)
    with pytest.raises(SlackApiError) as raised:
        await posting(client)
    assert raised.value.response.status_code == 429
    assert raised.value.response.headers["Retry-After"] == "7"
    await posting(client, "C0REFUNDS")
    assert slack.messages("C0OPS") == []
    await posting(client)
    assert len(slack.messages("C0OPS")) == 1


async def test_500_until_cleared(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A fault without a number of times holds until it is cleared."""
    slack.faults.status(503, "chat.*", times=None)
    for _ in range(3):
        with pytest.raises(SlackApiError) as raised:
            await posting(client)
        assert raised.value.response.status_code == 503
    await client.auth_test()
    slack.faults.clear()
    await posting(client)
    assert len(slack.messages("C0OPS")) == 1


async def test_the_answer_is_lost(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A call whose answer is lost has taken effect, and the client learns nothing."""
    slack.faults.lose_answer("chat.postMessage")
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await posting(client)
    assert len(slack.messages("C0OPS")) == 1
    call = slack.calls("chat.postMessage")[0]
    assert (call.fault, call.response) == ("lost", None)


async def test_the_connection_is_reset(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A call whose connection breaks before has taken no effect."""
    slack.faults.reset("chat.postMessage")
    with pytest.raises(aiohttp.ClientConnectionError):
        await posting(client)
    assert slack.messages("C0OPS") == []


async def test_held_until_released(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A call can be held, before or after its effect, for as long as a test wants."""
    held = slack.faults.hold("chat.postMessage", after_effect=True)
    call = asyncio.create_task(posting(client))
    await held.reached()
    assert len(slack.messages("C0OPS")) == 1
    assert not call.done()
    held.release()
    assert (await call)["ok"]


async def test_slow(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A slow call is answered after its seconds, and at once when the fault is cleared."""
    slack.faults.slow(0.02, "auth.test")
    await client.auth_test()
    took = slack.calls("auth.test")[0].took
    assert took is not None
    assert took >= 0.02
    slow = slack.faults.slow(60, "auth.test")
    call = asyncio.create_task(client.auth_test())
    await slow.reached()
    slack.faults.clear()
    async with asyncio.timeout(5):
        assert (await call)["ok"]


async def test_any_refusal_once(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Any of Slack's errors can be had once, with what belongs to it."""
    slack.faults.refuse("invalid_blocks", "chat.update", extra={"errors": ["must be shorter"]})
    posted = await posting(client)
    with pytest.raises(SlackApiError) as raised:
        await client.chat_update(channel="C0OPS", ts=posted["ts"], text="x")
    assert raised.value.response["errors"] == ["must be shorter"]
    await client.chat_update(channel="C0OPS", ts=posted["ts"], text="x")


def test_unknown_faults(slack: SlackStandIn) -> None:
    """A kind of fault there is none of is refused by name."""
    from sandbox.faults import Fault

    with pytest.raises(ValueError, match="no such fault: gremlins"):
        slack.faults.add(Fault("gremlins"))


async def test_reinstalled(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """After a reinstallation the old token is no more, and another bot user is in the same channels."""
    token = slack.reinstall()
    with pytest.raises(SlackApiError, match="invalid_auth"):
        await client.auth_test()
    renewed = AsyncWebClient(token, base_url=slack.api_url)
    assert (await renewed.auth_test())["user_id"] == "U0HITL2"
    assert (await posting(renewed))["ok"]


async def test_an_outage(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Nobody is reached while it does not listen; it comes back at the same address with what it had."""
    await posting(client)
    await slack.stop()
    with pytest.raises(aiohttp.ClientConnectorError):
        await posting(client)
    await slack.start()
    await posting(client)
    assert len(slack.messages("C0OPS")) == 2

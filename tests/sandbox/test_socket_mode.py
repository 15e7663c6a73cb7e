"""Socket Mode, held with bolt's own handler."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.people import TROUBLE
from sandbox.server import SlackStandIn
from tests.sandbox.conftest import actions, button, modal, post

Json = dict[str, Any]


@asynccontextmanager
async def connecting(slack: SlackStandIn, app: AsyncApp) -> AsyncIterator[None]:
    """Connect a bot by Socket Mode, and leave nothing running behind it."""
    base = AsyncWebClient(base_url=slack.api_url)
    handler = AsyncSocketModeHandler(app, slack.app_token, web_client=base, ping_interval=0.05)
    connection: Any = handler.client  # bolt's and the SDK's methods here have no types
    before = len(slack.sockets.open)
    try:
        await connection.connect()
        await slack.connected(before + 1)
        yield
    finally:
        await connection.close()


def new_bot(slack: SlackStandIn, client: AsyncWebClient) -> AsyncApp:
    """A bot with no listeners yet."""
    return AsyncApp(client=client, signing_secret=slack.signing_secret, process_before_response=True)


@pytest.fixture
async def connected(slack: SlackStandIn, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    """A bot that is connected."""
    app = new_bot(slack, client)
    async with connecting(slack, app):
        yield app


async def test_a_click_and_a_submission(
    slack: SlackStandIn, client: AsyncWebClient, connected: AsyncApp
) -> None:
    """Clicks, submissions with errors, and commands with an answer go through a connection both ways."""

    async def reject(ack: AsyncAck, body: Json) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        await ack()

    async def reason(ack: AsyncAck) -> None:
        await ack(response_action="errors", errors={"why": "Say more."})

    async def hitl(ack: AsyncAck, command: Json) -> None:
        await ack(f"you said {command['text']}")

    connected.action("reject")(reject)
    connected.view("modal")(reason)
    connected.command("/hitl")(hitl)
    ts = await post(client, actions(button("Reject", "reject")))
    assert (await slack.click("U0ALICE", "C0APPROVALS", ts, "Reject")).acknowledged
    assert (await slack.submit("U0ALICE", {"Reason": "no"})).errors == {"why": "Say more."}
    await slack.command("U0ALICE", "/hitl stats")
    assert (await slack.ephemeral_to("U0ALICE")).text == "you said stats"


async def test_events_in_envelopes(slack: SlackStandIn, connected: AsyncApp) -> None:
    """An event comes through a connection and is acknowledged there."""
    heard = asyncio.Event()

    async def mentioned(event: Json) -> None:
        heard.set()

    async def said(event: Json) -> None:
        pass  # acknowledged, so that it does not come again

    connected.event("app_mention")(mentioned)
    connected.event("message")(said)
    slack.mention("U0ALICE", "C0OPS", "help")
    await slack.courier.idle()
    assert heard.is_set()
    assert all(each.acknowledged for each in slack.deliveries())


@pytest.mark.parametrize("abruptly", [False, True])
async def test_reconnecting(slack: SlackStandIn, connected: AsyncApp, abruptly: bool) -> None:
    """After a polite end and after a break the client comes back, and clicks in between show an error."""
    if abruptly:
        slack.sockets.drop()
    else:
        await slack.sockets.disconnect()
    assert slack.sockets.open == []
    assert (await slack.command("U0ALICE", "/hitl")).error == '/hitl failed with the error "dispatch_failed"'
    await slack.connected()
    assert len(slack.sockets.open) == 1


async def test_several_connections(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Payloads go to any one of the connections, to each in its turn."""
    first, second = new_bot(slack, client), new_bot(slack, client)
    reached: list[str] = []

    async def by_first(ack: AsyncAck) -> None:
        reached.append("first")
        await ack()

    async def by_second(ack: AsyncAck) -> None:
        reached.append("second")
        await ack()

    first.command("/hitl")(by_first)
    second.command("/hitl")(by_second)
    async with connecting(slack, first), connecting(slack, second):
        for _ in range(4):
            assert (await slack.command("U0ALICE", "/hitl")).acknowledged
    assert sorted(reached) == ["first", "first", "second", "second"]


async def test_nobody_connected(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Without a connection a click shows an error, and only the app's token opens one."""
    ts = await post(client, actions(button("Approve", "approve")))
    assert (await slack.click("U0ALICE", "C0APPROVALS", ts, "Approve")).error == TROUBLE
    with pytest.raises(SlackApiError, match="not_allowed_token_type"):
        await client.apps_connections_open(app_token=slack.bot_token)

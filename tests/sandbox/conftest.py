"""A stand-in Slack in a hurry, a real client of Slack's, and a tiny real bot."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.app import Times
from sandbox.server import SlackStandIn

#: Short enough for tests that wait for something not to come in time.
HURRIED = Times(acknowledge=1.0, event_retries=(0.01, 0.01, 0.01))


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    """The furnished workspace."""
    async with SlackStandIn(times=HURRIED) as standin:
        yield standin


@pytest.fixture
def client(slack: SlackStandIn) -> AsyncWebClient:
    """Slack's own client, that tries nothing twice by itself."""
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


def button(words: str, action_id: str, **more: Any) -> dict[str, Any]:
    """A button."""
    return {"type": "button", "action_id": action_id, "text": {"type": "plain_text", "text": words}, **more}


def actions(*elements: dict[str, Any], block_id: str = "buttons") -> dict[str, Any]:
    """A row of buttons."""
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def section(words: str, **more: Any) -> dict[str, Any]:
    """A paragraph."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}, **more}


def plain(words: str) -> dict[str, str]:
    """A plain text object."""
    return {"type": "plain_text", "text": words}


def asking(label: str, block_id: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An input."""
    named = {"action_id": "field", **element}
    return {"type": "input", "block_id": block_id, "label": plain(label), "element": named, **more}


def modal(*blocks: dict[str, Any], title: str = "Reject", **more: Any) -> dict[str, Any]:
    """A modal."""
    content = list(blocks) or [asking("Reason", "why", {"type": "plain_text_input"})]
    shown = {"type": "modal", "callback_id": "modal", "title": plain(title), "blocks": content}
    return {**shown, "submit": plain("Send"), **more}


@asynccontextmanager
async def listening(slack: SlackStandIn, app: AsyncApp) -> AsyncIterator[str]:
    """Serve a bot over HTTP, and have payloads carried there."""

    async def handle(request: web.Request) -> web.Response:
        return await to_aiohttp_response(await app.async_dispatch(await to_bolt_request(request)))

    server = web.Application()
    server.router.add_post("/slack/events", handle)
    runner = web.AppRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events"
        slack.deliver_to(url)
        yield url
    finally:
        await runner.cleanup()


@pytest.fixture
async def bot(slack: SlackStandIn, client: AsyncWebClient) -> AsyncIterator[AsyncApp]:
    """A bot with no listeners yet, reachable over HTTP."""
    app = AsyncApp(client=client, signing_secret=slack.signing_secret, process_before_response=True)
    async with listening(slack, app):
        yield app


async def post(client: AsyncWebClient, *blocks: dict[str, Any], channel: str = "C0APPROVALS") -> str:
    """Post a card; its ts."""
    answer = await client.chat_postMessage(channel=channel, text="A card", blocks=list(blocks))
    return str(answer["ts"])


async def soon(event: asyncio.Event) -> None:
    """Wait for an event that must come."""
    async with asyncio.timeout(5):
        await event.wait()

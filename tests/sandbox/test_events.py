"""Events reach the app, and again when it does not acknowledge them."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.server import SlackStandIn
from tests.sandbox.conftest import post, section, soon

Json = dict[str, Any]


async def test_a_mention_in_a_thread(slack: SlackStandIn, client: AsyncWebClient, bot: AsyncApp) -> None:
    """Speaking to the bot by name in a thread is one app_mention and one message event, with the thread."""
    mentions: list[Json] = []
    messages: list[Json] = []

    async def mentioned(event: Json) -> None:
        mentions.append(event)

    async def said(event: Json) -> None:
        messages.append(event)

    bot.event("app_mention")(mentioned)
    bot.event("message")(said)
    ts = await post(client, section("Refund"))
    slack.mention("U0ALICE", "C0APPROVALS", "approve looks fine", thread_ts=ts)
    await slack.courier.idle()
    assert [each["text"] for each in mentions] == ["<@U0HITL> approve looks fine"]
    assert [(each["thread_ts"], each["channel_type"]) for each in messages] == [(ts, "channel")]


async def test_edits_and_deletions(slack: SlackStandIn, client: AsyncWebClient, bot: AsyncApp) -> None:
    """A person's edit is told, and so is an administrator's deletion of the bot's message."""

    async def changed(event: Json) -> None:
        pass  # bolt by itself ignores what happens to its own messages, so the deliveries are looked at

    bot.event("message")(changed)
    message = slack.say("U0ALICE", "C0OPS", "first")
    await slack.courier.idle()
    slack.people.edit("U0ALICE", message, "second")
    await slack.courier.idle()
    card = slack.workspace.message("C0OPS", await post(client, section("x"), channel="C0OPS"))
    slack.people.delete("U0ADMIN", card)
    await slack.courier.idle()
    told = [each.payload["event"] for each in slack.deliveries()]
    assert [each.get("subtype") for each in told] == [None, "message_changed", "message_deleted"]
    assert told[1]["previous_message"]["text"] == "first"
    assert told[2]["deleted_ts"] == card.ts


async def test_people_come_and_go(slack: SlackStandIn, bot: AsyncApp) -> None:
    """Deactivating somebody and changing a user group are told."""
    told: list[Json] = []

    async def heard(event: Json) -> None:
        told.append(event)

    bot.event("user_change")(heard)
    bot.event("subteam_members_changed")(heard)
    slack.deactivate("U0DAN")
    await slack.courier.idle()
    slack.set_usergroup("S0DIRECTORS", ["U0ALICE", "U0CAROL"])
    await slack.courier.idle()
    assert told[0]["user"]["deleted"] is True
    assert (told[1]["added_users"], told[1]["removed_users"]) == (["U0CAROL"], ["U0BOB"])


async def test_unheard_events_come_again(slack: SlackStandIn) -> None:
    """An event that is not acknowledged comes again, three times at most, numbered and with the reason."""
    seen: list[tuple[str, str]] = []
    fourth = asyncio.Event()

    async def refuse(request: web.Request) -> web.Response:
        number = request.headers.get("X-Slack-Retry-Num", "0")
        seen.append((number, request.headers.get("X-Slack-Retry-Reason", "")))
        if len(seen) == 4:
            fourth.set()
        return web.Response(status=500)

    server = web.Application()
    server.router.add_post("/slack/events", refuse)
    runner = web.AppRunner(server)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.deliver_to(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
    slack.say("U0ALICE", "C0OPS", "hello?")
    await soon(fourth)
    await slack.courier.idle()
    assert seen == [("0", ""), ("1", "http_error"), ("2", "http_error"), ("3", "http_error")]
    assert [each.attempt for each in slack.deliveries()] == [1, 2, 3, 4]
    assert len({each.payload["event_id"] for each in slack.deliveries()}) == 1
    await runner.cleanup()


async def test_the_url_is_verified(slack: SlackStandIn, bot: AsyncApp) -> None:
    """Bolt answers the challenge; nobody answers where nobody listens."""
    assert await slack.verify_url()
    slack.deliver_to("http://127.0.0.1:9/slack/events")
    assert not await slack.verify_url()

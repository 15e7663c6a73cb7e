"""The Web API answers and refuses as Slack's does, held with Slack's own client."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.app import EVENTS, SCOPES
from sandbox.rates import Rates
from sandbox.server import SlackStandIn
from tests.sandbox.conftest import actions, button, modal, post, section


async def refused(call: Any) -> dict[str, Any]:
    """The answer of a call that must be refused."""
    with pytest.raises(SlackApiError) as raised:
        await call
    answer = raised.value.response.data
    assert isinstance(answer, dict)
    return answer


async def test_auth(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """auth.test says who the bot is, and names its scopes in the header."""
    answer = await client.auth_test()
    assert (answer["user_id"], answer["bot_id"]) == ("U0HITL", "B0HITL")
    assert "chat:write" in answer.headers["X-OAuth-Scopes"].split(",")


@pytest.mark.parametrize(
    ("token", "error"),
    [("", "not_authed"), ("xoxb-nobody", "invalid_auth"), ("app", "not_allowed_token_type")],
)
async def test_wrong_tokens(slack: SlackStandIn, token: str, error: str) -> None:
    """No token, an unknown one and one of the wrong kind are refused by Slack's codes."""
    stranger = AsyncWebClient(slack.app_token if token == "app" else token, base_url=slack.api_url)
    assert (await refused(stranger.auth_test()))["error"] == error


async def test_revoked_token(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A revoked token is refused until it is given back."""
    slack.revoke_token()
    assert (await refused(client.auth_test()))["error"] == "token_revoked"
    slack.give_back_token()
    assert (await client.auth_test())["ok"]


async def test_missing_scope(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A missing scope is named, beside those that are there."""
    slack.app.scopes.remove("chat:write")
    answer = await refused(client.chat_postMessage(channel="C0APPROVALS", text="hello"))
    assert (answer["error"], answer["needed"]) == ("missing_scope", "chat:write")
    assert "users:read" in answer["provided"].split(",")
    assert slack.messages("C0APPROVALS") == []


async def test_posting_by_form_and_by_json(slack: SlackStandIn) -> None:
    """Arguments come in a form, where blocks are a JSON string, or as JSON with the token in the header."""
    blocks = [section("Refund 750 EUR")]
    form = {"channel": "C0OPS", "text": "by form", "blocks": json.dumps(blocks), "token": slack.bot_token}
    bearer = {"Authorization": f"Bearer {slack.bot_token}"}
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{slack.api_url}chat.postMessage", data=form) as response:
            assert (await response.json())["ok"]
        body = {"channel": "C0OPS", "text": "by json", "blocks": blocks}
        async with session.post(f"{slack.api_url}chat.postMessage", json=body, headers=bearer) as response:
            assert (await response.json())["ok"]
        async with session.get(
            f"{slack.api_url}conversations.info?channel=C0OPS", headers=bearer
        ) as response:
            assert (await response.json())["channel"]["name"] == "ops"
        async with session.post(f"{slack.api_url}auth.test", json={"token": slack.bot_token}) as response:
            assert (await response.json())["error"] == "not_authed"
    assert [each.text for each in slack.messages("C0OPS")] == ["by form", "by json"]
    assert [each.blocks[0]["text"]["text"] for each in slack.messages("C0OPS")] == ["Refund 750 EUR"] * 2


async def test_ts_is_unique_and_grows(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """No two messages have the same ts, and later ones have greater ones."""
    stamps = [await post(client, section(str(number))) for number in range(20)]
    assert sorted(set(stamps)) == stamps


async def test_metadata_only_on_request(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A message's metadata is returned with include_all_metadata only, and survives an update without any."""
    metadata = {"event_type": "card", "event_payload": {"request": "req_1"}}
    posted = await client.chat_postMessage(channel="C0OPS", text="card", metadata=metadata)
    await client.chat_update(channel="C0OPS", ts=posted["ts"], text="card, decided")
    silent = await client.conversations_history(channel="C0OPS")
    telling = await client.conversations_history(channel="C0OPS", include_all_metadata=True)
    assert "metadata" not in silent["messages"][0]
    assert telling["messages"][0]["metadata"] == metadata
    assert telling["messages"][0]["text"] == "card, decided"


async def test_threads(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Replies are in the thread, and in the channel's history only when they were broadcast."""
    root = await post(client, section("root"))
    await client.chat_postMessage(channel="C0APPROVALS", thread_ts=root, text="quiet")
    await client.chat_postMessage(channel="C0APPROVALS", thread_ts=root, text="loud", reply_broadcast=True)
    thread = await client.conversations_replies(channel="C0APPROVALS", ts=root)
    history = await client.conversations_history(channel="C0APPROVALS")
    assert [each["text"] for each in thread["messages"]] == ["A card", "quiet", "loud"]
    assert [each["text"] for each in history["messages"]] == ["loud", "A card"]
    assert history["messages"][1]["reply_count"] == 2
    answer = await refused(client.chat_postMessage(channel="C0APPROVALS", text="x", thread_ts="1.000000"))
    assert answer["error"] == "thread_not_found"


async def test_history_is_paged(client: AsyncWebClient) -> None:
    """A cursor leads from page to page, youngest first, until there are no more."""
    stamps = [await post(client, section(str(number))) for number in range(5)]
    seen: list[str] = []
    async for page in await client.conversations_history(channel="C0APPROVALS", limit=2):
        seen += [each["ts"] for each in page["messages"]]
    assert seen == stamps[::-1]


async def test_channels_that_cannot_be_posted_to(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Unknown, without the bot, private without the bot, and archived each have their own code."""
    assert (await refused(client.chat_postMessage(channel="C0NONE", text="x")))[
        "error"
    ] == "channel_not_found"
    assert (await refused(client.chat_postMessage(channel="C0RANDOM", text="x")))["error"] == "not_in_channel"
    slack.workspace.remove_from_channel("U0HITL", "C0SECRET")
    assert (await refused(client.chat_postMessage(channel="C0SECRET", text="x")))[
        "error"
    ] == "channel_not_found"
    slack.workspace.archive("C0OPS")
    assert (await refused(client.chat_postMessage(channel="C0OPS", text="x")))["error"] == "is_archived"


async def test_updating(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Only what is there and the bot's own can be updated, and a text above 4,000 bytes is refused then."""
    theirs = slack.say("U0ALICE", "C0OPS", "mine")
    answer = await refused(client.chat_update(channel="C0OPS", ts=theirs.ts, text="yours"))
    assert answer["error"] == "cant_update_message"
    answer = await refused(client.chat_update(channel="C0OPS", ts="1.000000", text="x"))
    assert answer["error"] == "message_not_found"
    own = await client.chat_postMessage(channel="C0OPS", text="é" * 3_000)
    answer = await refused(client.chat_update(channel="C0OPS", ts=own["ts"], text="é" * 3_000))
    assert answer["error"] == "msg_too_long"
    await client.chat_update(channel="C0OPS", ts=own["ts"], text="short")
    assert slack.workspace.message("C0OPS", own["ts"]).edited is not None


async def test_long_text_is_cut(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A posted text is cut at 40,000 characters, silently, as Slack does."""
    await client.chat_postMessage(channel="C0OPS", text="x" * 40_001)
    assert len(slack.messages("C0OPS")[0].text) == 40_000


async def test_invalid_blocks(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Blocks that break a rule are refused with the rule and its place, and nothing is posted."""
    answer = await refused(
        client.chat_postMessage(
            channel="C0OPS", text="x", blocks=[section("ok"), actions(button("x" * 76, "a"))]
        )
    )
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 76 characters [json-pointer:/blocks/1/elements/0/text/text]"
    ]
    bare = client.api_call("chat.postMessage", json={"channel": "C0OPS"})
    assert (await refused(bare))["error"] == "no_text"
    heavy = [section("x" * 3_000) for _ in range(5)]
    answer = await refused(client.chat_postMessage(channel="C0OPS", text="x", blocks=heavy))
    assert answer["error"] == "msg_blocks_too_long"
    assert slack.messages("C0OPS") == []


async def test_direct_messages(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Posting to a person opens the direct message, whose own id is answered; the deactivated get none."""
    posted = await client.chat_postMessage(channel="U0BOB", text="psst")
    opened = await client.conversations_open(users="U0BOB")
    assert posted["channel"] == opened["channel"]["id"]
    assert posted["channel"].startswith("D")
    assert [each.text for each in slack.direct_messages("U0BOB")] == ["psst"]
    assert (await refused(client.conversations_open(users="U0GONE")))["error"] == "user_disabled"


async def test_ephemerals(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """An ephemeral message is seen by one person, is in no history, and needs that person in the channel."""
    await client.chat_postEphemeral(channel="C0OPS", user="U0ALICE", text="only you")
    assert [each.text for each in slack.ephemerals("U0ALICE")] == ["only you"]
    assert slack.ephemerals("U0BOB") == []
    assert slack.messages("C0OPS") == []
    answer = await refused(client.chat_postEphemeral(channel="C0OPS", user="U0GUEST", text="x"))
    assert answer["error"] == "user_not_in_channel"


async def test_people(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """People are found by id and by address; deactivated ones by id only; addresses need their scope."""
    assert (await client.users_lookupByEmail(email="Alice@example.com"))["user"]["id"] == "U0ALICE"
    assert (await refused(client.users_lookupByEmail(email="greta@example.com")))[
        "error"
    ] == "users_not_found"
    assert (await client.users_info(user="U0GONE"))["user"]["deleted"] is True
    assert (await refused(client.users_info(user="U0NONE")))["error"] == "user_not_found"
    slack.app.scopes.remove("users:read.email")
    assert "email" not in (await client.users_info(user="U0ALICE"))["user"]["profile"]


async def test_user_groups(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A user group's members are today's."""
    slack.set_usergroup("S0DIRECTORS", ["U0CAROL"])
    assert (await client.usergroups_users_list(usergroup="S0DIRECTORS"))["users"] == ["U0CAROL"]
    listed = await client.usergroups_list(include_users=True)
    assert {each["handle"]: each["users"] for each in listed["usergroups"]}["directors"] == ["U0CAROL"]
    assert (await refused(client.usergroups_users_list(usergroup="S0NONE")))["error"] == "no_such_subteam"


async def test_conversations(client: AsyncWebClient) -> None:
    """A channel is described, listed with its members, and joined."""
    assert (await client.conversations_info(channel="C0RANDOM"))["channel"]["is_member"] is False
    assert "U0ALICE" in (await client.conversations_members(channel="C0OPS"))["members"]
    listed = await client.conversations_list(types="public_channel,private_channel")
    assert {each["id"] for each in listed["channels"]} >= {"C0OPS", "C0SECRET"}
    answer = await refused(client.conversations_join(channel="C0RANDOM"))
    assert (answer["error"], answer["needed"]) == ("missing_scope", "channels:join")


async def test_views_need_a_trigger(client: AsyncWebClient) -> None:
    """A modal cannot be opened with a trigger nobody gave out."""
    answer = await refused(client.views_open(trigger_id="1.2.3", view=modal()))
    assert answer["error"] == "invalid_trigger_id"


async def test_views_are_checked(client: AsyncWebClient) -> None:
    """A modal that breaks a rule is refused as invalid_arguments, naming the place in the view."""
    answer = await refused(client.views_open(trigger_id="1.2.3", view=modal(title="x" * 25)))
    assert answer["error"] == "invalid_arguments"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
    ]


async def test_home_and_its_hash(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A home tab is published per person, and an outdated hash is refused."""
    view = {"type": "home", "blocks": [section("Nothing waits")]}
    first = await client.views_publish(user_id="U0ALICE", view=view)
    await client.views_publish(user_id="U0ALICE", view=view)
    answer = await refused(client.views_publish(user_id="U0ALICE", view=view, hash=first["view"]["hash"]))
    assert answer["error"] == "hash_conflict"
    home = slack.home("U0ALICE")
    assert home is not None
    assert home.blocks[0]["text"]["text"] == "Nothing waits"


async def test_permalink_and_deletion(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """A message has a permalink until it is deleted."""
    ts = await post(client, section("x"))
    link = (await client.chat_getPermalink(channel="C0APPROVALS", message_ts=ts))["permalink"]
    assert link == f"{slack.url}/archives/C0APPROVALS/p{ts.replace('.', '')}"
    await client.chat_delete(channel="C0APPROVALS", ts=ts)
    answer = await refused(client.chat_getPermalink(channel="C0APPROVALS", message_ts=ts))
    assert answer["error"] == "message_not_found"


async def test_only_own_messages_are_deleted(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """What a person wrote, or what is gone by now, is refused as Slack does; what was said stays."""
    said = slack.say("U0ALICE", "C0APPROVALS", "mine")
    answer = await refused(client.chat_delete(channel="C0APPROVALS", ts=said.ts))
    assert answer["error"] == "cant_delete_message"
    own = await post(client, section("x"))
    await client.chat_delete(channel="C0APPROVALS", ts=own)
    answer = await refused(client.chat_delete(channel="C0APPROVALS", ts=own))
    assert answer["error"] == "message_not_found"
    assert [each.ts for each in slack.messages("C0APPROVALS")] == [said.ts]


async def test_validation_on_request(client: AsyncWebClient) -> None:
    """blocks.validate says what is wrong without posting anything."""
    assert (await client.api_call("blocks.validate", json={"blocks": [section("x")]}))["ok"]
    answer = await refused(client.api_call("blocks.validate", json={"view": {"type": "modal", "blocks": []}}))
    assert answer["error"] == "invalid_view"
    assert {each["message"] for each in answer["errors"]} >= {"missing required field: title"}
    assert (await refused(client.api_call("blocks.validate")))["error"] == "invalid_arguments"


async def test_unknown_methods_and_arguments(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """An unknown method is refused; an unknown argument is ignored, and remembered for the test."""
    assert (await refused(client.api_call("chat.shout")))["error"] == "unknown_method"
    await client.api_call("chat.postMessage", json={"channel": "C0OPS", "text": "x", "colour": "red"})
    assert slack.calls("chat.postMessage")[-1].unknown == ["colour"]


async def test_calls_are_remembered(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Each call is kept with its arguments and its answer, without the token."""
    await post(client, section("x"))
    call = slack.calls("chat.postMessage")[-1]
    assert (call.ok, call.status, call.args["channel"]) == (True, 200, "C0APPROVALS")
    assert slack.bot_token not in json.dumps(call.as_json())


def test_granted_is_what_the_manifest_asks_for() -> None:
    """The app has the manifest's scopes and events by default, so that nothing works here alone."""
    manifest = yaml.safe_load((Path(__file__).parents[2] / "manifest.yml").read_text())
    assert set(SCOPES) == set(manifest["oauth_config"]["scopes"]["bot"])
    asked = {name.split(".")[0] for name in manifest["settings"]["event_subscriptions"]["bot_events"]}
    assert set(EVENTS) == asked


async def test_rate_limits() -> None:
    """Above Slack's rate a channel answers 429 with Retry-After, and other channels go on."""
    async with SlackStandIn(rates=Rates(on=True, posts_at_once=2)) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])
        await post(client, section("1"))
        await post(client, section("2"))
        with pytest.raises(SlackApiError) as raised:
            await post(client, section("3"))
        response = raised.value.response
        assert (response.status_code, response["error"]) == (429, "ratelimited")
        assert response.headers["Retry-After"] == "1"
        await post(client, section("1"), channel="C0OPS")
        assert len(slack.messages("C0APPROVALS")) == 2

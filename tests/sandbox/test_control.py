"""Everything over HTTP, for another process."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.changes import NeverHappenedError
from sandbox.client import RefusedError, SlackRemote
from sandbox.server import SlackStandIn
from tests.sandbox.conftest import actions, button, modal, post, section

Json = dict[str, Any]


@pytest.fixture
async def remote(slack: SlackStandIn) -> AsyncIterator[SlackRemote]:
    """The same workspace, from afar."""
    async with SlackRemote(slack.url) as far:
        yield far


async def test_a_story_from_afar(
    slack: SlackStandIn, client: AsyncWebClient, bot: AsyncApp, remote: SlackRemote
) -> None:
    """Click, fill in and read what each person sees, over HTTP alone."""

    async def reject(ack: AsyncAck, body: Json) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal())
        await ack()

    async def reason(ack: AsyncAck) -> None:
        await client.chat_postEphemeral(channel="C0APPROVALS", user="U0ALICE", text="rejected")
        await ack()

    bot.action("reject")(reject)
    bot.view("modal")(reason)
    ts = await post(client, actions(button("Reject", "reject")))
    opened = await remote.act("click", user="U0ALICE", channel="C0APPROVALS", ts=ts, what="Reject")
    assert opened["view"]["title"]["text"] == "Reject"
    done = await remote.act("submit", user="U0ALICE", values={"Reason": "no receipt"})
    assert (done["acknowledged"], done["view"]) == (True, None)
    hers, his = [await remote.look("state", **{"as": user}) for user in ("U0ALICE", "U0BOB")]
    assert [each["text"] for each in hers["ephemerals"]] == ["rejected"]
    assert his["ephemerals"] == []
    assert {"C0APPROVALS", "C0OPS"} <= {each["id"] for each in hers["channels"]}
    calls = (await remote.look("calls", method="views.open"))["calls"]
    assert [each["response"]["ok"] for each in calls] == [True]
    assert len((await remote.look("deliveries"))["deliveries"]) == 2


async def test_waiting_for_changes(slack: SlackStandIn, client: AsyncWebClient, remote: SlackRemote) -> None:
    """The feed answers as soon as there is something above the given number, and empty when there is not."""
    last = (await remote.look("state"))["last"]
    waiting = asyncio.create_task(remote.look("changes", after=last, wait=5))
    ts = await post(client, section("x"), channel="C0OPS")
    first = (await waiting)["changes"][0]
    assert (first["kind"], first["about"]) == ("message", {"channel": "C0OPS", "ts": ts})
    nothing = await remote.look("changes", after=slack.changes.last, wait=0)
    assert nothing["changes"] == []


async def test_faults_and_housekeeping(
    slack: SlackStandIn, client: AsyncWebClient, remote: SlackRemote
) -> None:
    """Faults, tokens, scopes, channels, people and groups are switched from afar."""
    await remote.act("fault", kind="status", method="chat.*", status=503, times=None)
    assert [each["status"] for each in (await remote.look("faults"))["faults"]] == [503]
    await remote.act("clear_faults")
    assert list(slack.faults) == []
    await remote.act("token", refused="token_revoked")
    assert slack.app.refused == "token_revoked"
    await remote.act("token")
    await remote.act("scopes", remove=["commands"])
    await remote.act("channel", id="C0NEW", name="new", members=["U0ALICE"], add=["U0HITL"])
    await remote.act("channel", id="C0OPS", archived=True)
    await remote.act("user", id="U0DAN", deleted=True)
    await remote.act("usergroup", id="S0DIRECTORS", users=["U0CAROL"])
    assert (await client.conversations_members(channel="C0NEW"))["members"] == ["U0ALICE", "U0HITL"]
    assert slack.workspace.channels["C0OPS"].is_archived
    assert slack.workspace.users["U0DAN"].deleted
    assert slack.workspace.usergroups["S0DIRECTORS"].users == ["U0CAROL"]
    assert "commands" not in (await remote.look("settings"))["scopes"]


async def test_mistakes_are_told(remote: SlackRemote) -> None:
    """What is not there is 404, what is wrong is 422, each with words."""
    for action, args, status in (
        ("click", {"user": "U0ALICE", "channel": "C0OPS", "ts": "1.000000", "what": "Approve"}, 404),
        ("click", {"user": "U0ALICE"}, 422),
        ("fault", {"kind": "gremlins"}, 422),
        ("dance", {}, 404),
    ):
        with pytest.raises(RefusedError) as raised:
            await remote.act(action, **args)
        assert raised.value.status == status
        assert len(str(raised.value)) > 20


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Host": "evil.example"}])
async def test_pages_from_elsewhere(slack: SlackStandIn, headers: dict[str, str]) -> None:
    """A page of another site cannot act as anybody here, nor read the tokens."""
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.post(f"{slack.url}/sandbox/token", json={"refused": "token_revoked"}) as response:
            assert response.status == 403
        async with session.get(f"{slack.url}/sandbox/settings") as response:
            assert response.status == 403
    assert slack.app.refused is None


async def test_waiting_in_vain(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Waiting for what does not come fails with what there was instead."""
    await post(client, section("x"))
    with pytest.raises(NeverHappenedError, match="A card"):
        await slack.message_in("C0APPROVALS", "something else", within=0.01)


async def test_as_a_program() -> None:
    """`python -m sandbox` prints what a bot needs to be told, and ends at SIGTERM."""
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sandbox"),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert program.stdout is not None
    async with asyncio.timeout(20):
        lines = [(await program.stdout.readline()).decode().split() for _ in range(4)]
        settings = dict(line[1].split("=", 1) for line in lines)
        client = AsyncWebClient(settings["SLACK_BOT_TOKEN"], base_url=settings["HITL_SLACK_API_URL"])
        assert (await client.auth_test())["user"] == "hitl"
        program.terminate()
        assert await program.wait() == 0

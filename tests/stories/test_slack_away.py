"""Slack is down, slow or takes the token away: agents are served all the same, and nothing is lost."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.harness.house import DECIDING, House, buttons, house
from tests.stories.conftest import Home

TWO_CHANNELS = """
channel: C0APPROVALS
groups:
  support: {users: [U0ALICE, U0BOB]}
risk: {levels: {medium: [issue_refund, send_email]}}
rules:
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: support
    channel: C0REFUNDS
    steps: [{after: 4h, do: expire}]
default: {gate: hard, ask: support, steps: [{after: 4h, do: park}]}
"""


async def _is_shown_once_and_decided(one: House, request: str) -> None:
    card = await one.settled_card(request)
    assert [each.ts for each in one.cards(request)] == [card.ts]
    answer = await one.slack.click("U0ALICE", card.channel, card.ts, "Approve")
    assert answer.acknowledged
    await one.agent.hears(request)
    assert not buttons(await one.card(request, "Approved by alice")) & DECIDING


@pytest.mark.parametrize("fault", ["status", "reset", "lost"])
async def test_a_request_made_while_slack_is_down_is_shown_once_when_it_is_back(
    fault: str, home: Home
) -> None:
    """500s, refused connections, answers that are lost: 201 all the same, and then exactly one card."""
    async with house(home.url, home.agent) as one:
        down = {
            "status": lambda: one.slack.faults.status(500, "chat.*", times=None),
            "reset": lambda: one.slack.faults.reset(times=None),
            "lost": lambda: one.slack.faults.lose_answer("chat.postMessage", times=None),
        }[fault]()
        if fault == "lost":
            # Who looks for the message finds nobody to ask either.
            one.slack.faults.status(500, "conversations.*", times=None)
        asked = await one.agent.ask()
        assert asked["status"] == "pending"
        await one.slack.until(lambda: down.met >= 1)
        assert (await one.agent.look(asked["id"]))["slack"] is None
        one.slack.faults.clear()
        await _is_shown_once_and_decided(one, asked["id"])


async def test_a_revoked_token_pauses_slack_and_says_why(home: Home) -> None:
    """/readyz says 503 and why, agents are served, and all goes out once the token holds again."""
    async with house(home.url, home.agent) as one:
        assert await one.ready() == (200, "ready")
        one.slack.revoke_token()
        asked = [(await one.agent.ask())["id"] for _ in range(3)]
        await _ready_becomes(one, 503)
        status, why = await one.ready()
        assert (status, "token_revoked" in why) == (503, True)
        assert "database" not in why
        assert (await one.get("/healthz"))[0] == 200
        assert await one.metric("hitl_outbox_waiting") >= 3
        one.slack.give_back_token()
        await _ready_becomes(one, 200)
        for request in asked:
            await _is_shown_once_and_decided(one, request)
        await one.nothing_left()


async def _ready_becomes(one: House, status: int) -> None:
    async with asyncio.timeout(20):
        while (await one.ready())[0] != status:  # noqa: ASYNC110  # that is how an orchestrator learns it
            await asyncio.sleep(0.05)


async def test_one_channel_s_limit_delays_only_that_channel(home: Home, tmp_path: Path) -> None:
    """429 in #refunds, for 3 s: cards in #approvals appear meanwhile, and those in #refunds afterwards."""
    policy = tmp_path / "hitl.yml"
    policy.write_text(TWO_CHANNELS)
    async with house(home.url, home.agent, policy) as one:
        limit = one.slack.faults.rate_limit("chat.postMessage", retry_after=3, channel="C0REFUNDS")
        refunds = [(await one.agent.ask())["id"] for _ in range(3)]
        await one.slack.until(lambda: limit.met == 1)
        mails = [
            (await one.agent.ask(action="send_email", payload={"n": number}))["id"] for number in range(3)
        ]
        for mail in mails:
            assert (await one.card(mail, within=2)).channel == "C0APPROVALS"
        posts = [call for call in one.slack.calls("chat.postMessage") if call.status == 429]
        assert len(posts) == 1
        for refund in refunds:
            card = await one.card(refund, within=8)
            assert card.channel == "C0REFUNDS"
            assert [each.ts for each in one.cards(refund)] == [card.ts]
            # Slack asked for three seconds, and got them.
            assert float(card.ts) >= posts[0].at + 3
        assert json.loads((await one.get("/readyz"))[1])["status"] == "ready"

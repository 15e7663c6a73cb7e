"""A digest: silent until its time, one message for each channel and group, cleared in one pass."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.harness.desk import MovableRuntime
from tests.harness.house import House, buttons, house, page
from tests.stories.conftest import Home
from tests.stories.digests import POLICY, all_decided, ask_many, bot_in, digest_in, digests_in

HOUR = timedelta(hours=1)
MAIL = {"to": "ada@example.com", "text": "Hello."}


@pytest.fixture
async def one(home: Home, tmp_path: Path) -> AsyncIterator[House]:
    """A house whose bot is yet to be started."""
    policy = tmp_path / "hitl.yml"
    policy.write_text(POLICY)
    async with house(home.url, home.agent, policy, started=False) as built:
        built.agent.any_time = True
        yield built


async def test_a_digest_is_posted_at_its_time_and_cleared_in_one_pass(one: House) -> None:
    """Nothing before; then a message for each group; each item has its own decision, facts and callback."""
    clock = MovableRuntime()
    async with bot_in(one, clock):
        refunds, mails = await ask_many(one, 12), await ask_many(one, 3, action="send_mail", payload=MAIL)
        assert one.slack.messages("C0APPROVALS") + one.slack.messages("C0REFUNDS") == []
        clock.ahead += HOUR
        digest = await digest_in(one, "C0APPROVALS", "12")
        other = await digest_in(one, "C0REFUNDS", "3")
        assert "9,000.00 EUR" in page(digest)
        assert {"Approve all", "Review", "Reject all"} <= buttons(digest)
        await one.slack.click("U0CAROL", digest.channel, digest.ts, "Approve all")
        assert "not asked" in (await one.slack.ephemeral_to("U0CAROL")).text
        await one.slack.click("U0ALICE", digest.channel, digest.ts, "Approve all")
        await all_decided(one, refunds)
        assert (await one.slack.ephemeral_to("U0ALICE", "Done")).text == "Done: 12 approved."
        cleared = await digest_in(one, "C0APPROVALS", "approved 12")
        assert cleared.ts == digest.ts
        assert not {"Approve all", "Review", "Reject all"} & buttons(cleared)
        for request in refunds:
            told = await one.agent.look(request)
            assert (told["status"], told["decision"]["by"][0]["id"]) == ("approved", "U0ALICE")
            assert told["slack"]["ts"] == digest.ts
            assert len(one.agent.ids(request)) == 1
        assert (await one.facts(refunds[0]))[:3] == ["request.opened", "vote.approved", "request.decided"]
        assert len(digests_in(one)) == 1
        assert {(await one.agent.look(mail))["status"] for mail in mails} == {"pending"}
        assert "Approve all" in buttons(other, "U0CAROL")
    await one.hitl("audit", "verify")


async def test_all_are_rejected_with_one_reason(one: House) -> None:
    """Asked for in a modal; every agent reads it."""
    clock = MovableRuntime()
    async with bot_in(one, clock):
        refunds = await ask_many(one, 5)
        await one.slack.command("U0ADMIN", "/hitl digest")
        digest = await digest_in(one)
        await one.slack.click("U0BOB", digest.channel, digest.ts, "Reject all")
        await one.slack.view_of("U0BOB", "Reject all")
        await one.slack.submit("U0BOB", {"reason": "the shop is closed"})
        await all_decided(one, refunds)
        for request in refunds:
            decision = (await one.agent.look(request))["decision"]
            assert (decision["verdict"], decision["reason"]) == ("rejected", "the shop is closed")
        await digest_in(one, "C0APPROVALS", "rejected 5")


async def test_a_digest_missed_while_down_is_sent_on_start_once(one: House) -> None:
    """Of many that were missed, one message; another start posts nothing more."""
    clock = MovableRuntime()
    async with bot_in(one, clock):
        refunds = await ask_many(one, 4)
    clock.ahead += 26 * HOUR
    async with bot_in(one, clock):
        digest = await digest_in(one, "C0APPROVALS", "4")
    async with bot_in(one, clock):
        await one.slack.click("U0ALICE", digest.channel, digest.ts, "Approve all")
        await all_decided(one, refunds)
        await digest_in(one, "C0APPROVALS", "approved 4")
    assert len(digests_in(one)) == 1


async def test_two_replicas_post_one_digest_and_clear_it_once(
    postgres_home: Callable[[], Home], tmp_path: Path
) -> None:
    """Both are due at the same moment, and both carry: one message, one decision and one call for each."""
    home = await asyncio.to_thread(postgres_home)
    policy = tmp_path / "hitl.yml"
    policy.write_text(POLICY)
    clock = MovableRuntime()
    async with house(home.url, home.agent, policy, started=False) as one:
        one.agent.any_time = True
        async with bot_in(one, clock):
            refunds = await ask_many(one, 120)
        clock.ahead += HOUR
        async with bot_in(one, clock), bot_in(one, clock):
            digest = await digest_in(one, "C0APPROVALS", "120")
            await one.slack.click("U0ALICE", digest.channel, digest.ts, "Approve all")
            await all_decided(one, refunds)
            await one.slack.ephemeral_to("U0ALICE", "Done: 120 approved.")
            await digest_in(one, "C0APPROVALS", "approved 120")
            await one.nothing_left()
        assert len(digests_in(one)) == 1
        assert {len(one.agent.ids(request)) for request in refunds} == {1}
        told = [each.text for each in one.slack.ephemerals("U0ALICE")]
        assert [text for text in told if text.startswith("Done")] == ["Done: 120 approved."]
        facts = await asyncio.gather(*(one.facts(request) for request in refunds[:3]))
        assert [kinds.count("request.decided") for kinds in facts] == [1, 1, 1]

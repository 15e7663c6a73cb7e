"""A runaway agent: a few cards and one message, and a pause that holds until it is ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from sandbox.workspace import Message
from tests.harness.house import House, buttons, house, is_card_of, page
from tests.stories.conftest import Home
from tests.stories.digests import all_decided, ask_many, digest_in, digests_in

POLICY = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  support: {users: [U0ALICE, U0BOB]}
risk: {levels: {medium: [issue_refund], low: ["note_*"]}}
rules:
  - {name: notes, when: "action.startsWith('note_')", gate: auto, ask: support,
     steps: [{after: 1h, do: expire}]}
  - {name: reviews, when: "kind == 'review'", gate: audit, ask: support, steps: [{after: 1h, do: expire}]}
default: {gate: hard, ask: support, steps: [{after: 1h, do: expire}]}
storm: {cards: 20, in: 5m}
"""


@pytest.fixture
async def one(home: Home, tmp_path: Path) -> AsyncIterator[House]:
    """A house whose policy takes twenty cards in five minutes."""
    policy = tmp_path / "hitl.yml"
    policy.write_text(POLICY)
    async with house(home.url, home.agent, policy, settings={"HITL_RATE_LIMIT": "10000"}) as built:
        yield built


def _cards(one: House) -> list[Message]:
    return [each for each in one.slack.messages("C0APPROVALS") if is_card_of(each, "req_")]


async def test_five_hundred_requests_make_twenty_cards_and_one_message(one: House) -> None:
    """The operators are told whose they are; one click on the message decides all that is on it."""
    one.agent.at_work.clear()
    every = await ask_many(one, 500)
    storm = await digest_in(one, "C0APPROVALS", "480", within=30)
    notice = await one.slack.until(lambda: one.slack.direct_messages("U0ADMIN"))
    assert "billing-agent" in page(notice[0])
    assert "/hitl pause billing-agent" in page(notice[0])
    await one.slack.click("U0ALICE", storm.channel, storm.ts, "Approve all")
    await one.slack.ephemeral_to("U0ALICE", "Done: 480 approved.", within=40)
    await digest_in(one, "C0APPROVALS", "approved 480")
    await one.nothing_left(within=40)
    assert (len(_cards(one)), len(digests_in(one))) == (20, 1)
    _, pending = await one.agent.call("GET", "/v1/requests?status=pending&limit=100")
    assert len(pending["items"]) == 20
    undecided = {item["id"] for item in pending["items"]}
    assert [len(one.agent.ids(each)) for each in every] == [int(each not in undecided) for each in every]


async def test_a_paused_agent_waits_unseen_until_it_goes_on(one: House) -> None:
    """Also what the policy lets through, and reviews; then the time of each begins, and what may go, goes."""
    await ask_many(one, 22)
    storm = await digest_in(one, "C0APPROVALS", "2")
    [pause] = [words for words in buttons(storm) if words.startswith("Pause")]
    await one.slack.click("U0BOB", storm.channel, storm.ts, pause)
    await one.slack.ephemeral_to("U0BOB", "is paused")
    before = len(one.slack.messages("C0APPROVALS"))
    notes = await ask_many(one, 3, action="note_this")
    [review] = await ask_many(one, 1, kind="review", action="note_review")
    [refund] = await ask_many(one, 1)
    for request in (*notes, review, refund):
        told = await one.agent.look(request)
        assert (told["status"], told["proceed"], told["slack"]) == ("pending", False, None)
    status, _ = await one.agent.call("POST", f"/v1/requests/{notes[0]}/claim")
    assert status == 409
    assert "paused" in await one.hitl("agent", "list")
    await one.nothing_left()
    assert len(one.slack.messages("C0APPROVALS")) == before
    await one.slack.command("U0ADMIN", "/hitl resume Billing-Agent")
    resumed = (await one.slack.ephemeral_to("U0ADMIN", "goes on")).text
    assert "5 requests that waited" in resumed
    await all_decided(one, notes)
    assert {(await one.agent.look(note))["decision"]["via"] for note in notes} == {"policy"}
    async with asyncio.timeout(10):
        while not (seen := await one.agent.look(review))["proceed"]:  # noqa: ASYNC110  # nothing announces it
            await asyncio.sleep(0.02)
    opened, due = (datetime.fromisoformat(seen[name]) for name in ("created_at", "due_at"))
    assert (due - opened).total_seconds() > 3600
    await one.nothing_left()
    for request in (review, refund):
        assert (await one.agent.look(request))["slack"]["ts"] == storm.ts
    assert len(digests_in(one)) == 1
    assert "active" in await one.hitl("agent", "list")

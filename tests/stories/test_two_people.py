"""Two people on one card: each counts once, a no ends it, an edit starts the count again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.delivery import Manner
from tests.harness.house import DECIDING, House, buttons, house, page
from tests.stories.conftest import Home

POLICY = """
channel: C0APPROVALS
groups:
  directors: {users: [U0ALICE, U0BOB, U0CAROL]}
risk: {levels: {medium: [issue_refund]}}
rules:
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: directors
    quorum: 2
    title: "Refund {{ payload.amount }} {{ payload.currency }} to {{ payload.customer }}"
    steps: [{after: 4h, do: expire}]
default: {gate: hard, ask: directors, steps: [{after: 4h, do: park}]}
"""


@pytest.fixture
async def one(home: Home, tmp_path: Path) -> AsyncIterator[House]:
    """A house in which a refund needs two of three directors."""
    policy = tmp_path / "hitl.yml"
    policy.write_text(POLICY)
    async with house(home.url, home.agent, policy) as built:
        yield built


async def test_two_clicks_in_the_same_moment_are_two_approvals(one: House) -> None:
    """Neither is lost, neither person is told off, and the agent hears of one decision by both."""
    asked = await one.agent.ask()
    card = await one.settled_card(asked["id"])
    answers = await asyncio.gather(
        *(one.slack.click(user, card.channel, card.ts, "Approve") for user in ("U0ALICE", "U0BOB"))
    )
    assert all(answer.acknowledged for answer in answers)
    heard = await one.agent.hears(asked["id"])
    assert {person["id"] for person in heard.data["decision"]["by"]} == {"U0ALICE", "U0BOB"}
    assert heard.data["approvals"] == {"needed": 2, "given": 2}
    final = await one.card(asked["id"], "Approved by", "Paid, tx 5521")
    assert not buttons(final) & DECIDING
    await one.nothing_left()
    assert (await one.facts(asked["id"])).count("request.decided") == 1
    assert sum(one.agent.ids(asked["id"]).values()) == 1


async def test_one_person_counts_once_however_often_they_click(one: House) -> None:
    """A double click, a payload that comes twice, and a click a while later are one approval of two."""
    asked = await one.agent.ask()
    card = await one.settled_card(asked["id"])
    await asyncio.gather(
        one.slack.click("U0ALICE", card.channel, card.ts, "Approve", manner=Manner(times=2)),
        one.slack.click("U0ALICE", card.channel, card.ts, "Approve"),
    )
    await one.card(asked["id"], "1 of 2")
    again = await one.slack.click("U0ALICE", card.channel, card.ts, "Approve")
    assert again.acknowledged
    await one.slack.ephemeral_to("U0ALICE", "counts once")
    told = await one.agent.look(asked["id"])
    assert (told["status"], told["approvals"]) == ("pending", {"needed": 2, "given": 1})
    await one.slack.click("U0CAROL", card.channel, card.ts, "Approve")
    heard = await one.agent.hears(asked["id"])
    assert {person["id"] for person in heard.data["decision"]["by"]} == {"U0ALICE", "U0CAROL"}


async def test_one_reject_ends_it(one: House) -> None:
    """Bob's no counts, although Alice approved; Carol's click afterwards is too late."""
    asked = await one.agent.ask()
    card = await one.settled_card(asked["id"])
    await one.slack.click("U0ALICE", card.channel, card.ts, "Approve")
    await one.card(asked["id"], "1 of 2")
    held = one.slack.faults.hold("chat.update", times=None)
    await one.reject("U0BOB", card, "no receipt")
    heard = await one.agent.hears(asked["id"])
    assert (heard.data["status"], heard.data["proceed"]) == ("rejected", False)
    assert [person["id"] for person in heard.data["decision"]["by"]] == ["U0BOB"]
    assert "no receipt" in heard.data["decision"]["message"]
    late = await one.slack.click("U0CAROL", card.channel, card.ts, "Approve")
    assert late.acknowledged
    assert "bob" in page(await one.slack.ephemeral_to("U0CAROL", "Too late"))
    one.slack.faults.clear(held)
    final = await one.card(asked["id"], "Rejected by bob", "no receipt")
    assert not buttons(final) & DECIDING
    assert one.agent.acted == {}


async def test_an_edit_voids_the_approvals_before_it(one: House) -> None:
    """Alice approved 750; after Bob's edit that no longer counts, and she is asked about 500."""
    asked = await one.agent.ask()
    card = await one.settled_card(asked["id"])
    await one.slack.click("U0ALICE", card.channel, card.ts, "Approve")
    await one.card(asked["id"], "1 of 2")
    fields = await one.modal("U0BOB", card, "Edit")
    amount = next(label for label in fields if label.lower() == "amount")
    held = one.slack.faults.hold("chat.update", times=None)
    await one.slack.submit("U0BOB", {amount: "500", "Why?": "half"})
    told = await one.agent.look(asked["id"])
    assert (told["status"], told["approvals"]["given"], told["payload"]["amount"]) == ("pending", 1, 500)
    # The card still shows 750 to Carol: what she approves is not what would happen.
    await one.slack.click("U0CAROL", card.channel, card.ts, "Approve")
    await one.slack.ephemeral_to("U0CAROL", "changed since you saw it")
    one.slack.faults.clear(held)
    card = await one.card(asked["id"], "750 → 500", "1 of 2")
    await one.slack.click("U0ALICE", card.channel, card.ts, "Approve")
    heard = await one.agent.hears(asked["id"])
    assert heard.data["status"] == "modified"
    assert {person["id"] for person in heard.data["decision"]["by"]} == {"U0ALICE", "U0BOB"}
    await one.agent.until(lambda: asked["id"] in one.agent.acted)
    assert [payload["amount"] for payload in one.agent.acted[asked["id"]]] == [500]

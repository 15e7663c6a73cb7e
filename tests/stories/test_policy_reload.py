"""The policy's file is changed while the bot runs: it is noticed, and changes nothing that is open."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.harness.house import DECIDING, House, buttons, page
from tests.stories.conftest import Build

POLICY = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  support: {users: [U0ALICE, U0BOB]}
  directors: {users: [U0CAROL, U0DAN]}
risk: {levels: {medium: [issue_refund]}}
rules:
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: support
    title: "Refund {{ payload.amount }} EUR"
    steps: [{after: 4h, do: expire}]
default: {gate: hard, ask: support, steps: [{after: 4h, do: park}]}
"""
#: Directors, two of them, and typed by hand.
STRICTER = POLICY.replace("gate: hard\n    ask: support", "gate: manual\n    ask: directors\n    quorum: 2")
BROKEN = STRICTER.replace("quorum: 2", "qorum: 2")
BODY: dict[str, Any] = {"action": "issue_refund", "payload": {"amount": 750}}


async def _judged(one: House) -> dict[str, Any]:
    status, told = await one.agent.call("POST", "/v1/check", BODY)
    assert status == 200
    return told


def _write(one: House, policy: str) -> None:
    Path(one.env["HITL_CONFIG"]).write_text(policy)


async def _in_force(one: House, gate: str) -> None:
    """Wait for a changed file to be noticed."""
    async with asyncio.timeout(10):
        while (await _judged(one))["gate"] != gate:  # noqa: ASYNC110  # nothing announces it
            await asyncio.sleep(0.05)


async def test_new_requests_are_judged_by_the_changed_file_and_open_ones_keep_theirs(build: Build) -> None:
    """One that needed a click still needs one click of the same people; the next needs two typed words."""
    async with build(POLICY) as one:
        before = await one.agent.ask(**BODY)
        card = await one.settled_card(before["id"])
        shown = page(card)
        _write(one, STRICTER)
        await _in_force(one, "manual")
        after = await one.agent.ask(**BODY)
        assert after["policy_version"] != before["policy_version"]
        assert (after["gate"], after["approvals"]["needed"], after["rule"]) == ("manual", 2, "refunds")
        assert "carol and dan" in page(await one.settled_card(after["id"]))
        same = await one.agent.look(before["id"])
        for name in ("policy_version", "gate", "risk", "rule", "reasons", "approvals", "due_at", "title"):
            assert same[name] == before[name]
        assert page(card) == shown
        await one.slack.click("U0CAROL", card.channel, card.ts, "Approve")
        await one.slack.ephemeral_to("U0CAROL", "support (alice and bob)")
        await one.slack.click("U0ALICE", card.channel, card.ts, "Approve")
        heard = await one.agent.hears(before["id"])
        assert (heard.data["status"], heard.data["policy_version"]) == ("approved", before["policy_version"])
        assert (await one.agent.look(after["id"]))["status"] == "pending"
        # As after a restart: what is kept with a request is all that it is judged by.
        await one.kill()
        await one.start()
        assert (await one.agent.look(after["id"]))["policy_version"] == after["policy_version"]
        _write(one, POLICY)
        await _in_force(one, "hard")
        assert (await one.agent.ask(**BODY))["policy_version"] == before["policy_version"]


async def test_a_broken_file_is_told_to_the_operators_and_changes_nothing(build: Build) -> None:
    """A direct message says what is wrong and where, /metrics shows it, and the bot stays ready, deciding."""
    async with build(POLICY) as one:
        before = await one.agent.ask(**BODY)
        _write(one, BROKEN)
        await one.slack.until(lambda: one.slack.direct_messages("U0ADMIN"), within=10)
        [told] = one.slack.direct_messages("U0ADMIN")
        line = BROKEN.splitlines().index("    qorum: 2") + 1
        for words in ("does not load", f"hitl.yml:{line}", "refunds", "qorum", "quorum", "stays in force"):
            assert words in page(told), page(told)
        assert await one.metric("hitl_policy_loaded") == 0
        assert await one.ready() == (200, "ready")
        asked = await one.agent.ask(**BODY)
        assert (asked["gate"], asked["policy_version"]) == ("hard", before["policy_version"])
        card = await one.settled_card(asked["id"])
        assert buttons(card) >= DECIDING
        await one.slack.click("U0BOB", card.channel, card.ts, "Approve")
        assert (await one.agent.hears(asked["id"])).data["status"] == "approved"
        _write(one, STRICTER)
        await _in_force(one, "manual")
        assert await one.metric("hitl_policy_loaded") == 1
        await one.slack.until(lambda: len(one.slack.direct_messages("U0ADMIN")) == 2, within=10)
        assert "loads again" in page(one.slack.direct_messages("U0ADMIN")[-1])


async def test_a_group_that_changed_holds_for_open_requests(build: Build) -> None:
    """Membership is always today's: who joined by the file may decide what was asked before."""
    async with build(POLICY) as one:
        asked = await one.agent.ask(**BODY)
        card = await one.settled_card(asked["id"])
        await one.slack.click("U0DAN", card.channel, card.ts, "Approve")
        await one.slack.ephemeral_to("U0DAN", "support (alice and bob)")
        _write(one, STRICTER.replace("[U0ALICE, U0BOB]", "[U0BOB, U0DAN]"))
        await _in_force(one, "manual")
        await one.slack.click("U0ALICE", card.channel, card.ts, "Approve")
        await one.slack.ephemeral_to("U0ALICE", "support (bob and dan)")
        await one.slack.click("U0DAN", card.channel, card.ts, "Approve")
        heard = await one.agent.hears(asked["id"])
        assert [person["id"] for person in heard.data["decision"]["by"]] == ["U0DAN"]

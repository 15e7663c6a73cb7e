"""Nobody answers: what the last step says happens by the clock, once, and also if the bot was down then."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.harness.house import DECIDING, House, buttons, house, page
from tests.stories.conftest import Home

POLICY = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  support: {users: [U0ALICE, U0BOB]}
risk: {levels: {medium: [issue_refund, send_email]}}
rules:
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: support
    steps: [{after: 2s, do: expire}]
default: {gate: hard, ask: support, steps: [{after: 2s, do: park}]}
"""


@pytest.fixture
def policy(tmp_path: Path) -> Path:
    """Refunds expire after two seconds; everything else is parked then."""
    path = tmp_path / "hitl.yml"
    path.write_text(POLICY)
    return path


async def _asked_both(one: House) -> tuple[str, str]:
    refund = await one.agent.ask()
    mail = await one.agent.ask(action="send_email", payload={"to": "everybody"})
    await asyncio.gather(one.settled_card(refund["id"]), one.settled_card(mail["id"]))
    return str(refund["id"]), str(mail["id"])


async def _both_ended(one: House, refund: str, mail: str) -> None:
    """The refund timed out, which is nobody's no; the mail is parked, still pending. Each is told once."""
    decided = await one.agent.hears(refund)
    parked = await one.agent.hears(mail, "request.parked")
    decision = decided.data["decision"]
    assert (decided.data["status"], decided.data["proceed"]) == ("timed_out", False)
    assert (decision["verdict"], decision["via"], decision["by"]) == ("timed_out", "timeout", [])
    assert (parked.data["status"], parked.data["decision"]) == ("pending", None)
    assert parked.data["parked_at"] is not None
    expired = await one.card(refund, "Expired")
    assert not buttons(expired) & DECIDING
    assert buttons(await one.card(mail, "parked")) >= DECIDING
    await one.nothing_left()
    assert [len(one.agent.heard_of(refund)), len(one.agent.heard_of(mail, "request.parked"))] == [1, 1]
    assert (await one.facts(refund)).count("request.decided") == 1
    assert (await one.facts(mail)).count("request.parked") == 1


async def test_the_last_step_fires_by_the_clock(home: Home, policy: Path) -> None:
    """The long-poll that is held meanwhile is answered when it happens, for a park as well."""
    async with house(home.url, home.agent, policy) as one:
        refund, mail = await _asked_both(one)
        polled = await asyncio.wait_for(
            asyncio.gather(one.agent.look(refund, wait=30), one.agent.look(mail, wait=30)), 5
        )
        assert [told["status"] for told in polled] == ["timed_out", "pending"]
        assert polled[1]["parked_at"] is not None
        await _both_ended(one, refund, mail)
        status, _ = await one.agent.call("POST", f"/v1/requests/{refund}/claim")
        assert status == 409


async def test_what_is_parked_can_still_be_decided(home: Home, policy: Path) -> None:
    """Bob comes back from lunch and approves it on the same card."""
    async with house(home.url, home.agent, policy) as one:
        mail = await one.agent.ask(action="send_email", payload={"to": "everybody"})
        await one.agent.hears(mail["id"], "request.parked")
        card = await one.card(mail["id"], "parked")
        await one.slack.click("U0BOB", card.channel, card.ts, "Approve")
        heard = await one.agent.hears(mail["id"])
        assert (heard.data["status"], heard.data["proceed"]) == ("approved", True)
        final = await one.card(mail["id"], "Approved by bob", "Paid, tx 5521")
        assert final.ts == card.ts
        assert not buttons(final) & DECIDING
        kinds = [each.type for each in one.agent.heard if each.data["id"] == mail["id"]]
        assert kinds == ["request.parked", "request.decided"]


async def test_a_step_that_became_due_while_the_bot_was_down_fires_once(home: Home, policy: Path) -> None:
    """Killed before, started after: it happens at once then, and not again at the next start."""
    async with house(home.url, home.agent, policy) as one:
        refund, mail = await _asked_both(one)
        due = (await one.agent.look(mail))["due_at"]
        await one.kill()
        # What passes is the time that the step waits for; no event tells of it.
        await asyncio.sleep(2.2)
        await one.start()
        await _both_ended(one, refund, mail)
        assert (await one.agent.look(mail))["due_at"] in (None, due)
        before = page(await one.card(mail, "parked")), len(one.agent.heard)
        await one.kill()
        await one.start()
        await one.nothing_left()
        assert (page(await one.card(mail, "parked")), len(one.agent.heard)) == before
        assert (await one.facts(mail)).count("request.parked") == 1
        assert "whole" in await one.hitl("audit", "verify")

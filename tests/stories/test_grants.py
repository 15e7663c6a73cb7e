"""Grants: an approver lets like requests through for a while, never more; they are listed, and revoked."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from sandbox.workspace import Message
from tests.harness.house import House, buttons, page
from tests.stories.conftest import Build

# One bot serves every story here: each has a customer of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")

ALLOW = "Approve and allow similar"
POLICY = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  support: {usergroup: S0SUPPORT}
  directors: {usergroup: S0DIRECTORS}
risk:
  levels: {medium: [issue_refund, close_account], low: [note_down], high: [deploy_service]}
  raise: [{when: "payload.amount > 500", to: high}]
irreversible: [close_account]
rules:
  - {name: refunds, when: "action == 'issue_refund'", gate: hard, ask: directors, valid_for: 1h,
     grants: {longest: 8h, same: [payload.customer]}, steps: [{after: 4h, do: expire}]}
  - {name: accounts, when: "action == 'close_account'", gate: hard, ask: directors,
     grants: {longest: 8h, same: [payload.customer]}, steps: [{after: 4h, do: expire}]}
  - {name: notes, when: "action == 'note_down'", gate: hard, ask: support,
     grants: {longest: 8h, same: [payload.customer]}, steps: [{after: 4h, do: expire}]}
  - {name: deploys, when: "action == 'deploy_service'", gate: manual, ask: directors,
     steps: [{after: 4h, do: expire}]}
default: {gate: hard, ask: directors, steps: [{after: 4h, do: park}]}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(build: Build) -> AsyncIterator[House]:
    """A house in which directors may allow refunds for a while."""
    async with build(POLICY) as built:
        yield built


def _refund(customer: str, amount: int = 50, **more: Any) -> dict[str, Any]:
    return {"payload": {"amount": amount, "currency": "EUR", "customer": customer, "reason": "late", **more}}


async def _granted(one: House, customer: str, by: str = "U0ALICE", **fields: Any) -> tuple[str, Message]:
    """Approve a refund, and what is like it for two hours: the grant's id, and the card."""
    asked = await one.agent.ask(**{**_refund(customer), **fields})
    card = await one.settled_card(asked["id"])
    answer = await one.slack.click(by, card.channel, card.ts, ALLOW)
    assert answer.acknowledged
    await one.slack.view_of(by, "Allow similar")
    done = await one.slack.submit(by, {"For how long?": "2 hours"})
    assert (done.acknowledged, done.errors, done.view) == (True, {}, None)
    heard = await one.agent.hears(asked["id"])
    assert (heard.data["status"], heard.data["decision"]["via"]) == ("approved", "human")
    card = await one.card(asked["id"], "Similar requests go through until", "/hitl revoke g_")
    found = re.search(r"/hitl revoke (g_\w+)", page(card))
    assert found
    return found[1], card


async def _lets_through(one: House, **fields: Any) -> dict[str, Any]:
    """The request is approved by the grant, and nobody is asked."""
    like = await one.agent.ask(**fields)
    assert (like["status"], like["proceed"], like["decision"]["via"]) == ("approved", True, "grant"), like
    heard = await one.agent.hears(like["id"])
    assert heard.data["decision"] == like["decision"]
    return like


async def _asks(one: House, **fields: Any) -> None:
    """The request waits for people, with a card."""
    asked = await one.agent.ask(**fields)
    assert (asked["status"], asked["proceed"], asked["decision"]) == ("pending", False, None)
    assert "Approve" in buttons(await one.settled_card(asked["id"]))


async def test_it_says_what_it_allows_and_lets_that_through(one: House) -> None:
    """In words: who, what, for whom, up to how much. A like request then names the granter, with no card."""
    asked = await one.agent.ask(**_refund("C-17"))
    card = await one.settled_card(asked["id"])
    await one.slack.click("U0ALICE", card.channel, card.ts, ALLOW)
    view = await one.slack.view_of("U0ALICE", "Allow similar")
    shown = str(view.payload)
    for words in ("issue_refund by billing-agent", "customer C-17", "amount up to 50", "currency, reason"):
        assert words in shown, shown
    await one.slack.submit("U0ALICE", {"For how long?": "8 hours", "Why?": "A known customer."})
    await one.agent.hears(asked["id"])
    like = await _lets_through(one, **_refund("C-17", 40, reason="broken"))
    decision = like["decision"]
    assert decision["by"] == [{"id": "U0ALICE", "name": "alice"}]
    assert decision["payload"]["amount"] == 40
    assert decision["valid_until"] is not None
    assert "alice had allowed requests like this one" in decision["message"]
    await one.agent.until(lambda: like["id"] in one.agent.acted)
    await one.card(asked["id"], "(1 so far")
    await one.nothing_left()
    assert one.cards(like["id"]) == []
    assert (await one.facts(like["id"]))[:2] == ["request.opened", "request.decided"]
    assert "grant.given" in await one.facts(asked["id"])


@pytest.mark.parametrize(
    "beyond",
    [
        _refund("C-19"),
        _refund("C-18", 51),
        _refund("C-18", -51),
        _refund("C-18", iban="DE02"),
        {**_refund("C-18"), "risk": "high"},
        {**_refund("C-18"), "reversible": False},
        {**_refund("C-18"), "on_behalf_of": "U0ALICE"},
        {**_refund("C-18"), "on_behalf_of": "alice@example.com"},
    ],
    ids=[
        "customer",
        "more",
        "less than nothing",
        "a field",
        "riskier",
        "for good",
        "for its giver",
        "by e-mail",
    ],
)
async def test_what_is_beyond_it_is_asked_about(one: House, beyond: dict[str, Any]) -> None:
    """Another customer, a larger amount, another shape, a higher risk, or for the giver: a card as ever."""
    if not any(grant["same"] == {"payload.customer": ["C-18"]} for grant in await _listed(one)):
        await _granted(one, "C-18")
    await _lets_through(one, **_refund("C-18"))
    await _asks(one, **beyond)


async def _listed(one: House) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(await one.hitl("grants", "list", "--json"))
    return told


async def test_it_is_not_offered_for_what_must_be_looked_at(one: House) -> None:
    """Neither for the irreversible nor for what is typed by hand each time."""
    for action in ("close_account", "deploy_service"):
        asked = await one.agent.ask(action=action, payload={"customer": "C-20"})
        assert ALLOW not in buttons(await one.settled_card(asked["id"]))


async def test_its_giver_revokes_it_in_slack(one: House) -> None:
    """`/hitl grants` lists it, `/hitl revoke` ends it; a stranger is told whose it is."""
    grant, card = await _granted(one, "C-21")
    await one.slack.command("U0ALICE", "/hitl grants")
    assert "C-21" in page(await one.slack.ephemeral_to("U0ALICE", grant))
    await one.slack.command("U0CAROL", f"/hitl revoke {grant}")
    await one.slack.ephemeral_to("U0CAROL", "is alice's")
    await _lets_through(one, **_refund("C-21"))
    await one.slack.command("U0ALICE", f"/hitl revoke {grant}")
    await one.slack.ephemeral_to("U0ALICE", "is revoked (used 1 time)")
    await one.slack.until(lambda: "was ended" in page(card))
    await _asks(one, **_refund("C-21"))
    await one.slack.command("U0ALICE", f"/hitl revoke {grant}")
    await one.slack.ephemeral_to("U0ALICE", "was over already")


async def test_it_is_revoked_by_the_button_beside_it(one: House) -> None:
    """In the list that `/hitl grants` shows to its giver alone."""
    grant, _ = await _granted(one, "C-25")
    await one.slack.command("U0ALICE", "/hitl grants")
    listed = await one.slack.ephemeral_to("U0ALICE", grant)
    [row] = [block["block_id"] for block in listed.blocks if grant in str(block)]
    answer = await one.slack.click("U0ALICE", listed.channel, listed.ts, "Revoke", block_id=row)
    assert answer.acknowledged, answer.error
    await one.slack.ephemeral_to("U0ALICE", f"`{grant}` for issue_refund by billing-agent is revoked")
    await _asks(one, **_refund("C-25"))


async def test_an_operator_revokes_it_at_the_command_line(one: House) -> None:
    """`hitl grants list` shows who gave it; `hitl grants revoke` ends it, while the bot runs."""
    grant, card = await _granted(one, "C-22")
    [line] = [line for line in (await one.hitl("grants", "list")).splitlines() if grant in line]
    for words in ("issue_refund", "billing-agent", "alice", "until"):
        assert words in line
    await _lets_through(one, **_refund("C-22"))
    assert "revoked" in await one.hitl("grants", "revoke", grant)
    await _asks(one, **_refund("C-22"))
    assert grant not in await one.hitl("grants", "list")
    # The running bot hears of it with its next round of the outbox.
    await one.slack.until(lambda: "was ended" in page(card), within=10)


async def test_it_ends_when_its_giver_may_no_longer_decide(one: House) -> None:
    """Carol leaves the group, and what she had allowed is asked about; also when she is back."""
    like = {"action": "note_down", **_refund("C-23")}
    _, first = await _granted(one, "C-23", by="U0CAROL", action="note_down")
    await _lets_through(one, **like)
    one.slack.set_usergroup("S0SUPPORT", ["U0DAN"])
    await one.slack.courier.idle()
    await _asks(one, **like)
    request = (first.metadata or {})["event_payload"]["request"]
    await one.card(request, "Similar requests went through until", "when that was ended")
    one.slack.set_usergroup("S0SUPPORT", ["U0CAROL", "U0DAN"])
    await one.slack.courier.idle()
    await _asks(one, **like)


async def test_it_outlives_the_bot(build: Build) -> None:
    """Killed and started again, it still lets through, and still no more than before."""
    async with build(POLICY) as one:
        grant, card = await _granted(one, "C-24")
        await one.kill()
        await one.start()
        like = await _lets_through(one, **_refund("C-24"))
        assert like["decision"]["by"] == [{"id": "U0ALICE", "name": "alice"}]
        await _asks(one, **_refund("C-24", 51))
        await one.slack.command("U0BOB", f"/hitl revoke {grant}")
        await one.slack.until(lambda: "was ended" in page(card))
        await _asks(one, **_refund("C-24"))
        assert "whole" in await one.hitl("audit", "verify")

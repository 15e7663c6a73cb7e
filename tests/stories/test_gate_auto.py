"""`gate: auto`: the policy says yes at once, nobody in Slack hears of it, and the log has it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from tests.harness.house import DECIDING, House, buttons, page
from tests.stories.conftest import Build

# One bot serves every story here: each asks for something of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
channel: C0APPROVALS
groups:
  support: {users: [U0ALICE, U0BOB]}
risk: {levels: {low: ["note_*"]}}
irreversible: [note_in_stone]
rules:
  - {name: notes, when: "action.startsWith('note_')", gate: auto, ask: support, valid_for: 1h,
     form: {text: {type: string, maxLength: 100}}, steps: [{after: 4h, do: expire}]}
default: {gate: hard, ask: support, steps: [{after: 4h, do: park}]}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(build: Build) -> AsyncIterator[House]:
    """A house in which notes need nobody."""
    async with build(POLICY) as built:
        yield built


async def test_it_is_approved_at_once_without_a_message(one: House) -> None:
    """The POST is answered with the decision, the callback comes, one claim holds; Slack is silent."""
    asked = await one.agent.ask(action="note_down", payload={"text": "called back"})
    decision = asked["decision"]
    assert (asked["gate"], asked["risk"], asked["rule"]) == ("auto", "low", "notes")
    assert (asked["status"], asked["proceed"], asked["due_at"]) == ("approved", True, None)
    assert (decision["verdict"], decision["via"], decision["by"]) == ("approved", "policy", [])
    assert (decision["payload"], decision["changes"]) == ({"text": "called back"}, [])
    assert decision["valid_until"] > decision["decided_at"]
    assert "by the policy" in decision["message"]
    assert "rule notes matches" in asked["reasons"]
    await one.agent.until(lambda: asked["id"] in one.agent.acted)
    assert (await one.agent.call("POST", f"/v1/requests/{asked['id']}/claim"))[0] == 409
    # Whatever would be said of it stands in the outbox before this one's card.
    other = await one.agent.ask(action="send_email", payload={})
    await one.settled_card(other["id"])
    await one.nothing_left()
    assert one.cards(asked["id"]) == []
    assert not any(asked["id"] in str(call.args) for call in one.slack.calls())
    assert (await one.agent.look(asked["id"]))["slack"] is None
    assert [each.type for each in one.agent.heard if each.data["id"] == asked["id"]] == ["request.decided"]
    assert (await one.facts(asked["id"]))[:2] == ["request.opened", "request.decided"]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"action": "note_down", "risk": "high"}, "it is high risk"),
        ({"action": "note_down", "reversible": False}, "it cannot be undone"),
        ({"action": "note_in_stone"}, "it cannot be undone"),
        ({"action": "note_down", "payload": {"text": "x" * 101}}, "its arguments break the rule's form"),
    ],
    ids=["risky", "irreversible by its own account", "irreversible by the policy", "breaks the form"],
)
async def test_what_is_not_harmless_waits_for_people(one: House, fields: dict[str, Any], why: str) -> None:
    """Held as hard, and both the verdict and the card say why."""
    asked = await one.agent.ask(**{"payload": {"text": "x"}, **fields})
    assert (asked["gate"], asked["status"], asked["proceed"]) == ("hard", "pending", False)
    assert f"held as hard because {why}" in asked["reasons"]
    card = await one.settled_card(asked["id"])
    assert f"held as hard because {why}" in page(card)
    assert buttons(card) & DECIDING


async def test_check_says_the_same_and_stores_nothing(one: House) -> None:
    """What an agent may ask beforehand."""
    _, before = await one.agent.call("GET", "/v1/requests?action=note_down")
    body = {"action": "note_down", "payload": {"text": "only asking"}}
    status, told = await one.agent.call("POST", "/v1/check", body)
    assert (status, told["gate"], told["risk"], told["rule"]) == (200, "auto", "low", "notes")
    assert (await one.agent.call("GET", "/v1/requests?action=note_down"))[1] == before

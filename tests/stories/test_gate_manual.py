"""`gate: manual`: each approver of the quorum reads it whole, and types what confirms it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from sandbox.workspace import Message
from tests.harness.house import DECIDING, House, buttons, page
from tests.stories.conftest import Build

# One bot serves every story here: each asks for a deploy of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
channel: C0APPROVALS
groups:
  directors: {users: [U0ALICE, U0BOB, U0CAROL]}
risk: {levels: {high: ["deploy_*", wipe]}}
irreversible: [wipe]
rules:
  - {name: services, when: "action == 'deploy_service'", gate: manual, confirm: payload.service, quorum: 2,
     ask: directors, title: "Deploy {{ payload.service }}", steps: [{after: 4h, do: park}]}
  - {name: short, when: "action == 'deploy_soon'", gate: manual, ask: directors,
     steps: [{after: 1s, do: park}]}
  - {name: wipes, when: "action == 'wipe'", gate: manual, ask: directors, steps: [{after: 4h, do: expire}]}
default: {gate: hard, ask: directors, steps: [{after: 4h, do: park}]}
"""
SERVICE: dict[str, Any] = {
    "action": "deploy_service",
    "payload": {"service": "order-api", "version": "2026.11.3", "regions": ["eu", "us"]},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(build: Build) -> AsyncIterator[House]:
    """A house in which deploys are confirmed by typing."""
    async with build(POLICY) as built:
        yield built


async def _asked(one: House, **fields: Any) -> tuple[str, Message]:
    asked = await one.agent.ask(**fields)
    assert (asked["gate"], asked["status"], asked["proceed"]) == ("manual", "pending", False)
    return str(asked["id"]), await one.settled_card(asked["id"])


async def test_two_approvers_each_type_the_services_name(one: House) -> None:
    """A wrong word is told at the field and decides nothing; the second right one decides."""
    request, card = await _asked(one, **SERVICE)
    assert "Each approver types order-api." in page(card)
    fields = await one.modal("U0ALICE", card, "Approve")
    assert "To approve, type order-api" in fields
    shown = str(one.slack.views("U0ALICE")[-1].payload)
    assert all(words in shown for words in ("order-api", "2026.11.3", "eu, us"))
    wrong = await one.slack.submit("U0ALICE", {"typed": "CONFIRM"})
    assert wrong.errors == {fields["To approve, type order-api"]: "Type order-api exactly as it stands here."}
    assert (await one.agent.look(request))["approvals"] == {"needed": 2, "given": 0}
    first = await one.slack.submit("U0ALICE", {"typed": "order-api", "note": "Checks are green."})
    assert (first.errors, first.acknowledged) == ({}, True)
    await one.card(request, "1 of 2")
    told = await one.agent.look(request)
    assert (told["status"], told["approvals"]) == ("pending", {"needed": 2, "given": 1})
    await one.modal("U0BOB", card, "Approve")
    await one.slack.submit("U0BOB", {"typed": "order-api"})
    heard = await one.agent.hears(request)
    decision = heard.data["decision"]
    assert (decision["verdict"], decision["via"], decision["changes"]) == ("approved", "human", [])
    assert [person["id"] for person in decision["by"]] == ["U0ALICE", "U0BOB"]
    assert "Checks are green." in decision["message"]
    final = await one.card(request, "Approved by alice and bob", "Paid, tx 5521")
    assert not buttons(final) & DECIDING
    assert await one.facts(request) == [
        "request.opened",
        "vote.refused",
        "vote.approved",
        "vote.approved",
        "request.decided",
        "request.claimed",
        "outcome.reported",
    ]


async def test_an_edit_is_confirmed_as_it_will_be(one: House) -> None:
    """Bob deploys another service than was asked for, types its name, and Alice's approval is void."""
    request, card = await _asked(one, **SERVICE)
    await one.modal("U0ALICE", card, "Approve")
    await one.slack.submit("U0ALICE", {"typed": "order-api"})
    await one.card(request, "1 of 2")
    await one.modal("U0BOB", card, "Edit")
    old = await one.slack.submit("U0BOB", {"Service": "order-web", "typed": "order-api"})
    assert list(old.errors.values()) == ["Type order-web exactly as it stands here."]
    await one.slack.submit("U0BOB", {"Service": "order-web", "typed": "order-web"})
    card = await one.card(request, "order-api → order-web", "1 of 2", "Each approver types order-web.")
    await one.modal("U0ALICE", card, "Approve")
    await one.slack.submit("U0ALICE", {"typed": "order-web"})
    heard = await one.agent.hears(request)
    decision = heard.data["decision"]
    assert (decision["verdict"], decision["payload"]["service"]) == ("modified", "order-web")
    assert {person["id"] for person in decision["by"]} == {"U0ALICE", "U0BOB"}


async def test_without_a_field_it_is_the_word_confirm(one: House) -> None:
    """An irreversible one stays manual, its card says that it cannot be undone, and one CONFIRM decides."""
    request, card = await _asked(one, action="wipe", payload={"table": "orders"})
    assert "It cannot be undone." in page(card)
    fields = await one.modal("U0CAROL", card, "Approve")
    assert "To approve, type CONFIRM" in fields
    await one.slack.submit("U0CAROL", {"typed": "CONFIRM"})
    heard = await one.agent.hears(request)
    assert (heard.data["status"], heard.data["proceed"]) == ("approved", True)


async def test_a_reject_needs_no_word(one: House) -> None:
    """One person's no ends it, although two would be needed for a yes."""
    request, card = await _asked(one, **SERVICE)
    await one.reject("U0CAROL", card, "Not on a Friday.")
    heard = await one.agent.hears(request)
    assert (heard.data["status"], heard.data["decision"]["reason"]) == ("rejected", "Not on a Friday.")
    await one.card(request, "Rejected by carol", "Not on a Friday.")


async def test_silence_parks_it_and_never_approves(one: House) -> None:
    """The agent is told that it is parked; it can still be confirmed."""
    asked = await one.agent.ask(action="deploy_soon", payload={})
    parked = await one.agent.hears(asked["id"], "request.parked")
    assert (parked.data["status"], parked.data["proceed"]) == ("pending", False)
    card = await one.card(asked["id"], "parked")
    await one.modal("U0BOB", card, "Approve")
    await one.slack.submit("U0BOB", {"typed": "CONFIRM"})
    heard = await one.agent.hears(asked["id"])
    assert (heard.data["status"], heard.data["decision"]["via"]) == ("approved", "human")

"""What a paused agent's own calls come to."""

from __future__ import annotations

from approvals.model import AgentName
from bot.desk import pausing
from bot.desk.pausing import Pausing
from tests.bot.http.conftest import Endpoint
from tests.harness.cases import ALICE

BILLING = AgentName("billing-agent")


async def test_a_pause_holds_when_it_is_answered(on_each: Endpoint) -> None:
    """Also against what was found of the agent a moment before; what it could do, it waits for."""
    searching = {"action": "search_orders"}
    assert (await on_each.post(searching)).body["proceed"]
    assert (await pausing.pause(on_each.desk, BILLING, ALICE)).what is Pausing.DONE
    waiting = (await on_each.post(searching)).body
    assert (waiting["status"], waiting["proceed"], waiting["decision"]) == ("pending", False, None)
    claimed = await on_each.call("POST", f"/v1/requests/{waiting['id']}/claim")
    assert claimed.status == 409


async def test_what_waits_unseen_can_be_withdrawn(endpoint: Endpoint) -> None:
    """By the agent, which then need not wait for it."""
    assert (await pausing.pause(endpoint.desk, BILLING, ALICE)).what is Pausing.DONE
    request = await endpoint.opened()
    cancelled = await endpoint.call("POST", f"/v1/requests/{request}/cancel", {"reason": "no longer"})
    assert (cancelled.status, cancelled.body["status"]) == (200, "cancelled")
    assert await pausing.release(endpoint.desk) == 0

"""What a paused agent's own calls come to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from approvals.words import AgentName
from bot.desk import pausing
from bot.desk.pausing import Pausing
from store import agents
from tests.bot.http.conftest import Answer, Endpoint
from tests.harness.cases import ALICE

BILLING = AgentName("billing-agent")
SEARCHING = {"action": "search_orders", "payload": {}}


class SlowPost:
    """A post of which the head came, and the agent was found, and which waits with its body."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._go = asyncio.Event()
        self._endpoint = endpoint
        self._answer = asyncio.ensure_future(endpoint.call("POST", "/v1/requests", raw=self._chunks()))

    async def begun(self) -> None:
        """Until it is noted that the agent was seen."""
        read = self._endpoint.desk.store.read
        async with asyncio.timeout(10):
            found = None
            while found is None or found.last_seen is None:
                await self._endpoint.call("GET", "/healthz")
                found = await read(lambda unit: agents.get(unit, BILLING))

    async def ended(self) -> Answer:
        """The rest is sent."""
        self._go.set()
        return await self._answer

    async def _chunks(self) -> AsyncIterator[bytes]:
        body = json.dumps(SEARCHING).encode()
        yield body[:5]
        await self._go.wait()
        yield body[5:]


async def test_a_pause_holds_when_it_is_answered(on_each: Endpoint) -> None:
    """Also against what was found of the agent a moment before; what it could do, it waits for."""
    searching = {"action": "search_orders"}
    assert (await on_each.post(searching)).body["proceed"]
    assert (await pausing.pause(on_each.desk, BILLING, ALICE)).what is Pausing.DONE
    waiting = (await on_each.post(searching)).body
    assert (waiting["status"], waiting["proceed"], waiting["decision"]) == ("pending", False, None)
    claimed = await on_each.call("POST", f"/v1/requests/{waiting['id']}/claim")
    assert claimed.status == 409


async def test_a_pause_holds_for_a_body_that_comes_slowly(on_each: Endpoint) -> None:
    """The agent was found before it; what it asks is known only afterwards."""
    slow = SlowPost(on_each)
    await slow.begun()
    assert (await pausing.pause(on_each.desk, BILLING, ALICE)).what is Pausing.DONE
    answer = await slow.ended()
    assert (answer.status, answer.body["status"], answer.body["proceed"]) == (201, "pending", False)


async def test_a_revocation_holds_for_a_body_that_comes_slowly(on_each: Endpoint) -> None:
    """401, and nothing is stored, once the token is trusted no more."""
    slow = SlowPost(on_each)
    await slow.begun()
    await on_each.desk.store.write(lambda unit: agents.revoke(unit, BILLING, on_each.runtime.at))
    async with asyncio.timeout(10):
        while (await on_each.call("GET", "/v1/requests")).status != 401:
            pass
    assert (await slow.ended()).status == 401
    assert await on_each.count() == 0


async def test_what_waits_unseen_can_be_withdrawn(endpoint: Endpoint) -> None:
    """By the agent, which then need not wait for it."""
    assert (await pausing.pause(endpoint.desk, BILLING, ALICE)).what is Pausing.DONE
    request = await endpoint.opened()
    cancelled = await endpoint.call("POST", f"/v1/requests/{request}/cancel", {"reason": "no longer"})
    assert (cancelled.status, cancelled.body["status"]) == (200, "cancelled")
    assert await pausing.release(endpoint.desk) == 0

"""Long-polls: held until something happens, answered at once when it does, and cheap meanwhile."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from approvals.words import Choice, RequestId, Status
from bot.desk.follow_up import Seen
from bot.http.waiting import WaitingRoom
from store import cases
from store.engine import Store
from tests.bot.http.conftest import Answer, Endpoint, opened_store, running
from tests.harness.cases import BOB
from tests.harness.databases import PostgresServer


def _waits(endpoint: Endpoint, request: RequestId, seconds: str = "60") -> asyncio.Task[Answer]:
    return asyncio.create_task(endpoint.call("GET", f"/v1/requests/{request}?wait={seconds}"))


async def test_a_decision_ends_the_wait(on_each: Endpoint) -> None:
    """Everybody who waits for it is answered with the decided request."""
    request = await on_each.opened()
    waits = [_waits(on_each, request) for _ in range(3)]
    await on_each.holding(3)
    await on_each.vote(request)
    async with asyncio.timeout(5):
        for answer in await asyncio.gather(*waits):
            assert answer.status == 200
            assert answer.body["status"] == "approved"
            assert answer.body["proceed"] is True
    await on_each.holding(0)


async def test_others_go_on_waiting(endpoint: Endpoint) -> None:
    """A decision wakes nobody who waits for another request."""
    one, other = await endpoint.opened(), await endpoint.opened()
    first, second = _waits(endpoint, one), _waits(endpoint, other)
    await endpoint.holding(2)
    await endpoint.vote(one)
    assert (await first).body["id"] == one
    await endpoint.holding(1)
    assert not second.done()
    await endpoint.vote(other, Choice.REJECT, BOB)
    assert (await second).body["status"] == "rejected"


async def test_a_comment_does_not_end_the_wait(endpoint: Endpoint) -> None:
    """Only the end, or being parked, does; the answer then has the comment too."""
    request = await endpoint.opened()
    wait = _waits(endpoint, request)
    await endpoint.holding(1)
    await endpoint.call("POST", f"/v1/requests/{request}/comments", {"text": "photo attached"})
    await endpoint.holding(1)
    assert not wait.done()
    await endpoint.vote(request)
    assert len((await wait).body["comments"]) == 1


async def test_being_parked_meanwhile_ends_the_wait(endpoint: Endpoint) -> None:
    """The agent learns that nobody will decide soon."""
    request = await endpoint.opened(action="deploy_api")
    wait = _waits(endpoint, request)
    await endpoint.holding(1)
    await endpoint.passes(timedelta(hours=1), request)
    answer = await wait
    assert answer.body["status"] == "pending"
    assert answer.body["parked_at"] == "2026-11-20T13:00:00Z"


async def test_whoever_waits_for_a_parked_one_waits_for_its_end(endpoint: Endpoint) -> None:
    """It was parked before, so that being parked is no news."""
    request = await endpoint.opened(action="deploy_api")
    await endpoint.passes(timedelta(hours=1), request)
    wait = _waits(endpoint, request)
    await endpoint.holding(1)
    await endpoint.call("POST", f"/v1/requests/{request}/comments", {"text": "still here"})
    await endpoint.holding(1)
    assert not wait.done()
    await endpoint.vote(request)
    assert (await wait).body["status"] == "approved"


async def test_what_is_decided_is_not_waited_for(endpoint: Endpoint) -> None:
    """The answer is there at once."""
    request = await endpoint.opened()
    await endpoint.vote(request)
    async with asyncio.timeout(5):
        assert (await _waits(endpoint, request)).body["status"] == "approved"


@pytest.mark.parametrize("seconds", ["0", "0.05", "0.0", "5e-2", ""])
async def test_after_so_many_seconds_the_current_state_comes(endpoint: Endpoint, seconds: str) -> None:
    """Still pending, and 200."""
    request = await endpoint.opened()
    async with asyncio.timeout(5):
        answer = await _waits(endpoint, request, seconds)
    assert answer.status == 200
    assert answer.body["status"] == "pending"


@pytest.mark.parametrize(
    "seconds", ["61", "60.001", "-1", "NaN", "inf", "1e9", "ten", "0x1", "1_0", "1;2", " "]
)
async def test_a_wrong_wait_is_refused(endpoint: Endpoint, seconds: str) -> None:
    """422 that names it."""
    request = await endpoint.opened()
    answer = await _waits(endpoint, request, seconds)
    assert answer.status == 422
    assert answer.locs == ["wait"]


async def test_whoever_hangs_up_waits_no_more(endpoint: Endpoint) -> None:
    """A closed connection leaves nothing behind."""
    request = await endpoint.opened()
    waits = [_waits(endpoint, request) for _ in range(5)]
    await endpoint.holding(5)
    for wait in waits[:4]:
        wait.cancel()
    await endpoint.holding(1)
    await endpoint.vote(request)
    assert (await waits[4]).body["status"] == "approved"


async def test_a_stop_answers_everybody(store: Store) -> None:
    """Each with the request as it stands, well before its time is over."""
    async with running(store) as endpoint:
        request = await endpoint.opened()
        waits = [_waits(endpoint, request) for _ in range(3)]
        await endpoint.holding(3)
        async with asyncio.timeout(4):
            await endpoint.listener.close()
            for answer in await asyncio.gather(*waits):
                assert answer.status == 200
                assert answer.body["status"] == "pending"


async def test_a_decision_in_another_process_ends_the_wait(postgres_server: PostgresServer) -> None:
    """Two replicas on one PostgreSQL: what one commits, the other's waiters hear within a second or so."""
    # The server makes databases by an event loop of its own.
    url = await asyncio.to_thread(postgres_server.fresh)
    async with opened_store(url) as here, running(here) as endpoint:
        elsewhere = await Store.open(url)
        async with running(elsewhere) as other:
            request = await endpoint.opened()
            wait = _waits(endpoint, request)
            await endpoint.holding(1)
            await other.vote(request)
            async with asyncio.timeout(5):
                assert (await wait).body["status"] == "approved"
        await elsewhere.close()


@pytest.mark.parametrize("rounds", [0, 1, 10])
async def test_what_is_decided_while_one_begins_to_wait_is_heard(endpoint: Endpoint, rounds: int) -> None:
    """A commit after the first look and before the wait is not lost, whenever its news arrive."""
    request = await endpoint.opened()
    room = WaitingRoom(endpoint.desk.store)

    async def look() -> Seen:
        case = await endpoint.desk.store.read(lambda unit: cases.load(unit, request))
        assert case is not None
        if not case.status.final:
            await endpoint.vote(request)
        for _ in range(rounds):
            await asyncio.sleep(0)
        return Seen(case, None)

    async with asyncio.timeout(5):
        seen = await room.hold(request, look, 60)
    assert seen.case.status is Status.APPROVED
    assert room.waiting == 0


async def test_a_thousand_wait_for_one_decision(endpoint: Endpoint) -> None:
    """One commit wakes them all, and none is lost."""
    request = await endpoint.opened()
    waits = [_waits(endpoint, request) for _ in range(1000)]
    await endpoint.holding(1000)
    await endpoint.vote(request)
    answers = await asyncio.gather(*waits)
    assert {answer.body["status"] for answer in answers} == {"approved"}

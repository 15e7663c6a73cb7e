"""One agent's flood is its own."""

from __future__ import annotations

import asyncio

import pytest

from approvals.words import AgentName
from bot.http.limiting import CallLimit
from bot.http.problems import Problem
from store.engine import Store
from tests.bot.http.conftest import MAILER, running

ONE, OTHER = AgentName("one"), AgentName("other")


class Hands:
    """A clock that tests turn."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.at


def _refused(limit: CallLimit, agent: AgentName) -> str:
    with pytest.raises(Problem) as caught:
        limit.check(agent)
    assert caught.value.sort.status == 429
    return caught.value.headers["Retry-After"]


def test_so_many_at_once_and_no_more() -> None:
    """A second's worth goes through, the next call waits."""
    limit = CallLimit(5, Hands())
    for _ in range(5):
        limit.check(ONE)
    assert _refused(limit, ONE) == "1"


def test_others_are_not_held_back() -> None:
    """Each agent has its own bucket."""
    limit = CallLimit(1, Hands())
    limit.check(ONE)
    _refused(limit, ONE)
    limit.check(OTHER)


def test_time_gives_calls_back() -> None:
    """As many as the rate says, never more than the burst; refused calls cost nothing."""
    hands = Hands()
    limit = CallLimit(4, hands)
    for _ in range(4):
        limit.check(ONE)
    for _ in range(100):
        _refused(limit, ONE)
    hands.at += 0.25
    limit.check(ONE)
    _refused(limit, ONE)
    hands.at += 3600
    for _ in range(4):
        limit.check(ONE)
    _refused(limit, ONE)


def test_a_slow_rate_says_how_long_to_wait() -> None:
    """`Retry-After` is whole seconds, after which one call goes through."""
    hands = Hands()
    limit = CallLimit(0.1, hands)
    limit.check(ONE)
    assert _refused(limit, ONE) == "10"
    hands.at += 10
    limit.check(ONE)


async def test_a_flood_gets_429_and_others_their_answers(store: Store) -> None:
    """Over HTTP: `Retry-After` on each refusal, nothing stored for it, and the other agent is served."""
    async with running(store, rate_limit=3) as endpoint:
        answers = await asyncio.gather(*(endpoint.post() for _ in range(20)))
        refused = [answer for answer in answers if answer.status == 429]
        assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
        assert len(refused) >= 16
        assert await endpoint.count() == 20 - len(refused)
        assert (await endpoint.post(token=MAILER)).status == 201


async def test_calls_without_a_token_are_not_limited(store: Store) -> None:
    """Health and metrics answer however often they are asked."""
    async with running(store, rate_limit=1) as endpoint:
        statuses = {(await endpoint.call("GET", "/healthz", token=None)).status for _ in range(5)}
        assert statuses == {200}

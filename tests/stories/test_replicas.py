"""Two processes on one PostgreSQL and one Slack: each request has one card and one decision all the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest

from tests.harness.house import House, house
from tests.harness.process import Served, hitl, serve
from tests.stories.conftest import Home

MANY = 40


@pytest.fixture
async def both(postgres_home: Callable[[], Home]) -> AsyncIterator[tuple[House, Served]]:
    """A house, and a second bot on the same database."""
    home = await asyncio.to_thread(postgres_home)
    async with house(home.url, home.agent) as one:
        second = await serve(one.env)
        try:
            yield one, second
        finally:
            await second.kill()


async def test_each_request_has_one_card_one_decision_and_one_callback(
    both: tuple[House, Served],
) -> None:
    """40 requests posted half to each at once, and clicks delivered to each in turn."""
    one, second = both
    asked = await asyncio.gather(
        *(one.agent.ask(api=second.api if number % 2 else None) for number in range(MANY))
    )
    requests = [each["id"] for each in asked]
    first_door = one.slack.app.request_url
    for number, request in enumerate(requests):
        card = await one.settled_card(request, within=20)
        one.slack.deliver_to(second.slack if number % 2 else first_door)
        answer = await one.slack.click("U0ALICE", card.channel, card.ts, "Approve")
        assert answer.acknowledged
    for request in requests:
        await one.card(request, "Approved by alice", "Paid, tx 5521", within=20)
    await one.nothing_left()
    for request in requests:
        assert len(one.cards(request)) == 1
        assert list(one.agent.ids(request).values()) == [1]
        assert len(one.agent.acted[request]) == 1
    assert one.agent.problems == []
    facts = await asyncio.gather(*(one.facts(request) for request in requests[:2]))
    assert [each.count("request.decided") for each in facts] == [1, 1]
    assert "whole" in await one.hitl("audit", "verify")


async def test_a_long_poll_on_one_hears_of_a_click_on_the_other(both: tuple[House, Served]) -> None:
    """Within two seconds, although nothing was committed where it waits."""
    one, second = both
    asked = await one.agent.ask()
    card = await one.settled_card(asked["id"])
    one.api.rearm()
    polled = asyncio.create_task(one.agent.look(asked["id"], wait=60))
    await one.api.carried.wait()
    one.slack.deliver_to(second.slack)
    await one.slack.click("U0ALICE", card.channel, card.ts, "Approve")
    clicked = time.monotonic()
    assert (await asyncio.wait_for(polled, 5))["status"] == "approved"
    assert time.monotonic() - clicked < 2.5


async def test_a_revocation_is_noticed_by_both(both: tuple[House, Served]) -> None:
    """By an operator's command in a third process: neither takes the token any more."""
    one, second = both
    asked = await one.agent.ask()
    assert (await one.agent.look(asked["id"], api=second.api))["status"] == "pending"
    code, _, err = await hitl(one.env, "agent", "revoke", "billing-agent")
    assert code == 0, err
    async with asyncio.timeout(10):
        for api in (None, second.api):
            while (await one.agent.call("GET", "/v1/requests", api=api))[0] != 401:  # noqa: ASYNC110
                await asyncio.sleep(0.05)  # that it is refused is how an agent learns it
    await one.card(asked["id"], "Withdrawn")

"""An agent that cannot be told: order, patience for a day, and a dead letter that is seen and sent again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.app import running
from bot.settings import Settings
from scheduler.courier import Courier
from tests.harness.desk import MovableRuntime
from tests.harness.house import House, house, page
from tests.stories.conftest import Home

POLICY = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  support: {users: [U0ALICE, U0BOB]}
default: {gate: hard, ask: support, steps: [{after: 1w, do: park}]}
"""


class Clock(MovableRuntime):
    """A clock that the test can move: a day is too long to wait for."""

    courier: Courier

    async def later(self, pause: timedelta) -> None:
        """Let time pass, once what came of the calls under way is recorded: pauses count from there."""
        async with asyncio.timeout(5):
            while self.courier.in_hand:  # noqa: ASYNC110  # nothing announces it
                await asyncio.sleep(0.01)
        self.ahead += pause


@pytest.fixture
def clock() -> Clock:
    """The bot's clock."""
    return Clock()


@pytest.fixture
async def one(home: Home, tmp_path: Path, clock: Clock) -> AsyncIterator[House]:
    """A house with the bot in this process, on that clock."""
    policy = tmp_path / "hitl.yml"
    policy.write_text(POLICY)
    async with house(home.url, home.agent, policy, started=False) as built:
        named = {key: value for key, value in built.env.items() if key.startswith(("HITL_", "SLACK_"))}
        async with running(Settings.model_validate(named), clock) as bot:
            clock.courier = bot.courier
            built.lead_to(bot.api.url, bot.slack)
            built.agent.any_time = True
            yield built


async def _approved(one: House) -> str:
    asked = await one.agent.ask()
    card = await one.settled_card(asked["id"])
    await one.slack.click("U0ALICE", card.channel, card.ts, "Approve")
    return str(asked["id"])


async def _dead_letter(one: House, clock: Clock) -> str:
    """A request whose decision the agent answers with 500 for more than a day."""
    one.agent.status = 500
    request = await _approved(one)
    for number, pause in enumerate((timedelta(), timedelta(seconds=7), timedelta(hours=25)), start=1):
        await clock.later(pause)
        await one.agent.until(lambda number=number: len(one.agent.heard_of(request)) >= number)
    await one.card(request, "could not be told")
    return request


async def test_a_day_of_failures_is_a_dead_letter_that_everybody_sees(one: House, clock: Clock) -> None:
    """On the card, in its thread, in /metrics, in `hitl outbox list`; other requests are not held up."""
    request = await _dead_letter(one, clock)
    [card] = one.cards(request)
    note = await one.slack.message_in(card.channel, "could not be told", thread_ts=card.ts)
    assert "500" in page(note)
    assert await one.metric("hitl_outbox_dead") == 1
    listed = await one.hitl("outbox", "list")
    assert request in listed
    assert "the agent answered 500" in listed
    one.agent.status = 204
    other = await _approved(one)
    await one.agent.hears(other)


async def test_a_retry_sends_the_same_message_again(one: House, clock: Clock) -> None:
    """Under the same webhook-id and with the same body; the agent acts, and the card no longer complains."""
    request = await _dead_letter(one, clock)
    one.agent.status = 204
    tried = len(one.agent.heard_of(request))
    assert "1 dead letter will be sent again" in await one.hitl("outbox", "retry")
    await one.agent.until(lambda: request in one.agent.acted)
    assert len(one.agent.heard_of(request)) == tried + 1
    assert len(one.agent.ids(request)) == 1
    assert one.agent.heard_of(request)[0].data == one.agent.heard_of(request)[-1].data
    final = await one.card(request, "Paid, tx 5521")
    assert "could not be told" not in page(final)
    await one.nothing_left()
    assert "no dead letters" in await one.hitl("outbox", "list")


async def test_an_event_that_fails_holds_back_the_next_of_its_request_for_five_minutes(
    one: House, clock: Clock
) -> None:
    """The comment before the decision: in order when it gets through, and not for ever when it does not."""
    one.agent.status, one.agent.refuses = 500, frozenset({"request.commented"})
    asked = await one.agent.ask()
    card = await one.settled_card(asked["id"])
    one.slack.say("U0BOB", card.channel, "Is there a receipt?", thread_ts=card.ts)
    await one.agent.hears(asked["id"], "request.commented")
    await one.slack.click("U0ALICE", card.channel, card.ts, "Approve")
    await one.card(asked["id"], "Approved by alice")
    other = await _approved(one)
    await one.agent.hears(other)
    for tries in (2, 3):
        await clock.later(timedelta(seconds=20))
        await one.agent.until(
            lambda tries=tries: len(one.agent.heard_of(asked["id"], "request.commented")) >= tries
        )
    assert one.agent.heard_of(asked["id"]) == []
    await clock.later(timedelta(minutes=5))
    await one.agent.hears(asked["id"])
    one.agent.status = 204
    await clock.later(timedelta(hours=1))
    await one.nothing_left()
    comments = one.agent.heard_of(asked["id"], "request.commented")
    assert len({each.id for each in comments}) == 1
    assert len(one.agent.heard_of(asked["id"])) == 1


async def test_events_of_one_request_come_in_order(one: House, clock: Clock) -> None:
    """A comment that fails at first is delivered before the decision that was made meanwhile."""
    one.agent.status = 500
    asked = await one.agent.ask()
    card = await one.settled_card(asked["id"])
    one.slack.say("U0BOB", card.channel, "Is there a receipt?", thread_ts=card.ts)
    await one.agent.hears(asked["id"], "request.commented")
    await one.slack.click("U0ALICE", card.channel, card.ts, "Approve")
    await one.card(asked["id"], "Approved by alice")
    one.agent.status = 204
    await clock.later(timedelta(seconds=7))
    await one.agent.hears(asked["id"])
    kinds = [each.type for each in one.agent.heard]
    assert kinds == ["request.commented", "request.commented", "request.decided"]

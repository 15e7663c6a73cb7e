"""`kill -9` at each step of the path from the agent's POST to its callback: one card, one decision."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from sandbox.workspace import NotThereError
from tests.harness.agent import Gate
from tests.harness.house import DECIDING, House, buttons, house, page
from tests.harness.wire import Wire
from tests.stories.conftest import Home

#: Waits for its moment, and then kills. Everything before its first `await` is done before the step begins.
Kill: TypeAlias = Callable[[House], Awaitable[None]]


async def when_posted_unread(one: House) -> None:
    """The agent's POST is in the kernel, and the bot never reads it."""
    one.bot.freeze()
    await one.api.carried.wait()
    await one.kill()


async def when_posted_and_the_answer_is_lost(one: House) -> None:
    """It is committed, and the agent does not know."""
    one.api.mute = True
    await one.api.answered.wait()
    await one.kill()


async def when_accepted(one: House) -> None:
    """Right after the agent has its 201."""
    await one.api.answered.wait()
    await one.kill()


async def when_the_card_arrives_at_slack(one: House) -> None:
    """`chat.postMessage` is with Slack, has had no effect, and never will."""
    held = one.slack.faults.hold("chat.postMessage")
    await held.reached(10)
    await one.kill()
    held.drop()


async def when_the_card_is_there(one: House) -> None:
    """The card is in the channel, and the bot does not know."""
    held = one.slack.faults.hold("chat.postMessage", after_effect=True)
    await held.reached(10)
    await one.kill()
    held.drop()


async def when_the_card_is_being_recorded(one: House) -> None:
    """The bot knows where the card is, and asks for its address."""
    held = one.slack.faults.hold("chat.getPermalink")
    await held.reached(10)
    await one.kill()
    held.drop()


async def when_clicked_unread(one: House) -> None:
    """The click is in the kernel, and the bot never reads it."""
    one.bot.freeze()
    await one.door.carried.wait()
    await one.kill()


async def when_clicked_and_the_answer_is_lost(one: House) -> None:
    """The decision is committed, and Slack tells the person that it failed."""
    one.slack.faults.hold("chat.update")
    one.door.mute = True
    await one.door.answered.wait()
    await one.kill()


async def when_the_click_is_answered(one: House) -> None:
    """The person has been told that it is done; nothing else has been."""
    await one.door.answered.wait()
    await one.kill()


async def when_the_update_arrives_at_slack(one: House) -> None:
    """`chat.update` is with Slack, has had no effect, and never will."""
    held = one.slack.faults.hold("chat.update")
    await held.reached(10)
    await one.kill()
    held.drop()


async def when_the_card_is_updated(one: House) -> None:
    """The card says that it is decided, and the bot does not know."""
    held = one.slack.faults.hold("chat.update", after_effect=True)
    await held.reached(10)
    await one.kill()
    held.drop()


async def when_the_callback_arrives(one: House) -> None:
    """The agent has the callback, and the bot no answer."""
    gate = one.agent.gate = Gate()
    await gate.reached.wait()
    await one.kill()
    one.agent.gate = None
    gate.opened.set()


async def when_the_callback_is_answered_unread(one: House) -> None:
    """The agent has answered, and the bot never reads it."""
    gate = one.agent.gate = Gate()
    await gate.reached.wait()
    one.bot.freeze()
    one.agent.gate = None
    gate.opened.set()
    await one.agent.answered.wait()
    await one.kill()


async def when_the_callback_is_answered(one: House) -> None:
    """Right after the agent's answer."""
    await one.agent.answered.wait()
    await one.kill()


async def when_posted_in_its_transaction(one: House) -> None:
    """The POST is being written: its transaction has begun, and waits for what the test has locked."""
    await _in_the_transaction(one, one.api)


async def when_clicked_in_its_transaction(one: House) -> None:
    """The click is being written."""
    await _in_the_transaction(one, one.door)


async def _in_the_transaction(one: House, wire: Wire) -> None:
    """Kill the bot once its transaction waits for the outbox."""
    engine = create_async_engine(one.env["HITL_DATABASE_URL"])
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'outbox'::regclass")
    async with engine.connect() as locking, engine.connect() as looking:
        await locking.execute(text("LOCK TABLE outbox IN SHARE MODE"))  # who reads may, who writes may not
        await wire.carried.wait()
        while not await looking.scalar(waiting):  # noqa: ASYNC110  # PostgreSQL does not announce it
            await asyncio.sleep(0.02)
        await one.kill()
    await engine.dispose()


#: Steps in which somebody asks; in which somebody clicks.
ASKING: list[Kill] = [
    when_posted_unread,
    when_posted_and_the_answer_is_lost,
    when_accepted,
    when_the_card_arrives_at_slack,
    when_the_card_is_there,
    when_the_card_is_being_recorded,
]
CLICKING: list[Kill] = [
    when_clicked_unread,
    when_clicked_and_the_answer_is_lost,
    when_the_click_is_answered,
    when_the_update_arrives_at_slack,
    when_the_card_is_updated,
    when_the_callback_arrives,
    when_the_callback_is_answered_unread,
    when_the_callback_is_answered,
]


#: Those in which PostgreSQL could make a difference.
ON_POSTGRESQL: list[Kill] = [
    when_posted_in_its_transaction,
    when_clicked_in_its_transaction,
    when_the_card_is_there,
    when_the_callback_is_answered_unread,
]


@dataclass(frozen=True, slots=True)
class Story:
    """The main job, with somebody who pulls the plug in one of its steps."""

    one: House
    kill: Kill

    async def told(self, within: float) -> str:
        """Play it, and hold it to its end; the request's id."""
        one, agent = self.one, self.one.agent
        async with self._pulling_the_plug(self.kill in (*ASKING, when_posted_in_its_transaction)):
            asked = await agent.ask_until_answered("order-8821")
        card = await one.settled_card(asked["id"], within)
        # What an agent does about a callback is its own; it is here that the bot is killed, not there.
        agent.at_work.clear()
        async with self._pulling_the_plug(self.kill in (*CLICKING, when_clicked_in_its_transaction)):
            await self._click_until_it_is_done(card)
        agent.at_work.set()
        await one.card(asked["id"], "Approved", "Paid, tx 5521", within=within)
        await one.nothing_left(within)
        return str(asked["id"])

    async def _click_until_it_is_done(self, card: Any) -> None:
        """What a person does: click, see that it failed, click again while there is a button."""
        async with asyncio.timeout(20):
            while True:
                await self.one.is_up()
                try:
                    answer = await self.one.slack.click("U0ALICE", card.channel, card.ts, "Approve")
                except NotThereError:
                    return  # the card says by now that it is decided
                if answer.error is None:
                    return
                assert answer.error.startswith("We had some trouble")

    @asynccontextmanager
    async def _pulling_the_plug(self, here: bool) -> AsyncIterator[None]:
        if not here:
            yield
            return
        self.one.api.rearm()
        self.one.door.rearm()
        killing = asyncio.create_task(self._killed_and_started_again())
        await asyncio.sleep(0)  # up to its first `await`
        yield
        async with asyncio.timeout(20):
            await killing

    async def _killed_and_started_again(self) -> None:
        await self.kill(self.one)
        self.one.slack.faults.clear()
        await self.one.start()


async def _holds(one: House, request: str) -> None:
    """One card that is final and has no buttons, one decision, and an agent that knew and acted once."""
    [card] = one.cards(request)
    assert not buttons(card) & DECIDING
    assert "Approved by alice" in page(card)
    status, listed = await one.agent.call("GET", "/v1/requests")
    assert status == 200
    assert [(each["id"], each["status"]) for each in listed["items"]] == [(request, "approved")]
    [told] = listed["items"]
    assert [person["id"] for person in told["decision"]["by"]] == ["U0ALICE"]
    assert told["slack"]["ts"] == card.ts
    assert len(one.agent.ids(request)) == 1
    assert one.agent.acted == {request: [told["payload"]]}
    assert one.agent.problems == []
    facts, _ = await asyncio.gather(one.facts(request), one.hitl("audit", "verify"))
    assert facts.count("request.opened") == 1
    assert facts.count("request.decided") == 1


async def _survives(home: Home, kill: Kill, within: float = 10) -> None:
    async with house(home.url, home.agent) as one:
        await _holds(one, await Story(one, kill).told(within))


@pytest.mark.parametrize("kill", [*ASKING, *CLICKING])
async def test_a_kill_at_any_step_leaves_one_card_and_one_decision(kill: Kill, home: Home) -> None:
    """On SQLite, where the next process takes over at once what the dead one had in hand."""
    await _survives(home, kill)


async def test_a_kill_leaves_one_card_and_one_decision_on_postgresql(
    postgres_home: Callable[[], Home],
) -> None:
    """Also in the middle of a transaction; what the dead process had in hand waits for its lease to end."""
    homes = [await asyncio.to_thread(postgres_home) for _ in ON_POSTGRESQL]
    await asyncio.gather(
        *(_survives(home, step, within=40) for home, step in zip(homes, ON_POSTGRESQL, strict=True))
    )

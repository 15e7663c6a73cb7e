"""Agents, people, cards and counts: small tables that are read as they were written."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from approvals.events import Cancelled
from approvals.roster import Profile
from approvals.words import AgentName, RequestId, Status, UserId
from store import agents, cards, people, queue
from store.agents import Agent
from store.cards import CardRef
from store.engine import Store
from store.errors import Unavailable
from tests.harness.cases import NOON
from tests.store.samples import happens, intake, numbered

BILLING = Agent(
    name=AgentName("billing-agent"),
    token_hash="ab" * 32,
    webhook_secret="whsec_x",
    callback_url="https://agent.example.com/hooks",
    callback_hosts=("agent.example.com", "10.0.0.7"),
    actions=("issue_*",),
    created_at=NOON,
)
ONE, TWO = numbered(1), numbered(2)


async def test_an_agent_is_found_by_its_token_and_can_be_revoked(store: Store) -> None:
    """By name and by token hash, with everything; revoking it is told once and keeps it findable."""
    assert await store.write(lambda u: agents.add(u, BILLING))
    assert await store.read(lambda u: agents.get(u, BILLING.name)) == BILLING
    assert await store.read(lambda u: agents.by_token_hash(u, "ab" * 32)) == BILLING
    assert await store.read(lambda u: agents.by_token_hash(u, "cd" * 32)) is None
    await store.write(lambda u: agents.seen(u, BILLING.name, NOON))
    assert await store.write(lambda u: agents.revoke(u, BILLING.name, NOON + timedelta(1)))
    assert not await store.write(lambda u: agents.revoke(u, BILLING.name, NOON + timedelta(2)))
    (found,) = await store.read(agents.everybody)
    assert (found.last_seen, found.revoked_at) == (NOON, NOON + timedelta(1))


async def test_a_name_is_taken_also_by_a_revoked_agent(store: Store) -> None:
    """Requests of the old one must not become visible to a new one of the same name."""
    await store.write(lambda u: agents.add(u, BILLING))
    await store.write(lambda u: agents.revoke(u, BILLING.name, NOON))
    assert not await store.write(lambda u: agents.add(u, BILLING))


async def test_what_slack_last_said_of_people_is_kept(store: Store) -> None:
    """The later word replaces the earlier one."""
    alice = Profile(UserId("U1"), "Alice", "alice@example.com")
    later = NOON + timedelta(minutes=1)
    for members, moment in (((UserId("U1"),), NOON), ((UserId("U1"), UserId("U2")), later)):
        await store.write(lambda u, m=members, at=moment: people.put_group(u, "S1", m, at))  # type: ignore[misc]
        await store.write(lambda u, at=moment: people.put_profile(u, alice, at))  # type: ignore[misc]
    assert await store.read(people.groups) == {"S1": ((UserId("U1"), UserId("U2")), later)}
    assert await store.read(people.profiles) == {UserId("U1"): (alice, later)}


async def test_a_card_is_found_both_ways_and_moves_when_it_is_posted_anew(store: Store) -> None:
    """From request to message and back; the old message is nobody's card any more."""
    await store.write(intake(1))
    await store.write(lambda u: cards.place(u, ONE, CardRef("C1", "1.2", "https://slack/1")))
    assert await store.read(lambda u: cards.of(u, ONE)) == CardRef("C1", "1.2", "https://slack/1")
    assert await store.read(lambda u: cards.at(u, "C1", "1.2")) == ONE
    await store.write(lambda u: cards.place(u, ONE, CardRef("C2", "3.4")))
    assert await store.read(lambda u: cards.at(u, "C1", "1.2")) is None
    assert await store.read(lambda u: cards.at(u, "C2", "3.4")) == ONE
    assert await store.read(lambda u: cards.of(u, TWO)) is None


async def test_one_message_is_the_card_of_one_request(store: Store) -> None:
    """The database refuses a second."""
    await store.write(intake(1))
    await store.write(intake(2))
    await store.write(lambda u: cards.place(u, ONE, CardRef("C1", "1.2")))
    with pytest.raises(sa.exc.IntegrityError):
        await store.write(lambda u: cards.place(u, TWO, CardRef("C1", "1.2")))


async def test_cards_in_one_thread_are_listed(store: Store) -> None:
    """Those that were put into somebody's thread, and no others."""
    for number, thread in ((1, "9.9"), (2, "9.9"), (3, None)):
        await store.write(intake(number))
        one, ref = numbered(number), CardRef("C1", f"{number}.0", None, thread)
        await store.write(lambda u, r=ref, id_=one: cards.place(u, id_, r))  # type: ignore[misc]
    assert await store.read(lambda u: cards.in_thread(u, "C1", "9.9")) == (ONE, TWO)
    assert await store.read(lambda u: cards.in_thread(u, "C1", "")) == ()


async def test_what_is_pending_is_counted(store: Store) -> None:
    """By status, how many wait, and since when the oldest does."""
    assert await store.read(queue.pending) == queue.Pending(0, None)
    for number in range(3):
        await store.write(intake(number, created_at=NOON + timedelta(minutes=number)))
    await happens(store, RequestId(numbered(0)), Cancelled())
    assert await store.read(queue.pending) == queue.Pending(2, NOON + timedelta(minutes=1))
    counts = await store.read(queue.counts)
    assert {status: count for status, count in counts.items() if count} == {
        Status.PENDING: 2,
        Status.CANCELLED: 1,
    }


async def test_a_database_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    """A folder that does not exist, a server that does not listen."""
    for url in (
        f"sqlite+aiosqlite:///{tmp_path}/nowhere/hitl.db",
        "postgresql+asyncpg://postgres@127.0.0.1:1/hitl",
    ):
        with pytest.raises(Unavailable):
            await Store.open(url)

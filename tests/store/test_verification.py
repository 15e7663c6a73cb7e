"""Whoever changes the past is found out."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from approvals.anchors import ANCHORS
from approvals.audit import Break
from approvals.events import Commented
from store import facts
from store.engine import Store
from store.unit_of_work import Unit
from tests.harness.cases import ALICE, NOON
from tests.store.samples import happens, intake, numbered


@pytest.fixture
async def history(store: Store) -> Store:
    """Eight requests of three facts each, twice anchored."""
    for number in range(8):
        await store.write(intake(number))
        await happens(store, numbered(number), Commented(ALICE, "one"), NOON + timedelta(seconds=number))
    await store.write(lambda u: facts.anchor(u, NOON))
    for number in range(8):
        await happens(store, numbered(number), Commented(ALICE, "two"), NOON + timedelta(minutes=1))
    await store.write(lambda u: facts.anchor(u, NOON + timedelta(hours=1)))
    return store


async def broken(store: Store) -> Break | None:
    """Verified in strides that end in the middle of a chain."""
    return await store.read(lambda u: facts.first_break(u, stride=4), long=True)


async def tamper(store: Store, *statements: str) -> None:
    """What somebody with the database's password does."""

    def work(u: Unit) -> None:
        for statement in statements:
            assert u.connection.execute(sa.text(statement)).rowcount > 0

    await store.write(work)


async def test_an_untouched_history_verifies(history: Store) -> None:
    """Also after more was added that no anchor covers yet."""
    assert await broken(history) is None
    await happens(history, numbered(3), Commented(ALICE, "three"))
    await history.write(intake(8))
    assert await broken(history) is None


_GONE = (
    "DELETE FROM facts WHERE request = 'req_000005'",
    "DELETE FROM payloads WHERE request = 'req_000005'",
    "DELETE FROM cases WHERE id = 'req_000005'",
)


@pytest.mark.parametrize(
    ("statements", "where"),
    [
        (["UPDATE facts SET body = '{}' WHERE request = 'req_000005' AND seq = 2"], ("req_000005", 2)),
        (["UPDATE facts SET at = at + 1 WHERE request = 'req_000005' AND seq = 2"], ("req_000005", 2)),
        (["UPDATE facts SET body = '{' WHERE request = 'req_000005' AND seq = 2"], ("req_000005", 2)),
        (["UPDATE facts SET kind = 'no kind' WHERE request = 'req_000005' AND seq = 2"], ("req_000005", 2)),
        (["UPDATE facts SET at = 9223372036854775807 WHERE request = 'req_000005'"], ("req_000005", 1)),
        (["DELETE FROM facts WHERE request = 'req_000005' AND seq = 2"], ("req_000005", 2)),
        (["DELETE FROM facts WHERE request = 'req_000005' AND seq = 3"], ("req_000005", 3)),
        (["DELETE FROM facts WHERE request = 'req_000005'"], ("req_000005", 1)),
        (["UPDATE cases SET chain_hash = 'x' WHERE id = 'req_000005'"], ("req_000005", 4)),
        (["UPDATE cases SET chain_seq = 2 WHERE id = 'req_000005'"], ("req_000005", 4)),
        (["UPDATE cases SET status = 'approved' WHERE id = 'req_000005'"], ("req_000005", 3)),
        (_GONE, ("req_000005", 2)),
        (["DELETE FROM anchors WHERE seq = 1"], (ANCHORS, 1)),
        (["DELETE FROM anchors WHERE seq = 2"], (ANCHORS, 2)),
        (["UPDATE anchors SET heads = '[]' WHERE seq = 2"], (ANCHORS, 2)),
        (["UPDATE anchors SET heads = '[' WHERE seq = 2"], (ANCHORS, 2)),
        (["UPDATE anchors SET prev = '' WHERE seq = 2"], (ANCHORS, 2)),
        (
            [
                "DELETE FROM facts WHERE request = 'req_000005' AND seq = 3",
                "UPDATE cases SET chain_seq = 2, chain_hash = (SELECT hash FROM facts"
                " WHERE request = 'req_000005' AND seq = 2) WHERE id = 'req_000005'",
            ],
            ("req_000005", 3),
        ),
    ],
    ids=[
        "fact changed",
        "time changed",
        "no JSON",
        "no kind",
        "no moment",
        "fact removed",
        "last fact removed",
        "all facts removed",
        "head changed",
        "head set back",
        "status changed",
        "request vanished whole",
        "anchor removed",
        "last anchor removed",
        "anchor emptied",
        "anchor unreadable",
        "anchor cut off",
        "last fact removed and the head with it",
    ],
)
async def test_tampering_is_found_where_it_happened(
    history: Store, statements: list[str], where: tuple[str, int]
) -> None:
    """The first break names the request, or the anchor, and the place."""
    await tamper(history, *statements)
    found = await broken(history)
    assert found is not None
    assert (found.request, found.seq) == where


async def test_an_export_holds_every_fact_once_in_order_of_time(history: Store) -> None:
    """In strides smaller than the whole, from the beginning or from a moment on."""
    everything = await history.read(lambda u: list(facts.since(u, None, stride=5)), long=True)
    assert len({(fact.request, fact.seq) for fact in everything}) == len(everything) == 24
    assert [fact.at for fact in everything] == sorted(fact.at for fact in everything)
    later = await history.read(
        lambda u: list(facts.since(u, NOON + timedelta(minutes=1), stride=5)), long=True
    )
    assert later == everything[16:]


async def test_anchoring_takes_each_change_once(store: Store) -> None:
    """What did not change since the last anchor is not anchored again."""
    await asyncio.gather(*(store.write(intake(number)) for number in range(5)))
    assert await store.write(lambda u: facts.anchor(u, NOON)) == 5
    assert await store.write(lambda u: facts.anchor(u, NOON)) == 0
    await happens(store, numbered(2), Commented(ALICE, "!"))
    assert await store.write(lambda u: facts.anchor(u, NOON)) == 1

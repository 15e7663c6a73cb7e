"""Many units of work in one commit, each for itself; many writers, none of whose changes is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa

from approvals.events import Commented
from approvals.machine import decide
from store import cards, cases, facts, outbox
from store.cards import CardRef
from store.engine import Store
from store.errors import Unavailable
from store.unit_of_work import Committed, Unit
from tests.harness.cases import ALICE, NOON
from tests.harness.databases import PostgresServer
from tests.store.samples import happens, intake, numbered


class Nope(Exception):
    """Raised by a unit of work that does not want to."""


def nope(after: Callable[[Unit], object]) -> Callable[[Unit], None]:
    """A unit of work that fails after it did something."""

    def work(u: Unit) -> None:
        after(u)
        raise Nope

    return work


def changing(u: Unit) -> None:
    """An UPDATE, which only a rollback undoes."""
    assert u.change(sa.text("UPDATE cases SET rule = 'spoilt'")) > 0


@pytest.mark.parametrize(
    "failing",
    [nope(lambda u: None), nope(intake(99)), nope(changing), intake(0)],
    ids=["at once", "after inserts", "after an update", "in the database"],
)
async def test_one_failing_unit_among_fifty_takes_no_other_with_it(
    store: Store, failing: Callable[[Unit], object]
) -> None:
    """Whenever it fails, the other forty-nine are committed, nothing of it is, and it alone is told."""
    await store.write(intake(0))
    works = [intake(number) for number in range(1, 50)]
    results = await asyncio.gather(
        *(store.write(work) for work in [*works[:25], failing, *works[25:]]), return_exceptions=True
    )
    assert [number for number, result in enumerate(results) if isinstance(result, Exception)] == [25]
    page = await store.read(lambda u: cases.page(u, None, status=None, action=None, cursor=None, limit=99))
    assert [case.id for case in page.items] == [numbered(number) for number in reversed(range(50))]
    rules = await store.read(lambda u: u.read(sa.text("SELECT DISTINCT rule FROM cases")).scalars().all())
    assert rules == ["refunds"]
    assert await store.read(facts.first_break) is None


async def test_concurrent_units_share_commits(store: Store) -> None:
    """A hundred units at once take a few commits, and every one is heard of."""
    heard: list[Committed] = []
    store.on_commit(heard.append)
    await asyncio.gather(*(store.write(intake(number)) for number in range(100)))
    assert frozenset[object]().union(*(commit.requests for commit in heard)) == {
        numbered(n) for n in range(100)
    }
    assert len(heard) < 20


async def test_a_unit_reads_what_units_before_it_wrote(store: Store) -> None:
    """Rows that wait for their statement are written before anybody looks for them."""
    loaded = await asyncio.gather(
        store.write(intake(1)),
        store.write(lambda u: cases.load(u, numbered(1))),
        store.write(lambda u: len(facts.chain(u, numbered(1)))),
        store.write(lambda u: len(outbox.claim(u, NOON, "mine", NOON, 9))),
    )
    if not store.replicated:  # one writer: the order of the calls is the order of the units
        assert loaded[1] == loaded[0].case
        assert (loaded[2], loaded[3]) == (1, 1)
    assert await store.read(lambda u: cases.load(u, numbered(1))) == loaded[0].case


async def test_a_unit_reads_what_it_wrote_itself(store: Store) -> None:
    """Within one unit too."""

    def work(u: Unit) -> None:
        ruling = intake(1)(u)
        assert cases.load(u, numbered(1)) == ruling.case
        assert facts.chain(u, numbered(1)) == ruling.facts

    await store.write(work)


async def test_a_listener_that_fails_spoils_nothing(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """The commit is answered, the other listeners hear of it, and the failure is logged."""
    heard: list[Committed] = []

    def fails(_: Committed) -> None:
        raise Nope

    store.on_commit(fails)
    store.on_commit(heard.append)
    await store.write(intake(1))
    assert [commit.requests for commit in heard] == [{numbered(1)}]
    assert "a listener failed" in caplog.text


async def test_of_four_hundred_changes_by_two_stores_none_is_lost(database_url: str) -> None:
    """Two processes' worth of writers on one case: each change builds on the one before it."""
    one, two = await Store.open(database_url, patience=30), await Store.open(database_url, patience=30)
    await one.write(intake(1))

    async def writer(store: Store) -> None:
        for _ in range(20):
            await happens(store, numbered(1), Commented(ALICE, "!"))

    await asyncio.gather(*(writer(store) for store in (one, two) for _ in range(10)))
    case = await one.read(lambda u: cases.load(u, numbered(1)))
    assert case is not None
    assert len(case.comments) == 400
    assert await two.read(facts.first_break) is None
    await one.close()
    await two.close()


def remark_on_card(number: int) -> Callable[[Unit], int | None]:
    """A unit of work that finds request `number` by its card, and changes it; how many remarks there are."""

    def work(u: Unit) -> int | None:
        case = cases.of_card(u, "C1", str(number))
        if case is None:
            return None
        ruling = decide(case, Commented(ALICE, "!"), NOON)
        cases.save(u, case, ruling.case)
        facts.append(u, ruling.facts)
        return len(ruling.case.comments)

    return work


def remarked(store: Store, number: int) -> Awaitable[int | None]:
    """It, said ahead."""
    return store.write(remark_on_card(number), ahead=cases.by_card("C1", str(number)))


async def carded(store: Store, number: int) -> None:
    """Request `number`, and its card."""
    await store.write(intake(number))
    await store.write(lambda u: cards.place(u, numbered(number), CardRef("C1", str(number))))


async def test_what_units_look_up_is_asked_for_once_and_written_once(database_url: str) -> None:
    """Twenty units on twenty cards cost as many statements as one, but for those of their contents."""
    store = await Store.open(database_url)
    for number in range(20):
        await carded(store, number)
    said: list[str] = []

    def hear(conn: sa.Connection, cursor: Any, statement: str, *_: Any) -> None:
        said.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", hear)
    try:
        assert await asyncio.gather(*(remarked(store, number) for number in range(20))) == [1] * 20
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", hear)
    batches = 2 if store.replicated else 1
    assert sum("FROM cases" in each for each in said) <= batches
    assert sum(each.startswith("UPDATE cases") for each in said) <= batches
    await store.close()


async def test_units_on_one_card_build_on_each_other(store: Store) -> None:
    """What was looked up for one of them is not so any more for the next; one without a card finds none."""
    await carded(store, 1)
    counts = await asyncio.gather(*(remarked(store, number) for number in (1, 1, 2, 1)))
    assert sorted(count for count in counts if count is not None) == [1, 2, 3]
    assert counts[2] is None


async def test_a_commit_tells_what_it_knows_as_a_whole(store: Store) -> None:
    """The case and its card, where a unit read the one and saved the other; none where more was changed."""
    await carded(store, 1)
    await carded(store, 2)
    heard: list[Committed] = []
    store.on_commit(heard.append)

    def moved(u: Unit) -> None:
        remark_on_card(2)(u)
        cards.place(u, numbered(2), CardRef("C9", "9"))

    await remarked(store, 1)
    await store.write(moved)
    await happens(store, numbered(1), Commented(ALICE, "!"))
    case = await store.read(lambda u: cases.of_card(u, "C9", "9"))
    assert [commit.whole.keys() for commit in heard] == [{numbered(1)}, {numbered(2)}, set()]
    assert heard[0].whole[numbered(1)][1] == CardRef("C1", "1")
    assert heard[1].whole[numbered(2)] == (case, CardRef("C9", "9"))


async def test_units_on_cards_by_two_stores_lose_nothing(database_url: str) -> None:
    """Where another process was quicker at one card of a batch, all of the batch is still done, once."""
    one, two = await Store.open(database_url, patience=30), await Store.open(database_url, patience=30)
    for number in range(5):
        await carded(one, number)
    for _ in range(4):
        await asyncio.gather(*(remarked(store, number) for store in (one, two) for number in range(5)))
    found = await one.read(lambda u: [cases.of_card(u, "C1", str(number)) for number in range(5)])
    assert [len(case.comments) for case in found if case is not None] == [8] * 5
    assert await two.read(facts.first_break) is None
    await one.close()
    await two.close()


async def test_closing_finishes_what_is_in_hand(database_url: str) -> None:
    """Works that were handed in before are committed; later ones are told that it is closed."""
    store = await Store.open(database_url)
    handed_in = [asyncio.ensure_future(store.write(intake(number))) for number in range(30)]
    await asyncio.sleep(0)
    await store.close()
    assert len(await asyncio.gather(*handed_in)) == 30
    with pytest.raises(Unavailable):
        await store.write(intake(99))


async def test_a_lost_server_is_told_and_found_again(mortal_server: PostgresServer) -> None:
    """While PostgreSQL is away every call is told so at once; when it is back, the store works as before."""
    store = await Store.open(mortal_server.fresh())
    await store.write(intake(1))
    await store.read(lambda u: cases.load(u, numbered(1)))
    mortal_server.stop(at_once=True)
    try:
        with pytest.raises(Unavailable):
            await store.write(intake(2))
        with pytest.raises(Unavailable):
            await store.read(lambda u: cases.load(u, numbered(1)))
    finally:
        mortal_server.start()
    await store.write(intake(3))
    page = await store.read(lambda u: cases.page(u, None, status=None, action=None, cursor=None, limit=9))
    assert [case.id for case in page.items] == [numbered(3), numbered(1)]
    await store.close()


async def test_broken_connections_are_replaced_unnoticed(mortal_server: PostgresServer) -> None:
    """A server that was restarted between two calls costs nobody an error."""
    store = await Store.open(mortal_server.fresh())
    await store.write(intake(1))
    mortal_server.stop()
    mortal_server.start()
    await store.write(intake(2))
    assert await store.read(lambda u: cases.load(u, numbered(2))) is not None
    await store.close()


async def test_a_file_that_another_process_keeps_is_unavailable_and_then_is_not(
    sqlite_url: str,
) -> None:
    """A writer elsewhere holds the lock too long: the caller is told in time, and the next one succeeds."""
    store = await Store.open(sqlite_url, patience=0.2)
    other = sa.create_engine(sqlite_url.replace("+aiosqlite", ""), connect_args={"isolation_level": None})
    with other.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable):
            await store.write(intake(1))
        connection.exec_driver_sql("ROLLBACK")
    other.dispose()
    await store.write(intake(2))
    await store.close()

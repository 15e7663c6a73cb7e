"""The measuring itself, at sizes that say nothing of speed: it runs, and would notice what is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from approvals.words import Instant, RequestId
from bench import clicks, intake, polls, sweeps
from bench.comparing import TINY, Compared, Load, in_turns
from bench.generator import read_messages, write_messages
from bench.house import Databases, Postgres, Sqlite, floor, house
from bench.loads import Taken, Wrong, closed_loop, request
from bench.table import compared_row, held_rows, swept_row, timed_row
from scheduler.sweeper import Sweeper
from store.engine import Store
from tests.harness.cases import NOON
from tests.harness.databases import PostgresServer

#: One number of clients is enough to see that all fits together.
SIZE = replace(TINY, clients=(2,))


@pytest.fixture
def files(tmp_path: Path) -> Databases:
    """SQLite, as the bench opens it."""
    return Sqlite(tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Databases]:
    """Each kind of database."""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        yield Postgres(server.empty)
    else:
        yield Sqlite(tmp_path)


@pytest.fixture
async def answering() -> AsyncIterator[tuple[str, list[int]]]:
    """A server whose next answers have the statuses of a list, 200 when it is empty."""
    statuses: list[int] = []

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        status = statuses.pop(0) if statuses else 200
        return web.Response(status=status, body=b"x" * 100_000)

    app = web.Application()
    app.router.add_post("/v1/requests", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", statuses
    await runner.cleanup()


async def _one(of: AsyncIterator[Compared]) -> Compared:
    [found] = [each async for each in of]
    return found


async def test_intake_beside_its_floor(databases: Databases, tmp_path: Path) -> None:
    """As many requests are answered, and found in the database, as were asked for, ours and the floor's."""
    found = await _one(intake.measured(databases, SIZE, intake.slack_shuts, tmp_path))
    assert [turn.answers for turn in (*found.floor, *found.ours)] == [SIZE.most, SIZE.most]
    assert found.ratio > 0
    assert compared_row("intake", found, 1.0).count("|") == 9


async def test_clicks_beside_their_floor(files: Databases, tmp_path: Path) -> None:
    """Each click decides a request of its own."""
    found = await _one(clicks.measured(files, SIZE, resting=True, scratch=tmp_path))
    assert [turn.answers for turn in (*found.floor, *found.ours)] == [SIZE.clicks, SIZE.clicks]


async def test_clicks_reach_the_long_poll(files: Databases, tmp_path: Path) -> None:
    """The long-poll that a click ends is timed once a click, and so is the click's own answer."""
    found = await polls.relayed(files, SIZE, tmp_path)
    assert (found.told.answers, found.acknowledged.answers) == (SIZE.relayed, SIZE.relayed)
    assert "✓" in timed_row("told", found.told, aim50=60.0)
    assert "✗" in timed_row("told", found.told, aim50=0.0)


async def test_held_long_polls_are_counted(files: Databases, tmp_path: Path) -> None:
    """All polls are held at once, and each is answered in the end."""
    found = await polls.held(files, replace(SIZE, wait=3), tmp_path)
    assert found.many == SIZE.held
    assert f"{SIZE.held} held long-polls" in held_rows(found)


async def test_an_answer_that_is_no_2xx_spoils_a_load(
    answering: tuple[str, list[int]], tmp_path: Path
) -> None:
    """One refused request among many, and the load says so instead of a rate."""
    url, statuses = answering
    file = write_messages(tmp_path / "asked", [request("POST", f"{url}/v1/requests", {}, b"{}")])
    taken = await closed_loop(url, file, clients=3, total=20)
    assert taken.answers == 20
    statuses.extend([200, 503])
    with pytest.raises(Wrong, match=r"\{'503': 1\}"):
        await closed_loop(url, file, clients=3, total=20)


async def test_a_sweep_at_few_and_at_many_pending(databases: Databases) -> None:
    """Each sweep fires as many steps as are due, whatever else is pending."""
    found = await sweeps.measured(databases, SIZE)
    assert (found.due, list(found.seconds)) == (3, [5, 50])
    assert swept_row(found).startswith("a sweep of 3 steps: ")


async def test_a_sweep_that_missed_something_is_not_counted(store: Store) -> None:
    """A database that lost its schedule would be the quickest of all."""

    async def tick(_request: RequestId, _now: Instant) -> None:
        raise AssertionError("nothing is due")

    with pytest.raises(Wrong, match="4 requests were due, and 0 were swept"):
        await sweeps.timed(Sweeper(store, tick, lambda: "inc_1"), NOON, due=4)


async def test_rows_that_are_missing_spoil_a_load(files: Databases, tmp_path: Path) -> None:
    """Requests that were answered and are not in the database are no intake."""
    async with house(files) as home:
        with pytest.raises(Wrong, match="1 requests were answered"):
            async with intake.kept(home) as answered:
                answered.append(1)


async def test_floors_keep_what_they_answer(databases: Databases, tmp_path: Path) -> None:
    """The floor inserts and commits one row an answer: it is no faster by doing less."""
    kind, what = databases.floor()
    async with floor(kind, what) as url:
        file = write_messages(tmp_path / "asked", [request("POST", f"{url}/v1/requests", {}, b"{}")])
        await closed_loop(url, file, clients=3, total=12)
        place = what if kind == "postgresql" else f"sqlite+aiosqlite:///{what}"
        assert await databases.rows(place, "SELECT count(*) FROM floor") == [(12,)]


async def test_turns_alternate_and_the_middle_one_counts() -> None:
    """Floor and ours take turns, and one turn that was disturbed does not move the ratio."""
    order: list[str] = []

    def takes(name: str, seconds: list[float]) -> Load:
        async def load(_clients: int) -> Taken:
            order.append(name)
            return Taken(10, seconds.pop(0), (0.1,))

        return load

    found = await in_turns(1, 3, takes("floor", [1.0, 1.0, 1.0]), takes("ours", [2.0, 50.0, 2.0]))
    assert order == ["floor", "ours"] * 3
    assert found.ratio == 0.5


def test_percentiles() -> None:
    """Half of the answers came within the 50th, and all but one in a hundred within the 99th."""
    taken = Taken(100, 1.0, tuple(number / 100 for number in range(100)))
    assert (taken.percentile(50), taken.percentile(99), taken.percentile(100)) == (0.5, 0.99, 0.99)


def test_messages_survive_their_file(tmp_path: Path) -> None:
    """What was written is read back message by message, whatever bytes they hold."""
    messages = [b"", b"\r\n\r\n", bytes(range(256)) * 300]
    assert read_messages(write_messages(tmp_path / "messages", messages)) == messages

"""What the home tab is drawn from: read before somebody opens it, never older, and whatever one row says."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from approvals.model import Case
from approvals.words import Choice, RequestId
from blocks.listed import Listed
from bot.desk import decide
from sandbox.server import SlackStandIn
from sandbox.workspace import View
from store.unit_of_work import Unit
from tests.bot.slack.test_board_unreadable import spoiled
from tests.bot.slack.test_home import home_of, opened
from tests.harness.cases import ALICE
from tests.harness.desk import RunningDesk


@contextmanager
def outlines_read() -> Iterator[list[str]]:
    """The statements that read outlines of requests meanwhile."""
    found: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "NULL AS content" in statement:
            found.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", note)


async def test_what_pends_is_read_before_anybody_looks(bot: RunningDesk, slack: SlackStandIn) -> None:
    """By a round, once: whoever opens their tab first then waits for what changed since, and sees that."""
    looks = bot.side.front.homes
    first = [await bot.ask() for _ in range(3)]
    await looks.look(everything=True)
    with outlines_read() as read:
        await looks.look(everything=True)
        assert {case.id for case in await looks.overview.pending()} == {case.id for case in first}
    assert read == []
    await decide.vote(bot.desk, first[0].id, ALICE, Choice.APPROVE, first[0].sight)
    later = await bot.ask()
    with outlines_read() as read:
        pending = {case.id for case in await looks.overview.pending()}
    assert pending == {case.id for case in (*first[1:], later)}
    assert len(read) == 1
    await opened(slack, "U0BOB", "3 requests wait for you")


@pytest.mark.parametrize("noticed", [True, False], ids=["in a new version", "unnoticed"])
async def test_a_row_that_cannot_be_read_keeps_nobody_from_their_tab(
    bot: RunningDesk, slack: SlackStandIn, caplog: pytest.LogCaptureFixture, noticed: bool
) -> None:
    """It is left out, logged and told once; mended, it is there again at the next change."""
    asked = [await bot.ask() for _ in range(5)]
    bad = asked[2]
    for case in asked:
        await bot.card(case.id)
    looks = bot.side.front.homes
    await looks.overview.pending()
    was = await spoiled(bot, bad.id)
    if noticed:
        await _touched(bot, bad)
    with caplog.at_level(logging.ERROR):
        home = await opened(slack, "U0ALICE", f"{4 if noticed else 5} requests wait for you")
        assert _shown(home) == [case.id for case in asked if case is not bad]
        more = await bot.ask()
        home = await home_of(slack, "U0ALICE", f"{5 if noticed else 6} requests wait for you")
        assert _shown(home) == [case.id for case in (*asked, more) if case is not bad]
    assert len([each for each in caplog.messages if f"{bad.id} cannot be read" in each]) == 1
    [notice] = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
    assert "A request cannot be read" in notice.text
    await spoiled(bot, bad.id, was)
    last = await bot.ask()
    home = await home_of(slack, "U0ALICE", "7 requests wait for you")
    assert _shown(home) == [case.id for case in (*asked, more, last)]


def _shown(home: View) -> list[RequestId]:
    """The requests that can be decided there."""
    rows = [Listed.decode(block.get("block_id")) for block in home.blocks if block["type"] == "actions"]
    return [row.request for row in rows if row is not None]


async def _touched(bot: RunningDesk, case: Case) -> None:
    """Something changed it: what was read of it before is out of date."""

    def touching(unit: Unit) -> None:
        unit.connection.execute(
            sa.text("UPDATE cases SET version = version + 1 WHERE id = :id"), {"id": case.id}
        )

    await bot.store.write(touching)

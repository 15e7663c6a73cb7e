"""What was said not to be saved, and was: told again, wherever it was done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from approvals.words import Status
from sandbox.server import SlackStandIn
from store.sqlite import SqliteLine
from tests.bot.desk.conftest import nothing_left
from tests.bot.slack.gates import click
from tests.bot.slack.test_queue import listed
from tests.harness.desk import RunningDesk


@contextmanager
def hanging_disk(bot: RunningDesk) -> Iterator[None]:
    """No commit ends meanwhile: nothing from outside makes SQLite's own slow."""
    hung = threading.Event()
    cast(SqliteLine, bot.store._line)._disk.submit(hung.wait)
    try:
        yield
    finally:
        hung.set()


async def test_in_a_list_it_is_put_right(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A list is no card: its block says which request was clicked."""
    case = await bot.ask()
    await bot.card(case.id)
    shown = await listed(slack, "U0ALICE", "/hitl")
    await nothing_left(bot)
    with hanging_disk(bot):
        assert (await slack.click("U0ALICE", shown.channel, shown.ts, "Approve")).acknowledged
        await slack.ephemeral_to("U0ALICE", "could not be saved")
    await slack.ephemeral_to("U0ALICE", "saved after all")
    assert (await bot.case(case.id)).status is Status.APPROVED


async def test_in_a_modal_it_is_put_right(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The modal stayed open and said that nothing was decided: a message says otherwise."""
    case = await bot.ask()
    await click(bot, "U0ALICE", case.id, "Reject")
    await slack.view_of("U0ALICE", "Reject")
    await nothing_left(bot)
    with hanging_disk(bot):
        answer = await slack.submit("U0ALICE", {"Why?": "no receipt"})
        assert "could not be saved" in str(answer.errors)
    await slack.until(lambda: [m for m in slack.direct_messages("U0ALICE") if "saved after all" in m.text])
    assert (await bot.case(case.id)).status is Status.REJECTED


async def test_what_decides_nothing_is_put_right_too(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A question to the agent landed: asked once more it would stand there twice."""
    case = await bot.ask()
    await click(bot, "U0ALICE", case.id, "Ask the agent")
    await slack.view_of("U0ALICE", "Ask the agent")
    await nothing_left(bot)
    with hanging_disk(bot):
        answer = await slack.submit("U0ALICE", {"Your question": "Is the receipt in the ticket?"})
        assert "could not be saved" in str(answer.errors)
    await slack.until(lambda: [m for m in slack.direct_messages("U0ALICE") if "saved after all" in m.text])
    assert [each.text for each in (await bot.case(case.id)).comments] == ["Is the receipt in the ticket?"]

"""`gate: question` in Slack: options as buttons or a menu, and answers in one's own words."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from approvals.model import Case
from approvals.words import Kind, Status
from sandbox.delivery import Manner
from sandbox.server import SlackStandIn
from tests.bot.slack.gates import click, words_in
from tests.harness.desk import RunningDesk

MANY = tuple(f"Warehouse {number}" for number in range(1, 13))


async def asked(bot: RunningDesk, **fields: Any) -> Case:
    """Where a parcel is to go."""
    return await bot.ask("ask_warehouse", kind=Kind.QUESTION, title="Which warehouse?", payload={}, **fields)


async def answer_of(bot: RunningDesk, case: Case) -> tuple[Status, str | None]:
    """How it stands, and with which answer."""
    now = await bot.case(case.id)
    return now.status, now.decision.answer if now.decision is not None else None


async def test_an_options_button_answers(gates: RunningDesk, slack: SlackStandIn) -> None:
    """One click on its words, and the agent has it exactly."""
    case = await asked(gates, options=("Berlin", "Bremen"))
    await click(gates, "U0ALICE", case.id, "Bremen")
    assert await answer_of(gates, case) == (Status.ANSWERED, "Bremen")
    assert not slack.calls("views.open")


async def test_more_than_five_are_a_menu(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Chosen from a menu, the answer is the option's own text."""
    case = await asked(gates, options=MANY, default_answer=MANY[0])
    await click(gates, "U0ALICE", case.id, "Warehouse 11")
    assert await answer_of(gates, case) == (Status.ANSWERED, "Warehouse 11")


async def test_an_answer_in_ones_own_words(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Answer opens room for 3,000 characters; blanks are told at the field."""
    case = await asked(gates)
    await click(gates, "U0BOB", case.id, "Answer")
    await slack.view_of("U0BOB", "Answer")
    assert "Which warehouse?" in words_in(slack, "U0BOB")
    blank = await slack.submit("U0BOB", {"answer": " \n "})
    assert blank.errors == {"answer": "Write an answer: billing-agent reads it. Nothing was decided."}
    long = ("Berlin, " * 400)[:3_000].strip()
    assert (await slack.submit("U0BOB", {"answer": long})).view is None
    assert await answer_of(gates, case) == (Status.ANSWERED, long)


async def test_two_answers_at_once_are_one(gates: RunningDesk, slack: SlackStandIn) -> None:
    """The first counts; the other person is told which it was, and whose."""
    case = await asked(gates, options=("Berlin", "Bremen"))
    card = await gates.card(case.id)
    await asyncio.gather(
        slack.click("U0ALICE", card.channel, card.ts, "Berlin"),
        slack.click("U0BOB", card.channel, card.ts, "Bremen", manner=Manner(times=2)),
    )
    decided = await gates.case(case.id)
    assert decided.decision is not None
    [first] = decided.decision.by
    second = {"U0ALICE": "U0BOB", "U0BOB": "U0ALICE"}[first.id]
    told = await slack.ephemeral_to(second, "Too late")
    assert f"answered by {first.name} with “{decided.decision.answer}”" in told.text
    assert (await gates.story(case.id)).count("request.decided") == 1
    assert len(slack.ephemerals(second)) == 1


async def test_who_is_not_asked_answers_nothing(gates: RunningDesk, slack: SlackStandIn) -> None:
    """By button or by modal: they are told who is asked."""
    for fields in ({"options": ("Berlin", "Bremen")}, {}):
        case = await asked(gates, **fields)
        await click(gates, "U0CAROL", case.id, "Berlin" if fields else "Answer")
        assert "alice" in (await slack.ephemeral_to("U0CAROL", "not asked")).text
        assert (await gates.case(case.id)).status is Status.PENDING
    assert not slack.calls("views.open")


@pytest.mark.parametrize("action", ["hitl.answer.4", "hitl.answer.17", "approve", "reject", "answer"])
async def test_a_button_that_a_question_does_not_have(
    gates: RunningDesk, slack: SlackStandIn, action: str
) -> None:
    """An option nobody offered, a vote, or room to write where options are: refused in words."""
    case = await asked(gates, options=("Berlin", "Bremen"))
    card = await gates.card(case.id)
    blocks = [dict(block) for block in card.blocks]
    row = next(block for block in blocks if block["type"] == "actions")
    row["elements"] = [{**row["elements"][0], "action_id": action}]
    slack.workspace.change(card, blocks=blocks)
    await slack.click("U0ALICE", card.channel, card.ts, action)
    told = await slack.ephemeral_to("U0ALICE")
    assert "othing was decided" in told.text or "answer it" in told.text or "so nothing was" in told.text
    assert (await gates.case(case.id)).status is Status.PENDING
    assert not slack.calls("views.open")


async def test_an_approval_takes_no_answer(gates: RunningDesk, slack: SlackStandIn) -> None:
    """A button to answer with, on a card to approve: refused in words."""
    case = await gates.ask("deploy_site", payload={})
    card = await gates.card(case.id)
    blocks = [dict(block) for block in card.blocks]
    row = next(block for block in blocks if block["type"] == "actions")
    row["elements"] = [{**row["elements"][0], "action_id": "answer"}]
    slack.workspace.change(card, blocks=blocks)
    await slack.click("U0ALICE", card.channel, card.ts, "answer")
    assert "no question" in (await slack.ephemeral_to("U0ALICE")).text

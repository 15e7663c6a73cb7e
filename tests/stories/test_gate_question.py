"""`gate: question`: the first answer is what the agent goes on with; in silence, its own best guess."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from sandbox.workspace import Message
from tests.harness.house import House, buttons, page
from tests.stories.conftest import Build

# One bot serves every story here: each asks a question of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")

POLICY = """
channel: C0APPROVALS
groups:
  support: {users: [U0ALICE, U0BOB]}
risk: {levels: {low: ["ask_*"]}}
rules:
  - {name: soon, when: "action == 'ask_soon'", gate: question, ask: support,
     steps: [{after: 2s, do: expire}]}
  - {name: questions, when: "kind == 'question'", gate: question, ask: support,
     steps: [{after: 4h, do: expire}]}
default: {gate: hard, ask: support, steps: [{after: 4h, do: park}]}
"""
CITIES = ["ACME GmbH, Berlin", "ACME Ltd, Leeds", "ACME Inc, Austin"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one(build: Build) -> AsyncIterator[House]:
    """A house in which agents ask what was meant."""
    async with build(POLICY) as built:
        yield built


async def _asked(one: House, **fields: Any) -> tuple[str, Message]:
    told = {"kind": "question", "action": "ask_customer", "payload": {"invoice": "2026-118"}}
    asked = await one.agent.ask(**{**told, "title": "Which ACME did you mean?", **fields})
    assert (asked["gate"], asked["status"], asked["proceed"]) == ("question", "pending", False)
    return str(asked["id"]), await one.settled_card(asked["id"])


async def _answered(one: House, request: str, answer: str, by: str) -> None:
    """The long-poll and the callback say so, with which words, and the card has no buttons left."""
    heard = await one.agent.hears(request)
    for told in (heard.data, await one.agent.look(request)):
        decision = told["decision"]
        assert (told["status"], told["proceed"], decision["verdict"]) == ("answered", True, "answered")
        assert (decision["via"], decision["answer"], decision["changes"]) == ("human", answer, [])
        assert [person["name"] for person in decision["by"]] == [by]
        assert answer in decision["message"]
    final = await one.card(request, f"Answered by {by}", answer)
    assert buttons(final) <= {"View everything"}
    assert (await one.agent.call("POST", f"/v1/requests/{request}/claim"))[0] == 409


async def test_up_to_five_options_are_buttons(one: House) -> None:
    """The card shows the question, the options, and the best guess as what happens in silence."""
    request, card = await _asked(one, options=CITIES, default_answer=CITIES[0])
    for words in ("Which ACME did you mean?", "If nobody answers", "goes on with its best guess", CITIES[0]):
        assert words in page(card)
    assert buttons(card) >= set(CITIES)
    assert not {"Approve", "Reject", "Edit"} & buttons(card)
    await one.slack.click("U0BOB", card.channel, card.ts, CITIES[1])
    await _answered(one, request, CITIES[1], "bob")


async def test_more_options_are_a_select(one: House) -> None:
    """Slack shows no more than a handful of buttons well."""
    every = [f"Warehouse {number}" for number in range(1, 13)]
    request, card = await _asked(one, options=every)
    kinds = {element["type"] for block in card.blocks for element in block.get("elements", ())}
    assert "static_select" in kinds
    assert buttons(card) >= set(every)
    await one.slack.click("U0ALICE", card.channel, card.ts, "Warehouse 11")
    await _answered(one, request, "Warehouse 11", "alice")


async def test_without_options_it_is_answered_in_ones_own_words(one: House) -> None:
    """A modal shows the question; blanks are told at the field."""
    request, card = await _asked(one)
    fields = await one.modal("U0ALICE", card, "Answer")
    assert "Which ACME did you mean?" in str(one.slack.views("U0ALICE")[-1].payload)
    blank = await one.slack.submit("U0ALICE", {"Your answer": "  "})
    assert list(blank.errors) == [fields["Your answer"]]
    answer = "The one in *Leeds*, as <always>."
    told = await one.slack.submit("U0ALICE", {"Your answer": answer})
    assert (told.acknowledged, told.errors, told.view) == (True, {}, None)
    heard = await one.agent.hears(request)
    assert heard.data["decision"]["answer"] == answer
    await one.card(request, "Answered by alice", "as <always>.")


async def test_the_first_answer_counts(one: House) -> None:
    """Two at once: one decision, and the other person is told which answer it was, and whose."""
    request, card = await _asked(one, options=CITIES)
    await asyncio.gather(
        one.slack.click("U0ALICE", card.channel, card.ts, CITIES[0]),
        one.slack.click("U0BOB", card.channel, card.ts, CITIES[2]),
    )
    heard = await one.agent.hears(request)
    [first] = heard.data["decision"]["by"]
    second = {"U0ALICE": "U0BOB", "U0BOB": "U0ALICE"}[first["id"]]
    assert heard.data["decision"]["answer"] == {"U0ALICE": CITIES[0], "U0BOB": CITIES[2]}[first["id"]]
    told = await one.slack.ephemeral_to(second, f"answered by {first['name']}")
    assert heard.data["decision"]["answer"] in told.text
    await one.nothing_left()
    assert len(one.agent.heard_of(request)) == 1


async def test_in_silence_its_best_guess_holds(one: House) -> None:
    """Timed out, with the default as its answer: the agent may go on, and the card says with what."""
    asked = await one.agent.ask(
        kind="question", action="ask_soon", payload={}, options=CITIES, default_answer=CITIES[2]
    )
    heard = await one.agent.hears(asked["id"])
    decision = heard.data["decision"]
    assert (heard.data["status"], heard.data["proceed"]) == ("timed_out", True)
    assert (decision["via"], decision["by"], decision["answer"]) == ("timeout", [], CITIES[2])
    assert "default_answer holds" in decision["message"]
    final = await one.card(asked["id"], "Nobody answered in time", CITIES[2])
    assert not buttons(final) & set(CITIES)


async def test_in_silence_without_a_guess_it_stops(one: House) -> None:
    """Timed out, without an answer: the agent must not go on."""
    asked = await one.agent.ask(kind="question", action="ask_soon", payload={})
    polled = await one.agent.look(asked["id"], wait=30)
    assert (polled["status"], polled["proceed"]) == ("timed_out", False)
    assert polled["decision"]["answer"] is None
    await one.card(asked["id"], "Nobody answered in time", "stops")


async def test_who_is_not_asked_answers_nothing(one: House) -> None:
    """Carol is told who is asked, and the question stays open."""
    request, card = await _asked(one, options=CITIES)
    await one.slack.click("U0CAROL", card.channel, card.ts, CITIES[1])
    assert "alice and bob" in (await one.slack.ephemeral_to("U0CAROL", "not asked")).text
    assert (await one.agent.look(request))["status"] == "pending"

"""What opens to ask, to hand over and to put off, what it says, and what is read from it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from approvals.attention import takers
from approvals.events import Ticked
from approvals.model import Case, Outcome, Step
from approvals.roster import Profile, Roster
from approvals.words import Choice, GroupName, OutcomeStatus, StepKind, UserId
from blocks import actions, attention_words, limits
from blocks.actions import Seen
from blocks.card import CardView
from blocks.message import Message
from blocks.modals import (
    AWAY_BLOCK,
    TAKER_BLOCK,
    UNTIL_BLOCK,
    Takers,
    View,
    ask_modal,
    hand_over_modal,
    question_of,
    snooze_modal,
    taker_of,
    until_of,
)
from blocks.thread_decided import decided_note
from tests.blocks.gate_states import ROSTER, after, deploy, draft, escalating
from tests.blocks.hostile import WORDS
from tests.blocks.states import STATES, edited, refund, voted
from tests.harness.cases import ALICE, BOB, DIRECTORS, NOON, a_request, a_roster, an_open_case
from tests.harness.reading import read_message, read_view

GOLDEN = Path(__file__).parent / "golden"
HOUR = timedelta(hours=1)


def handing(case: Case, roster: Roster = ROSTER) -> View:
    """What Alice would be shown."""
    return hand_over_modal(case, Takers(*takers(case, ALICE.id, roster)), roster)


VIEWS: Mapping[str, Callable[[], View]] = {
    "ask": lambda: ask_modal(refund()),
    "ask an agent that is not called": lambda: ask_modal(refund(callback_url=None)),
    "hand over": lambda: handing(escalating()),
    "hand over, groups alone": lambda: handing(escalating(), a_roster(members=(ALICE,))),
    "snooze": lambda: snooze_modal(refund(), NOON, "Europe/Berlin"),
    "snooze, nobody knows where": lambda: snooze_modal(draft(), NOON, None),
    "snooze, parked": lambda: snooze_modal(after(deploy(), Ticked(), minutes=121), NOON, "UTC"),
}
SAID: Mapping[str, Callable[[], str]] = {
    "snoozed": lambda: attention_words.snoozed(refund(), NOON + HOUR),
    "snoozed beyond its end": lambda: attention_words.snoozed(refund(), NOON + 9 * HOUR),
    "nobody takes it": lambda: attention_words.nobody_takes_it(refund()),
    "too far away": lambda: attention_words.too_far_away(366),
    "no time": attention_words.no_time,
    "nothing asked": attention_words.nothing_asked,
}


def test_all_of_it_reads_as_it_was_agreed() -> None:
    """The modals and the sentences, word for word."""
    told = [f"[{name}]\n{read_view(make()).rstrip()}" for name, make in VIEWS.items()]
    told += [f"[{name}]\n{make()}" for name, make in SAID.items()]
    text = "\n\n".join(told) + "\n"
    kept = GOLDEN / "attention.txt"
    if os.environ.get("HITL_REGENERATE"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", VIEWS)
def test_each_modal_is_legal_and_bound_to_its_request(name: str) -> None:
    """By `private_metadata`, as those that decide."""
    view = VIEWS[name]()
    assert limits.problems_of_view(view) == []
    assert Seen.decode(view["private_metadata"]) is not None


def options(view: View, block: str) -> list[dict[str, Any]]:
    """What can be chosen there."""
    element = next(each["element"] for each in view["blocks"] if each.get("block_id") == block)
    groups = element.get("option_groups") or [{"options": element["options"]}]
    return [option for group in groups for option in group["options"]]


def chosen(block: str, **held: Any) -> dict[str, dict[str, Any]]:
    """As Slack sends what was chosen."""
    return {block: {actions.INPUT: held}}


def test_what_is_chosen_from_the_takers_is_read_back() -> None:
    """A person by id, a group by its step; anything else is nobody."""
    case = escalating()
    read = [
        taker_of(chosen(TAKER_BLOCK, selected_option=each), case)
        for each in options(handing(case), TAKER_BLOCK)
    ]
    people, groups = takers(case, ALICE.id, ROSTER)
    assert read == [*((person, None) for person in people), *((None, group) for group in groups)]
    for value in ("step:0x", "step:77", "person:", "person:<@U1>", "", None, 7):
        state = chosen(TAKER_BLOCK, selected_option={"value": value})
        assert taker_of(state, case) == (None, None)
    assert taker_of({}, case) == (None, None)


def test_of_very_many_people_a_thousand_can_be_chosen() -> None:
    """A hundred under each heading, as many as a menu takes; it says how many there are besides."""
    users = tuple(UserId(f"U{number:08}") for number in range(1_205))
    roster = Roster({DIRECTORS: (ALICE.id, *users)}, {user: Profile(user, "N" * 200) for user in users})
    view = handing(refund(), roster)
    assert limits.problems_of_view(view) == []
    assert len(options(view, TAKER_BLOCK)) == 1_000
    assert "205 more may decide it" in read_view(view)


def test_who_is_away_is_named_so() -> None:
    """Handing it to them would be of no use now."""
    roster = replace(ROSTER, deputies={BOB.id: (UserId("U0CAROL"),)})
    assert [each["text"]["text"] for each in options(handing(refund(), roster), TAKER_BLOCK)] == [
        "Bob",
        "Carol (away)",
    ]


@given(st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "America/New_York", None]), st.integers(0, 365 * 24))
def test_every_time_that_is_offered_is_ahead(zone: str | None, hours: int) -> None:
    """Tomorrow is tomorrow, nine o'clock, where they are; also where the clocks change."""
    now = NOON + hours * HOUR
    offered = options(snooze_modal(refund(), now, zone), AWAY_BLOCK)
    read = [until_of(chosen(AWAY_BLOCK, selected_option=each), now) for each in offered]
    assert read[:3] == [now + HOUR / 2, now + HOUR, now + 4 * HOUR]
    tomorrow = read[3]
    assert tomorrow is not None
    there = tomorrow.astimezone(ZoneInfo(zone or "UTC"))
    today = now.astimezone(ZoneInfo(zone or "UTC"))
    assert (there.hour, there.minute, there.date() - today.date()) == (9, 0, timedelta(days=1))


def test_a_time_from_the_calendar_counts_instead() -> None:
    """What no calendar has, and what was never offered, is no time."""
    both = chosen(AWAY_BLOCK, selected_option={"value": "for:30"})
    both |= chosen(UNTIL_BLOCK, selected_date_time=int((NOON + 5 * HOUR).timestamp()))
    assert until_of(both, NOON) == NOON + 5 * HOUR
    assert until_of(chosen(UNTIL_BLOCK, selected_date_time=10**15), NOON) is None
    for value in ("for:", "for:0", "at:-1", "soon", None, 30):
        assert until_of(chosen(AWAY_BLOCK, selected_option={"value": value}), NOON) is None
    assert until_of({}, NOON) is None


@settings(deadline=None)
@given(WORDS)
def test_nobodys_words_break_or_forge_a_modal(words: str) -> None:
    """Titles, agents, groups and names of others stay inert, and within their limits."""
    group = GroupName(words or "group")
    steps = (Step(HOUR, StepKind.ESCALATE, to=group), Step(4 * HOUR, StepKind.EXPIRE))
    case = an_open_case(a_request(agent=words or "a"), title=words or "t", steps=steps)
    named = {user: replace(profile, name=words or "n") for user, profile in ROSTER.people.items()}
    for view in (
        ask_modal(case),
        handing(case, replace(ROSTER, people=named)),
        snooze_modal(case, NOON, None),
    ):
        assert limits.problems_of_view(view) == []
        assert "<" not in view["blocks"][0]["text"]["text"].replace("<!date^", "")
    assert question_of(chosen("question", value=f" {words} ")) == (words.strip() or None)


# The end, in the thread


ENDS: Mapping[str, CardView] = {
    name: view for name, make in STATES.items() if (view := make()).case.status.final and not view.duplicate
}


def decided(case: Case) -> Message:
    """What the thread hears."""
    return decided_note(case, ROSTER, "decided")


def test_every_end_reads_as_it_was_agreed_in_the_thread() -> None:
    """At every gate, word for word."""
    told = [f"[{name}]\n{read_message(decided(view.case).as_call()).rstrip()}" for name, view in ENDS.items()]
    text = "\n\n".join(told) + "\n"
    kept = GOLDEN / "thread_decided.txt"
    if os.environ.get("HITL_REGENERATE"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ENDS)
def test_the_end_calls_nobody(name: str) -> None:
    """It is legal, and whoever decided goes by name."""
    message = decided(ENDS[name].case)
    assert limits.problems_of_message(message.as_call(), updating=True) == []
    assert "<@" not in str(message.as_call())
    assert not [block for block in message.blocks if block["type"] == "actions"]


def test_the_end_comes_with_what_was_changed_and_what_people_said() -> None:
    """All of it, not only the first words; what came of it afterwards is the card's to say."""
    case = voted(edited(refund(), ALICE, "The receipt covers 500.", amount=500), BOB, why="Fine. " * 40)
    read = read_message(decided(case).as_call())
    assert "amount" in read
    assert "750" in read
    assert ("Fine. " * 40).strip() in read
    assert "The receipt covers 500." in read
    done = replace(case, outcome=Outcome(OutcomeStatus.FAILED, NOON, "The bank refused."))
    assert decided(done) == decided(case)
    rejected = voted(refund(), ALICE, Choice.REJECT, "No receipt.")
    assert decided(rejected).text.startswith("❌ Rejected by Alice: ")


@settings(deadline=None)
@given(WORDS)
def test_nobodys_words_forge_an_end(words: str) -> None:
    """Neither the agent's nor the approvers'."""
    case = an_open_case(a_request(agent=words or "a", payload={"x": words}), title=words or "t")
    message = decided(voted(case, replace(ALICE, name=words or "e"), Choice.REJECT, f"no {words}"))
    assert limits.problems_of_message(message.as_call(), updating=True) == []
    assert "<" not in message.text

"""What opens at each gate: legal whatever is in it, whole where it must be, and word for word as agreed."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from slack_sdk.models.views import View

from approvals import confirming, grants
from approvals.canonical import Json
from approvals.events import Opened
from approvals.fields import fields
from approvals.machine import decide
from approvals.model import Case, Grants
from approvals.words import Gate, GrantId
from blocks import actions, limits
from blocks.actions import Page, Seen
from blocks.everything import everything_modal
from blocks.grant_words import at_most, in_a_sentence, may_differ, span, the_same
from blocks.modals import (
    ANSWER_BLOCK,
    LASTS_BLOCK,
    TYPED_BLOCK,
    allow_modal,
    answer_modal,
    answer_of,
    confirm_modal,
    edit_modal,
    flag_modal,
    lasts_of,
    reject_modal,
    typed_of,
)
from tests.blocks.gate_states import (
    GATE_STATES,
    ROSTER,
    comment,
    deploy,
    draft,
    question,
    review_of_silence,
    shown,
)
from tests.blocks.hostile import VALUES, WORDS
from tests.blocks.test_card import HUGE
from tests.harness.cases import ALICE, NOON, a_request, an_open_case
from tests.harness.reading import everything_shown, read_view

GOLDEN = Path(__file__).parent / "golden"
HOURS = timedelta(hours=1)


def held(payload: Mapping[str, Json], **rule: Any) -> Case:
    """A request for which CONFIRM is typed, or what the rule names."""
    return an_open_case(a_request(payload=payload), gate=Gate.MANUAL, **rule)


def liked(payload: Mapping[str, Json], *same: str, **rule: Any) -> Case:
    """A request of which like ones may be allowed for eight hours."""
    return an_open_case(a_request(payload=payload), grants=Grants(8 * HOURS, same), **rule)


def grant_on(case: Case, lasts: timedelta = 8 * HOURS) -> grants.Grant:
    """What an approver of it would give."""
    made = grants.given(case, GrantId("g_1"), ALICE, NOON, lasts)
    assert made is not None
    return made


def parts(modal: Callable[[int], dict[str, Any]]) -> list[dict[str, Any]]:
    """Every part of a modal, each legal; only the last has inputs, and can be sent."""
    every: list[dict[str, Any]] = []
    while not every or every[-1].get("submit") is None:
        every.append(modal(len(every) + 1))
        assert limits.problems_of_view(every[-1]) == []
        page = Page.decode(every[-1]["private_metadata"])
        assert page is not None
        assert page.number == len(every)
        asks = any(block["type"] == "input" for block in every[-1]["blocks"])
        assert asks == (every[-1].get("submit") is not None)
    return every


def of_a_drafts_like() -> dict[str, Any]:
    """*Approve and allow similar* on a draft."""
    case = shown(draft())
    return allow_modal(case, grant_on(case))


MODALS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "approve, a service": lambda: confirm_modal(deploy(), ROSTER),
    "approve, by the word": lambda: confirm_modal(deploy(confirm=None, quorum=1), ROSTER),
    "edit, a service": lambda: edit_modal(deploy(), fields(deploy()), ROSTER),
    "edit, by the word": lambda: edit_modal(deploy(confirm=None), fields(deploy()), ROSTER),
    "reject": lambda: reject_modal(deploy()),
    "correct": lambda: edit_modal(comment(), fields(comment()), ROSTER),
    "flag": lambda: flag_modal(comment()),
    "flag, what cannot be undone": lambda: flag_modal(comment(irreversible=True)),
    "answer": lambda: answer_modal(question(options=())),
    "allow similar": of_a_drafts_like,
    "everything of a review": lambda: everything_modal(review_of_silence().case, ()),
    "everything of a question": lambda: everything_modal(question(), ()),
    "everything of a deploy": lambda: everything_modal(deploy(), ()),
    "everything, escalated": lambda: everything_modal(GATE_STATES["escalated"]().case, ()),
    "everything, let through by a grant": lambda: everything_modal(let_through(), ()),
}


def let_through() -> Case:
    """A draft that a grant let through."""
    case = draft()
    given_before = grant_on(shown(case))
    return decide(None, Opened(case.request, case.judgement, ROSTER, given_before), NOON).case


def test_every_modal_reads_as_it_was_agreed() -> None:
    """All of them, word for word, in one file that can be read aloud."""
    text = "\n".join(f"[{name}]\n{read_view(make())}" for name, make in MODALS.items())
    kept = GOLDEN / "modals.txt"
    if os.environ.get("HITL_REGENERATE"):
        kept.write_text(text, encoding="utf-8")
    assert text == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MODALS)
def test_every_modal_is_legal(name: str) -> None:
    """By our own book, and by Slack's SDK."""
    view = MODALS[name]()
    assert limits.problems_of_view(view) == []
    View(**view).validate_json()


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_payload_is_confirmed_whole(name: str) -> None:
    """Whatever is to be confirmed is in one of the parts, uncut; the input is under the last."""
    case = held(HUGE[name])
    every = parts(lambda part: confirm_modal(case, ROSTER, part))
    seen = everything_shown([view["blocks"] for view in every])
    assert "more characters" not in seen
    if name == "many_keys":
        assert all(f"key{place}  {place}" in seen for place in (0, 5_000, 9_999))
    if name == "one_long_text":
        assert seen.count("word") == 100_000 // 2
    if name == "long_keys":
        assert f"{'k' * 2_000}" in seen
    last = [block["block_id"] for block in every[-1]["blocks"] if block["type"] == "input"]
    assert last[0] == TYPED_BLOCK


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_payload_is_allowed_whole(name: str) -> None:
    """Each limit and each name that may differ is in one of the parts."""
    case = liked(HUGE[name])
    every = parts(lambda part: allow_modal(case, grant_on(case), part))
    seen = everything_shown([view["blocks"] for view in every])
    if name == "many_keys":
        assert all(f"key{place}  {place}" in seen for place in (0, 5_000, 9_999))
    if name == "tall":
        assert all(f"k{place}" in seen for place in range(100))


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_payload_is_edited_flagged_and_answered(name: str) -> None:
    """The other modals stay legal too, with the input that confirms below as many fields as fit."""
    case = held(HUGE[name])
    views = [
        edit_modal(case, fields(case)),
        flag_modal(replace(case, judgement=replace(case.judgement, gate=Gate.AUDIT))),
        answer_modal(question(options=(), title="Which? " * 40, default_answer="That one. " * 500)),
    ]
    assert [limits.problems_of_view(view) for view in views] == [[], [], []]
    assert any(block.get("block_id") == TYPED_BLOCK for block in views[0]["blocks"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WORDS, st.dictionaries(WORDS, VALUES, max_size=6))
def test_no_modal_is_broken_by_anybodys_words(words: str, payload: dict[str, Json]) -> None:
    """For arbitrary payloads, titles and words to type, every part is legal and hides nothing."""
    rule = {"title": words, "confirm": "payload.it"}
    case = held({**payload, "it": words}, **rule)
    like = liked(payload, "payload.it", *(f"payload.{key}" for key in payload), title=words)
    views = [
        *parts(lambda part: confirm_modal(case, ROSTER, part)),
        *parts(lambda part: allow_modal(like, grant_on(like), part)),
        edit_modal(case, fields(case), ROSTER),
        flag_modal(case),
        answer_modal(question(options=(), title=words, default_answer=words)),
    ]
    for view in views:
        assert limits.problems_of_view(view) == []
        assert not set("\u202e\u200b") & set(everything_shown(_without_values(view["blocks"])))


def _without_values(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What a form begins with has to come back as it was."""
    return [block for block in blocks if block["type"] != "input" or "initial_value" not in block["element"]]


@pytest.mark.parametrize("word", ["order-api", "order  api", "<!here>", "a*b_c", "42", "\u2013", "Ünïcode"])
def test_the_word_stands_there_exactly(word: str) -> None:
    """What has to be typed can be read character by character, whatever it is made of."""
    case = held({"service": word}, confirm="payload.service")
    assert confirming.word(case.judgement, case.payload) == word
    assert word in everything_shown(confirm_modal(case, ROSTER)["blocks"][-3:])


def test_what_is_masked_is_in_no_modal() -> None:
    """Neither to confirm nor to allow: as text, as a number, or as what has to be the same."""
    payload: dict[str, Json] = {"pin": 4111, "card": {"number": "4111 1111", "cvc": "411"}, "to": "ACME"}
    hides = {"sensitive": ("payload.pin", "payload.card")}
    like = liked(payload, "payload.card", "payload.card.number", "payload.to", **hides)
    case = held(payload, **hides)
    views = [
        confirm_modal(case, ROSTER),
        allow_modal(like, grant_on(like)),
        edit_modal(case, fields(case), ROSTER),
        everything_modal(like, ()),
    ]
    for view in views:
        assert "411" not in everything_shown(view["blocks"])
    assert [(line.label, line.shown) for line in at_most(grant_on(like), like)] == [("pin", "••••")]
    assert [line.shown for line in the_same(grant_on(like), like)] == ["••••", "••••", "ACME"]


def test_a_grant_in_words() -> None:
    """What is the same, each limit under its own name, and what may differ; nothing is said twice."""
    payload: dict[str, Json] = {
        "customer": {"id": "C-17", "tier": 2},
        "amount": 50,
        "fee": "1.50",
        "items": [{"price": 10, "name": "cup"}, {"price": 20, "name": "mug"}],
        "2024": {"a/b": 3},
        "notify": True,
    }
    case = liked(payload, "payload.customer", "payload.region")
    made = grant_on(case)
    assert [(line.label, line.shown) for line in the_same(made, case)] == [
        ("customer", '{"id":"C-17","tier":2}'),
        ("region", "not there"),
    ]
    limited = {line.label: line.shown for line in at_most(made, case)}
    into = " \u203a "
    assert limited == {
        "amount": "50",
        "fee": "1.50",
        f"items{into}1{into}price": "10",
        f"items{into}2{into}price": "20",
        f"2024{into}a/b": "3",
    }
    assert list(may_differ(made, case)) == [f"items{into}1{into}name", f"items{into}2{into}name", "notify"]
    assert in_a_sentence(made, case).startswith(
        'issue_refund by billing-agent, customer {"id":"C-17","tier":2}, region not there, amount up to 50'
    )


@pytest.mark.parametrize(
    ("lasts", "words"),
    [
        (timedelta(minutes=30), "30 minutes"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(minutes=90), "1 hour and 30 minutes"),
        (timedelta(days=8, seconds=1), "1 week, 1 day and 1 second"),
    ],
)
def test_how_long_in_words(lasts: timedelta, words: str) -> None:
    """Exact, in the units that people use."""
    assert span(lasts) == words


@pytest.mark.parametrize(
    ("longest", "offered"),
    [
        (timedelta(minutes=10), ["10 minutes"]),
        (timedelta(hours=1), ["30 minutes", "1 hour"]),
        (timedelta(hours=3), ["30 minutes", "1 hour", "2 hours", "3 hours"]),
        (timedelta(days=1), ["30 minutes", "1 hour", "2 hours", "4 hours", "8 hours", "1 day"]),
    ],
)
def test_no_longer_time_is_offered_than_the_rule_has(longest: timedelta, offered: list[str]) -> None:
    """The shortest first, and chosen; the longest last."""
    case = an_open_case(grants=Grants(longest))
    view = allow_modal(case, grant_on(case, longest))
    select = next(block for block in view["blocks"] if block.get("block_id") == LASTS_BLOCK)["element"]
    assert [option["text"]["text"] for option in select["options"]] == offered
    assert select["initial_option"] == select["options"][0]
    assert lasts_of({LASTS_BLOCK: {actions.INPUT: {"selected_option": select["options"][-1]}}}) == longest


@pytest.mark.parametrize("value", [None, "", "0", "-1", "1e3", "٣", "1" * 11, 60, {"value": "60"}])
def test_a_time_that_nobody_offered_is_none(value: object) -> None:
    """Garbage in the choice lasts no time at all, which no grant does."""
    assert lasts_of({LASTS_BLOCK: {actions.INPUT: {"selected_option": {"value": value}}}}) == timedelta()
    assert lasts_of({LASTS_BLOCK: {actions.INPUT: {"selected_option": None}}}) == timedelta()
    assert lasts_of({}) == timedelta()


def test_what_was_typed_is_read_back() -> None:
    """Without the blanks around it; blanks alone are nothing."""
    assert typed_of({TYPED_BLOCK: {actions.INPUT: {"value": " CONFIRM\n"}}}) == "CONFIRM"
    assert typed_of({}) is None
    assert answer_of({ANSWER_BLOCK: {actions.INPUT: {"value": " Berlin "}}}) == "Berlin"
    assert answer_of({ANSWER_BLOCK: {actions.INPUT: {"value": "  "}}}) == ""


def test_who_confirms_learns_who_else_has_to() -> None:
    """The first of two reads that one more is needed; the second reads nothing of it."""
    assert "1 more approval is needed after yours" in read_view(confirm_modal(deploy(), ROSTER))
    half = GATE_STATES["manual_half_approved"]().case
    assert "more approval" not in read_view(confirm_modal(half, ROSTER))


def test_each_modal_carries_what_was_seen() -> None:
    """Request and sight, so that what changed meanwhile is refused."""
    for case, view in (
        (comment(), flag_modal(comment())),
        (question(), answer_modal(question())),
    ):
        assert Seen.decode(view["private_metadata"]) == Seen(case.id, case.sight)

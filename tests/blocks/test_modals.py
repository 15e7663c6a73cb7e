"""Modals: every field an input that comes back as it was, everything legal, nothing lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals.canonical import Json
from approvals.fields import Typed, entered, fields
from approvals.model import Case
from blocks import actions, limits
from blocks.actions import Page, Seen
from blocks.everything import everything_modal, pages_of
from blocks.inputs import block_of
from blocks.modals import (
    NOTE_BLOCK,
    REASON_BLOCK,
    edit_modal,
    errors_at,
    loading_modal,
    note_of,
    notice_modal,
    reason_of,
    reject_modal,
    values_of,
)
from blocks.replies import could_not_save
from tests.blocks.hostile import VALUES, WORDS
from tests.blocks.states import ROSTER, STATES, refund, voted
from tests.blocks.test_card import HUGE
from tests.harness.cases import ALICE, a_request, an_open_case, opened
from tests.harness.reading import everything_shown, read_view

FORM: dict[str, Json] = {
    "type": "object",
    "properties": {
        "amount": {"type": "number", "minimum": 0, "maximum": 5000},
        "count": {"type": "integer"},
        "reason": {"enum": ["return", "goodwill", "error"]},
        "notify": {"type": "boolean"},
        "day": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "mail": {"type": "string", "format": "email"},
        "site": {"type": "string", "format": "uri"},
        "body": {"type": "string", "maxLength": 2000},
        "to": {"type": "array", "items": {"type": "string"}},
        "tags": {"type": "array", "items": {"enum": ["a", "b", "c"]}},
        "customer": {"type": "object", "properties": {"name": {"type": "string"}}},
        "rest": {"type": "array", "items": {"type": "object"}},
        "later": {"type": "string", "description": "<!here> hint"},
    },
    "required": ["amount", "reason"],
}
PAYLOAD: dict[str, Json] = {
    "amount": 750.5,
    "count": 3,
    "reason": "goodwill",
    "notify": False,
    "day": "2026-11-20",
    "at": "2026-11-20T10:00:00+01:00",
    "mail": "jo@example.com",
    "site": "https://example.com/a",
    "body": "Dear Jo,\nsorry.",
    "to": ["a", "b"],
    "tags": ["a", "c"],
    "customer": {"name": "ACME"},
    "rest": [{"x": 1}],
}


def a_form_case() -> Case:
    """A request with a field of every kind."""
    return an_open_case(a_request(payload=PAYLOAD, form=FORM))


def left_alone(view: Mapping[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """`view.state.values` as Slack sends them when nobody touched anything."""
    state: dict[str, dict[str, dict[str, Any]]] = {}
    for block in view["blocks"]:
        if block["type"] == "input":
            element = block["element"]
            said = {"type": element["type"], **_said(element)}
            state[block["block_id"]] = {element["action_id"]: said}
    return state


def _said(element: Mapping[str, Any]) -> dict[str, Any]:
    match element["type"]:
        case "static_select" | "radio_buttons":
            return {"selected_option": element.get("initial_option")}
        case "multi_static_select":
            return {"selected_options": element.get("initial_options", [])}
        case "datepicker":
            return {"selected_date": element.get("initial_date")}
        case "datetimepicker":
            return {"selected_date_time": element.get("initial_date_time")}
        case _:
            return {"value": element.get("initial_value")}


def test_each_kind_of_field_has_its_input() -> None:
    """Every kind that a form can name is an element that suits it."""
    case = a_form_case()
    plan = fields(case)
    view = edit_modal(case, plan, ROSTER)
    assert limits.problems_of_view(view) == []
    elements = {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}
    kinds = {field.id: elements[block_of(field.id)]["type"] for field in plan}
    assert kinds == {
        "/amount": "number_input",
        "/count": "number_input",
        "/reason": "static_select",
        "/notify": "radio_buttons",
        "/day": "datepicker",
        "/at": "datetimepicker",
        "/mail": "email_text_input",
        "/site": "url_text_input",
        "/body": "plain_text_input",
        "/to": "plain_text_input",
        "/tags": "multi_static_select",
        "/customer/name": "plain_text_input",
        "/rest": "plain_text_input",
        "/later": "plain_text_input",
    }
    amount = elements[block_of("/amount")]
    assert (amount["initial_value"], amount["min_value"], amount["max_value"]) == ("750.5", "0", "5000")


def test_what_nobody_touched_stays_as_it_is() -> None:
    """Opened and sent at once, the modal gives exactly the payload back, without an error."""
    case = a_form_case()
    plan = fields(case)
    back = entered(case, values_of(left_alone(edit_modal(case, plan)), plan))
    assert (back.payload, dict(back.errors)) == (PAYLOAD, {})


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(WORDS, VALUES, max_size=6))
def test_any_payload_can_be_opened_and_sent_back(payload: dict[str, Json]) -> None:
    """For arbitrary payloads the modal is legal, and leaving it alone leaves the payload as it is."""
    case = an_open_case(a_request(payload=payload))
    plan = fields(case)
    view = edit_modal(case, plan, ROSTER)
    assert limits.problems_of_view(view) == []
    back = entered(case, values_of(left_alone(view), plan))
    assert (back.payload, dict(back.errors)) == (payload, {})


@pytest.mark.parametrize("name", HUGE)
def test_a_huge_payload_opens(name: str) -> None:
    """Any number and length of arguments makes a legal modal that says what cannot be edited there."""
    case = an_open_case(a_request(payload=HUGE[name]))
    view = edit_modal(case, fields(case))
    assert limits.problems_of_view(view) == []
    if name == "one_long_text":
        assert "Not editable here" in everything_shown(view["blocks"])


def test_what_somebody_chose_is_read_back() -> None:
    """Each element's own way of saying its value, and empty ones as None."""
    case = a_form_case()
    plan = fields(case)
    state = left_alone(edit_modal(case, plan))
    said: dict[str, dict[str, Any]] = {
        "/amount": {"value": "500"},
        "/reason": {"selected_option": {"value": "2"}},
        "/notify": {"selected_option": {"value": "true"}},
        "/tags": {"selected_options": [{"value": "1"}]},
        "/day": {"selected_date": "2026-12-24"},
        "/at": {"selected_date_time": 1_795_168_800},
        "/mail": {"value": None},
        "/site": {"value": ""},
        "/count": {"selected_option": None},
    }
    for field_id, value in said.items():
        state[block_of(field_id)][actions.INPUT] |= value
    wanted: dict[str, Typed] = {
        "/amount": "500",
        "/reason": "2",
        "/notify": True,
        "/tags": ["1"],
        "/day": "2026-12-24",
        "/at": 1_795_168_800,
        "/mail": None,
        "/site": None,
    }
    values = values_of(state, plan)
    assert {field_id: values[field_id] for field_id in wanted} == wanted


def test_leaving_a_choice_empty_is_possible_where_the_form_lets_it() -> None:
    """An optional choice and an optional yes-or-no offer to be left empty, which reads as None."""
    form: dict[str, Json] = {"properties": {"c": {"enum": ["x", "y"]}, "b": {"type": "boolean"}}}
    case = an_open_case(a_request(payload={"c": "x", "b": True}, form=form))
    plan = fields(case)
    view = edit_modal(case, plan)
    state = left_alone(view)
    for block in view["blocks"]:
        if block["type"] == "input" and "options" in block["element"]:
            state[block["block_id"]][actions.INPUT]["selected_option"] = block["element"]["options"][-1]
    assert values_of(state, plan) == {"/c": None, "/b": None}
    assert entered(case, values_of(state, plan)).payload == {}


def test_errors_land_at_their_fields() -> None:
    """A field's error stands at its input; one without an input is said at the note, by name."""
    case = a_form_case()
    plan = fields(case)
    errors = errors_at({"/amount": "must be at most 5,000", "/gone": "is odd", "": "breaks"}, plan)
    assert errors[block_of("/amount")] == "must be at most 5,000"
    assert errors[NOTE_BLOCK] == "gone: is odd breaks"
    blocks = {block.get("block_id") for block in edit_modal(case, plan)["blocks"]}
    assert set(errors) <= blocks


def test_a_bound_that_is_broken_already_does_not_spoil_the_modal() -> None:
    """Slack refuses a value beyond its own bound: such a bound is left to the submit."""
    case = an_open_case(
        a_request(payload={"amount": 7000}), form={"properties": {"amount": {"maximum": 5000}}}
    )
    view = edit_modal(case, fields(case))
    assert limits.problems_of_view(view) == []
    assert "max_value" not in everything_shown(view["blocks"])
    assert "7000" in read_view(view)


def test_an_edit_says_what_it_does_to_others_votes() -> None:
    """With a quorum of two, whoever edits learns that earlier approvals go and one more is needed."""
    view = edit_modal(voted(refund(), ALICE), (), ROSTER)
    assert (
        "1 more approval is needed after yours; what others approved before no longer counts."
        in read_view(view)
    )
    assert Seen.decode(view["private_metadata"]) == Seen(refund().id, refund().sight)


def test_what_is_masked_cannot_be_edited() -> None:
    """No input for a sensitive argument, and the modal says that something stays as it is."""
    view = edit_modal(refund(), fields(refund()))
    assert "4111" not in everything_shown(view["blocks"])
    assert "What is masked" in everything_shown(view["blocks"])


def test_a_reason_is_more_than_blanks() -> None:
    """Slack lets blanks through as a reason; we do not. A note may be empty."""
    view = reject_modal(refund())
    assert limits.problems_of_view(view) == []
    assert reason_of({REASON_BLOCK: {actions.INPUT: {"value": " \n "}}}) is None
    assert reason_of({REASON_BLOCK: {actions.INPUT: {"value": " no "}}}) == "no"
    assert note_of({NOTE_BLOCK: {actions.INPUT: {"value": None}}}) is None
    assert note_of({}) is None


def test_notices_are_legal() -> None:
    """A sentence in a modal, and the one that holds the place."""
    assert limits.problems_of_view(notice_modal("Not saved, and a long title", could_not_save())) == []
    assert limits.problems_of_view(loading_modal()) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(WORDS, st.dictionaries(WORDS, VALUES, max_size=6))
def test_everything_is_legal_whatever_there_is(words: str, payload: dict[str, Json]) -> None:
    """Every page of any request is legal and hides nothing."""
    ruling = opened(a_request(payload=payload, reasoning=words * 10), title=words, guidance=words)
    view = everything_modal(ruling.case, ruling.facts)
    assert limits.problems_of_view(view) == []
    assert not set("\u202e\u200b") & set(everything_shown(view["blocks"]))


@pytest.mark.parametrize("name", HUGE)
def test_everything_is_in_some_page(name: str) -> None:
    """The pages are legal, follow each other, and together hold every argument, readable and as JSON."""
    ruling = opened(a_request(payload=HUGE[name]))
    pages = pages_of(ruling.case, ruling.facts)
    for number in {1, 2, len(pages), len(pages) + 1}:
        view = everything_modal(ruling.case, ruling.facts, number)
        assert limits.problems_of_view(view) == []
        assert Page.decode(view["private_metadata"]) == Page(
            Seen(ruling.case.id, ruling.case.sight), min(number, len(pages))
        )
    assert all(len(page) <= 60 for page in pages)
    shown = everything_shown(pages)
    if name == "many_keys":
        assert all(
            f"key{place}  {place}" in shown and f'"key{place}": {place}' in shown
            for place in (0, 5_000, 9_999)
        )
    if name == "one_long_text":
        assert shown.count("word") == 100_000
    assert "more characters" not in shown


def test_pages_are_turned_by_buttons_that_say_where_they_lead() -> None:
    """First, back, next and last, each with its page, and none that leads nowhere."""
    ruling = opened(a_request(payload=HUGE["many_keys"]))
    view = everything_modal(ruling.case, ruling.facts, 3)
    row = view["blocks"][-1]["elements"]
    assert [button["action_id"] for button in row] == list(actions.PAGES)
    pages = [Page.decode(button["value"]) for button in row]
    assert [page.number for page in pages if page][:3] == [1, 2, 4]
    first = everything_modal(ruling.case, ruling.facts, 1)["blocks"][-1]["elements"]
    assert [button["action_id"] for button in first] == [actions.PAGE_ON, actions.PAGE_LAST]


@pytest.mark.parametrize("name", STATES)
def test_nothing_sensitive_is_viewed(name: str) -> None:
    """Masked in View everything as on the card."""
    view = everything_modal(STATES[name]().case, ())
    assert "4111" not in everything_shown(view)

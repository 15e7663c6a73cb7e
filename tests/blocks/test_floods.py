"""A payload of a hundred thousand places costs what is shown of it, not what is in it."""

from __future__ import annotations

import pytest

from approvals.canonical import Json
from approvals.fields import fields
from approvals.model import Case
from blocks import rich
from blocks.card import CardView, card
from blocks.differences import differences, some
from blocks.everything import everything_modal, pages_of
from blocks.modals import edit_modal
from blocks.text import cut_visible, one_line, spelled, visible
from tests.blocks.states import ROSTER, edited
from tests.harness.cases import ALICE, a_request, an_open_case
from tests.harness.floods import FLOODS, raised
from tests.harness.reading import everything_shown
from tests.harness.work import calls_of

#: A card shows some forty arguments; sensible limits for limits and labels around them.
ENOUGH = 300


def flooded(name: str, **fields: object) -> Case:
    """A request with one of the floods, some of it sensitive, some of it in the summary."""
    request = a_request(payload=FLOODS[name], **fields)
    summary = ("payload.key5", "payload.items.3")
    return an_open_case(request, quorum=2, summary=summary, sensitive=("payload.key7", "payload.pin"))


@pytest.mark.parametrize("name", FLOODS)
def test_a_card_spells_what_it_shows(name: str) -> None:
    """Of twenty thousand arguments a card spells a few dozen, and counts the rest."""
    case = flooded(name)
    assert calls_of(spelled, lambda: card(CardView(case, ROSTER))) < ENOUGH
    shown = everything_shown(card(CardView(case, ROSTER)).blocks)
    assert {"flat": "14,960 more", "list": "19,960 more", "nested": "11,959 more"}[name] in shown


@pytest.mark.parametrize("name", FLOODS)
def test_a_card_after_an_edit_spells_what_it_shows(name: str) -> None:
    """Whatever people changed is found once, and spelled as far as it is shown."""
    case = edited(flooded(name), ALICE, amount=1)
    assert calls_of(spelled, lambda: card(CardView(case, ROSTER))) < ENOUGH
    assert calls_of(some, lambda: card(CardView(case, ROSTER))) == 1


@pytest.mark.parametrize("name", FLOODS)
def test_a_request_that_differs_in_everything_is_counted_up_to_a_thousand(name: str) -> None:
    """Asked again with every number changed: a few lines, and "over 1,000 more"."""
    before = flooded(name)
    again = an_open_case(a_request(payload=raised(FLOODS[name]), supersedes="req_before"))
    view = CardView(again, ROSTER, previous=before)
    assert calls_of(spelled, lambda: card(view)) < ENOUGH
    assert "… over 1,000 more: View everything" in everything_shown(card(view).blocks)


def test_a_thousand_more_are_still_counted() -> None:
    """Up to the limit the number is exact, beyond it the words say that it is not."""
    for many, words in ((1_003, "1,000"), (1_004, "over 1,000"), (3, "")):
        before: dict[str, Json] = {str(number): 1 for number in range(many)}
        found = differences(before, dict.fromkeys(before, 2), None)
        assert some(found, 3).beyond(3) == words


@pytest.mark.parametrize("name", FLOODS)
def test_one_page_of_everything_is_built(name: str) -> None:
    """Turning to a page makes its lines, not those of the others; it is the page it always was."""
    case = flooded(name)
    pages = pages_of(case, ())
    assert len(pages) > 20
    for number in (1, 7, len(pages)):
        assert calls_of(rich.label, lambda number=number: everything_modal(case, (), number)) < 2 * ENOUGH  # type: ignore[misc]
        view = everything_modal(case, (), number)
        assert view["blocks"][: len(pages[number - 1])] == pages[number - 1]


def test_arguments_beyond_all_reading_are_shown_as_json_only() -> None:
    """A hundred thousand numbers are not laid out one by one; their number is said, and the JSON has them."""
    case = an_open_case(a_request(payload={"numbers": [1] * 100_000, "last": "here"}))
    pages = pages_of(case, ())
    assert "100,001, too many to list" in everything_shown(pages[0])
    shown = everything_shown(pages)
    assert shown.count("1, 1") >= 49_000
    assert '"last": "here"' in shown
    assert calls_of(spelled, lambda: everything_modal(case, (), 2)) < ENOUGH


@pytest.mark.parametrize("name", FLOODS)
def test_what_has_no_input_is_said(name: str) -> None:
    """Arguments beyond the inputs of a modal stay as they are, and the modal says so."""
    case = an_open_case(a_request(payload=FLOODS[name]))
    view = edit_modal(case, fields(case), ROSTER)
    assert "too long or too much for this form: stays as it is" in everything_shown(view["blocks"])
    assert calls_of(spelled, lambda: edit_modal(case, fields(case), ROSTER)) < ENOUGH


def test_a_small_form_keeps_nothing_back() -> None:
    """Where every argument has its input, nothing is said to stay."""
    case = an_open_case(a_request(payload={"amount": 1, "to": {"name": "ACME", "tags": []}}))
    assert "Not editable" not in everything_shown(edit_modal(case, fields(case), ROSTER)["blocks"])


def test_blanks_and_odd_characters_take_linear_time() -> None:
    """A quarter of a million of them is one line in no time; with a backtracking pattern it took minutes."""
    assert one_line(f"a{' ' * 250_000}b") == "a b"
    assert one_line(f"a{' ' * 100_000}\n{' ' * 100_000}b") == "a ⏎ b"
    assert visible("\u202e" * 80_000) == "⟦U+202E⟧" * 80_000


def test_what_is_cut_is_not_looked_at() -> None:
    """The head of a long text is made visible; what follows is counted as it was sent."""
    assert cut_visible(f"{'x' * 200}\u202e", 100) == f"{'x' * 74}… 127 more characters"
    assert cut_visible("a\u202e", 100) == "a⟦U+202E⟧"

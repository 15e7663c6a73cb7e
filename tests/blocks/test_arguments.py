"""A payload as people read it: exact, masked, compared."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.canonical import Json, digest_of
from approvals.paths import Path
from blocks.arguments import (
    MASK,
    Leaf,
    hidden_in,
    label_of,
    leaves,
    masked,
    summary_first,
)
from blocks.differences import differences
from blocks.table import Table
from tests.harness.reading import everything_shown

SCALARS: st.SearchStrategy[Json] = (
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-10, 10) | st.text(max_size=5)
)
VALUES: st.SearchStrategy[Json] = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
PAYLOADS: st.SearchStrategy[Mapping[str, Json]] = st.dictionaries(st.text(max_size=3), VALUES, max_size=4)


def path_of(path: Path) -> str:
    """The label with a plain arrowhead, which is easier to type."""
    return label_of(path).replace("\u203a", ">")


def lines(payload: Mapping[str, Json], *summary: str) -> list[str]:
    """`label: value` of every argument."""
    return [f"{path_of(leaf.path)}: {leaf.shown}" for leaf in summary_first(payload, summary)]


def test_the_rules_summary_comes_first() -> None:
    """What the rule names heads the arguments, in its order; the rest follows as posted, nothing twice."""
    payload: dict[str, Json] = {"a": 1, "b": {"c": 2, "d": 3}, "e": [{"f": 4}]}
    assert lines(payload, "payload.e.0.f", "payload.b", "payload.gone") == [
        "e > 1 > f: 4",
        "b > c: 2",
        "b > d: 3",
        "a: 1",
    ]


def test_values_read_exactly() -> None:
    """Lists of plain values are one line; what could be taken for something else is written as JSON."""
    payload: dict[str, Json] = {
        "to": ["a", "b"],
        "odd": ["a, b", "c"],
        "none": {},
        "empty": [],
        "n": None,
        "s": "null",
    }
    assert lines(payload) == [
        "to: a, b",
        'odd: ["a, b","c"]',
        "none: {}",
        "empty: []",
        "n: null",
        's: "null"',
    ]


@given(PAYLOADS, PAYLOADS)
def test_differences_are_exactly_those_of_the_canonical_spelling(
    before: dict[str, Json], after: dict[str, Json]
) -> None:
    """There is a difference to show exactly when the two are not the same payload; 750 is 750.0."""
    assert bool(list(differences(before, after, None))) == (digest_of(before) != digest_of(after))


def test_differences_name_each_argument() -> None:
    """Changed, added and removed arguments, also deep inside."""
    before: dict[str, Json] = {"a": 1, "b": {"c": [1, 2]}, "gone": "x", "same": 2, "l": [{"p": 1}, {"p": 2}]}
    after: dict[str, Json] = {
        "a": True,
        "b": {"c": [1, 2, 3]},
        "new": "y",
        "same": 2.0,
        "l": [{"p": 1}, {"p": 3}],
    }
    told = [(path_of(each.path), each.before, each.after) for each in differences(before, after, None)]
    assert told == [
        ("a", "1", "true"),
        ("b > c", "1, 2", "1, 2, 3"),
        ("gone", "x", "(none)"),
        ("l > 2 > p", "2", "3"),
        ("new", "(none)", "y"),
    ]


@pytest.mark.parametrize("figures", ["8821", "0049", "-3", "12.50", "2026.11.3", "2026-11-20", "1,000"])
def test_figures_in_text_are_read_without_quotes(figures: str) -> None:
    """An order's number, a date, a version: nobody who reads a card wonders which JSON type it has."""
    assert lines({"order": figures, "orders": [figures]}) == [f"order: {figures}", f'orders: ["{figures}"]']


def test_between_a_number_and_its_text_the_quotes_are_the_difference() -> None:
    """Where 750 became "750", the two are told apart, also inside a list."""
    told = [
        (each.before, each.after)
        for each in differences({"a": 750, "b": [1, 2]}, {"a": "750", "b": ["1", "2"]}, None)
    ]
    assert told == [("750", '"750"'), ("[1,2]", '["1","2"]')]


def test_what_is_sensitive_never_shows() -> None:
    """Masked wherever it stands: in a list, under the place that is named, in whole values that differ."""
    before: dict[str, Json] = {
        "card": {"number": "4111", "cvc": 7},
        "cards": [{"number": "4222"}],
        "x": {"pin": "4333"},
    }
    after: dict[str, Json] = {**before, "card": {"number": "4999", "cvc": 7}, "x": "plain"}
    sensitive = ("payload.card.number", "payload.cards.number", "payload.x.pin")
    hidden = hidden_in(sensitive, before, after)
    shown = [leaf.shown for leaf in leaves(masked(before, hidden))]
    assert shown == [MASK, "7", MASK, MASK]
    told = list(differences(before, after, hidden))
    assert [each.before for each in told] == [MASK, f'{{"pin":"{MASK}"}}']
    assert "4" not in "".join(each.after for each in told)


def test_a_table_says_what_it_leaves_out() -> None:
    """Ten thousand arguments are cut after what fits, and the rest is counted."""
    table = Table(room=2_000)
    table.fill((Leaf((f"key{number}",), number) for number in range(10_000)), 10_000)
    shown = everything_shown(table.elements())
    assert "key0  0" in shown
    assert f"… {10_000 - shown.count('key'):,} more: View everything" in shown
    assert len(shown) < 2_100

"""What a grant measures a payload by: its shape, its numbers, and what the rule wants to be the same."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals import grants
from approvals.amounts import is_amount
from approvals.canonical import Json
from approvals.grants import Grant
from approvals.model import Grants
from approvals.words import GrantId
from tests.approvals.doing import LATER
from tests.harness.cases import ALICE, a_judgement, a_request, an_open_case

HOUR = timedelta(hours=1)
CUSTOMER = Grants(8 * HOUR, ("payload.customer",))


def given_on(payload: dict[str, Json], terms: Grants) -> Grant:
    """What Alice gives with her approval of this payload."""
    case = an_open_case(a_request(payload=payload), grants=terms)
    grant = grants.given(case, GrantId("grant_1"), ALICE, LATER, HOUR)
    assert grant is not None
    return grant


def covered(grant: Grant, payload: dict[str, Json], terms: Grants) -> bool:
    """Whether another request with this payload goes through."""
    return grants.covers(grant, a_request(payload=payload), a_judgement(grants=terms), LATER)


def passes(before: Json, after: Json, name: str = "x") -> bool:
    """Whether a payload with `after` goes through once one with `before` was approved."""
    grant = given_on({"customer": "ACME", name: before}, CUSTOMER)
    return covered(grant, {"customer": "ACME", name: after}, CUSTOMER)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (50, 50),
        (50, 50.0),
        (50, 0),
        (0, 0),
        (-50, -50),
        (-50, -50.0),
        (0.5, 0.25),
        ("50.00", "49.99"),
        ("50.00", 50),
        (50, "49.5"),
        ("5e1", "49.9"),
        # Digits that add up to nothing, by their name: an order, an account.
        ("8821", "9000"),
        ("8821", "-1"),
        ("0050", " 51 "),
        ("8821", "A-7781"),
        ("A-7781", "A-9999"),
        ("req_01JD3WA", "req_01JD3WB"),
        ("2026-11-20", "2027-01-01"),
        ("2026-11-20T12:00:00Z", "2026-11-21T12:00:00Z"),
        ("6f9619ff-8b86-d011-b42d-00c04fc964ff", "7f9619ff-8b86-d011-b42d-00c04fc964ff"),
        # What reads as an amount that cannot be compared, as it was.
        ("50 EUR", "50 EUR"),
        ("1.000,50", "1.000,50"),
        ({"net": 5, "tax": {"rate": 19}}, {"net": 4, "tax": {"rate": 19}}),
        ([3, 2, 1], [3, 2, 0]),
        ([{"price": 5}, {"price": 9}], [{"price": 5}, {"price": 8}]),
        # What is no number may differ: the modal names it.
        ("for a broken vase", "for a lost parcel"),
        (True, False),
        (None, None),
        ({}, {}),
        ([], []),
    ],
)
def test_what_goes_no_further_passes(before: Json, after: Json) -> None:
    """Each number not above the approved one, in the same place, however it is written."""
    assert passes(before, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (50, 51),
        (50, 50.01),
        (50, 1e300),
        # Below zero goes only what was approved there, and neither further nor less far.
        (50, -1),
        (50, -0.01),
        (50, -50),
        (50, -51),
        (-50, -9000),
        (-50, -51),
        (-50, -49),
        (-50, 0),
        (-50, 50),
        (0, -1),
        ("50.00", "-0.01"),
        ("50.00", "50.01"),
        ("50.00", "5000"),
        ("50", "1e9"),
        ("50", "51.5"),
        ("50", "1_000"),
        (50, "51"),
        # What reads as an amount and cannot be compared as one has to be the same.
        ("50 EUR", "49 EUR"),
        ("50 EUR", "50 USD"),
        ("50 EUR", "50  EUR"),
        ("50 EUR", 50),
        (50, "50 EUR"),
        ("50 EUR", "free"),
        ("free", "50 EUR"),
        ("EUR 50", "EUR 5000"),
        ("$50", "$5000"),
        ("€50", "€5000"),
        ("50kg", "5000kg"),
        ("-50 EUR", "-5000 EUR"),
        ("1.000,50", "9.000,50"),
        ("1.000,50", "1.000"),
        ("50.00", "5.000"),
        ("1'000 CHF", "9'000 CHF"),
        ("1\u202f000 €", "9\u202f000 €"),
        ("10 %", "90 %"),
        ("10%", "9%"),
        # Another shape is another request.
        (50, "fifty"),
        (50, True),
        (1, True),
        (True, 1),
        (50, None),
        (None, 1),
        (50, [50]),
        ([50], 50),
        (50, {}),
        ({}, []),
        (None, {}),
        ("50.00", "Infinity"),
        ("50.00", "NaN"),
        ([1, 1], [1, 1, 1]),
        ([1, 1], [1]),
        ([5, 1], [1, 5]),
        ({"net": 5}, {"net": 5, "tip": 5}),
        ({"net": 5, "tip": 5}, {"net": 5}),
        ({"net": 5, "to": {"iban": "x"}}, {"net": 5, "to": "x"}),
        ({"a/b": 1, "a": {"b": 9}}, {"a/b": 9, "a": {"b": 1}}),
        ({"a~1b": 1, "a/b": 9}, {"a~1b": 9, "a/b": 1}),
    ],
)
def test_what_goes_further_is_held(before: Json, after: Json) -> None:
    """Any number above (or below zero), and any other shape."""
    assert not passes(before, after)


AMOUNTS = ("amount", "total", "sum", "price", "cost", "fee", "value", "limit", "quantity", "count", "cents")


@pytest.mark.parametrize("name", AMOUNTS)
@pytest.mark.parametrize("spelled", ["{}", "net_{}", "{}InCents", "Net {}", "USD-{}"])
def test_digits_as_text_count_where_the_field_is_an_amount(name: str, spelled: str) -> None:
    """By its name, in whatever spelling; the field beside it is not."""
    for written in (name, name.upper(), name.capitalize()):
        field = spelled.format(written)
        assert is_amount(("payload", field)), field
        assert passes("50", "49", field)
        assert not passes("50", "5000", field)
    assert passes("50", "5000", f"{name}ish")


@pytest.mark.parametrize(
    "field", ["totalAmount", "unitPrice", "USDAmount", "amountEUR", "feeAMOUNT", "lineItemCount"]
)
def test_camel_case_is_words(field: str) -> None:
    """Also where a currency in capitals stands before it."""
    assert not passes("50", "5000", field)


@pytest.mark.parametrize(
    "field", ["order", "account", "discount", "country", "customerId", "amounted", "iban", ""]
)
def test_other_names_are_no_amounts(field: str) -> None:
    """What only holds such a word within another one is none; a list has the name that it stands under."""
    assert not is_amount((field,))
    assert passes("8821", "9000", field)
    assert not is_amount(("amount", field))
    assert is_amount(("amount", 0))
    assert not is_amount((0,))


@pytest.mark.parametrize(
    ("before", "after", "holds"),
    [
        ("50", "50", True),
        ("50", "5e1", True),
        ("50", 50, True),
        (50, "50", True),
        (" 50 ", "0", True),
        ("-50", "-50", True),
        ("9" * 60, "8" * 60, True),
        ("9" * 60, "9" * 61, False),
        ("50", " 51 ", False),
        ("50", "-1", False),
        ("-50", "-9000", False),
        ("50", "५१", False),
        ("50", "1e9", False),
        ("50", "Infinity", False),
        ("50", "NaN", False),
        ("50", "fifty", False),
        ("50", "50 EUR", False),
        (["50"], ["51"], False),
        ([{"net": "50"}], [{"net": "51"}], True),
    ],
)
def test_an_amount_as_text_is_compared_as_a_number(before: Json, after: Json, holds: bool) -> None:
    """However it is written; what is no number any more is another shape."""
    assert passes(before, after, "amount") is holds


@pytest.mark.parametrize(
    ("same", "before", "after", "alike"),
    [
        ("payload.to", {"to": "C-17"}, {"to": "C-17"}, True),
        ("payload.to", {"to": "C-17"}, {"to": "C-18"}, False),
        ("payload.to", {"to": "C-17"}, {"to": "c-17"}, False),
        ("payload.to.id", {"to": {"id": "1", "note": "x"}}, {"to": {"id": "1", "note": "y"}}, True),
        ("payload.to", {"to": {"id": "1", "note": "x"}}, {"to": {"id": "1", "note": "y"}}, False),
        ("payload.to", {"to": ["a", "b"]}, {"to": ["b", "a"]}, False),
        ("payload.to.id", {"to": [{"id": "a"}, {"id": "b"}]}, {"to": [{"id": "b"}, {"id": "a"}]}, False),
        # A number that is to be the same may not be smaller either.
        ("payload.to", {"to": 17}, {"to": 16}, False),
        ("payload.to", {"to": 17}, {"to": 17.0}, True),
        ("payload.to", {"to": 17}, {"to": "17"}, False),
        ("payload.to", {"note": "x"}, {"note": "y"}, True),
    ],
)
def test_the_rule_s_same_fields_are_equal(
    same: str, before: dict[str, Json], after: dict[str, Json], alike: bool
) -> None:
    """As JSON is equal: 17 is 17.0 and not "17"."""
    terms = Grants(8 * HOUR, (same,))
    assert covered(given_on(before, terms), after, terms) is alike


@pytest.mark.parametrize(
    ("same", "payload", "free"),
    [
        ((), {"to": "C-17", "amount": 5, "urgent": True}, ("/to", "/urgent")),
        (("payload.to",), {"to": "C-17", "amount": 5, "urgent": True}, ("/urgent",)),
        (("payload.to",), {"to": {"id": "x", "list": []}, "tomorrow": "y"}, ("/tomorrow",)),
        (("payload.items.sku",), {"items": [{"sku": "a", "note": "b"}]}, ("/items/0/note",)),
        (("payload.to",), {"note": None}, ("/note",)),
        ((), {"order": "8821", "amount": "50", "net": "50.00"}, ("/order",)),
        # It has to be as it is, so it is not said to be free.
        ((), {"price": "50 EUR", "note": "x"}, ("/note",)),
    ],
)
def test_what_else_may_differ_is_named(
    same: tuple[str, ...], payload: dict[str, Json], free: tuple[str, ...]
) -> None:
    """Everything that is neither a number nor held by `same`."""
    assert given_on(payload, Grants(8 * HOUR, same)).free(payload) == free


NAMES = st.sampled_from(["a", "b", "amount"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1000, 1000)
    | st.floats(-1000, 1000)
    | st.sampled_from(["50", "51.5", "-3", "x", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def numbers(value: Json, path: str = "") -> dict[str, float]:
    """Every number of a payload by its place, as a bystander would list them."""
    if isinstance(value, dict):
        return {k: n for key, item in value.items() for k, n in numbers(item, f"{path}.{key}").items()}
    if isinstance(value, list):
        return {k: n for place, item in enumerate(value) for k, n in numbers(item, f"{path}#{place}").items()}
    if isinstance(value, bool) or value is None or value in ("x", ""):
        return {}
    if value in ("50", "-3") and path.rsplit(".", 1)[-1].partition("#")[0] != "amount":
        return {}
    return {path: float(value)}  # type: ignore[arg-type]  # what is left is a number, or one as text


@given(before=VALUES, after=VALUES)
def test_nothing_with_a_larger_number_anywhere_passes(before: Json, after: Json) -> None:
    """Whatever passes has the same numbers, each not above the approved one; what was approved passes."""
    assert passes(before, before)
    if passes(before, after):
        was, now = numbers(before), numbers(after)
        assert was.keys() == now.keys()
        assert all(now[place] <= was[place] and abs(now[place]) <= abs(was[place]) for place in was)
        assert all(now[place] >= 0 or now[place] == was[place] for place in was)

"""What a digest says that many requests add up to."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from approvals.canonical import Json
from approvals.digesting import Line, Sum, summary
from tests.harness.cases import a_request, an_open_case

EUR: Mapping[str, Json] = {"currency": "EUR"}


def line_of(*payloads: Mapping[str, Json], **rule: Any) -> Line:
    """What is said of requests for one action with these payloads."""
    cases = [an_open_case(a_request(payload=payload), **rule) for payload in payloads]
    [line] = summary(cases).lines
    return line


def in_euros(*payloads: Mapping[str, Json]) -> Decimal:
    """The one sum of them, which is in euros."""
    [each] = line_of(*payloads).sums
    assert each.unit == "EUR"
    return each.total


def test_a_total_of_both_signs_says_what_it_hides() -> None:
    """490 and -490 are not nothing; where all have one sign the total says it."""
    both = line_of({"amount": 490, **EUR}, {"amount": -490, **EUR})
    assert both.sums == (Sum("amount", Decimal(0), "EUR", below=Decimal(-490)),)
    back = line_of({"amount": -5, **EUR}, {"amount": -6, **EUR})
    assert back.sums == (Sum("amount", Decimal(-11), "EUR"),)


@pytest.mark.parametrize(("text", "number"), [("49.90", "49.90"), (" 490 ", "490"), ("-1e2", "-100")])
def test_an_amount_that_is_written_as_text_counts(text: str, number: str) -> None:
    """Where it reads as a number."""
    assert in_euros({"amount": text, **EUR}) == Decimal(number)


@pytest.mark.parametrize("text", ["1.000", "12,50", "50 EUR", "1,000", "1e999999", "9" * 50])
def test_an_amount_that_is_no_number_is_told_apart(text: str) -> None:
    """Five thousand or five: nobody knows; no text makes the sum impossible, and its parts are not added."""
    parts: Json = [{"amount": 60, **EUR}]
    line = line_of({"amount": 1, **EUR}, {"amount": text, **EUR, "lines": parts})
    assert line.sums == (Sum("amount", Decimal(1), "EUR"),)
    assert (line.unread, line.without) == (1, 0)
    alone = line_of({"amount": text})
    assert (alone.sums, alone.unread, alone.without) == ((), 1, 0)
    assert line_of({"amount": text}, sensitive=("payload.amount",)).unread == 0


@pytest.mark.parametrize("text", ["NaN", "soon", ""])
def test_what_has_no_digits_is_no_amount(text: str) -> None:
    """Words under a name that is often an amount's."""
    line = line_of({"amount": 1, **EUR}, {"amount": text, **EUR})
    assert line.sums == (Sum("amount", Decimal(1), "EUR"),)
    assert (line.unread, line.without) == (0, 1)


@pytest.mark.parametrize(
    "payload",
    [
        {"order": {"amount": 490, **EUR}},
        {"orders": [{"amount": 240, **EUR}, {"amount": 250, **EUR}]},
        {"attempts": 3, "order": {"refund": {"amount": 490, **EUR}}},
        {"count": 2, "order": {"amount": 490, **EUR, "lines": [{"price": 90, **EUR}]}},
    ],
)
def test_an_amount_deeper_down_counts_beside_its_currency(payload: Mapping[str, Json]) -> None:
    """With those at the top of others; what may be its parts is not added once more."""
    line = line_of({"amount": 10, **EUR}, payload)
    assert [each for each in line.sums if each.unit] == [Sum("amount", Decimal(500), "EUR")]
    assert line.without == 0


def test_parts_of_a_whole_are_not_added_to_it() -> None:
    """Nor is a number below that has no unit of its own, of which nobody knows what it counts."""
    parts: Json = [{"amount": 60, **EUR}, {"amount": 40, **EUR}]
    assert in_euros({"amount": 100, **EUR, "lines": parts}) == 100
    assert line_of({"order": {"amount": 490}}).sums == ()


def test_requests_without_an_amount_are_counted_beside_others_that_have_one() -> None:
    """Where none has one, there is nothing that could be taken for the whole."""
    assert line_of({"amount": 1, **EUR}, {"to": "ACME"}, {}).without == 2
    assert line_of({"to": "ACME"}, {}).without == 0


def test_what_is_sensitive_is_not_added_up_however_deep() -> None:
    """Neither an amount nor what lies within something sensitive is told by a sum."""
    deep: Mapping[str, Json] = {"order": {"amount": 490, **EUR}}
    for sensitive in ("payload.order", "payload.order.amount"):
        assert line_of({"amount": 1, **EUR}, deep, sensitive=(sensitive,)).sums == (
            Sum("amount", Decimal(1), "EUR"),
        )
    assert line_of({"amount": 1, **EUR}, sensitive=("payload.amount",)).sums == ()


def test_a_flood_is_not_read_to_its_end() -> None:
    """A thousand such payloads stand on one message: only the nearest values of each are looked at."""
    flood: Mapping[str, Json] = {"rows": [{"amount": 1, **EUR}] * 10_000}
    [each] = line_of(flood).sums
    assert 0 < each.total < 300

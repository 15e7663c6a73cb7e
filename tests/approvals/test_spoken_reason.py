"""What stands behind `approve` is a reason, or else nothing is decided."""

from __future__ import annotations

import pytest

from approvals.spoken_reason import as_said, reason_of
from approvals.spoken_words import Unclear, Verb
from approvals.words import RequestId
from tests.harness.cases import a_request, an_open_case

CASE = an_open_case(a_request(id=RequestId("req_01JD3V8Q0000000000000000A1"), payload={"amount": 750}))


@pytest.mark.parametrize(
    ("words", "instead"),
    [
        ("amount=500", "edit amount=500"),
        ("but amount=500 please", "edit amount=500"),
        ("amount = 500, thanks", "edit amount=500"),
        ("*amount*=`500`.", "edit amount=500"),
        ("payload.amount = 500", "edit amount=500"),
        ("amount=", "edit amount=…"),
        ('currency="US dollars"', 'edit currency="US dollars"'),
        ("amount=500 and currency=USD", "edit amount=500 currency=USD"),
        ("edit amount 500", "edit amount 500"),
        (", reject wrong", "reject wrong"),
        ("*reject*", "reject"),
        ("flag it", "flag it"),
    ],
)
def test_what_asks_for_something_else_is_no_reason(words: str, instead: str) -> None:
    """A change in words, or another verb; it is said what would have been right."""
    with pytest.raises(Unclear) as unclear:
        reason_of(CASE, Verb.APPROVE, words)
    assert unclear.value.instead == instead


def test_on_the_way_to_no_as_well() -> None:
    """A reject that says approve, or that changes something, is as unclear."""
    for words in ("approve", "amount=750 is too much", "looks right"):
        with pytest.raises(Unclear):
            reason_of(CASE, Verb.REJECT, words)


@pytest.mark.parametrize(
    "words", ["req_01ZZZZZZZZ", "the other one REQ_01zzzzzzzz", "not req_01JD3V8Q0000000000000000B2"]
)
def test_another_request_is_another(words: str) -> None:
    """Whoever names one that is not this one may have meant that."""
    with pytest.raises(Unclear, match="another request"):
        reason_of(CASE, Verb.APPROVE, words)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "the receipt is there",
        "looks right to me",
        "approved by finance before",
        "as it is &lt;= 1000 and amount &gt;= 500",
        "see <https://x.example/?amount=500|the ticket>",
        "req_01JD3V8Q is the one, req_0000A1",
        "the amount: 750, as agreed",
        "a == b",
        "rejecting it helps nobody",
    ],
)
def test_a_reason_is_one(words: str) -> None:
    """As it was written."""
    assert reason_of(CASE, Verb.APPROVE, words) == words


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("“too much”", "too much"),
        ("„zu viel“", "zu viel"),
        ("'too much'", "too much"),
        (": “too much” ", "too much"),
        ("\u2013 too much", "too much"),
        ("- too much", "too much"),
        ("-5 is wrong", "-5 is wrong"),
        ("“too” and “much”", "“too” and “much”"),
        ("“too much” says Bob", "“too much” says Bob"),
        ("it's", "it's"),
        ('"', '"'),
        ("“”", ""),
    ],
)
def test_a_reason_is_kept_without_the_quotes_around_all_of_it(typed: str, reason: str) -> None:
    """They would stand there twice; and without what parts it from its verb."""
    assert as_said(typed) == reason

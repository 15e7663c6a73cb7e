"""An edit in words is typed by the form: what the modal would make of it, or a sentence at its name."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.canonical import Json
from approvals.fields import entered
from approvals.form import flaws_of_edit
from approvals.model import Case
from approvals.spoken_edit import name_of, names, worded
from approvals.spoken_words import Assignment, Unclear, assignments
from tests.approvals.form_cases import case_of

_FORM: dict[str, Json] = {
    "type": "object",
    "properties": {
        "amount": {"type": "number", "maximum": 5000},
        "count": {"type": "integer", "minimum": 1},
        "to": {"type": "string", "maxLength": 40},
        "reason": {"enum": ["return", "goodwill", 3, None]},
        "urgent": {"type": "boolean"},
        "due": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "mail": {"type": "string", "format": "email"},
        "link": {"type": ["string", "null"], "format": "uri"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "teams": {"type": "array", "items": {"enum": ["a", "b", "c"]}},
        "customer": {"type": "object", "properties": {"name": {"type": "string"}}},
        "lines": {"type": "array", "items": {"type": "object"}},
    },
}
_PAYLOAD: dict[str, Json] = {
    "amount": 750,
    "count": 2,
    "to": "Bob",
    "reason": "return",
    "urgent": False,
    "due": "2026-11-20",
    "at": "2026-11-20T10:00:00+01:00",
    "mail": "bob@example.com",
    "link": "https://example.com",
    "tags": ["x"],
    "teams": ["a"],
    "customer": {"name": "ACME", "iban": "DE00"},
    "lines": [{"sku": 1}],
}


def _case(**judged: Any) -> Case:
    return case_of(_PAYLOAD, _FORM, sensitive=("payload.customer.iban",), **judged)


def edited(words: str, case: Case | None = None) -> dict[str, Json]:
    """The payload that an edit in words makes."""
    case = case or _case()
    read = worded(case, assignments(words)[0])
    assert read.errors == {}
    made = entered(case, read.values)
    assert made.errors == {}
    return made.payload


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        ("amount=500", {"amount": 500}),
        ("amount=99.50", {"amount": 99.5}),
        ('amount="1 000"', {"amount": 1000}),
        ("payload.amount=1,000", {"amount": 1000}),
        ("Amount=5 count=3", {"amount": 5, "count": 3}),
        ("to=Alice", {"to": "Alice"}),
        ('to="true"', {"to": "true"}),
        ("reason=GOODWILL because", {"reason": "goodwill"}),
        ("reason=3", {"reason": 3}),
        ("urgent=yes", {"urgent": True}),
        ("due=2026-12-24", {"due": "2026-12-24"}),
        ("at=2026-11-20T12:30:00Z", {"at": "2026-11-20T13:30:00+01:00"}),
        ('at="2026-11-20 12:30+01:00"', {"at": "2026-11-20T12:30:00+01:00"}),
        ("mail=a@b.example why", {"mail": "a@b.example"}),
        ('tags=["a, b", "c"]', {"tags": ["a, b", "c"]}),
        ("tags=“[“a“]“", None),
        ("teams=B,c", {"teams": ["b", "c"]}),
        ('lines=[{"sku": 2}]', {"lines": [{"sku": 2}]}),
        ("lines=[{“sku”: 2}]", {"lines": [{"sku": 2}]}),
        ('customer.name="ACME Ltd" typo', {"customer": {"name": "ACME Ltd", "iban": "DE00"}}),
    ],
)
def test_each_kind_of_value_is_typed_by_the_form(words: str, changed: dict[str, Json] | None) -> None:
    """Text stays text, numbers are numbers, options are the form's own values, and the rest is left alone."""
    if changed is None:
        with pytest.raises(Unclear):
            assignments(words)
        return
    assert json.dumps(edited(words)) == json.dumps({**_PAYLOAD, **changed})


@pytest.mark.parametrize(
    ("words", "name", "told"),
    [
        ("amount=lots", "amount", "number: 500"),
        ("amount=99,5", "amount", "point"),
        ("amount=1 000", "amount", "quotes"),
        ("count=1.5", "count", ""),
        ("to=Alice Smith", "to", 'to="…"'),
        ("reason=theft", "reason", "return, goodwill"),
        ("urgent=perhaps", "urgent", "true or false"),
        ("due=tomorrow", "due", "2026-11-20"),
        ("at=2026-11-20T12:30:00", "at", "time zone"),
        ("tags=a,b", "tags", '["one", "two"]'),
        ("teams=z", "teams", "a, b, c"),
        ("lines={", "lines", ""),
        ("customer.iban=DE11", "customer.iban", "masked"),
        ("customer={}", "customer", "customer.name"),
        ("tags.0=x", "tags.0", "use Edit"),
        ("amuont=5", "amuont", "there is amount"),
        ("nothing=5", "nothing", "there is"),
        ("amount=5 payload.amount=6", "payload.amount", "twice"),
    ],
)
def test_what_cannot_be_typed_is_told_at_its_name(words: str, name: str, told: str) -> None:
    """With what would be right; no value is guessed."""
    case = _case()
    try:
        said, _ = assignments(words)
    except Unclear as unclear:
        assert unclear.about == name  # noqa: PT017  # either way it is told where it belongs
        return
    read = worded(case, said)
    made = entered(case, read.values)
    errors = dict(read.errors) | {name_of(case, key): text for key, text in made.errors.items()}
    assert list(errors) == [name]
    assert told in errors[name]


def test_nothing_is_said_as_it_is_left_empty_in_the_modal() -> None:
    """`null` and empty quotes are the same: what may be missing goes, what may not is told."""
    for words in ("link=null", 'link=""'):
        assert "link" not in edited(words)
    read = worded(_case(), assignments('customer.name=""')[0])
    assert read.values == {"/customer/name": None}
    assert edited("to=null")["to"] == "null"


def test_a_name_that_two_places_have_is_nobodys() -> None:
    """A key may itself hold dots; then nobody can tell which place is meant."""
    case = case_of({"a.b": 1, "a": {"b": 2}})
    read = worded(case, assignments("a.b=5")[0])
    assert "either of two" in read.errors["a.b"]


def test_names_are_those_of_the_modals_fields() -> None:
    """What is masked is not among them."""
    assert "customer.name" in names(_case())
    assert not [name for name in names(_case()) if "iban" in name]


_VALUES = st.text(max_size=20) | st.sampled_from(
    ["500", "true", "null", "[]", "{}", "2026-01-01", "a,b", "1e9", "-0"]
)
_SAID = st.builds(
    Assignment,
    st.sampled_from([*names(_case()), "customer", "customer.iban", "x", ""]),
    _VALUES,
    st.booleans(),
    st.sampled_from(["", "000", "Ltd"]),
)


@given(st.lists(_SAID, max_size=4))
def test_whatever_is_said_makes_a_valid_payload_or_a_sentence(said: list[Assignment]) -> None:
    """What is masked is never touched, and what fits no form is never made."""
    case = _case()
    read = worded(case, said)
    made = entered(case, read.values)
    assert all(text.endswith((".", "…")) for text in read.errors.values())
    customer = made.payload["customer"]
    assert isinstance(customer, dict)
    assert customer["iban"] == "DE00"
    if not made.errors:
        assert flaws_of_edit(case, made.payload) == ()

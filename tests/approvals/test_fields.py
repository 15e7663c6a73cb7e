"""The edit modal's fields: what a person may change, and what becomes of what they enter."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.canonical import Json, digest_of
from approvals.field import words
from approvals.field_values import Typed, is_empty, read
from approvals.fields import Field, FieldKind, entered, fields, shown
from approvals.form import changes_json, flaws_of_edit
from approvals.form_shape import hint
from approvals.model import Case
from tests.approvals.form_cases import case_of
from tests.approvals.json_values import payloads
from tests.harness.floods import FLOODS
from tests.harness.work import calls_of

_SCHEMA: dict[str, Json] = {
    "type": "object",
    "required": ["amount", "count", "to", "reason", "urgent", "due"],
    "properties": {
        "amount": {
            "type": "number",
            "title": "Amount in EUR",
            "description": "What is paid.",
            "maximum": 5000,
        },
        "count": {"type": "integer", "minimum": 1, "maximum": 9},
        "to": {"type": "string", "maxLength": 40},
        "body": {"type": "string", "maxLength": 2000},
        "reason": {"enum": ["return", "goodwill", 3]},
        "urgent": {"type": "boolean"},
        "due": {"type": "string", "format": "date"},
        "at": {"type": "string", "format": "date-time"},
        "mail": {"$ref": "#/$defs/mail"},
        "link": {"type": ["string", "null"], "format": "uri"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "teams": {"type": "array", "items": {"enum": ["a", "b", "c"]}},
        "customer": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "vat_id": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            },
        },
        "speed": {"oneOf": [{"const": "slow", "title": "Slow"}, {"const": "fast"}]},
        "size": {"oneOf": [{"type": "string"}, {"type": "number"}]},
        "lines": {"type": "array", "items": {"type": "object"}},
    },
    "$defs": {"mail": {"type": "string", "format": "email"}},
}
_PAYLOAD: dict[str, Json] = {
    "amount": 750.0,
    "count": 2,
    "to": "ACME GmbH",
    "body": "Dear all",
    "reason": "goodwill",
    "urgent": False,
    "due": "2026-11-20",
    "at": "2026-11-20T10:00:30.5+01:00",
    "mail": "a@example.com",
    "link": "https://example.com",
    "tags": ["x", "y"],
    "teams": ["b", "a"],
    "customer": {"name": "Ann", "vat_id": "DE1"},
    "speed": "fast",
    "size": "XL",
    "lines": [{"sku": 1}],
}


def _case() -> Case:
    return case_of(_PAYLOAD, form=_SCHEMA)


def _by_id(case: Case) -> dict[str, Field]:
    return {field.id: field for field in fields(case)}


def _after(case: Case, **typed: Typed) -> dict[str, Json]:
    """The payload after these are typed, which must all be right."""
    made = entered(case, {f"/{key}": value for key, value in typed.items()})
    assert made.errors == {}
    return made.payload


def _wrong(case: Case, **typed: Typed) -> dict[str, str]:
    return dict(entered(case, {f"/{key}": value for key, value in typed.items()}).errors)


def test_each_type_has_its_input() -> None:
    """Every type a form knows has the input that suits it; the rest is JSON."""
    assert {field.id: field.kind for field in fields(_case())} == {
        "/amount": FieldKind.NUMBER,
        "/count": FieldKind.INTEGER,
        "/to": FieldKind.TEXT,
        "/body": FieldKind.LONG_TEXT,
        "/reason": FieldKind.CHOICE,
        "/urgent": FieldKind.BOOLEAN,
        "/due": FieldKind.DATE,
        "/at": FieldKind.DATE_TIME,
        "/mail": FieldKind.EMAIL,
        "/link": FieldKind.URL,
        "/tags": FieldKind.LINES,
        "/teams": FieldKind.CHOICES,
        "/customer/name": FieldKind.TEXT,
        "/customer/vat_id": FieldKind.TEXT,
        "/speed": FieldKind.CHOICE,
        "/size": FieldKind.JSON,
        "/lines": FieldKind.JSON,
    }


def test_labels_and_hints() -> None:
    """A field is named by its title, else by its key in words, and says its limits."""
    found = _by_id(_case())
    assert found["/amount"].label == "Amount in EUR"
    assert found["/amount"].hint == "What is paid. At most 5,000."
    assert found["/count"].hint == "Between 1 and 9."
    assert found["/to"].hint == "At most 40 characters."
    assert found["/customer/vat_id"].label == "Customer \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} Vat id"


@pytest.mark.parametrize(
    ("key", "label"),
    [("customer_id", "Customer id"), ("customerId", "Customer id"), ("IBAN", "IBAN"), ("a", "A"), ("", '""')],
)
def test_keys_in_words(key: str, label: str) -> None:
    """Programmers' names become words."""
    assert words(key) == label


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("500", 500),
        ("500.00", 500),
        (" 500 ", 500),
        ("1,000.50", 1000.5),
        ("1 000", 1000),
        (".5", 0.5),
        ("-3", -3),
        ("1e3", 1000),
    ],
)
def test_numbers_as_people_type_them(typed: str, value: float) -> None:
    """Spaces and separators of thousands are forgiven, and whole numbers stay whole."""
    found = _after(_case(), amount=typed)["amount"]
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("key", "typed", "said"),
    [
        ("amount", "abc", "Must be a number: 500 or 99.50."),
        ("amount", "99,50", "Must have a point before the decimals: 99.50."),
        ("amount", "1.000,50", "Must have a point before the decimals: 99.50."),
        ("amount", "e5", "Must be a number: 500 or 99.50."),
        ("amount", "1,00,0", "Must be a number: 500 or 99.50."),
        ("amount", "NaN", "Must be a number: 500 or 99.50."),
        ("amount", "9000", "Must be at most 5,000."),
        ("amount", None, "Must not be empty."),
        ("count", "1.5", "Must be a whole number: 500."),
        ("to", "x" * 41, "Must have at most 40 characters."),
        ("reason", "7", "Must be one of the options."),
        ("due", "2026-02-30", "Must be a date: 2026-11-20."),
        ("mail", "nobody", "Must be an e-mail address."),
        ("link", "nowhere", "Must be a URL with its scheme: https://example.com."),
        ("size", "[1", "Is not JSON: expecting ',' delimiter (line 1, column 3)."),
        ("size", '{"a": 1, "a": 2}', "a is there more than once."),
        ("lines", "[1]", "0 must be an object."),
        ("lines", "[" * 40 + "]" * 40, "Is nested"),
    ],
)
def test_what_is_wrong_is_said_at_the_field(key: str, typed: Typed, said: str) -> None:
    """Each error stands at the field that it is about, as a sentence, limits of the form included."""
    errors = _wrong(_case(), **{key: typed})
    assert list(errors) == [f"/{key}"]
    assert said.rstrip(".").lower() in errors[f"/{key}"].lower()


def test_everything_can_be_changed() -> None:
    """What is typed and chosen arrives as the form's types, and nothing else changes."""
    typed: dict[str, Typed] = {
        "/amount": "500",
        "/reason": "2",
        "/urgent": True,
        "/due": "2026-12-01",
        "/at": 1795861200,
        "/tags": "x\n\n z ",
        "/teams": ["2"],
        "/customer/name": "Bea",
        "/lines": "[]",
    }
    made = entered(_case(), typed)
    assert made.errors == {}
    assert changes_json(_PAYLOAD, made.payload) == [
        {"op": "replace", "path": "/amount", "value": 500},
        {"op": "replace", "path": "/reason", "value": 3},
        {"op": "replace", "path": "/urgent", "value": True},
        {"op": "replace", "path": "/due", "value": "2026-12-01"},
        {"op": "replace", "path": "/at", "value": "2026-11-28T11:20:00+01:00"},
        {"op": "replace", "path": "/tags/1", "value": "z"},
        {"op": "replace", "path": "/teams/0", "value": "c"},
        {"op": "remove", "path": "/teams/1"},
        {"op": "replace", "path": "/customer/name", "value": "Bea"},
        {"op": "remove", "path": "/lines/0"},
    ]


def test_emptied_fields() -> None:
    """Empty means null where the form allows null only, gone where it may be missing, and no value else."""
    found = _after(_case(), body=None, tags=None, link="")
    assert "body" not in found
    assert "link" not in found
    assert found["tags"] == []
    form: dict[str, Json] = {"required": ["a"], "properties": {"a": {"type": ["string", "null"]}}}
    assert _after(case_of({"a": "x"}, form=form), a=None) == {"a": None}


def test_what_was_absent_stays_absent() -> None:
    """An optional field that nobody filled in is not invented, and one that is filled in is added."""
    form: dict[str, Json] = {
        "properties": {"a": {"type": "string"}, "b": {"type": "boolean"}, "c": {"type": "array"}}
    }
    case = case_of({}, form=form)
    assert _after(case, a=None, b=None, c="") == {}
    assert _after(case, a="x", b="1") == {"a": "x", "b": False}


def test_moments_keep_their_spelling() -> None:
    """A picker that knows minutes only does not change what it was not used for."""
    case = _case()
    seconds = shown(_by_id(case)["/at"])
    assert isinstance(seconds, int)
    assert _after(case, at=seconds) == _PAYLOAD
    assert _after(case, at=seconds - seconds % 60) == _PAYLOAD


def test_the_rules_form_binds_on_top() -> None:
    """Without a form of the agent's the payload makes the fields, and the rule narrows them."""
    case = case_of(
        {"amount": 10, "reason": "other", "note": "x"},
        rule={
            "type": "object",
            "properties": {
                "amount": {"type": "number", "maximum": 50},
                "reason": {"enum": ["return", "error"]},
            },
        },
    )
    found = _by_id(case)
    assert (found["/amount"].maximum, found["/amount"].required) == (50, True)
    assert (found["/reason"].options, found["/reason"].value) == (("return", "error"), None)
    assert found["/note"].kind is FieldKind.TEXT
    assert _wrong(case, amount=None)["/amount"] == "Must not be empty."
    assert _wrong(case) == {"/reason": "Must be one of return, error."}
    assert _after(case, reason="1")["reason"] == "error"


def test_both_forms_narrow_each_other() -> None:
    """The tightest limit and the common options are shown."""
    case = case_of(
        {"n": 3, "c": "b"},
        form={
            "properties": {"n": {"type": "integer", "minimum": 1, "maximum": 9}, "c": {"enum": ["a", "b"]}}
        },
        rule={
            "type": "object",
            "properties": {"n": {"minimum": 2, "maximum": 50}, "c": {"enum": ["b", "c"]}},
        },
    )
    found = _by_id(case)
    assert (found["/n"].minimum, found["/n"].maximum) == (2, 9)
    assert found["/c"].options == ("b",)


def test_the_summary_comes_first() -> None:
    """What heads the card heads the modal."""
    case = case_of({"a": 1, "b": {"x": 1, "y": 2}, "c": 3}, summary=("payload.c", "payload.b"))
    assert [field.id for field in fields(case)] == ["/c", "/b/x", "/b/y", "/a"]


def test_masked_values_are_neither_shown_nor_lost() -> None:
    """What is sensitive is in no field, nor in the JSON of one, and comes through every edit."""
    payload: dict[str, Json] = {
        "card_number": "4111-1",
        "list": [[{"a": 1}]],
        "wallet": {"id": 1, "pin": "4111-2", "deep": [{"cvc": "4111-3", "x": 1}]},
    }
    form: dict[str, Json] = {"properties": {"wallet": {"anyOf": [{"type": "object"}, {"type": "array"}]}}}
    sensitive = ("payload.card_number", "payload.wallet.pin", "payload.wallet.deep.cvc", "payload.new")
    case = case_of(payload, form=form, sensitive=sensitive)
    found = fields(case)
    assert [field.id for field in found] == ["/wallet", "/list"]
    assert "4111" not in repr([(field, shown(field)) for field in found])
    assert _after(case, wallet='{"id": 2}')["wallet"] == {
        "id": 2,
        "pin": "4111-2",
        "deep": [{"cvc": "4111-3", "x": 1}],
    }
    assert "pin" in _wrong(case, wallet='{"id": 2, "pin": "0"}')["/wallet"]
    assert "masked" in _wrong(case, wallet="[]")["/wallet"]


def test_everything_may_be_masked() -> None:
    """A rule that masks the whole payload leaves nothing to edit."""
    assert fields(case_of({"a": 1}, sensitive=("payload",))) == ()


def test_too_many_fields_become_fewer() -> None:
    """What would not fit the modal is edited as JSON: nested objects first, then the whole."""
    nested = case_of({"a": {str(at): at for at in range(50)}, "b": 1})
    assert [(field.id, field.kind) for field in fields(nested)] == [
        ("/a", FieldKind.JSON),
        ("/b", FieldKind.NUMBER),
    ]
    flat = case_of({f"k{at}": at for at in range(50)} | {"pin": 1}, sensitive=("payload.pin",))
    (whole,) = fields(flat)
    assert (whole.id, whole.kind) == ("", FieldKind.JSON)
    made = entered(flat, {"": '{"k0": 1}'})
    assert (made.payload, made.errors) == ({"k0": 1, "pin": 1}, {})
    assert entered(flat, {"": "[]"}).errors.keys() == {""}


def test_what_no_input_holds_is_left_alone() -> None:
    """A text that Slack's input would cut is no field, so that nobody sends back a part of it."""
    case = case_of({"long": "x" * 3001, "short": "x"})
    assert [field.id for field in fields(case)] == ["/short"]


def test_recursive_forms_end() -> None:
    """A form that describes itself is spread a few levels and then edited as JSON."""
    form: dict[str, Json] = {
        "required": ["next"],
        "properties": {"next": {"$ref": "#"}, "n": {"type": "integer"}},
    }
    form["type"] = "object"
    assert len(fields(case_of({"n": 1, "next": {"n": 2}}, form=form))) <= 40


def test_a_flaw_without_a_field_lands_on_the_nearest() -> None:
    """Somebody always learns why, also when no field is to blame."""
    case = case_of({"a": "x", "b": "y"}, rule={"type": "object", "minProperties": 3})
    assert _wrong(case) == {"/a": "payload must have at least 3 members."}
    assert list(entered(case_of({}, rule={"minProperties": 1}), {}).errors) == [""]


@st.composite
def _cases(draw: Any) -> Case:
    """Random payloads under forms that know some of their members, rightly or not."""
    payload = draw(payloads())
    kinds: st.SearchStrategy[Json] = st.sampled_from(
        [
            {"type": "string"},
            {"type": "number", "maximum": 10},
            {"type": "integer"},
            {"type": ["boolean", "null"]},
            {"enum": [1, "a", None, True]},
            {"type": "string", "format": "date"},
            {"type": "string", "format": "date-time"},
            {"type": "array", "items": {"type": "string"}},
            {"type": "array", "items": {"enum": ["a", "b", 1]}},
            {
                "type": "object",
                "required": ["a"],
                "properties": {"a": {"type": "string"}, "b": {"type": "number"}},
            },
            {"$ref": "#"},
            {"anyOf": [{"$ref": "#/$defs/x"}, {"type": "null"}], "default": None},
            {"oneOf": [{"type": "string"}, {"type": "array"}]},
            True,
            False,
        ]
    )
    known = st.sampled_from([*payload, "a", "b"])
    some = st.dictionaries(known, kinds, max_size=4)
    form = draw(st.none() | some.map(lambda found: {"properties": found, "$defs": {"x": {"type": "string"}}}))
    rule = draw(st.none() | some.map(lambda found: {"properties": found, "$defs": {"x": {"type": "string"}}}))
    masked = draw(st.lists(known.map("payload.{}".format) | st.just("payload.a.b"), max_size=2))
    return case_of(payload, form=form, rule=rule, sensitive=tuple(masked))


@given(_cases())
def test_what_is_left_as_shown_stays_as_it_was(case: Case) -> None:
    """Sending the modal back untouched, in whole or in part, gives the same payload to the digest."""
    found = fields(case)
    assert len({field.id for field in found}) == len(found)
    assert digest_of(entered(case, {field.id: shown(field) for field in found}).payload) == case.digest
    assert digest_of(entered(case, {}).payload) == case.digest


@given(_cases())
def test_what_is_shown_reads_back(case: Case) -> None:
    """An input's own text is a right answer: typed by hand, it is the same value."""
    for field in fields(case):
        typed = shown(field)
        if not is_empty(typed) and field.kind not in (FieldKind.DATE_TIME, FieldKind.LONG_TEXT):
            assert digest_of(read(field, typed)) == digest_of(field.value)


_typed = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**12), 10**12),
    st.text(max_size=8),
    st.sampled_from(
        ["0", "1", "500", "1e999", "9" * 30, "{}", "[1]", '{"a": {"b": 1}}', '"\\ud800"', "2026-11-20"]
    ),
    st.lists(st.sampled_from(["0", "1", "x"]), max_size=2),
)


@given(_cases(), st.data())
def test_whatever_is_entered_gets_an_answer(case: Case, data: st.DataObject) -> None:
    """No input raises, errors stand at fields that there are, and what is masked comes through."""
    found = fields(case)
    typed = {field.id: data.draw(_typed) for field in found}
    made = entered(case, typed)
    assert set(made.errors) <= {field.id for field in found} | {""}
    if not made.errors:
        assert flaws_of_edit(case, made.payload) == ()


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_makes_no_more_fields_than_there_is_room_for(name: str) -> None:
    """Of fifteen thousand places the plan works out some forty, twice, and an edit no more."""
    case = case_of(FLOODS[name])
    plan = fields(case)
    assert len(plan) == (0 if name == "list" else 40)
    assert calls_of(hint, lambda: fields(case)) <= 2 * 41
    assert calls_of(hint, lambda: entered(case, {"/key3": "4"})) <= 2 * 41


def test_many_short_fields_become_one_of_json() -> None:
    """More places than inputs, and all of them short: the whole payload is one input, which reads back."""
    case = case_of({f"k{number}": number for number in range(60)})
    (whole,) = fields(case)
    assert (whole.id, whole.kind) == ("", FieldKind.JSON)
    changed = str(shown(whole)).replace('"k7": 7', '"k7": 8')
    assert entered(case, {"": changed}).payload == {**case.payload, "k7": 8}


@pytest.mark.parametrize(
    "value", [["x" * 99] * 40, [["y"] * 2_000], {"deep": {"z": "z" * 3_100}}, ["a"] * 9_000]
)
def test_what_no_input_holds_has_no_field(value: Json) -> None:
    """A list or an object that is too long for an input is left out, and the others are there."""
    assert [field.id for field in fields(case_of({"long": value, "short": 1}), most=1)] in ([], ["/short"])
    assert [field.id for field in fields(case_of({"long": value, "short": 1}))] == ["/short"]


def test_an_endless_address_is_a_text() -> None:
    """What would keep a pattern for addresses busy for minutes is not given to it."""
    (field,) = fields(case_of({"to": f"a@{'.' * 2_500} "}))
    assert field.kind is FieldKind.LONG_TEXT
    assert fields(case_of({"to": f"a@{'.' * 200_000} "})) == ()

"""Forms: which schemas are taken, what they say of a payload, and what an edit changed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from approvals.canonical import Json, digest_of
from approvals.form import apply, changes, changes_json, flaws, flaws_of_edit, schema_flaws
from approvals.model import Flaw
from tests.approvals.form_cases import case_of
from tests.approvals.json_values import payloads


def _fan(levels: int) -> dict[str, Json]:
    """A small document that stands for 2^levels checks."""
    twice = {f"a{at}": {"allOf": [{"$ref": f"#/$defs/a{at + 1}"}] * 2} for at in range(levels)}
    return {"$ref": "#/$defs/a0", "$defs": {**twice, f"a{levels}": {"minProperties": 1}}}


def _nested(levels: int) -> dict[str, Json]:
    value: dict[str, Json] = {"type": "string"}
    for _ in range(levels):
        value = {"not": value}
    return value


@pytest.mark.parametrize(
    "schema",
    [
        {
            "type": "object",
            "properties": {"amount": {"type": "number", "maximum": 5000}},
            "required": ["amount"],
        },
        {"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"type": "string"}}},
        {
            "$id": "https://example.com/refund",
            "properties": {"a": {"$ref": "#/$defs/a"}},
            "$defs": {"a": True},
        },
        {"properties": {"$ref": {"type": "string"}, "$id": {"type": "string"}}},
        {"enum": [{"$ref": "https://example.com"}], "examples": [{"$id": "x"}]},
        {"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}},
        {"properties": {"a": {"pattern": "^(a+)+$"}}},
        {"properties": {"a": {"$ref": "#name"}}, "$defs": {"b": {"$anchor": "name", "type": "string"}}},
        {"properties": {"a": {"contentMediaType": "application/json", "contentSchema": {"type": "object"}}}},
        {"$dynamicAnchor": "node", "properties": {"child": {"$dynamicRef": "#node"}}},
        {"properties": {"a": True, "b": False}},
    ],
)
def test_schemas_that_are_taken(schema: Json) -> None:
    """Local references, recursion that ends, boolean schemas and older drafts are all right."""
    assert schema_flaws(schema) == ()


@pytest.mark.parametrize(
    ("schema", "loc", "words"),
    [
        (True, "form", "object"),
        ([], "form", "object"),
        ({"$ref": "https://example.com/x.json"}, "form.$ref", "in this form"),
        ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "form.properties.a.$ref", "in this form"),
        ({"$defs": {"a": {"$ref": "other.json"}}}, "form.$defs.a.$ref", "in this form"),
        ({"$ref": "https://json-schema.org/draft/2020-12/schema"}, "form.$ref", "in this form"),
        ({"$ref": "urn:x"}, "form.$ref", "in this form"),
        ({"$dynamicRef": "https://example.com/#a"}, "form.$dynamicRef", "in this form"),
        ({"contentSchema": {"$ref": "http://x/y"}}, "form.contentSchema.$ref", "in this form"),
        ({"$ref": "#/x", "x": {"$ref": "http://x/y"}}, "form.$ref.$ref", "in this form"),
        ({"$ref": "#/$defs/none"}, "form.$ref", "not in this form"),
        ({"$ref": "#/%ff"}, "form.$ref", "not in this form"),
        ({"properties": {"a": {"$id": "http://x/"}}}, "form.properties.a.$id", "top of the form"),
        ({"$schema": "https://example.com/meta"}, "form.$schema", "draft"),
        ({"$schema": 5}, "form.$schema", "draft"),
        (
            {"not": {"$schema": "http://json-schema.org/draft-07/schema"}},
            "form.not.$schema",
            "top of the form",
        ),
        ({"properties": {"a": {"pattern": "^(?=a)b"}}}, "form.properties.a.pattern", "look-around"),
        ({"properties": {"a": {"pattern": "(a)\\1"}}}, "form.properties.a.pattern", "look-around"),
        ({"pattern": "((a{1000}){1000}){1000}"}, "form.pattern", "moderate size"),
        ({"properties": {str(at): {"pattern": "a"} for at in range(51)}}, "form", "50 patterns"),
        ({"$ref": "#"}, "form", "circle"),
        ({"$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}]}}}, "form.$defs.a", "circle"),
        ({"$dynamicRef": "#x", "$dynamicAnchor": "x"}, "form", "circle"),
        (_fan(25), "form", "2,000 checks"),
        ({"properties": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}}, "form", "2,000 checks"),
        ({"enum": [[at] for at in range(3000)]}, "form", "2,000 checks"),
        (_nested(4000), "form" + ".not" * 64, "deeper than 64"),
        ({"description": "x" * 33_000}, "form", "larger than 32 KiB"),
        ({"maximum": 2**60}, "form.maximum", "integer"),
        ({"type": "strin"}, "form.type", "must be one of string"),
        ({"properties": {"a": {"minimum": "1"}}}, "form.properties.a.minimum", "must be a number"),
        ({"required": "a"}, "form.required", "must be a list"),
        ({"$defs": {"a": 5}}, "form.$defs.a", "true or false"),
        ({"pattern": "("}, "form.pattern", "regular expression"),
    ],
)
def test_schemas_that_are_not_taken(schema: Json, loc: str, words: str) -> None:
    """What would fetch, backtrack, run in circles, fan out or is no schema is refused by its place."""
    (flaw,) = schema_flaws(schema)
    assert flaw.loc == loc
    assert words in flaw.msg


@pytest.mark.parametrize(
    ("schema", "value", "said"),
    [
        ({"maximum": 5000}, 5000.5, "must be at most 5,000"),
        ({"exclusiveMinimum": 0}, 0, "must be more than 0"),
        ({"multipleOf": 0.01}, 1.005, "must be a multiple of 0.01"),
        ({"enum": ["return", "goodwill", "error"]}, "secret", "must be one of return, goodwill, error"),
        ({"enum": [1, None, "a"]}, "secret", "must be one of 1, null, a"),
        ({"const": "yes"}, "secret", "must be yes"),
        ({"oneOf": [{"const": "a"}, {"const": "b"}]}, "secret", "must be one of a, b"),
        ({"type": ["integer", "null"]}, "secret", "must be a whole number or null"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 1, "must be text or null"),
        ({"anyOf": [{"maxLength": 1}, {"minLength": 99}]}, "secret", "fits none of the allowed shapes"),
        ({"minLength": 10}, "secret", "must have at least 10 characters"),
        ({"pattern": "^[a-c]+$"}, "secret", "must match the pattern ^[a-c]+$"),
        ({"format": "date"}, "2026-02-30", "must be a date: 2026-11-20"),
        (
            {"format": "date-time"},
            "2026-02-01T10:00:00",
            "must be a date with time and time zone: 2026-11-20T10:00:00Z",
        ),
        ({"format": "email"}, "Secret <a@b.co>", "must be an e-mail address"),
        ({"format": "uri"}, "secret", "must be a URL with its scheme: https://example.com"),
        ({"maxItems": 1}, ["secret", "secret"], "must have at most 1 entry"),
        ({"uniqueItems": True}, ["secret", "secret"], "must not have the same entry twice"),
        ({"contains": {"const": 1}}, ["secret"], "lacks an entry that it must have"),
        (False, "secret", "is not allowed here"),
    ],
)
def test_a_flaw_is_a_sentence_without_the_payload(schema: Json, value: Json, said: str) -> None:
    """Who reads a flaw learns what would be right, and nothing of what the payload holds."""
    (flaw,) = flaws({"properties": {"x": schema}}, {"x": value, "other": "secret"})
    assert flaw == Flaw("payload.x", said)
    assert "secret" not in flaw.msg.lower()


def test_flaws_stand_where_they_are() -> None:
    """A missing member, one too many and one deep inside each have the place that a person looks for."""
    schema: dict[str, Json] = {
        "required": ["amount"],
        "properties": {"items": {"items": {"properties": {"price": {"type": "number"}}}}, "amount": True},
        "additionalProperties": False,
    }
    found = flaws(schema, {"items": [{"price": "x"}], "note": 1})
    assert {flaw.loc: flaw.msg for flaw in found} == {
        "payload.amount": "is missing",
        "payload.items.0.price": "must be a number",
        "payload.note": "is not allowed here",
    }


@pytest.mark.parametrize(
    ("schema", "payload"),
    [
        ({"properties": {"a": {"items": {"type": "string"}}}}, {"a": [1] * 100_000}),
        ({"properties": {"a": {"items": {"enum": [[at] for at in range(1900)]}}}}, {"a": [[1899]] * 20_000}),
        ({"properties": {"a": {"oneOf": [{"items": {"type": "null"}}] * 2}}}, {"a": [1] * 100_000}),
        ({"properties": {str(at): {"pattern": "a$"} for at in range(50)}}, {"0": "a" * 200_000 + "b"}),
        ({"properties": {"a": {"pattern": "^(a+)+$"}}}, {"a": "a" * 200_000 + "b"}),
        ({"properties": {"a": {"$ref": "#"}}}, {"a": [[1]] * 20_000, "b": {"a": 1}}),
    ],
)
@pytest.mark.timeout(10)
def test_large_payloads_hang_nothing(schema: dict[str, Json], payload: dict[str, Json]) -> None:
    """However a small form and a large payload multiply, there is an answer at once, and few flaws."""
    assert len(flaws(schema, payload)) <= 50


def test_a_schema_that_is_none_is_broken_by_every_payload() -> None:
    """What cannot be checked is not approved."""
    assert flaws({"$ref": "https://example.com"}, {}) != ()
    assert flaws({"$defs": _nested(4000)}, {}) != ()


def test_payload_limits_come_before_the_form() -> None:
    """A payload that no validator could read is refused, not handed to one."""
    (flaw,) = flaws({}, {"a": "\ud800"})
    assert "surrogate" in flaw.msg


def test_an_edit_satisfies_both_forms() -> None:
    """The rule's form adds to the agent's and the other way round; neither loosens the other."""
    case = case_of(
        {"amount": 10},
        form={"properties": {"amount": {"minimum": 5}}},
        rule={"type": "object", "properties": {"amount": {"maximum": 20}}},
    )
    assert flaws_of_edit(case, {"amount": 12}) == ()
    assert flaws_of_edit(case, {"amount": 1}) == (Flaw("payload.amount", "must be at least 5"),)
    assert flaws_of_edit(case, {"amount": 99}) == (Flaw("payload.amount", "must be at most 20"),)
    assert flaws_of_edit(case, [1]) == (Flaw("payload", "must be an object"),)


@pytest.mark.parametrize(
    ("wanted", "edited"),
    [
        ("payload.card.number", {"card": {"number": "2"}, "cards": [{"no": 1}], "a.b": 1}),
        ("payload.card.number", {"card": {}, "cards": [{"no": 1}], "a.b": 1}),
        ("payload.card", {"card": {"number": "1", "x": 1}, "cards": [{"no": 1}], "a.b": 1}),
        ("payload.cards.no", {"card": {"number": "1"}, "cards": [{"no": 1}, {"no": 2}], "a.b": 1}),
        ("payload.cards.0.no", {"card": {"number": "1"}, "cards": [], "a.b": 1}),
        ("payload.a.b", {"card": {"number": "1"}, "cards": [{"no": 1}], "a.b": 2}),
        ("payload.new", {"card": {"number": "1"}, "cards": [{"no": 1}], "a.b": 1, "new": 1}),
    ],
)
def test_what_is_masked_cannot_be_changed(wanted: str, edited: dict[str, Json]) -> None:
    """Neither changed, nor removed, nor added: through arrays, and with dots in keys."""
    payload: dict[str, Json] = {"card": {"number": "1"}, "cards": [{"no": 1}], "a.b": 1}
    case = case_of(payload, sensitive=(wanted,))
    assert flaws_of_edit(case, payload) == ()
    assert flaws_of_edit(case, edited) == (Flaw(wanted, "is masked, and cannot be changed here"),)


@given(payloads(), payloads())
def test_changes_make_one_payload_out_of_the_other(before: dict[str, Json], after: dict[str, Json]) -> None:
    """RFC 6902 operations of three kinds only; none exactly when the digest is the same."""
    operations = changes_json(before, after)
    assert digest_of(apply(before, operations)) == digest_of(after)
    assert (operations == []) == (digest_of(before) == digest_of(after))
    assert {operation["op"] for operation in operations} <= {"add", "remove", "replace"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 750}, {"a": 750.0}, []),
        ({"a": 1}, {"a": True}, [{"op": "replace", "path": "/a", "value": True}]),
        ({"a": [0, 1]}, {"a": [False, 1]}, [{"op": "replace", "path": "/a/0", "value": False}]),
        ({"a/b~c": 1}, {"a/b~c": 2}, [{"op": "replace", "path": "/a~1b~0c", "value": 2}]),
        ({"a": None}, {}, [{"op": "remove", "path": "/a"}]),
        ({}, {"a": None}, [{"op": "add", "path": "/a", "value": None}]),
        ({"a": [1, 2, 3]}, {"a": [1, 3]}, [{"op": "remove", "path": "/a/1"}]),
        ({"a": [1, 3]}, {"a": [1, 2, 3]}, [{"op": "add", "path": "/a/1", "value": 2}]),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, [{"op": "replace", "path": "/a/0/b", "value": 2}]),
        ({"a": {"b": 1}}, {"a": [1]}, [{"op": "replace", "path": "/a", "value": [1]}]),
    ],
)
def test_changes_say_what_a_person_would(
    before: dict[str, Json], after: dict[str, Json], expected: list[dict[str, Any]]
) -> None:
    """One operation for one change, with JSON's own idea of what is equal."""
    found = changes_json(before, after)
    assert [list(map(repr, operation.values())) for operation in found] == [
        list(map(repr, operation.values())) for operation in expected
    ]
    assert len(changes(before, after)) == len(expected)

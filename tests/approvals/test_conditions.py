"""Conditions: four answers, whatever an agent posts."""

from __future__ import annotations

import string
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.canonical import Json
from approvals.conditions import ConditionError, Scope, Truth, compiled, footprint
from approvals.model import ContextItem
from approvals.words import Risk
from tests.approvals.policy_samples import request

MET, UNMET, ABSENT, FAILING = Truth.MET, Truth.UNMET, Truth.ABSENT, Truth.FAILING


def asked(text: str, payload: dict[str, Json] | None = None, **fields: object) -> Truth:
    """What `text` is for a request of this payload and these fields."""
    condition = compiled(text)
    return condition.on(Scope(request(payload, **fields), Risk.LOW, footprint([condition])))


@pytest.mark.parametrize(
    ("text", "payload", "truth"),
    [
        ("payload.amount > 500", {"amount": 750}, MET),
        ("payload.amount > 500", {"amount": 750.5}, MET),
        ("payload.amount > 500", {"amount": 500}, UNMET),
        ("payload.amount == 50", {"amount": 50.0}, MET),
        ("payload.amount in [50, 60]", {"amount": 50.0}, MET),
        ("payload.amount + 1 > 500", {"amount": 750}, MET),
        ("payload.amount + 1 > 500", {"amount": 750.0}, MET),
        ("payload.part / 2 == 0.5", {"part": 1}, MET),
        ("payload.price * payload.count > 10", {"price": 3.5, "count": 4}, MET),
        ("size(payload.to) + payload.more > 3", {"to": ["a", "b"], "more": 2}, MET),
        ("int(payload.count) % 2 == 0", {"count": 4}, MET),
        ("[1, 2].exists(n, payload.count + n == 5)", {"count": 3}, MET),
        ("payload.to[0] == 'a'", {"to": ["a"]}, MET),
        ("payload['two words'] == 1", {"two words": 1}, MET),
        ("'iban' in payload", {"iban": None}, MET),
        ("payload.items.all(i, i.price * i.count <= 10)", {"items": [{"price": 2, "count": 3.5}]}, MET),
        ("payload.path.matches(r'^/srv/\\d+$')", {"path": "/srv/12"}, MET),
        ("timestamp(payload.at) > timestamp('2026-01-01T00:00:00Z')", {"at": "2026-02-01T00:00:00Z"}, MET),
        ("risk in ['low', 'medium']", {}, MET),
        ("risk != 'low'", {}, UNMET),
    ],
)
def test_values_compare_as_json_does(text: str, payload: dict[str, Json], truth: Truth) -> None:
    """Whole and broken numbers are one kind, and the usual things can be said."""
    assert asked(text, payload) is truth


@pytest.mark.parametrize(
    ("text", "payload", "truth"),
    [
        ("payload.amount > 500", {}, ABSENT),
        ("payload.a.b == 1", {"a": {}}, ABSENT),
        ("payload.to[4] == 'a'", {"to": ["a"]}, ABSENT),
        ("confidence < 0.7", {}, ABSENT),
        ("on_behalf_of == 'U1'", {}, ABSENT),
        ("reversible == false", {}, ABSENT),
        ("metadata.team == 'x'", {}, ABSENT),
        ("context['Spent'] > 5", {}, ABSENT),
        ("has(payload.amount)", {}, UNMET),
        ("payload.amount > 500", {"amount": "750"}, FAILING),
        ("payload.amount > 500", {"amount": None}, FAILING),
        ("payload.amount > 500", {"amount": True}, FAILING),
        ("payload.amount > 500", {"amount": {"amount": 1}}, FAILING),
        ("payload.amount == 500", {"amount": "500"}, UNMET),
        ("payload.a.b == 1", {"a": 3}, FAILING),
        ("payload.a.startsWith('x')", {"a": 5}, FAILING),
        ("payload.flag", {"flag": 1}, FAILING),
        ("payload.flag", {"flag": True}, MET),
        ("int(payload.a) > 1", {"a": "x"}, FAILING),
    ],
)
def test_absent_and_failing_are_told_apart(text: str, payload: dict[str, Json], truth: Truth) -> None:
    """What a request does not have is absent, the wrong type fails, unequal types are unequal."""
    assert asked(text, payload) is truth


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("payload.none > 1 || true", MET),
        ("payload.none > 1 && false", UNMET),
        ("payload.none > 1 || payload.text > 1", FAILING),
        ("payload.text > 1 && payload.none > 1", FAILING),
        ("payload.none > 1 && true", ABSENT),
        ("!(payload.none > 1)", ABSENT),
        ("!(payload.text > 1)", FAILING),
        ("payload.text == 'x' ? confidence < 1 : true", ABSENT),
    ],
)
def test_undecided_parts_decide_nothing(text: str, truth: Truth) -> None:
    """A part that settles it wins; else failing is said rather than absent."""
    assert asked(text, {"text": "x"}) is truth


@pytest.mark.parametrize(
    ("text", "payload", "truth"),
    [
        ("action == 'issue_refund'", {"action": "search_docs"}, MET),
        ("payload.__class__ == 'x'", {"a": 1}, ABSENT),
        ("payload.text.__class__ == 'x'", {"text": "s"}, FAILING),
        ("payload.amount > 1", {"amount": 10**400}, FAILING),
        ("payload.amount > 1", {"amount": 2**70}, MET),
        ("payload.amount > 1", {"amount": float("nan")}, FAILING),
        ("payload.amount > 1", {"amount": "\ud800"}, FAILING),
        ("payload.text == 'a'", {"text": "a\0"}, UNMET),
        ("payload.text.matches('^(a+)+$')", {"text": "a" * 200_000 + "b"}, UNMET),
        ("payload.all.map(x, x).size() > 1", {"all": [1] * 9_000}, FAILING),
        ("payload.all.exists(x, payload.all.exists(y, x > y))", {"all": [1] * 9_000}, FAILING),
        ("payload.all.exists(x, x > 1)", {"all": [1] * 200_000}, FAILING),
        ("payload.amount > 1", {"amount": 2, "more": [1] * 200_000}, MET),
    ],
)
def test_a_hostile_payload_is_bounded_and_reaches_nothing(
    text: str, payload: dict[str, Json], truth: Truth
) -> None:
    """Shadowing keys, attributes, huge and odd values: an answer, at once."""
    started = perf_counter()
    assert asked(text, payload) is truth
    assert perf_counter() - started < 2


def test_a_bottomless_payload_does_not_end_the_process() -> None:
    """The library recurses without a limit; what is deeper than any payload never gets there."""
    deep: Json = 1
    for _ in range(100_000):
        deep = {"a": deep}
    assert asked("payload.a == 1", {"a": deep}) is FAILING


def test_context_is_seen_by_label_and_metadata_by_key() -> None:
    """What the approver is told can be asked too."""
    fields = {"context": (ContextItem("Spent", 12),), "metadata": {"team": "billing"}}
    assert asked("context['Spent'] > 5 && metadata.team == 'billing'", {}, **fields) is MET


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("risk > 'low'", "==, != and in only"),
        ("risk.startsWith('h')", "==, != and in only"),
        ("string(risk) > 'h'", "==, != and in only"),
        ("payload.x in [risk]", "==, != and in only"),
        ("risk == 'hihg'", "did you mean 'high'?"),
        ("kind == 'reveiw'", "did you mean 'review'?"),
        ("amount > 5", "payload.amount"),
        ("payload.amount >", "it ends too early"),
        ("payload.amount > 5 5", "character 20"),
        ("1 + 2", "must come to true or false"),
        ("action", "must come to true or false"),
        ("confidence == 'x'", "a number"),
        ("metadata.x > 5", "a text"),
        ("payload > 5", "a map"),
        ("1 < 2 < 3", "a yes or no"),
        ("action && true", "&& takes a yes or no"),
        ("foo(1)", "unknown function foo()"),
        ("action.startWith('x')", "did you mean 'startsWith'?"),
        ("action.matches('(')", "no pattern"),
        ("action.matches(payload.pattern)", "stands in the policy"),
        ("payload.count % 2 == 0", "int("),
        ("type(payload) == 1", "unknown function type()"),
        ("b'x' == b'x'", "bytes"),
        ("payload.a.map(x, payload.b.map(y, x == y)).size() > 1", "too many loops"),
        ("(" * 500 + "true" + ")" * 500, "nested"),
        ("true || " * 100 + "true", "in a row"),
        ("x" * 5_000, "5000 characters"),
    ],
)
def test_what_can_be_seen_to_be_wrong_does_not_load(text: str, says: str) -> None:
    """Unknown names, syntax errors and comparisons of wrong types are refused with what is wrong."""
    with pytest.raises(ConditionError) as caught:
        compiled(text)
    assert says in str(caught.value)


WORDS = st.sampled_from(
    [*string.printable, "payload", "payload.a", "&&", "risk", "==", "'a'", " in ", "size("]
)


@given(words=st.lists(WORDS, max_size=30))
def test_no_text_breaks_the_parser(words: list[str]) -> None:
    """Whatever is written, it compiles or is refused as a condition."""
    try:
        condition = compiled("".join(words))
    except ConditionError:
        return
    assert condition.on(Scope(request({}), Risk.LOW, condition.uses)) in Truth


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(amount=VALUES)
def test_no_value_breaks_a_condition(amount: Json) -> None:
    """A condition over any JSON value answers, and only numbers meet it."""
    truth = asked("payload.amount > 500 && payload.amount + 1 > 501", {"amount": amount})
    number = isinstance(amount, int | float) and not isinstance(amount, bool)
    assert truth is not Truth.MET or number

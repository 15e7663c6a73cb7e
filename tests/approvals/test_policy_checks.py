"""What is wrong with a policy as a whole: rules that nothing reaches, and what is likely not meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.cel_reach import implies, never, only_at
from approvals.cel_syntax import parsed
from approvals.conditions import Scope, Truth, compiled, footprint
from approvals.policy import PolicyError, load
from approvals.words import Risk
from tests.approvals.policy_samples import HARD, SMALLEST, request, with_rules


def problems(text: str) -> list[str]:
    """All that is wrong with a policy, as its author reads it."""
    with pytest.raises(PolicyError) as caught:
        load(text)
    return [str(problem) for problem in caught.value.problems]


def warned(*rules: str) -> list[str]:
    """What a policy that loads is warned of, as its author reads it."""
    return [str(warning) for warning in load(with_rules(*rules)).warnings]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("action == 'a'", "action == 'a'"),
        ("action == 'a'", "(action == 'a')"),
        ("action == 'a'", "'a' == action"),
        ("action == 'a'", "action == 'a' && payload.amount > 5"),
        ("action == 'a'", "payload.amount > 5 && action == 'a'"),
        ("action == 'a' && payload.amount > 5", "payload.amount > 5 && agent == 'x' && action == 'a'"),
        ("action == 'a' || action == 'b'", "action == 'b'"),
        ("action in ['a', 'b']", "action == 'b'"),
        ("action in ['a', 'b', 'c']", "action == 'b' || action == 'a'"),
        ("action != 'c'", "action in ['a', 'b']"),
        ("!(action == 'c')", "action == 'a'"),
        ("action.startsWith('deploy_')", "action == 'deploy_api'"),
        ("action.startsWith('deploy_')", "action.startsWith('deploy_prod_')"),
        ("action.contains('prod')", "action.endsWith('_prod')"),
        ("payload.amount > 100", "payload.amount > 500"),
        ("payload.amount >= 100", "payload.amount > 100.0"),
        ("payload.amount <= 100", "50 > payload.amount"),
        ("payload.amount > -5", "payload.amount >= 0"),
        ("payload.amount <= 100", "payload.amount == 50"),
        ("payload.amount != 50", "payload.amount > 50"),
        ("kind in ['approval', 'review', 'question']", "payload.x == 1"),
        ("risk != 'low'", "risk in ['medium', 'high']"),
        ("true", "payload.x == 1"),
        ("payload.x.matches('^a')", "payload.x.matches('^a') && confidence < 1"),
        ("payload.x == true", "payload.x == true && payload.y == 1"),
    ],
)
def test_a_rule_that_an_earlier_one_takes_whole_does_not_load(earlier: str, later: str) -> None:
    """The same condition, a part of this one's, or one that is plainly looser."""
    found = problems(with_rules(f'name: a, when: "{earlier}", {HARD}', f'name: b, when: "{later}", {HARD}'))
    assert len(found) == 1
    assert found[0].startswith("hitl.yml:6: rule \"b\": can never match: rule 'a' on line 5 ")


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("action == 'a' && payload.amount > 5", "action == 'a'"),
        ("action == 'a'", "action == 'b'"),
        ("action == 'a'", "action == 'a' || action == 'b'"),
        ("action in ['a', 'b']", "action in ['b', 'c']"),
        ("action.startsWith('deploy_prod')", "action.startsWith('deploy')"),
        ("action.endsWith('x')", "action.startsWith('x')"),
        ("payload.amount > 500", "payload.amount > 100"),
        ("payload.amount > 100", "payload.amount >= 100"),
        ("payload.amount > 100", "payload.price > 500"),
        ("payload.x == 1", "payload.x == '1'"),
        ("payload.x == 1", "payload.x == true"),
        ("payload.x in [1, 2]", "payload.x in [1, true]"),
        ("kind in ['approval', 'review']", "kind == 'question'"),
        ("payload.x.matches('a')", "payload.x.matches('b')"),
        ("!(payload.x == 1 && payload.y == 2)", "payload.x == 1"),
        ("!payload.x.startsWith('a')", "payload.x.startsWith('ab')"),
    ],
)
def test_a_rule_that_something_may_reach_loads(earlier: str, later: str) -> None:
    """Only what is plain is refused."""
    loaded = load(with_rules(f'name: a, when: "{earlier}", {HARD}', f'name: b, when: "{later}", {HARD}'))
    assert len(loaded.rules) == 2


def test_after_a_rule_without_a_condition_nothing_is_reached() -> None:
    """It takes all, also from a rule whose own condition does not load; all of it is said."""
    found = problems(
        with_rules(
            f"name: a, {HARD}", f"name: b, when: 'risk == \"low\"', {HARD}", f"name: c, when: x, {HARD}"
        )
    )
    takes_all = "can never match: rule 'a' on line 5 has no `when` and takes all"
    assert found[0] == f'hitl.yml:6: rule "b": {takes_all}'
    assert f'hitl.yml:7: rule "c": {takes_all}' in found


@pytest.mark.parametrize(
    "when",
    [
        "false",
        "action == 'a' && action == 'b'",
        "action in ['a', 'b'] && action == 'c'",
        "payload.amount > 5 && payload.amount < 3",
        "payload.amount > 5 && payload.amount == 5",
        "payload.x == 1 && payload.x != 1",
        "risk == 'low' && risk != 'low'",
        "(action == 'a' && action == 'b') || (kind == 'review' && kind == 'question')",
    ],
)
def test_a_condition_that_contradicts_itself_does_not_load(when: str) -> None:
    """Whoever wrote it meant something else."""
    [problem] = problems(with_rules(f'name: a, when: "{when}", {HARD}'))
    assert "can never match: parts of its `when` contradict each other" in problem


SUBJECTS = st.sampled_from(["payload.a", "payload.b"])
LITERALS = st.sampled_from(["1", "2", "2.5", "-1", "'x'", "'xy'", "''", "true"])
NUMBERS = st.sampled_from(["1", "2", "2.5", "-1"])
TEXTS = st.sampled_from(["''", "'x'", "'y'", "'xy'"])
LEAVES = st.one_of(
    st.builds("{} {} {}".format, SUBJECTS, st.sampled_from(["==", "!="]), LITERALS),
    st.builds("{} {} {}".format, SUBJECTS, st.sampled_from(["<", "<=", ">", ">="]), NUMBERS),
    st.builds("{} in [{}, {}]".format, SUBJECTS, LITERALS, LITERALS),
    st.builds("{}.{}({})".format, SUBJECTS, st.sampled_from(["startsWith", "endsWith", "contains"]), TEXTS),
    st.builds("{} {} '{}'".format, st.just("risk"), st.sampled_from(["==", "!="]), st.sampled_from(Risk)),
)
CONDITIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds("({} && {})".format, inner, inner),
        st.builds("({} || {})".format, inner, inner),
        st.builds("!({})".format, inner),
    ),
    max_leaves=4,
)
VALUES = st.sampled_from([1, 2, 2.5, -1, 0, 3, "x", "xy", "", "y", True, False, None])
PAYLOADS = st.dictionaries(st.sampled_from(["a", "b"]), VALUES)


@given(narrow=CONDITIONS, wide=CONDITIONS, payload=PAYLOADS, risk=st.sampled_from(Risk))
def test_no_rule_is_called_unreachable_wrongly(
    narrow: str, wide: str, payload: dict[str, object], risk: Risk
) -> None:
    """Whatever the request: where the one is met, what it is said to imply is met too."""
    conditions = [compiled(narrow), compiled(wide)]
    scope = Scope(request(payload), risk, footprint(conditions))  # type: ignore[arg-type]  # plain values
    met = [condition.on(scope) is Truth.MET for condition in conditions]
    one, other = parsed(narrow), parsed(wide)
    assert not (met[0] and not met[1] and implies(one, other))
    assert not (met[0] and never(one))
    assert not (met[0] and risk.rank < Risk.HIGH.rank and only_at(one, (Risk.HIGH, Risk.CRITICAL)))


def test_a_condition_too_large_to_see_through_is_left_alone() -> None:
    """Comparing two conditions ends soon, whatever they are."""
    one = " || ".join(f"(payload.a == {n} && payload.b == {n})" for n in range(30))
    other = " || ".join(f"(payload.b == {n} && payload.a == {n})" for n in range(30, 60))
    assert not implies(parsed(one), parsed(other))


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("name: a, when: \"payload.to != 'x'\", gate: auto", "`!=` is also met by a value of another type"),
        ("name: a, when: \"!(payload.to == 'x')\", gate: auto", "`!=` is also met"),
        ("name: a, when: \"payload.to.all(x, x != 'y')\", gate: auto", "`!=` is also met"),
        ("name: a, when: \"!(payload.to in ['x', 'y'])\", gate: auto", "`!=` is also met"),
        (f"name: a, when: 'payload.amount > 5', {HARD}", "begin with the action"),
        (f"name: a, when: 'confidence < 0.5 || payload.amount > 5', {HARD}", "begin with the action"),
        (f"name: a, when: \"action == 'a'\", grants: {{longest: 1h}}, {HARD}", "has no `same`"),
        (
            "name: a, gate: question, ask: support, steps: [{after: 1h, do: park}]",
            "under question nothing is parked: park is expire",
        ),
        (
            "name: a, gate: audit, quorum: 2, ask: support, steps: [{after: 1h, do: expire}]",
            "the first answer ends it",
        ),
        (
            "name: a, gate: hard, ask: support, steps: [{after: 1h, do: escalate, to: support},"
            " {after: 2h, do: park}]",
            "who are asked from the start",
        ),
    ],
)
def test_what_loads_and_is_likely_not_meant_is_warned_of(rule: str, says: str) -> None:
    """By file, line, rule and field, as what does not load."""
    [warning] = warned(rule)
    assert warning.startswith('hitl.yml:5: rule "a": ')
    assert says in warning


@pytest.mark.parametrize(
    "rule",
    [
        f"name: a, when: \"action == 'a' && payload.amount > 5\", {HARD}",
        f"name: a, when: 'has(payload.amount) && payload.amount > 5', {HARD}",
        f"name: a, when: \"action == 'a' && payload.to != 'x'\", {HARD}",
        "name: a, when: \"payload.to == 'x'\", gate: auto",
        "name: a, when: \"kind != 'review'\", gate: auto",
        f"name: a, when: \"action == 'a'\", grants: {{longest: 1h, same: [payload.x]}}, {HARD}",
    ],
)
def test_what_is_meant_is_not_warned_of(rule: str) -> None:
    """A warning that comes always is read by nobody."""
    assert warned(rule) == []


def test_a_default_that_lets_through_is_warned_of() -> None:
    """It is for whatever nobody thought of."""
    text = SMALLEST.replace("gate: hard", "gate: audit").replace("do: park", "do: expire")
    [warning] = load(text).warnings
    assert str(warning) == 'hitl.yml:3: rule "default": gate: audit lets through what no rule was written for'


def test_what_is_wrong_with_the_yaml_hides_nothing_else() -> None:
    """A field twice, a tag and an unknown field are three problems, said at once."""
    found = problems(SMALLEST + "operators: !x [U1]\nchannel: C1\nkep: {}\n")
    assert [line.split(": ")[0] for line in found] == ["hitl.yml:4", "hitl.yml:5", "hitl.yml:6"]

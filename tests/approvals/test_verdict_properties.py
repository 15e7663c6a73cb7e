"""No verdict gets gentler by more risk, by what a request lacks, or by what an agent makes up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from approvals.canonical import Json
from approvals.conditions import compiled
from approvals.globs import Globs
from approvals.judging import judge
from approvals.model import Judgement, Request, Step
from approvals.policy import Policy, Rule, load
from approvals.policy_model import Raise, RiskRules
from approvals.titles import compiled as compiled_title
from approvals.words import Gate, GroupName, Kind, Risk, StepKind
from tests.approvals.policy_samples import SMALLEST, request

GATES = (Gate.AUTO, Gate.AUDIT, Gate.SOFT, Gate.HARD, Gate.MANUAL)
BASE = load(SMALLEST)
LEVELS = ((Risk.HIGH, Globs(["c"])), (Risk.MEDIUM, Globs(["b"])), (Risk.LOW, Globs(["a"])))
WHENS = ["payload.amount <= 50", "payload.amount > 50", "payload.count > 3", "payload.count <= 3", "true"]
FORM: dict[str, Json] = {"type": "object", "properties": {"amount": {"type": "number"}}}

RULES = st.lists(
    st.builds(
        lambda when, gate, quorum, sample, form: Rule(
            f"{gate}-{when}",
            gate,
            when=compiled(when),
            ask=(GroupName("support"),),
            steps=(Step(timedelta(hours=1), StepKind.APPROVE if gate is Gate.SOFT else StepKind.EXPIRE),),
            quorum=quorum,
            sample=sample if gate is Gate.AUDIT else None,
            form=form,
        ),
        st.sampled_from(WHENS),
        st.sampled_from(GATES),
        st.integers(1, 2),
        st.sampled_from([None, 0.1, 0.5]),
        st.sampled_from([None, None, FORM]),
    ),
    max_size=4,
)
RAISES = [
    Raise(compiled("true"), by=1),
    Raise(compiled("payload.amount > 20"), to=Risk.HIGH),
    Raise(compiled("payload.count > 2"), by=2),
    Raise(compiled("risk == 'high'"), to=Risk.CRITICAL),
]
NUMBERS = st.integers(0, 100)
PAYLOADS = st.fixed_dictionaries(
    {}, optional={"amount": NUMBERS | st.text(max_size=2) | st.none(), "count": st.integers(0, 5)}
)
#: rules, raises and a request are much to draw from
LONGER = settings(max_examples=500)
KINDS = st.sampled_from([Kind.APPROVAL, Kind.APPROVAL, Kind.APPROVAL, Kind.REVIEW])


def policy_of(rules: Sequence[Rule], raises: Sequence[Raise] = ()) -> Policy:
    """A policy with these; actions `a`, `b` and `c` are low, medium and high."""
    return replace(BASE, rules=tuple(rules), risk=RiskRules(LEVELS, raises=tuple(raises)))


def share(judgement: Judgement) -> float:
    """How much of what this verdict gets is shown to people before or after it happens."""
    if judgement.gate is Gate.AUTO:
        return 0
    return 1 if judgement.sample is None else judgement.sample


@dataclass(frozen=True)
class Strictness:
    """What must not shrink."""

    risk: int
    gate: int
    share: float

    @classmethod
    def of(cls, judgement: Judgement) -> Strictness:
        """As one verdict has it."""
        return cls(judgement.risk.rank, GATES.index(judgement.gate), share(judgement))

    def at_least(self, other: Strictness) -> bool:
        """In each respect."""
        return self.risk >= other.risk and self.gate >= other.gate and self.share >= other.share


@LONGER
@given(
    rules=RULES,
    raises=st.lists(st.sampled_from(RAISES), max_size=2),
    more=st.sampled_from([None, *RAISES]),
    payload=PAYLOADS,
    action=st.sampled_from(["a", "ab", "bc", "ac", "cc"]),
    claim=st.sampled_from([None, *Risk]),
    irreversible=st.booleans(),
    kind=KINDS,
)
def test_adding_risk_never_loosens_the_gate(
    rules: list[Rule],
    raises: list[Raise],
    more: Raise | None,
    payload: dict[str, Json],
    action: str,
    claim: Risk | None,
    irreversible: bool,
    kind: Kind,
) -> None:
    """A higher level, a further raise, a claim, irreversible: never less risk, a gentler gate, less shown."""
    calm = request(payload, action=action[0], kind=kind)
    riskier = replace(calm, action=action[-1], risk=claim, reversible=False if irreversible else None)
    before = judge(policy_of(rules, raises), calm)
    after = judge(policy_of(rules, [*raises, *([more] if more else [])]), riskier)
    assert Strictness.of(after).at_least(Strictness.of(before))
    if kind is Kind.APPROVAL and after.gate in (Gate.AUTO, Gate.SOFT, Gate.AUDIT):
        assert not after.irreversible
        assert after.gate is Gate.AUDIT or after.risk.rank <= Risk.MEDIUM.rank
        assert after.form is None or not isinstance(payload.get("amount", 1), str | None)


def completed(amount: Json, payload: dict[str, Json]) -> dict[str, Json]:
    """The same, had the agent sent `amount`."""
    return {**payload, "amount": amount}


@LONGER
@given(rules=RULES, raises=st.lists(st.sampled_from(RAISES), max_size=2), amount=NUMBERS, kind=KINDS)
def test_what_is_absent_never_loosens_the_gate(
    rules: list[Rule], raises: list[Raise], amount: int, kind: Kind
) -> None:
    """Whatever the amount would have been: leaving it away is held at least as strictly by the rules.

    In `raise` what is absent is not met (contract, section 4), so the raises here look at other things.
    """
    raises = [lift for lift in raises if "amount" not in lift.when.text]
    policy = policy_of(rules, raises)
    absent = judge(policy, request({"count": 3}, action="a", kind=kind))
    present = judge(policy, request(completed(amount, {"count": 3}), action="a", kind=kind))
    assert Strictness.of(absent).at_least(Strictness.of(present))


@LONGER
@given(
    rules=RULES,
    raises=st.lists(st.sampled_from(RAISES), max_size=2),
    amount=NUMBERS,
    wrong=st.sampled_from(["5", "", None, True, [5], {"amount": 5}, 10**400, float("nan")]),
    kind=KINDS,
)
def test_what_fails_never_loosens_the_gate(
    rules: list[Rule], raises: list[Raise], amount: int, wrong: Any, kind: Kind
) -> None:
    """Whatever the amount would have been: one of another type is held at least as strictly."""
    policy = policy_of(rules, raises)
    failing = judge(policy, request(completed(wrong, {"count": 3}), action="a", kind=kind))
    present = judge(policy, request(completed(amount, {"count": 3}), action="a", kind=kind))
    assert Strictness.of(failing).at_least(Strictness.of(present))


def nested(levels: int) -> Json:
    """Lists in lists."""
    value: Json = "deep"
    for _ in range(levels):
        value = [value]
    return value


NAMES = (
    "amount payload risk action kind agent metadata reversible keys items get size true null "
    "a.b payload.amount __class__ __dict__ __init__ __getattr__"
)
STRANGE_KEYS = st.sampled_from([*NAMES.split(), "", "\ud800"]) | st.text(max_size=3)
STRANGE: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([10**400, -(10**400), 2**63, float("inf"), "\ud800", "0", "1e9", "'", "}}"])
    | st.text(max_size=5)
    | st.builds(nested, st.sampled_from([31, 32, 48, 49])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(STRANGE_KEYS, inner, max_size=4),
    max_leaves=8,
)
GUARDED = replace(
    policy_of(
        [
            Rule(
                "small",
                Gate.AUTO,
                when=compiled("payload.amount <= 50 && action == 'a'"),
                title=compiled_title("{{ payload.amount }} {{ payload.keys }} {{ payload['__class__'] }}"),
            )
        ],
        RAISES[1:],
    ),
    irreversible=Globs(["delete_*"]),
)


@given(payload=st.dictionaries(STRANGE_KEYS, STRANGE, max_size=5))
@example(payload={"amount": "50", "risk": "low"})
@example(payload={"amount": True})
def test_no_payload_crashes_the_verdict_or_talks_itself_through(payload: dict[str, Json]) -> None:
    """Only a number up to 50 under the very key passes unseen; all else is held, whatever it is called."""
    judgement = judge(GUARDED, request(payload, action="a"))
    amount = payload.get("amount")
    small = isinstance(amount, int | float) and not isinstance(amount, bool) and amount <= 50
    assert judgement.gate is (Gate.AUTO if small and judgement.risk.rank <= Risk.MEDIUM.rank else Gate.HARD)
    if judgement.gate is Gate.AUTO:
        assert judgement.rule == "small"
    assert judgement.title


@pytest.mark.parametrize(
    "monster", [10**5000, nested(5000), ["x" * 400_000], [0] * 100_000, {"k": nested(500)}], ids=lambda _: ""
)
@pytest.mark.parametrize("key", ["amount", "other"])
def test_no_monster_crashes_the_verdict(monster: Any, key: str) -> None:
    """Numbers that cannot be printed, nesting that cannot be walked, texts and lists that take long."""
    payload = {"amount": 5, key: monster}
    assert judge(GUARDED, request(payload, action="a")).gate is (Gate.HARD if key == "amount" else Gate.AUTO)
    whole = policy_of([Rule("odd", Gate.AUTO, when=compiled("size(payload) > 1"), form=FORM)])
    assert judge(whole, request(payload, action="a")).gate is Gate.HARD


@given(
    hostile=st.dictionaries(STRANGE_KEYS.filter(lambda key: key not in ("amount", "count")), STRANGE),
    amount=st.sampled_from([10, 30, 90]),
    action=st.sampled_from(["a", "delete_all"]),
)
def test_further_keys_change_no_verdict(hostile: dict[str, Json], amount: int, action: str) -> None:
    """Keys that shadow names, methods or attributes are keys, and nothing else."""
    plain, odd = (
        request({"amount": amount}, action=action),
        request({**hostile, "amount": amount}, action=action),
    )
    without, with_them = judge(GUARDED, plain), judge(GUARDED, odd)
    assert replace(with_them, title="") == replace(without, title="")


@pytest.mark.parametrize(
    "when",
    [
        "payload.__class__ != 'x'",
        "payload.__class__.__name__ == 'dict'",
        "payload.keys != 'x'",
        "payload.amount.real == 5",
        "payload.amount.__class__ != 'x'",
        "payload.text.upper != 'x'",
        "payload.list.append != 'x'",
        "payload.list.__len__ != 'x'",
        "metadata.get != 'x'",
        "context.items != 'x'",
        "payload['__dict__'] != 'x'",
    ],
)
def test_conditions_reach_no_attribute(when: str) -> None:
    """What is no key of the request is absent, or fails: never met, although of an attribute it would be."""
    rule = Rule("sly", Gate.AUTO, when=compiled(when))
    asked: Request = request({"amount": 5, "text": "x", "list": [1]}, action="a", metadata={"m": "x"})
    judgement = judge(policy_of([rule]), asked)
    assert judgement.gate is Gate.HARD
    assert any(reason.startswith("rule sly might apply") for reason in judgement.reasons)

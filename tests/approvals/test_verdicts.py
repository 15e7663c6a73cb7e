"""The verdict, step by step, each with its reason: risk, claim, what cannot be undone, rule, gate."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from approvals.canonical import Json
from approvals.judging import judge
from approvals.model import Judgement, Request
from approvals.policy import Policy, load
from approvals.words import Gate, Kind, Risk, StepKind
from tests.approvals.policy_samples import HARD, request, with_rules

AUTO = "name: refunds, when: \"action == 'issue_refund'\", gate: auto"
EXPIRING = "steps: [{after: 1h, do: expire}]"


def policy_of(*rules: str, risk: str = "levels: {low: ['*']}", irreversible: str = "[]") -> Policy:
    """The smallest policy with these rules and risks."""
    return load(with_rules(*rules, extra=f"risk: {{{risk}}}\nirreversible: {irreversible}\n"))


def gated(gate: Gate, last: StepKind = StepKind.EXPIRE, **fields: Any) -> Policy:
    """One rule for everything, of this gate, and a last step that a file may only write for some gates."""
    policy = policy_of(f"name: all, {HARD}")
    (rule,) = policy.rules
    steps = (replace(rule.steps[0], do=last, review=last is StepKind.APPROVE),)
    return replace(policy, rules=(replace(rule, gate=gate, steps=steps, **fields),))


def test_each_step_leaves_its_reason_in_its_order() -> None:
    """Base level, `to`, `by`, the claim, what cannot be undone, what might apply, what matches, the gate."""
    policy = policy_of(
        f"name: vip, when: payload.vip, {HARD}",
        "name: all, gate: manual, ask: support, steps: [{after: 1h, do: park}]",
        risk="levels: {low: [issue_*]}, raise: [{when: payload.amount > 500, to: medium}, "
        "{when: confidence < 0.7, by: 1}, {when: payload.vip, by: 1}]",
        irreversible="[issue_refund]",
    )
    asked = request({"amount": 600}, confidence=0.5, risk=Risk.CRITICAL)
    judgement = judge(policy, asked)
    assert judgement.reasons == (
        "issue_refund is low risk",
        "payload.amount > 500: medium",
        "confidence < 0.7: high",
        "the agent itself says critical",
        "issue_refund cannot be undone",
        "rule vip might apply: it looks at something the request does not have",
        "rule all matches",
    )
    assert (judgement.gate, judgement.risk, judgement.rule) == (Gate.MANUAL, Risk.CRITICAL, "all")
    held = judge(policy_of(AUTO, irreversible="[issue_refund]"), asked)
    assert held.reasons[-2:] == ("rule refunds matches", "held as hard because it cannot be undone")


@pytest.mark.parametrize(
    ("action", "risk", "reason"),
    [
        ("drop_table", "critical", "drop_table is critical risk"),
        # It is in two lists: the higher one counts, wherever the file has it.
        ("deploy_docs", "high", "deploy_docs is high risk"),
        ("draft_docs", "low", "draft_docs is low risk"),
        ("Drop_table", "medium", "Drop_table is not listed, so it is medium risk"),
        ("drop", "medium", "drop is not listed, so it is medium risk"),
        ("*", "medium", "* is not listed, so it is medium risk"),
        ("draft_\n", "low", "draft_\n is low risk"),
    ],
)
def test_the_base_level_is_by_name(action: str, risk: str, reason: str) -> None:
    """The first pattern from critical down; what nobody listed is `unknown`; A is not a."""
    levels = "levels: {low: ['*_docs', 'draft_*'], high: ['deploy_*'], critical: ['drop_*']}, unknown: medium"
    judgement = judge(policy_of(risk=levels), request(action=action))
    assert (judgement.risk, judgement.reasons[0]) == (risk, reason)


def test_what_nobody_listed_is_high_unless_the_policy_says_otherwise() -> None:
    """A policy that says nothing about risk takes everything for high."""
    assert judge(load(with_rules()), request()).risk is Risk.HIGH


@pytest.mark.parametrize(
    ("raises", "risk"),
    [
        ("{when: 'true', to: high}, {when: 'true', by: 1}", "critical"),
        ("{when: 'true', by: 1}, {when: 'true', to: high}", "high"),
        ("{when: 'true', to: high}, {when: 'true', to: medium}", "high"),
        ("{when: 'true', by: 3}, {when: 'true', by: 1}", "critical"),
        ("{when: 'true', to: medium}, {when: \"risk == 'medium'\", by: 1}", "high"),
        ("{when: \"risk == 'medium'\", by: 1}, {when: 'true', to: medium}", "medium"),
        ("{when: payload.gone > 1, to: critical}", "low"),
        ("{when: '!(payload.gone > 1)', to: critical}", "low"),
        ("{when: payload.text > 1, to: high}", "high"),
        ("{when: '!(payload.text > 1)', by: 2}", "high"),
        ("{when: 'payload.text > 1 || payload.gone', by: 2}", "high"),
        ("{when: 'payload.text > 1 && false', by: 2}", "low"),
    ],
)
def test_conditions_raise_it_in_order(raises: str, risk: str) -> None:
    """`to` lifts to and never lowers, `by` lifts by; each sees those before; failing counts, absent not."""
    policy = policy_of(risk=f"levels: {{low: ['*']}}, raise: [{raises}]")
    assert judge(policy, request({"text": "x"})).risk == risk


@pytest.mark.parametrize(
    ("claim", "risk", "gate"),
    [
        (None, "medium", "auto"),
        (Risk.LOW, "medium", "auto"),
        (Risk.MEDIUM, "medium", "auto"),
        (Risk.HIGH, "high", "hard"),
        (Risk.CRITICAL, "critical", "hard"),
    ],
)
def test_the_agent_s_claim_only_raises(claim: Risk | None, risk: str, gate: str) -> None:
    """It bears on the gate, never on which rule matches: conditions see the policy's own finding."""
    rules = ("name: calm, when: \"risk == 'medium'\", gate: auto", f"name: rest, {HARD}")
    judgement = judge(policy_of(*rules, risk="unknown: medium"), request(risk=claim))
    assert (judgement.risk, judgement.gate, judgement.rule) == (risk, gate, "calm")
    assert (f"the agent itself says {claim}" in judgement.reasons) == (judgement.risk is not Risk.MEDIUM)


@pytest.mark.parametrize(
    ("action", "reversible", "irreversible", "reason"),
    [
        ("delete_all", None, True, "delete_all cannot be undone"),
        ("delete_all", True, True, "delete_all cannot be undone"),
        ("issue_refund", False, True, "the agent says that it cannot be undone"),
        ("issue_refund", None, False, None),
        ("issue_refund", True, False, None),
    ],
)
def test_what_cannot_be_undone(
    action: str, reversible: bool | None, irreversible: bool, reason: str | None
) -> None:
    """By the policy's list, which the agent cannot overrule, or by the agent's own word."""
    judgement = judge(
        policy_of("name: all, gate: auto", irreversible="[delete_*]"),
        request(action=action, reversible=reversible),
    )
    assert judgement.irreversible is irreversible
    assert judgement.gate is (Gate.HARD if irreversible else Gate.AUTO)
    assert reason is None or reason in judgement.reasons


CALM, RISKY = request(), request(risk=Risk.HIGH)
FINAL, BROKEN = request(reversible=False), request({"amount": "x"})
FORM = {"type": "object", "properties": {"amount": {"type": "number"}}}


@pytest.mark.parametrize(
    ("gate", "calm", "risky", "final", "broken"),
    [
        (Gate.AUTO, Gate.AUTO, Gate.HARD, Gate.HARD, Gate.HARD),
        (Gate.SOFT, Gate.SOFT, Gate.HARD, Gate.HARD, Gate.HARD),
        (Gate.AUDIT, Gate.AUDIT, Gate.AUDIT, Gate.HARD, Gate.HARD),
        (Gate.HARD, Gate.HARD, Gate.HARD, Gate.HARD, Gate.HARD),
        (Gate.MANUAL, Gate.MANUAL, Gate.MANUAL, Gate.MANUAL, Gate.MANUAL),
        (Gate.QUESTION, Gate.HARD, Gate.HARD, Gate.HARD, Gate.HARD),
    ],
)
def test_the_gate_of_an_approval(gate: Gate, calm: Gate, risky: Gate, final: Gate, broken: Gate) -> None:
    """The rule's, unless nobody would look in time; then `hard`, and the verdict says why."""
    policy = gated(gate, form=FORM)
    for asked, wanted in ((CALM, calm), (RISKY, risky), (FINAL, final), (BROKEN, broken)):
        judgement = judge(policy, asked)
        assert judgement.gate is wanted
        held = [reason for reason in judgement.reasons if reason.startswith("held as hard because")]
        assert bool(held) == (wanted is not gate)
        assert set(held) <= set(judgement.deciding)


@pytest.mark.parametrize("gate", Gate)
@pytest.mark.parametrize("asked", [CALM, RISKY, FINAL, BROKEN])
@pytest.mark.parametrize(("kind", "only"), [(Kind.QUESTION, Gate.QUESTION), (Kind.REVIEW, Gate.AUDIT)])
def test_other_kinds_take_one_gate(gate: Gate, asked: Request, kind: Kind, only: Gate) -> None:
    """Whatever the rule's gate and the risk; one person ends it."""
    judgement = judge(gated(gate, form=FORM, quorum=2), replace(asked, kind=kind))
    assert (judgement.gate, judgement.quorum) == (only, 1)


@pytest.mark.parametrize(
    ("gate", "kind", "last", "ends"),
    [
        (Gate.SOFT, Kind.APPROVAL, StepKind.APPROVE, StepKind.APPROVE),
        (Gate.HARD, Kind.APPROVAL, StepKind.PARK, StepKind.PARK),
        (Gate.MANUAL, Kind.APPROVAL, StepKind.PARK, StepKind.PARK),
        (Gate.AUDIT, Kind.APPROVAL, StepKind.EXPIRE, StepKind.EXPIRE),
        (Gate.SOFT, Kind.QUESTION, StepKind.APPROVE, StepKind.EXPIRE),
        (Gate.SOFT, Kind.REVIEW, StepKind.APPROVE, StepKind.EXPIRE),
        (Gate.HARD, Kind.QUESTION, StepKind.PARK, StepKind.EXPIRE),
        (Gate.HARD, Kind.REVIEW, StepKind.PARK, StepKind.EXPIRE),
        (Gate.QUESTION, Kind.APPROVAL, StepKind.PARK, StepKind.PARK),
    ],
)
def test_the_last_step_is_one_that_the_gate_has(
    gate: Gate, kind: Kind, last: StepKind, ends: StepKind
) -> None:
    """Silence approves under `soft` only; questions and reviews are never parked."""
    steps = judge(gated(gate, last), request(kind=kind)).steps
    assert steps[-1].do is ends
    assert steps[-1].review is (ends is StepKind.APPROVE)


def test_a_soft_rule_that_is_held_hard_never_approves_by_silence() -> None:
    """For each of the reasons for which it is held."""
    for asked in (RISKY, FINAL, BROKEN):
        judgement = judge(gated(Gate.SOFT, StepKind.APPROVE, form=FORM), asked)
        assert judgement.gate is Gate.HARD
        assert [step.do for step in judgement.steps] == [StepKind.EXPIRE]


def sampled(asked: Request, gate: Gate = Gate.AUDIT, **how: Any) -> Judgement:
    """As a rule holds it that shows one in ten."""
    return judge(gated(gate, form=FORM, sample=0.1), asked, **how)


def test_a_share_of_what_passes_is_shown() -> None:
    """Reviews, and approvals that go on at once; the verdict says so."""
    for asked in (CALM, RISKY, request(kind=Kind.REVIEW)):
        judgement = sampled(asked)
        assert judgement.sample == 0.1
        assert "10 % of these are shown to people" in judgement.reasons


@pytest.mark.parametrize(
    ("asked", "how"),
    [
        (replace(FINAL, kind=Kind.REVIEW), {}),
        (replace(BROKEN, kind=Kind.REVIEW), {}),
        (request(kind=Kind.REVIEW), {"always_shown": True}),
        (request(kind=Kind.REVIEW), {"gate": Gate.HARD}),
        (request(kind=Kind.REVIEW), {"gate": Gate.AUTO}),
        (FINAL, {}),
        (BROKEN, {}),
        (request(kind=Kind.QUESTION), {}),
    ],
)
def test_what_is_always_shown(asked: Request, how: dict[str, Any]) -> None:
    """What cannot be undone, breaks the form, was let through by silence, or is under no audit rule."""
    assert sampled(asked, **how).sample is None


PLACES: dict[str, Json] = {"text": "x", "n": 1}
ABSENT, FAILS = "payload.gone > 1", "payload.text > 1"


def rule(name: str, when: str, gate: str, quorum: int = 1, more: str = "") -> str:
    """A rule that loads."""
    last = "approve" if gate == "soft" else "expire"
    many = f", quorum: {quorum}" if quorum > 1 else ""
    asks = f"ask: [support, directors], steps: [{{after: 1h, do: {last}}}]"
    return f"name: {name}, when: '{when}', gate: {gate}, {asks}{many}{more}"


@pytest.mark.parametrize(
    ("rules", "name", "gate", "quorum", "risk"),
    [
        # Absent: the strictest gate of those that might.
        ((rule("a", ABSENT, "manual"), rule("b", "payload.n == 1", "auto")), "a", "manual", 1, "low"),
        ((rule("a", ABSENT, "audit"), rule("b", "payload.n == 1", "soft")), "b", "soft", 1, "low"),
        ((rule("a", ABSENT, "audit"), rule("b", "payload.n == 1", "auto")), "a", "audit", 1, "low"),
        ((rule("a", ABSENT, "soft"), rule("b", "payload.n == 1", "hard")), "b", "hard", 1, "low"),
        # Then the larger quorum, then the earlier.
        ((rule("a", ABSENT, "hard"), rule("b", "payload.n == 1", "hard", 2)), "b", "hard", 2, "low"),
        ((rule("a", ABSENT, "hard", 2), rule("b", "payload.n == 1", "hard")), "a", "hard", 2, "low"),
        ((rule("a", ABSENT, "hard", 2), rule("b", "payload.n == 1", "manual")), "b", "manual", 1, "low"),
        ((rule("a", ABSENT, "hard"), rule("b", "payload.n == 1", "hard")), "a", "hard", 1, "low"),
        # Only those before the first that matches; and before the default, all.
        ((rule("a", "payload.n == 1", "auto"), rule("b", ABSENT, "manual")), "a", "auto", 1, "low"),
        ((rule("a", "payload.n == 2", "auto"), rule("b", ABSENT, "manual")), "b", "manual", 1, "low"),
        ((rule("a", "payload.n == 2", "auto"), rule("b", ABSENT, "soft")), "default", "hard", 1, "low"),
        # Failing: as absent, and at least high risk, which holds what is gentle.
        ((rule("a", FAILS, "auto"), rule("b", "payload.n == 1", "auto")), "a", "hard", 1, "high"),
        ((rule("a", FAILS, "auto"), rule("b", "payload.n == 1", "soft")), "b", "hard", 1, "high"),
        ((rule("a", FAILS, "audit"), rule("b", "payload.n == 1", "audit")), "a", "audit", 1, "high"),
        ((rule("a", "payload.n == 1", "auto"), rule("b", FAILS, "manual")), "a", "auto", 1, "low"),
        # A gate is weighed as this request would get it: no `audit` beats an `auto` that is held as `hard`.
        ((rule("a", FAILS, "audit"), rule("b", "payload.n == 1", "auto")), "b", "hard", 1, "high"),
        # Among equals then, the rules' own gates, and only then the quorum.
        ((rule("a", FAILS, "soft"), rule("b", "payload.n == 1", "auto", 2)), "a", "hard", 1, "high"),
        ((rule("a", FAILS, "auto", 2), rule("b", "payload.n == 1", "auto", 3)), "b", "hard", 3, "high"),
    ],
)
def test_a_rule_that_might_apply_is_weighed(
    rules: tuple[str, ...], name: str, gate: str, quorum: int, risk: str
) -> None:
    """Of those that might and the first that matches, the strictest gate, the larger quorum, the earlier."""
    judgement = judge(policy_of(*rules), request(PLACES))
    assert (judgement.rule, judgement.gate, judgement.quorum, judgement.risk) == (name, gate, quorum, risk)


@pytest.mark.parametrize(
    ("first", "second", "sample"),
    [
        (", sample: 0.1", ", sample: 0.5", 0.5),
        (", sample: 0.5", ", sample: 0.1", 0.5),
        (", sample: 0.1", "", None),
        ("", ", sample: 0.1", None),
    ],
)
def test_doubt_hides_nothing_that_one_of_the_rules_would_show(
    first: str, second: str, sample: float | None
) -> None:
    """Where several audits might hold it, the one that shows the most decides how much is shown."""
    rules = (rule("a", ABSENT, "audit", more=first), rule("b", "payload.n == 1", "audit", more=second))
    assert judge(policy_of(*rules), request(PLACES)).sample == sample
    judged = judge(policy_of(*rules), request(PLACES, kind=Kind.REVIEW))
    assert (judged.rule, judged.sample) == ("a", sample)

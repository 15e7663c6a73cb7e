"""Which gate a request gets, by which rule, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from approvals.judging import judge
from approvals.model import Request, Step
from approvals.policy import Policy, load
from approvals.words import Gate, GroupName, Kind, Risk, StepKind
from tests.approvals.policy_samples import HARD, request, with_rules

RISK = "risk: {levels: {low: ['search_*', issue_refund], medium: ['draft_*'], high: ['deploy_*']}}\n"
SMALL = "name: small, when: 'payload.amount <= 50', gate: auto"
TWO = "gate: hard, ask: directors, quorum: 2, steps: [{after: 4h, do: expire}]"


def policy_of(*rules: str, extra: str = "") -> Policy:
    """The smallest policy with levels of risk and these rules."""
    return load(with_rules(*rules, extra=f"{RISK}{extra}"))


def gated(policy: Policy, name: str, gate: Gate) -> Policy:
    """`policy` with another gate in one rule: those that a file may not name yet are judged already."""
    rules = tuple(replace(rule, gate=gate) if rule.name == name else rule for rule in policy.rules)
    return replace(policy, rules=rules)


@pytest.mark.parametrize(
    ("rules", "asked", "gate", "rule", "reason"),
    [
        ((SMALL,), request({"amount": 50}), "auto", "small", "rule small matches"),
        ((SMALL,), request({"amount": 51}), "hard", "default", "no rule matches, so the default holds"),
        ((SMALL,), request({"amount": 5}, action="draft_x"), "auto", "small", "rule small matches"),
        (
            (SMALL,),
            request({"amount": 5}, action="deploy_x"),
            "hard",
            "small",
            "held as hard because it is high risk",
        ),
        (
            (SMALL,),
            request({"amount": 5}, risk=Risk.HIGH),
            "hard",
            "small",
            "held as hard because it is high risk",
        ),
        (
            (SMALL,),
            request({"amount": 5}, reversible=False),
            "hard",
            "small",
            "held as hard because it cannot be undone",
        ),
        ((SMALL,), request({"amount": 5}, reversible=True), "auto", "small", "rule small matches"),
        (
            (f"{SMALL}, form: {{to: {{type: string}}}}",),
            request({"amount": 5, "to": 1}),
            "hard",
            "small",
            "held as hard because its arguments break the rule's form",
        ),
        (
            (f"{SMALL}, form: {{to: {{type: string}}}}",),
            request({"amount": 5, "to": "x"}),
            "auto",
            "small",
            "rule small matches",
        ),
        (
            (f"name: large, when: 'payload.amount > 50', {TWO}", "name: rest, gate: auto"),
            request({}),
            "hard",
            "large",
            "rule large might apply: it looks at something the request does not have",
        ),
        (
            (f"name: large, when: 'payload.amount > 50', {TWO}", "name: rest, gate: auto"),
            request({"amount": "9"}),
            "hard",
            "large",
            "what cannot be worked out is at least high risk",
        ),
        ((SMALL, f"name: rest, {HARD}"), request({}), "hard", "rest", "rule rest matches"),
        (
            (SMALL, f"name: rest, {HARD}"),
            request({"amount": "5"}),
            "hard",
            "rest",
            "what cannot be worked out is at least high risk",
        ),
        (
            (
                f"name: one, when: 'payload.a == 1', {HARD}",
                f"name: two, when: 'payload.b == 1', {TWO}",
                f"name: rest, {HARD}",
            ),
            request({}),
            "hard",
            "two",
            "rule two holds it, the strictest of those",
        ),
        (
            (f"name: one, when: 'payload.a == 1', {HARD}", f"name: rest, {HARD}"),
            request({}),
            "hard",
            "one",
            "rule one holds it, the strictest of those",
        ),
        (
            (f"name: rest, when: 'kind != \"review\"', {HARD}", f"name: late, when: 'payload.a == 1', {TWO}"),
            request({}),
            "hard",
            "rest",
            "rule rest matches",
        ),
    ],
)
def test_the_verdict(rules: tuple[str, ...], asked: Request, gate: str, rule: str, reason: str) -> None:
    """The first rule that matches; of those before it that might, the strictest; and what auto may not do."""
    judgement = judge(policy_of(*rules), asked)
    assert (judgement.gate, judgement.rule) == (gate, rule)
    assert reason in judgement.reasons


def test_the_listed_irreversible_is_never_auto() -> None:
    """What the policy lists stays irreversible, whatever the agent says."""
    policy = policy_of("name: all, gate: auto", extra="irreversible: ['issue_*']\n")
    judgement = judge(policy, request({}, reversible=True))
    assert judgement.gate is Gate.HARD
    assert judgement.irreversible
    assert "issue_refund cannot be undone" in judgement.reasons


def test_a_rule_that_auto_approves_asks_nobody() -> None:
    """No approver, no step, nothing due."""
    judgement = judge(
        policy_of("name: all, gate: auto, ask: support, steps: [{after: 1h, do: park}]"), request({})
    )
    assert (judgement.ask, judgement.steps) == ((), ())


@pytest.mark.parametrize(
    ("rule", "ask", "last"),
    [
        ("name: all, gate: auto", "support", StepKind.PARK),
        ("name: all, gate: auto, ask: directors", "directors", StepKind.PARK),
        (
            "name: all, gate: auto, ask: directors, steps: [{after: 1h, do: expire}]",
            "directors",
            StepKind.EXPIRE,
        ),
    ],
)
def test_auto_that_is_held_is_decided_by_the_rules_people_or_the_defaults(
    rule: str, ask: str, last: StepKind
) -> None:
    """What an auto rule leaves open, the default fills in."""
    judgement = judge(policy_of(rule), request({}, reversible=False))
    assert judgement.gate is Gate.HARD
    assert judgement.ask == (GroupName(ask),)
    assert judgement.steps[-1].do is last


@pytest.mark.parametrize(
    ("gate", "asked", "held"),
    [
        (Gate.SOFT, request({}), Gate.SOFT),
        (Gate.SOFT, request({}, risk=Risk.HIGH), Gate.HARD),
        (Gate.SOFT, request({}, reversible=False), Gate.HARD),
        (Gate.AUDIT, request({}, risk=Risk.CRITICAL), Gate.AUDIT),
        (Gate.AUDIT, request({}, reversible=False), Gate.HARD),
        (Gate.QUESTION, request({}), Gate.HARD),
        (Gate.MANUAL, request({}, reversible=False), Gate.MANUAL),
    ],
)
def test_an_approval_s_gate_is_never_gentler_than_it_may_be(gate: Gate, asked: Request, held: Gate) -> None:
    """No gate lets an irreversible approval go ahead unseen, and silence never approves high risk."""
    policy = gated(policy_of(f"name: all, {HARD}"), "all", gate)
    assert judge(policy, asked).gate is held


def test_a_last_step_that_approves_expires_under_any_other_gate() -> None:
    """Silence approves under soft only, even where a soft rule is held as hard."""
    policy = gated(policy_of(f"name: all, {HARD}"), "all", Gate.SOFT)
    (rule,) = policy.rules
    steps = (replace(rule.steps[0], do=StepKind.APPROVE, review=True),)
    policy = replace(policy, rules=(replace(rule, steps=steps),))
    assert judge(policy, request({})).steps == steps
    assert judge(policy, request({}, risk=Risk.HIGH)).steps == (Step(steps[0].after, StepKind.EXPIRE),)


def test_a_judgement_keeps_what_its_rule_says() -> None:
    """The card is made from the judgement alone."""
    rule = (
        "name: all, title: 'Refund {{ payload.amount }} ({{ risk }})', guidance: FIN-7, "
        "summary: [payload.amount], "
        "sensitive: [payload.card], valid_for: 1h, channel: C0REFUNDS, "
        f"form: {{amount: {{type: number}}}}, {TWO}"
    )
    policy = policy_of(rule)
    judgement = judge(policy, request({"amount": 5}, risk=Risk.HIGH, title="Pay"))
    assert judgement.title == "Refund 5 (high)"
    assert judgement.policy_version == policy.version
    assert (judgement.quorum, judgement.channel, judgement.guidance) == (2, "C0REFUNDS", "FIN-7")
    assert (judgement.summary, judgement.sensitive) == (("payload.amount",), ("payload.card",))
    assert judgement.form == {"type": "object", "properties": {"amount": {"type": "number"}}}
    assert judge(policy_of(), request({}, title="Pay")).channel == "C0APPROVALS"
    assert judge(policy_of(), request({}, title="Pay")).title == "Pay"


def test_what_decided_is_marked_among_the_reasons() -> None:
    """Why the rule and the gate hold it, however many might have: marked, and where the policy found it."""
    might = [f"name: maybe{number}, when: 'payload.absent{number} > 1', gate: auto" for number in range(9)]
    judged = judge(policy_of(*might, SMALL), request({"amount": 5}, reversible=False))
    assert judged.deciding[-1] == "held as hard because it cannot be undone"
    assert judged.reasons[-1] == judged.deciding[-1]
    assert set(judged.deciding) < set(judged.reasons)
    assert len(judged.deciding) <= 4


def test_a_stricter_rule_that_might_apply_is_marked_with_its_doubt() -> None:
    """Of the rules that might apply only the one that holds it is marked, with why it might."""
    judged = judge(
        policy_of(
            "name: vague, when: 'payload.gone > 1', gate: auto",
            f"name: large, when: 'payload.amount > 50', {TWO}",
            "name: rest, gate: auto",
        ),
        request({}),
    )
    assert judged.rule == "large"
    assert judged.deciding == (
        "rule large might apply: it looks at something the request does not have",
        "rule large holds it, the strictest of those",
    )
    assert [reason for reason in judged.reasons if reason in judged.deciding] == list(judged.deciding)


def test_the_rule_that_matches_is_what_decided() -> None:
    """Without any doubt the reason is the match itself."""
    assert judge(policy_of(SMALL), request({"amount": 50})).deciding == ("rule small matches",)


@pytest.mark.parametrize(
    ("fields", "digest"),
    [
        ({"payload": {"amount": 5}}, "hourly"),
        ({"payload": {"amount": 5}, "kind": Kind.REVIEW}, "hourly"),
        ({"payload": {"amount": 5}, "kind": Kind.QUESTION}, None),
        ({"payload": {"amount": 5}, "risk": Risk.HIGH}, None),
        ({"payload": {"amount": 5}, "action": "deploy_x"}, None),
        ({"payload": {}}, None),
        ({"payload": {"amount": "5"}}, None),
    ],
    ids=["fits", "a review", "a question", "claimed high", "high", "absent", "of another type"],
)
def test_a_digest_shows_what_its_rule_is_surely_for(fields: dict[str, Any], digest: str | None) -> None:
    """Not what is riskier, nor what the rule only might be for: that has a card of its own."""
    small = f"name: small, when: 'payload.amount <= 50', digest: hourly, {HARD}"
    policy = policy_of(small, extra='digests: {hourly: {cron: "0 * * * *", timezone: UTC}}\n')
    assert judge(policy, request(**fields)).digest == digest

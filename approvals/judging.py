"""What the policy says of one request: gate, risk, rule and why. Pure, and on every request's way in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from approvals import form
from approvals.conditions import Scope, Truth
from approvals.model import Gate, Judgement, Kind, Request, Risk, Step, StepKind
from approvals.policy_model import Policy, Rule
from approvals.risk import claimed, finding, short
from approvals.titles import heading

#: From the gentlest to the strictest, where several rules might hold a request (contract, section 4).
_STRICTNESS = (Gate.QUESTION, Gate.AUTO, Gate.AUDIT, Gate.SOFT, Gate.HARD, Gate.MANUAL)
#: Gates that approve without a person.
_UNATTENDED = frozenset({Gate.AUTO, Gate.SOFT})
#: Gates that let an action happen before anybody looked.
_TOO_LATE = frozenset({Gate.AUTO, Gate.SOFT, Gate.AUDIT})


class NotYet(Exception):
    """A kind of request that cannot be judged yet."""

    def __init__(self, kind: Kind) -> None:
        super().__init__(f"{kind} is not done yet")
        self.kind = kind


@dataclass(frozen=True, slots=True)
class _Match:
    """The rule that holds a request, why, and whether any condition could not be worked out."""

    rule: Rule
    reasons: tuple[str, ...]
    #: those of the reasons without which another rule would hold it
    deciding: tuple[str, ...]
    failing: bool


class _Why(NamedTuple):
    """All reasons of a judgement, and those of them that decide the gate."""

    reasons: tuple[str, ...]
    deciding: tuple[str, ...]


def judge(policy: Policy, request: Request) -> Judgement:
    """The judgement that `request` keeps. Raises `NotYet` for questions and reviews."""
    if request.kind is not Kind.APPROVAL:
        raise NotYet(request.kind)
    found = finding(policy, request)
    risk, claim = claimed(found.risk, request)
    irreversible = _irreversible(policy, request)
    match = _match(policy, found.scope)
    unclear: tuple[str, ...] = ()
    if match.failing and risk.rank < Risk.HIGH.rank:
        risk, unclear = Risk.HIGH, ("what cannot be worked out is at least high risk",)
    rule = match.rule
    held = _held(rule, request, risk, bool(irreversible))
    holding = (f"held as hard because {held}",) if held else ()
    why = _Why(
        (*found.reasons, *claim, *irreversible, *match.reasons, *unclear, *holding),
        (*match.deciding, *unclear, *holding),
    )
    gate = Gate.HARD if held else rule.gate
    return _judgement(policy, request, rule, gate, risk=risk, why=why, irreversible=bool(irreversible))


def _judgement(
    policy: Policy,
    request: Request,
    rule: Rule,
    gate: Gate,
    *,
    risk: Risk,
    why: _Why,
    irreversible: bool,
) -> Judgement:
    auto = gate is Gate.AUTO
    return Judgement(
        gate=gate,
        risk=risk,
        rule=rule.name,
        reasons=why.reasons,
        policy_version=policy.version,
        # Nobody is asked and nothing is due where the policy itself approves.
        ask=() if auto else rule.ask or policy.default.ask,
        steps=() if auto else _steps(rule.steps or policy.default.steps, gate),
        title=heading(rule.title, request, risk),
        template=rule.title.text if rule.title is not None else None,
        quorum=rule.quorum,
        irreversible=irreversible,
        channel=rule.channel or policy.channel,
        guidance=rule.guidance,
        summary=rule.summary,
        sensitive=rule.sensitive,
        form=rule.form,
        valid_for=rule.valid_for,
        confirm=rule.confirm if gate is Gate.MANUAL else None,
        digest=rule.digest,
        deciding=why.deciding,
    )


def _irreversible(policy: Policy, request: Request) -> tuple[str, ...]:
    if policy.irreversible.match(request.action):
        return (f"{short(request.action)} cannot be undone",)
    return ("the agent says that it cannot be undone",) if request.reversible is False else ()


def _match(policy: Policy, scope: Scope) -> _Match:
    """Of the first rule that matches and those before it that might, the strictest."""
    might: list[tuple[Rule, Truth]] = []
    matched = policy.default
    for rule in policy.rules:
        truth = Truth.MET if rule.when is None else rule.when.on(scope)
        if truth is Truth.MET:
            matched = rule
            break
        if truth is not Truth.UNMET:
            might.append((rule, truth))
    candidates = [*(rule for rule, _ in might), matched]
    # `max` gives the first of equals, which is the earlier rule.
    strictest = max(candidates, key=lambda rule: (_STRICTNESS.index(rule.gate), rule.quorum))
    reasons = tuple(_might(rule, truth) for rule, truth in might)
    if matched is not policy.default:
        met = f"rule {matched.name} matches"
    else:
        met = "no rule matches, so the default holds" if matched is strictest else "no rule matches"
    failing = any(truth is Truth.FAILING for _, truth in might)
    if strictest is matched:
        return _Match(matched, (*reasons, met), (met,), failing)
    holds = f"rule {strictest.name} holds it, the strictest of those"
    why = tuple(_might(rule, truth) for rule, truth in might if rule is strictest)
    return _Match(strictest, (*reasons, met, holds), (*why, holds), failing)


def _might(rule: Rule, truth: Truth) -> str:
    if truth is Truth.ABSENT:
        return f"rule {rule.name} might apply: it looks at something the request does not have"
    return f"rule {rule.name} might apply: its condition cannot be worked out for this request"


def _held(rule: Rule, request: Request, risk: Risk, irreversible: bool) -> str | None:
    """Why an approval may not have its rule's gate; None when it may."""
    gate = rule.gate
    if gate is Gate.QUESTION:
        return "an approval is no question"
    if irreversible and gate in _TOO_LATE:
        return "it cannot be undone"
    if gate in _UNATTENDED and risk.rank > Risk.MEDIUM.rank:
        return f"it is {risk} risk"
    if gate in _UNATTENDED and rule.form is not None and form.flaws(rule.form, request.payload):
        return "its arguments break the rule's form"
    return None


def _steps(steps: tuple[Step, ...], gate: Gate) -> tuple[Step, ...]:
    """A plan as `gate` may carry it out: silence approves under `soft` only, an approval alone can park."""
    last = steps[-1]
    if gate is Gate.SOFT or last.do is StepKind.EXPIRE:
        return steps
    if last.do is StepKind.PARK and gate not in (Gate.AUDIT, Gate.QUESTION):
        return steps
    return (*steps[:-1], replace(last, do=StepKind.EXPIRE, review=False))

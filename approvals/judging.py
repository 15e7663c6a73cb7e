"""What the policy says of one request: gate, risk, rule and why. Pure, and on every request's way in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from approvals import form
from approvals.conditions import Scope, Truth
from approvals.digesting import may_clear
from approvals.model import Judgement, Request, Step
from approvals.policy_model import Policy, Rule
from approvals.risk import claimed, finding, short
from approvals.titles import heading
from approvals.words import DigestName, Gate, Kind, Risk, StepKind

#: From the gentlest to the strictest, where several rules might hold a request (contract, section 4).
_STRICTNESS = (Gate.AUTO, Gate.AUDIT, Gate.SOFT, Gate.QUESTION, Gate.HARD, Gate.MANUAL)
#: Gates that approve without a person.
_UNATTENDED = frozenset({Gate.AUTO, Gate.SOFT})
#: Gates that let an action happen before anybody looked.
_TOO_LATE = frozenset({Gate.AUTO, Gate.SOFT, Gate.AUDIT})
#: Kinds that take one gate, whatever the rule's, and why.
_OF_KIND = {
    Kind.QUESTION: (Gate.QUESTION, "a question is answered, whatever the rule's gate"),
    Kind.REVIEW: (Gate.AUDIT, "a review looks at what is done already, whatever the rule's gate"),
}


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The first rule that matches, and those before it that might apply."""

    matched: Rule
    might: tuple[tuple[Rule, Truth], ...] = ()

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All of them, in the policy's order."""
        return (*(rule for rule, _ in self.might), self.matched)

    @property
    def failing(self) -> bool:
        """Whether any condition could not be worked out."""
        return any(truth is Truth.FAILING for _, truth in self.might)


@dataclass(frozen=True, slots=True)
class _Match:
    """The rule that holds a request, and why."""

    rule: Rule
    reasons: tuple[str, ...]
    #: those of the reasons without which another rule would hold it
    deciding: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What of a request bears on the gate that a rule may give it."""

    request: Request
    risk: Risk
    irreversible: bool


class _Why(NamedTuple):
    """All reasons of a judgement, and those of them that decide the gate."""

    reasons: tuple[str, ...]
    deciding: tuple[str, ...]


def judge(policy: Policy, request: Request, *, always_shown: bool = False) -> Judgement:
    """The judgement that `request` keeps. `always_shown`: no sampling hides it from people."""
    found = finding(policy, request)
    risk, claim = claimed(found.risk, request)
    irreversible = _irreversible(policy, request)
    candidates = _candidates(policy, found.scope)
    unclear: tuple[str, ...] = ()
    if candidates.failing and risk.rank < Risk.HIGH.rank:
        risk, unclear = Risk.HIGH, ("what cannot be worked out is at least high risk",)
    asked = _Asked(request, risk, bool(irreversible))
    match = _match(policy, candidates, asked)
    rule = match.rule
    gate, holding = _gate(rule, asked)
    sample = None if always_shown else _sample(candidates, gate, asked)
    sampling = () if sample is None else (f"{sample * 100:g} % of these are shown to people",)
    why = _Why(
        (*found.reasons, *claim, *irreversible, *match.reasons, *unclear, *holding, *sampling),
        (*match.deciding, *unclear, *holding),
    )
    judgement = _judgement(policy, asked, rule, gate, why, sample)
    # What its rule only might be for is looked at by itself.
    return judgement if rule is candidates.matched else replace(judgement, digest=None)


def _judgement(  # noqa: PLR0917  # each is found by another step
    policy: Policy, asked: _Asked, rule: Rule, gate: Gate, why: _Why, sample: float | None
) -> Judgement:
    auto = gate is Gate.AUTO
    return Judgement(
        gate=gate,
        risk=asked.risk,
        rule=rule.name,
        reasons=why.reasons,
        policy_version=policy.version,
        # Nobody is asked and nothing is due where the policy itself approves.
        ask=() if auto else rule.ask or policy.default.ask,
        steps=() if auto else steps_of(rule, policy, gate),
        title=heading(rule.title, asked.request, asked.risk),
        template=rule.title.text if rule.title is not None else None,
        quorum=_quorum(rule, gate),
        irreversible=asked.irreversible,
        channel=rule.channel or policy.channel,
        guidance=rule.guidance,
        summary=rule.summary,
        sensitive=rule.sensitive,
        form=rule.form,
        valid_for=rule.valid_for,
        confirm=rule.confirm if gate is Gate.MANUAL else None,
        digest=_digest(rule, gate, asked),
        grants=rule.grants,
        deciding=why.deciding,
        sample=sample,
    )


def _gate(rule: Rule, asked: _Asked) -> tuple[Gate, tuple[str, ...]]:
    """The gate it gets, and why that is not its rule's."""
    if asked.request.kind in _OF_KIND:
        gate, why = _OF_KIND[asked.request.kind]
        return gate, () if rule.gate is gate else (why,)
    held = _held(rule, asked)
    return (rule.gate, ()) if held is None else (Gate.HARD, (f"held as hard because {held}",))


def _sample(candidates: _Candidates, gate: Gate, asked: _Asked) -> float | None:
    """The share that is shown; where several rules might hold it, the largest of theirs."""
    if gate is not Gate.AUDIT:
        return None
    shares = [_share(rule, asked) for rule in candidates.rules if _gate(rule, asked)[0] is Gate.AUDIT]
    known = [share for share in shares if share is not None]
    return max(known) if len(known) == len(shares) else None


def _share(rule: Rule, asked: _Asked) -> float | None:
    """What cannot be undone, or breaks the rule's form, is always shown."""
    if rule.gate is not Gate.AUDIT or asked.irreversible or _breaks_form(rule, asked.request):
        return None
    return rule.sample


def _irreversible(policy: Policy, request: Request) -> tuple[str, ...]:
    if policy.irreversible.match(request.action):
        return (f"{short(request.action)} cannot be undone",)
    return ("the agent says that it cannot be undone",) if request.reversible is False else ()


def _candidates(policy: Policy, scope: Scope) -> _Candidates:
    might: list[tuple[Rule, Truth]] = []
    for rule in policy.rules:
        truth = Truth.MET if rule.when is None else rule.when.on(scope)
        if truth is Truth.MET:
            return _Candidates(rule, tuple(might))
        if truth is not Truth.UNMET:
            might.append((rule, truth))
    return _Candidates(policy.default, tuple(might))


def _match(policy: Policy, candidates: _Candidates, asked: _Asked) -> _Match:
    """Of the first rule that matches and those before it that might, the strictest."""
    matched = candidates.matched
    # `max` gives the first of equals, which is the earlier rule. Most requests have one rule to weigh.
    rules = candidates.rules
    strictest = max(rules, key=lambda rule: _strictness(rule, asked)) if len(rules) > 1 else matched
    reasons = tuple(_might(rule, truth) for rule, truth in candidates.might)
    if matched is not policy.default:
        met = f"rule {matched.name} matches"
    else:
        met = "no rule matches, so the default holds" if matched is strictest else "no rule matches"
    if strictest is matched:
        return _Match(matched, (*reasons, met), (met,))
    holds = f"rule {strictest.name} holds it, the strictest of those"
    why = tuple(_might(rule, truth) for rule, truth in candidates.might if rule is strictest)
    return _Match(strictest, (*reasons, met, holds), (*why, holds))


def _strictness(rule: Rule, asked: _Asked) -> tuple[int, int, int]:
    """By the gate it would get: an `auto` that is held as `hard` is stricter than an `audit`."""
    gate, _ = _gate(rule, asked)
    own = Gate.HARD if rule.gate is Gate.QUESTION else rule.gate
    return _STRICTNESS.index(gate), _STRICTNESS.index(own), _quorum(rule, gate)


def _quorum(rule: Rule, gate: Gate) -> int:
    """The first reviewer, and the first answer, ends it."""
    return 1 if gate in (Gate.AUDIT, Gate.QUESTION) else rule.quorum


def _might(rule: Rule, truth: Truth) -> str:
    if truth is Truth.ABSENT:
        return f"rule {rule.name} might apply: it looks at something the request does not have"
    return f"rule {rule.name} might apply: its condition cannot be worked out for this request"


def _held(rule: Rule, asked: _Asked) -> str | None:
    """Why an approval may not have its rule's gate; None when it may."""
    gate = rule.gate
    if gate is Gate.QUESTION:
        return "an approval is no question"
    if asked.irreversible and gate in _TOO_LATE:
        return "it cannot be undone"
    if gate in _UNATTENDED and asked.risk.rank > Risk.MEDIUM.rank:
        return f"it is {asked.risk} risk"
    if gate in _TOO_LATE and _breaks_form(rule, asked.request):
        return "its arguments break the rule's form"
    return None


def _breaks_form(rule: Rule, request: Request) -> bool:
    return rule.form is not None and bool(form.flaws(rule.form, request.payload))


def _digest(rule: Rule, gate: Gate, asked: _Asked) -> DigestName | None:
    """Where people are shown it together with others; None: on a card of its own."""
    if rule.digest is None or asked.request.kind is Kind.QUESTION:
        return None
    return rule.digest if may_clear(gate, asked.risk, _quorum(rule, gate)) else None


def steps_of(rule: Rule, policy: Policy, gate: Gate) -> tuple[Step, ...]:
    """What happens over time under `rule` where `gate` holds the request."""
    return _steps(rule.steps or policy.default.steps, gate)


def _steps(steps: tuple[Step, ...], gate: Gate) -> tuple[Step, ...]:
    """A plan as `gate` may carry it out: silence approves under `soft` only, an approval alone can park."""
    last = steps[-1]
    if gate is Gate.SOFT or last.do is StepKind.EXPIRE:
        return steps
    if last.do is StepKind.PARK and gate not in (Gate.AUDIT, Gate.QUESTION):
        return steps
    return (*steps[:-1], replace(last, do=StepKind.EXPIRE, review=False))

"""How risky a request is: by its action's name, raised by conditions, each step with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from approvals.conditions import Condition, Scope, Truth
from approvals.model import Request
from approvals.policy_model import Policy, Raise
from approvals.words import Risk

#: Characters of a condition or an action's name in a reason: approvers read many of these.
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """The policy's own finding (without the agent's claim), why, and the request as its conditions see it."""

    risk: Risk
    reasons: tuple[str, ...]
    scope: Scope


def finding(policy: Policy, request: Request) -> Finding:
    """Base level by name (from critical down), then what raises it, in order."""
    risk, reason = _base(policy, request.action)
    scope = Scope(request, risk, policy.looks_at)
    reasons = [reason]
    for lift in policy.risk.raises:
        truth = lift.when.on(scope)
        if truth in (Truth.MET, Truth.FAILING):
            lifted = _lifted(risk, lift)
            reasons.append(_why(lift, truth, risk, lifted))
            risk = lifted
            scope.lift(risk)
    return Finding(risk, tuple(reasons), scope)


def claimed(risk: Risk, request: Request) -> tuple[Risk, tuple[str, ...]]:
    """The risk with the agent's own claim, which only ever raises it."""
    if request.risk is None or request.risk.rank <= risk.rank:
        return risk, ()
    return request.risk, (f"the agent itself says {request.risk}",)


def shown(condition: Condition) -> str:
    """A condition as a reason names it: one line, cut where it is long."""
    return short(" ".join(condition.text.split()))


def short(text: str) -> str:
    """`text`, cut visibly where it is too long for a reason."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _base(policy: Policy, action: str) -> tuple[Risk, str]:
    for risk, globs in policy.risk.levels:
        if globs.match(action):
            return risk, f"{short(action)} is {risk} risk"
    return policy.risk.unknown, f"{short(action)} is not listed, so it is {policy.risk.unknown} risk"


def _lifted(risk: Risk, lift: Raise) -> Risk:
    return risk.at_least(lift.to) if lift.to is not None else risk.lifted(lift.by)


def _why(lift: Raise, truth: Truth, before: Risk, after: Risk) -> str:
    level = f"stays {after}" if after is before else str(after)
    if truth is Truth.FAILING:
        return f"{shown(lift.when)} cannot be worked out for this request, so it counts: {level}"
    return f"{shown(lift.when)}: {level}"

"""What loads and is likely not meant: `hitl policy check` says it, and the log at each start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from approvals.conditions import wants_more
from approvals.digesting import may_clear
from approvals.policy_model import DEFAULT, Rule
from approvals.policy_problems import Problem
from approvals.words import Gate, Risk, StepKind

#: Gates that let an action happen before a person decided.
_GENTLE = frozenset({Gate.AUTO, Gate.AUDIT, Gate.SOFT})
_STRICT = frozenset({Gate.HARD, Gate.MANUAL})


def warnings_of(rules: Sequence[Rule], default: Rule | None, file: str) -> Iterator[Problem]:
    """Everything to be warned of in `rules` and in `default`, rule by rule."""
    for rule in rules:
        for field, message in _of_rule(rule):
            yield Problem(file, rule.line, rule.name, field, message)
    if default is not None:
        for field, message in (*_of_default(default), *_of_rule(default)):
            yield Problem(file, default.line, DEFAULT, field, message)


def _of_rule(rule: Rule) -> Iterator[tuple[str, str]]:
    yield from _of_when(rule)
    if rule.grants is not None and not rule.grants.same:
        yield "grants", "has no `same`: only numbers are bound then, and every text may differ"
    if rule.quorum > 1 and rule.gate in (Gate.AUDIT, Gate.QUESTION):
        yield "quorum", f"under {rule.gate} the first answer ends it; it counts only where held as hard"
    if rule.digest is not None and not _may_be_digested(rule):
        yield "digest", "holds what one click clears: gate soft, hard or audit, no quorum; these have cards"
    last = rule.steps[-1].do if rule.steps else None
    if last is StepKind.PARK and rule.gate in (Gate.AUDIT, Gate.QUESTION):
        yield "steps", f"under {rule.gate} nothing is parked: park is expire"
    for step in rule.steps:
        if step.to is not None and step.to in rule.ask:
            yield "steps", f"escalates to {step.to}, who are asked from the start: to nudge them, use remind"


def _may_be_digested(rule: Rule) -> bool:
    # What is `auto` may be held as `hard`; then the digest shows it.
    return rule.gate is Gate.AUTO or may_clear(rule.gate, Risk.LOW, rule.quorum)


def _of_when(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.when is None:
        return
    if rule.gate in _GENTLE and any(
        mention.name == "payload" and not mention.equal for mention in rule.when.mentions
    ):
        yield "when", "`!=` is also met by a value of another type (5 is not '5'): name what is let through"
    if rule.gate in _STRICT and wants_more(rule.when):
        yield (
            "when",
            "might apply to every action without what it looks at, and then holds it:"
            " begin with the action (action == '…' && …) or with has(…) && …",
        )


def _of_default(default: Rule) -> Iterator[tuple[str, str]]:
    if default.gate in _GENTLE:
        yield "gate", f"{default.gate} lets through what no rule was written for"

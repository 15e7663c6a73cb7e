"""Rules that nothing ever reaches, and gates that a rule can never have."""

from __future__ import annotations

from collections.abc import Sequence

from approvals.cel_reach import implies, never, only_at
from approvals.policy_model import Rule
from approvals.policy_place import Place
from approvals.words import Gate, Risk

#: Gates that let a request through without a person, above which risk they no longer may.
_GENTLE = frozenset({Gate.AUTO, Gate.SOFT})
_RISKY = (Risk.HIGH, Risk.CRITICAL)


def check_reached(place: Place, rule: Rule, before: Sequence[Rule]) -> None:
    """Note that `rule`, at `place`, can never match: by itself, or because one `before` takes it all."""
    if rule.when is not None and never(rule.when.tree):
        place.wrong("can never match: parts of its `when` contradict each other")
        return
    for other in before:
        why = _taken(rule, other)
        if why:
            place.wrong(f"can never match: rule {other.name!r} on line {other.line} {why}")
            return


def check_risk(place: Place, rule: Rule) -> None:
    """Note at `place`, the `when`, that it is for risks at which its gate is held as hard anyway."""
    if rule.when is None or rule.gate not in _GENTLE:
        return
    named = any(
        mention.name == "risk" and mention.equal and not mention.values.isdisjoint(_RISKY)
        for mention in rule.when.mentions
    )
    if named or only_at(rule.when.tree, _RISKY):
        place.wrong(f"{rule.gate} is for low and medium risk only: what is riskier is held as hard")


def _taken(rule: Rule, other: Rule) -> str:
    """Why `other`, which comes first, matches whatever `rule` matches; empty where that is not plain."""
    if other.when is None:
        return "has no `when` and takes all"
    if rule.when is None:
        return ""
    if other.when == rule.when or other.when.tree == rule.when.tree:
        return "has the same `when`"
    return "matches whatever this one matches" if implies(rule.when.tree, other.when.tree) else ""

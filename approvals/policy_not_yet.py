"""What the contract promises and the program does not do yet: whoever builds a thing deletes its word here.

What would change who decides is refused by name rather than half obeyed; what only adds to it is warned of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from approvals.model import Gate, StepKind
from approvals.policy_model import Group, Rotation, Rule
from approvals.policy_place import Place
from approvals.policy_problems import Problem

#: Refused.
NOT_YET_GATES = frozenset({Gate.SOFT, Gate.MANUAL, Gate.AUDIT, Gate.QUESTION})
NOT_YET_FIELDS = frozenset({"digest", "grants", "sample"})
NOT_YET_ASKED: tuple[type[Group], ...] = (Rotation,)
#: Warned of: the request still ends at its last step.
NOT_YET_STEPS = frozenset({StepKind.REMIND, StepKind.ESCALATE})
NOT_YET_SETTINGS = ("digests", "review", "storm")


def not_yet_of(top: Mapping[str, Place], rules: Sequence[Rule], default: Rule) -> Iterator[Problem]:
    """A warning for each thing in a policy that loads and that nobody carries out. `top` is its fields."""
    for name in NOT_YET_SETTINGS:
        if name in top:
            yield _warning(top[name], "is not carried out yet")
    written = top["rules"].items() if "rules" in top else ()
    for place, rule in zip((*written, top["default"]), (*rules, default), strict=True):
        steps = (place.in_rule(rule.name).entries() or {}).get("steps")
        for step_place, step in zip(steps.items() if steps else (), rule.steps, strict=True):
            if step.do in NOT_YET_STEPS:
                yield _warning(step_place, f"{step.do} is not carried out yet")


def _warning(place: Place, message: str) -> Problem:
    return Problem(place.file, place.line, place.rule, place.field, message)

"""A rule's `steps` as they stand in the file: read, and checked against the gate they are for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

from approvals.model import Step
from approvals.policy_place import Place, got
from approvals.words import Gate, GroupName, StepKind


def steps_of(place: Place, gate: Gate, group: Callable[[Place], GroupName | None]) -> tuple[Step, ...]:
    """The steps of a list. What is wrong is noted; `group` reads a group's name."""
    found = [(item, _step(item, group)) for item in place.items()]
    steps = [(item, step) for item, step in found if step is not None]
    if len(steps) == len(found):
        _check(place, gate, steps)
    return tuple(step for _, step in steps)


def _step(place: Place, group: Callable[[Place], GroupName | None]) -> Step | None:
    fields = place.fields("after", "do", "to", "review", needs=("after", "do"))
    after = got(fields, "after", Place.duration)
    do = got(fields, "do", lambda place: place.word(StepKind))
    to = got(fields, "to", group)
    review = got(fields, "review", Place.flag)
    if do is StepKind.ESCALATE and "to" not in fields:
        place.missing("to", ": escalate to which group?")
    if do not in (None, StepKind.ESCALATE) and "to" in fields:
        fields["to"].wrong(f"is for escalate only, not for {do}")
    if do not in (None, StepKind.APPROVE) and "review" in fields:
        fields["review"].wrong(f"is for approve only, not for {do}")
    if after is None or do is None:
        return None
    return Step(after, do, to, bool(review))


def _check(whole: Place, gate: Gate, steps: Sequence[tuple[Place, Step]]) -> None:
    # A soft rule ends with approve, and no other one does.
    right = "approve" if gate is Gate.SOFT else "expire or park"
    if not steps or not steps[-1][1].do.last:
        whole.wrong(f"the last step is missing: what ends it, {right}?")
    before = timedelta()
    for index, (place, step) in enumerate(steps):
        if step.after <= before:
            place.wrong("is not after the step before it; `after` counts from the opening")
        before = max(before, step.after)
        if step.do.last and index < len(steps) - 1:
            place.wrong(f"{step.do} ends the request, so nothing can come after it")
        if step.do is StepKind.APPROVE and gate is not Gate.SOFT:
            place.wrong(f"approve is for gate soft only; with {gate} it is {right}")
    if gate is Gate.SOFT and steps and steps[-1][1].do in (StepKind.EXPIRE, StepKind.PARK):
        steps[-1][0].wrong("gate soft ends with approve; to end otherwise use gate hard")

"""Plans, the moments at which some clock was awake, and what must have come of both: told in a few lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import strategies as st

from approvals.audit import Fact, FactKind
from approvals.model import Step
from approvals.words import Gate, Instant, StepKind
from tests.harness.cases import DIRECTORS, FINANCE, NOON

MINUTE = timedelta(minutes=1)
#: Beyond the last step, so that clocks sleep past the end too.
_LATEST = 130
_ENDS = {
    Gate.HARD: (StepKind.EXPIRE, StepKind.PARK),
    Gate.MANUAL: (StepKind.EXPIRE, StepKind.PARK),
    Gate.AUDIT: (StepKind.EXPIRE,),
    Gate.QUESTION: (StepKind.EXPIRE,),
    Gate.SOFT: (StepKind.APPROVE,),
}
_SAYS = {
    FactKind.REMINDED: StepKind.REMIND,
    FactKind.ESCALATED: StepKind.ESCALATE,
    FactKind.PARKED: StepKind.PARK,
}
#: In any order: clocks are set back, and jump ahead.
MOMENTS = st.lists(st.integers(0, _LATEST).map(lambda minutes: NOON + minutes * MINUTE), max_size=8)


@dataclass(frozen=True, slots=True)
class Plan:
    """A gate, and steps that it allows."""

    gate: Gate
    steps: tuple[Step, ...]


@st.composite
def plans(draw: st.DrawFn, gates: Sequence[Gate]) -> Plan:
    """Any that a policy could have for one of `gates`, of up to six steps within two hours."""
    gate = draw(st.sampled_from(gates))
    minutes = sorted(draw(st.sets(st.integers(1, 120), min_size=1, max_size=6)))
    return Plan(gate, (*(draw(_early(each)) for each in minutes[:-1]), draw(_last(gate, minutes[-1]))))


def _early(minutes: int) -> st.SearchStrategy[Step]:
    remind = st.just(Step(minutes * MINUTE, StepKind.REMIND))
    to = st.sampled_from([FINANCE, DIRECTORS])
    return remind | to.map(lambda group: Step(minutes * MINUTE, StepKind.ESCALATE, to=group))


def _last(gate: Gate, minutes: int) -> st.SearchStrategy[Step]:
    return st.sampled_from(_ENDS[gate]).map(lambda kind: Step(minutes * MINUTE, kind))


@dataclass(frozen=True, slots=True)
class Fired:
    """A step of the plan by its place, and when it fired."""

    place: int
    at: Instant


def expected(plan: Plan, moments: Sequence[Instant]) -> list[Fired]:
    """Each step fires at the first of `moments` that is not before its time, and those of one in order."""
    first = [next((at for at in moments if at >= NOON + step.after), None) for step in plan.steps]
    return [Fired(place, at) for place, at in enumerate(first) if at is not None]


def fired(plan: Plan, facts: Sequence[Fact]) -> list[Fired]:
    """What the log says of it; a step that fired twice stands there twice."""
    return [Fired(_place(plan, fact), fact.at) for fact in facts if _is_step(fact)]


def said(plan: Plan, together: Sequence[Fired]) -> list[str]:
    """Which notes follow when these fired together: every escalation, and of the reminders the last."""
    kinds = {each.place: plan.steps[each.place].do for each in together}
    if any(kind.last for kind in kinds.values()):
        return []
    last = max((place for place, kind in kinds.items() if kind is StepKind.REMIND), default=None)
    kept = [place for place, kind in kinds.items() if kind is StepKind.ESCALATE or place == last]
    return [f"{kinds[place].value}:{place}" for place in kept]


def _is_step(fact: Fact) -> bool:
    return fact.kind in _SAYS or (fact.kind is FactKind.DECIDED and fact.by == "clock")


def _place(plan: Plan, fact: Fact) -> int:
    if fact.kind is FactKind.DECIDED:
        return len(plan.steps) - 1
    after = timedelta(seconds=int(str(fact.body["after"])))
    return plan.steps.index(
        next(step for step in plan.steps if (step.do, step.after) == (_SAYS[fact.kind], after))
    )

"""When a request's steps are due. A plan, the moment of opening, and what has fired: no clock in here."""

from __future__ import annotations

from approvals.model import Case, Instant, Step, StepKind

#: Parsed and kept with the request, but not carried out yet.
WAITING = frozenset({StepKind.REMIND, StepKind.ESCALATE})


def ends_at(case: Case) -> Instant | None:
    """When the last step is due: the contract's `due_at`. None without steps (a request that never waits)."""
    steps = case.judgement.steps
    return case.request.created_at + steps[-1].after if steps else None


def remaining(case: Case) -> tuple[tuple[int, Step], ...]:
    """The steps that have not fired, each with its place in the plan; none once it is decided or parked."""
    if case.status.final or case.parked_at is not None:
        return ()
    steps = enumerate(case.judgement.steps)
    return tuple((place, step) for place, step in steps if place >= case.fired and step.do not in WAITING)


def next_due(case: Case) -> Instant | None:
    """When something is to be done next: the sweeper's `due_at`. None when nothing is left."""
    return next((case.request.created_at + step.after for _, step in remaining(case)), None)


def due(case: Case, now: Instant) -> tuple[tuple[int, Step], ...]:
    """The steps whose time has come, in order, each with its place in the plan."""
    return tuple(item for item in remaining(case) if case.request.created_at + item[1].after <= now)

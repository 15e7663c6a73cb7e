"""When a request's steps are due. A plan, when it began, and what has fired: no clock in here."""

from __future__ import annotations

from dataclasses import replace

from approvals.model import Case, Step
from approvals.words import Gate, Instant, StepKind


def began_at(case: Case) -> Instant | None:
    """From when the steps count; None while its agent is paused, or a soft window waits for its card."""
    if case.held or case.began_at is not None or case.judgement.gate is Gate.SOFT:
        return case.began_at
    return case.request.created_at


def as_if_shown(case: Case, now: Instant) -> Case:
    """The case as it will be once its card is up: a card names the end of the window that it begins."""
    return case if case.held or began_at(case) is not None else replace(case, began_at=now)


def ends_at(case: Case) -> Instant | None:
    """When the last step is due: the contract's `due_at`. None without steps (a request that never waits).

    While its agent is paused, or a soft window waits for its card, the earliest that it can be.
    """
    steps = case.judgement.steps
    return (began_at(case) or case.request.created_at) + steps[-1].after if steps else None


def remaining(case: Case) -> tuple[tuple[int, Step], ...]:
    """The steps that have not fired, each with its place in the plan; none once it is decided or parked."""
    if case.status.final or case.parked_at is not None:
        return ()
    steps = enumerate(case.judgement.steps)
    return tuple((place, step) for place, step in steps if place >= case.fired and place not in case.ahead)


def next_due(case: Case) -> Instant | None:
    """When something is to be done next: the sweeper's `due_at`. None when nothing is left."""
    began = began_at(case)
    return None if began is None else next((began + step.after for _, step in remaining(case)), None)


def due(case: Case, now: Instant) -> tuple[tuple[int, Step], ...]:
    """The steps whose time has come, in order, each with its place in the plan."""
    began = began_at(case)
    return () if began is None else tuple(item for item in remaining(case) if began + item[1].after <= now)


def next_escalation(case: Case) -> tuple[int, Step] | None:
    """The step that would ask more people next, with its place."""
    return next((item for item in remaining(case) if item[1].do is StepKind.ESCALATE), None)

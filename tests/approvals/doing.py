"""What people and time do to a case, in one word each."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from approvals.audit import FactKind
from approvals.effects import CallAgent, CallbackType, Effect, PostNote, ShowCard
from approvals.events import Answered, Edited, Shown, Ticked, Voted
from approvals.machine import Ruling, decide
from approvals.model import Case, Decision
from approvals.roster import Person, Roster
from approvals.words import Choice, Instant
from tests.harness.cases import ALICE, NOON, a_roster

LATER = NOON + timedelta(minutes=5)
SHOW_AND_CALL = (ShowCard(), CallAgent("decided", CallbackType.DECIDED))


def approve(case: Case, by: Person = ALICE, *, at: datetime = LATER, **fields: Any) -> Ruling:
    """`by` approves what is on the screen now."""
    whole = {"seen": case.sight, "roster": a_roster(), **fields}
    return decide(case, Voted(by, Choice.APPROVE, **whole), at)


def reject(
    case: Case, by: Person = ALICE, reason: str | None = "no receipt", *, at: datetime = LATER, **fields: Any
) -> Ruling:
    """`by` rejects what is on the screen now."""
    whole = {"seen": case.sight, "roster": a_roster(), "reason": reason, **fields}
    return decide(case, Voted(by, Choice.REJECT, **whole), at)


def edit(
    case: Case, by: Person = ALICE, *, at: datetime = LATER, typed: str | None = None, **changed: Any
) -> Ruling:
    """`by` changes fields of the payload and approves it so."""
    payload = {**case.payload, **changed}
    return decide(case, Edited(by, payload, case.sight, a_roster(), typed=typed), at)


def answer(case: Case, words: str, by: Person = ALICE, *, at: datetime = LATER, **fields: Any) -> Ruling:
    """`by` answers the question."""
    return decide(case, Answered(by, words, **{"seen": case.sight, "roster": a_roster(), **fields}), at)


def shown(case: Case, at: datetime = NOON) -> Case:
    """The card is up."""
    return decide(case, Shown(), at).case


def tick(
    case: Case, at: datetime, *, roster: Roster | None = None, heard_since: Instant | None = None
) -> Ruling:
    """The clock comes by."""
    return decide(case, Ticked(roster, heard_since), at)


def kinds(ruling: Ruling) -> list[FactKind]:
    """What the ruling writes down."""
    return [fact.kind for fact in ruling.facts]


def notes(ruling: Ruling) -> list[PostNote]:
    """What the ruling says in the thread."""
    return [effect for effect in ruling.effects if isinstance(effect, PostNote)]


def calls(effects: tuple[Effect, ...]) -> list[CallbackType]:
    """What the agent is called for, in order."""
    return [effect.type for effect in effects if isinstance(effect, CallAgent)]


def decision_of(ruling: Ruling) -> Decision:
    """How it ended, when it did."""
    assert ruling.case.decision is not None
    return ruling.case.decision

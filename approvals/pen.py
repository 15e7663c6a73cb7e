"""Writes one ruling: the case so far, and the facts and effects that it took to get there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from approvals.audit import Fact, FactKind, head_of, link
from approvals.canonical import Digest, Json, digest_of, salted
from approvals.effects import (
    CallAgent,
    CallbackType,
    Effect,
    Escalated,
    PostNote,
    Reminded,
    ShowCard,
    TellUnreached,
)
from approvals.errors import Broken, Reason
from approvals.model import Case, Decision, Flaw
from approvals.moves import MOVES, Move
from approvals.roster import Person
from approvals.words import STORM, GrantId, Instant, Status, UserId, Via


@dataclass(frozen=True, slots=True)
class Answer:
    """What to tell whoever caused the event."""

    #: why it changed nothing; None when it did what was asked
    refused: Reason | None = None
    #: with `BREAKS_FORM`: which fields, and how
    flaws: tuple[Flaw, ...] = ()
    #: the same person had already said the same of the same payload
    repeated: bool = False
    #: with `repeated`: who said so before, where that was their deputy, or whoever is away
    already: Person | None = None


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one event comes to: all of it is committed together, or none."""

    case: Case
    facts: tuple[Fact, ...] = ()
    effects: tuple[Effect, ...] = ()
    answer: Answer = Answer()


class Pen:
    """Begins with a case as it stood, ends with a `Ruling`."""

    def __init__(self, case: Case, now: Instant, *, crowded: bool = False) -> None:
        self.before = case
        self.case = case
        self.now = now
        #: its channel has more cards than the policy wants
        self.crowded = crowded
        self.facts: list[Fact] = []
        self.effects: list[Effect] = []

    def change(self, **fields: Any) -> None:
        """Fields of the case."""
        self.case = replace(self.case, **fields)

    def note(self, kind: FactKind, by: str, body: Mapping[str, Json]) -> None:
        """One fact more, linked to those before it."""
        fact = link(self.case.chain, self.case.id, self.now, kind=kind, by=by, body=body)
        self.facts.append(fact)
        self.change(chain=head_of(fact))

    def follow(self, *effects: Effect) -> None:
        """What must be done once this is committed, in order."""
        self.effects.extend(effects)

    def leave_digest(self) -> None:
        """It needs a message of its own now; where its channel is full of them, it joins the storm."""
        if self.case.waits_in is not None:
            self.change(waits_in=STORM if self.crowded else None)

    def sealed(self, digest: Digest) -> str:
        """A digest as facts hold it."""
        return salted(self.case.request.salt, digest)

    def end(  # noqa: PLR0913  # a decision's parts, by name
        self,
        move: Move,
        via: Via,
        by: tuple[Person, ...],
        signed: str,
        reason: str | None = None,
        *,
        answer: str | None = None,
        grant: GrantId | None = None,
        in_place_of: Mapping[UserId, Person] = MappingProxyType({}),
    ) -> None:
        """Move to a final status; what it comes from and goes to is `MOVES`'s business."""
        try:
            verdict = MOVES[self.case.status, move]
        except KeyError:
            raise Broken(f"{self.case.id} is {self.case.status}: no way for '{move}'") from None
        proceeds = verdict in (Status.APPROVED, Status.MODIFIED)
        life = self.case.judgement.valid_for
        decision = Decision(
            verdict=verdict,
            via=via,
            by=by,
            decided_at=self.now,
            reason=said(reason),
            answer=answer,
            valid_until=self.now + life if proceeds and life is not None else None,
            grant=grant,
            in_place_of=dict(in_place_of),
        )
        self.change(status=verdict, decision=decision)
        body: dict[str, Json] = {
            "verdict": str(verdict),
            "via": str(via),
            "by": [person.id for person in by],
            "payload": self.sealed(self.case.digest),
            # What people said stands with their votes.
            "reason": None if via is Via.HUMAN else said(reason),
        }
        if grant is not None:
            body["grant"] = grant
        if answer is not None:
            body["answer"] = self.sealed(digest_of(answer))
        self.note(FactKind.DECIDED, signed, body)
        if not self.case.quiet:
            self.follow(ShowCard())
        self.follow(CallAgent("decided", CallbackType.DECIDED))
        if self.case.flagged:
            self.follow(CallAgent("flagged", CallbackType.FLAGGED))

    def ruling(self, answer: Answer = Answer()) -> Ruling:  # a frozen value
        """All of it."""
        case = self.case
        if case is not self.before:
            case = replace(case, version=self.before.version + 1)
        effects = self.effects
        if case.status.final or case.parked_at is not None:
            # What has ended, or is out of everybody's way, needs nobody's attention.
            effects = [effect for effect in effects if not _calls_people(effect)]
        return Ruling(case, tuple(self.facts), tuple(effects), answer)


def _calls_people(effect: Effect) -> bool:
    if isinstance(effect, TellUnreached):
        return True
    return isinstance(effect, PostNote) and isinstance(effect.note, Reminded | Escalated)


def said(words: str | None) -> str | None:
    """What somebody said; blanks are nothing."""
    return (words or "").strip() or None


def signed(by: Person | str) -> str:
    """How a fact names a person, or an agent."""
    return f"person:{by.id}" if isinstance(by, Person) else f"agent:{by}"

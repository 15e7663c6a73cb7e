"""What to do about a rule, by how its requests fared. Every threshold of the gate review stands here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final

from approvals.gate_record import Record, people_decided, unchanged
from approvals.words import AgentName, Gate, Risk, Status, Via

#: Above this share approved unchanged, of at least so many that people decided, the gate is too strict.
UNCHANGED_SHARE: Final = 0.95
UNCHANGED_LEAST: Final = 20
#: Above this share modified, the agent asks for the wrong thing.
MODIFIED_SHARE: Final = 0.30
#: Above this share without an answer, the route or the hours are wrong.
UNANSWERED_SHARE: Final = 0.10
#: Fewer than so many say nothing about shares.
SHARE_LEAST: Final = 5
#: What is shown of an audit whose reviewers find nothing.
GENTLE_SAMPLE: Final = 0.1
#: How many changed fields are named.
FIELDS_NAMED: Final = 3
#: How long a suggestion stays quiet for its rule after *Not now*.
QUIET_FOR: Final = timedelta(days=30)


class Advice(StrEnum):
    """What a suggestion is about; these stand in buttons and in the store."""

    GENTLER = "gentler"
    MODIFIED = "modified"
    UNANSWERED = "unanswered"
    FLAGGED = "flagged"
    GRANTS = "grants"


class Gentler(StrEnum):
    """What asks less of people than the rule does today."""

    HARD = "hard"
    SOFT = "soft"
    AUTO = "auto"
    #: still audited, but fewer are shown
    SAMPLE = "sample"


@dataclass(frozen=True, slots=True)
class RuleToday:
    """What today's policy says of a rule."""

    gate: Gate
    sample: float | None = None


@dataclass(frozen=True, slots=True)
class Saving:
    """What the gentler gate would have saved, over the same requests."""

    #: cards that nobody would have been shown
    cards: int
    #: answers that nobody would have had to give, or words under `manual` that nobody would have had to type
    answers: int
    #: how long agents waited for these; zero where they would wait all the same
    waited: timedelta


@dataclass(frozen=True, slots=True)
class Correction:
    """What people keep changing in one agent's requests."""

    agent: AgentName
    #: as in `Record.changed`
    place: str
    times: int


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One thing to do about one rule: `count` of `among` requests say so."""

    rule: str
    advice: Advice
    count: int
    among: int
    gentler: Gentler | None = None
    saving: Saving | None = None
    #: of the approvals in `count`, those that were hardly read
    hasty: int = 0
    corrections: tuple[Correction, ...] = ()
    #: of those in `count` that were changed, how many do not tell any more what was: it is deleted
    changes_gone: int = 0


def gentler_than(record: Record, today: RuleToday | None) -> Gentler | None:
    """The gate that could have held `record` with less ado; None where none may, or it was held otherwise.

    What the contract's section 1 forbids is not suggested: only low and medium risk goes through `soft` or
    `auto`, and nothing irreversible does.
    """
    if today is None or record.gate is not today.gate:
        return None
    if record.gate is Gate.MANUAL:
        return Gentler.HARD
    if record.gate is Gate.AUDIT:
        # Whatever the sample, a review of something irreversible is shown.
        return Gentler.SAMPLE if (today.sample or 1.0) > GENTLE_SAMPLE and not record.irreversible else None
    if record.irreversible or record.risk.rank > Risk.MEDIUM.rank:
        return None
    return {Gate.HARD: Gentler.SOFT, Gate.SOFT: Gentler.AUTO}.get(record.gate)


def is_about(advice: Advice, record: Record, today: RuleToday | None) -> bool:
    """Whether `record` is one of those that such a suggestion for its rule counts."""
    match advice:
        case Advice.GENTLER:
            return unchanged(record) and gentler_than(record, today) is not None
        case Advice.MODIFIED:
            return record.verdict is Status.MODIFIED
        case Advice.UNANSWERED:
            return record.unanswered
        case Advice.FLAGGED:
            return record.flagged
        case Advice.GRANTS:
            return record.via is Via.GRANT


@dataclass(slots=True)
class Evidence:
    """What speaks for each suggestion about one rule."""

    rule: str
    today: RuleToday | None
    gentler: Gentler | None = None
    #: how many each suggestion counts, and among how many
    counts: Counter[Advice] = field(default_factory=Counter)
    among: Counter[Advice] = field(default_factory=Counter)
    corrections: Counter[tuple[AgentName, str]] = field(default_factory=Counter)
    cards: int = 0
    answers: int = 0
    waited: timedelta = timedelta()
    hasty: int = 0
    changes_gone: int = 0

    def take(self, record: Record, hasty: int) -> None:
        """One request more; `hasty` is how many of its approvals were hardly read."""
        decided = people_decided(record)
        self.among[Advice.MODIFIED] += decided
        asked = record.shown_at is not None or record.unanswered
        self.among[Advice.UNANSWERED] += asked and record.verdict is not Status.CANCELLED
        self.among[Advice.FLAGGED] += decided and record.gate is Gate.AUDIT
        self.among[Advice.GRANTS] += 1
        for advice in Advice:
            self.counts[advice] += is_about(advice, record, self.today)
        self.corrections.update((record.agent, place) for place in record.changed)
        self.changes_gone += record.changes_gone
        gentler = gentler_than(record, self.today)
        if gentler is not None:
            self._gentler(record, gentler, hasty)

    def _gentler(self, record: Record, gentler: Gentler, hasty: int) -> None:
        self.gentler = gentler
        self.among[Advice.GENTLER] += people_decided(record)
        if record.verdict is not Status.APPROVED:
            return
        self.cards += record.shown_at is not None
        self.answers += sum(ballot.approves for ballot in record.ballots)
        self.hasty += hasty
        if record.decided_at is not None:
            self.waited += record.decided_at - record.opened_at

    def suggestions(self) -> list[Suggestion]:
        """Those that there is enough reason for, what is wrong before what is only too much."""
        found = []
        if self.counts[Advice.FLAGGED]:
            found.append(self._suggestion(Advice.FLAGGED))
        if self._above(Advice.UNANSWERED, UNANSWERED_SHARE, SHARE_LEAST):
            found.append(self._suggestion(Advice.UNANSWERED))
        if self._above(Advice.MODIFIED, MODIFIED_SHARE, SHARE_LEAST):
            named = self.corrections.most_common(FIELDS_NAMED)
            corrections = tuple(Correction(agent, place, times) for (agent, place), times in named)
            found.append(
                replace(
                    self._suggestion(Advice.MODIFIED), corrections=corrections, changes_gone=self.changes_gone
                )
            )
        if self.gentler is not None and self._above(Advice.GENTLER, UNCHANGED_SHARE, UNCHANGED_LEAST):
            found.append(
                self._suggestion(
                    Advice.GENTLER, gentler=self.gentler, saving=self._saving(self.gentler), hasty=self.hasty
                )
            )
        if self.counts[Advice.GRANTS]:
            found.append(self._suggestion(Advice.GRANTS))
        return found

    def _saving(self, gentler: Gentler) -> Saving:
        if gentler is Gentler.AUTO:
            return Saving(self.cards, self.answers, self.waited)
        if gentler is Gentler.SAMPLE:
            shown_today = (self.today.sample if self.today is not None else None) or 1.0
            unseen = 1 - GENTLE_SAMPLE / shown_today
            return Saving(int(self.cards * unseen), int(self.answers * unseen), timedelta())
        # Under `soft` the card is still shown and the window still waited for; under `hard` so too.
        return Saving(0, self.answers, timedelta())

    def _above(self, advice: Advice, share: float, least: int) -> bool:
        count, among = self.counts[advice], self.among[advice]
        return among >= least and count > share * among

    def _suggestion(
        self,
        advice: Advice,
        *,
        gentler: Gentler | None = None,
        saving: Saving | None = None,
        hasty: int = 0,
    ) -> Suggestion:
        return Suggestion(
            self.rule,
            advice,
            self.counts[advice],
            self.among[advice],
            gentler,
            saving,
            hasty,
        )

"""How each rule and each agent fared over a time: what was asked, what came of it, and how quickly.

Pure, and made for a stream: `Reviewing.take` hears one request after the other and keeps sums only (and one
float for each decision, for the median). What it counts are requests that ended within the time, and those
that were parked within it and wait still.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from statistics import median
from typing import Final

from approvals.gate_advice import Evidence, RuleToday, Suggestion
from approvals.gate_record import Record, people_decided
from approvals.words import Gate, GroupName, Instant, Kind, Status, UserId, Via

#: An approval sooner than this after the card could be seen was hardly read (rubber-stamping).
HASTY: Final = timedelta(seconds=5)
#: The share of decisions that took no longer than the long one told beside the median.
LONG_SHARE: Final = 0.9

#: Who is in these groups today.
Members = Callable[[tuple[GroupName, ...]], frozenset[UserId]]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of some requests."""

    #: all of them; those below, but for `parked`, are parts of it
    requests: int
    #: approved by people, as it was asked
    approved: int
    modified: int
    rejected: int
    answered: int
    timed_out: int
    cancelled: int
    #: approved with no person involved: by the policy, by a grant, because nobody objected
    by_policy: int
    by_grant: int
    by_silence: int
    #: parked within the time, and still waiting; not among `requests`
    parked: int
    #: those that people were shown
    shown: int
    #: from when the card could be seen to people's decision; None where people decided none
    median: timedelta | None
    p90: timedelta | None
    #: cards, their reminders and escalations (what shares a message counts none); None where nobody was asked
    pings_per_person_day: float | None
    #: of `approvals` by single people, those sooner than `HASTY`
    hasty: int
    approvals: int
    #: reviews in which somebody said to roll it back, of those that people looked at
    flagged: int
    reviewed: int
    #: reviews among `approved`, `modified` and `timed_out`
    looked_right: int = 0
    corrected: int = 0
    unreviewed: int = 0

    @property
    def decided(self) -> int:
        """How many people decided."""
        return self.approved + self.modified + self.rejected + self.answered

    @property
    def hasty_share(self) -> float | None:
        """Of the approvals, the share that was hardly read; None where there were none."""
        return self.hasty / self.approvals if self.approvals else None


@dataclass(frozen=True, slots=True)
class GateReview:
    """All of it; the busiest rules and agents first."""

    since: Instant
    until: Instant
    total: Figures
    rules: tuple[tuple[str, Figures], ...]
    agents: tuple[tuple[str, Figures], ...]
    suggestions: tuple[Suggestion, ...]


class Reviewing:
    """Takes requests one by one; `review()` says what they come to."""

    def __init__(
        self,
        since: Instant,
        until: Instant,
        members: Members,
        today: Mapping[str, RuleToday],
    ) -> None:
        self._since, self._until = since, until
        self._members = members
        self._today = today
        self._total = _Tally()
        self._rules: dict[str, _Tally] = {}
        self._agents: dict[str, _Tally] = {}
        self._evidence: dict[str, Evidence] = {}

    def take(self, record: Record) -> None:
        """One request more."""
        # Whoever voted was asked, whatever the groups say by now.
        people = self._members(record.asked) | {ballot.by for ballot in record.ballots}
        for tally in (
            self._total,
            self._rules.setdefault(record.rule, _Tally()),
            self._agents.setdefault(record.agent, _Tally()),
        ):
            tally.take(record, people)
        if record.rule not in self._evidence:
            self._evidence[record.rule] = Evidence(record.rule, self._today.get(record.rule))
        self._evidence[record.rule].take(record, hasty_in(record))

    def review(self) -> GateReview:
        """What was taken so far."""
        days = max((self._until - self._since) / _DAY, 1.0)
        rules = _busiest(self._rules, days)
        suggestions = [each for rule, _ in rules for each in self._evidence[rule].suggestions()]
        return GateReview(
            self._since,
            self._until,
            self._total.figures(days),
            rules,
            _busiest(self._agents, days),
            tuple(suggestions),
        )


def hasty_in(record: Record) -> int:
    """How many of its approvals came sooner after the card than anybody reads."""
    if record.shown_at is None:
        return 0
    # What was there before the card was decided by another that is not known of, or by another clock.
    taken = (ballot.at - record.shown_at for ballot in record.ballots if ballot.approves)
    return sum(timedelta() <= each < HASTY for each in taken)


@dataclass(slots=True)
class _Tally:
    """Sums over some requests."""

    verdicts: Counter[tuple[Status, Via | None]] = field(default_factory=Counter)
    seconds: array[float] = field(default_factory=lambda: array("d"))
    people: set[UserId] = field(default_factory=set)
    parked: int = 0
    shown: int = 0
    pings: int = 0
    hasty: int = 0
    approvals: int = 0
    flagged: int = 0
    reviewed: int = 0
    reviews: Counter[Status] = field(default_factory=Counter)

    def take(self, record: Record, people: frozenset[UserId]) -> None:
        if record.verdict.final:
            self.verdicts[record.verdict, record.via] += 1
        else:
            self.parked += 1
        if record.shown_at is not None:
            self._shown(record, record.shown_at, people)
        if record.kind is Kind.REVIEW or record.gate is Gate.AUDIT:
            self.reviewed += people_decided(record)
            self.flagged += record.flagged
        if record.gate is Gate.AUDIT and record.via in (Via.HUMAN, Via.TIMEOUT):
            self.reviews[record.verdict] += 1

    def _shown(self, record: Record, shown_at: Instant, people: frozenset[UserId]) -> None:
        self.shown += 1
        self.people |= people
        if record.on_a_card:
            self.pings += (1 + record.reminders + record.escalations) * len(people)
        self.approvals += sum(ballot.approves for ballot in record.ballots)
        self.hasty += hasty_in(record)
        if record.decided_at is not None and people_decided(record):
            # Slack's clock stamps the card, ours the decision: they may differ by a little.
            self.seconds.append(max(0.0, (record.decided_at - shown_at).total_seconds()))

    def figures(self, days: float) -> Figures:
        def count(status: Status, *via: Via) -> int:
            return sum(
                many
                for (verdict, how), many in self.verdicts.items()
                if verdict is status and (not via or how in via)
            )

        return Figures(
            requests=sum(self.verdicts.values()),
            approved=count(Status.APPROVED, Via.HUMAN),
            modified=count(Status.MODIFIED),
            rejected=count(Status.REJECTED),
            answered=count(Status.ANSWERED),
            timed_out=count(Status.TIMED_OUT),
            cancelled=count(Status.CANCELLED),
            by_policy=count(Status.APPROVED, Via.POLICY),
            by_grant=count(Status.APPROVED, Via.GRANT),
            by_silence=count(Status.APPROVED, Via.TIMEOUT),
            parked=self.parked,
            shown=self.shown,
            median=timedelta(seconds=median(self.seconds)) if self.seconds else None,
            p90=_long(self.seconds),
            pings_per_person_day=self.pings / len(self.people) / days if self.people else None,
            hasty=self.hasty,
            approvals=self.approvals,
            flagged=self.flagged,
            reviewed=self.reviewed,
            looked_right=self.reviews[Status.APPROVED],
            corrected=self.reviews[Status.MODIFIED],
            unreviewed=self.reviews[Status.TIMED_OUT],
        )


def _long(seconds: array[float]) -> timedelta | None:
    """The shortest time within which `LONG_SHARE` of them were decided (nearest rank)."""
    if not seconds:
        return None
    return timedelta(seconds=sorted(seconds)[ceil(LONG_SHARE * len(seconds)) - 1])


def _busiest(tallies: Mapping[str, _Tally], days: float) -> tuple[tuple[str, Figures], ...]:
    told = [(name, tally.figures(days)) for name, tally in tallies.items()]
    return tuple(sorted(told, key=lambda each: (-each[1].requests - each[1].parked, each[0])))

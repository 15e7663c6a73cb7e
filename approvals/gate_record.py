"""What the gate review hears of one request: no payload, no words of anybody."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from approvals.canonical import Json
from approvals.changes import changes
from approvals.words import AgentName, Gate, GroupName, Instant, Kind, RequestId, Risk, Status, UserId, Via

#: Which of many entries it was says nothing about the next request.
_PLACE: Final = re.compile(r"/(0|[1-9][0-9]*|-)(?=/|$)")


@dataclass(frozen=True, slots=True)
class Ballot:
    """One person's vote."""

    by: UserId
    at: Instant
    approves: bool


@dataclass(frozen=True, slots=True)
class Record:
    """One request that ended, or was parked and waits still (`verdict` is then `PENDING`)."""

    id: RequestId
    rule: str
    agent: AgentName
    #: the gate it got, which may be stricter than its rule's
    gate: Gate
    kind: Kind
    risk: Risk
    irreversible: bool
    verdict: Status
    via: Via | None
    opened_at: Instant
    #: when its card was in Slack; None where no card ever was
    shown_at: Instant | None
    decided_at: Instant | None
    #: the groups that were asked, by the rule and by escalation
    asked: tuple[GroupName, ...] = ()
    ballots: tuple[Ballot, ...] = ()
    #: JSON pointers to what people changed, with `*` for an entry's place
    changed: tuple[str, ...] = ()
    #: true where people changed it, and what they changed was deleted after its time
    changes_gone: bool = False
    reminders: int = 0
    escalations: int = 0
    #: false where it was shown together with others: its message called nobody for it alone
    on_a_card: bool = True

    @property
    def flagged(self) -> bool:
        """True when a reviewer wants undone what the agent did."""
        return self.gate is Gate.AUDIT and self.verdict is Status.REJECTED

    @property
    def unanswered(self) -> bool:
        """True when people were asked and time ran out, or it was parked."""
        return self.verdict in (Status.TIMED_OUT, Status.PENDING)


def people_decided(record: Record) -> bool:
    """Whether people ended it."""
    return record.verdict.final and record.via is Via.HUMAN


def unchanged(record: Record) -> bool:
    """Whether people approved it as it was asked."""
    return record.verdict is Status.APPROVED and record.via is Via.HUMAN


def changed_places(before: Mapping[str, Json], after: Mapping[str, Json]) -> tuple[str, ...]:
    """What was changed: `/amount`, `/items/*/price`; each once, in order."""
    return tuple(dict.fromkeys(_PLACE.sub("/*", change.path) for change in changes(before, after)))

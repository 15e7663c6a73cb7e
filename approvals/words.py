"""What things are called, and what each of them can be."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NewType, TypeAlias

RequestId = NewType("RequestId", str)
#: A moment, always with a time zone, always UTC inside the program.
Instant: TypeAlias = datetime
UserId = NewType("UserId", str)
GroupName = NewType("GroupName", str)
AgentName = NewType("AgentName", str)
GrantId = NewType("GrantId", str)
#: One message that holds many requests, `dig_…`.
BoardId = NewType("BoardId", str)
DigestName = NewType("DigestName", str)
#: The digest of a channel that got too many cards. No name in a policy can be this: it has a space.
STORM = DigestName("a storm")


class Kind(StrEnum):
    """What an agent asks for."""

    APPROVAL = "approval"
    REVIEW = "review"
    QUESTION = "question"


class Status(StrEnum):
    """Where a request stands; all but `PENDING` are final."""

    PENDING = "pending"
    APPROVED = "approved"
    MODIFIED = "modified"
    REJECTED = "rejected"
    ANSWERED = "answered"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """True when nothing can change it any more."""
        return self is not Status.PENDING


class Gate(StrEnum):
    """How strictly a rule holds a request."""

    AUTO = "auto"
    AUDIT = "audit"
    SOFT = "soft"
    HARD = "hard"
    MANUAL = "manual"
    QUESTION = "question"


class Risk(StrEnum):
    """How much would hurt if the agent were wrong. Compare by `rank`, never as text."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return _RISKS.index(self)

    def at_least(self, other: Risk) -> Risk:
        """The higher of the two."""
        return max(self, other, key=lambda risk: risk.rank)

    def lifted(self, by: int) -> Risk:
        """`by` levels up, `CRITICAL` at most."""
        return _RISKS[min(self.rank + by, len(_RISKS) - 1)]


_RISKS = (Risk.LOW, Risk.MEDIUM, Risk.HIGH, Risk.CRITICAL)


class Via(StrEnum):
    """What ended a request."""

    HUMAN = "human"
    POLICY = "policy"
    GRANT = "grant"
    TIMEOUT = "timeout"
    AGENT = "agent"


class StepKind(StrEnum):
    """What an escalation policy's step does."""

    REMIND = "remind"
    ESCALATE = "escalate"
    APPROVE = "approve"
    EXPIRE = "expire"
    PARK = "park"

    @property
    def last(self) -> bool:
        """True for the three that end an escalation policy."""
        return self in (StepKind.APPROVE, StepKind.EXPIRE, StepKind.PARK)


class Choice(StrEnum):
    """What one approver says."""

    APPROVE = "approve"
    REJECT = "reject"


class OutcomeStatus(StrEnum):
    """How it went after the agent acted."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLED_BACK = "rolled_back"


class Shortage(StrEnum):
    """Why too few of those asked can decide; where several hold, the first."""

    #: Slack tells no e-mail address of them, so nobody knows who of them it is asked for
    UNCOMPARED = "uncompared"
    #: it is asked on behalf of one of them
    REQUESTER = "requester"
    #: some of them have left Slack
    LEFT = "left"
    #: there never were enough
    FEW = "few"

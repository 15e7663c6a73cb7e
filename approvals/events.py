"""What can happen to a request. A door makes one of these; only `machine.decide` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from approvals.canonical import Digest, Json
from approvals.model import AgentName, Choice, Judgement, OutcomeStatus, Person, Request, Roster


@dataclass(frozen=True, slots=True)
class Opened:
    """An agent asked, and the policy judged it."""

    request: Request
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Voted:
    """Somebody approved or rejected what they saw."""

    by: Person
    choice: Choice
    #: the digest of the payload that was on the screen
    seen: Digest
    roster: Roster
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """Somebody changed the payload, and approved it so."""

    by: Person
    payload: Mapping[str, Json]
    #: the digest of the payload that the edit started from
    seen: Digest
    roster: Roster
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Commented:
    """Somebody, or the agent, said something."""

    by: Person | AgentName
    text: str


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time went by: steps may be due."""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The agent withdrew it; or an operator did, who revoked the agent."""

    reason: str | None = None
    by_operator: bool = False


@dataclass(frozen=True, slots=True)
class Claimed:
    """A worker of the agent is about to act on it."""


@dataclass(frozen=True, slots=True)
class Reported:
    """The agent says how it went."""

    status: OutcomeStatus
    detail: str | None = None
    url: str | None = None


Event: TypeAlias = Opened | Voted | Edited | Commented | Ticked | Cancelled | Claimed | Reported

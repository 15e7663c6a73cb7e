"""What can happen to a request. A door makes one of these; only `machine.decide` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from approvals.canonical import Digest, Json
from approvals.grants import Grant
from approvals.model import Display, Judgement, Request
from approvals.roster import Person, Roster
from approvals.words import AgentName, Choice, GrantId, GroupName, Instant, OutcomeStatus


@dataclass(frozen=True, slots=True)
class Opened:
    """An agent asked, and the policy judged it."""

    request: Request
    judgement: Judgement
    #: who could decide it; None: nobody asks whether they are enough
    roster: Roster | None = None
    #: a live grant that covers it
    grant: Grant | None = None
    #: its agent is paused
    held: bool = False
    #: its channel has more cards than the policy wants
    crowded: bool = False


@dataclass(frozen=True, slots=True)
class Resumed:
    """Its agent goes on: as if it were opened now."""

    by: Person | None
    roster: Roster
    grant: Grant | None = None
    crowded: bool = False


@dataclass(frozen=True, slots=True)
class PulledOut:
    """Somebody wants it out of its digest, on a card of its own."""

    by: Person
    roster: Roster


@dataclass(frozen=True, slots=True)
class HandedOver:
    """Somebody who may decide it asks another person, or a group that is to be asked later, to do so."""

    by: Person
    roster: Roster
    to_person: Person | None = None
    to_group: GroupName | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Snoozed:
    """Somebody who may decide it wants no reminder of it until then."""

    by: Person
    roster: Roster
    until: Instant


@dataclass(frozen=True, slots=True)
class Shown:
    """The card, or the digest that shows it, is in Slack: a soft window begins."""

    #: of a card that shows an edited payload: which edit, and since when
    display: Display | None = None


@dataclass(frozen=True, slots=True)
class Allowing:
    """With an approval: let like requests through for so long."""

    id: GrantId
    lasts: timedelta


@dataclass(frozen=True, slots=True)
class Voted:
    """Somebody approved or rejected what they saw."""

    by: Person
    choice: Choice
    #: `Case.sight` of the payload that was on the screen
    seen: Digest
    roster: Roster
    reason: str | None = None
    #: under `manual`: what was typed to confirm it
    typed: str | None = None
    allowing: Allowing | None = None


@dataclass(frozen=True, slots=True)
class Edited:
    """Somebody changed the payload, and approved it so."""

    by: Person
    payload: Mapping[str, Json]
    #: `Case.sight` of the payload that the edit started from
    seen: Digest
    roster: Roster
    reason: str | None = None
    #: under `manual`: what was typed to confirm it
    typed: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """Somebody answered a question."""

    by: Person
    answer: str
    #: `Case.sight` of the payload that was on the screen
    seen: Digest
    roster: Roster


@dataclass(frozen=True, slots=True)
class Commented:
    """Somebody, or the agent, said something."""

    by: Person | AgentName
    text: str
    #: the message that it is, `channel:ts`, by which it can be changed later
    ref: str | None = None
    #: a person asks the agent: it was written in a modal, so the thread has to show it
    aloud: bool = False


@dataclass(frozen=True, slots=True)
class Reworded:
    """Somebody edited the message that a comment is."""

    ref: str
    text: str
    #: when, by the clock of where it was said
    at: Instant


@dataclass(frozen=True, slots=True)
class Unsaid:
    """The message that a comment is was deleted, by its author or an administrator."""

    ref: str
    #: when, by the clock of where it was said
    at: Instant


@dataclass(frozen=True, slots=True)
class Ticked:
    """Time went by: steps may be due."""

    #: who could decide it; None: nobody asks whether they are enough
    roster: Roster | None = None
    #: since when people could be heard; a soft window that ended before starts again
    heard_since: Instant | None = None
    #: its channel has more cards than the policy wants
    crowded: bool = False


@dataclass(frozen=True, slots=True)
class Revoked:
    """Somebody ended a grant that was given on this request; None: an operator, at the command line."""

    grant: GrantId
    by: Person | None = None
    #: nobody did: its giver may no longer decide
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Mustered:
    """Who could decide it has changed. Unlike a tick it lets no silence speak."""

    roster: Roster
    #: its channel has more cards than the policy wants
    crowded: bool = False


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


#: Those that bring along who is who today.
WithRoster: TypeAlias = (
    Resumed | PulledOut | HandedOver | Snoozed | Voted | Edited | Answered | Ticked | Mustered
)
Event: TypeAlias = (
    Opened
    | Resumed
    | PulledOut
    | HandedOver
    | Snoozed
    | Shown
    | Voted
    | Edited
    | Answered
    | Commented
    | Reworded
    | Unsaid
    | Ticked
    | Mustered
    | Revoked
    | Cancelled
    | Claimed
    | Reported
)

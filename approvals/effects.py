"""What must follow a decision of the machine, once it is committed.

Two kinds: `ShowCard` is level-triggered (make Slack look like the current state); the others are said
once, each under a `key` that is unique within its request.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from approvals.grants import Grant
from approvals.model import Comment, Lack
from approvals.roster import Person
from approvals.words import GroupName, Instant, OutcomeStatus


class CallbackType(StrEnum):
    """What an agent is called for."""

    DECIDED = "request.decided"
    COMMENTED = "request.commented"
    ESCALATED = "request.escalated"
    PARKED = "request.parked"
    FLAGGED = "request.flagged"


@dataclass(frozen=True, slots=True)
class ShowCard:
    """The card in Slack is out of date."""


@dataclass(frozen=True, slots=True)
class PostComment:
    """Say in the card's thread what the agent said."""

    key: str
    comment: Comment


@dataclass(frozen=True, slots=True)
class Reminded:
    """Those who are asked and have not answered are mentioned."""

    #: the groups asked before the clock came by; who is asked since then is mentioned by that. None: all
    asked: tuple[GroupName, ...] | None = None


@dataclass(frozen=True, slots=True)
class Escalated:
    """Another group is asked as well."""

    to: GroupName
    #: True when it is before its time, because too few were left to decide, or somebody handed it over
    early: bool = False
    #: who handed it over to them
    by: Person | None = None
    #: whether anybody was in the group then; None: Slack had not told. Whoever is in it later is called later
    there: bool | None = True


@dataclass(frozen=True, slots=True)
class Voided:
    """An edit made earlier approvals count no more."""

    by: Person
    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Recounted:
    """Who may decide has changed, and with it whose approvals count: some no more, some again."""

    lapsed: tuple[Person, ...]
    back: tuple[Person, ...] = ()


@dataclass(frozen=True, slots=True)
class Skipped:
    """People of the groups asked have left Slack."""

    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Restarted:
    """The soft window ended while nobody could be heard: it starts again."""


@dataclass(frozen=True, slots=True)
class HandedTo:
    """Somebody asks another of those who may decide to take care of it."""

    by: Person
    to: Person
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class CameOfIt:
    """The agent says what came of something whose content is deleted: nothing else keeps its words."""

    status: OutcomeStatus
    detail: str | None = None
    url: str | None = None


Note: TypeAlias = Reminded | Escalated | Voided | Recounted | Skipped | Restarted | HandedTo | CameOfIt


@dataclass(frozen=True, slots=True)
class PostNote:
    """Say something in the card's thread."""

    key: str
    note: Note


@dataclass(frozen=True, slots=True)
class AskOperators:
    """Tell the operators that too few are left to decide."""

    lack: Lack


@dataclass(frozen=True, slots=True)
class TellUnreached:
    """Tell the operators that a group is asked as well in which nobody is."""

    to: GroupName


@dataclass(frozen=True, slots=True)
class Wake:
    """Tell somebody at that time, if it waits for them still, what they had put off."""

    key: str
    person: Person
    at: Instant


@dataclass(frozen=True, slots=True)
class CallAgent:
    """Post the request, as it stands at this commit, to the agent."""

    key: str
    type: CallbackType


@dataclass(frozen=True, slots=True)
class KeepGrant:
    """From now on, let through what this covers."""

    grant: Grant


@dataclass(frozen=True, slots=True)
class OpenReview:
    """Open a review of what silence let through."""


Effect: TypeAlias = (
    ShowCard
    | PostComment
    | PostNote
    | Wake
    | AskOperators
    | TellUnreached
    | CallAgent
    | KeepGrant
    | OpenReview
)

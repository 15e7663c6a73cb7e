"""What must follow a decision of the machine, once it is committed.

Two kinds: `ShowCard` is level-triggered (make Slack look like the current state); the others are said
once, each under a `key` that is unique within its request.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from approvals.model import Comment


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
class CallAgent:
    """Post the request, as it stands at this commit, to the agent."""

    key: str
    type: CallbackType


Effect: TypeAlias = ShowCard | PostComment | CallAgent

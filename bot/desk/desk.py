"""What every use case needs: the store, the clock, the policy of today, and who is who."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from approvals.policy import Policy
from approvals.roster import Roster
from bot.desk.program import Program
from bot.runtime import Runtime
from store.engine import Store


class Policies(Protocol):
    """Where today's policy is kept."""

    @property
    def current(self) -> Policy:
        """The policy new requests are judged by."""


class Directory(Protocol):
    """Who is in which group, as last heard from Slack. Never asks Slack itself: a click waits for it."""

    def roster(self) -> Roster:
        """Every group of today's policy, and the profile of everybody in them."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Handed to every use case by the composition root."""

    store: Store
    runtime: Runtime
    policies: Policies
    directory: Directory
    #: versions of the policy of which it was logged that they name nobody who could be told
    mute: set[str] = field(default_factory=set)
    #: incident, as the operators know it → the day on which this process last had them told of it
    alarmed: dict[str, str] = field(default_factory=dict)
    #: how the program itself is
    program: Program = field(default_factory=Program)

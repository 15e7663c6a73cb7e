"""What somebody's home tab says, as values: collected from the store each time it is drawn."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from approvals.roster import Person, Roster
from approvals.words import AgentName, DigestName, GroupName, Instant, RequestId, UserId
from blocks.commands import GrantLine
from blocks.dead import DeadLine
from blocks.duty import Turns
from blocks.queue import Line

_AGENT_BLOCK: Final = re.compile(r"agent:(.{1,240})", re.DOTALL)


def agent_block(agent: AgentName) -> str:
    """The `block_id` of the row that an agent's button stands in."""
    return f"agent:{agent}"


def agent_of(block_id: str) -> AgentName | None:
    """Which agent a row is about; None for other blocks."""
    match = _AGENT_BLOCK.fullmatch(block_id)
    return AgentName(match[1]) if match is not None else None


@dataclass(frozen=True, slots=True)
class Part:
    """The first of some requests, and how many there are in all."""

    lines: Sequence[Line] = ()
    count: int = 0
    #: true where there may be more than `count`
    more: bool = False


@dataclass(frozen=True, slots=True)
class InDigest:
    """Requests that wait for one person in one digest."""

    digest: DigestName
    count: int
    #: its message; None where that is not in Slack yet
    permalink: str | None = None


@dataclass(frozen=True, slots=True)
class AgentLine:
    """An agent that is not revoked."""

    name: AgentName
    last_seen: Instant | None
    paused_at: Instant | None = None
    paused_by: UserId | None = None
    #: how many of its requests wait until it goes on
    held: int = 0


@dataclass(frozen=True, slots=True)
class PolicyLine:
    """The policy in force."""

    version: str
    rules: int
    loaded_at: Instant | None = None
    #: why its file, as it is now, was not taken
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Throttled:
    """A channel for which Slack takes nothing just now."""

    channel: str
    count: int
    until: Instant


@dataclass(frozen=True, slots=True)
class Health:
    """How the program is."""

    #: what it needs → why that is not there, None when it is
    needs: Mapping[str, str | None] = field(default_factory=dict)
    #: how much should have left for Slack and agents and has not, and since when
    late: int = 0
    oldest: Instant | None = None
    throttled: Sequence[Throttled] = ()


@dataclass(frozen=True, slots=True)
class Overseen:
    """What operators see besides."""

    policy: PolicyLine
    #: what is pending and asks others
    others: int = 0
    #: the first of them, and how many there are
    agents: Sequence[AgentLine] = ()
    agent_count: int = 0
    dead: Sequence[DeadLine] = ()
    dead_count: int = 0
    health: Health = Health()


@dataclass(frozen=True, slots=True)
class HomeView:
    """One person's home tab."""

    user: UserId
    roster: Roster
    now: Instant
    #: true when the policy may ask them, or makes them an operator
    involved: bool
    operators: Sequence[UserId] = ()
    #: what they may decide now and have said nothing to, outside of digests
    waiting: Part = Part()
    digests: Sequence[InDigest] = ()
    #: what they are asked and others decide: they have had their say, may not, or handed it over
    others: Part = Part()
    #: of those, whom they handed over to a person: who took it
    took: Mapping[RequestId, Person] = field(default_factory=dict)
    #: others were asked as time was up, or its end is past; not what stands under `waiting` already
    overdue: Part = Part()
    parked: Part = Part()
    #: groups in which people take turns, theirs first; and the others that they are in
    turns: Sequence[Turns] = ()
    groups: Sequence[GroupName] = ()
    #: the first of their live grants, and how many there are
    grants: Sequence[GrantLine] = ()
    grant_count: int = 0
    #: what they decided within a week
    decided: Part = Part()
    overseen: Overseen | None = None

"""What `hitl.yml` says, as values, read and checked. `approvals.policy.load` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from functools import cached_property
from typing import TypeAlias

from approvals.canonical import Json
from approvals.conditions import Condition, Footprint, footprint
from approvals.globs import Globs
from approvals.model import Grants, Step
from approvals.policy_problems import Problem
from approvals.titles import Title
from approvals.words import DigestName, Gate, GroupName, Risk, UserId

#: `Judgement.rule` where no rule matched.
DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Users:
    """People by name, nobody twice."""

    users: tuple[UserId, ...]


@dataclass(frozen=True, slots=True)
class UserGroup:
    """A Slack user group, `S…`; who is in it is asked when it matters."""

    id: str


@dataclass(frozen=True, slots=True)
class Rotation:
    """People who take turns. The first one's first shift begins at the first handoff on or after `start`."""

    users: tuple[UserId, ...]
    every: timedelta
    #: 0 is Monday; None: shifts follow each other from the first handoff on, whatever the day
    weekday: int | None
    at: time
    #: an IANA zone
    timezone: str
    start: date


Group: TypeAlias = Users | UserGroup | Rotation


@dataclass(frozen=True, slots=True)
class Raise:
    """Lifts the risk where `when` is met: to a level, or by some."""

    when: Condition
    to: Risk | None = None
    by: int = 0


@dataclass(frozen=True, slots=True)
class RiskRules:
    """How risky an action is by its name, and what raises that."""

    #: from critical down
    levels: tuple[tuple[Risk, Globs], ...] = ()
    unknown: Risk = Risk.HIGH
    raises: tuple[Raise, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """How one kind of request is held, and by whom. The fields are the file's own."""

    name: str
    gate: Gate
    when: Condition | None = None
    ask: tuple[GroupName, ...] = ()
    steps: tuple[Step, ...] = ()
    quorum: int = 1
    channel: str | None = None
    title: Title | None = None
    guidance: str | None = None
    summary: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    #: a JSON Schema of the payload
    form: Mapping[str, Json] | None = None
    valid_for: timedelta | None = None
    confirm: str | None = None
    digest: DigestName | None = None
    #: the share of requests that is shown, 0 < sample ≤ 1
    sample: float | None = None
    grants: Grants | None = None
    #: where it stands in the file
    line: int = 0


@dataclass(frozen=True, slots=True)
class Digest:
    """When a digest is posted: a crontab(5) expression in an IANA zone."""

    cron: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Review:
    """When and where the gate review is posted."""

    cron: str
    channel: str
    timezone: str


@dataclass(frozen=True, slots=True)
class Storm:
    """More than `cards` for one channel within `within` join a digest."""

    cards: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class Keep:
    """How long what is kept; None: for ever."""

    payloads: timedelta | None = None


@dataclass(frozen=True)
class Policy:
    """A whole `hitl.yml` that loads."""

    #: `sha256:…` of the file's text
    version: str
    channel: str
    groups: Mapping[GroupName, Group]
    default: Rule
    operators: tuple[UserId, ...] = ()
    risk: RiskRules = RiskRules()
    irreversible: Globs = field(default_factory=Globs)
    rules: tuple[Rule, ...] = ()
    digests: Mapping[DigestName, Digest] = field(default_factory=dict)
    review: Review | None = None
    storm: Storm | None = None
    keep: Keep = Keep()
    #: what loads but is likely not meant
    warnings: tuple[Problem, ...] = ()

    @cached_property
    def looks_at(self) -> Footprint:
        """What of a request any condition of this policy looks at."""
        conditions = [lift.when for lift in self.risk.raises]
        return footprint([*conditions, *(rule.when for rule in self.rules if rule.when is not None)])

    @cached_property
    def channels(self) -> tuple[str, ...]:
        """Every channel that cards may go to, the policy's own first, none twice."""
        return tuple(dict.fromkeys([self.channel, *(rule.channel for rule in self.rules if rule.channel)]))

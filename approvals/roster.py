"""Who is asked: people, and the groups that they are in today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from approvals.words import GroupName, Instant, UserId


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in Slack. `name` is what to call them in a sentence."""

    id: UserId
    name: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a person; `email` None when Slack did not say."""

    id: UserId
    name: str
    email: str | None = None
    #: False: left Slack, or is an `outsider`; neither asked nor counted
    active: bool = True
    #: the IANA zone they live in, as Slack has it; None when it did not say
    zone: str | None = None
    #: a guest, or somebody of another workspace: not `active` here
    outsider: bool = False

    @property
    def person(self) -> Person:
        """As named in votes and decisions."""
        return Person(self.id, self.name)


@dataclass(frozen=True, slots=True)
class Roster:
    """Who is in which group today, and who they are."""

    groups: Mapping[GroupName, tuple[UserId, ...]]
    people: Mapping[UserId, Profile] = field(default_factory=dict)
    #: groups that Slack could not be asked about lately → when it last could, or None when it never could
    as_of: Mapping[GroupName, Instant | None] = field(default_factory=dict)
    #: deputy → those who are away now, and in whose place they may decide; nobody stands in for a deputy
    deputies: Mapping[UserId, tuple[UserId, ...]] = field(default_factory=dict)

    def profile(self, user: UserId) -> Profile:
        """What is known of `user`; somebody unknown is called by their id."""
        return self.people.get(user) or Profile(user, str(user))

    def asked(self, groups: tuple[GroupName, ...]) -> tuple[Profile, ...]:
        """The active members of `groups`, in order, nobody twice."""
        return tuple(p for p in self._members(groups) if p.active)

    def skipped(self, groups: tuple[GroupName, ...]) -> tuple[Profile, ...]:
        """The members of `groups` who left Slack, or are outsiders: neither asked nor counted."""
        return tuple(p for p in self._members(groups) if not p.active)

    def deputy(self, user: UserId) -> Profile | None:
        """Who may decide in the place of `user`, who is away; None where nobody is to."""
        found = (deputy for deputy, absent in self.deputies.items() if user in absent)
        return next((profile for profile in map(self.profile, found) if profile.active), None)

    def _members(self, groups: tuple[GroupName, ...]) -> tuple[Profile, ...]:
        ids = dict.fromkeys(user for name in groups for user in self.groups.get(name, ()))
        return tuple(map(self.profile, ids))

"""Who took over whose shift and who is away, as last read from the store: a click never waits for it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from approvals import rotation
from approvals.absence import Absence, deputies
from approvals.policy_model import Policy, Rotation
from approvals.rotation import Override
from approvals.words import GroupName, Instant, UserId
from store import overrides
from store.engine import Store
from store.unit_of_work import Unit


@dataclass(slots=True)
class Duties:
    """What people said with `/hitl oncall` and `/hitl away`, as far as it is not over."""

    store: Store
    overrides: tuple[Override, ...] = ()
    absences: tuple[Absence, ...] = ()

    async def reread(self, now: Instant) -> bool:
        """Read it again; True when something changed."""

        def reading(unit: Unit) -> tuple[tuple[Override, ...], tuple[Absence, ...]]:
            return overrides.since(unit, now), overrides.absent(unit, now)

        before = self.overrides, self.absences
        self.overrides, self.absences = await self.store.read(reading)
        return before != (self.overrides, self.absences)

    def of(self, group: GroupName) -> tuple[Override, ...]:
        """Those of one group."""
        return tuple(each for each in self.overrides if each.group == group)

    def on_call(self, name: GroupName, group: Rotation, now: Instant) -> tuple[UserId, ...]:
        """Whoever is on call: one, or nobody before the first shift."""
        user = rotation.on_call(group, self.of(name), now)
        return () if user is None else (user,)

    def next_change(self, policy: Policy, now: Instant) -> Instant | None:
        """When somebody else is on call next, or an absence ends."""
        handoffs = [
            rotation.next_handoff(group, self.of(name), now)
            for name, group in policy.groups.items()
            if isinstance(group, Rotation)
        ]
        edges = [each.until for each in self.absences if each.until > now]
        return min([*edges, *(at for at in handoffs if at is not None)], default=None)

    def everybody(self) -> tuple[UserId, ...]:
        """Everybody of whom something has to be known."""
        users = [user for each in self.absences for user in (each.user, each.deputy)]
        return tuple(dict.fromkeys([*(each.user for each in self.overrides), *users]))

    def deputies(self, members: Collection[UserId], now: Instant) -> dict[UserId, tuple[UserId, ...]]:
        """Deputy → who is away; `members` are those of any group of the policy."""
        return deputies(self.absences, members, now)

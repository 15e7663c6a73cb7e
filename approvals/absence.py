"""Who is away, and who decides in their place meanwhile."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from approvals.words import Instant, UserId


@dataclass(frozen=True, slots=True)
class Absence:
    """`user` is away until just before `until`, and `deputy` may decide in their place."""

    user: UserId
    deputy: UserId
    until: Instant
    made_at: Instant


def deputies(
    absences: Iterable[Absence], members: Collection[UserId], now: Instant
) -> dict[UserId, tuple[UserId, ...]]:
    """Deputy → those who are away at `now`. Only those in some group of the policy stand in for anybody.

    Nobody passes on what is not theirs: whoever stands in for a deputy does not stand in for those that the
    deputy stands in for.
    """
    found: dict[UserId, tuple[UserId, ...]] = {}
    for each in sorted(absences, key=lambda absence: (absence.made_at, absence.user)):
        if now < each.until and each.deputy in members and each.deputy != each.user:
            found[each.deputy] = (*found.get(each.deputy, ()), each.user)
    return found

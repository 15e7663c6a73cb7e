"""What the contract promises and the program does not do yet: whoever builds a thing deletes its word here.

What would change who decides is refused by name rather than half obeyed; what only adds to it is warned of.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from approvals.policy_place import Place
from approvals.policy_problems import Problem

#: Refused.
NOT_YET_FIELDS = frozenset({"digest"})
#: Warned of.
NOT_YET_SETTINGS = ("digests", "storm")


def not_yet_of(top: Mapping[str, Place]) -> Iterator[Problem]:
    """A warning for each thing in a policy that loads and that nobody carries out. `top` is its fields."""
    for name in NOT_YET_SETTINGS:
        if name in top:
            yield _warning(top[name], "is not carried out yet")


def _warning(place: Place, message: str) -> Problem:
    return Problem(place.file, place.line, place.rule, place.field, message)

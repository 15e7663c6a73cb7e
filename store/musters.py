"""What people were last shown of who is in a group, so that a restart knows what changed meanwhile."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from approvals.canonical import Digest
from approvals.words import GroupName
from store.statements import or_update
from store.tables import musters
from store.unit_of_work import Unit

_KEEP = or_update(musters, ("group_name",), lambda new: {"print": new.print})
_ALL = sa.select(musters)


def prints(u: Unit) -> dict[GroupName, Digest]:
    """A digest of who was in each group, for all that were ever looked at."""
    return {GroupName(row.group_name): Digest(row.print) for row in u.read(_ALL, of=(musters,))}


def keep(u: Unit, prints_: Mapping[GroupName, Digest]) -> None:
    """From now on that is what was shown of these groups."""
    for group, print_ in sorted(prints_.items()):
        u.insert(_KEEP, {"group_name": group, "print": print_})

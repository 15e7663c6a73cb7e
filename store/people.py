"""The last known members of Slack's user groups, and who people are, for when Slack cannot be asked."""

from __future__ import annotations

import sqlalchemy as sa

from approvals.roster import Profile
from approvals.words import Instant, UserId
from store.spelling import Spelling, read_json, write_json
from store.statements import or_update
from store.tables import people, usergroups
from store.unit_of_work import Unit

_PROFILE: Spelling[Profile] = Spelling(Profile)
_PUT_GROUP = or_update(usergroups, ("id",), lambda new: {"members": new.members, "as_of": new.as_of})
_PUT_PROFILE = or_update(people, ("id",), lambda new: {"profile": new.profile, "as_of": new.as_of})
_GROUPS = sa.select(usergroups)
_PROFILES = sa.select(people)


def put_group(u: Unit, usergroup: str, members: tuple[UserId, ...], as_of: Instant) -> None:
    """Slack said so at `as_of`."""
    u.insert(_PUT_GROUP, {"id": usergroup, "members": write_json(members), "as_of": as_of})


def groups(u: Unit) -> dict[str, tuple[tuple[UserId, ...], Instant]]:
    """Each known user group's members, and since when that is known."""
    rows = u.read(_GROUPS, of=(usergroups,))
    return {row.id: (tuple(read_json(row.members)), row.as_of) for row in rows}


def put_profile(u: Unit, profile: Profile, as_of: Instant) -> None:
    """Slack said so at `as_of`."""
    u.insert(_PUT_PROFILE, {"id": profile.id, "profile": _PROFILE.write(profile), "as_of": as_of})


def profiles(u: Unit) -> dict[UserId, tuple[Profile, Instant]]:
    """Everybody known, and since when that is known."""
    return {
        UserId(row.id): (_PROFILE.read(row.profile), row.as_of) for row in u.read(_PROFILES, of=(people,))
    }

"""Whose home tab is kept true: who looked at it lately, and what it shows as far as is known."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from approvals.words import Instant, UserId
from store.statements import or_update
from store.tables import homes
from store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Home:
    """One person's home tab."""

    person: UserId
    looked_at: Instant
    #: a digest of what it shows; empty where that is not known
    print: str = ""
    #: Slack's name for the version that it shows; empty where that is not known
    hash: str = ""


_LOOKED = or_update(homes, ("person",), lambda new: {"looked_at": new.looked_at})
_GET = sa.select(homes).where(homes.c.person == sa.bindparam("person_"))
_SINCE = (
    sa.select(homes)
    .where(homes.c.looked_at > sa.bindparam("since_", type_=homes.c.looked_at.type))
    .order_by(homes.c.looked_at.desc(), homes.c.person)
)
_UNTIL = (
    sa.select(homes)
    .where(homes.c.looked_at <= sa.bindparam("until_", type_=homes.c.looked_at.type))
    .order_by(homes.c.looked_at, homes.c.person)
)
_SHOWS = (
    sa.update(homes)
    .where(homes.c.person == sa.bindparam("person_"))
    .values(print=sa.bindparam("print_"), hash=sa.bindparam("hash_"))
)
_FORGET = sa.delete(homes).where(
    homes.c.person == sa.bindparam("person_"),
    homes.c.looked_at <= sa.bindparam("until_", type_=homes.c.looked_at.type),
)


def look(u: Unit, person: UserId, now: Instant) -> None:
    """They look at it now."""
    u.insert(_LOOKED, {"person": person, "looked_at": now, "print": "", "hash": ""})


def get(u: Unit, person: UserId) -> Home | None:
    """Somebody's; None where they did not look lately."""
    row = u.read(_GET, {"person_": person}, of=(homes,), only={"person": person}).first()
    return None if row is None else Home(UserId(row.person), row.looked_at, row.print, row.hash)


def since(u: Unit, at: Instant) -> tuple[Home, ...]:
    """Those of people who looked after `at`, the latest first."""
    return _homes(u, _SINCE, {"since_": at})


def until(u: Unit, at: Instant) -> tuple[Home, ...]:
    """Those of people who did not look after `at`, the longest ago first."""
    return _homes(u, _UNTIL, {"until_": at})


def shows(u: Unit, person: UserId, print_: str, hash_: str) -> None:
    """Note what it shows now; two empty words where nobody knows."""
    row = {"person_": person, "print_": print_, "hash_": hash_}
    u.change(_SHOWS, row, of=(homes,), only={"person": person})


def forget(u: Unit, person: UserId, until: Instant) -> None:
    """Keep it no longer, unless they looked after `until`."""
    u.change(_FORGET, {"person_": person, "until_": until}, of=(homes,), only={"person": person})


def _homes(u: Unit, query: sa.Select[tuple[object, ...]], row: dict[str, Instant]) -> tuple[Home, ...]:
    found = u.read(query, row, of=(homes,))
    return tuple(Home(UserId(each.person), each.looked_at, each.print, each.hash) for each in found)

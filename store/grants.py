"""Grants: what approvers let through for a while. What one covers is `approvals.grants`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from approvals.grants import Grant
from approvals.words import AgentName, GrantId, Instant, RequestId, UserId
from store.errors import Conflict
from store.spelling import Spelling
from store.statements import plain
from store.tables import grants
from store.unit_of_work import Unit

_SPELLING: Spelling[Grant] = Spelling(Grant, never=("revoked_at", "uses", "used_at"))
_moment = grants.c.until.type
_ADD = plain(grants)
_NOW = sa.bindparam("now", type_=_moment)
_NAMED = grants.c.id == sa.bindparam("id_")
#: In so many words, because the partial index is used only then.
_IS_LIVE = sa.and_(grants.c.revoked_at.is_(None), grants.c.until > _NOW)
#: Ids have no order: the newest first is by when it was given.
_NEWEST = (grants.c.given_at.desc(), grants.c.id)
_LIVE = (
    sa.select(grants)
    .where(
        grants.c.agent == sa.bindparam("agent"),
        grants.c.action == sa.bindparam("action"),
        grants.c.rule == sa.bindparam("rule"),
        _IS_LIVE,
    )
    .order_by(*_NEWEST)
)
_GET = sa.select(grants).where(_NAMED)
_OF_REQUEST = (
    sa.select(grants)
    .where(grants.c.request == sa.bindparam("request_"))
    .order_by(grants.c.given_at, grants.c.id)
)
_REVOKE = sa.update(grants).where(_NAMED, _IS_LIVE).values(revoked_at=_NOW, revoked_by=sa.bindparam("by_"))
_USE = sa.update(grants).where(_NAMED, _IS_LIVE).values(uses=grants.c.uses + 1, used_at=_NOW)
_FORGET = sa.delete(grants).where(grants.c.until < sa.bindparam("before", type_=_moment))
#: How many a list shows; a desk with more live ones than that has other worries.
MOST = 1_000


@dataclass(frozen=True, slots=True)
class Kept:
    """A grant as it stands, and who ended it: `person:U…` or `operator`; None while nobody did."""

    grant: Grant
    revoked_by: str | None = None


def keep(u: Unit, grant: Grant) -> None:
    """Write a new one."""
    row = {
        "id": grant.id,
        "agent": grant.agent,
        "action": grant.action,
        "rule": grant.rule,
        "giver": grant.by.id,
        "request": grant.request,
        "given_at": grant.given_at,
        "until": grant.until,
        "revoked_at": grant.revoked_at,
        "revoked_by": None,
        "uses": grant.uses,
        "used_at": grant.used_at,
        "state": _SPELLING.write(grant),
    }
    u.insert(_ADD, row)


def live(u: Unit, agent: AgentName, action: str, rule: str, now: Instant) -> tuple[Grant, ...]:
    """Those that may cover such a request at `now`, the newest first."""
    row = {"agent": agent, "action": action, "rule": rule, "now": now}
    return _read(u.read(_LIVE, row, of=(grants,)).all())


def get(u: Unit, id_: GrantId) -> Kept | None:
    """By its id, however it is."""
    if "\0" in id_:
        return None
    row = u.read(_GET, {"id_": id_}, of=(grants,)).first()
    return None if row is None else Kept(_grant(row), row.revoked_by)


def every(
    u: Unit, now: Instant, *, giver: UserId | None = None, live_only: bool = True, most: int = MOST
) -> tuple[Grant, ...]:
    """All, or those of `giver`, the newest first, at most so many; ended ones are kept for 30 days."""
    query = sa.select(grants).order_by(*_NEWEST).limit(most)
    if giver is not None:
        query = query.where(grants.c.giver == giver)
    if live_only:
        query = query.where(_IS_LIVE)
    return _read(u.read(query, {"now": now} if live_only else None, of=(grants,)).all())


def of_request(u: Unit, request: RequestId) -> tuple[Grant, ...]:
    """Those that were given on `request`, in their order."""
    return _read(u.read(_OF_REQUEST, {"request_": request}, of=(grants,)).all())


def revoke(u: Unit, id_: GrantId, by: str, now: Instant) -> bool:
    """End it, signed `by`; False where there is none, or it had ended."""
    return u.change(_REVOKE, {"id_": id_, "by_": by, "now": now}, of=(grants,)) > 0


def use(u: Unit, id_: GrantId, now: Instant) -> None:
    """Count a request that it let through. Raises `Conflict` where it has ended meanwhile."""
    if u.change(_USE, {"id_": id_, "now": now}, of=(grants,)) == 0:
        raise Conflict(f"the grant {id_} has ended")


def forget_ended(u: Unit, before: Instant) -> int:
    """Drop those whose time was over before then; how many there were."""
    return u.change(_FORGET, {"before": before}, of=(grants,))


def _read(rows: Iterable[Any]) -> tuple[Grant, ...]:
    return tuple(map(_grant, rows))


def _grant(row: Any) -> Grant:
    grant = _SPELLING.read(row.state)
    return replace(grant, revoked_at=row.revoked_at, uses=row.uses, used_at=row.used_at)

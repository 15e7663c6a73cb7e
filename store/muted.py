"""Suggestions of the gate review that nobody wants to hear of for a while."""

from __future__ import annotations

import sqlalchemy as sa

from approvals.gate_advice import Advice
from approvals.words import Instant, UserId
from store.statements import or_update
from store.tables import muted_suggestions
from store.unit_of_work import Unit

_moment = muted_suggestions.c.until.type
_PUT = or_update(muted_suggestions, ("rule", "advice"), lambda new: {"until": new["until"], "by": new["by"]})
_LIVE = sa.select(muted_suggestions.c.rule, muted_suggestions.c.advice).where(
    muted_suggestions.c.until > sa.bindparam("now", type_=_moment)
)
_FORGET = sa.delete(muted_suggestions).where(muted_suggestions.c.until <= sa.bindparam("now", type_=_moment))


def mute(u: Unit, rule: str, advice: Advice, *, by: UserId, until: Instant) -> None:
    """`by` wants to hear no such suggestion for `rule` before `until`; the latest wins."""
    u.insert(_PUT, {"rule": rule, "advice": str(advice), "by": by, "until": until})


def muted(u: Unit, now: Instant) -> frozenset[tuple[str, Advice]]:
    """The rules, and which suggestion for each, that are quiet at `now`."""
    rows = u.read(_LIVE, {"now": now}, of=(muted_suggestions,))
    known = set(Advice)
    return frozenset((row.rule, Advice(row.advice)) for row in rows if row.advice in known)


def forget_old(u: Unit, now: Instant) -> int:
    """Drop those whose time is over; how many there were."""
    return u.change(_FORGET, {"now": now}, of=(muted_suggestions,))

"""How many requests came lately that a channel is shown: kept while the policy has a `storm`."""

from __future__ import annotations

import sqlalchemy as sa

from approvals.model import AgentName, Instant
from store.statements import plain
from store.tables import recent_cards
from store.unit_of_work import Unit

_moment = recent_cards.c.at.type
_since = recent_cards.c.at > sa.bindparam("since", type_=_moment)
_NOTE = plain(recent_cards)
_LATELY = (
    sa.select(recent_cards.c.id)
    .where(recent_cards.c.channel == sa.bindparam("channel_"), _since)
    .limit(sa.bindparam("most"))
).subquery()
_MANY = sa.select(sa.func.count()).select_from(_LATELY)
_BUSIEST = (
    sa.select(recent_cards.c.agent, sa.func.count().label("many"))
    .where(recent_cards.c.channel == sa.bindparam("channel_"), _since)
    .group_by(recent_cards.c.agent)
    .order_by(sa.desc("many"), recent_cards.c.agent)
)
_FORGET = sa.delete(recent_cards).where(recent_cards.c.at < sa.bindparam("before", type_=_moment))


def note(u: Unit, channel: str, agent: AgentName, at: Instant) -> None:
    """One more."""
    u.insert(_NOTE, {"channel": channel, "agent": agent, "at": at})


def many(u: Unit, channel: str, since: Instant, most: int) -> int:
    """How many came since then; counts to `most`."""
    row = {"channel_": channel, "since": since, "most": most}
    found: int = u.read(_MANY, row, of=(recent_cards,), only={"channel": channel}).scalar_one()
    return found


def busiest(u: Unit, channel: str, since: Instant) -> tuple[tuple[AgentName, int], ...]:
    """Whose they were, and how many of each, the most first."""
    rows = u.read(_BUSIEST, {"channel_": channel, "since": since}, of=(recent_cards,))
    return tuple((AgentName(row.agent), row.many) for row in rows)


def forget(u: Unit, before: Instant) -> int:
    """Drop what is older; how many there were."""
    return u.change(_FORGET, {"before": before}, of=(recent_cards,))

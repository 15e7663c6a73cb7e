"""How many requests came lately that a channel is shown: kept while the policy has a `storm`."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from approvals.words import AgentName, Instant
from store.statements import plain
from store.tables import recent_cards
from store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Lately:
    """What came of one agent for one channel."""

    agent: AgentName
    #: those that it asked just then
    asked: int
    #: those that it asked earlier, and that came from another message
    moved: int
    #: of both, those that were put on a storm's message
    gathered: int


_moment = recent_cards.c.at.type
_since = recent_cards.c.at > sa.bindparam("since", type_=_moment)
_NOTE = plain(recent_cards)
_LATELY = (
    sa.select(recent_cards.c.id)
    .where(recent_cards.c.channel == sa.bindparam("channel_"), _since)
    .limit(sa.bindparam("most"))
).subquery()
_MANY = sa.select(sa.func.count()).select_from(_LATELY)
_ASKED = sa.func.sum(1 - recent_cards.c.moved)
_MOVED = sa.func.sum(recent_cards.c.moved)
_GATHERED = sa.func.sum(recent_cards.c.gathered)
_BUSIEST = (
    sa.select(recent_cards.c.agent, _ASKED.label("asked"), _MOVED.label("moved"), _GATHERED.label("gathered"))
    .where(recent_cards.c.channel == sa.bindparam("channel_"), _since)
    .group_by(recent_cards.c.agent)
    .order_by(sa.desc("asked"), sa.desc("moved"), recent_cards.c.agent)
)
_FORGET = sa.delete(recent_cards).where(recent_cards.c.at < sa.bindparam("before", type_=_moment))


def note(u: Unit, channel: str, agent: AgentName, at: Instant, *, moved: bool, gathered: bool) -> None:
    """One more. `moved`: from another message; `gathered`: to a storm's."""
    row = {"channel": channel, "agent": agent, "at": at}
    u.insert(_NOTE, row | {"moved": int(moved), "gathered": int(gathered)})


def many(u: Unit, channel: str, since: Instant, most: int) -> int:
    """How many came since then; counts to `most`."""
    row = {"channel_": channel, "since": since, "most": most}
    found: int = u.read(_MANY, row, of=(recent_cards,), only={"channel": channel}).scalar_one()
    return found


def busiest(u: Unit, channel: str, since: Instant) -> tuple[Lately, ...]:
    """Whose they were, and how many of each, the most first."""
    rows = u.read(_BUSIEST, {"channel_": channel, "since": since}, of=(recent_cards,))
    return tuple(Lately(AgentName(row.agent), row.asked, row.moved, row.gathered) for row in rows)


def forget(u: Unit, before: Instant) -> int:
    """Drop what is older; how many there were."""
    return u.change(_FORGET, {"before": before}, of=(recent_cards,))

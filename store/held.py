"""What waits unseen until its agent goes on: how much of each, of whom it may go on, and which it is."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from approvals.words import AgentName, RequestId
from store.cases import HELD
from store.tables import agents, cases
from store.unit_of_work import Unit

#: Written out, because a partial index is used only where the statement says its condition in so many words.
_WAITS = (
    cases.c.waits_in == sa.literal_column(f"'{HELD}'"),
    cases.c.status == sa.literal_column("'pending'"),
)
_COUNTS = sa.select(cases.c.agent, sa.func.count().label("many")).where(*_WAITS).group_by(cases.c.agent)
_COUNT = sa.select(sa.func.count(cases.c.id)).where(*_WAITS, cases.c.agent == sa.bindparam("agent_"))
_MAY_GO_ON = (
    sa.select(agents.c.name)
    .where(
        agents.c.paused_at.is_(None),
        agents.c.revoked_at.is_(None),
        sa.exists().where(*_WAITS, cases.c.agent == agents.c.name),
    )
    .order_by(agents.c.name)
)
_SOME = (
    sa.select(cases.c.id)
    .where(*_WAITS, cases.c.agent == sa.bindparam("agent_"), cases.c.id > sa.bindparam("after"))
    .order_by(cases.c.id)
    .limit(sa.bindparam("most"))
)


def counts(u: Unit) -> Mapping[AgentName, int]:
    """How many wait, of each agent of whom any does."""
    return {AgentName(row.agent): row.many for row in u.read(_COUNTS, of=(cases,)).all()}


def count(u: Unit, agent: AgentName) -> int:
    """How many wait until `agent` goes on."""
    found: int = u.read(_COUNT, {"agent_": agent}, of=(cases,)).scalar_one()
    return found


def may_go_on(u: Unit) -> tuple[AgentName, ...]:
    """Agents of whom something waits though they are neither paused nor revoked.

    Each agent costs one look at an index, however much waits of those that are paused.
    """
    return tuple(AgentName(name) for name in u.read(_MAY_GO_ON, of=(agents, cases)).scalars())


def some(u: Unit, agent: AgentName, after: RequestId | None, limit: int) -> tuple[RequestId, ...]:
    """Of what waits until `agent` goes on, the oldest, behind `after`."""
    row = {"agent_": agent, "after": after or "", "most": limit}
    return tuple(RequestId(id_) for id_ in u.read(_SOME, row, of=(cases,)).scalars())

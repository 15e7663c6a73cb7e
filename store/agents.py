"""The programs that ask, with what each is allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from approvals.words import AgentName, Instant, UserId
from store.spelling import read_json, write_json
from store.statements import plain
from store.tables import agents
from store.unit_of_work import Unit


@dataclass(frozen=True, slots=True)
class Agent:
    """A registration. The token itself is never kept."""

    name: AgentName
    #: lower-case hex SHA-256 of the token
    token_hash: str
    webhook_secret: str
    callback_url: str | None
    #: hosts that callbacks may go to
    callback_hosts: tuple[str, ...]
    #: globs of the actions the token is for; none: for all
    actions: tuple[str, ...]
    created_at: Instant
    revoked_at: Instant | None = None
    last_seen: Instant | None = None
    #: while it is paused: since when, and by whom
    paused_at: Instant | None = None
    paused_by: UserId | None = None


_ADD = plain(agents)
_NAMED = agents.c.name == sa.bindparam("name_")
_GET = sa.select(agents).where(_NAMED)
_BY_TOKEN = sa.select(agents).where(agents.c.token_hash == sa.bindparam("hash_"))
_EVERYBODY = sa.select(agents).order_by(agents.c.name)
_moment = agents.c.created_at.type
_REVOKE = (
    sa.update(agents)
    .where(_NAMED, agents.c.revoked_at.is_(None))
    .values(revoked_at=sa.bindparam("now", type_=_moment))
)
_SEEN = sa.update(agents).where(_NAMED).values(last_seen=sa.bindparam("now", type_=_moment))
_PAUSE = (
    sa.update(agents)
    .where(_NAMED, agents.c.paused_at.is_(None), agents.c.revoked_at.is_(None))
    .values(paused_at=sa.bindparam("now", type_=_moment), paused_by=sa.bindparam("by_"))
)
_RESUME = (
    sa.update(agents).where(_NAMED, agents.c.paused_at.is_not(None)).values(paused_at=None, paused_by=None)
)


def add(u: Unit, agent: Agent) -> bool:
    """Register; False, changing nothing, where the name is taken (a revoked agent keeps its name)."""
    if get(u, agent.name) is not None:
        return False
    row = {
        "name": agent.name,
        "token_hash": agent.token_hash,
        "webhook_secret": agent.webhook_secret,
        "callback_url": agent.callback_url,
        "callback_hosts": write_json(agent.callback_hosts),
        "actions": write_json(agent.actions),
        "created_at": agent.created_at,
        "revoked_at": agent.revoked_at,
        "last_seen": agent.last_seen,
    }
    u.insert(_ADD, row)
    return True


def get(u: Unit, name: AgentName) -> Agent | None:
    """By name, revoked or not."""
    return _agent(u.read(_GET, {"name_": name}, of=(agents,)).first())


def by_token_hash(u: Unit, token_hash: str) -> Agent | None:
    """Whose token that is, revoked or not."""
    return _agent(u.read(_BY_TOKEN, {"hash_": token_hash}, of=(agents,)).first())


def everybody(u: Unit) -> tuple[Agent, ...]:
    """All, revoked ones too, by name."""
    found = (_agent(row) for row in u.read(_EVERYBODY, of=(agents,)))
    return tuple(agent for agent in found if agent is not None)


def revoke(u: Unit, name: AgentName, now: Instant) -> bool:
    """End it; False where there is none, or it was revoked before."""
    return u.change(_REVOKE, {"name_": name, "now": now}, of=(agents,)) > 0


def pause(u: Unit, name: AgentName, by: UserId, now: Instant) -> bool:
    """Let nothing new of it proceed; False where there is none, it is paused already, or revoked."""
    return u.change(_PAUSE, {"name_": name, "by_": by, "now": now}, of=(agents,)) > 0


def resume(u: Unit, name: AgentName) -> bool:
    """End the pause; False where it was not paused."""
    return u.change(_RESUME, {"name_": name}, of=(agents,)) > 0


def seen(u: Unit, name: AgentName, now: Instant) -> None:
    """Note that it called."""
    u.change(_SEEN, {"name_": name, "now": now}, of=(agents,))


def _agent(row: Any) -> Agent | None:
    if row is None:
        return None
    return Agent(
        name=row.name,
        token_hash=row.token_hash,
        webhook_secret=row.webhook_secret,
        callback_url=row.callback_url,
        callback_hosts=tuple(read_json(row.callback_hosts)),
        actions=tuple(read_json(row.actions)),
        created_at=row.created_at,
        revoked_at=row.revoked_at,
        last_seen=row.last_seen,
        paused_at=row.paused_at,
        paused_by=row.paused_by,
    )

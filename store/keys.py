"""Idempotency keys: a repeated POST finds the request that the first one made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa

from approvals.canonical import Digest
from approvals.words import AgentName, Instant, RequestId
from store.statements import plain
from store.tables import keys
from store.unit_of_work import Unit

#: The contract, section 2: per agent, kept 7 days.
KEPT = timedelta(days=7)

_ADD = plain(keys)
_MINE = (keys.c.agent == sa.bindparam("agent_"), keys.c.key == sa.bindparam("key_"))
_FIND = sa.select(keys.c.request, keys.c.body, keys.c.created_at).where(*_MINE)
_moment = keys.c.created_at.type
_FORGET = sa.delete(keys).where(keys.c.created_at <= sa.bindparam("before", type_=_moment))
_FORGET_MINE = sa.delete(keys).where(*_MINE, keys.c.created_at <= sa.bindparam("before", type_=_moment))


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was posted under a key: the request it made, and the digest of its body."""

    request: RequestId
    body: Digest


def find(u: Unit, agent: AgentName, key: str, now: Instant) -> Remembered | None:
    """What `agent` posted under `key` in the last 7 days."""
    mine = {"agent": agent, "key": key}
    row = u.read(_FIND, {"agent_": agent, "key_": key}, of=(keys,), only=mine).first()
    if row is None or row.created_at <= now - KEPT:
        return None
    return Remembered(row.request, row.body)


def remember(  # noqa: PLR0917  # a row's columns, in the order in which they are known
    u: Unit, agent: AgentName, key: str, body: Digest, request: RequestId, now: Instant
) -> None:
    """Bind `key` to `request`.

    Where another call took the key meanwhile, `Store.write` raises `KeyTaken` and nothing of this unit is
    written; `find` then tells what the other made.
    """
    if u.careful:
        # Rarely there is one that is too old to count and was not swept yet: the quick way stumbles over it.
        u.change(_FORGET_MINE, {"agent_": agent, "key_": key, "before": now - KEPT}, of=(keys,))
    row = {"agent": agent, "key": key, "request": request, "body": body, "created_at": now}
    u.insert(_ADD, row)


def forget_old(u: Unit, now: Instant) -> int:
    """Drop keys older than 7 days; how many there were."""
    return u.change(_FORGET, {"before": now - KEPT}, of=(keys,))

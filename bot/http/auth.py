"""Who calls: a bearer token, of which the store knows the SHA-256 only."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from aiohttp import hdrs, web

from approvals.words import Instant
from bot.http.problems import no_token
from store import agents
from store.agents import Agent
from store.engine import Store

_log = logging.getLogger(__name__)

#: RFC 6750, section 2.1; no token of ours is longer than this.
_BEARER = re.compile(r"bearer +([A-Za-z0-9\-._~+/]{1,256}=*) *", re.IGNORECASE)
#: How long a token that was found good is not looked up again. A revocation by another process holds after
#: it; that is shorter than the revoking command takes to end.
TRUSTED_SECONDS = 0.1
#: `last_seen` is this coarse: writing it costs a transaction.
_SEEN_EVERY = timedelta(minutes=1)
#: Agents kept in memory at once; more of them only means more look-ups.
_MOST_KEPT = 10_000


def token_hash(token: str) -> str:
    """What is stored of a token. It has 256 bits of chance, so that a salt or a slow hash adds nothing."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(slots=True)
class _Known:
    agent: Agent
    until: float


class Callers:
    """Finds the agent behind a call.

    Calls that come while a token is being looked up share that one look-up, and ask again only after
    `TRUSTED_SECONDS`: a flood costs the database next to nothing.
    """

    def __init__(self, store: Store, now: Callable[[], Instant], clock: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._clock = clock
        self._known: dict[str, _Known] = {}
        self._looking: dict[str, asyncio.Task[Agent | None]] = {}
        self._seen: dict[str, Instant] = {}
        self._notes: set[asyncio.Task[None]] = set()

    async def of(self, request: web.Request) -> Agent:
        """The agent whose token `request` carries. Raises `Problem` (401)."""
        token = _token(request)
        hashed = token_hash(token)
        known = self._known.get(hashed)
        if known is not None and known.until > self._clock():
            return known.agent
        agent = await self._look_up(hashed)
        if agent is None or not hmac.compare_digest(agent.token_hash, hashed):
            raise no_token("this token is unknown")
        if agent.revoked_at is not None:
            raise no_token("this token was revoked")
        self._keep(hashed, agent)
        return agent

    def forget(self) -> None:
        """Look every token up again: a revocation in this process holds at once."""
        self._known.clear()

    async def close(self) -> None:
        """Let what is being noted be written."""
        await asyncio.gather(*self._notes)

    async def _look_up(self, hashed: str) -> Agent | None:
        looking = self._looking.get(hashed)
        if looking is None:
            looking = asyncio.ensure_future(self._store.read(lambda unit: agents.by_token_hash(unit, hashed)))
            self._looking[hashed] = looking
            looking.add_done_callback(lambda done: self._looked_up(hashed, done))
        # Whoever hangs up must not take the answer from those who wait for the same one.
        return await asyncio.shield(looking)

    def _looked_up(self, hashed: str, done: asyncio.Task[Agent | None]) -> None:
        self._looking.pop(hashed, None)
        if not done.cancelled():
            # Everybody who wanted to know may have hung up: then nobody else asks for what went wrong.
            done.exception()

    def _keep(self, hashed: str, agent: Agent) -> None:
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        self._known[hashed] = _Known(agent, self._clock() + TRUSTED_SECONDS)
        now = self._now()
        seen = self._seen.get(agent.name, agent.last_seen)
        if seen is None or now - seen >= _SEEN_EVERY:
            self._seen[agent.name] = now
            note = asyncio.ensure_future(self._note(agent, now))
            self._notes.add(note)
            note.add_done_callback(self._notes.discard)

    async def _note(self, agent: Agent, now: Instant) -> None:
        try:
            await self._store.write(lambda unit: agents.seen(unit, agent.name, now))
        except Exception as error:  # noqa: BLE001  # a nicety: the call itself must not fail for it
            _log.warning("could not note when %s was last seen: %s", agent.name, type(error).__name__)


def _token(request: web.Request) -> str:
    headers = request.headers.getall(hdrs.AUTHORIZATION, [])
    if not headers:
        raise no_token("")
    bearer = _BEARER.fullmatch(headers[0]) if len(headers) == 1 else None
    if bearer is None:
        raise no_token("Authorization must be one bearer token: Bearer <token>")
    return bearer[1]

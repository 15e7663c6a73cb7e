"""The sender of callbacks, by Standard Webhooks (https://www.standardwebhooks.com).

The body was frozen when its request changed; only the timestamp and with it the signature are made anew for
each try. Whatever is not a 2xx is tried again, for a day.
"""

from __future__ import annotations

import asyncio
import logging
import math
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TypeAlias

from aiohttp import (
    ClientError,
    ClientResponseError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    ThreadedResolver,
)
from aiohttp.abc import AbstractResolver
from standardwebhooks import Webhook

from approvals.words import AgentName, Instant
from bot.http.addresses import BadAddress, Callee, checked, parse_url
from scheduler.backoff import Exhausted, callback_pause, retry_after
from scheduler.results import Again, Dead, Done, Result
from store.outbox import Parcel
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: One try, from DNS to the answer's status line. Below the courier's own limit, so that its reason is kept.
TRY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Registration:
    """What is needed of an agent to call it."""

    #: `whsec_…`
    secret: str
    #: entries as `bot.http.addresses.registration` made them
    hosts: tuple[str, ...]


#: Looked up at each try, so that a changed registration holds at once; None for an agent nobody knows.
Lookup: TypeAlias = Callable[[AgentName], Awaitable[Registration | None]]
#: What is written when a callback becomes a dead letter, in the same transaction; with why, in words.
OnDead: TypeAlias = Callable[[Unit, Parcel, str], None]


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the agent's server said; `status` 0 when it did not get to say anything."""

    status: int
    why: str
    asked: timedelta | None = None
    #: it may have arrived
    ambiguous: bool = False


class CallbackSender:
    """Delivers parcels of the kind CALLBACK: `await sender(parcel)`.

    A parcel's body is `{"url", "agent", "id", "body"}`: where to, whose secret, the `webhook-id`, and the
    exact text to post.
    """

    def __init__(
        self,
        lookup: Lookup,
        now: Callable[[], Instant],
        jitter: Callable[[], float],
        *,
        on_dead: OnDead | None = None,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
        patience: float = TRY_SECONDS,
    ) -> None:
        """`resolver` defaults to the system's; `tls` to verifying against the system's authorities.

        `patience` is how many seconds one try may take.
        """
        self._lookup = lookup
        self._now = now
        self._jitter = jitter
        self._on_dead = on_dead
        self._resolver = resolver
        self._tls = tls
        self._patience = patience

    async def __call__(self, parcel: Parcel) -> Result:
        """One try."""
        body = _strings(parcel)
        registered = await self._lookup(AgentName(body["agent"]))
        if registered is None:
            return self._dead(parcel, f"nobody knows the agent {body['agent']}")
        answer = await self._post(body, registered)
        if 200 <= answer.status <= 299:
            return Done()
        tried_for = self._now() - parcel.first_tried_at
        try:
            pause = callback_pause(parcel.attempts, tried_for, self._jitter(), answer.asked)
        except Exhausted:
            return self._dead(parcel, answer.why)
        return Again(answer.why, pause, ambiguous=answer.ambiguous)

    async def _post(self, body: Mapping[str, str], registered: Registration) -> _Answer:
        try:
            async with asyncio.timeout(self._patience):
                callee = parse_url(body["url"])
                return await self._exchange(callee, body, registered)
        except BadAddress as bad:
            return _Answer(0, str(bad))
        except TimeoutError:
            return _Answer(0, f"no answer within {self._patience:g} s", ambiguous=True)
        except ClientResponseError:
            # Its text holds the address, which may carry a key, and what was answered.
            return _Answer(0, "what it answered is no HTTP", ambiguous=True)
        except (ClientError, OSError) as error:
            return _Answer(0, f"no connection: {_plain(error)}", ambiguous=True)

    async def _exchange(self, callee: Callee, body: Mapping[str, str], registered: Registration) -> _Answer:
        pinned = await checked(callee, registered.hosts, self._resolver or ThreadedResolver())
        # A connection of its own for each try: one that was kept could have been checked for another agent,
        # and a kept one that the server closed meanwhile would cost a pause.
        connector = TCPConnector(
            resolver=pinned, use_dns_cache=False, force_close=True, ssl=self._tls or True
        )
        # Its time is limited as a whole, by `_post`.
        async with (
            ClientSession(
                connector=connector,
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(total=None),
                trust_env=False,
            ) as session,
            session.post(
                callee.url,
                data=body["body"].encode(),
                headers=self._headers(body, registered.secret),
                allow_redirects=False,
            ) as response,
        ):
            # The status says all there is to know: a body is not read, however long it is.
            why = f"the agent answered {response.status}"
            return _Answer(response.status, why, retry_after(response.headers.get("Retry-After")))

    def _headers(self, body: Mapping[str, str], secret: str) -> Mapping[str, str]:
        # The library signs the clock's face, whatever zone it shows: it must show UTC.
        now = self._now().astimezone(UTC)
        return {
            "Content-Type": "application/json",
            "User-Agent": "hitl",
            "webhook-id": body["id"],
            "webhook-timestamp": str(math.floor(now.timestamp())),
            "webhook-signature": Webhook(secret).sign(body["id"], now, body["body"]),
        }

    def _dead(self, parcel: Parcel, error: str) -> Dead:
        log.warning("callback %s is a dead letter: %s", parcel.id, error)
        on_dead = self._on_dead
        return Dead(error, None if on_dead is None else lambda unit: on_dead(unit, parcel, error))


def _strings(parcel: Parcel) -> Mapping[str, str]:
    """A callback's four strings. Raises `TypeError` for any other body: a bug, never an agent's doing."""
    found = parcel.body
    if not isinstance(found, Mapping):
        raise TypeError(f"parcel {parcel.id} is no callback")
    strings: dict[str, str] = {}
    for name in ("url", "agent", "id", "body"):
        value = found.get(name)
        if not isinstance(value, str):
            raise TypeError(f"parcel {parcel.id} has no {name}")
        strings[name] = value
    return strings


def _plain(error: Exception) -> str:
    """What failed, in a few words that hold neither the address nor what was answered."""
    reason = getattr(error, "strerror", None)
    return f"{type(error).__name__}: {reason}"[:300] if isinstance(reason, str) else type(error).__name__

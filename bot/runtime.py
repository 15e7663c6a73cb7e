"""Where real time, ids and chance come in. Everywhere else they are parameters."""

from __future__ import annotations

import random
import secrets
import time
from datetime import UTC, datetime
from typing import Protocol

from approvals.words import BoardId, GrantId, Instant, RequestId

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class Runtime(Protocol):
    """Time, ids and chance, as the program asks for them."""

    def now(self) -> Instant:
        """This moment in UTC, cut to milliseconds: what agents are shown is what is stored."""

    def request_id(self) -> RequestId:
        """A new request id; ids sort by the moment they were made, to the millisecond."""

    def grant_id(self) -> GrantId:
        """A new grant id, short enough to type: `g_` and 8 characters."""

    def board_id(self) -> BoardId:
        """A new digest's id; ids sort by the moment they were made, to the millisecond."""

    def token(self, prefix: str) -> str:
        """A new secret nobody can guess: `prefix` and 43 URL-safe characters (256 bits)."""

    def secret_key(self) -> bytes:
        """32 new bytes nobody can guess, for signing."""

    def jitter(self) -> float:
        """A number in [0, 1), for spreading retries."""


class SystemRuntime:
    """The machine's own clock and randomness."""

    def now(self) -> Instant:
        """See `Runtime`."""
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)

    def request_id(self) -> RequestId:
        """`req_` and 26 characters as a ULID spells them: 48 bits of milliseconds, 80 of chance."""
        return RequestId(f"req_{_ulid()}")

    def board_id(self) -> BoardId:
        """`dig_`, and as a request's."""
        return BoardId(f"dig_{_ulid()}")

    def grant_id(self) -> GrantId:
        """40 bits of chance, in letters that people do not mix up; who types it may type it in any case."""
        number = secrets.randbits(40)
        letters = (_CROCKFORD[number >> shift & 31] for shift in range(35, -5, -5))
        return GrantId("g_" + "".join(letters).lower())

    def token(self, prefix: str) -> str:
        """See `Runtime`."""
        return prefix + secrets.token_urlsafe(32)

    def secret_key(self) -> bytes:
        """See `Runtime`."""
        return secrets.token_bytes(32)

    def jitter(self) -> float:
        """See `Runtime`."""
        return random.random()  # noqa: S311  # spreads retries, guards nothing


def _ulid() -> str:
    number = int(time.time() * 1000) << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -5, -5))

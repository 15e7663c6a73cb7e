"""What came of one try to deliver a parcel. A sender returns one of these; the courier records it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from store.outbox import Parcel
from store.unit_of_work import Unit

#: What is written in the transaction that ends the parcel, and under the same lease. May be run twice.
Then: TypeAlias = Callable[[Unit], None]


@dataclass(frozen=True, slots=True)
class Done:
    """It is delivered, or need not be any more."""

    then: Then | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """It is to be tried once more."""

    error: str
    #: None: Slack's backoff, by the number of tries
    after: timedelta | None = None
    #: the lane whose parcels all wait as long as this one does: `channel:C…` after Slack's `Retry-After`
    hold: str | None = None
    #: nobody knows whether it arrived: the next try looks before it sends
    ambiguous: bool = False


@dataclass(frozen=True, slots=True)
class Dead:
    """It cannot be delivered: a dead letter, until an operator has it sent again."""

    error: str
    then: Then | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing that goes the same way can leave now, such as after the token was revoked."""

    error: str
    #: what to call it for whoever asks why nothing leaves; None: as the error
    why: str | None = None


Result: TypeAlias = Done | Again | Dead | Pause
Sender: TypeAlias = Callable[[Parcel], Awaitable[Result]]

"""What lies in the outbox: parcels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from approvals.canonical import Json
from approvals.words import Instant, RequestId
from store.tables import outbox


class ParcelKind(StrEnum):
    """What is to be sent."""

    REPLY = "reply"
    CARD = "card"
    THREAD = "thread"
    CALLBACK = "callback"
    NOTICE = "notice"
    REVIEW = "review"
    #: a digest's message; level-triggered, as a card
    BOARD = "board"
    #: said once in the thread of a digest's message
    NOTE = "note"
    #: somebody clears a digest, item by item
    CLEARING = "clearing"
    #: somebody's home tab; level-triggered, as a card
    HOME = "home"


class State(StrEnum):
    """Where a parcel is: to be sent (or being sent), sent, or given up."""

    WAITING = "waiting"
    DONE = "done"
    DEAD = "dead"


#: What goes first: a person's answer, how a request ended, what is new, calls to agents, what only changed.
#: `DECISIONS` are work within the house, on which nobody outside is called.
REPLIES, FINAL_CARDS, NEWS, CALLS, UPDATES, DECISIONS = PRIORITIES = range(6)

#: Written out, because a partial index is used only where the statement says its condition in so many words.
IS_WAITING = outbox.c.state == sa.literal_column("'waiting'")
IS_DEAD = outbox.c.state == sa.literal_column("'dead'")
#: How the error begins of one that waits for something else than that Slack takes it.
PUT_OFF = "put off: "
#: The type of a bound moment.
MOMENT = outbox.c.due_at.type


def lane_of(channel: str | None) -> str:
    """What waits for `channel` waits in this lane; in none where it is not known yet."""
    return "" if channel is None else f"channel:{channel}"


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one claim took, to be sent now."""

    id: int
    kind: ParcelKind
    request: RequestId | None
    #: what is said, unique within request and kind
    key: str
    #: `channel:C…` where it is known; Retry-After holds a lane
    lane: str
    body: Json
    created_at: Instant
    #: when it was due before it was claimed
    due_at: Instant
    #: this one included
    attempts: int
    #: of a card: how often it changed; what changes after the claim is not covered by it
    generation: int
    #: this try, on the first
    first_tried_at: Instant
    last_error: str | None
    #: whose it is, until when was said at the claim
    lease: str
    #: one of `PRIORITIES`
    priority: int = NEWS


@dataclass(frozen=True, slots=True)
class Counts:
    """How much there is to send, by kind; since when the oldest waits; how much was given up."""

    waiting: dict[ParcelKind, int]
    oldest: Instant | None
    dead: int

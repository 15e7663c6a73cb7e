"""The tamper-evident log: one hash chain of facts a request.

A fact never holds a payload, only a salted digest of it, so payloads can be deleted after their time
while every chain still verifies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum

from approvals.canonical import Json, canonical
from approvals.model import ChainHead
from approvals.words import Instant, RequestId


class FactKind(StrEnum):
    """What a fact is about. Names are stable: they stand in exported logs."""

    OPENED = "request.opened"
    APPROVED = "vote.approved"
    REJECTED = "vote.rejected"
    REFUSED = "vote.refused"
    EDITED = "payload.edited"
    ANSWERED = "vote.answered"
    GRANTED = "grant.given"
    UNGRANTED = "grant.revoked"
    COMMENTED = "request.commented"
    COMMENT_EDITED = "comment.edited"
    COMMENT_DELETED = "comment.deleted"
    RESUMED = "request.resumed"
    PULLED_OUT = "request.pulled_out"
    HANDED_OVER = "request.handed_over"
    SNOOZED = "reminders.snoozed"
    SHOWN = "request.shown"
    REMINDED = "request.reminded"
    ESCALATED = "request.escalated"
    RESTARTED = "window.restarted"
    PARKED = "request.parked"
    DECIDED = "request.decided"
    CLAIMED = "request.claimed"
    REPORTED = "outcome.reported"


@dataclass(frozen=True, slots=True)
class Fact:
    """One link: what happened, when, by whom, and the hash of all before it."""

    request: RequestId
    #: 1 for a request's first
    seq: int
    at: Instant
    kind: FactKind
    #: `person:U…`, `agent:NAME`, `grant:ID`, `policy`, `clock`, `operator` or `desk`
    by: str
    body: Mapping[str, Json]
    #: hash of the fact before, empty for the first
    prev: str
    #: lower-case hex SHA-256 over everything above
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a chain does not hold."""

    request: RequestId
    seq: int
    why: str


def link(
    head: ChainHead, request: RequestId, at: Instant, *, kind: FactKind, by: str, body: Mapping[str, Json]
) -> Fact:
    """The fact that follows `head`."""
    seq = head.seq + 1
    sealed = _seal([request, seq, _spelled(at), str(kind), by, body, head.hash])
    return Fact(request, seq, at, kind, by, body, prev=head.hash, hash=sealed)


def head_of(fact: Fact) -> ChainHead:
    """The chain's head once `fact` is its last link."""
    return ChainHead(fact.seq, fact.hash)


def verify(facts: Iterable[Fact], head: ChainHead) -> Break | None:
    """None when `facts`, in order, are one request's whole unbroken chain that ends at `head`."""
    at = ChainHead()
    request = RequestId("")
    for fact in facts:
        request = fact.request
        if fact.seq != at.seq + 1:
            return Break(request, at.seq + 1, "this fact is missing")
        if fact.prev != at.hash:
            return Break(request, fact.seq, "it does not follow the fact before it")
        if fact.hash != _hash(fact):
            return Break(request, fact.seq, "it was changed after it was written")
        at = head_of(fact)
    return None if at == head else Break(request, at.seq + 1, "the chain ends early or late")


def _hash(fact: Fact) -> str:
    return _seal([fact.request, fact.seq, _spelled(fact.at), str(fact.kind), fact.by, fact.body, fact.prev])


def _spelled(at: Instant) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _seal(covered: list[Json]) -> str:
    return hashlib.sha256(canonical(covered)).hexdigest()

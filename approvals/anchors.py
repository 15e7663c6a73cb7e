"""A chain over the heads of all requests' chains, so that a request that vanished whole is missed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from approvals.audit import Break
from approvals.canonical import Json, canonical
from approvals.model import ChainHead
from approvals.words import Instant, RequestId

#: What `Break.request` says where it is an anchor that does not hold; `seq` is then the anchor's number.
ANCHORS = RequestId("anchors")


@dataclass(frozen=True, slots=True)
class Anchor:
    """One link of the chain over chains."""

    #: 1 for the first
    seq: int
    at: Instant
    #: the heads of those requests that changed since the anchor before
    heads: tuple[tuple[RequestId, ChainHead], ...]
    #: hash of the anchor before, empty for the first
    prev: str
    #: lower-case hex SHA-256 over everything above
    hash: str


def anchored(before: ChainHead, at: Instant, heads: tuple[tuple[RequestId, ChainHead], ...]) -> Anchor:
    """The anchor that follows `before`."""
    seq = before.seq + 1
    return Anchor(seq, at, heads, before.hash, _hash(seq, at, heads, before.hash))


def why_not_after(before: ChainHead, anchor: Anchor) -> Break | None:
    """None when `anchor` is whole and follows `before`."""
    if anchor.seq != before.seq + 1:
        return Break(ANCHORS, before.seq + 1, "this anchor is missing")
    if anchor.prev != before.hash:
        return Break(ANCHORS, anchor.seq, "it does not follow the anchor before it")
    if anchor.hash != _hash(anchor.seq, anchor.at, anchor.heads, anchor.prev):
        return Break(ANCHORS, anchor.seq, "it was changed after it was written")
    return None


def _hash(seq: int, at: Instant, heads: Iterable[tuple[RequestId, ChainHead]], prev: str) -> str:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    listed: list[Json] = [[request, head.seq, head.hash] for request, head in heads]
    return hashlib.sha256(canonical([seq, moment, listed, prev])).hexdigest()

"""What Prometheus is told. A registry of its own: two of them can live in one process, as in tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from approvals.words import Instant, Status
from store.outbox import Counts
from store.queue import Pending

#: Seconds. An intake takes single milliseconds; a long-poll up to a minute.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand in the store, counted when Prometheus asks."""

    requests: Mapping[Status, int]
    pending: Pending
    outbox: Counts


class Meter:
    """Every number of `GET /metrics`. Labels are short and few by construction: never an id, never a text."""

    def __init__(self, version: str) -> None:
        registry = self.registry = CollectorRegistry()
        self.opened = Counter("hitl_requests_opened", "Requests opened.", ("gate", "risk"), registry=registry)
        self.refused = Counter("hitl_http_problems", "Calls refused.", ("problem",), registry=registry)
        self.http = Histogram(
            "hitl_http_seconds",
            "How long calls took, long-polls included.",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=registry,
        )
        self.waiting = Gauge("hitl_http_waiting", "Long-polls held now.", registry=registry)
        self.deliveries = Counter(
            "hitl_deliveries",
            "What the courier tried, by what came of it.",
            ("kind", "result"),
            registry=registry,
        )
        self.policy_loaded = Gauge(
            "hitl_policy_loaded",
            "1 when the policy's file is the policy in force, 0 when it was not taken.",
            registry=registry,
        )
        self.policy_loaded.set(1)
        self.ready = Gauge("hitl_ready", "1 when ready, by what it needs.", ("what",), registry=registry)
        self._requests = Gauge("hitl_requests", "Requests by status.", ("status",), registry=registry)
        self._oldest_pending = Gauge(
            "hitl_oldest_pending_seconds", "Age of the oldest pending request.", registry=registry
        )
        self._outbox = Gauge("hitl_outbox_waiting", "Outbox rows to send.", ("kind",), registry=registry)
        self._outbox_dead = Gauge("hitl_outbox_dead", "Dead letters.", registry=registry)
        self._outbox_oldest = Gauge(
            "hitl_outbox_oldest_seconds", "Age of the oldest outbox row to send.", registry=registry
        )
        build = Gauge("hitl_build", "Always 1; the label says which.", ("version",), registry=registry)
        build.labels(version).set(1)

    def delivered(self, kind: str, result: str) -> None:
        """The courier tried to send a parcel of `kind`: `done`, `again`, `dead` or `pause`."""
        self.deliveries.labels(kind, result).inc()

    def stands(self, standing: Standing, now: Instant) -> None:
        """Take over what was counted in the store."""
        for status, count in standing.requests.items():
            self._requests.labels(str(status)).set(count)
        self._oldest_pending.set(_age(standing.pending.oldest, now))
        for kind, count in standing.outbox.waiting.items():
            self._outbox.labels(str(kind)).set(count)
        self._outbox_dead.set(standing.outbox.dead)
        self._outbox_oldest.set(_age(standing.outbox.oldest, now))


def _age(since: Instant | None, now: Instant) -> float:
    """Seconds; 0 where there is nothing."""
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())

"""What the store's tests write, in one line each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from approvals.events import Event
from approvals.machine import Ruling, decide
from approvals.words import RequestId
from store import cases, facts, outbox
from store.engine import Store
from store.unit_of_work import Unit
from tests.harness.cases import NOON, a_request, opened


def numbered(number: int) -> RequestId:
    """Ids sort by number."""
    return RequestId(f"req_{number:06}")


def intake(number: int, **fields: Any) -> Callable[[Unit], Ruling]:
    """A unit of work that opens request `number`: case, payload, fact and card."""
    ruling = opened(a_request(id=numbered(number), **fields))

    def work(u: Unit) -> Ruling:
        write(u, ruling)
        return ruling

    return work


def write(u: Unit, ruling: Ruling, *, now: datetime = NOON) -> None:
    """Write a new case and what follows from it."""
    cases.add(u, ruling.case)
    facts.append(u, ruling.facts)
    outbox.show_card(u, ruling.case.id, now, final=False)


async def happens(store: Store, request: RequestId, event: Event, now: datetime = NOON) -> Ruling:
    """Load, decide, save."""

    def work(u: Unit) -> Ruling:
        case = cases.load(u, request)
        assert case is not None
        ruling = decide(case, event, now)
        cases.save(u, case, ruling.case)
        facts.append(u, ruling.facts)
        return ruling

    return await store.write(work)

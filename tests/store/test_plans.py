"""What runs at every request goes through an index, so that it costs the same after years."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from approvals.words import AgentName, GrantId, Status
from store import (
    agents,
    cards,
    cases,
    dead_letters,
    facts,
    grants,
    held,
    keys,
    outbox,
    payloads,
    queue,
    reminders,
    schedule,
)
from store.engine import Store
from store.errors import Conflict
from store.outbox import ParcelKind
from store.tables import metadata
from store.unit_of_work import Unit
from tests.harness.cases import NOON, opened
from tests.store.samples import intake, numbered

ONE, AGENT = numbered(1), AgentName("billing-agent")
SOON = NOON + timedelta(minutes=1)


class _Explained:
    """Collects how the database means to run each statement of a unit of work."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self.plans: list[str] = []

    def __call__(self, conn: sa.Connection, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "UPDATE", "DELETE")):
            return
        sqlite = conn.dialect.name == "sqlite"
        cursor.execute(("EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN ") + statement, parameters)
        self.plans += [statement, *(str(row[-1]) for row in cursor.fetchall())]


async def plans_of(store: Store, work: Callable[[Unit], object]) -> list[str]:
    """The plans of what `work` runs; PostgreSQL is told that reading whole tables is dear."""

    def explained(u: Unit) -> list[str]:
        if u.dialect == "postgresql":
            u.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            u.connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
        collect = _Explained(u.connection)
        sa.event.listen(u.connection, "before_cursor_execute", collect)
        try:
            work(u)
        finally:
            sa.event.remove(u.connection, "before_cursor_execute", collect)
        return collect.plans

    return await store.write(explained)


def scans(plans: list[str]) -> list[str]:
    """Where a whole table of ours would be read."""
    whole = {f"SCAN {table}" for table in metadata.tables}
    return [line for line in plans if line in whole or "Seq Scan" in line]


def _claim(u: Unit) -> None:
    (parcel,) = [p for p in outbox.claim(u, NOON, "mine", SOON, 5) if p.kind is ParcelKind.CALLBACK]
    outbox.done(u, parcel, NOON)


def _save(u: Unit) -> None:
    case = cases.load(u, ONE)
    assert case is not None
    cases.save(u, case, case)
    payloads.replace(u, case)


def _use(u: Unit) -> None:
    grants.revoke(u, GrantId("g_1"), "operator", NOON)
    with suppress(Conflict):
        grants.use(u, GrantId("g_1"), NOON)


def _page(**wanted: Any) -> Callable[[Unit], object]:
    whole: dict[str, Any] = {"status": None, "action": None, "cursor": numbered(7), "limit": 3} | wanted
    return lambda u: cases.page(u, AGENT, **whole)


_HOT: dict[str, tuple[Callable[[Unit], object], str]] = {
    "load and save": (_save, "pk_cases"),
    "page of an agent": (_page(), "ix_cases_agent_id"),
    "page by status": (_page(status=Status.APPROVED), "ix_cases_agent_status_id"),
    "due": (lambda u: cases.due(u, NOON, 10), "ix_cases_due_at"),
    "next due": (cases.next_due, "ix_cases_due_at"),
    "open of an agent": (lambda u: cases.open_of(u, AGENT), "ix_cases_"),
    "what may go on": (held.may_go_on, "ix_cases_held"),
    "waits for an agent": (lambda u: held.some(u, AGENT, ONE, 10), "ix_cases_held"),
    "how much waits for an agent": (lambda u: held.count(u, AGENT), "ix_cases_held"),
    "how much waits for agents": (held.counts, "ix_cases_held"),
    "moved on": (lambda u: cases.moved_on(u, {ONE: 1, numbered(2): 1}), "pk_cases"),
    "pending": (queue.pending, "ix_cases_pending"),
    "a queue": (queue.versions, "ix_cases_pending"),
    "what changed in a queue": (lambda u: queue.outlines_of(u, [ONE, numbered(2)]), "pk_cases"),
    "beginning of an id": (lambda u: queue.beginning(u, "req_0", 6), "pk_cases"),
    "end of an id": (lambda u: queue.ending(u, "0001", 6, NOON), "ix_cases_pending"),
    "end of the id of what was decided": (lambda u: queue.ending(u, "0001", 6, NOON), "ix_cases_decided"),
    "claim and done": (_claim, "ix_outbox_waiting"),
    "next to send": (outbox.next_due, "ix_outbox_waiting"),
    "hold": (lambda u: outbox.hold(u, "channel:C1", SOON), "ix_outbox_lane"),
    "dead letters": (dead_letters.every, "ix_outbox_dead"),
    "a page of dead letters": (lambda u: dead_letters.page(u, 5, 5), "ix_outbox_dead"),
    "forget what was sent": (lambda u: outbox.forget_done(u, NOON), "ix_outbox_done"),
    "release": (lambda u: outbox.release(u, "mine", NOON), "ix_outbox_"),
    "idempotency key": (lambda u: keys.find(u, AGENT, "key", NOON), "idempotency_keys"),
    "old keys": (lambda u: keys.forget_old(u, NOON), "ix_idempotency_keys_created_at"),
    "token": (lambda u: agents.by_token_hash(u, "hash"), "agents"),
    "card of a request": (lambda u: cards.of(u, ONE), "cards"),
    "request of a card": (lambda u: cards.at(u, "C1", "1.2"), "cards"),
    "case of a card": (lambda u: cases.of_card(u, "C1", "1.2"), "cards"),
    "cases and their cards": (lambda u: cases.with_cards(u, [ONE, numbered(2)]), "pk_cases"),
    "reminders of a card": (lambda u: reminders.of(u, ONE), "pk_reminders"),
    "schedule of what is pending": (lambda u: schedule.page(u, None, 10), "ix_cases_pending"),
    "due though it is over": (lambda u: schedule.over(u, NOON, 10), "ix_cases_due_at"),
    "cards in a thread": (lambda u: cards.in_thread(u, "C1", "1.2"), "ix_cards_thread"),
    "chain": (lambda u: facts.chain(u, ONE), "facts"),
    "export": (lambda u: list(facts.since(u, NOON)), "ix_facts_at"),
    "anchor": (lambda u: facts.anchor(u, NOON), "ix_cases_unanchored"),
    "live grants": (lambda u: grants.live(u, AGENT, "pay", "refunds", NOON), "ix_grants_live"),
    "use of a grant": (_use, "grants"),
    "grants of a card": (lambda u: grants.of_request(u, ONE), "ix_grants_request"),
    "old grants": (lambda u: grants.forget_ended(u, NOON), "ix_grants_until"),
    "old payloads": (lambda u: payloads.forget(u, NOON, NOON, 5), "ix_cases_keeping"),
}


@pytest.mark.parametrize("name", _HOT)
async def test_hot_statements_go_through_their_index(store: Store, name: str) -> None:
    """No whole table is read, and the index that was made for it is the one that is used."""
    await store.write(intake(1))
    put = {"request": ONE, "key": "decided", "lane": "", "body": None, "now": NOON}
    await store.write(lambda u: outbox.put(u, ParcelKind.CALLBACK, **put))  # type: ignore[arg-type]
    await store.write(lambda u: keys.remember(u, AGENT, "key", opened().case.digest, ONE, NOON))
    work, index = _HOT[name]
    plans = await plans_of(store, work)
    assert plans
    assert scans(plans) == []
    if store.replicated or index.startswith("ix_"):  # SQLite calls the index of a key by a name of its own
        assert any(index in line for line in plans)

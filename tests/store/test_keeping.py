"""What is deleted after its time, and what stays."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from approvals.events import Voted
from approvals.words import Choice
from store import dead_letters, facts, outbox, payloads
from store.engine import Store
from store.outbox import ParcelKind
from store.tables import outbox as parcels
from store.unit_of_work import Unit
from tests.harness.cases import ALICE, NOON, a_roster
from tests.store.samples import happens, intake, numbered

SECRET = "4111111111111111"
MINUTE = timedelta(minutes=1)


def _bodies(u: Unit) -> dict[str, str]:
    """Key → body of every parcel but the cards'."""
    rows = u.read(sa.select(parcels.c.key, parcels.c.body).where(parcels.c.kind != "card"), of=(parcels,))
    return {row.key: row.body for row in rows}


async def _decided(store: Store, number: int) -> None:
    case = (await store.write(intake(number, payload={"card": SECRET}))).case
    await store.write(lambda u: facts.anchor(u, NOON))
    await happens(store, case.id, Voted(ALICE, Choice.APPROVE, case.sight, a_roster()), NOON + MINUTE)


async def _put(store: Store, number: int, key: str) -> None:
    await store.write(
        lambda u: outbox.put(
            u,
            ParcelKind.CALLBACK,
            request=numbered(number),
            key=key,
            lane="",
            body={"body": SECRET},
            now=NOON,
        )
    )


async def test_what_was_sent_or_given_up_goes_with_the_payload(store: Store) -> None:
    """A body that repeats a payload outlives it only while it still has to arrive; others' parcels stay."""
    for number in (1, 2):
        await _decided(store, number)
        for key in ("sent", "dead", "waits"):
            await _put(store, number, f"{key}:{number}")
    states = {"sent": "done", "dead": "dead", "waits": "waiting"}

    def settled(u: Unit) -> None:
        for name, state in states.items():
            u.change(
                sa.update(parcels).where(parcels.c.key.like(f"{name}:%")).values(state=state),
                {},
                of=(parcels,),
            )

    await store.write(settled)
    later = NOON + 90 * 24 * 60 * MINUTE
    assert await store.write(lambda u: payloads.forget(u, later, later, 1)) == 1
    left = await store.read(_bodies)
    assert sorted(left) == ["dead:2", "sent:2", "waits:1", "waits:2"]
    assert len(await store.read(dead_letters.every)) == 1


async def test_every_chain_and_anchor_still_verifies_without_the_payloads(store: Store) -> None:
    """Facts hold salted digests: deleting what they are of, salt and all, breaks nothing."""
    await _decided(store, 1)
    later = NOON + 90 * 24 * 60 * MINUTE
    await store.write(lambda u: facts.anchor(u, later))
    assert await store.write(lambda u: payloads.forget(u, later, later, 10)) == 1
    assert await store.read(facts.first_break, long=True) is None
    assert SECRET not in str(await store.read(lambda u: facts.chain(u, numbered(1))))

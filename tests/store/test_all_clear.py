"""What operators are owed after a trouble with Slack: one parcel each, whatever comes together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from approvals.words import RequestId, UserId
from store import all_clear, outbox
from store.all_clear import Left, Trouble
from store.engine import Store
from store.outbox import Parcel, ParcelKind
from store.parcels import PUT_OFF
from store.unit_of_work import Unit
from tests.harness.cases import NOON

ADMIN = UserId("U0ADMIN")
MINUTE = timedelta(minutes=1)


async def _owed(store: Store, *troubles: Trouble) -> None:
    for trouble in troubles:
        await store.write(partial(all_clear.owe, to=[ADMIN], trouble=trouble, now=trouble.since))


async def _claimed(store: Store, minutes: int) -> tuple[Parcel, ...]:
    now = NOON + minutes * MINUTE
    return await store.write(lambda unit: outbox.claim(unit, now, "lease", now + MINUTE, 9))


async def _done(store: Store, parcels: Iterable[Parcel], minutes: int) -> None:
    for parcel in parcels:
        await store.write(partial(outbox.done, parcel=parcel, now=NOON + minutes * MINUTE))


async def test_troubles_that_come_together_are_one(store: Store) -> None:
    """Delays of two channels, then an outage: one parcel, of all that time, and of everything."""
    one = Trouble(NOON, NOON + 9 * MINUTE, ("channel:C1",))
    other = Trouble(NOON + MINUTE, NOON + 5 * MINUTE, ("channel:C2",))
    await _owed(store, one, other)
    [parcel] = await _claimed(store, 2)
    both = Trouble(NOON, NOON + 9 * MINUTE, ("channel:C1", "channel:C2"))
    assert all_clear.read(parcel.body) == both
    outage = Trouble(NOON + 2 * MINUTE, NOON + 20 * MINUTE, why="http_503")
    await _owed(store, outage)
    await _done(store, [parcel], 3)
    [again] = await _claimed(store, 4)
    assert all_clear.read(again.body) == Trouble(NOON, NOON + 20 * MINUTE, why="http_503")


async def test_an_outage_is_told_once_by_however_many_replicas(store: Store) -> None:
    """Another that found it too says nothing more; the next outage is told again."""
    outage = Trouble(NOON, NOON + 5 * MINUTE, why="http_503")
    await _owed(store, outage)
    await _done(store, await _claimed(store, 6), 6)
    await _owed(store, Trouble(NOON + MINUTE, NOON + 7 * MINUTE, why="http_503"))
    assert await _claimed(store, 8) == ()
    await _owed(store, Trouble(NOON + 10 * MINUTE, NOON + 20 * MINUTE, why="http_503"))
    assert len(await _claimed(store, 21)) == 1


async def test_an_outage_that_is_being_told_is_not_told_again(store: Store) -> None:
    """Another replica that found it a moment later does not have it said twice; the next outage is told."""
    await _owed(store, Trouble(NOON, NOON + 5 * MINUTE, why="http_503"))
    under_way = await _claimed(store, 6)
    await _owed(store, Trouble(NOON + timedelta(seconds=2), NOON + 6 * MINUTE, why="http_503"))
    await _done(store, under_way, 6)
    assert await _claimed(store, 7) == ()
    await _owed(store, Trouble(NOON + 8 * MINUTE, NOON + 9 * MINUTE, why="http_503"))
    under_way = await _claimed(store, 10)
    await _owed(store, Trouble(NOON + 10 * MINUTE, NOON + 11 * MINUTE, why="http_503"))
    await _done(store, under_way, 11)
    assert len(await _claimed(store, 12)) == 1


async def test_what_two_replicas_owe_at_once_is_all_told(database_url: str) -> None:
    """Neither's trouble is lost, be it the first that is owed or not."""
    one, two = await Store.open(database_url, patience=30), await Store.open(database_url, patience=30)
    people = [UserId(f"U{number:02}") for number in range(40)]

    def owing(lane: str, to: list[UserId]) -> partial[None]:
        trouble = Trouble(NOON, NOON + MINUTE, (lane,))
        return partial(all_clear.owe, to=to, trouble=trouble, now=NOON)

    try:
        for lanes in (("channel:C1", "channel:C2"), ("channel:C3", "channel:C4")):
            both = ((one, lanes[0], people), (two, lanes[1], people[::-1]))
            await asyncio.gather(*(each.write(owing(lane, to)) for each, lane, to in both))
        parcels = await one.write(lambda unit: outbox.claim(unit, NOON, "lease", NOON + MINUTE, 99))
        assert len(parcels) == len(people)
        owed = {all_clear.read(parcel.body).lanes for parcel in parcels}
        assert owed == {("channel:C1", "channel:C2", "channel:C3", "channel:C4")}
    finally:
        await one.close()
        await two.close()


async def test_what_waits_for_another_reason_than_slack_is_not_counted(store: Store) -> None:
    """What is put off, what stands behind that, and a card that changed only after the trouble."""
    trouble = Trouble(NOON + 10 * MINUTE, NOON + 20 * MINUTE, why="http_503")
    asked, shown = RequestId("apr_put_off"), RequestId("apr_shown")

    def putting(unit: Unit) -> None:
        for key in ("n1", "n2"):
            outbox.put(unit, ParcelKind.THREAD, request=asked, key=key, lane="", body={}, now=NOON)
        outbox.show_card(unit, shown, NOON, final=False)

    def put_off(unit: Unit, parcel: Parcel) -> None:
        outbox.again(unit, parcel, NOON + 2 * MINUTE, f"{PUT_OFF}the digest is not up yet")

    async def left() -> Left:
        return await store.read(lambda unit: all_clear.left(unit, trouble, NOON + 21 * MINUTE))

    await store.write(putting)
    card, note = sorted(await _claimed(store, 1), key=lambda parcel: parcel.kind)
    assert (await left()).waiting == 2
    await store.write(partial(put_off, parcel=note))
    await _done(store, [card], 1)
    assert await left() == Left(0, 0, 0, throttled=False)
    changed = NOON + 21 * MINUTE
    await store.write(lambda unit: outbox.show_card(unit, shown, changed, final=True))
    assert await left() == Left(0, 0, 0, throttled=False)


async def test_what_waited_is_counted(store: Store) -> None:
    """Of the lanes that were held, not what was asked for later; no callbacks, home tabs, or such words."""
    trouble = Trouble(NOON, NOON + 5 * MINUTE, ("channel:C1",))

    def putting(unit: Unit) -> None:
        for number, (kind, lane, minutes) in enumerate(
            (
                (ParcelKind.THREAD, "channel:C1", 0),
                (ParcelKind.THREAD, "channel:C1", 1),
                (ParcelKind.THREAD, "channel:C2", 1),
                (ParcelKind.THREAD, "channel:C1", 6),
                (ParcelKind.CALLBACK, "channel:C1", 1),
            )
        ):
            at = NOON + minutes * MINUTE
            outbox.put(unit, kind, request=None, key=f"n{number}", lane=lane, body={}, now=at)
        outbox.show_home(unit, ADMIN, NOON, looking=False)

    await store.write(putting)
    await _owed(store, trouble)

    async def left(minutes: int, of: Trouble = trouble) -> Left:
        return await store.read(lambda unit: all_clear.left(unit, of, NOON + minutes * MINUTE))

    assert await left(1) == Left(0, 2, 0, throttled=False)
    assert await left(1, Trouble(NOON, NOON + 5 * MINUTE)) == Left(0, 3, 0, throttled=False)
    parcels = {parcel.key: parcel for parcel in await _claimed(store, 2)}
    await _done(store, [parcels["n0"]], 2)
    limited = "try 1 was not sent: ratelimited"
    await store.write(lambda unit: outbox.again(unit, parcels["n1"], NOON + 9 * MINUTE, limited))
    assert await left(3) == Left(1, 1, 0, throttled=True)
    [again] = [parcel for parcel in await _claimed(store, 9) if parcel.key == "n1"]
    await store.write(lambda unit: outbox.bury(unit, again, NOON + 9 * MINUTE, "no"))
    assert await left(9) == Left(1, 0, 1, throttled=False)

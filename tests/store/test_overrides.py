"""Overrides and absences: kept as they were said, ended once; a handoff is announced once."""

from __future__ import annotations

from datetime import timedelta

from approvals.absence import Absence
from approvals.rotation import Override
from approvals.words import GroupName, UserId
from store import overrides
from store.engine import Store
from tests.harness.cases import NOON

HOUR = timedelta(hours=1)
ALICE, BOB, CAROL = UserId("U0ALICE"), UserId("U0BOB"), UserId("U0CAROL")
FINANCE, OTHERS = GroupName("finance"), GroupName("others")


def standing_in(
    user: UserId, starts: float, ends: float, group: GroupName = FINANCE, by: UserId = ALICE
) -> Override:
    """`user` from so many to so many hours after noon."""
    return Override(group, user, NOON + starts * HOUR, NOON + ends * HOUR, by, NOON)


async def kept(store: Store, *several: Override) -> None:
    """Write these."""
    for each in several:
        await store.write(lambda u, one=each: overrides.add(u, one))  # type: ignore[misc]


async def test_overrides_are_read_in_the_order_in_which_they_were_made(store: Store) -> None:
    """Those that are over are not; the end itself is over."""
    told = (standing_in(BOB, 0, 4), standing_in(CAROL, 1, 2), standing_in(BOB, -2, 0))
    await kept(store, *told)
    assert await store.read(lambda u: overrides.since(u, NOON)) == told[:2]
    assert await store.read(lambda u: overrides.since(u, NOON - HOUR)) == told


async def test_what_runs_ends_and_what_is_to_come_goes(store: Store) -> None:
    """Of that group alone; a person ends those they made, and those in which they stand in."""
    other = standing_in(BOB, 0, 4, OTHERS)
    runs, comes, others = (
        standing_in(BOB, -1, 4, by=CAROL),
        standing_in(CAROL, 5, 6),
        standing_in(ALICE, 7, 8),
    )
    await kept(store, runs, comes, others, other)
    assert await store.write(lambda u: overrides.end(u, FINANCE, NOON, CAROL)) == (runs, comes)
    assert await store.read(lambda u: overrides.since(u, NOON)) == (standing_in(ALICE, 7, 8), other)
    assert await store.read(lambda u: overrides.since(u, NOON - HOUR / 2)) == (
        standing_in(BOB, -1, 0, by=CAROL),
        standing_in(ALICE, 7, 8),
        other,
    )
    assert await store.write(lambda u: overrides.end(u, FINANCE, NOON)) == (others,)
    assert await store.write(lambda u: overrides.end(u, FINANCE, NOON)) == ()


async def test_the_latest_word_on_an_absence_holds(store: Store) -> None:
    """One each; coming back ends it, once; what is over long ago is forgotten."""
    away = Absence(ALICE, BOB, NOON + 4 * HOUR, NOON)
    await store.write(lambda u: overrides.put_absence(u, Absence(ALICE, CAROL, NOON + HOUR, NOON - HOUR)))
    await store.write(lambda u: overrides.put_absence(u, away))
    assert await store.read(lambda u: overrides.absent(u, NOON)) == (away,)
    assert await store.write(lambda u: overrides.back(u, ALICE, NOON))
    assert not await store.write(lambda u: overrides.back(u, ALICE, NOON))
    assert await store.read(lambda u: overrides.absent(u, NOON)) == ()
    await kept(store, standing_in(BOB, -1, 0))
    assert await store.write(lambda u: overrides.forget(u, NOON + HOUR)) == 2


async def test_a_handoff_is_announced_once(store: Store) -> None:
    """The second who would is told so; what came before the first sight of a group is never announced."""
    await store.write(lambda u: overrides.first_seen(u, FINANCE, NOON))
    await store.write(lambda u: overrides.first_seen(u, FINANCE, NOON + HOUR))
    assert await store.read(overrides.announced) == {FINANCE: NOON}
    assert not await store.write(lambda u: overrides.announce(u, FINANCE, NOON))
    assert await store.write(lambda u: overrides.announce(u, FINANCE, NOON + HOUR))
    assert not await store.write(lambda u: overrides.announce(u, FINANCE, NOON + HOUR))
    assert await store.read(overrides.announced) == {FINANCE: NOON + HOUR}

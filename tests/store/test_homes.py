"""Who looks at their home tab, and what it is drawn from."""

from __future__ import annotations

from datetime import timedelta

from approvals.events import Voted
from approvals.words import Choice, UserId
from store import backlog, homes, outbox, queue
from store.engine import Store
from store.homes import Home
from store.outbox import HOMES, ParcelKind
from store.parcels import REPLIES, UPDATES
from store.unit_of_work import Unit
from tests.harness.cases import ALICE, BOB, NOON, a_roster
from tests.store.samples import happens, intake, numbered

LATER = NOON + timedelta(minutes=1)
A, B = UserId("U0ALICE"), UserId("U0BOB")


async def test_who_looks_is_kept_with_what_they_see(store: Store) -> None:
    """Looking again keeps what is shown; whoever looked since is not forgotten."""
    await store.write(lambda u: homes.look(u, A, NOON))
    await store.write(lambda u: homes.shows(u, A, "print", "hash"))
    await store.write(lambda u: homes.look(u, B, NOON))
    await store.write(lambda u: homes.look(u, A, LATER))
    assert await store.read(lambda u: homes.get(u, A)) == Home(A, LATER, "print", "hash")
    assert [each.person for each in await store.read(lambda u: homes.since(u, NOON))] == [A]
    assert [each.person for each in await store.read(lambda u: homes.until(u, NOON))] == [B]
    for person in (A, B):
        await store.write(lambda u, who=person: homes.forget(u, who, NOON))  # type: ignore[misc]
    assert await store.read(lambda u: homes.get(u, B)) is None
    assert await store.read(lambda u: homes.get(u, A)) is not None


async def test_whoever_waits_to_see_theirs_goes_first(store: Store) -> None:
    """One parcel a person; looking brings it forward, unless it is being drawn: then it is drawn again."""
    await store.write(lambda u: outbox.show_home(u, A, NOON, looking=False))
    await store.write(lambda u: outbox.hold(u, HOMES, LATER + timedelta(hours=1)))
    assert await store.write(lambda u: outbox.claim(u, LATER, "one", LATER + timedelta(1), 5)) == ()
    await store.write(lambda u: outbox.show_home(u, A, LATER, looking=True))
    [parcel] = await store.write(lambda u: outbox.claim(u, LATER, "one", LATER + timedelta(1), 5))
    assert (parcel.kind, parcel.key, parcel.priority) == (ParcelKind.HOME, A, REPLIES)
    await store.write(lambda u: outbox.show_home(u, A, LATER, looking=True))
    assert await store.write(lambda u: outbox.claim(u, LATER, "two", LATER + timedelta(1), 5)) == ()
    await store.write(lambda u: outbox.done(u, parcel, LATER))
    [again] = await store.write(lambda u: outbox.claim(u, LATER, "two", LATER + timedelta(1), 5))
    await store.write(lambda u: outbox.done(u, again, LATER))
    await store.write(lambda u: outbox.show_home(u, A, LATER, looking=False))
    [unasked] = await store.write(lambda u: outbox.claim(u, LATER, "three", LATER + timedelta(1), 5))
    assert unasked.priority == UPDATES


async def test_what_somebody_decided_is_found(store: Store) -> None:
    """By who is in the decision, not by who is named elsewhere; the latest first, and no longer ago."""
    for number, by in enumerate((ALICE, BOB, ALICE), 1):
        ruling = await store.write(intake(number))
        vote = Voted(by, Choice.APPROVE, ruling.case.sight, a_roster(), reason='see "U0ALICE"')
        await happens(store, numbered(number), vote, NOON + timedelta(minutes=number))
    every = await store.read(lambda u: queue.decided_by(u, A, NOON, 10))
    assert every == (numbered(3), numbered(1))
    late = NOON + timedelta(minutes=2)
    assert await store.read(lambda u: queue.decided_by(u, A, late, 10)) == (numbered(3),)
    assert await store.read(lambda u: queue.decided_by(u, A, NOON, 1)) == (numbered(3),)


async def test_only_what_changed_need_be_read_again(store: Store) -> None:
    """Versions of what is pending; the outline of one that was decided says so."""
    case = (await store.write(intake(1))).case
    await store.write(intake(2))
    before = await store.read(queue.versions)
    assert (await store.read(lambda u: queue.outlines_of(u, before))).keys() == before.keys()
    vote = Voted(ALICE, Choice.APPROVE, case.sight, a_roster())
    await happens(store, numbered(1), vote)
    after = await store.read(queue.versions)
    assert after == {numbered(2): before[numbered(2)]}
    version, decided = (await store.read(lambda u: queue.outlines_of(u, [numbered(1)])))[numbered(1)]
    assert version > before[numbered(1)]
    assert decided.status.final


async def test_what_should_have_left_is_counted(store: Store) -> None:
    """By channel where Slack said that it is too much; not what is to leave later, nor what is drawn anew."""
    soon = LATER + timedelta(minutes=5)

    def putting(u: Unit) -> None:
        for number in (1, 2):
            key = f"note:{number}"
            outbox.put(u, ParcelKind.NOTICE, request=None, key=key, lane="channel:C1", body=None, now=NOON)
        outbox.put(u, ParcelKind.NOTICE, request=None, key="then", lane="", body=None, now=NOON, due=soon)
        outbox.show_home(u, A, NOON, looking=False)

    await store.write(putting)
    left = await store.read(lambda u: backlog.backlog(u, LATER, LATER))
    assert (left.count, left.oldest, left.delayed) == (2, NOON, ())
    assert (await store.read(lambda u: backlog.backlog(u, NOON, LATER))).count == 0

    def throttled(u: Unit) -> None:
        parcel = next(each for each in outbox.claim(u, LATER, "x", soon, 9) if each.key == "note:1")
        outbox.again(u, parcel, soon, "try 1 was not sent: ratelimited")
        outbox.hold(u, "channel:C1", soon)

    await store.write(throttled)
    [delayed] = (await store.read(lambda u: backlog.backlog(u, LATER, LATER))).delayed
    assert (delayed.channel, delayed.count, delayed.until) == ("C1", 2, soon)
    assert (await store.read(lambda u: backlog.backlog(u, LATER, soon))).delayed == ()

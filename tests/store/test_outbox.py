"""What leaves the process: once, in order, under a lease, the pressing first."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from approvals.words import RequestId
from store import dead_letters, outbox
from store.engine import Store
from store.outbox import Parcel, ParcelKind
from store.unit_of_work import Committed
from tests.harness.cases import NOON
from tests.store.samples import intake, numbered

LEASE = timedelta(seconds=30)
ONE, TWO = numbered(1), numbered(2)


async def put(
    store: Store, kind: ParcelKind, key: str, request: RequestId | None = ONE, **fields: Any
) -> None:
    """Put one parcel, at noon unless said otherwise."""
    whole: dict[str, Any] = {"lane": "", "body": {"said": key}, "now": NOON, **fields}
    await store.write(lambda u: outbox.put(u, kind, request=request, key=key, **whole))


async def claim(
    store: Store, now: datetime = NOON, lease: str = "mine", limit: int = 50
) -> tuple[Parcel, ...]:
    """Claim for half a minute."""
    return await store.write(lambda u: outbox.claim(u, now, lease, now + LEASE, limit))


def keys_of(parcels: tuple[Parcel, ...]) -> list[str]:
    """What they say."""
    return [parcel.key for parcel in parcels]


async def test_a_second_put_of_the_same_changes_nothing(store: Store) -> None:
    """Every effect is sent once, also where a unit of work was replayed, with or without a request."""
    for text in ("first", "second"):
        await put(store, ParcelKind.CALLBACK, "decided", body=text)
        await put(store, ParcelKind.NOTICE, "storm", None, body=text)
    assert sorted(str(parcel.body) for parcel in await claim(store)) == ["first", "first"]


async def test_the_pressing_goes_first(store: Store) -> None:
    """A person's answer, then how a request ended, then what is new, then what only changed."""
    for request in (ONE, TWO):
        await store.write(lambda u, r=request: outbox.show_card(u, r, NOON, final=False))  # type: ignore[misc]
    for card in await claim(store):
        await store.write(lambda u, c=card: outbox.done(u, c, NOON))  # type: ignore[misc]
    await store.write(lambda u: outbox.show_card(u, ONE, NOON, final=False))
    await put(store, ParcelKind.CALLBACK, "decided", TWO)
    await store.write(lambda u: outbox.show_card(u, TWO, NOON, final=True))
    await put(store, ParcelKind.REPLY, "sorry", now=NOON + timedelta(seconds=1))
    found = await claim(store, NOON + timedelta(seconds=1))
    assert [(parcel.kind, parcel.request) for parcel in found] == [
        (ParcelKind.REPLY, ONE),
        (ParcelKind.CARD, TWO),
        (ParcelKind.CALLBACK, TWO),
        (ParcelKind.CARD, ONE),
    ]


async def test_what_is_claimed_is_nobody_elses_until_the_lease_is_over(store: Store) -> None:
    """The second claim finds nothing; after the lease, another takes it, as a second attempt."""
    await put(store, ParcelKind.CALLBACK, "decided")
    (mine,) = await claim(store)
    assert (mine.attempts, mine.first_tried_at, mine.body) == (1, NOON, {"said": "decided"})
    assert await claim(store, NOON + LEASE - timedelta(microseconds=1), "other") == ()
    assert await store.read(outbox.next_due) == NOON + LEASE
    (theirs,) = await claim(store, NOON + LEASE, "other")
    assert (theirs.attempts, theirs.first_tried_at) == (2, NOON)


async def test_a_result_that_comes_after_the_lease_was_lost_is_refused(store: Store) -> None:
    """Done, again and bury say False and change nothing; the new holder's result counts."""
    await put(store, ParcelKind.CALLBACK, "decided")
    (mine,) = await claim(store)
    (theirs,) = await claim(store, NOON + LEASE, "other")
    assert not await store.write(lambda u: outbox.done(u, mine, NOON))
    assert not await store.write(lambda u: outbox.again(u, mine, NOON, "late"))
    assert not await store.write(lambda u: outbox.bury(u, mine, NOON, "late"))
    assert await store.write(lambda u: outbox.done(u, theirs, NOON))
    assert not await store.write(lambda u: outbox.done(u, theirs, NOON))
    assert await store.read(outbox.next_due) is None


async def test_two_who_claim_at_once_share_the_parcels_without_overlap(store: Store) -> None:
    """Forty parcels, eight claims at once: each parcel is taken once."""
    for number in range(40):
        await put(store, ParcelKind.CALLBACK, "decided", numbered(number))
    rounds = await asyncio.gather(*(claim(store, lease=f"worker:{number}", limit=5) for number in range(8)))
    taken = [parcel.id for found in rounds for parcel in found]
    rest = [parcel.id for parcel in await claim(store)]
    assert len(set(taken + rest)) == len(taken + rest) == 40


async def test_ten_changes_of_a_card_are_one_update(store: Store) -> None:
    """Level-triggered: what is shown is the state at that time, whatever led to it."""
    for _ in range(10):
        await store.write(lambda u: outbox.show_card(u, ONE, NOON, final=False))
    (card,) = await claim(store)
    assert card.generation == 10
    assert await store.write(lambda u: outbox.done(u, card, NOON))
    assert await claim(store, NOON + LEASE) == ()


async def test_a_card_that_changes_while_it_is_sent_is_sent_again(store: Store) -> None:
    """One update is under way at most; the change that it did not see follows it."""
    await store.write(lambda u: outbox.show_card(u, ONE, NOON, final=False))
    (card,) = await claim(store)
    await store.write(lambda u: outbox.show_card(u, ONE, NOON, final=True))
    assert await claim(store, lease="other") == ()
    assert await store.write(lambda u: outbox.done(u, card, NOON))
    (once_more,) = await claim(store)
    assert (once_more.generation, once_more.attempts) == (2, 1)
    assert await store.write(lambda u: outbox.done(u, once_more, NOON))
    assert await store.read(outbox.next_due) is None


async def test_a_change_does_not_bring_a_waiting_card_forward(store: Store) -> None:
    """Slack said when to come back; another change of the card is no reason to come earlier."""
    later = NOON + timedelta(minutes=2)
    await store.write(lambda u: outbox.show_card(u, ONE, NOON, final=False))
    (card,) = await claim(store)
    assert await store.write(lambda u: outbox.again(u, card, later, "ratelimited", lane="channel:C1"))
    await store.write(lambda u: outbox.show_card(u, ONE, NOON, final=True))
    assert await claim(store, later - timedelta(microseconds=1)) == ()
    (held,) = await claim(store, later)
    assert (held.lane, held.last_error, held.attempts) == ("channel:C1", "ratelimited", 2)


async def test_retry_after_holds_one_lane_only(store: Store) -> None:
    """What goes to another channel goes on."""
    for lane in ("channel:C1", "channel:C2"):
        await put(store, ParcelKind.THREAD, lane, RequestId(lane), lane=lane)
    later = NOON + timedelta(minutes=1)
    assert await store.write(lambda u: outbox.hold(u, "channel:C1", later)) == 1
    assert keys_of(await claim(store)) == ["channel:C2"]
    assert sorted(keys_of(await claim(store, later))) == ["channel:C1", "channel:C2"]


async def test_callbacks_of_one_request_go_one_after_the_other(store: Store) -> None:
    """The second is claimed once the first is done, and at once then; another request's is not held back."""
    for key in ("commented", "parked", "decided"):
        await put(store, ParcelKind.CALLBACK, key)
    await put(store, ParcelKind.CALLBACK, "other", TWO)
    first, other = await claim(store)
    assert (first.key, other.key) == ("commented", "other")
    assert await claim(store, NOON + timedelta(seconds=1)) == ()
    assert await store.write(lambda u: outbox.done(u, first, NOON + timedelta(seconds=2)))
    (second,) = await claim(store, NOON + timedelta(seconds=2))
    assert second.key == "parked"
    assert await store.write(lambda u: outbox.bury(u, second, NOON + timedelta(seconds=3), "gone"))
    assert keys_of(await claim(store, NOON + timedelta(seconds=3))) == ["decided"]


async def test_a_callback_that_fails_holds_back_later_ones_for_five_minutes(store: Store) -> None:
    """Counted from when it was first tried; afterwards both are on their way."""
    for key in ("commented", "decided"):
        await put(store, ParcelKind.CALLBACK, key)
    now, end = NOON, NOON + timedelta(minutes=5)
    went: list[tuple[str, timedelta]] = []
    while now <= end:
        for parcel in await claim(store, now):
            went.append((parcel.key, now - NOON))
            if parcel.key == "commented":
                later = now + timedelta(seconds=97)
                assert await store.write(lambda u, p=parcel, at=later: outbox.again(u, p, at, "500"))  # type: ignore[misc]
        due = await store.read(outbox.next_due)
        now = max(now + timedelta(microseconds=1), end if due is None else due)
    assert went == [
        ("commented", timedelta(0)),
        ("commented", timedelta(seconds=97)),
        ("commented", timedelta(seconds=194)),
        ("commented", timedelta(seconds=291)),
        ("decided", timedelta(minutes=5)),
    ]


async def test_a_thread_keeps_its_order_however_long_it_takes(store: Store) -> None:
    """A later reply waits for an earlier one that fails for an hour."""
    for key in ("one", "two"):
        await put(store, ParcelKind.THREAD, key)
    (first,) = await claim(store)
    hour = NOON + timedelta(hours=1)
    assert await store.write(lambda u: outbox.again(u, first, hour, "500"))
    assert await claim(store, hour - timedelta(seconds=1)) == ()
    (first,) = await claim(store, hour)
    assert first.key == "one"
    assert await store.write(lambda u: outbox.done(u, first, hour))
    assert keys_of(await claim(store, hour)) == ["two"]


async def test_a_dead_letter_is_listed_and_sent_again_when_told(store: Store) -> None:
    """Bury keeps the body and the error; retry starts anew, alone or all at once."""
    for request in (ONE, TWO):
        await put(store, ParcelKind.CALLBACK, "decided", request)
    for parcel in await claim(store):
        assert await store.write(lambda u, p=parcel: outbox.bury(u, p, NOON, "410 Gone"))  # type: ignore[misc]
    letters = await store.read(dead_letters.every)
    assert [(letter.request, letter.error, letter.body) for letter in letters] == [
        (ONE, "410 Gone", {"said": "decided"}),
        (TWO, "410 Gone", {"said": "decided"}),
    ]
    assert (await store.read(outbox.counts)).dead == 2
    later = NOON + timedelta(days=2)
    assert await store.write(lambda u: dead_letters.retry(u, letters[0].id, later)) == 1
    assert await store.write(lambda u: dead_letters.retry(u, letters[0].id, later)) == 0
    assert await store.write(lambda u: dead_letters.retry(u, None, later)) == 1
    sent = [parcel for parcel in await claim(store, later) if parcel.kind is ParcelKind.CALLBACK]
    assert [(parcel.attempts, parcel.first_tried_at) for parcel in sent] == [(1, later)] * 2


@pytest.mark.parametrize("way", ["retry", "change"])
@pytest.mark.parametrize("kind", [ParcelKind.CARD, ParcelKind.THREAD])
async def test_what_was_given_up_remembers_that_it_may_have_arrived(
    store: Store, kind: ParcelKind, way: str
) -> None:
    """A post with a lost answer that is sent again is known as tried before, and since when."""
    if kind is ParcelKind.CARD:
        await store.write(lambda u: outbox.show_card(u, ONE, NOON, final=False))
    else:
        await put(store, kind, "comment")
    (parcel,) = await claim(store)
    assert await store.write(lambda u: outbox.bury(u, parcel, NOON, "ServerDisconnectedError"))
    later = NOON + timedelta(hours=1)
    if way == "change" and kind is ParcelKind.CARD:
        await store.write(lambda u: outbox.show_card(u, ONE, later, final=True))
    else:
        assert await store.write(lambda u: dead_letters.retry(u, None, later)) == 1
    (again,) = await claim(store, later)
    assert (again.attempts, again.first_tried_at, again.last_error) == (2, NOON, "ServerDisconnectedError")


async def test_a_card_waits_for_the_channel_that_it_is_expected_in(store: Store) -> None:
    """Retry-After holds cards that were never tried; a change keeps the lane that sending taught."""
    lane, later = "channel:C1", NOON + timedelta(minutes=1)
    await store.write(lambda u: outbox.show_card(u, ONE, NOON, final=False, lane=lane))
    assert await store.write(lambda u: outbox.hold(u, lane, later)) == 1
    assert await claim(store) == ()
    (card,) = await claim(store, later)
    assert await store.write(lambda u: outbox.again(u, card, later, "ratelimited", lane="channel:C2"))
    await store.write(lambda u: outbox.show_card(u, ONE, later, final=False, lane=lane))
    (card,) = await claim(store, later)
    assert card.lane == "channel:C2"


async def test_a_card_stops_complaining_when_its_letter_is_sent_again(store: Store) -> None:
    """Retry has each request's card shown anew, one of it or all of them, and no other's."""
    for request in (ONE, TWO):
        await put(store, ParcelKind.CALLBACK, "decided", request)
    for parcel in await claim(store):
        await store.write(lambda u, p=parcel: outbox.bury(u, p, NOON, "410 Gone"))  # type: ignore[misc]
    first, _ = await store.read(dead_letters.every)

    async def cards_shown() -> list[RequestId | None]:
        parcels = await claim(store)
        for parcel in parcels:
            await store.write(lambda u, p=parcel: outbox.done(u, p, NOON))  # type: ignore[misc]
        return [parcel.request for parcel in parcels if parcel.kind is ParcelKind.CARD]

    await store.write(lambda u: dead_letters.retry(u, first.id, NOON))
    assert await store.read(lambda u: dead_letters.undelivered(u, ONE)) is None
    assert await cards_shown() == [ONE]
    await store.write(lambda u: dead_letters.retry(u, None, NOON))
    assert await cards_shown() == [TWO]
    await store.write(lambda u: dead_letters.retry(u, None, NOON))
    assert await cards_shown() == []


async def test_released_parcels_can_be_taken_at_once(store: Store) -> None:
    """A process that stops gives back what it holds, and nothing of another's."""
    await put(store, ParcelKind.CALLBACK, "decided", ONE)
    await claim(store, lease="a:1")
    await put(store, ParcelKind.CALLBACK, "decided", TWO)
    await claim(store, lease="ab:1")
    assert await store.write(lambda u: outbox.release(u, "a", NOON)) == 1
    assert [parcel.request for parcel in await claim(store, lease="b:1")] == [ONE]


async def test_done_parcels_keep_no_body_and_are_forgotten_after_their_time(store: Store) -> None:
    """A callback's body holds a payload, which nobody needs once it was said."""
    await put(store, ParcelKind.CALLBACK, "decided")
    (parcel,) = await claim(store)
    assert await store.write(lambda u: outbox.done(u, parcel, NOON))
    bodies = await store.read(lambda u: u.read(sa.text("SELECT body FROM outbox")).scalars().all())
    assert bodies == ["null"]
    assert await store.write(lambda u: outbox.forget_done(u, NOON)) == 0
    assert await store.write(lambda u: outbox.forget_done(u, NOON + timedelta(days=1))) == 1


async def test_commits_tell_whether_there_is_something_to_send(store: Store) -> None:
    """The courier and the waiters are woken by the commit itself."""
    heard: list[Committed] = []
    store.on_commit(heard.append)
    await store.write(intake(1))
    await store.write(lambda u: outbox.claim(u, NOON, "mine", NOON + LEASE, 9))
    assert [(commit.requests, commit.outbox) for commit in heard] == [(frozenset({ONE}), True)]


async def test_what_somebody_put_off_is_no_backlog(store: Store) -> None:
    """It goes out at its time, and until then is counted among what waits for nobody."""
    later = NOON + timedelta(hours=4)
    await put(store, ParcelKind.NOTICE, "wake:U0ALICE:1", due=later)
    await put(store, ParcelKind.NOTICE, "woken")
    counted = await store.read(outbox.counts)
    assert counted.waiting[ParcelKind.NOTICE] == 1
    assert keys_of(await claim(store)) == ["woken"]
    assert "wake:U0ALICE:1" in keys_of(await claim(store, later))

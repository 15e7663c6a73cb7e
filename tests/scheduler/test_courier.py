"""What the courier does with parcels, on a real store and, where it matters, on a clock that tests move."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import timedelta

import pytest

from approvals.words import Instant, RequestId
from bot.runtime import SystemRuntime
from scheduler.courier import Alarm, Courier, Pace, Probe
from scheduler.results import Again, Dead, Done, Pause, Result, Sender
from store import dead_letters, outbox
from store.dead_letters import DeadLetter
from store.engine import Store
from store.outbox import Parcel, ParcelKind
from store.parcels import CALLS
from store.unit_of_work import Unit
from tests.harness.cases import NOON

SECOND = timedelta(seconds=1)
USUAL = Pace()
#: A courier that only looks when it is told to, or at what it knows to be due.
NEVER = timedelta(days=1)
LEASE, PROBE, ROOM = USUAL.lease, USUAL.probe_after, USUAL.room


class Wound:
    """A clock that a test winds, chance always in the middle, and ids that count."""

    def __init__(self) -> None:
        self.at = NOON
        self.tokens = 0

    def now(self) -> Instant:
        """The moment that the test set."""
        return self.at

    def jitter(self) -> float:
        """The middle of every spread."""
        return 0.5

    def token(self, prefix: str) -> str:
        """The next."""
        self.tokens += 1
        return f"{prefix}{self.tokens}"


class Answers:
    """A sender that keeps what it is given, and answers with `results` in turn, the last one for ever."""

    def __init__(self, *results: Result | Exception) -> None:
        self.results = list(results) or [Done()]
        self.got: list[Parcel] = []
        self.sent: asyncio.Queue[Parcel] = asyncio.Queue()

    async def __call__(self, parcel: Parcel) -> Result:
        """One try."""
        self.got.append(parcel)
        self.sent.put_nowait(parcel)
        result = self.results.pop(0) if len(self.results) > 1 else self.results[0]
        if isinstance(result, Exception):
            raise result
        return result

    @property
    def keys(self) -> list[str]:
        """The keys of what it was given, in order."""
        return [parcel.key for parcel in self.got]


class Stuck(Answers):
    """A sender whose calls end when `go_on` is set."""

    def __init__(self, *results: Result | Exception) -> None:
        super().__init__(*results)
        self.go_on = asyncio.Event()

    async def __call__(self, parcel: Parcel) -> Result:
        """One try that takes as long as the test says."""
        result = await super().__call__(parcel)
        await self.go_on.wait()
        return result


async def put(
    store: Store,
    *keys: str,
    kind: ParcelKind = ParcelKind.REPLY,
    at: Instant = NOON,
    lane: str = "",
    request: str = "",
) -> None:
    """Put parcels into the outbox, each of a request of its own unless one is named."""

    def putting(unit: Unit) -> None:
        for key in keys:
            of = RequestId(request or f"req_{key}")
            outbox.put(unit, kind, request=of, key=key, lane=lane, body={}, now=at)

    await store.write(putting)


async def letters(store: Store) -> tuple[DeadLetter, ...]:
    """The dead ones."""
    return await store.read(dead_letters.every)


def courier(
    store: Store,
    sender: Sender | Mapping[ParcelKind, Sender],
    *,
    probe: Probe | None = None,
    alarm: Alarm | None = None,
    pace: Pace = USUAL,
) -> Courier:
    """A courier with one sender for all kinds, or one for each."""
    return Courier(store, every(sender), Wound(), probe=probe, alarm=alarm, pace=pace)


def every(sender: Sender | Mapping[ParcelKind, Sender]) -> Mapping[ParcelKind, Sender]:
    """A sender for every kind; those that a test does not name succeed."""
    some = sender if isinstance(sender, Mapping) else dict.fromkeys(ParcelKind, sender)
    return {**dict.fromkeys(ParcelKind, Answers()), **some}


# ── run_once ─────────────────────────────────────────────────────────────────────────────────────────


async def test_what_is_due_is_sent_once(store: Store) -> None:
    """Every parcel leaves, none twice, and nothing is left."""
    sender = Answers()
    await put(store, *(f"k{number}" for number in range(300)))
    carrying = courier(store, sender)
    assert await carrying.run_once(NOON) == 300
    assert len(set(sender.keys)) == 300
    assert await carrying.run_once(NOON + timedelta(days=1)) == 0
    assert await store.read(outbox.next_due) is None


async def test_what_is_not_due_stays(store: Store) -> None:
    """A parcel leaves at its time, not before."""
    sender = Answers()
    await put(store, "later", at=NOON + 10 * SECOND)
    assert await courier(store, sender).run_once(NOON + 9 * SECOND) == 0
    assert await courier(store, sender).run_once(NOON + 10 * SECOND) == 1


async def test_a_failed_one_is_tried_again_after_the_pause_it_asks_for(store: Store) -> None:
    """The second try knows that there was a first one, when, and what came of it."""
    sender = Answers(Again("full", after=10 * SECOND), Done())
    await put(store, "one")
    carrying = courier(store, sender)
    assert [await carrying.run_once(NOON + second * SECOND) for second in (0, 9, 10, 60)] == [1, 0, 1, 0]
    first, second = sender.got
    assert (first.attempts, second.attempts) == (1, 2)
    assert (second.first_tried_at, second.last_error) == (NOON, "full")


async def test_without_a_pause_of_its_own_it_backs_off_as_for_slack(store: Store) -> None:
    """One second, then two, then four."""
    sender = Answers(Again("502"))
    await put(store, "one")
    carrying = courier(store, sender)
    tries = [second for second in range(10) if await carrying.run_once(NOON + second * SECOND)]
    assert tries == [0, 1, 3, 7]


async def test_one_channels_limit_holds_up_no_other(store: Store) -> None:
    """The parcels behind the limited one are not tried before; those elsewhere are not moved."""
    sender = Answers(Again("ratelimited", after=30 * SECOND, hold="channel:C1"), Done())
    await put(store, "limited", lane="channel:C1")
    await put(store, "behind", lane="channel:C1", at=NOON + SECOND)
    await put(store, "elsewhere", lane="channel:C2", at=NOON + SECOND)
    carrying = courier(store, sender)
    assert await carrying.run_once(NOON) == 1
    assert await carrying.run_once(NOON + SECOND) == 1
    assert await carrying.run_once(NOON + 29 * SECOND) == 0
    assert await carrying.run_once(NOON + 30 * SECOND) == 2
    assert sender.keys[:2] == ["limited", "elsewhere"]


async def test_others_get_their_turn_between_two_parcels(store: Store) -> None:
    """However many are claimed at once, the loop comes round between any two: no click waits for them all."""
    rounds = 0
    begun: list[int] = []

    async def go_round() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)

    async def send(_parcel: Parcel) -> Result:
        begun.append(rounds)
        return Done()

    await put(store, *map(str, range(20)))
    others = asyncio.create_task(go_round())
    assert await courier(store, send).run_once(NOON) == 20
    others.cancel()
    assert len(set(begun)) == 20


async def test_a_dead_one_is_kept_as_a_letter_with_its_note(store: Store) -> None:
    """The note is written with the death, once, and an operator can have the letter sent again."""

    def note(unit: Unit) -> None:
        outbox.put(unit, ParcelKind.THREAD, request=None, key="note", lane="", body={}, now=NOON)

    sender = {ParcelKind.CALLBACK: Answers(Dead("gone", note), Done()), ParcelKind.THREAD: Answers()}
    await put(store, "one", kind=ParcelKind.CALLBACK)
    carrying = courier(store, sender)
    assert await carrying.run_once(NOON) == 2
    [letter] = await letters(store)
    assert (letter.key, letter.error) == ("one", "gone")
    await store.write(lambda unit: dead_letters.retry(unit, None, NOON + SECOND))
    assert await carrying.run_once(NOON + SECOND) == 2, "the letter, and the card that complained of it"
    assert await letters(store) == ()


async def test_what_follows_a_success_is_written_with_it(store: Store) -> None:
    """The sender's own record and the parcel's end are one transaction."""

    def then(unit: Unit) -> None:
        outbox.put(unit, ParcelKind.NOTICE, request=None, key="follows", lane="", body={}, now=NOON)

    reply, notice = Answers(Done(then)), Answers()
    await put(store, "one")
    assert await courier(store, {ParcelKind.REPLY: reply, ParcelKind.NOTICE: notice}).run_once(NOON) == 2
    assert notice.keys == ["follows"]


async def test_a_success_that_cannot_be_recorded_is_looked_at_again(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing of a failed record stays; after the lease the sender is asked again and can look."""

    def broken(unit: Unit) -> None:
        outbox.put(unit, ParcelKind.NOTICE, request=None, key="half", lane="", body={}, now=NOON)
        raise RuntimeError("no room")

    reply, notice = Answers(Done(broken), Done()), Answers()
    await put(store, "one")
    told: list[str] = []

    async def alarm(incident: str, bug: Exception) -> None:
        told.append(f"{incident} {bug}")

    carrying = courier(store, {ParcelKind.REPLY: reply, ParcelKind.NOTICE: notice}, alarm=alarm)
    assert await carrying.run_once(NOON) == 1
    [line] = told
    assert line.endswith(" no room")
    assert f"could not be recorded (incident {line.removesuffix(' no room')})" in caplog.text
    assert await carrying.run_once(NOON + LEASE) == 1
    assert ([parcel.attempts for parcel in reply.got], notice.got) == ([1, 2], [])


async def test_a_bug_in_a_sender_is_logged_and_tried_again(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """The others leave all the same; the log and the parcel name the same incident."""
    reply, notice = Answers(ValueError("oops"), Done()), Answers()
    await put(store, "one")
    await put(store, "two", kind=ParcelKind.NOTICE)
    carrying = courier(store, {ParcelKind.REPLY: reply, ParcelKind.NOTICE: notice})
    assert await carrying.run_once(NOON) == 2
    assert await carrying.run_once(NOON + SECOND) == 1
    error = reply.got[1].last_error
    assert error is not None
    assert error.startswith("ValueError (incident inc_")
    assert error.removeprefix("ValueError ") in caplog.text
    assert notice.keys == ["two"]


async def test_a_call_is_ended_before_its_lease_is(store: Store) -> None:
    """A sender that never comes back is cut off while its result can still be recorded."""
    await put(store, "one")
    carrying = courier(store, Stuck(), pace=Pace(lease=timedelta(seconds=3.05)))
    assert await carrying.run_once(NOON) == 1
    assert await store.read(outbox.next_due) == NOON + SECOND


async def test_the_process_that_dies_in_a_call_leaves_an_attempt(store: Store) -> None:
    """What was under way is tried again when its lease is over, as a second attempt."""
    stuck, after = Stuck(), Answers()
    await put(store, "one")
    dying = asyncio.create_task(courier(store, stuck).run_once(NOON))
    await stuck.sent.get()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    assert await courier(store, after).run_once(NOON + LEASE - SECOND) == 0
    assert await courier(store, after).run_once(NOON + LEASE) == 1
    assert after.got[0].attempts == 2


async def test_who_is_alone_need_not_wait_for_dead_leases(store: Store) -> None:
    """After a restart on SQLite the parcels of the dead process leave at once, as second attempts."""
    stuck, after = Stuck(), Answers()
    await put(store, "one")
    dying = asyncio.create_task(courier(store, stuck).run_once(NOON))
    await stuck.sent.get()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    restarted = courier(store, after)
    assert await restarted.take_over() == 1
    assert await restarted.run_once(NOON) == 1
    assert after.got[0].attempts == 2


async def test_a_result_counts_under_its_lease_only(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Who comes back after the lease changes nothing: somebody else has the parcel now."""

    def then(unit: Unit) -> None:
        outbox.put(unit, ParcelKind.NOTICE, request=None, key="late", lane="", body={}, now=NOON)

    slow, notice, quick = Stuck(Done(then)), Answers(), Answers(Again("later", after=60 * SECOND))
    await put(store, "one")
    senders = {ParcelKind.REPLY: slow, ParcelKind.NOTICE: notice}
    late = asyncio.create_task(courier(store, senders).run_once(NOON))
    await slow.sent.get()
    assert await courier(store, quick).run_once(NOON + LEASE) == 1
    slow.go_on.set()
    await late
    assert "lease" in caplog.text
    assert await store.read(outbox.next_due) == NOON + LEASE + 60 * SECOND
    assert notice.got == []


async def test_two_couriers_never_have_the_same_parcel(store: Store) -> None:
    """Replicas share the work."""
    one, other = Answers(), Answers()
    await put(store, *(f"k{number}" for number in range(200)))
    tries = await asyncio.gather(courier(store, one).run_once(NOON), courier(store, other).run_once(NOON))
    assert sum(tries) == 200
    assert len({*one.keys, *other.keys}) == 200


async def test_a_card_is_shown_again_when_it_changed_meanwhile(store: Store) -> None:
    """While a card is being sent no second one leaves; what changed since is sent after it."""
    stuck = Stuck()
    request = RequestId("req_1")
    await store.write(lambda unit: outbox.show_card(unit, request, NOON, final=False))
    carrying = courier(store, stuck)
    first = asyncio.create_task(carrying.run_once(NOON))
    await stuck.sent.get()
    await store.write(lambda unit: outbox.show_card(unit, request, NOON, final=True))
    assert await courier(store, Answers()).run_once(NOON) == 0
    stuck.go_on.set()
    assert await first == 2
    assert [parcel.generation for parcel in stuck.got] == [1, 2]


async def test_callbacks_of_a_request_leave_in_order(store: Store) -> None:
    """The second event waits for the first one, and other requests' do not."""
    sender = Answers(Again("500", after=5 * SECOND), Done())
    await put(store, "first", "second", kind=ParcelKind.CALLBACK, request="req_1")
    carrying = courier(store, sender)
    await carrying.run_once(NOON)
    await put(store, "other", kind=ParcelKind.CALLBACK, request="req_2", at=NOON + SECOND)
    await carrying.run_once(NOON + SECOND)
    await carrying.run_once(NOON + 5 * SECOND)
    assert sender.keys == ["first", "other", "first", "second"]


# ── pauses ───────────────────────────────────────────────────────────────────────────────────────────


async def test_a_pause_holds_slack_and_lets_agents_be_called(store: Store) -> None:
    """After a revoked token nothing leaves for Slack until the probe says so; then all of it does."""
    states: list[str | None] = ["still revoked", None]

    async def probe() -> str | None:
        return states.pop(0)

    slack, agents = Answers(Pause("token_revoked"), Done()), Answers()
    senders = {ParcelKind.CARD: slack, ParcelKind.NOTICE: slack, ParcelKind.CALLBACK: agents}
    carrying = courier(store, senders, probe=probe)
    await put(store, "one", kind=ParcelKind.NOTICE)
    await carrying.run_once(NOON)
    paused = [carrying.paused]
    await put(store, "two", kind=ParcelKind.NOTICE)
    await put(store, "call", kind=ParcelKind.CALLBACK)
    await carrying.run_once(NOON + SECOND)
    assert (slack.keys, agents.keys) == (["one"], ["call"])
    for probed in (PROBE, 2 * PROBE):
        await carrying.run_once(NOON + probed)
        paused.append(carrying.paused)
    assert paused == ["token_revoked", "still revoked", None]
    assert sorted(slack.keys) == ["one", "one", "two"]


async def test_answers_to_people_are_tried_all_through_a_pause(store: Store) -> None:
    """They may have a way of their own; each backs off, and none of them puts off the end of the pause."""
    states: list[str | None] = ["still revoked", None]

    async def probe() -> str | None:
        return states.pop(0)

    slack, answers = Answers(Pause("token_revoked"), Done()), Answers(*[Pause("token_revoked")] * 4, Done())
    carrying = courier(store, {ParcelKind.NOTICE: slack, ParcelKind.REPLY: answers}, probe=probe)
    await put(store, "notice", kind=ParcelKind.NOTICE)
    await carrying.run_once(NOON)
    await put(store, "answer")
    for second in range(1, 10):
        await carrying.run_once(NOON + second * SECOND)
    paused = [carrying.paused]
    assert 2 <= len(answers.keys) <= 4
    for probed in (PROBE, 2 * PROBE):
        await carrying.run_once(NOON + probed)
        paused.append(carrying.paused)
    assert paused == ["token_revoked", "still revoked", None]
    assert slack.keys == ["notice", "notice"]


async def test_without_a_probe_the_next_parcel_is_the_probe(store: Store) -> None:
    """A pause ends by itself, and begins again if nothing has changed."""
    slack = Answers(Pause("token_revoked"))
    carrying = courier(store, slack)
    await put(store, "one", kind=ParcelKind.NOTICE)
    tries = [await carrying.run_once(NOON + second * SECOND) for second in range(0, 31, 5)]
    assert tries == [1, 0, 1, 0, 1, 0, 1]
    assert carrying.paused == "token_revoked"


# ── run ──────────────────────────────────────────────────────────────────────────────────────────────

Running = Callable[..., Courier]


@pytest.fixture
async def running(store: Store) -> AsyncIterator[Running]:
    """Starts couriers on the machine's own clock, and stops them after the test."""
    stop = asyncio.Event()
    runs: list[asyncio.Task[None]] = []

    def start(senders: Mapping[ParcelKind, Sender], room: Mapping[int, int] = ROOM) -> Courier:
        made = Courier(store, every(senders), SystemRuntime(), pace=Pace(room=room, look=NEVER))
        runs.append(asyncio.create_task(made.run(stop)))
        return made

    yield start
    stop.set()
    await asyncio.gather(*runs)


async def at_rest() -> None:
    """Let a courier that was just started look into the empty outbox and fall asleep."""
    await asyncio.sleep(0.05)


async def test_a_commit_wakes_the_courier(store: Store, running: Running) -> None:
    """An idle courier sends what was just committed without waiting for its next look."""
    sender = Answers()
    running({ParcelKind.REPLY: sender})
    await at_rest()
    await put(store, "one", at=SystemRuntime().now())
    assert (await sender.sent.get()).key == "one"


async def test_a_parcel_that_waits_leaves_at_its_time(store: Store, running: Running) -> None:
    """The courier sleeps until the next one is due, and not until its next look."""
    sender = Answers()
    now = SystemRuntime().now
    due = now() + timedelta(milliseconds=200)
    await put(store, "later", at=due)
    running({ParcelKind.REPLY: sender})
    await sender.sent.get()
    assert due <= now()


async def test_a_slow_call_holds_up_no_other(store: Store, running: Running) -> None:
    """While an agent does not answer, other agents are called and people hear from us."""
    slow, quick = Stuck(), Answers()

    async def agents(parcel: Parcel) -> Result:
        return await (slow if parcel.key == "slow" else quick)(parcel)

    running({ParcelKind.REPLY: quick, ParcelKind.CALLBACK: agents})
    at = SystemRuntime().now()
    await put(store, "slow", kind=ParcelKind.CALLBACK, at=at)
    await slow.sent.get()
    await put(store, "other", kind=ParcelKind.CALLBACK, at=at)
    await put(store, "reply", at=at)
    assert {(await quick.sent.get()).key, (await quick.sent.get()).key} == {"other", "reply"}
    slow.go_on.set()


async def test_a_reply_never_waits_behind_a_backlog(store: Store, running: Running) -> None:
    """Where all room for callbacks is taken and more wait, a person is answered all the same."""
    slow, quick = Stuck(), Answers()
    at = SystemRuntime().now()
    await put(store, *(f"c{number}" for number in range(20)), kind=ParcelKind.CALLBACK, at=at)
    running({ParcelKind.REPLY: quick, ParcelKind.CALLBACK: slow}, {**ROOM, CALLS: 3})
    for _ in range(3):
        await slow.sent.get()
    await put(store, "reply", at=at)
    assert (await quick.sent.get()).key == "reply"
    assert len(slow.got) == 3
    slow.go_on.set()
    for _ in range(17):
        await slow.sent.get()


async def test_a_stop_finishes_what_is_in_hand_and_begins_nothing(store: Store) -> None:
    """What was being sent is recorded; what was put in meanwhile stays in the outbox."""
    stuck, stop = Stuck(), asyncio.Event()
    made = Courier(store, every(stuck), SystemRuntime())
    run = asyncio.create_task(made.run(stop))
    at = SystemRuntime().now()
    await put(store, "in hand", at=at)
    await stuck.sent.get()
    stop.set()
    await at_rest()
    await put(store, "left", at=at)
    stuck.go_on.set()
    await run
    assert stuck.keys == ["in hand"]
    assert await store.read(outbox.next_due) == at
    assert (await store.read(outbox.counts)).waiting[ParcelKind.REPLY] == 1


async def test_a_stop_does_not_wait_for_ever(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """A call that does not end is cut off, and its parcel can be taken at once by the next process."""
    stuck, stop = Stuck(), asyncio.Event()
    made = Courier(store, every(stuck), SystemRuntime(), pace=Pace(grace=timedelta(milliseconds=50)))
    run = asyncio.create_task(made.run(stop))
    await put(store, "one", at=SystemRuntime().now())
    await stuck.sent.get()
    stop.set()
    await run
    assert made.in_hand == 0
    assert "1 calls were cut off" in caplog.text
    after = Answers()
    await Courier(store, every(after), SystemRuntime()).run_once(SystemRuntime().now())
    assert [parcel.attempts for parcel in after.got] == [2]


async def test_the_loop_outlives_a_probe_that_fails(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong around the outbox is logged, and parcels leave afterwards."""
    answers: list[str | Exception | None] = [RuntimeError("no network"), None]

    async def probe() -> str | None:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    told: list[str] = []

    async def alarm(incident: str, bug: Exception) -> None:
        told.append(f"{incident} {bug}")

    sender, stop = Answers(Pause("token_revoked"), Done()), asyncio.Event()
    made = Courier(
        store,
        every(sender),
        SystemRuntime(),
        probe=probe,
        alarm=alarm,
        pace=Pace(probe_after=timedelta(milliseconds=20)),
    )
    run = asyncio.create_task(made.run(stop))
    await put(store, "one", at=SystemRuntime().now())
    assert [(await sender.sent.get()).attempts, (await sender.sent.get()).attempts] == [1, 2]
    stop.set()
    await run
    [line] = told
    assert line.endswith(" no network")
    assert f"the outbox could not be read (incident {line.removesuffix(' no network')})" in caplog.text


class Watched:
    """A store that counts the transactions it is asked for."""

    def __init__(self, store: Store) -> None:
        self.on_commit, self.read = store.on_commit, store.read
        self._write = store.write
        self.writes = 0

    async def write(self, work: Callable[[Unit], object]) -> object:
        """Pass it on."""
        self.writes += 1
        return await self._write(work)


async def test_an_idle_courier_writes_nothing(store: Store) -> None:
    """What waits for its time costs no transaction; what is sent costs a claim, a record, and a look."""
    watched, sender, stop = Watched(store), Answers(), asyncio.Event()
    now = SystemRuntime().now
    await put(store, "later", at=now() + timedelta(hours=1))
    made = Courier(watched, every(sender), SystemRuntime())  # type: ignore[arg-type]  # passes everything on
    run = asyncio.create_task(made.run(stop))
    await at_rest()
    writes = [watched.writes]
    for _ in range(20):
        made.wake()
        await asyncio.sleep(0)
    await at_rest()
    writes.append(watched.writes)
    await put(store, "now", at=now())
    await sender.sent.get()
    await at_rest()
    writes.append(watched.writes)
    stop.set()
    await run
    assert writes == [1, 1, 3]

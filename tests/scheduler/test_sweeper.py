"""Steps that are due, on a real store, fired as the use case does it."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from approvals.digest_choices import Choices, Pick
from approvals.events import Ticked
from approvals.machine import decide
from approvals.model import Step
from approvals.words import BoardId, DigestName, Instant, RequestId, Status, StepKind
from scheduler.sweeper import AFTER_STUCK, PAGE, Sweeper
from store import boards, cases, clearings, facts, outbox
from store.boards import Board
from store.clearings import Clearing, Draft
from store.engine import Store
from store.outbox import ParcelKind
from store.unit_of_work import Unit
from tests.harness.cases import ALICE, DIRECTORS, NOON, a_request, opened

HOUR = timedelta(hours=1)


async def open_requests(store: Store, *ids: str, after: timedelta = HOUR) -> None:
    """Open requests at noon that expire `after` it."""

    def opening(unit: Unit) -> None:
        for id_ in ids:
            ruling = opened(a_request(id=RequestId(id_)), steps=(Step(after, StepKind.EXPIRE),))
            cases.add(unit, ruling.case)
            facts.append(unit, ruling.facts)

    await store.write(opening)


class Ticking:
    """Ticks a request as the use case does, and fails for those that a test names."""

    def __init__(self, store: Store, *broken: str) -> None:
        self.store = store
        self.broken = broken
        self.ticked: list[str] = []

    async def __call__(self, request: RequestId, now: Instant) -> None:
        """One unit of work."""
        self.ticked.append(request)
        if request in self.broken:
            raise RuntimeError("no luck")

        def ticking(unit: Unit) -> None:
            before = cases.load(unit, request)
            assert before is not None
            ruling = decide(before, Ticked(), now)
            if ruling.case is not before:
                cases.save(unit, before, ruling.case)
                facts.append(unit, ruling.facts)

        await self.store.write(ticking)


def sweeper(store: Store, *broken: str) -> tuple[Sweeper, Ticking]:
    """A sweeper and what it calls."""
    ticking = Ticking(store, *broken)
    return Sweeper(store, ticking, lambda: "inc_1"), ticking


async def status(store: Store, request: str) -> Status:
    """Where it stands."""
    case = await store.read(lambda unit: cases.load(unit, RequestId(request)))
    assert case is not None
    return case.status


async def test_only_what_is_due_is_ticked(store: Store) -> None:
    """A step fires at its time; before, the request is not even looked at."""
    await open_requests(store, "req_1")
    await open_requests(store, "req_2", after=2 * HOUR)
    sweeping, ticking = sweeper(store)
    assert await sweeping.run_once(NOON + HOUR - timedelta(seconds=1)) == 0
    assert await sweeping.run_once(NOON + HOUR) == 1
    assert ticking.ticked == ["req_1"]
    assert [await status(store, id_) for id_ in ("req_1", "req_2")] == [Status.TIMED_OUT, Status.PENDING]


async def test_the_next_sweep_is_when_the_earliest_step_is_due(store: Store) -> None:
    """Rows are the schedule: what was fired is off it, and an empty one asks for no sweep."""
    sweeping, _ = sweeper(store)
    seen = [await sweeping.next_due()]
    await open_requests(store, "req_1", after=2 * HOUR)
    await open_requests(store, "req_2")
    for hours in (0, 1, 2):
        await sweeping.run_once(NOON + hours * HOUR)
        seen.append(await sweeping.next_due())
    assert seen == [None, NOON + HOUR, NOON + 2 * HOUR, None]


async def test_one_that_fails_keeps_no_other_from_its_steps(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    """The failure is logged with an incident; the sweep goes on, also behind a page of failures."""
    ids = [f"req_{number:04}" for number in range(PAGE + 5)]
    await open_requests(store, *ids)
    sweeping, ticking = sweeper(store, *ids[:PAGE])
    assert await sweeping.run_once(NOON + HOUR) == len(ids)
    assert sorted(ticking.ticked) == ids
    assert await status(store, ids[-1]) is Status.TIMED_OUT
    assert "ticking req_0000 failed (incident inc_1)" in caplog.text


async def test_of_one_that_fails_somebody_is_told(store: Store) -> None:
    """Under the number that is in the log, with what went wrong."""
    await open_requests(store, "req_1")
    told: list[tuple[str, str]] = []

    async def report(incident: str, bug: Exception) -> None:
        told.append((incident, str(bug)))

    await Sweeper(store, Ticking(store, "req_1"), lambda: "inc_1", report=report).run_once(NOON + HOUR)
    assert told == [("inc_1", "no luck")]


async def test_what_stays_due_is_tried_again_but_not_without_a_pause(store: Store) -> None:
    """A request that cannot be ticked neither stops the clock nor keeps it busy."""
    await open_requests(store, "req_1")
    sweeping, ticking = sweeper(store, "req_1")
    await sweeping.run_once(NOON + HOUR)
    assert await sweeping.next_due() == NOON + HOUR + AFTER_STUCK
    ticking.broken = ()
    await sweeping.run_once(NOON + HOUR + AFTER_STUCK)
    assert await sweeping.next_due() is None
    assert ticking.ticked == ["req_1", "req_1"]


async def test_what_changed_is_anchored(store: Store) -> None:
    """After an anchor, a request that vanishes whole is missed."""
    await open_requests(store, "req_1")
    sweeping, _ = sweeper(store)
    await sweeping.anchor(NOON)
    assert await store.write(lambda unit: facts.anchor(unit, NOON)) == 0


async def test_what_was_delivered_is_forgotten_after_its_time(store: Store) -> None:
    """For a week a second put of it changes nothing; what still waits is kept however old it is."""

    def put(unit: Unit, *keys: str) -> None:
        for key in keys:
            outbox.put(unit, ParcelKind.NOTICE, request=None, key=key, lane="", body={}, now=NOON)

    def sent(unit: Unit) -> None:
        [parcel] = outbox.claim(unit, NOON, "a:1", NOON + HOUR, 1)
        outbox.done(unit, parcel, NOON)

    await store.write(lambda unit: put(unit, "sent", "waits"))
    await store.write(sent)
    sweeping, _ = sweeper(store)
    waiting = []
    for days in (6, 8):
        await sweeping.tidy(NOON + timedelta(days=days))
        await store.write(lambda unit: put(unit, "sent"))
        waiting.append((await store.read(outbox.counts)).waiting[ParcelKind.NOTICE])
    assert waiting == [1, 2]


@pytest.mark.parametrize("keep", [None, timedelta(days=3)])
async def test_why_somebody_cleared_is_forgotten_after_its_time(store: Store, keep: timedelta | None) -> None:
    """Thirty days after it was over, or when payloads go; one that is under way stays."""
    days = 30 if keep is None else keep.days
    board = BoardId("dig_1")

    def cleared(unit: Unit) -> None:
        boards.add(unit, Board(board, DigestName("hourly"), None, (DIRECTORS,), True, NOON))
        for key in ("over", "under way"):
            choices = Choices(1, Pick.REJECT, "her card is blocked")
            clearings.begin(unit, Clearing(key, board, ALICE, choices, NOON))
        assert clearings.finish(unit, "over", NOON)

    await store.write(cleared)
    sweeping = Sweeper(store, Ticking(store), lambda: "inc_1", keep_payloads=lambda: keep)
    kept = []
    for later in (NOON + timedelta(days=days), NOON + timedelta(days=days, seconds=1)):
        await sweeping.tidy(later)
        found = [await store.read(partial(clearings.get, clearing=key)) for key in ("over", "under way")]
        kept.append([each is not None for each in found])
    assert kept == [[True, True], [False, True]]


async def test_a_draft_goes_with_its_board(store: Store) -> None:
    """Once nothing waits there; one that a newer message took over from may still be sent, for as long."""

    def drafted(unit: Unit) -> None:
        for name in ("open", "closed", "carried", "newer"):
            id_ = BoardId(name)
            boards.add(unit, Board(id_, DigestName("hourly"), None, (DIRECTORS,), True, NOON))
            clearings.keep_draft(unit, id_, ALICE.id, Draft({}, "her card is blocked"))
        boards.close(unit, BoardId("closed"), NOON)
        boards.hand_over(unit, BoardId("carried"), BoardId("newer"))
        boards.take_over(unit, BoardId("newer"), NOON)

    def left(unit: Unit) -> list[str]:
        names = ("open", "closed", "carried", "newer")
        return [name for name in names if clearings.draft(unit, BoardId(name), ALICE.id) != Draft()]

    await store.write(drafted)
    sweeping, _ = sweeper(store)
    await sweeping.tidy(NOON + HOUR)
    assert await store.read(left) == ["open", "carried", "newer"]
    await sweeping.tidy(NOON + timedelta(days=31))
    assert await store.read(left) == ["open", "newer"]

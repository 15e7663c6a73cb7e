"""What the gate review reads: the right requests, as they ended, page by page, from both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from approvals.canonical import Json
from approvals.events import Cancelled, Edited, Event, Opened, Ticked, Voted
from approvals.gate_advice import Advice
from approvals.gate_record import Ballot, Record
from approvals.gate_review import hasty_in
from approvals.machine import decide
from approvals.model import Case, Step
from approvals.words import BoardId, Choice, DigestName, Gate, Kind, Risk, Status, StepKind, UserId, Via
from store import boards, cards, cases, crons, muted, payloads, statistics
from store.boards import Board
from store.cards import CardRef
from store.engine import Store
from store.statistics import Mark
from store.unit_of_work import Unit
from tests.harness.cases import ALICE, BOB, DIRECTORS, FINANCE, NOON, a_judgement, a_request, a_roster
from tests.store.samples import happens, intake, numbered, write
from tests.store.test_plans import plans_of, scans

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
EVER = (NOON - 365 * 24 * HOUR, NOON + 365 * 24 * HOUR)


async def approved(store: Store, number: int, at: timedelta) -> None:
    """Request `number`, opened at noon, with a card a second later, approved by Alice `at` after noon."""
    case = (await store.write(intake(number))).case
    ref = CardRef("C1", f"{int(NOON.timestamp()) + 1}.00{number:04}")
    await store.write(lambda u: cards.place(u, case.id, ref))
    await happens(store, case.id, Voted(ALICE, Choice.APPROVE, case.sight, a_roster()), NOON + at)


async def test_on_digests_it_could_be_seen_since_the_first_of_them(store: Store) -> None:
    """Carried over, it counts from the earlier message; one that joined a message later, from its opening."""
    early, late = f"{int(NOON.timestamp()) + 30}.000000", f"{int(NOON.timestamp()) + 90}.000000"
    before = f"{int(NOON.timestamp()) - 30}.000000"
    for number, stamps in ((1, (early, late)), (2, (before,)), (3, ())):
        case = (await store.write(intake(number))).case
        await store.write(lambda u, of=case, at=stamps, n=number: _on_boards(u, of, at, n))  # type: ignore[misc]
        await happens(store, case.id, Voted(ALICE, Choice.APPROVE, case.sight, a_roster()), NOON + HOUR)
    first = NOON + timedelta(seconds=30, microseconds=1)
    assert [each.shown_at for each in await all_records(store)] == [first, NOON, None]


async def test_a_card_posted_anew_could_be_seen_since_the_first(store: Store) -> None:
    """However often it was: whoever voted on an earlier one voted neither at once, nor before they saw it."""
    case = (await store.write(intake(1))).case
    for seconds in (1, 100, 200):
        ref = CardRef("C1", f"{int(NOON.timestamp()) + seconds}.000000")
        await store.write(lambda u, at=ref: cards.place(u, case.id, at))  # type: ignore[misc]
    await happens(store, case.id, Voted(ALICE, Choice.APPROVE, case.sight, a_roster()), NOON + 2 * MINUTE)
    [record] = await all_records(store)
    assert record.shown_at == NOON + timedelta(seconds=1)
    assert hasty_in(record) == 0


def _on_boards(u: Unit, case: Case, stamps: tuple[str, ...], number: int) -> None:
    for place, ts in enumerate(stamps):
        board = Board(BoardId(f"dig_{number}{place}"), DigestName("hourly"), None, (DIRECTORS,), True, NOON)
        boards.add(u, board)
        boards.append(u, board.id, 0, [(case.id, case.sight)])
        boards.place(u, board.id, CardRef("C1", f"{ts[:-1]}{number}"))


async def all_records(store: Store, most: int = 100, rule: str | None = None) -> list[Record]:
    """Every page of what ended, one after the other."""
    found: list[Record] = []
    after: Mark | None = None
    while True:
        page = await store.read(
            lambda u, mark=after: statistics.ended(u, *EVER, after=mark, most=most, rule=rule)  # type: ignore[misc]
        )
        found += page.items
        if page.then is None:
            return found
        after = page.then


async def test_a_request_is_read_as_it_was_held_and_as_it_ended(store: Store) -> None:
    """All that the figures need: the card's own time, the vote's own time, nothing of the payload."""
    await approved(store, 1, 2 * MINUTE)
    [record] = await all_records(store)
    judgement = a_judgement()
    assert record == Record(
        id=numbered(1),
        rule=judgement.rule,
        agent=a_request().agent,
        gate=Gate.HARD,
        kind=Kind.APPROVAL,
        risk=Risk.HIGH,
        irreversible=False,
        verdict=Status.APPROVED,
        via=Via.HUMAN,
        opened_at=NOON,
        shown_at=NOON + timedelta(seconds=1, microseconds=1),
        decided_at=NOON + 2 * MINUTE,
        asked=(DIRECTORS,),
        ballots=(Ballot(ALICE.id, NOON + 2 * MINUTE, approves=True),),
    )


async def test_what_was_changed_is_named_until_it_is_deleted(store: Store) -> None:
    """The place, not the value; and once the content is gone the request is modified all the same."""
    case = (await store.write(intake(1))).case
    payload: dict[str, Json] = {**case.payload, "amount": 500}
    await happens(store, case.id, Edited(BOB, payload, case.sight, a_roster()), NOON + MINUTE)
    [record] = await all_records(store)
    assert (record.verdict, record.changed, record.shown_at) == (Status.MODIFIED, ("/amount",), None)
    assert record.changes_gone is False
    await store.write(lambda u: payloads.forget(u, NOON + HOUR, NOON + HOUR, 10))
    [record] = await all_records(store)
    assert (record.verdict, record.changed, record.changes_gone) == (Status.MODIFIED, (), True)


async def test_steps_that_fired_are_told(store: Store) -> None:
    """Reminders, and whom it was escalated to; what time ended is nobody's vote."""
    steps = (
        Step(HOUR, StepKind.REMIND),
        Step(2 * HOUR, StepKind.ESCALATE, FINANCE),
        Step(3 * HOUR, StepKind.REMIND),
        Step(4 * HOUR, StepKind.EXPIRE),
    )
    request = a_request(id=numbered(1))
    ruling = decide(None, Opened(request, a_judgement(steps=steps)), NOON)
    await store.write(lambda u: write(u, ruling))
    for hours in (1, 2, 3, 4):
        await happens(store, request.id, Ticked(), NOON + hours * HOUR)
    [record] = await all_records(store)
    assert (record.reminders, record.escalations, record.asked) == (2, 1, (DIRECTORS, FINANCE))
    assert (record.verdict, record.via, record.ballots) == (Status.TIMED_OUT, Via.TIMEOUT, ())


@pytest.mark.parametrize(
    ("event", "verdict", "via"),
    [
        (Cancelled("no longer"), Status.CANCELLED, Via.AGENT),
        (Ticked(), Status.TIMED_OUT, Via.TIMEOUT),
    ],
)
async def test_who_ended_it_is_told(store: Store, event: Event, verdict: Status, via: Via) -> None:
    """The agent itself, or time."""
    await store.write(intake(1))
    await happens(store, numbered(1), event, NOON + (5 * HOUR if via is Via.TIMEOUT else MINUTE))
    [record] = await all_records(store)
    assert (record.verdict, record.via) == (verdict, via)


async def test_pages_meet_each_request_once_in_the_order_of_their_ends(store: Store) -> None:
    """Whatever the size of a page, also where several ended at the same moment."""
    for number, minutes in ((1, 9), (2, 3), (3, 3), (4, 3), (5, 1), (6, 20)):
        await approved(store, number, minutes * MINUTE)
    await store.write(intake(7))
    wanted = [numbered(each) for each in (5, 2, 3, 4, 1, 6)]
    for most in (1, 2, 3, 100):
        assert [record.id for record in await all_records(store, most)] == wanted
    since, until = NOON + 3 * MINUTE, NOON + 9 * MINUTE
    page = await store.read(lambda u: statistics.ended(u, since, until, after=None, most=100))
    assert [record.id for record in page.items] == wanted[1:4]


async def test_one_rule_alone_can_be_read(store: Store) -> None:
    """Those of another are left out, and of a rule that is none there are none."""
    await approved(store, 1, MINUTE)
    assert len(await all_records(store, rule="refunds")) == 1
    assert await all_records(store, rule="other") == []


async def test_what_was_parked_and_waits_still_is_read_apart(store: Store) -> None:
    """By when it was parked; once decided it is among those that ended."""
    request = a_request(id=numbered(1))
    opening = decide(None, Opened(request, a_judgement(steps=(Step(HOUR, StepKind.PARK),))), NOON)
    await store.write(lambda u: write(u, opening))
    await store.write(intake(2))
    parked = (await happens(store, request.id, Ticked(), NOON + HOUR)).case

    async def waiting(since: timedelta, rule: str | None = None) -> list[Record]:
        until = NOON + 9 * HOUR
        page = await store.read(
            lambda u: statistics.parked(u, NOON + since, until, after=None, most=100, rule=rule)
        )
        return list(page.items)

    [record] = await waiting(HOUR)
    assert (record.id, record.verdict, record.via, record.decided_at) == (
        request.id,
        Status.PENDING,
        None,
        None,
    )
    assert await waiting(2 * HOUR) == []
    assert await waiting(HOUR, "other") == []
    vote = Voted(ALICE, Choice.APPROVE, parked.sight, a_roster())
    await happens(store, request.id, vote, NOON + 2 * HOUR)
    assert await waiting(HOUR) == []
    assert [record.id for record in await all_records(store)] == [request.id]


async def test_the_parked_are_paged_by_id(store: Store) -> None:
    """Each once."""
    for number in range(5):
        ruling = decide(
            None,
            Opened(a_request(id=numbered(number)), a_judgement(steps=(Step(HOUR, StepKind.PARK),))),
            NOON,
        )
        await store.write(lambda u, opened=ruling: write(u, opened))  # type: ignore[misc]
        await happens(store, numbered(number), Ticked(), NOON + HOUR)
    first = await store.read(lambda u: statistics.parked(u, *EVER, after=None, most=3))
    assert first.then is not None
    mark = first.then.id
    second = await store.read(lambda u: statistics.parked(u, *EVER, after=mark, most=3))
    assert [each.id for each in (*first.items, *second.items)] == [numbered(each) for each in range(5)]
    assert second.then is None


async def test_edits_and_refusals_are_read_whole(store: Store) -> None:
    """Not what was approved as it was; of a deleted one it is told when it went."""
    for number in (1, 2, 3):
        await store.write(intake(number))
    case = await store.read(lambda u: cases.load(u, numbered(1)))
    assert case is not None
    payload: dict[str, Json] = {**case.payload, "amount": 500}
    await happens(store, numbered(1), Edited(BOB, payload, case.sight, a_roster()), NOON + MINUTE)
    no = Voted(ALICE, Choice.REJECT, case.sight, a_roster(), reason="no receipt")
    await happens(store, numbered(2), no, NOON + 2 * MINUTE)
    await happens(store, numbered(3), Cancelled(None), NOON + 3 * MINUTE)
    await store.write(lambda u: payloads.forget(u, NOON + 2 * MINUTE, NOON + HOUR, 10))
    page = await store.read(lambda u: statistics.ended_cases(u, None, after=None, most=100))
    assert [(each.id, each.gone_at) for each in page.items] == [
        (numbered(1), NOON + HOUR),
        (numbered(2), None),
    ]
    assert page.items[1].payload == case.payload
    one = await store.read(lambda u: statistics.ended_cases(u, NOON, after=None, most=1))
    mark = one.then
    rest = await store.read(lambda u: statistics.ended_cases(u, NOON, after=mark, most=5))
    assert [each.id for each in rest.items] == [numbered(2)]


_READINGS: dict[str, tuple[Callable[[Unit], object], str]] = {
    "first page": (lambda u: statistics.ended(u, *EVER, after=None, most=5), "ix_cases_decided"),
    "next page": (
        lambda u: statistics.ended(u, *EVER, after=Mark(NOON, numbered(1)), most=5, rule="refunds"),
        "ix_cases_decided",
    ),
    # With few rows PostgreSQL may go by the status instead.
    "edits": (lambda u: statistics.ended_cases(u, NOON, after=None, most=5), "ix_cases_"),
    "parked": (lambda u: statistics.parked(u, *EVER, after=None, most=5), "ix_cases_pending"),
}


@pytest.mark.parametrize("name", _READINGS)
async def test_statistics_go_through_their_index(store: Store, name: str) -> None:
    """They cost what ended within the time, or waits, not what ever was."""
    await approved(store, 1, MINUTE)
    work, index = _READINGS[name]
    plans = await plans_of(store, work)
    assert scans(plans) == []
    assert any(index in line for line in plans), "\n".join(plans)


async def test_a_scheduled_time_is_carried_out_once(store: Store) -> None:
    """What never began makes up for nothing; a later time is taken by whoever is first, an earlier never."""
    assert await store.read(lambda u: crons.last(u, "review")) is None
    assert not await store.write(lambda u: crons.take(u, "review", NOON))
    await store.write(lambda u: crons.begin(u, "review", NOON))
    await store.write(lambda u: crons.begin(u, "review", NOON + HOUR))
    assert await store.read(lambda u: crons.last(u, "review")) == NOON
    assert not await store.write(lambda u: crons.take(u, "review", NOON))
    assert await store.write(lambda u: crons.take(u, "review", NOON + HOUR))
    assert not await store.write(lambda u: crons.take(u, "review", NOON + HOUR))
    assert not await store.write(lambda u: crons.take(u, "review", NOON + MINUTE))
    assert await store.read(lambda u: crons.last(u, "other")) is None


async def test_a_muted_suggestion_is_quiet_for_its_rule_until_then(store: Store) -> None:
    """For that rule and that suggestion; said again, the later one holds; afterwards it is forgotten."""
    who = UserId("U0ALICE")
    await store.write(lambda u: muted.mute(u, "refunds", Advice.GENTLER, by=who, until=NOON + HOUR))
    await store.write(lambda u: muted.mute(u, "refunds", Advice.MODIFIED, by=who, until=NOON + MINUTE))
    assert await store.read(lambda u: muted.muted(u, NOON)) == {
        ("refunds", Advice.GENTLER),
        ("refunds", Advice.MODIFIED),
    }
    assert await store.read(lambda u: muted.muted(u, NOON + MINUTE)) == {("refunds", Advice.GENTLER)}
    await store.write(lambda u: muted.mute(u, "refunds", Advice.MODIFIED, by=who, until=NOON + 2 * HOUR))
    assert await store.write(lambda u: muted.forget_old(u, NOON + HOUR)) == 1
    assert await store.read(lambda u: muted.muted(u, NOON)) == {("refunds", Advice.MODIFIED)}

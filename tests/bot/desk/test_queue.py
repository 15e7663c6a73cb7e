"""Whose turn it is: which of all that is pending stands in whose queue, and in what order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from approvals import access
from approvals.fields import fields
from approvals.model import Case, Comment
from approvals.roster import Person
from approvals.turns import may_decide, waits_for
from approvals.words import Choice, GroupName, RequestId, UserId
from bot.desk import attention, decide, duty, finding, queue
from bot.desk.attention import Handing
from bot.desk.overview import Overview
from bot.desk.queue import Only, Queue, Which
from sandbox.server import SlackStandIn
from store import cases
from store.unit_of_work import Unit
from tests.harness.cases import ALICE, BOB, CAROL, DAN, a_request, an_open_case
from tests.harness.desk import RunningDesk, running_desk
from tests.store.samples import numbered

POLICY = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  directors: {usergroup: S0DIRECTORS}
  support: {users: [U0CAROL, U0DAN]}
risk:
  levels: {critical: ["wire_*"], medium: [issue_refund, "pair_*"], low: ["note_*"]}
rules:
  - name: notes
    when: "action.startsWith('note_')"
    gate: hard
    ask: directors
    steps: [{after: 1h, do: remind}, {after: 4h, do: park}]
  - name: wires
    when: "action.startsWith('wire_')"
    gate: hard
    ask: directors
    steps: [{after: 6h, do: expire}]
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: directors
    steps: [{after: 1h, do: escalate, to: support}, {after: 4h, do: expire}]
  - name: pairs
    when: "action.startsWith('pair_')"
    gate: hard
    ask: directors
    quorum: 2
    steps: [{after: 2h, do: expire}]
default: {gate: hard, ask: support, steps: [{after: 4h, do: expire}]}
"""
ADMIN, MALLORY = UserId("U0ADMIN"), UserId("U0MALLORY")
HOUR = timedelta(hours=1)


@pytest.fixture
async def desk(database_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot on each database."""
    async with running_desk(database_url, slack, POLICY) as running:
        yield running


async def queue_of(bot: RunningDesk, user: UserId, only: Only | None = None) -> Queue:
    """All that somebody may see, as it stands now."""
    return await queue.among(bot.desk, user, await Overview(bot.desk).pending(), only)


async def mine(bot: RunningDesk, who: Person | UserId, which: Which = Which.MINE) -> list[RequestId]:
    """The ids of one list of somebody's."""
    user = who.id if isinstance(who, Person) else who
    return list((await queue_of(bot, user)).of(which))


async def approves(bot: RunningDesk, who: Person, case: Case) -> None:
    """Somebody approves what is there now."""
    now = await bot.case(case.id)
    told = await decide.vote(bot.desk, case.id, who, Choice.APPROVE, now.sight)
    assert told.answer.refused is None


async def test_what_will_hurt_first_stands_first(desk: RunningDesk) -> None:
    """The riskiest first; of these what ends first, whenever it was asked."""
    note, refund = await desk.ask("note_this"), await desk.ask()
    pair, wire = await desk.ask("pair_payout"), await desk.ask("wire_money")
    assert await mine(desk, ALICE) == [wire.id, pair.id, refund.id, note.id]


async def test_what_one_has_said_something_to_waits_for_others(desk: RunningDesk) -> None:
    """Alice's approval counts: it is not hers any more, but Bob's; an edit of his makes it hers again."""
    pair = await desk.ask("pair_payout")
    await approves(desk, ALICE, pair)
    assert (await mine(desk, ALICE), await mine(desk, BOB)) == ([], [pair.id])
    assert (await queue_of(desk, ALICE.id)).others == (pair.id,)
    seen = (await desk.case(pair.id)).sight
    await decide.edit(desk.desk, pair.id, BOB, {}, seen)
    assert await mine(desk, ALICE) == []
    await desk.decided(pair.id)
    assert await mine(desk, BOB, Which.ALL) == []


async def test_an_edit_makes_it_everybodys_turn_again(desk: RunningDesk) -> None:
    """What Alice approved is not what is asked now."""
    pair = await desk.ask("pair_payout", payload={"amount": 5})
    await approves(desk, ALICE, pair)
    shown = await desk.case(pair.id)
    [field] = [each.id for each in fields(shown)]
    told = await decide.edit(desk.desk, pair.id, BOB, {field: "7"}, shown.sight)
    assert (told.answer.refused, told.case.round) == (None, 1)
    assert (await mine(desk, ALICE), await mine(desk, BOB)) == ([pair.id], [])


async def test_others_see_what_they_are_asked_and_operators_everything(desk: RunningDesk) -> None:
    """Whoever is in no group sees nothing; whoever it is asked for may not decide it, but see it."""
    refund = await desk.ask(on_behalf_of="U0ALICE")
    other = await desk.ask("something_else")
    assert (await mine(desk, ALICE), await mine(desk, ALICE, Which.ALL)) == ([], [refund.id])
    assert await mine(desk, CAROL, Which.ALL) == [other.id]
    assert await mine(desk, MALLORY, Which.ALL) == []
    assert await mine(desk, ADMIN) == []
    assert sorted(await mine(desk, ADMIN, Which.ALL)) == sorted([refund.id, other.id])


async def test_a_deputy_has_the_turn_of_whoever_is_away(desk: RunningDesk) -> None:
    """While Alice is away, it is Carol's too; once one of the two has said it, it is neither's."""
    until = desk.runtime.now() + timedelta(days=2)
    pair = await desk.ask("pair_payout")
    assert await mine(desk, CAROL) == []
    await duty.go_away(desk.desk, ALICE, CAROL.id, until)
    await desk.side.people.reread()
    assert await mine(desk, CAROL) == [pair.id]
    await approves(desk, CAROL, pair)
    assert (await mine(desk, CAROL), await mine(desk, ALICE), await mine(desk, BOB)) == ([], [], [pair.id])


async def test_overdue_and_parked_are_lists_of_their_own(desk: RunningDesk) -> None:
    """Escalated it is overdue, reminded of it is not; parked, it is in nobody's way: last, still decided."""
    note, refund, wire = await desk.ask("note_this"), await desk.ask(), await desk.ask("wire_money")
    assert await mine(desk, ALICE, Which.OVERDUE) == []
    desk.runtime.ahead = 2 * HOUR
    assert await mine(desk, ALICE, Which.OVERDUE) == [refund.id]
    for case in (note, refund):
        await decide.tick(desk.desk, case.id, desk.runtime.now())
    assert await mine(desk, DAN, Which.OVERDUE) == [refund.id]
    assert await mine(desk, ALICE, Which.OVERDUE) == [refund.id]
    desk.runtime.ahead = 4 * HOUR
    assert await mine(desk, ALICE, Which.OVERDUE) == [refund.id, note.id]
    await decide.tick(desk.desk, note.id, desk.runtime.now())
    assert await mine(desk, ALICE, Which.PARKED) == [note.id]
    assert await mine(desk, ALICE) == [wire.id, refund.id]
    assert await mine(desk, ALICE, Which.ALL) == [wire.id, refund.id, note.id]


async def test_what_a_paused_agent_asks_is_in_nobodys_queue(desk: RunningDesk) -> None:
    """Nobody is shown it until its agent goes on."""
    refund = await desk.ask()
    held = replace(an_open_case(a_request(id=numbered(1))), held=True)
    await desk.store.write(lambda unit: cases.add(unit, held))
    assert await mine(desk, ADMIN, Which.ALL) == [refund.id]
    for who, found in ((ALICE.id, None), (ADMIN, held.id)):
        item = (await finding.meant(desk.desk, who, held.id)).item
        assert (None if item is None else item.case.id) == found
    assert not may_decide(held, ALICE.id, desk.desk.directory.roster())


async def test_what_somebody_handed_over_waits_for_others(desk: RunningDesk) -> None:
    """It is Bob's now, and may still be decided by Alice; once Bob cannot, it waits for her again."""
    case = await desk.ask()
    await attention.hand_over(desk.desk, case.id, ALICE, Handing(person=BOB.id), "once")
    assert (await mine(desk, ALICE), await mine(desk, BOB)) == ([], [case.id])
    assert (await queue_of(desk, ALICE.id)).others == (case.id,)
    handed, roster = await desk.case(case.id), desk.desk.directory.roster()
    assert may_decide(handed, ALICE.id, roster)
    gone = replace(roster, people={**roster.people, BOB.id: replace(roster.profile(BOB.id), active=False)})
    assert waits_for(handed, ALICE.id, gone)


async def test_a_list_is_narrowed_by_globs(desk: RunningDesk) -> None:
    """Of actions and of agents, upper and lower case alike."""
    note, pair = await desk.ask("note_this"), await desk.ask("pair_payout")
    for only, found in (
        (Only(action="NOTE_*"), [note.id]),
        (Only(action="pair_payout", agent="Billing-*"), [pair.id]),
        (Only(agent="mail-agent"), []),
        (Only(action="[bad"), []),
    ):
        assert list((await queue_of(desk, ALICE.id, only)).of(Which.ALL)) == found


async def test_a_piece_of_an_id_is_enough_where_it_fits_one(desk: RunningDesk) -> None:
    """Its beginning or its end, in any case and with letters mistaken; more than one is said to be so."""
    one, two = await desk.ask(), await desk.ask()
    whole = str(one.id).removeprefix("req_")
    for typed in (one.id, f"`{one.id.lower()}`", whole, whole[-6:].lower(), whole.replace("0", "o")):
        found = await finding.meant(desk.desk, ALICE.id, typed)
        assert found.item is not None
        assert found.item.case.id == one.id
    shared = await finding.meant(desk.desk, ALICE.id, "req_0")
    assert (shared.item, shared.ambiguous, set(shared.among)) == (None, True, {one.id, two.id})
    for typed in ("", "req", "no such thing", "%%%%", "zzzzz"):
        found = await finding.meant(desk.desk, ALICE.id, typed)
        assert found.item is None, typed


async def test_an_id_tells_a_stranger_nothing(desk: RunningDesk) -> None:
    """Whoever is not asked and had no say finds no such request; whoever decided it still does."""
    case = await desk.ask()
    assert await finding.meant(desk.desk, MALLORY, case.id) == finding.Meant(None)
    await approves(desk, ALICE, case)
    for who in (ALICE.id, ADMIN):
        assert (await finding.meant(desk.desk, who, case.id)).item is not None


async def test_a_piece_of_an_id_finds_what_was_decided_lately(desk: RunningDesk) -> None:
    """By its end too, for a week; later by its beginning alone."""
    case = await desk.ask()
    await approves(desk, ALICE, case)
    found = await finding.meant(desk.desk, ALICE.id, case.id[-8:])
    assert found.item is not None
    assert found.item.case.id == case.id
    desk.runtime.ahead = timedelta(days=8)
    assert (await finding.meant(desk.desk, ALICE.id, case.id[-8:])).item is None
    assert (await finding.meant(desk.desk, ALICE.id, case.id)).item is not None


async def test_what_others_may_see_makes_no_id_ambiguous(desk: RunningDesk) -> None:
    """Of two hundred that begin alike one is Carol's: hers is meant, and a stranger hears of none."""
    support = (GroupName("support"),)

    def fill(unit: Unit) -> None:
        cases.add(unit, an_open_case(a_request(id=numbered(0)), ask=support))
        for number in range(1, 200):
            cases.add(unit, an_open_case(a_request(id=numbered(number)), ask=(GroupName("directors"),)))

    await desk.store.write(fill)
    begins = numbered(0)[:-3]
    found = await finding.meant(desk.desk, CAROL.id, begins)
    assert found.item is not None
    assert found.item.case.id == numbered(0)
    assert await finding.meant(desk.desk, MALLORY, begins) == finding.Meant(None)
    assert (await finding.meant(desk.desk, ALICE.id, begins)).ambiguous


async def test_whoever_once_spoke_sees_it_while_they_belong_here(desk: RunningDesk) -> None:
    """A comment opens it to whoever is still with us; not to a guest, nor to somebody who left."""
    case = await desk.ask()
    spoken = replace(case, comments=(Comment(CAROL, "is it paid?", desk.runtime.now()),))
    roster = desk.desk.directory.roster()
    assert access.may_see(spoken, CAROL.id, roster, ())
    for outsider in (False, True):
        gone = replace(roster.profile(CAROL.id), active=False, outsider=outsider)
        now = replace(roster, people={CAROL.id: gone})
        assert not access.may_see(spoken, CAROL.id, now, ())


async def test_others_have_their_turn_while_a_queue_is_read(desk: RunningDesk) -> None:
    """Between two pages of what is pending somebody's click is taken: as it is read, and as it is sorted."""

    def fill(unit: Unit) -> None:
        for number in range(601):
            cases.add(unit, an_open_case(a_request(id=numbered(number))))

    await desk.store.write(fill)
    turns = 0

    async def other_work() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other_work())
    pending = await Overview(desk.desk).pending()
    as_it_was_read = turns
    assert len((await queue.among(desk.desk, ADMIN, pending)).places) == 601
    beside.cancel()
    assert min(as_it_was_read, turns - as_it_was_read) >= 4

"""Clearing a digest: who may begin it, what it decides and what it leaves, and that it goes on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from approvals.digest_choices import Choices, Pick
from approvals.errors import Reason
from approvals.events import PulledOut
from approvals.model import Case
from approvals.roster import Person
from approvals.words import STORM, Choice, Kind, RequestId, Risk, Status, Via
from bot.desk import clearing, decide, duty
from bot.desk.came_of import Cleared
from bot.desk.clearing import Answering, Beginning, Underway
from bot.desk.gathering import Gathered
from bot.desk.ruling import rule_on
from bot.slack.clearing_job import words_of
from sandbox.server import SlackStandIn
from store import boards, clearings, facts
from store.clearings import Draft
from store.tables import cases
from store.unit_of_work import Unit
from tests.bot.desk.digests import (
    ADMIN,
    ALICE,
    BOB,
    CAROL,
    POLICY,
    STORMY,
    asked,
    begun,
    cleared,
    gathered,
    items_of,
    on_one_board,
    put_up,
)
from tests.harness.desk import RunningDesk, running_desk


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot on SQLite whose policy has digests."""
    async with running_desk(sqlite_url, slack, POLICY, carrying=False) as running:
        yield running


@pytest.fixture
async def each_bot(database_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """The same on each database."""
    async with running_desk(database_url, slack, POLICY, carrying=False) as running:
        yield running


async def statuses(bot: RunningDesk, asked_for: list[Case]) -> list[Status]:
    """How they stand."""
    return [(await bot.case(case.id)).status for case in asked_for]


def why(came: Cleared) -> dict[str, Reason | None]:
    """What was not cleared, and why."""
    return {each.case.id: each.why for each in came.not_cleared}


async def test_each_item_gets_a_decision_of_its_own(each_bot: RunningDesk) -> None:
    """One vote, one fact of it, one decision and one person for each; nothing else is in their chains."""
    bot = each_bot
    board, refunds = await on_one_board(bot, 60)
    came = await cleared(bot, board)
    assert {case.id for case in came.approved} == {case.id for case in refunds}
    assert (came.rejected, came.not_cleared, came.left) == ((), (), 0)
    for case in refunds:
        decision = (await bot.case(case.id)).decision
        assert decision is not None
        assert (decision.via, [person.id for person in decision.by]) == (Via.HUMAN, ["U0ALICE"])
        assert await bot.story(case.id) == ["request.opened", "vote.approved", "request.decided"]


async def test_few_are_decided_before_the_click_is_answered(each_bot: RunningDesk) -> None:
    """No job has run by then; whoever cleared is told once, also when it runs afterwards."""
    bot = each_bot
    board, refunds = await on_one_board(bot, 12)
    choices = Choices(12, Pick.APPROVE)
    begun = await clearing.clear(
        bot.desk, board.board, ALICE, choices, "click", words=lambda came: f"Done: {len(came.approved)}."
    )
    assert (begun.what, begun.over) == (Beginning.BEGUN, True)
    assert await statuses(bot, refunds) == [Status.APPROVED] * 12
    bot.runtime.ahead += timedelta(seconds=1)
    for _ in ("the answer", "the job"):
        await bot.courier.run_once(bot.runtime.now())
    [told] = bot.slack.ephemerals("U0ALICE") or bot.slack.direct_messages("U0ALICE")
    assert told.text == "Done: 12."


async def test_what_was_chosen_for_one_is_done_to_that_one(bot: RunningDesk) -> None:
    """All approved but one rejected, with the reason, and one left."""
    board, _ = await on_one_board(bot, 4)
    first, second, *others = [item.request for item in await items_of(bot, board)]
    apart = {first: Pick.REJECT, second: Pick.LEAVE}
    came = await cleared(bot, board, apart=apart, reason="no receipt")
    assert [case.id for case in came.rejected] == [first]
    assert [case.id for case in came.approved] == others
    assert came.left == 1
    rejected = (await bot.case(first)).decision
    assert rejected is not None
    assert rejected.reason == "no receipt"
    approved = (await bot.case(others[0])).decision
    assert approved is not None
    assert approved.reason is None
    assert (await bot.case(second)).status is Status.PENDING


async def test_what_was_not_on_the_message_is_not_cleared(bot: RunningDesk) -> None:
    """Only the first three stood on it when it was clicked."""
    board, _ = await on_one_board(bot, 5)
    came = await cleared(bot, board, shown=3)
    requests = [item.request for item in await items_of(bot, board)]
    assert [case.id for case in came.approved] == requests[:3]
    assert [(await bot.case(each)).status for each in requests[3:]] == [Status.PENDING] * 2
    assert (came.not_cleared, came.left) == ((), 0)


@pytest.mark.parametrize(
    ("by", "choices", "what"),
    [
        (CAROL, {}, Beginning.NOT_ASKED),
        (ADMIN, {}, Beginning.NOT_ASKED),
        (ALICE, {"rest": Pick.REJECT}, Beginning.REASON_MISSING),
        (ALICE, {"rest": Pick.REJECT, "reason": " \n"}, Beginning.REASON_MISSING),
        (ALICE, {"shown": 3}, Beginning.NOT_SHOWN),
        (ALICE, {"rest": Pick.LEAVE}, Beginning.NOTHING),
        (ALICE, {"shown": 0}, Beginning.NOTHING),
    ],
)
async def test_what_cannot_be_begins_nothing(
    bot: RunningDesk, by: Person, choices: dict[str, Any], what: Beginning
) -> None:
    """Nobody who is not asked, no rejection without a reason, no more than stands there: nothing is kept."""
    board, refunds = await on_one_board(bot, 2)
    assert (await begun(bot, board, by, **choices)).what is what
    assert await bot.store.read(lambda unit: clearings.get(unit, "click:1")) is None
    assert await clearing.go_on(bot.desk, "click:1", within=5) is None
    assert await statuses(bot, refunds) == [Status.PENDING] * 2


async def test_whoever_left_slack_begins_nothing(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Although the policy still names them."""
    board, _ = await on_one_board(bot, 2)
    slack.deactivate("U0ALICE")
    await bot.eventually(lambda: not bot.desk.directory.roster().profile(ALICE.id).active)
    assert (await begun(bot, board)).what is Beginning.DEACTIVATED


async def test_the_same_click_twice_begins_once(bot: RunningDesk) -> None:
    """Also when what it began is over; another click finds nothing to do, and drops no draft."""
    board, refunds = await on_one_board(bot, 3)
    mine = Draft({refunds[0].id: Pick.REJECT}, "no")
    await bot.store.write(lambda unit: clearings.keep_draft(unit, board.board, ALICE.id, mine))
    assert (await begun(bot, board)).count == 3
    assert await bot.store.read(lambda unit: clearings.draft(unit, board.board, ALICE.id)) == Draft()
    assert (await begun(bot, board)).what is Beginning.BEGUN
    await _to_its_end(bot, "click:1")
    assert (await begun(bot, board)).what is Beginning.BEGUN
    assert (await begun(bot, board, key="click:2")).what is Beginning.NOTHING
    for case in refunds:
        assert (await bot.story(case.id)).count("vote.approved") == 1


async def test_what_was_decided_or_withdrawn_meanwhile_is_named(bot: RunningDesk) -> None:
    """Bob was quicker with one; it stays his, and there is no second vote in its chain."""
    board, refunds = await on_one_board(bot, 3)
    await begun(bot, board)
    await decide.vote(bot.desk, refunds[1].id, BOB, Choice.REJECT, refunds[1].sight, reason="a double")
    came = await clearing.go_on(bot.desk, "click:1", within=30)
    assert isinstance(came, Cleared)
    assert why(came) == {refunds[1].id: Reason.LATE}
    assert len(came.approved) == 2
    assert await bot.story(refunds[1].id) == ["request.opened", "vote.rejected", "request.decided"]


async def test_what_changed_since_it_stood_there_is_named(sqlite_url: str, slack: SlackStandIn) -> None:
    """Bob saw other arguments than those that Carol made of one: his rejection of it does not count."""
    async with running_desk(sqlite_url, slack, STORMY, carrying=False) as bot:
        await asked(bot, 5, action="publish_pair")
        one, other = await asked(bot, 2, action="publish_pair")
        [storm] = await bot.store.read(lambda unit: boards.open_of(unit, STORM))
        await decide.edit(bot.desk, one.id, CAROL, {"/amount": "90"}, one.sight)
        assert (await bot.case(one.id)).edited
        refused = await clearing.begin(bot.desk, storm.id, BOB, Choices(2, Pick.APPROVE), "click:0")
        assert refused.what is Beginning.NOT_AT_ONCE
        wanted = Choices(2, Pick.REJECT, "not two")
        assert (await clearing.begin(bot.desk, storm.id, BOB, wanted, "click:1")).count == 2
        came = await clearing.go_on(bot.desk, "click:1", within=30)
        assert isinstance(came, Cleared)
        assert why(came) == {one.id: Reason.STALE}
        assert [case.id for case in came.rejected] == [other.id]
        assert await bot.story(one.id) == [
            "request.opened",
            "payload.edited",
            "vote.approved",
            "vote.refused",
        ]


async def test_nobody_clears_what_is_asked_on_their_behalf(each_bot: RunningDesk) -> None:
    """The others of the same message are cleared, that one is named, and recorded as refused once."""
    bot = each_bot
    theirs = await bot.ask(on_behalf_of="U0ALICE")
    board, refunds = await on_one_board(bot, 30)
    assert board.count == 31
    came = await cleared(bot, board)
    assert why(came) == {theirs.id: Reason.IS_REQUESTER}
    assert {case.id for case in came.approved} == {case.id for case in refunds}
    assert (await bot.case(theirs.id)).status is Status.PENDING
    assert (await bot.story(theirs.id)).count("vote.refused") == 1


async def test_a_deputy_clears_in_the_place_of_somebody(bot: RunningDesk) -> None:
    """Carol supports nobody, and stands in for Alice, who is away; the decision says so."""
    until = bot.runtime.now() + timedelta(days=3)
    board, [refund] = await on_one_board(bot, 1)
    assert (await begun(bot, board, CAROL)).what is Beginning.NOT_ASKED
    await duty.go_away(bot.desk, ALICE, CAROL.id, until)
    await bot.side.people.reread()
    came = await cleared(bot, board, CAROL)
    assert len(came.approved) == 1
    decision = (await bot.case(refund.id)).decision
    assert decision is not None
    assert decision.in_place_of[CAROL.id].id == "U0ALICE"


async def test_what_left_the_message_is_named(bot: RunningDesk) -> None:
    """Pulled out to a card of its own after the click: it is decided there, and not by this."""
    board, refunds = await on_one_board(bot, 2)
    await begun(bot, board)
    roster = bot.desk.directory.roster()

    def pulling(unit: Unit) -> None:
        case = decide.known(unit, refunds[0].id)
        rule_on(unit, case, PulledOut(BOB, roster), bot.runtime.now(), roster, desk=bot.desk)

    await bot.store.write(pulling)
    came = await clearing.go_on(bot.desk, "click:1", within=30)
    assert isinstance(came, Cleared)
    assert why(came) == {refunds[0].id: None}
    assert await statuses(bot, refunds) == [Status.PENDING, Status.APPROVED]


async def test_a_clearing_goes_on_after_a_newer_message_took_over(bot: RunningDesk) -> None:
    """It decides what it showed, where that stands now, and nothing that came on the newer one."""
    board, refunds = await on_one_board(bot, 30)
    await begun(bot, board)
    assert isinstance(await clearing.go_on(bot.desk, "click:1", within=0), Underway)
    later = await bot.ask()
    newer = await _taken_over(bot, board)
    assert newer.count == 6
    came = await clearing.go_on(bot.desk, "click:1", within=30)
    assert isinstance(came, Cleared)
    assert ({case.id for case in came.approved}, why(came)) == ({case.id for case in refunds}, {})
    assert (await bot.case(later.id)).status is Status.PENDING
    for case in refunds:
        assert await bot.story(case.id) == ["request.opened", "vote.approved", "request.decided"]


async def test_what_is_chosen_on_an_older_message_holds_for_what_it_showed(bot: RunningDesk) -> None:
    """A *Review* that is sent after the newer one took over: one rejected, one approved, none besides."""
    board, _ = await on_one_board(bot, 2)
    first, second = [item.request for item in await items_of(bot, board)]
    later = await bot.ask()
    await _taken_over(bot, board)
    came = await cleared(bot, board, apart={first: Pick.REJECT}, reason="no receipt")
    assert ([case.id for case in came.rejected], [case.id for case in came.approved]) == ([first], [second])
    assert (await bot.case(later.id)).status is Status.PENDING
    await _to_its_end(bot, "click:1")
    assert (await begun(bot, board, key="click:2")).what is Beginning.NOTHING


async def test_nobody_begins_twice_on_one_message(each_bot: RunningDesk) -> None:
    """Two clicks before it is drawn anew: the second begins nothing, also on the message that took over."""
    bot = each_bot
    board, _ = await on_one_board(bot, 3)
    keys = ("click:1", "click:2")
    both = await asyncio.gather(*(begun(bot, board, key=key) for key in keys))
    assert Counter(each.what for each in both) == {Beginning.BEGUN: 1, Beginning.ALREADY: 1}
    assert (await begun(bot, board, BOB, key="click:3")).what is Beginning.BEGUN
    await bot.ask()
    newer = await _taken_over(bot, board)
    assert (await begun(bot, newer, key="click:4")).what is Beginning.ALREADY
    for key in (*keys, "click:3"):
        await _to_its_end(bot, key)
    assert (await begun(bot, newer, key="click:5")).what is Beginning.BEGUN


async def test_an_item_that_fails_keeps_no_other_from_being_cleared(each_bot: RunningDesk) -> None:
    """Its row cannot be read: the others are decided, it ends, and whoever cleared is told under what."""
    bot = each_bot
    board, _ = await on_one_board(bot, 60)
    requests = [item.request for item in await items_of(bot, board)]
    broken, *others = requests
    await bot.store.write(lambda unit: _set_state(unit, broken, "{}"))
    await begun(bot, board)
    assert isinstance(await clearing.go_on(bot.desk, "click:1", within=0), Underway)
    kept = await bot.store.read(lambda unit: clearings.get(unit, "click:1"))
    assert kept is not None
    assert list(kept.failed) == [broken]
    came = await clearing.go_on(bot.desk, "click:1", within=30)
    assert isinstance(came, Cleared)
    assert (len(came.approved), came.not_cleared) == (len(others), ())
    assert [(each.request, each.incident) for each in came.failed] == [(broken, kept.failed[broken])]
    assert f"{broken} could not be decided (incident {kept.failed[broken]})" in words_of(came)
    await _to_its_end(bot, "click:1")
    assert await bot.store.read(lambda unit: clearings.open_of(unit, board.board)) == ()


async def test_what_was_flagged_is_told_apart_from_what_was_rejected(bot: RunningDesk) -> None:
    """On a message with both: what is rejected does not happen, what is flagged is rolled back."""
    await asked(bot, 3, kind=Kind.REVIEW)
    board, _ = await on_one_board(bot, 1)
    assert board.count == 4
    came = await cleared(bot, board, rest=Pick.REJECT, reason="not these")
    assert words_of(came) == "Done: 1 rejected, 3 reviews flagged: their agents roll back."


async def _taken_over(bot: RunningDesk, board: Gathered) -> Gathered:
    """The newer message that holds what is open on that one, and is up."""
    await put_up(bot, board.board)
    [newer] = await gathered(bot)
    await put_up(bot, newer.board)
    await bot.store.write(lambda unit: boards.take_over(unit, newer.board, bot.runtime.now()))
    return newer


async def _to_its_end(bot: RunningDesk, key: str) -> None:
    """Carried out, and told; nothing where it was never begun."""
    came = await clearing.go_on(bot.desk, key, within=30)
    if isinstance(came, Cleared):
        told = words_of(came)
        await bot.store.write(lambda unit: clearing.finish(unit, bot.desk, came, Answering(), told))


def _set_state(unit: Unit, request: RequestId, state: str) -> None:
    unit.change(sa.update(cases).where(cases.c.id == request).values(state=state), {}, of=(cases,))


async def test_one_click_approves_nothing_that_needs_more(bot: RunningDesk) -> None:
    """What needs two, high risk, and what breaks its form wait on cards, and on no digest."""
    pair = await bot.ask("publish_pair")
    risky = await bot.ask(risk=Risk.HIGH)
    broken = await bot.ask(payload={"amount": 9000, "currency": "EUR"})
    assert [case.waits_in for case in (pair, risky, broken)] == [None, None, None]
    assert await gathered(bot) == ()


async def test_two_people_at_once_decide_each_item_once(each_bot: RunningDesk) -> None:
    """Each is Alice's or Bob's; what one has, the other is told of; nothing is counted for both."""
    bot = each_bot
    board, refunds = await on_one_board(bot, 80)
    for by in (ALICE, BOB):
        assert (await begun(bot, board, by, key=f"click:{by.id}")).what is Beginning.BEGUN
    both = await asyncio.gather(*(clearing.go_on(bot.desk, f"click:{by.id}", 30) for by in (ALICE, BOB)))
    mine, theirs = both
    assert isinstance(mine, Cleared)
    assert isinstance(theirs, Cleared)
    assert len(mine.approved) + len(theirs.approved) == len(refunds)
    assert {each.case.id for each in mine.not_cleared} == {case.id for case in theirs.approved}
    for case in refunds:
        assert await bot.story(case.id) == ["request.opened", "vote.approved", "request.decided"]


async def test_it_goes_on_where_it_was_cut_off(each_bot: RunningDesk) -> None:
    """Cut after each part, and run by two at once at the end: each is decided once, and all are told of."""
    bot = each_bot
    theirs = await bot.ask(on_behalf_of="U0ALICE")
    board, refunds = await on_one_board(bot, 90)
    await begun(bot, board)
    reached = []
    for _ in range(2):
        came = await clearing.go_on(bot.desk, "click:1", within=0)
        assert isinstance(came, Underway)
        reached.append(came.reached)
    assert reached == [25, 50]
    assert Counter(await statuses(bot, refunds))[Status.APPROVED] in (49, 50)
    last, other = await asyncio.gather(*(clearing.go_on(bot.desk, "click:1", 30) for _ in range(2)))
    for done in (last, other):
        assert isinstance(done, Cleared)
        assert len(done.approved) == len(refunds)
        assert why(done) == {theirs.id: Reason.IS_REQUESTER}
    for case in refunds:
        assert await bot.story(case.id) == ["request.opened", "vote.approved", "request.decided"]
    assert (await bot.story(theirs.id)).count("vote.refused") == 1


async def test_whoever_cleared_is_told_once(bot: RunningDesk) -> None:
    """However often its end is reached; then nobody is clearing that message any more."""
    board, _ = await on_one_board(bot, 2)
    came = await cleared(bot, board)
    where = Answering("C0APPROVALS", None)
    for _ in range(2):
        await bot.store.write(lambda unit: clearing.finish(unit, bot.desk, came, where, "Two of two."))
    assert await bot.store.read(lambda unit: clearings.open_of(unit, board.board)) == ()
    await bot.courier.run_once(bot.runtime.now())
    assert [message.text for message in bot.slack.ephemerals("U0ALICE")] == ["Two of two."]


async def test_the_courier_carries_it_out(each_bot: RunningDesk) -> None:
    """As an outbox's parcel; who cleared is told what was decided, and by name what was not, with why."""
    bot = each_bot
    theirs = await bot.ask(on_behalf_of="U0ALICE", title="Refund for *Alice*")
    board, refunds = await on_one_board(bot, 3)
    first = (await items_of(bot, board))[1].request
    await begun(bot, board, apart={first: Pick.REJECT}, reason="no receipt")
    for _ in ("the items", "the answer"):
        await bot.courier.run_once(bot.runtime.now())
    assert Counter(await statuses(bot, refunds)) == {Status.APPROVED: 2, Status.REJECTED: 1}
    [told] = bot.slack.ephemerals("U0ALICE") or bot.slack.direct_messages("U0ALICE")
    assert told.text.startswith("Done: 2 approved, 1 rejected. Not cleared: *")
    assert "is asked on your behalf" in told.text
    assert (await bot.case(theirs.id)).status is Status.PENDING


async def test_a_thousand_are_cleared(bot: RunningDesk) -> None:
    """As many as one message holds, each decided by Alice; the rest went on a second message."""
    await asked(bot, 1001)
    boards_made = await gathered(bot)
    assert [board.count for board in boards_made] == [1000, 1]
    came = await cleared(bot, boards_made[0])
    assert len(came.approved) == 1000
    assert came.not_cleared == ()
    approved = [item.request for item in await items_of(bot, boards_made[0])]

    def voted(unit: Unit) -> int:
        return sum(str(fact.kind) == "vote.approved" for each in approved for fact in facts.chain(unit, each))

    assert await bot.store.read(voted) == 1000
    [item] = await items_of(bot, boards_made[1])
    assert (await bot.case(item.request)).status is Status.PENDING

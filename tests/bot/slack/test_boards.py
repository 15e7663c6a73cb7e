"""A digest's message in Slack: posted, kept true, found again; windows that begin with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from approvals.events import PulledOut
from approvals.words import STORM, BoardId, RequestId, Status
from blocks.limits import problems_of_message
from bot.desk import decide, follow_up
from bot.desk.ruling import rule_on
from sandbox.server import SlackStandIn
from sandbox.workspace import Message
from store import boards, cases, outbox
from store.boards import Board
from store.unit_of_work import Unit
from tests.bot.desk.digests import (
    ALICE,
    POLICY,
    STORMY,
    asked,
    begun,
    gathered,
    on_one_board,
)
from tests.bot.slack.boards import board_of, buttons, closed, ended, left, message_of, posted, quiet
from tests.harness.desk import RunningDesk, running_desk


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot whose policy has digests."""
    async with running_desk(sqlite_url, slack, POLICY) as running:
        yield running


@pytest.fixture
async def stormy(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """The same, whose channel takes five cards in five minutes."""
    async with running_desk(sqlite_url, slack, STORMY) as running:
        yield running


async def test_a_digest_is_one_message_with_three_buttons(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Its items have no cards; where it is, and its address, are kept; and are what the agent is told."""
    board, requests, message = await posted(bot, 3)
    assert buttons(message) == ["Approve all", "Review", "Reject all"]
    assert message.text.startswith("3 requests")
    assert bot.cards_in() == []
    known = await bot.stored(lambda unit: _addressed(unit, board.board))
    place = await bot.store.read(lambda unit: cases.place_of(unit, requests[0]))
    assert place == known.ref


async def test_clearing_leaves_a_message_without_buttons(bot: RunningDesk, slack: SlackStandIn) -> None:
    """It says who did what, and the board is closed."""
    board, requests, message = await posted(bot, 3)
    await begun(bot, board)
    await ended(bot, requests)
    await closed(bot, board.board)
    shown = await message_of(bot, board.board, "Nothing waits here any more")
    assert shown.ts == message.ts
    assert buttons(shown) == []
    assert "U0ALICE" in str(shown.blocks)
    assert bot.cards_in() == []


async def test_a_thousand_items_are_one_legal_message(bot: RunningDesk, slack: SlackStandIn) -> None:
    """As many as a board holds stand on one message, within Slack's limits."""
    for _ in range(10):
        await asked(bot, 100)
    [board] = await gathered(bot)
    message = await message_of(bot, board.board)
    assert message.text.startswith("1,000 requests")
    assert problems_of_message({"text": message.text, "blocks": message.blocks}) == []


async def test_soft_windows_begin_when_the_message_is_in_slack(bot: RunningDesk, slack: SlackStandIn) -> None:
    """While the post is under way none has begun; afterwards all have, with the fact of it."""
    held = slack.faults.hold("chat.postMessage")
    _, requests = await on_one_board(bot, 30, action="publish_draft")
    await held.reached()
    assert {(await bot.case(each.id)).began_at for each in requests} == {None}
    held.release()
    for each in requests:
        await bot.stored(partial(_begun, request=each.id))
    assert await bot.story(requests[-1].id) == ["request.opened", "request.shown"]


async def test_what_was_pulled_out_has_its_window_begin_with_its_card(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """It left while the digest's message was on its way: that begins nothing of it."""
    held = slack.faults.hold("chat.postMessage")
    _, [first, second] = await on_one_board(bot, 2, action="publish_draft")
    await held.reached()
    roster = bot.desk.directory.roster()
    still = slack.faults.hold("chat.postMessage")
    await bot.store.write(
        lambda unit: (
            rule_on(unit, first, PulledOut(ALICE, roster), bot.runtime.now(), roster, desk=bot.desk).answer
        )
    )
    held.release()
    await bot.stored(lambda unit: _begun(unit, second.id))
    assert (await bot.case(first.id)).began_at is None
    still.release()
    await bot.stored(lambda unit: _begun(unit, first.id))


async def test_a_lost_answer_makes_no_second_message(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Slack took the post and dropped the answer: the message is found by its metadata."""
    slack.faults.lose_answer("chat.postMessage")
    board, _, message = await posted(bot, 3)
    assert (await board_of(bot, board.board)).ref is not None
    assert [each.ts for each in _digests(slack)] == [message.ts]


async def test_a_second_message_is_marked_and_has_no_buttons(bot: RunningDesk, slack: SlackStandIn) -> None:
    """If Slack ever shows two, the older one decides, and the other says that it is a copy."""
    slack.faults.lose_answer("chat.postMessage")
    slack.faults.status(503, "conversations.history")
    board, _ = await on_one_board(bot, 2)
    await slack.call_of("conversations.history")
    [first] = _digests(slack)
    copy = slack.workspace.say(replace(first, ts=slack.workspace.new_ts()))
    assert (await message_of(bot, board.board)).ts == first.ts
    assert copy.text.startswith("This is a copy.")
    assert buttons(copy) == []


async def test_a_rate_limit_delays_the_message_and_loses_nothing(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """429 on the post, and again on an update in the middle of a clearing: the end is what is shown."""
    slack.faults.rate_limit("chat.postMessage", retry_after=1)
    board, requests, _ = await posted(bot, 30)
    slack.faults.rate_limit("chat.update", retry_after=1)
    await begun(bot, board)
    await ended(bot, requests)
    shown = await message_of(bot, board.board, "Nothing waits here any more")
    assert buttons(shown) == []
    assert len(_digests(slack)) == 1


async def test_a_deleted_digest_is_posted_again_once(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Somebody deleted the message: a new one says so, and clears."""
    board, requests, message = await posted(bot, 2)
    slack.people.delete("U0ADMIN", message)
    again = await slack.message_in("C0APPROVALS", "decide here")
    assert again.ts != message.ts

    def moved(unit: Unit) -> bool:
        found = boards.get(unit, board.board)
        return found is not None and found.ref is not None and found.ref.ts == again.ts

    await bot.stored(moved)
    await slack.click("U0ALICE", again.channel, again.ts, "Approve all")
    assert [case.status for case in await ended(bot, requests)] == [Status.APPROVED] * 2
    await message_of(bot, board.board, "Nothing waits here any more")
    assert len(_digests(slack)) == 1


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long"])
async def test_blocks_that_slack_refuses_give_way_to_a_smaller_message(
    bot: RunningDesk, slack: SlackStandIn, error: str
) -> None:
    """It says so and can be reviewed; the operators are told; no old button outlives the end."""
    slack.faults.refuse(error, "chat.postMessage")
    board, requests, message = await posted(bot, 2)
    assert "could not be shown whole" in message.text
    assert buttons(message) == ["Review"]
    told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
    assert board.board in str(told[0].blocks)
    slack.faults.refuse(error, "chat.update", times=2)
    await begun(bot, board)
    await ended(bot, requests)
    shown = await message_of(bot, board.board, "Nothing waits here any more")
    assert buttons(shown) == []


async def test_a_gone_channel_gives_way_and_operators_are_told(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The rule's channel is archived: the digest goes to the policy's, and operators hear why."""
    slack.workspace.archive("C0REFUNDS")
    board, _, message = await posted(bot, 2, action="send_mail")
    assert board.channel == "C0REFUNDS"
    assert message.channel == "C0APPROVALS"
    told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
    assert "C0REFUNDS" in told[0].text


async def test_what_was_decided_before_is_never_posted(bot: RunningDesk, slack: SlackStandIn) -> None:
    """All of it was withdrawn while Slack was busy: no message appears, and the board is closed."""
    slack.faults.rate_limit("chat.postMessage", retry_after=1)
    board, requests = await on_one_board(bot, 2)
    await slack.call_of("chat.postMessage")
    for case in requests:
        await follow_up.cancel(bot.desk, bot.agent, case.id, None)
    await closed(bot, board.board)
    assert _digests(slack) == []


async def test_one_that_may_have_arrived_is_found_though_nothing_waits(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Its answer was lost and all was withdrawn meanwhile: it must not go on looking alive."""
    slack.faults.lose_answer("chat.postMessage")
    slack.faults.status(503, "conversations.history")
    board, requests = await on_one_board(bot, 2)
    await slack.call_of("conversations.history")
    for case in requests:
        await follow_up.cancel(bot.desk, bot.agent, case.id, None)
    shown = await message_of(bot, board.board, "Nothing waits here any more")
    assert buttons(shown) == []
    assert len(_digests(slack)) == 1


async def test_what_was_open_is_carried_over_and_the_older_message_points_there(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The newer message holds all; the older one has no buttons and links it."""
    older, _, before = await posted(bot, 2)
    await asked(bot, 1)
    [newer] = await gathered(bot)
    message = await message_of(bot, newer.board)
    assert message.text.startswith("3 requests")
    known = await bot.stored(lambda unit: _addressed(unit, newer.board))
    await slack.until(lambda: known.ref.permalink in str(before.blocks))
    assert buttons(before) == []
    assert (await board_of(bot, older.board)).carried_to == newer.board


async def test_a_storm_s_message_takes_in_what_comes_later(stormy: RunningDesk, slack: SlackStandIn) -> None:
    """One message, made at once: what joins it is shown by an update, and its windows begin then."""
    calm = [await stormy.ask("delete_it") for _ in range(5)]
    first = [await stormy.ask("delete_it") for _ in range(2)]
    [board] = await stormy.store.read(lambda unit: boards.open_of(unit, STORM))
    message = await message_of(stormy, board.id)
    assert "2 request" in message.text
    assert buttons(message) == ["Review", "Reject all", "Pause this agent"]
    later = await stormy.ask("delete_it")
    assert later.waits_in == STORM
    await slack.until(lambda: "3 request" in message.text)
    assert [case.waits_in for case in calm + first] == [None] * 5 + [STORM] * 2
    assert len(stormy.cards_in()) == 5


async def test_what_is_escalated_leaves_the_message_for_a_card(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The digest says so; the card asks the other group as well."""
    board, [case, other], _ = await posted(bot, 2)
    bot.runtime.ahead += timedelta(hours=2, minutes=1)
    await decide.tick(bot.desk, case.id, bot.runtime.now())
    card = await bot.card(case.id)
    assert "directors" in str(card.blocks)
    await left(bot, case.id)
    await message_of(bot, board.board, "1 of 2")
    assert (await bot.case(other.id)).waits_in is not None


async def test_a_comment_is_said_once_under_the_message(bot: RunningDesk, slack: SlackStandIn) -> None:
    """In its thread, naming its item; a lost answer makes no second one."""
    _, [case, _], message = await posted(bot, 2)
    slack.faults.lose_answer("chat.postMessage")
    await follow_up.comment(bot.desk, bot.agent, case.id, "The customer insists.")
    await slack.message_in(message.channel, "insists", thread_ts=message.ts)
    await quiet(bot)
    assert len(slack.thread(message.channel, message.ts)) == 1


async def test_a_window_that_starts_again_begins_with_the_update(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The desk was away when it ended: the thread says so, and the time to object begins anew."""
    _, [draft], message = await posted(bot, 1, action="publish_draft")
    await bot.stored(partial(_begun, request=draft.id))
    bot.runtime.ahead += timedelta(hours=1)
    await decide.tick(bot.desk, draft.id, bot.runtime.now())
    await bot.stored(partial(_begun, request=draft.id))
    note = await slack.message_in(message.channel, "starts again", thread_ts=message.ts)
    assert "U0ALICE" in note.text
    began = (await bot.case(draft.id)).began_at
    assert began is not None
    assert bot.runtime.now() - began < timedelta(minutes=1)
    assert (await bot.story(draft.id)).count("request.shown") == 2


async def test_whoever_asks_for_the_card_of_an_item_gets_the_digest_shown(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Such as when dead letters are sent again: no card appears beside the digest."""
    board, [case, _], message = await posted(bot, 2)
    slack.workspace.delete(message)
    await bot.store.write(lambda unit: outbox.show_card(unit, case.id, bot.runtime.now(), final=False))
    await slack.message_in("C0APPROVALS", "decide here")
    await quiet(bot)
    assert bot.cards_in() == []
    assert (await board_of(bot, board.board)).ref is not None


async def test_what_joined_while_it_was_being_closed_can_be_decided(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Another replica's request came in a transaction that the closing did not see: it is open again."""
    board, requests, message = await posted(bot, 1)
    await begun(bot, board)
    await ended(bot, requests)
    await closed(bot, board.board)
    [late] = await asked(bot, 1)

    def joining(unit: Unit) -> None:
        boards.append(unit, board.board, 1, [(late.id, late.sight)])
        outbox.show_board(unit, board.board, bot.runtime.now(), pressing=False)

    await bot.store.write(joining)
    await slack.until(lambda: "Approve all" in buttons(message))
    await quiet(bot)
    assert (await board_of(bot, board.board)).closed_at is None
    await slack.click("U0ALICE", message.channel, message.ts, "Approve all")
    assert (await bot.decided(late.id)).status is Status.APPROVED


def _addressed(unit: Unit, board: BoardId) -> Board | None:
    found = boards.get(unit, board)
    return found if found is not None and found.ref is not None and found.ref.permalink else None


def _begun(unit: Unit, request: RequestId) -> bool:
    case = cases.load(unit, request)
    return case is not None and case.began_at is not None


def _digests(slack: SlackStandIn) -> list[Message]:
    every = slack.messages("C0APPROVALS")
    return [each for each in every if (each.metadata or {}).get("event_type") == "hitl_board"]

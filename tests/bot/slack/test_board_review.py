"""*Review* of a digest: chosen item by item, page by page, kept, edited, pulled out, sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from approvals.digest_choices import Pick
from approvals.words import RequestId, Status
from bot.desk import follow_up
from bot.desk.gathering import Gathered
from sandbox.server import SlackStandIn
from sandbox.workspace import View
from store import clearings
from store.clearings import Draft
from tests.bot.desk.digests import ALICE, POLICY, asked, begun, gathered, items_of
from tests.bot.slack.boards import closed, ended, filled, left, message_of, posted, review, statuses
from tests.harness.desk import RunningDesk, running_desk

REASON = "Why, for those that you reject?"


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot whose policy has digests."""
    async with running_desk(sqlite_url, slack, POLICY) as running:
        yield running


async def test_each_is_set_to_approval_unless_chosen_otherwise(bot: RunningDesk, slack: SlackStandIn) -> None:
    """One is rejected with the reason, one left, the others approved."""
    board, requests, message = await posted(bot, 4)
    view = await review(bot, "U0ALICE", message)
    assert _submit(view) == "Decide 4"
    first, second = [item.request for item in await items_of(bot, board)][:2]
    await _pick(slack, first, "Reject")
    await _pick(slack, second, "Leave")
    await slack.until(lambda: _submit(view) == "Decide 3")
    missing = await slack.submit("U0ALICE")
    assert "Say why" in str(missing.errors)
    await slack.submit("U0ALICE", {REASON: "Twice the same."})
    told = await slack.ephemeral_to("U0ALICE", "2 approved, 1 rejected")
    assert "1 left waiting" in told.text
    rejected = await bot.case(first)
    assert rejected.decision is not None
    assert rejected.decision.reason == "Twice the same."
    assert (await bot.case(second)).status is Status.PENDING
    assert sorted(await statuses(bot, requests)) == [
        Status.APPROVED,
        Status.APPROVED,
        Status.PENDING,
        Status.REJECTED,
    ]
    assert slack.views("U0ALICE") == []


async def test_what_was_chosen_is_kept_across_pages_and_restarts(
    sqlite_url: str, slack: SlackStandIn
) -> None:
    """Twenty items, two pages: choices and reason are there again, also for the next process."""
    async with running_desk(sqlite_url, slack, POLICY) as bot:
        board, requests, message = await posted(bot, 20)
        view = await review(bot, "U0ALICE", message)
        first = (await items_of(bot, board))[0].request
        last = (await items_of(bot, board))[-1].request
        await _pick(slack, first, "Reject")
        await slack.click_in_view("U0ALICE", "More", values={REASON: "Too much."})
        await filled(slack, view, "Page 2 of 2")
        assert "Too much." in str(view.payload)
        await _pick(slack, last, "Leave")
        await slack.until(lambda: _submit(view) == "Decide 19")
    async with running_desk(sqlite_url, slack, POLICY) as bot:
        assert await _draft(bot, board) == Draft({first: Pick.REJECT, last: Pick.LEAVE}, "Too much.")
        await slack.people.close("U0ALICE")
        again = await review(bot, "U0ALICE", message)
        assert _submit(again) == "Decide 19"
        assert _chosen(again, first) == "reject"
        await slack.submit("U0ALICE")
        done = {
            case.id: case.status for case in await ended(bot, [each for each in requests if each.id != last])
        }
        assert done.pop(first) is Status.REJECTED
        assert set(done.values()) == {Status.APPROVED}
        assert (await bot.case(last)).status is Status.PENDING
        assert await _draft(bot, board) == Draft()


async def test_a_pulled_out_item_gets_a_card_and_is_left(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The card comes at once; what is sent afterwards clears the others only, and does not call it left."""
    board, requests, message = await posted(bot, 3)
    view = await review(bot, "U0ALICE", message)
    out = (await items_of(bot, board))[1].request
    await slack.click_in_view("U0ALICE", "Pull out", block_id=f"item:{out}")
    await left(bot, out)
    card = await bot.card(out)
    await slack.until(lambda: f"item:{out}" not in str(view.payload))
    await slack.submit("U0ALICE")
    told = await slack.ephemeral_to("U0ALICE", "2 approved")
    assert told.text == "Done: 2 approved, 1 on a card of its own."
    assert (await bot.case(out)).status is Status.PENDING
    await closed(bot, board.board)
    assert "cards of their own" in str((await message_of(bot, board.board, "Nothing waits")).blocks)
    await slack.click("U0BOB", card.channel, card.ts, "Approve")
    assert [case.status for case in await ended(bot, requests)] == [Status.APPROVED] * 3
    assert "request.pulled_out" in await bot.story(out)


async def test_an_edit_goes_its_usual_way_and_the_review_follows(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The form lies upon the review; what was chosen there stays, and the edited item is decided."""
    board, _, message = await posted(bot, 3)
    view = await review(bot, "U0ALICE", message)
    first, second = [item.request for item in await items_of(bot, board)][:2]
    await _pick(slack, second, "Leave")
    await slack.until(lambda: _submit(view) == "Decide 2")
    await slack.click_in_view("U0ALICE", "Edit", block_id=f"item:{first}")
    form = await slack.view_of("U0ALICE", "Edit")
    assert form.previous_id == view.id
    await slack.submit("U0ALICE", {"Amount": 500})
    edited = await bot.decided(first)
    assert (edited.status, edited.payload["amount"]) == (Status.MODIFIED, 500)
    assert slack.views("U0ALICE") == [view]
    await slack.until(lambda: _submit(view) == "Decide 1")
    assert _chosen(view, second) == "leave"


async def test_a_refused_edit_is_said_upon_the_review(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The item was withdrawn meanwhile: no form, a sentence, and the review stays."""
    board, _, message = await posted(bot, 2)
    view = await review(bot, "U0ALICE", message)
    first = (await items_of(bot, board))[0].request
    await follow_up.cancel(bot.desk, bot.agent, first, None)
    await slack.click_in_view("U0ALICE", "Edit", block_id=f"item:{first}")
    await slack.view_of("U0ALICE", "Not decided")
    assert slack.views("U0ALICE")[0] == view


@pytest.mark.parametrize("button", ["Edit", "Pull out"])
async def test_a_button_made_for_another_item_does_nothing(
    bot: RunningDesk, slack: SlackStandIn, button: str
) -> None:
    """The row says which item: a value that names another only has the click refused."""
    board, requests, message = await posted(bot, 2)
    view = await review(bot, "U0ALICE", message)
    first, second = (item.request for item in await items_of(bot, board))
    mine, other = (_element(view, request, button) for request in (first, second))
    mine["value"] = other["value"]
    await slack.click_in_view("U0ALICE", button, block_id=f"item:{first}")
    await slack.view_of("U0ALICE", "Not decided")
    assert {(await bot.case(case.id)).waits_in for case in requests} == {"hourly"}


async def test_what_is_chosen_for_items_of_another_digest_is_not_kept(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """A row that names a request which the digest does not hold is left out of what is decided."""
    board, requests, message = await posted(bot, 2)
    [stranger] = await asked(bot, 1)
    view = await review(bot, "U0ALICE", message)
    for block in view.payload["blocks"]:
        if block.get("block_id") == f"item:{requests[0].id}":
            block["block_id"] = f"item:{stranger.id}"
    await slack.click_in_view("U0ALICE", "Reject", block_id=f"item:{stranger.id}")
    assert await _draft(bot, board) == Draft()
    await slack.submit("U0ALICE", {REASON: "No."})
    await ended(bot, requests)
    assert (await bot.case(stranger.id)).status is Status.PENDING


async def test_a_review_of_what_was_cleared_meanwhile_says_so(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Bob cleared it while Alice read: hers decides nothing, and says why."""
    board, requests, message = await posted(bot, 2)
    await review(bot, "U0ALICE", message)
    await begun(bot, board)
    await ended(bot, requests)
    await slack.submit("U0ALICE")
    view = await slack.view_of("U0ALICE", "Not decided")
    assert "Nothing waits there any more" in str(view.payload)


async def test_a_review_outlives_a_newer_message(bot: RunningDesk, slack: SlackStandIn) -> None:
    """What was chosen counts for what it showed, and is there again in the newer message's *Review*."""
    board, requests, message = await posted(bot, 3)
    view = await review(bot, "U0ALICE", message)
    first, second = [item.request for item in await items_of(bot, board)][:2]
    await _pick(slack, first, "Reject")
    await _pick(slack, second, "Leave")
    await slack.until(lambda: _submit(view) == "Decide 2")
    [later] = await asked(bot, 1)
    [newer] = await gathered(bot)
    await message_of(bot, newer.board)
    assert (await _draft(bot, newer)).choices == {first: Pick.REJECT, second: Pick.LEAVE}
    await slack.submit("U0ALICE", {REASON: "Twice the same."})
    await slack.ephemeral_to("U0ALICE", "Done: 1 approved, 1 rejected, 1 left waiting.")
    assert (await bot.case(first)).status is Status.REJECTED
    still = [case.id for case in (*requests, later) if (await bot.case(case.id)).status is Status.PENDING]
    assert sorted(still) == sorted([second, later.id])


async def test_an_item_is_pulled_out_of_an_older_review(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Though a newer message took over from the one that it was opened on."""
    board, _, message = await posted(bot, 2)
    await review(bot, "U0ALICE", message)
    await asked(bot, 1)
    [newer] = await gathered(bot)
    await message_of(bot, newer.board)
    out = (await items_of(bot, board))[0].request
    await slack.click_in_view("U0ALICE", "Pull out", block_id=f"item:{out}")
    await left(bot, out)


async def test_leaving_all_decides_nothing(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The modal closes, and all of it goes on waiting."""
    _, requests, message = await posted(bot, 1)
    view = await review(bot, "U0ALICE", message)
    await _pick(slack, requests[0].id, "Leave")
    await slack.until(lambda: _submit(view) == "Leave all")
    answer = await slack.submit("U0ALICE")
    assert answer.acknowledged
    assert slack.views("U0ALICE") == []
    assert await statuses(bot, requests) == [Status.PENDING]


async def test_the_review_opens_at_once_however_much_there_is(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Something stands in the modal before its content is there; a thousand items are pages of it."""
    for _ in range(9):
        await asked(bot, 100)
    _, _, message = await posted(bot, 100)
    await slack.click("U0ALICE", message.channel, message.ts, "Review")
    await slack.view_of("U0ALICE", "One moment")
    view = await slack.view_of("U0ALICE", "Review")
    assert _submit(view) == "Decide 1,000"
    await slack.click_in_view("U0ALICE", "More")
    await filled(slack, view, "Page 2 of 67")


async def test_everything_of_an_item_is_shown_upon_the_review(bot: RunningDesk, slack: SlackStandIn) -> None:
    """*View everything* opens another modal; closing it leads back."""
    board, _, message = await posted(bot, 2)
    view = await review(bot, "U0ALICE", message)
    first = (await items_of(bot, board))[0].request
    await slack.click_in_view("U0ALICE", "View everything", block_id=f"item:{first}")
    await slack.until(lambda: len(slack.views("U0ALICE")) == 2)
    assert first in str(slack.views("U0ALICE")[-1].payload)
    await slack.people.close("U0ALICE")
    assert slack.views("U0ALICE") == [view]


async def _pick(slack: SlackStandIn, request: RequestId, words: str) -> None:
    answer = await slack.click_in_view("U0ALICE", words, block_id=f"item:{request}")
    assert answer.acknowledged


async def _draft(bot: RunningDesk, board: Gathered) -> Draft:
    return await bot.store.read(lambda unit: clearings.draft(unit, board.board, ALICE.id))


def _submit(view: View) -> str:
    return str(view.payload.get("submit", {}).get("text", ""))


def _chosen(view: View, request: RequestId) -> str:
    return str(_element(view, request, "")["initial_option"]["value"])


def _element(view: View, request: RequestId, words: str) -> dict[str, Any]:
    """A button by its words; without, the menu."""
    [row] = [block for block in view.blocks if block.get("block_id") == f"item:{request}"]
    found: dict[str, Any]
    [found] = [
        each
        for each in row["elements"]
        if (each["text"]["text"] == words if each["type"] == "button" else not words)
    ]
    return found

"""What people write under a digest: one of its items is named and decided, or they are told how."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from approvals.model import Case
from approvals.words import Status
from blocks.digest_spoken import LISTED
from bot.desk import decide
from sandbox.server import SlackStandIn
from sandbox.workspace import Message
from store import boards
from tests.bot.desk.digests import BOB, POLICY, STORMY
from tests.bot.slack.boards import message_of, posted, quiet
from tests.harness.desk import RunningDesk, running_desk


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot whose policy has digests."""
    async with running_desk(sqlite_url, slack, POLICY) as running:
        yield running


async def told(bot: RunningDesk, user: str, message: Message, words: str) -> None:
    """Somebody speaks to the bot under the message; when this returns all was answered."""
    bot.slack.mention(user, message.channel, words, thread_ts=message.ts)
    await bot.slack.courier.idle()
    await quiet(bot)


async def written(bot: RunningDesk, user: str, message: Message, words: str) -> None:
    """The same without its name."""
    bot.slack.say(user, message.channel, words, thread_ts=message.ts)
    await bot.slack.courier.idle()
    await quiet(bot)


def whispers(bot: RunningDesk, user: str) -> list[str]:
    """What only this person was told, in that thread."""
    return [each.text for each in bot.slack.ephemerals(user)]


def ending(case: Case) -> str:
    """So much of its id as names it."""
    return case.id[-8:]


async def test_an_item_that_is_named_is_decided(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Approved, rejected and edited by words; the thread says so, and the others wait on."""
    _, requests, message = await posted(bot, 4)
    first, second, third, _ = requests
    await told(bot, "U0ALICE", message, f"approve {first.id} the receipt is there")
    await told(bot, "U0ALICE", message, f"reject {ending(second)} no receipt")
    await told(bot, "U0BOB", message, f"edit {ending(third)} amount=500 receipt covers 500")
    cases = [await bot.case(case.id) for case in requests]
    assert [case.status for case in cases] == [
        Status.APPROVED,
        Status.REJECTED,
        Status.MODIFIED,
        Status.PENDING,
    ]
    assert cases[1].decision is not None
    assert cases[1].decision.reason == "no receipt"
    assert cases[2].payload["amount"] == 500
    assert len(slack.thread(message.channel, message.ts)) == 3 + 3
    assert whispers(bot, "U0ALICE") == whispers(bot, "U0BOB") == []


async def test_who_is_not_asked_decides_nothing_by_words(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Carol directs, the refunds are for support: she is told, and nothing happened."""
    _, [case, _], message = await posted(bot, 2)
    await told(bot, "U0CAROL", message, f"approve {ending(case)}")
    assert (await bot.case(case.id)).status is Status.PENDING
    [said] = whispers(bot, "U0CAROL")
    assert "support" in said


async def test_what_was_changed_since_is_not_approved_by_words(sqlite_url: str, slack: SlackStandIn) -> None:
    """Bob edited it after it was put there; the message showed something else."""
    async with running_desk(sqlite_url, slack, STORMY) as bot:
        requests = [await bot.ask("publish_pair", payload={"amount": 1}) for _ in range(7)]
        changed = requests[-1]
        place = await bot.stored(lambda unit: boards.of_request(unit, changed.id))
        message = await message_of(bot, place.id)
        await decide.edit(bot.desk, changed.id, BOB, {"/amount": "2"}, changed.sight)
        await quiet(bot)
        await told(bot, "U0CAROL", message, f"approve {ending(changed)}")
        assert (await bot.case(changed.id)).status is Status.PENDING
        assert len(whispers(bot, "U0CAROL")) == 1


async def test_approve_alone_decides_nothing_and_lists_their_ids(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The message holds twelve: ten are named, and how to say which."""
    _, requests, message = await posted(bot, 12)
    await told(bot, "U0ALICE", message, "approve")
    [said] = whispers(bot, "U0ALICE")
    assert "buttons" in said
    assert said.count("• `") == LISTED
    assert "and 2 more" in said
    named = said.split("`@hitl approve ")[1].split("`")[0]
    await told(bot, "U0ALICE", message, f"approve {named}")
    statuses = [(await bot.case(case.id)).status for case in requests]
    assert statuses.count(Status.APPROVED) == 1


async def test_a_word_of_a_reason_is_no_id(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Four letters that one of the ids happens to end with reject nothing."""
    _, [case, _], message = await posted(bot, 2)
    await told(bot, "U0ALICE", message, f"reject {case.id[-4:]} of these")
    assert (await bot.case(case.id)).status is Status.PENDING
    assert len(whispers(bot, "U0ALICE")) == 1


async def test_an_unknown_id_or_verb_is_said_to_be_unknown(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Neither decides anything."""
    _, requests, message = await posted(bot, 2)
    await told(bot, "U0ALICE", message, "approve req_01ARZ3NDEKTSV4RRFFQ69G5FAV")
    await told(bot, "U0ALICE", message, "aprove all")
    unknown_id, unknown_verb = whispers(bot, "U0ALICE")
    assert "There is no req_01ARZ3NDEKTSV4RRFFQ69G5FAV" in unknown_id
    assert "`@hitl approve ID`" in unknown_verb
    assert {(await bot.case(case.id)).status for case in requests} == {Status.PENDING}


async def test_plain_words_under_many_go_nowhere_and_their_author_is_told_once(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Each person once in a thread, how to name one; no request has a comment."""
    _, requests, message = await posted(bot, 2)
    await written(bot, "U0ALICE", message, "Wait: I called the customer")
    await written(bot, "U0ALICE", message, "this is fraud")
    await written(bot, "U0BOB", message, "which one?")
    for user in ("U0ALICE", "U0BOB"):
        [said] = whispers(bot, user)
        assert "2 requests wait on this message" in said
        assert "`@hitl reject ID`" in said
    assert [(await bot.case(case.id)).comments for case in requests] == [(), ()]


async def test_plain_words_under_the_one_that_is_open_are_its_comment(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The other was decided: what is said is about this one, and goes to its agent."""
    _, [done, still], message = await posted(bot, 2)
    await told(bot, "U0ALICE", message, f"approve {ending(done)}")
    await written(bot, "U0BOB", message, "I called the customer")
    [comment] = (await bot.case(still.id)).comments
    assert (comment.text, comment.by) == ("I called the customer", BOB)
    assert (await bot.case(done.id)).comments == ()
    assert whispers(bot, "U0BOB") == []


async def test_plain_words_under_what_is_over_are_answered(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Nothing waits there: their author learns that they go to nobody."""
    _, requests, message = await posted(bot, 2)
    for case in requests:
        await told(bot, "U0ALICE", message, f"approve {ending(case)}")
    await written(bot, "U0BOB", message, "thanks")
    [said] = whispers(bot, "U0BOB")
    assert "Nothing waits" in said

"""What people write under a card is kept, and follows its message when that is edited or deleted."""

from __future__ import annotations

from dataclasses import replace

from approvals.model import Case, ReplyTo
from bot.desk.view import request_json
from sandbox import payloads
from sandbox.delivery import EVENT
from sandbox.server import SlackStandIn
from sandbox.workspace import Message
from tests.harness.desk import RunningDesk


async def said(bot: RunningDesk, text: str, case: Case | None = None) -> tuple[Case, Message]:
    """A request with a comment of Carol's."""
    case = case or await bot.ask()
    card = await bot.card(case.id)
    message = bot.slack.say("U0CAROL", card.channel, text, thread_ts=card.ts)
    await bot.slack.courier.idle()
    return await bot.case(case.id), message


async def repeated(bot: RunningDesk, subtype: str) -> None:
    """Slack sends its events of that kind once more."""
    for each in list(bot.slack.deliveries()):
        if each.payload.get("event", {}).get("subtype") == subtype:
            assert (await bot.slack.courier.carry(EVENT, each.payload)).acknowledged


async def test_an_edited_comment_is_told_again(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The case keeps the new words, a fact tells of it, and a repeat of the event changes nothing."""
    case, message = await said(bot, "the card is 4111")
    slack.people.edit("U0CAROL", message, "the card ends in 11 &amp; is valid")
    await slack.courier.idle()
    await repeated(bot, "message_changed")
    case = await bot.case(case.id)
    [comment] = case.comments
    assert (comment.text, comment.changes) == ("the card ends in 11 & is valid", 1)
    assert await bot.story(case.id) == ["request.opened", "request.commented", "comment.edited"]
    told = request_json(case, None, bot.runtime.now(), bot.desk.directory.roster())["comments"][0]
    assert (told["text"], set(told)) == (comment.text, {"by", "text", "at", "edited_at"})


async def test_a_deleted_comment_is_gone_and_still_listed(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Its words are no longer kept anywhere in the case; the agent hears that it was deleted."""
    case, message = await said(bot, "secret plans")
    slack.people.delete("U0CAROL", message)
    await slack.courier.idle()
    await repeated(bot, "message_deleted")
    case = await bot.case(case.id)
    assert [(each.text, each.deleted) for each in case.comments] == [("", True)]
    assert await bot.story(case.id) == ["request.opened", "request.commented", "comment.deleted"]
    told = request_json(case, None, bot.runtime.now(), bot.desk.directory.roster())["comments"][0]
    assert (told["text"], "deleted_at" in told) == ("", True)


async def test_an_older_edit_that_comes_late_is_left(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Slack repeats in its own order: the newest words stay."""
    case, message = await said(bot, "one")
    slack.people.edit("U0CAROL", message, "two")
    slack.people.edit("U0CAROL", message, "three")
    await slack.courier.idle()
    await repeated(bot, "message_changed")
    assert [each.text for each in (await bot.case(case.id)).comments] == ["three"]


async def test_an_edit_that_overtakes_its_message_is_taken(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The words as they are now are kept, once; the message itself adds nothing when it comes."""
    case = await bot.ask()
    card = await bot.card(case.id)
    place = slack.workspace.channels[card.channel]
    message = Message(card.channel, slack.workspace.new_ts(), "U0CAROL", "first", thread_ts=card.ts)
    at = slack.workspace.new_ts()
    later = replace(message, text="second", edited={"user": "U0CAROL", "ts": at})
    change = {"message": later.as_json(), "previous_message": message.as_json()}
    for body in (
        payloads.changed_event(place, "message_changed", at, change),
        payloads.message_event(place, message, message.ts),
    ):
        assert (await slack.courier.carry(EVENT, payloads.event(slack.app, body))).acknowledged
    assert [each.text for each in (await bot.case(case.id)).comments] == ["second"]


async def test_a_deletion_that_overtakes_its_message_keeps_it_out(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Nobody is told what was taken back before it arrived."""
    case = await bot.ask()
    card = await bot.card(case.id)
    place = slack.workspace.channels[card.channel]
    message = Message(card.channel, slack.workspace.new_ts(), "U0CAROL", "oops", thread_ts=card.ts)
    gone = {"deleted_ts": message.ts, "previous_message": message.as_json()}
    for body in (
        payloads.changed_event(place, "message_deleted", slack.workspace.new_ts(), gone),
        payloads.message_event(place, message, message.ts),
    ):
        assert (await slack.courier.carry(EVENT, payloads.event(slack.app, body))).acknowledged
    assert (await bot.case(case.id)).comments == ()


async def test_changes_of_other_messages_are_nobodys(bot: RunningDesk, slack: SlackStandIn) -> None:
    """What was said to the bot, long ago or elsewhere becomes no comment by being edited."""
    case = await bot.ask()
    card = await bot.card(case.id)
    verb = slack.mention("U0CAROL", card.channel, "aprove", thread_ts=card.ts)
    lunch = slack.say("U0CAROL", card.channel, "Lunch?")
    answer = slack.say("U0DAN", card.channel, "Yes", thread_ts=lunch.ts)
    old = Message(card.channel, "1600000000.000100", "U0DAN", "old", thread_ts=card.ts)
    slack.workspace.say(old)
    slack.people.edit("U0CAROL", verb, verb.text.replace("aprove", "why"))
    for message in (lunch, answer, old):
        slack.people.edit(message.user, message, "changed")
        slack.people.delete(message.user, message)
    await slack.courier.idle()
    assert (await bot.case(case.id)).comments == ()
    assert await bot.story(case.id) == ["request.opened"]


async def test_in_a_thread_with_several_cards_each_open_one_hears_it(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Nobody can know which is meant, so none is left out; edits and deletions reach all of them."""
    begun = slack.say("U0CAROL", "C0APPROVALS", "Refunds of today")
    cases = [await bot.ask(reply_to=ReplyTo("C0APPROVALS", begun.ts)) for _ in range(3)]
    cards = [await bot.card(case.id) for case in cases]
    await slack.click("U0ALICE", "C0APPROVALS", cards[0].ts, "Approve")
    message = slack.say("U0CAROL", "C0APPROVALS", "wait for the receipts", thread_ts=begun.ts)
    await slack.courier.idle()
    slack.people.edit("U0CAROL", message, "wait for all receipts")
    await slack.courier.idle()
    kept = [[each.text for each in (await bot.case(case.id)).comments] for case in cases]
    assert kept == [[], ["wait for all receipts"], ["wait for all receipts"]]


async def test_a_file_is_named_in_the_comment(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A receipt dropped into the thread without a word is something said, too."""
    case = await bot.ask()
    card = await bot.card(case.id)
    place = slack.workspace.channels[card.channel]
    message = Message(card.channel, slack.workspace.new_ts(), "U0CAROL", "", thread_ts=card.ts)
    body = payloads.message_event(place, message, message.ts)
    shared = {**body, "subtype": "file_share", "files": [{"id": "F1", "name": "receipt <1>.pdf"}]}
    await slack.courier.carry(EVENT, payloads.event(slack.app, shared))
    assert [each.text for each in (await bot.case(case.id)).comments] == ["[file: receipt <1>.pdf]"]

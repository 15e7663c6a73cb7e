"""`@hitl approve` in a card's thread: the same votes as by the buttons, once each, answered in words."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from approvals.model import Case, ReplyTo
from approvals.words import Kind, Status
from sandbox import payloads
from sandbox.delivery import EVENT
from sandbox.server import SlackStandIn
from sandbox.workspace import Message
from store.cards import place
from store.cases import load
from store.unit_of_work import Unit
from tests.bot.slack.gates import POLICY as GATES
from tests.harness.desk import RunningDesk, running_desk

FORM = {
    "properties": {
        "amount": {"type": "number", "maximum": 900},
        "reason": {"enum": ["return", "goodwill"]},
        "notify": {"type": "boolean"},
        "customer": {"type": "object", "properties": {"name": {"type": "string"}}},
    }
}
PAYLOAD = {
    "amount": 750,
    "reason": "return",
    "notify": False,
    "customer": {"name": "ACME GmbH"},
    "card_number": "4111",
}


async def say(bot: RunningDesk, user: str, case: Case, words: str) -> Message:
    """Speak to the bot under a request's card; when this returns the bot has heard it."""
    card = await bot.card(case.id)
    said = bot.slack.mention(user, card.channel, words, thread_ts=card.thread_ts or card.ts)
    await bot.slack.courier.idle()
    return said


async def answered(bot: RunningDesk, case: Case, containing: str) -> Message:
    """What the bot said in the thread."""
    card = await bot.card(case.id)

    def found() -> Message | None:
        replies = bot.slack.workspace.replies(card.channel, card.thread_ts or card.ts)
        ours = [each for each in replies if each.bot_id and containing in each.text]
        return ours[0] if ours else None

    told = await bot.slack.until(found)
    assert told is not None
    return told


async def test_approve_in_words_decides_and_is_answered_in_the_thread(
    either_bot: RunningDesk, slack: SlackStandIn
) -> None:
    """One vote, with its reason, though Slack tells of the message twice; the thread says what it did."""
    case = await either_bot.ask()
    await say(either_bot, "U0ALICE", case, "approve the receipt is there")
    decided = await either_bot.case(case.id)
    assert decided.status is Status.APPROVED
    assert decided.decision is not None
    assert ([person.name for person in decided.decision.by], decided.decision.reason) == (
        ["alice"],
        "the receipt is there",
    )
    told = await answered(either_bot, case, "approved")
    assert "“the receipt is there”" in told.text
    assert await either_bot.story(case.id) == ["request.opened", "vote.approved", "request.decided"]
    assert not slack.ephemerals("U0ALICE")


async def test_the_same_message_delivered_again_votes_once(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A repeat of Slack's, as `message` or as `app_mention`, changes nothing and says nothing."""
    case = await bot.ask("pair_payout")
    await say(bot, "U0ALICE", case, "approve")
    await answered(bot, case, "1 more approval")
    events = [each.payload for each in slack.deliveries() if "approve" in str(each.payload.get("event", {}))]
    assert {each["event"]["type"] for each in events} == {"message", "app_mention"}
    for event in events:
        await slack.courier.carry(EVENT, event)
    assert await bot.story(case.id) == ["request.opened", "vote.approved"]
    assert len(slack.workspace.replies("C0APPROVALS", (await bot.card(case.id)).ts)) == 2
    assert not slack.ephemerals("U0ALICE")


async def test_reject_needs_a_reason(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Without one its author is told; with one it ends the request."""
    case = await bot.ask()
    await say(bot, "U0BOB", case, "reject")
    await slack.ephemeral_to("U0BOB", "Say why")
    assert (await bot.case(case.id)).status is Status.PENDING
    await say(bot, "U0BOB", case, "reject: no receipt &amp; too much")
    decided = await bot.case(case.id)
    assert (decided.status, decided.decision and decided.decision.reason) == (
        Status.REJECTED,
        "no receipt & too much",
    )
    await answered(bot, case, "must not act")


async def test_edit_is_typed_by_the_form(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Numbers, booleans, options and nested names become what the edit modal would have made of them."""
    case = await gates.ask(payload=PAYLOAD, form=FORM)
    words = 'edit amount=1,00 notify=yes reason=Goodwill customer.name="Smith &amp; Sons" receipt covers it'
    await say(gates, "U0ALICE", case, words)
    await slack.ephemeral_to("U0ALICE", "amount")
    assert (await gates.case(case.id)).payload == PAYLOAD
    await say(gates, "U0ALICE", case, words.replace("1,00", "500"))
    decided = await gates.case(case.id)
    assert decided.status is Status.MODIFIED
    assert dict(decided.payload) == {
        **PAYLOAD,
        "amount": 500,
        "notify": True,
        "reason": "goodwill",
        "customer": {"name": "Smith & Sons"},
    }
    assert type(decided.payload["amount"]) is int
    assert decided.decision is not None
    assert decided.decision.reason == "receipt covers it"
    told = await answered(gates, case, "750 → 500")
    assert "receipt covers it" in told.text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("edit amount=9000 why", "at most 900"),
        ("edit amount=lots", "be a number"),
        ("edit amount=1 000", "quotes"),
        ("edit reason=theft", "return, goodwill"),
        ("edit notify=maybe", "be true or false"),
        ("edit amuont=5", "amount"),
        ("edit card_number=1", "masked"),
        ("edit customer.name=Globex Corporation", "quotes"),
        ("edit amount=", "no value"),
        ('edit customer.name="Globex', "not closed"),
        ("edit", "what to change"),
        ("edit please", "what to change"),
    ],
)
async def test_an_edit_that_cannot_be_taken_names_what_would_be_right(
    gates: RunningDesk, slack: SlackStandIn, words: str, told: str
) -> None:
    """Its author alone is told, and nothing is stored, not even a refusal."""
    case = await gates.ask(payload=PAYLOAD, form=FORM)
    await say(gates, "U0ALICE", case, words)
    assert "amount" in (await slack.ephemeral_to("U0ALICE", told)).text
    assert await gates.story(case.id) == ["request.opened"]
    assert (await gates.case(case.id)).payload == PAYLOAD


async def test_under_manual_words_point_to_the_button(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Neither approve nor edit records anything; reject, which confirms nothing, counts."""
    case = await gates.ask("deploy_service", payload={"service": "billing"})
    await say(gates, "U0ALICE", case, "approve")
    assert "*Approve*" in (await slack.ephemeral_to("U0ALICE", "billing")).text
    await say(gates, "U0ALICE", case, "edit service=shop")
    await slack.ephemeral_to("U0ALICE", "*Edit*")
    assert await gates.story(case.id) == ["request.opened"]
    await say(gates, "U0ALICE", case, "reject not today")
    assert (await gates.case(case.id)).status is Status.REJECTED


async def test_reviews_and_questions_have_their_own_words(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Looks right, correct, flag; answer, by an option however it is written. Others' words do not count."""
    reviews = [await gates.ask("post_reply", kind=Kind.REVIEW, payload={"amount": 7}) for _ in range(3)]
    for case, words in zip(reviews, ("looks right", "correct amount=5 typo", "flag rude"), strict=True):
        await say(gates, "U0ALICE", case, words)
    statuses = [(await gates.case(case.id)).status for case in reviews]
    assert statuses == [Status.APPROVED, Status.MODIFIED, Status.REJECTED]
    asked = await gates.ask("ask_customer", kind=Kind.QUESTION, payload={}, options=("ACME GmbH", "ACME Ltd"))
    await say(gates, "U0ALICE", asked, "approve")
    await slack.ephemeral_to("U0ALICE", "@hitl answer")
    await say(gates, "U0ALICE", asked, "answer Globex")
    await slack.ephemeral_to("U0ALICE", "“ACME GmbH” or “ACME Ltd”")
    await say(gates, "U0ALICE", asked, "answer acme ltd")
    decided = await gates.case(asked.id)
    assert (decided.status, decided.decision and decided.decision.answer) == (Status.ANSWERED, "ACME Ltd")
    await answered(gates, asked, "“ACME Ltd”")


async def test_correct_alone_may_mean_that_it_is(gates: RunningDesk, slack: SlackStandIn) -> None:
    """Nothing is guessed: both ways are named."""
    case = await gates.ask("post_reply", kind=Kind.REVIEW, payload={"amount": 7})
    await say(gates, "U0ALICE", case, "correct")
    await slack.ephemeral_to("U0ALICE", "@hitl looks right")
    assert await gates.story(case.id) == ["request.opened"]


async def test_flag_is_no_word_for_an_approval(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Whoever uses a review's words is told the ones that count here."""
    case = await bot.ask()
    for words in ("flag it", "looks right", "answer yes"):
        await say(bot, "U0ALICE", case, words)

    def told() -> bool:
        return len([each for each in slack.ephemerals("U0ALICE") if "@hitl reject" in each.text]) == 3

    assert await slack.until(told)
    assert await bot.story(case.id) == ["request.opened"]


async def test_who_may_not_decide_is_told_alone(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The same refusals as at the button, kept as facts; the thread hears nothing."""
    case = await bot.ask()
    await say(bot, "U0CAROL", case, "approve")
    await slack.ephemeral_to("U0CAROL", "not asked")
    await say(bot, "U0ALICE", case, "approve")
    await say(bot, "U0BOB", case, "reject too much")
    assert "alice" in (await slack.ephemeral_to("U0BOB", "Too late")).text
    assert (await bot.story(case.id)).count("vote.refused") == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("aprove", "Did you mean `@hitl approve`"),
        ("approve?", "Did you mean `@hitl approve`"),
        ("please approve", "Did you mean `@hitl approve`"),
        ("amount=500 covers it", "Did you mean `@hitl edit amount=500`"),
        ("", "what I understand"),
        ("help", "what I understand"),
        ("?", "what I understand"),
        ("status", "I do not know “status”"),
        ("/hitl queue", "I do not know “queue”"),
        ("<!channel> *x*", "I do not know “@channel”"),
        ("lgtm", "To approve, say `@hitl approve`"),
        (":+1:", "To approve, say `@hitl approve`"),
        ("yes please", "To approve, say `@hitl approve`"),
        ("don't approve", "`@hitl reject` with your reason"),
    ],
)
async def test_a_word_or_two_get_the_help_alone(
    bot: RunningDesk, slack: SlackStandIn, words: str, told: str
) -> None:
    """With what was nearly said; nothing is decided, and nothing becomes a comment."""
    case = await bot.ask()
    await say(bot, "U0ALICE", case, words)
    said = await slack.ephemeral_to("U0ALICE", told)
    assert "`@hitl approve`, `@hitl edit …` or `@hitl reject`" in said.text
    assert "<!" not in said.text
    assert await bot.story(case.id) == ["request.opened"]
    assert len(slack.ephemerals("U0ALICE")) == 1


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("is the receipt in the ticket?", "@hitl is the receipt in the ticket?"),
        ("approved by finance already?", "@hitl approved by finance already?"),
        ("ask <@U0BOB> or <@U0STRANGER>, <!channel> *x*", "@hitl ask @bob or @U0STRANGER, @channel *x*"),
        ("as <@U0HITL|hitl> said, and <@U0HITL> too", "@hitl as @hitl said, and @hitl too"),
    ],
)
async def test_a_sentence_behind_its_name_goes_to_the_agent(
    bot: RunningDesk, slack: SlackStandIn, words: str, kept: str
) -> None:
    """Kept once, with names, though Slack tells of it twice; its author is told so, and how to decide."""
    case = await bot.ask()
    await say(bot, "U0ALICE", case, words)
    told = await slack.ephemeral_to("U0ALICE", "kept that as a comment")
    assert f"{bot.agent.name} sees it when it looks at the request again" in told.text
    assert "@hitl approve" in told.text
    assert await bot.story(case.id) == ["request.opened", "request.commented"]
    [comment] = (await bot.case(case.id)).comments
    assert comment.text == kept
    assert len(slack.ephemerals("U0ALICE")) == 1


async def test_reasons_and_comments_have_names_also_when_they_are_edited(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Of whoever is mentioned: Slack writes their id alone, also of those whom the policy does not name."""
    case = await bot.ask()
    card = await bot.card(case.id)
    said = slack.say("U0ALICE", card.channel, "<@U0ADMIN> may know", thread_ts=card.ts)
    await slack.courier.idle()
    assert [each.text for each in (await bot.case(case.id)).comments] == ["@olivia may know"]
    slack.people.edit("U0ALICE", said, f"ask <@U0CAROL>, <@{slack.app.bot_user}>")
    await slack.courier.idle()
    assert [each.text for each in (await bot.case(case.id)).comments] == ["ask @carol, @hitl"]
    await say(bot, "U0ALICE", case, "reject: “<@U0BOB> says no”")
    decided = await bot.decided(case.id)
    assert decided.decision is not None
    assert decided.decision.reason == "@bob says no"
    assert "“@bob says no”." in (await answered(bot, case, "must not act")).text
    assert "““" not in str((await bot.card(case.id, "Rejected")).blocks)


async def test_an_agent_that_is_called_is_sent_the_sentence(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Which its author is told; of one without an address that would be untrue."""
    case = await bot.ask(callback_url="https://agent.example.com/hooks")
    await say(bot, "U0ALICE", case, "is the receipt there?")
    await slack.ephemeral_to("U0ALICE", f"sent it to {bot.agent.name}")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("approve amount=500", "Did you mean `@hitl edit amount=500`?"),
        ("approve, but amount=500 please", "Did you mean `@hitl edit amount=500`?"),
        ("approve reject wrong", "Did you mean `@hitl reject wrong`?"),
        ("approve edit amount=500", "Did you mean `@hitl edit amount=500`?"),
        ("reject amount=750 is too much", "Did you mean `@hitl edit amount=750`?"),
        ("approve the other one req_01ZZZZZZZZ", "req_01ZZZZZZZZ is another request"),
    ],
)
async def test_a_reason_that_asks_for_something_else_decides_nothing(
    bot: RunningDesk, slack: SlackStandIn, words: str, told: str
) -> None:
    """750 is not approved by whoever writes 500 behind the word."""
    case = await bot.ask()
    await say(bot, "U0ALICE", case, words)
    await slack.ephemeral_to("U0ALICE", told)
    assert await bot.story(case.id) == ["request.opened"]


async def test_what_was_written_before_the_card_came_is_not_about_it(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Slack repeats an older mention when the agent's card is in that thread by now: stale."""
    begun = slack.say("U0BOB", "C0APPROVALS", "Let us plan")
    slack.mention("U0ALICE", "C0APPROVALS", "approve the plan above", thread_ts=begun.ts)
    await slack.ephemeral_to("U0ALICE", "Agents ask here")
    await slack.courier.idle()
    events = [each.payload for each in slack.deliveries() if "the plan above" in str(each.payload)]
    case = await bot.ask(reply_to=ReplyTo("C0APPROVALS", begun.ts))
    await bot.card(case.id)
    for event in events:
        await slack.courier.carry(EVENT, event)
    await slack.ephemeral_to("U0ALICE", "look at the card again")
    assert await bot.story(case.id) == ["request.opened", "vote.refused"]


async def test_what_was_answered_with_help_does_nothing_later(bot: RunningDesk, slack: SlackStandIn) -> None:
    """`approve` among two cards names none; repeated when one of them is elsewhere, it does not either."""
    begun = slack.say("U0CAROL", "C0APPROVALS", "Refunds of today")
    thread = ReplyTo("C0APPROVALS", begun.ts)
    cases = [await bot.ask(reply_to=thread) for _ in range(2)]
    for case in cases:
        await bot.card(case.id)
    await say(bot, "U0ALICE", cases[0], "approve fine")
    await slack.ephemeral_to("U0ALICE", "2 requests in this thread")
    events = [each.payload for each in slack.deliveries() if "approve fine" in str(each.payload)]
    ref = await bot.ref(cases[1].id)
    assert ref is not None
    elsewhere = replace(ref, thread_ts=None)
    await bot.store.write(lambda unit: place(unit, cases[1].id, elsewhere))
    for event in events:
        await slack.courier.carry(EVENT, event)
    assert await bot.story(cases[0].id) == ["request.opened"]


async def test_who_edited_is_named_when_another_approves(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The change is Bob's; and while one approval is missing that is said first."""
    case = await bot.ask("pair_payout")
    await say(bot, "U0BOB", case, "edit amount=500")
    first = await answered(bot, case, "750 → 500")
    assert first.text.startswith("✅ 1 of 2: *bob* approved")
    await bot.stored(lambda unit: _displayed(unit, case))
    await say(bot, "U0ALICE", case, "approve")
    last = await answered(bot, case, "*alice*")
    assert "with bob's changes: amount 750 → 500" in last.text
    assert last.text.startswith("✅ *alice* approved")


async def test_its_name_elsewhere_in_a_reply_decides_nothing(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Behind other words it makes a comment and a hint; in code or a quotation just a comment."""
    case = await bot.ask()
    card = await bot.card(case.id)
    name = f"<@{slack.app.bot_user}>"
    for words in (f"never {name} approve", f"`{name} approve`", f"&gt; {name} approve\nreally?"):
        slack.say("U0ALICE", card.channel, words, thread_ts=card.ts)
        await slack.courier.idle()
    case = await bot.case(case.id)
    assert (case.status, len(case.comments)) == (Status.PENDING, 3)
    await slack.ephemeral_to("U0ALICE", "begin with my name")
    assert len(slack.ephemerals("U0ALICE")) == 1


async def test_several_cards_in_a_thread_want_an_id(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Without one the bot says which there are; a piece of one is enough, and one of elsewhere is none."""
    begun = slack.say("U0CAROL", "C0APPROVALS", "Refunds of today")
    thread = ReplyTo("C0APPROVALS", begun.ts)
    cases = [await bot.ask(reply_to=thread) for _ in range(2)]
    for case in cases:
        await bot.card(case.id)
    elsewhere = await bot.ask()
    await say(bot, "U0ALICE", cases[0], "approve fine")
    told = await slack.ephemeral_to("U0ALICE", "2 requests in this thread")
    assert all(case.id[-6:] in told.text for case in cases)
    await say(bot, "U0ALICE", cases[0], f"approve {elsewhere.id} fine")
    await slack.ephemeral_to("U0ALICE", "There is no")
    await say(bot, "U0ALICE", cases[0], f"approve {cases[1].id[-8:].lower()} fine")
    decided = [await bot.case(case.id) for case in (*cases, elsewhere)]
    assert [case.status for case in decided] == [Status.PENDING, Status.APPROVED, Status.PENDING]
    assert decided[1].decision is not None
    assert decided[1].decision.reason == "fine"
    await say(bot, "U0ALICE", cases[0], f"reject {cases[0].id} no")
    assert (await bot.case(cases[0].id)).status is Status.REJECTED


async def half_approved(bot: RunningDesk) -> Case:
    """A payout for two that Alice edited, once the card shows the edit and the bot knows it."""
    case = await bot.ask("pair_payout")
    await say(bot, "U0ALICE", case, "edit amount=10")
    await bot.stored(lambda unit: _displayed(unit, case))
    return await bot.case(case.id)


def _displayed(unit: Unit, case: Case) -> bool:
    found = load(unit, case.id)
    return found is not None and found.display is not None


async def deliver(bot: RunningDesk, user: str, case: Case, words: str, before: timedelta) -> None:
    """A message that was written so long before the edit was on the card, and comes now."""
    card = await bot.card(case.id)
    assert case.display is not None
    at = case.display.since - before
    text = f"<@{bot.slack.app.bot_user}> {words}"
    message = Message(card.channel, f"{at.timestamp():.6f}", user, text, thread_ts=card.ts)
    body = payloads.message_event(bot.slack.workspace.channels[card.channel], message, message.ts)
    await bot.slack.courier.carry(EVENT, payloads.event(bot.slack.app, body))


async def test_words_are_bound_to_what_the_card_showed_when_they_were_written(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Who wrote before an edit was on the card did not see it: refused as stale. Who wrote after, did."""
    case = await half_approved(bot)
    await deliver(bot, "U0BOB", case, "approve", timedelta(milliseconds=5))
    await slack.ephemeral_to("U0BOB", "changed since you saw it")
    assert (await bot.case(case.id)).status is Status.PENDING
    await say(bot, "U0BOB", case, "approve")
    assert (await bot.case(case.id)).status is Status.MODIFIED


async def test_what_was_seen_goes_by_slacks_clock(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Four minutes of difference to our own neither let a stale approval through nor refuse a good one."""
    for ahead in (timedelta(minutes=-4), timedelta(minutes=4)):
        bot.runtime.ahead = ahead
        case = await half_approved(bot)
        await deliver(bot, "U0BOB", case, "approve", timedelta(seconds=1))
        assert (await bot.case(case.id)).status is Status.PENDING
        await say(bot, "U0BOB", case, "approve")
        assert (await bot.case(case.id)).status is Status.MODIFIED


async def test_an_edit_that_slack_was_not_told_of_is_waited_for_and_then_stale(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """While the card's update hangs, who approves by words saw the old payload."""
    case = await bot.ask("pair_payout")
    await bot.card(case.id)
    hold = slack.faults.hold("chat.update")
    await say(bot, "U0ALICE", case, "edit amount=10")
    await hold.reached()
    await say(bot, "U0BOB", case, "approve")
    hold.release()
    await slack.ephemeral_to("U0BOB", "changed since you saw it")
    assert (await bot.case(case.id)).status is Status.PENDING


async def test_an_edited_message_decides_nothing(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Slack tells of an edited mention as of a new one; the bot goes by what was said first."""
    case = await bot.ask()
    said = await say(bot, "U0ALICE", case, "what is this")
    await slack.ephemeral_to("U0ALICE", "@hitl approve")
    place = slack.workspace.channels[said.channel]
    edited = replace(said, text=said.text.replace("what is this", "approve"), edited={"ts": said.ts})
    body = payloads.message_event(place, edited, said.ts)
    await slack.courier.carry(EVENT, payloads.event(slack.app, {**body, "type": "app_mention"}))
    await slack.ephemeral_to("U0ALICE", "what a message said first")
    assert await bot.story(case.id) == ["request.opened", "request.commented"]


async def test_bots_decide_nothing(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Whatever an app writes under a card, in anybody's name, is no vote and no comment."""
    case = await bot.ask()
    card = await bot.card(case.id)
    place = slack.workspace.channels[card.channel]
    said = Message(
        card.channel,
        slack.workspace.new_ts(),
        "U0ALICE",
        f"<@{slack.app.bot_user}> approve",
        thread_ts=card.ts,
    )
    for more in ({"bot_id": "B0OTHER"}, {"subtype": "bot_message"}, {"subtype": "channel_join"}):
        body = {**payloads.message_event(place, said, said.ts), **more}
        answer = await slack.courier.carry(EVENT, payloads.event(slack.app, body))
        assert answer.acknowledged
    assert await bot.story(case.id) == ["request.opened"]


async def test_a_reply_that_is_also_shown_in_the_channel_counts(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """So does one that brings a file along."""
    case = await bot.ask()
    card = await bot.card(case.id)
    place = slack.workspace.channels[card.channel]
    said = Message(
        card.channel,
        slack.workspace.new_ts(),
        "U0ALICE",
        f"<@{slack.app.bot_user}|hitl> approve",
        thread_ts=card.ts,
    )
    body = {**payloads.message_event(place, said, said.ts), "subtype": "thread_broadcast"}
    await slack.courier.carry(EVENT, payloads.event(slack.app, body))
    assert (await bot.case(case.id)).status is Status.APPROVED


async def test_in_a_direct_message_a_card_is_answered_by_name_too(
    sqlite_url: str, slack: SlackStandIn
) -> None:
    """Where the channel is gone the card is a direct message, of which Slack tells no mentions."""
    policy = GATES.replace("C0APPROVALS", "C0GONE")
    async with running_desk(sqlite_url, slack, policy) as bot:
        case = await bot.ask("something_else")
        card = await bot.card(case.id)
        assert card.channel not in slack.workspace.channels or not card.channel.startswith("C")
        await say(bot, "U0CAROL", case, "approve")
        assert (await bot.case(case.id)).status is Status.APPROVED


async def test_the_bot_says_what_it_can_do(bot: RunningDesk, slack: SlackStandIn) -> None:
    """In a thread that is no card's, in a channel, and to whatever it is told in a direct message."""
    begun = slack.say("U0CAROL", "C0APPROVALS", "Lunch?")
    slack.mention("U0CAROL", "C0APPROVALS", "approve", thread_ts=begun.ts)
    told = await slack.ephemeral_to("U0CAROL", "@hitl approve")
    assert told.thread_ts == begun.ts
    place = slack.workspace.direct_message({"U0DAN", slack.app.bot_user})
    slack.say("U0DAN", place.id, "hello")

    def said() -> Message | None:
        return next((each for each in place.messages.values() if "@hitl approve" in each.text), None)

    assert await slack.until(said)
    await slack.courier.idle()
    assert len([each for each in place.messages.values() if each.bot_id]) == 1


async def test_words_count_once_on_each_database(database_url: str, slack: SlackStandIn) -> None:
    """The two events of a mention come at the same moment, four times over: one vote, one answer."""
    async with running_desk(database_url, slack) as bot:
        case = await bot.ask("pair_payout")
        card = await bot.card(case.id)
        said = slack.mention("U0ALICE", card.channel, "approve", thread_ts=card.ts)
        place = slack.workspace.channels[card.channel]
        body = payloads.message_event(place, said, said.ts)
        events = [payloads.event(slack.app, {**body, "type": kind}) for kind in ("message", "app_mention")]
        await asyncio.gather(*(slack.courier.carry(EVENT, each) for each in events * 4))
        await slack.courier.idle()
        await answered(bot, case, "1 more approval")
        assert await bot.story(case.id) == ["request.opened", "vote.approved"]
        slack.say("U0BOB", card.channel, "hm", thread_ts=card.ts)
        await slack.courier.idle()
        assert [each.text for each in (await bot.case(case.id)).comments] == ["hm"]
        assert not slack.ephemerals("U0ALICE")

"""Cards in Slack: one a request, whatever Slack does to the calls."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from approvals.model import ReplyTo
from approvals.words import GroupName, Instant, RequestId, Status
from bot.desk import follow_up
from sandbox.server import SlackStandIn
from store import cards, outbox
from store.cards import CardRef
from store.unit_of_work import Unit
from tests.harness.desk import POLICY, RunningDesk, running_desk


async def test_a_card_is_put_up_with_its_address(bot: RunningDesk, slack: SlackStandIn) -> None:
    """One message with the request in its metadata, nothing unfolded, and its permalink is known."""
    case = await bot.ask()
    card = await bot.card(case.id)
    [post] = slack.calls("chat.postMessage")
    assert post.args["metadata"]["event_payload"] == {"request": case.id}
    assert (post.args["unfurl_links"], post.args["unfurl_media"]) == (False, False)
    ref = await bot.stored(lambda unit: _with_permalink(unit, case.id))
    assert ref.ts == card.ts
    assert ref.permalink.endswith(f"/archives/C0APPROVALS/p{card.ts.replace('.', '')}")


async def test_an_auto_approved_request_has_no_card(bot: RunningDesk, slack: SlackStandIn) -> None:
    """What the policy lets through posts nothing."""
    case = await bot.ask("note_this")
    assert case.status is Status.APPROVED
    other = await bot.ask()
    await bot.card(other.id)
    assert len(slack.calls("chat.postMessage")) == 1


async def test_a_lost_answer_makes_no_second_card(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Slack took the post and the connection broke: the card is found, and works."""
    slack.faults.lose_answer("chat.postMessage")
    case = await bot.ask()
    card = await bot.card(case.id)
    assert len(bot.cards_in()) == 1
    assert len(slack.calls("chat.postMessage")) == 1
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    assert (await bot.case(case.id)).status is Status.APPROVED


async def test_a_lost_answer_is_looked_for_again_later(bot: RunningDesk, slack: SlackStandIn) -> None:
    """When even looking fails, the next try looks before it posts."""
    slack.faults.lose_answer("chat.postMessage")
    slack.faults.status(503, "conversations.history", times=1)
    case = await bot.ask()
    await bot.card(case.id)
    assert len(bot.cards_in()) == 1
    assert len(slack.calls("chat.postMessage")) == 1


async def test_a_refused_look_is_no_refused_post(bot: RunningDesk, slack: SlackStandIn) -> None:
    """429 while looking after a lost answer: the next try looks once more, and posts no second card."""
    slack.faults.lose_answer("chat.postMessage")
    slack.faults.status(503, "conversations.history", times=1)
    slack.faults.rate_limit("conversations.history", retry_after=1)
    case = await bot.ask()
    await bot.card(case.id)
    assert len(slack.calls("chat.postMessage")) == 1


@pytest.mark.parametrize("fault", ["busy", "away"])
async def test_an_address_that_slack_did_not_tell_comes_with_the_next_update(
    bot: RunningDesk, slack: SlackStandIn, fault: str
) -> None:
    """429 or 503 from chat.getPermalink delays nothing but the address, also when it is an update's."""
    if fault == "busy":
        slack.faults.rate_limit("chat.getPermalink", times=2)
    else:
        slack.faults.status(503, "chat.getPermalink", times=2)
    case = await bot.ask()
    await slack.until(lambda: len(slack.calls("chat.getPermalink")) == 1)
    await bot.store.write(lambda unit: outbox.show_card(unit, case.id, bot.runtime.now(), final=False))
    await slack.until(lambda: len(slack.calls("chat.getPermalink")) == 2)
    ref = await bot.ref(case.id)
    assert ref is not None
    assert ref.permalink is None
    await bot.store.write(lambda unit: outbox.show_card(unit, case.id, bot.runtime.now(), final=False))
    ref = await bot.stored(lambda unit: _with_permalink(unit, case.id))
    assert len(slack.calls("chat.update")) == 2


async def test_operators_hear_of_a_gone_channel_before_the_address_is_known(
    sqlite_url: str, slack: SlackStandIn
) -> None:
    """Who is killed while asking for the permalink has told them already."""
    slack.workspace.archive("C0REFUNDS")
    policy = POLICY.replace("  - name: refunds\n", "  - name: refunds\n    channel: C0REFUNDS\n")
    held = slack.faults.hold("chat.getPermalink")
    async with running_desk(sqlite_url, slack, policy) as bot:
        await bot.ask()
        await held.reached()
        told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
        assert "C0REFUNDS" in str(told[0].text)
        held.release()


async def test_a_rate_limit_holds_cards_that_were_never_tried(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Where the request says which channel, its card is in that channel's lane from the first."""
    begun = slack.say("U0CAROL", "C0OPS", "Please refund")
    held = slack.faults.hold("chat.postMessage")
    case = await bot.ask(reply_to=ReplyTo("C0OPS", begun.ts))
    await held.reached()
    query = sa.text("SELECT lane FROM outbox WHERE kind = 'card' AND request = :request")
    lane = await bot.store.read(lambda unit: unit.read(query, {"request": case.id}).scalar_one())
    assert lane == "channel:C0OPS"
    held.release()


async def test_a_lost_answer_in_a_thread_makes_no_second_card(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A card in somebody's thread is looked for there."""
    begun = slack.say("U0CAROL", "C0OPS", "Please refund")
    slack.faults.lose_answer("chat.postMessage")
    case = await bot.ask(reply_to=ReplyTo("C0OPS", begun.ts))
    card = await bot.card(case.id)
    assert card.thread_ts == begun.ts
    assert len(bot.cards_in("C0OPS")) == 1


async def test_an_internal_error_is_tried_again(bot: RunningDesk, slack: SlackStandIn) -> None:
    """500 leaves nobody without a card, and nobody with two."""
    slack.faults.status(500, "chat.postMessage", times=2)
    case = await bot.ask()
    await bot.card(case.id)
    assert len(bot.cards_in()) == 1


async def test_a_rate_limit_holds_up_its_own_channel_only(bot: RunningDesk, slack: SlackStandIn) -> None:
    """429 in one channel: its card comes after Retry-After, another channel's at once."""
    slack.faults.rate_limit("chat.postMessage", channel="C0APPROVALS", retry_after=1)
    late = await bot.ask()
    elsewhere = slack.say("U0CAROL", "C0OPS", "Please refund")
    soon = await bot.ask(reply_to=ReplyTo("C0OPS", elsewhere.ts))
    await bot.card(soon.id)
    assert await bot.ref(late.id) is None
    await bot.card(late.id)
    posts = [call for call in slack.calls("chat.postMessage") if call.args["channel"] == "C0APPROVALS"]
    assert posts[1].at - posts[0].at >= 1.0
    assert not slack.calls("conversations.history"), "a refused post is known not to have arrived"


@pytest.mark.parametrize("error", ["invalid_blocks", "msg_blocks_too_long"])
async def test_blocks_that_slack_refuses_give_way_to_a_minimal_card(
    bot: RunningDesk, slack: SlackStandIn, error: str
) -> None:
    """The card says that it could not be shown whole, can be decided, and its update survives the same."""
    slack.faults.refuse(error, "chat.postMessage")
    case = await bot.ask()
    card = await bot.card(case.id, "could not be shown whole")
    slack.faults.refuse(error, "chat.update")
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    shown = await bot.card(case.id, "approved")
    assert "'action_id': 'approve'" not in str(shown.blocks)


async def test_a_deleted_card_is_posted_again_and_says_so(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Somebody deleted the message: the next change brings a new one, which decides."""
    case = await bot.ask("pair_payout")
    card = await bot.card(case.id)
    slack.workspace.delete(card)
    bot_ref = await bot.ref(case.id)
    await bot.store.write(lambda unit: outbox.show_card(unit, case.id, bot.runtime.now(), final=False))
    again = await slack.message_in("C0APPROVALS", "decide here")
    assert again.ts != card.ts
    await bot.stored(lambda unit: _moved(unit, case.id, bot_ref))
    for user in ("U0ALICE", "U0BOB"):
        await slack.click(user, again.channel, again.ts, "Approve")
    assert (await bot.case(case.id)).status is Status.APPROVED
    assert len(bot.cards_in()) == 1


async def test_a_second_card_is_marked_and_has_no_buttons(bot: RunningDesk, slack: SlackStandIn) -> None:
    """If Slack ever shows two, the older one is the card, and the other says that it is a copy."""
    slack.faults.lose_answer("chat.postMessage")
    slack.faults.status(503, "conversations.history")
    case = await bot.ask()
    await slack.call_of("conversations.history")
    [first] = bot.cards_in()
    copy = slack.workspace.say(replace(first, ts=slack.workspace.new_ts()))
    card = await bot.card(case.id)
    assert card.ts == first.ts
    assert "This is a copy" in str(copy.blocks)
    assert "action_id" not in str(copy.blocks)


async def test_an_archived_channel_gives_way_to_the_policys_and_operators_are_told(
    sqlite_url: str, slack: SlackStandIn
) -> None:
    """The rule's channel is archived: the card goes to `channel`, and operators hear which and why, once."""
    slack.workspace.archive("C0REFUNDS")
    policy = POLICY.replace("  - name: refunds\n", "  - name: refunds\n    channel: C0REFUNDS\n")
    async with running_desk(sqlite_url, slack, policy) as bot:
        for _ in range(2):
            case = await bot.ask()
            assert (await bot.card(case.id)).channel == "C0APPROVALS"
        told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
        assert "C0REFUNDS" in str(told[0].text)
        assert "archived" in str(told[0].text)
        await bot.stored(_nothing_waits)
        assert len(slack.direct_messages("U0ADMIN")) == 1


@pytest.mark.parametrize("scopes", [set(), {"mpim:write", "mpim:history"}], ids=["alone", "together"])
async def test_without_any_channel_those_asked_get_a_direct_message(
    sqlite_url: str, slack: SlackStandIn, scopes: set[str]
) -> None:
    """The bot is in no channel of the policy: the card is a direct message, and can be decided there."""
    slack.app.scopes = (slack.app.scopes - {"mpim:write", "mpim:history"}) | scopes
    slack.workspace.remove_from_channel("U0HITL", "C0APPROVALS")
    async with running_desk(sqlite_url, slack) as bot:
        case = await bot.ask()
        card = await bot.card(case.id)
        members = slack.workspace.channels[card.channel].members
        assert members == ({"U0ALICE", "U0BOB", "U0HITL"} if scopes else {"U0ALICE", "U0HITL"})
        await slack.click("U0ALICE", card.channel, card.ts, "Approve")
        await bot.card(case.id, "pproved")
        told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
        assert "does not have the bot in it" in str(told[0].text)


async def test_a_revoked_token_pauses_everything_until_it_holds_again(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Not ready, nothing lost, and on again by itself."""
    slack.revoke_token()
    case = await bot.ask()
    await slack.call_of("chat.postMessage")
    await bot.stored(lambda _unit: not bot.side.identity.well)
    assert await bot.side.why_not_ready() == "token_revoked"
    slack.give_back_token()
    bot.runtime.ahead += timedelta(seconds=15)
    await bot.card(case.id)
    assert await bot.side.why_not_ready() is None
    assert len(bot.cards_in()) == 1


async def test_a_missing_scope_is_named(
    bot: RunningDesk, slack: SlackStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says which scope is missing; the card comes when it is granted."""
    slack.app.scopes.discard("chat:write")
    with caplog.at_level(logging.ERROR):
        case = await bot.ask()
        await slack.call_of("chat.postMessage")
        await bot.stored(lambda unit: _all_wait_for_a_while(unit, bot.runtime.now()))
    assert "chat:write" in caplog.text
    slack.app.scopes.add("chat:write")
    bot.runtime.ahead += timedelta(minutes=2)
    await bot.card(case.id)
    told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
    assert "chat:write" in told[0].text


async def test_what_the_agent_says_appears_once_in_the_thread(bot: RunningDesk, slack: SlackStandIn) -> None:
    """In order, and not twice when the answer to the post was lost."""
    case = await bot.ask()
    card = await bot.card(case.id)
    slack.faults.lose_answer("chat.postMessage")
    for text in ("The customer *insists*.", "Never mind."):
        await follow_up.comment(bot.desk, bot.agent, case.id, text)
    await slack.message_in(card.channel, "Never mind", thread_ts=card.ts)
    notes = slack.thread(card.channel, card.ts)
    assert ["insists" in notes[0].text, "Never mind" in notes[1].text, len(notes)] == [True, True, 2]


async def test_a_restart_while_slack_is_away_still_knows_everybody(
    sqlite_url: str, slack: SlackStandIn
) -> None:
    """Who is in which group is remembered for a day, and no longer."""
    async with running_desk(sqlite_url, slack) as bot:
        case = await bot.ask()
        card = await bot.card(case.id)
    slack.faults.status(503, "usergroups.*", times=None)
    slack.faults.status(503, "users.*", times=None)
    async with running_desk(sqlite_url, slack) as bot:
        await slack.click("U0ALICE", card.channel, card.ts, "Approve")
        assert (await bot.case(case.id)).status is Status.APPROVED
        bot.runtime.ahead += timedelta(days=1, minutes=2)
        assert bot.side.people.roster().groups[GroupName("directors")] == ()
        assert bot.side.people.ages().unknown == ("S0DIRECTORS",)
    slack.faults.clear()


def _with_permalink(unit: Unit, request: RequestId) -> CardRef | None:
    ref = cards.of(unit, request)
    return ref if ref is not None and ref.permalink else None


def _moved(unit: Unit, request: RequestId, before: CardRef | None) -> bool:
    ref = cards.of(unit, request)
    return ref is not None and before is not None and ref.ts != before.ts


def _all_wait_for_a_while(unit: Unit, now: Instant) -> bool:
    due = outbox.next_due(unit)
    return due is not None and due > now + timedelta(seconds=30)


def _nothing_waits(unit: Unit) -> bool:
    return not any(outbox.counts(unit).waiting.values())


async def test_a_thread_whose_channel_is_gone_gives_way_and_operators_are_told(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """A card that was to go into somebody's thread goes to the policy's channel; the operators hear why."""
    case = await bot.ask(reply_to=ReplyTo("C0MISSING", "1700000000.000100"))
    card = await bot.card(case.id)
    assert card.channel == "C0APPROVALS"
    told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
    assert "C0MISSING" in str(told[0].text)

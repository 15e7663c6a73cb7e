"""Who decided is told in words where the card does not show it soon."""

from __future__ import annotations

import pytest

from approvals.model import Case
from approvals.roster import Person
from approvals.words import Choice, Status, UserId
from bot.desk import decide
from bot.slack.unshown import Decided
from sandbox.server import SlackStandIn
from sandbox.words import clickables
from sandbox.workspace import Message
from store import outbox
from store.outbox import ParcelKind
from store.unit_of_work import Unit
from tests.bot.desk.conftest import nothing_left
from tests.harness.desk import RunningDesk


async def _approved(bot: RunningDesk, case: Case) -> None:
    """By no click on its card."""
    await decide.vote(bot.desk, case.id, Person(UserId("U0ALICE"), "alice"), Choice.APPROVE, case.sight)


def _buttons(message: Message) -> set[str]:
    return {each.words for each in clickables(message.all_blocks(), "U0ALICE") if each.words}


@pytest.fixture(autouse=True)
def soon(bot: RunningDesk) -> None:
    """Cards of this file have less time than people would give them."""
    bot.side.front.unshown.within = 0.3


@pytest.mark.parametrize("trouble", ["limited", "failing", "closed", "no token"])
async def test_whoever_approved_is_told_where_the_card_cannot_say_it(
    bot: RunningDesk, slack: SlackStandIn, trouble: str
) -> None:
    """Slack limits updates, fails, closes the channel, or takes no token: an answer comes all the same."""
    case = await bot.ask()
    card = await bot.card(case.id)
    if trouble == "limited":
        slack.faults.rate_limit("chat.update", retry_after=60)
    elif trouble == "failing":
        slack.faults.status(503, "chat.update", times=None)
    elif trouble == "closed":
        slack.workspace.remove_from_channel("U0HITL", card.channel)
    else:
        slack.revoke_token()
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    told = await slack.ephemeral_to("U0ALICE", "though Slack does not show it on the card yet")
    assert told.text.startswith("Done:")
    assert (await bot.case(case.id)).status is Status.APPROVED


async def test_whoever_rejected_in_a_modal_is_told_too(bot: RunningDesk, slack: SlackStandIn) -> None:
    """There is no address to answer at: the answer goes to the card's channel."""
    case = await bot.ask()
    card = await bot.card(case.id)
    await slack.click("U0ALICE", card.channel, card.ts, "Reject")
    await slack.view_of("U0ALICE", "Reject")
    held = slack.faults.hold("chat.update")
    await slack.submit("U0ALICE", {"reason": "too much"})
    told = await slack.ephemeral_to("U0ALICE", "though Slack does not show it on the card yet")
    assert told.channel == card.channel
    held.release()


async def test_a_card_that_shows_it_is_answer_enough(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Of two that were decided, one is not shown in time: of the other nothing is said."""
    shown, late = await bot.ask(), await bot.ask()
    cards = [await bot.card(case.id) for case in (shown, late)]
    await slack.click("U0ALICE", cards[0].channel, cards[0].ts, "Approve")
    await nothing_left(bot)
    held = slack.faults.hold("chat.update")
    await slack.click("U0ALICE", cards[1].channel, cards[1].ts, "Approve")
    await slack.ephemeral_to("U0ALICE", "though Slack does not show it on the card yet")
    assert len(slack.ephemerals("U0ALICE")) == 1
    held.release()


async def test_one_who_cannot_be_told_keeps_nobody_else_from_it(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """No database keeps half a character: that is logged, operators hear of it, and the next is told."""
    case = await bot.ask()
    await bot.card(case.id)
    held = slack.faults.hold("chat.update")
    await _approved(bot, case)
    unshown = bot.side.front.unshown
    unshown.look_after(Decided(case.id, "\ud83d", {"user": "U0ALICE"}, "broken"))
    await slack.until(lambda: [each for each in slack.direct_messages("U0ADMIN") if "Incident" in each.text])
    unshown.look_after(Decided(case.id, "It holds.", {"user": "U0ALICE"}, "whole"))
    assert (await slack.ephemeral_to("U0ALICE")).text == "It holds."
    assert len(slack.ephemerals("U0ALICE")) == 1
    held.release()


async def test_what_the_card_says_by_the_time_is_not_said(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The answer waited for Slack as the card did: when it may go, the card has said it."""
    case = await bot.ask()
    await bot.card(case.id)
    await _approved(bot, case)
    await bot.card(case.id, "Approved")
    await nothing_left(bot)
    body = {"user": "U0ALICE", "channel": "C0APPROVALS", "text": "It holds.", "unless_shown": case.id}

    def putting(unit: Unit) -> None:
        now = bot.runtime.now()
        outbox.put(unit, ParcelKind.REPLY, request=None, key="late", lane="", body=body, now=now)

    await bot.store.write(putting)
    await nothing_left(bot)
    assert slack.ephemerals("U0ALICE") == []


@pytest.mark.parametrize("how", ["archived", "removed"])
async def test_what_was_decided_shows_when_its_channel_opens_again(
    bot: RunningDesk, slack: SlackStandIn, how: str
) -> None:
    """Until then the operators know why it does not; afterwards no card is left that looks alive."""
    case = await bot.ask()
    card = await bot.card(case.id)
    if how == "archived":
        slack.workspace.archive(card.channel)
    else:
        slack.workspace.remove_from_channel("U0HITL", card.channel)
    # People in it click all the same: they had it open.
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
    assert "Cards in it cannot be changed" in told[0].text
    assert "Approve" in _buttons(bot.cards_in()[0])
    elsewhere = await bot.card((await bot.ask()).id)
    told = await slack.until(lambda: slack.direct_messages("U0ADMIN")[1:])
    assert elsewhere.channel != card.channel
    assert "Its cards go to those asked" in told[0].text
    if how == "archived":
        slack.workspace.archive(card.channel, archived=False)
    else:
        slack.workspace.add_to_channel("U0HITL", card.channel)
    now = await bot.card(case.id, "Approved by alice")
    assert now.ts == card.ts
    assert not _buttons(now) & {"Approve", "Reject"}

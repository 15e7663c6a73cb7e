"""Slack fails, is silent, is gone, or takes the token away: all of it waits, and goes out once, in order."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest

from approvals.model import Case
from approvals.words import Status
from sandbox.faults import Fault
from sandbox.server import SlackStandIn
from tests.harness.desk import RunningDesk, running_desk
from tests.stories.slack_at_its_worst.conftest import TWO_CHANNELS, nothing_waits


def _posted(bot: RunningDesk) -> list[str]:
    """The requests whose cards are in Slack, in the order in which they came there."""
    return [card.metadata["event_payload"]["request"] for card in bot.cards_in() if card.metadata]


async def _each_once_in_order(bot: RunningDesk, cases: list[Case]) -> None:
    await nothing_waits(bot, within=20)
    assert _posted(bot) == [case.id for case in cases]


async def test_pitfall_16_a_revoked_token_holds_everything_and_then_all_of_it_goes_in_order(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """No crash, not ready and why; what was asked first is shown first when it holds again."""
    first = await bot.ask()
    card = await bot.card(first.id)
    slack.revoke_token()
    cases = [await bot.ask() for _ in range(3)]
    await bot.eventually(lambda: bot.courier.paused is not None)
    cases += [await bot.ask() for _ in range(3)]
    assert (bot.courier.paused, await bot.side.why_not_ready()) == ("token_revoked", "token_revoked")
    assert (await slack.click("U0ALICE", card.channel, card.ts, "Approve")).acknowledged
    assert (await bot.case(first.id)).status is Status.APPROVED, "who can still click still decides"
    slack.give_back_token()
    bot.runtime.ahead += timedelta(seconds=15)
    bot.courier.wake()
    await _each_once_in_order(bot, [first, *cases])
    assert "pproved" in card.text
    assert await bot.side.why_not_ready() is None


async def test_pitfall_16_a_revoked_token_is_noticed_while_there_is_nothing_to_send(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Whoever asks Slack about people finds out, and the desk is not ready from then on."""
    assert await bot.side.why_not_ready() is None
    slack.revoke_token("account_inactive")
    bot.runtime.ahead += timedelta(minutes=1)
    bot.side.people.wake()
    await bot.eventually(lambda: not bot.side.identity.well)
    assert await bot.side.why_not_ready() == "account_inactive"
    slack.give_back_token()


async def test_an_hour_without_slack_ends_within_seconds(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Everything fails: the outbox stops trying each by itself, and empties when Slack is back."""
    first = await bot.ask()
    card = await bot.card(first.id)
    slack.faults.status(503, times=None)
    cases = [await bot.ask() for _ in range(4)]
    await slack.until(lambda: len([call for call in slack.calls("chat.postMessage") if not call.ok]) >= 4)
    await bot.eventually(lambda: not bot.courier.in_hand)
    bot.runtime.ahead += timedelta(seconds=20)
    bot.courier.wake()
    await bot.eventually(lambda: bot.courier.paused is not None)
    assert bot.courier.paused == "http_503"
    assert (await slack.click("U0ALICE", card.channel, card.ts, "Approve")).acknowledged
    untried = [(await bot.ask()).id for _ in range(3)]
    before = len(slack.calls("chat.postMessage"))
    for _ in range(6):
        bot.runtime.ahead += timedelta(minutes=10)
        asked = len(slack.calls("auth.test"))
        bot.courier.wake()
        await slack.call_of("auth.test", after=slack.calls("auth.test")[asked - 1].seq)
    assert len(slack.calls("chat.postMessage")) == before, "while it is away it is only asked whether it is"
    slack.faults.clear()
    bot.runtime.ahead += timedelta(seconds=10)
    bot.courier.wake()
    await nothing_waits(bot)
    # Those that may have arrived are looked for first: they come a moment later than those never tried.
    assert sorted(_posted(bot)) == sorted([first.id, *(case.id for case in cases), *untried])
    assert [each for each in _posted(bot) if each in untried] == untried
    assert "pproved" in card.text
    assert bot.courier.paused is None


@pytest.mark.parametrize("arrived", [True, False], ids=["which arrived", "which did not"])
async def test_a_call_that_is_given_up_is_looked_for_and_made_once(
    sqlite_url: str, slack: SlackStandIn, arrived: bool
) -> None:
    """Slack does not answer in time: the next try looks first, and there is one card in the end."""
    async with running_desk(sqlite_url, slack, TWO_CHANNELS, timeout_seconds=1) as bot:
        silent = slack.faults.hold("chat.postMessage", after_effect=arrived)
        case = await bot.ask()
        await silent.reached()
        await bot.eventually(lambda: not bot.courier.in_hand)
        silent.drop()
        bot.runtime.ahead += timedelta(seconds=11)
        bot.courier.wake()
        card = await bot.card(case.id)
        assert [message.ts for message in bot.cards_in()] == [card.ts]
        answered = [call for call in slack.calls("chat.postMessage") if call.ok]
        assert len(answered) == (0 if arrived else 1)


def _tried_again(bot: RunningDesk, fault: Fault, met: int) -> bool:
    return fault.met > met and not bot.courier.in_hand


async def test_what_fails_alone_holds_up_nothing_else(bot: RunningDesk, slack: SlackStandIn) -> None:
    """One channel answers 500 for minutes: Slack is not taken for gone, and the others get their cards."""
    broken = slack.faults.status(500, "chat.*", channel="C0APPROVALS", times=None)
    late = await bot.ask()
    await bot.eventually(lambda: broken.met > 0 and not bot.courier.in_hand)
    for _ in range(3):
        again = partial(_tried_again, bot, broken, broken.met)
        bot.runtime.ahead += timedelta(seconds=20)
        bot.courier.wake()
        await bot.eventually(again)
    soon = await bot.ask("pair_payout")
    assert (await bot.card(soon.id)).channel == "C0REFUNDS"
    assert bot.courier.paused is None
    slack.faults.clear()
    bot.runtime.ahead += timedelta(minutes=5)
    bot.courier.wake()
    await bot.card(late.id)


@pytest.mark.parametrize("ahead", [-240, 240], ids=["behind", "ahead"])
async def test_a_lost_answer_makes_no_second_card_while_the_clocks_differ(
    bot: RunningDesk, slack: SlackStandIn, ahead: int
) -> None:
    """Ours is four minutes off Slack's: the card that arrived is found all the same."""
    bot.runtime.ahead = timedelta(seconds=ahead)
    slack.faults.lose_answer("chat.postMessage")
    case = await bot.ask()
    card = await bot.card(case.id)
    assert _posted(bot) == [case.id]
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    await bot.card(case.id, "pproved")
    assert len(slack.calls("chat.postMessage")) == 1

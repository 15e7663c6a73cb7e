"""Slack takes no more for a while: 429. Nothing is dropped, nobody else waits, people are answered first."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

from approvals.model import Case
from approvals.words import Status
from bot.desk import follow_up
from sandbox.server import SlackStandIn
from sandbox.words import clickables
from store import outbox
from tests.harness.desk import RunningDesk
from tests.stories.slack_at_its_worst.conftest import nothing_waits

BACKLOG = 500
LIMIT = 600


async def _asked(bot: RunningDesk, many: int) -> list[Case]:
    return await asyncio.gather(*(bot.ask(payload={"amount": 1, "n": number}) for number in range(many)))


async def test_pitfall_12_a_backlog_of_500_is_delayed_and_nothing_of_it_is_lost(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """429 on posts, then on updates: operators hear until when, once; afterwards each card is there once."""
    slack.faults.rate_limit("chat.*", channel="C0APPROVALS", retry_after=LIMIT, times=None)
    cases = await _asked(bot, BACKLOG)
    elsewhere = await bot.ask("pair_payout")
    assert (await bot.card(elsewhere.id)).channel == "C0REFUNDS", "another channel waits for nothing"
    told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
    assert "C0APPROVALS" in told[0].text
    assert "delayed until <!date^" in told[0].text
    tried = [call for call in slack.calls("chat.postMessage") if call.args["channel"] == "C0APPROVALS"]
    assert len(tried) == 1, "the first refusal holds all that would follow it"
    await bot.eventually(lambda: not bot.courier.in_hand)
    slack.faults.clear()
    bot.runtime.ahead += timedelta(seconds=LIMIT)
    bot.courier.wake()
    await nothing_waits(bot, within=60)
    shown = [card.metadata["event_payload"]["request"] for card in bot.cards_in() if card.metadata]
    assert sorted(shown) == sorted(case.id for case in cases)
    [delayed, over] = [each.text for each in slack.direct_messages("U0ADMIN")]
    assert "delayed" in delayed
    assert f"All that waited for <#C0APPROVALS> is delivered: {BACKLOG} messages." in over
    slack.faults.rate_limit("chat.update", channel="C0APPROVALS", retry_after=LIMIT, times=None)
    await asyncio.gather(*(follow_up.cancel(bot.desk, bot.agent, case.id, None) for case in cases))
    await slack.until(lambda: [call for call in slack.calls("chat.update") if call.status == 429])
    await bot.eventually(lambda: not bot.courier.in_hand)
    slack.faults.clear()
    bot.runtime.ahead += timedelta(seconds=LIMIT)
    bot.courier.wake()
    await nothing_waits(bot, within=60)
    assert all("ithdrawn" in card.text for card in bot.cards_in())
    assert len(bot.cards_in()) == BACKLOG


async def test_pitfall_13_a_click_is_answered_before_the_backlog(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """While hundreds of cards wait for Slack, a vote counts and whoever may not vote is told at once."""
    case = await bot.ask()
    card = await bot.card(case.id)
    held = slack.faults.hold("chat.postMessage", channel="C0APPROVALS", times=None)
    await _asked(bot, 150)
    await held.reached()
    refused = await slack.click("U0CAROL", card.channel, card.ts, "Approve")
    assert "not asked" in (await slack.ephemeral_to("U0CAROL")).text
    counted = await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    assert max(refused.took or 9, counted.took or 9) < 1.0
    assert (await bot.case(case.id)).status is Status.APPROVED
    slack.faults.clear()


async def test_pitfall_12_what_has_ended_is_shown_before_what_goes_on(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """After a limit the decided cards are updated first: their buttons must not look alive for longer."""
    cases = await _asked(bot, 12)
    for case in cases:
        await bot.card(case.id)
    await nothing_waits(bot)
    limit = slack.faults.rate_limit("chat.update", retry_after=LIMIT, times=None)
    for case in cases[:6]:
        await bot.store.write(partial(outbox.show_card, request=case.id, now=bot.runtime.now(), final=False))
    await slack.until(lambda: limit.met)
    for case in cases[6:]:
        await follow_up.cancel(bot.desk, bot.agent, case.id, None)
    await bot.eventually(lambda: not bot.courier.in_hand)
    slack.faults.clear()
    before = len(slack.calls("chat.update"))
    bot.runtime.ahead += timedelta(seconds=LIMIT)
    bot.courier.wake()
    await nothing_waits(bot)
    texts = [str(call.args["text"]) for call in slack.calls("chat.update")[before:]]
    assert ["ithdrawn" in text for text in texts[:6]] == [True] * 6
    assert not [card for card in bot.cards_in() if "ithdrawn" in card.text and _decides(card.all_blocks())]


def _decides(blocks: list[dict[str, object]]) -> bool:
    return any(each.words == "Approve" for each in clickables(blocks, "U0ALICE"))

"""A trouble with Slack is over: operators get one word when all that waited is there."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sandbox.server import SlackStandIn
from sandbox.words import words_of_message
from store import outbox
from store.outbox import ParcelKind
from store.unit_of_work import Unit
from tests.harness.desk import RunningDesk, running_desk
from tests.stories.slack_at_its_worst.conftest import nothing_waits

LIMIT = 600
#: Nobody is shown a note before the year begins.
DIGEST_AND_TWO_CHANNELS = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  support: {users: [U0CAROL, U0DAN]}
risk: {levels: {low: ["note_*"]}}
rules:
  - name: pairs
    when: "action == 'pair_payout'"
    gate: hard
    ask: support
    channel: C0REFUNDS
    steps: [{after: 4h, do: expire}]
  - name: notes
    when: "action == 'note_disk'"
    gate: hard
    ask: support
    digest: yearly
    steps: [{after: 90h, do: expire}]
digests: {yearly: {cron: "0 9 1 1 *", timezone: UTC}}
default: {gate: hard, ask: support, steps: [{after: 4h, do: expire}]}
"""


def _told(slack: SlackStandIn) -> list[str]:
    return [each.text for each in slack.direct_messages("U0ADMIN")]


async def _paused(bot: RunningDesk, slack: SlackStandIn, away: timedelta) -> None:
    """Three are asked for while the token is revoked; it is given back so long after."""
    slack.revoke_token()
    await asyncio.gather(*(bot.ask() for _ in range(3)))
    await bot.eventually(lambda: bot.courier.paused is not None and not bot.courier.in_hand)
    bot.runtime.ahead += away
    slack.give_back_token()
    bot.courier.wake()


async def test_two_channels_that_were_limited_are_one_word(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Both delays were told; their end is told once, with how many messages, and not while any waits."""
    slack.faults.rate_limit("chat.postMessage", channel="C0APPROVALS", retry_after=LIMIT, times=None)
    slack.faults.rate_limit("chat.postMessage", channel="C0REFUNDS", retry_after=2 * LIMIT, times=None)
    asked = [bot.ask(action) for action in ("issue_refund", "issue_refund", "pair_payout")]
    await asyncio.gather(*asked)
    await slack.until(lambda: len(_told(slack)) == 2)
    assert all("delayed until" in text for text in _told(slack))
    await bot.eventually(lambda: not bot.courier.in_hand)
    slack.faults.clear()
    bot.runtime.ahead += timedelta(seconds=LIMIT)
    bot.courier.wake()
    await slack.until(lambda: len(bot.cards_in("C0APPROVALS")) == 2)
    assert len(_told(slack)) == 2, "one channel still waits"
    bot.runtime.ahead += timedelta(seconds=LIMIT)
    bot.courier.wake()
    await nothing_waits(bot)
    [word] = _told(slack)[2:]
    assert "Slack takes all messages again" in word
    assert "All that waited for <#C0APPROVALS>, <#C0REFUNDS> is delivered: 3 messages." in word


async def test_after_an_outage_operators_hear_how_long_it_was(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Since when, why, and that everything is there: once, behind all that waited."""
    await _paused(bot, slack, timedelta(minutes=10))
    await nothing_waits(bot)
    [word] = _told(slack)
    assert "Slack is back" in word
    assert "(token_revoked)" in word
    assert "All that waited is delivered: 3 messages." in word
    assert len(bot.cards_in()) == 3


async def test_of_a_short_outage_nothing_is_said(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Nobody was told of it, and nobody waited to speak of."""
    await _paused(bot, slack, timedelta(seconds=15))
    await nothing_waits(bot)
    assert len(bot.cards_in()) == 3
    assert _told(slack) == []


async def test_what_waits_for_another_reason_is_counted_and_not_waited_for(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """One that fails by a mistake of ours would keep the good news back for ever."""
    now = bot.runtime.now()
    await bot.store.write(
        lambda unit: outbox.put(
            unit, ParcelKind.REPLY, request=None, key="odd", lane="", body={"user": "U1"}, now=now
        )
    )
    await slack.until(lambda: _told(slack))
    await _paused(bot, slack, timedelta(minutes=10))
    await slack.until(lambda: len(bot.cards_in()) == 3)
    await bot.eventually(lambda: not bot.courier.in_hand)
    bot.runtime.ahead += timedelta(minutes=3)
    bot.courier.wake()
    [word] = await slack.until(lambda: [text for text in _told(slack) if "is back" in text])
    assert "Of what waited, 3 messages are delivered." in word
    assert "1 still waits" in words_of_message(slack.direct_messages("U0ADMIN")[-1])


async def test_what_waits_for_another_reason_than_slack_is_not_told_of(
    sqlite_url: str, slack: SlackStandIn
) -> None:
    """A comment on what its digest does not show yet, and a decided card whose channel is closed."""
    async with running_desk(sqlite_url, slack, DIGEST_AND_TWO_CHANNELS) as bot:
        shut, later = await bot.ask("pair_payout"), await bot.ask("note_disk")
        card, now = await bot.card(shut.id), bot.runtime.now()
        slack.workspace.remove_from_channel("U0HITL", card.channel)
        await slack.click("U0CAROL", card.channel, card.ts, "Approve")
        await bot.decided(shut.id)
        body = {"note": "comment", "by": "billing-agent", "text": "hello"}
        await bot.store.write(
            lambda unit: outbox.put(
                unit, ParcelKind.THREAD, request=later.id, key="comment:1", lane="", body=body, now=now
            )
        )
        await slack.until(lambda: _told(slack))
        await _only_these_wait(bot)
        await _paused(bot, slack, timedelta(minutes=10))
        [word] = await slack.until(lambda: [text for text in _told(slack) if "is back" in text])
        assert "All that waited is delivered: 3 messages." in word
        await _only_these_wait(bot)


async def _only_these_wait(bot: RunningDesk) -> None:
    """The comment and the decided card."""
    async with asyncio.timeout(5):
        while await bot.store.read(_waiting) != {ParcelKind.CARD: 1, ParcelKind.THREAD: 1}:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # nothing announces it


def _waiting(unit: Unit) -> dict[ParcelKind, int]:
    return {kind: many for kind, many in outbox.counts(unit).waiting.items() if many}

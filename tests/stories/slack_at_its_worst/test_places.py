"""Where a card was or should be is gone, closed or forbidden: there is one card, and it is true."""

from __future__ import annotations

import re

import pytest

from approvals.model import Case
from approvals.words import Status
from bot.desk import follow_up
from sandbox.server import SlackStandIn
from sandbox.words import clickables, words_of_message
from sandbox.workspace import Message
from store import cards, dead_letters, outbox
from store.unit_of_work import Unit
from tests.harness.desk import RunningDesk, running_desk
from tests.stories.slack_at_its_worst.conftest import TWO_CHANNELS, nothing_waits


def _buttons(message: Message) -> set[str]:
    return {each.words for each in clickables(message.all_blocks(), "U0ALICE") if each.words}


async def _elsewhere(bot: RunningDesk, case: Case, than: Message) -> Message:
    def moved(unit: Unit) -> bool:
        ref = cards.of(unit, case.id)
        return ref is not None and ref.ts != than.ts

    await bot.stored(moved)
    return await bot.card(case.id)


@pytest.mark.parametrize(
    ("what", "says"),
    [
        ("archived", "is archived"),
        ("removed", "does not have the bot in it"),
        ("gone", "does not exist, or the bot cannot see it"),
    ],
)
@pytest.mark.parametrize("shown", [False, True], ids=["before", "after"])
async def test_pitfall_14_a_channel_that_cannot_be_used_gives_way(
    bot: RunningDesk, slack: SlackStandIn, what: str, says: str, shown: bool
) -> None:
    """Before or after the card was put up: it goes to the policy's channel, and operators hear why."""
    before = await bot.card((await bot.ask("pair_payout")).id) if shown else None
    if what == "archived":
        slack.workspace.archive("C0REFUNDS")
    elif what == "removed":
        slack.workspace.remove_from_channel("U0HITL", "C0REFUNDS")
    else:
        slack.workspace.channels.pop("C0REFUNDS")
    if before is None:
        case = await bot.ask("pair_payout")
        card = await bot.card(case.id)
    else:
        case = await bot.case(before.metadata["event_payload"]["request"])  # type: ignore[index]
        await bot.store.write(lambda unit: outbox.show_card(unit, case.id, bot.runtime.now(), final=False))
        card = await _elsewhere(bot, case, before)
    assert card.channel == "C0APPROVALS"
    told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
    assert "C0REFUNDS" in told[0].text
    assert says in told[0].text
    for user in ("U0ALICE", "U0BOB"):
        await slack.click(user, card.channel, card.ts, "Approve")
    assert (await bot.decided(case.id)).status is Status.APPROVED


async def test_a_renamed_channel_is_the_same_channel(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Channels are known by their ids: cards go on there, and nobody is told of anything."""
    slack.workspace.channels["C0REFUNDS"].name = "refunds-2027"
    case = await bot.ask("pair_payout")
    assert (await bot.card(case.id)).channel == "C0REFUNDS"
    await nothing_waits(bot)
    assert not slack.direct_messages("U0ADMIN")


async def test_a_card_that_somebody_deletes_comes_back_at_once_and_once(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Nothing else has to happen to the request; the new message says why it is there, and decides."""
    case = await bot.ask()
    card = await bot.card(case.id)
    slack.people.delete("U0ADMIN", card)
    again = await _elsewhere(bot, case, card)
    assert "decide here" in words_of_message(again)
    await slack.courier.idle()
    [event] = [each.payload for each in slack.deliveries() if "message_deleted" in str(each.payload)]
    await slack.courier.carry("events_api", event)
    await nothing_waits(bot)
    assert [message.ts for message in bot.cards_in()] == [again.ts]
    await slack.click("U0ALICE", again.channel, again.ts, "Approve")
    assert (await bot.case(case.id)).status is Status.APPROVED


async def test_a_card_with_replies_that_somebody_deletes_comes_back(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Slack then tells of a change: a tombstone stands where the message was."""
    case = await bot.ask()
    card = await bot.card(case.id)
    slack.say("U0CAROL", card.channel, "Is there a receipt?", thread_ts=card.ts)
    slack.people.delete("U0ADMIN", card)
    again = await _elsewhere(bot, case, card)
    assert "decide here" in words_of_message(again)


async def test_a_decided_card_that_somebody_deletes_stays_away_until_there_is_news(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Nobody misses it; what comes of it afterwards is shown, with no button and no call to decide."""
    case = await bot.ask("pair_payout")
    card = await bot.card(case.id)
    await follow_up.cancel(bot.desk, bot.agent, case.id, None)
    await bot.card(case.id, "ithdrawn")
    slack.people.delete("U0ADMIN", card)
    await slack.courier.idle()
    await nothing_waits(bot)
    assert not bot.cards_in("C0REFUNDS")
    await bot.store.write(lambda unit: outbox.show_card(unit, case.id, bot.runtime.now(), final=True))
    again = await _elsewhere(bot, case, card)
    assert "this is how it stands" in words_of_message(again)
    assert not _buttons(again) & {"Approve", "Edit", "Reject"}


@pytest.mark.parametrize("times", [1, 2], ids=["the small card", "words alone"])
async def test_pitfall_10_blocks_that_slack_refuses_leave_no_old_buttons(
    bot: RunningDesk, slack: SlackStandIn, times: int
) -> None:
    """`invalid_blocks` on the update that says it is decided: a smaller card, or words; no old buttons."""
    case = await bot.ask()
    card = await bot.card(case.id)
    slack.faults.refuse("invalid_blocks", "chat.update", times=times)
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    await bot.card(case.id, "approved")
    assert not _buttons(card) & {"Approve", "Edit", "Reject"}
    assert bool(card.blocks) is (times == 1)
    told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
    assert case.id in told[0].text
    assert "invalid_blocks" in told[0].text


async def test_an_open_card_of_words_alone_says_how_to_decide(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Slack refuses even the smallest one: the words name the command."""
    slack.faults.refuse("invalid_blocks", "chat.postMessage", times=2)
    case = await bot.ask()
    card = await bot.card(case.id)
    assert not card.blocks
    assert f"/hitl show {case.id}" in card.text


async def test_pitfall_9_a_failed_update_loses_nothing(bot: RunningDesk, slack: SlackStandIn) -> None:
    """500 on an update: the next one changes the same message."""
    case = await bot.ask()
    card = await bot.card(case.id)
    slack.faults.status(500, "chat.update", times=2)
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    assert (await bot.card(case.id, "pproved")).ts == card.ts
    assert len(bot.cards_in()) == 1


async def test_pitfall_8_a_stale_card_is_put_right_by_a_click(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Its update never arrived: whoever clicks is told by whom it was decided, and sees it from then on."""
    case = await bot.ask()
    card = await bot.card(case.id)
    slack.faults.refuse("team_is_upside_down", "chat.update")
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    await nothing_waits(bot)
    assert "Approve" in _buttons(card), "Slack refused to show it decided"
    await slack.click("U0BOB", card.channel, card.ts, "Approve")
    assert "alice" in (await slack.ephemeral_to("U0BOB", "Too late")).text
    await bot.card(case.id, "pproved")
    assert "Approve" not in _buttons(card)


async def test_what_slack_refuses_for_good_is_told_to_operators(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """An error that no later try mends: one line with the method and Slack's name for it; a dead letter."""
    slack.faults.refuse("team_is_upside_down", "chat.postMessage", channel="C0APPROVALS")
    await bot.ask()
    told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
    assert "chat.postMessage: team_is_upside_down" in told[0].text
    assert len(await bot.store.read(dead_letters.every)) == 1


async def test_pitfall_15_a_scope_that_people_need_is_named_to_operators(
    sqlite_url: str, slack: SlackStandIn
) -> None:
    """Without `usergroups:read` nobody is in the group: operators hear which scope, of which method."""
    slack.app.scopes.discard("usergroups:read")
    async with running_desk(sqlite_url, slack, TWO_CHANNELS):
        told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
        assert "usergroups.users.list" in told[0].text
        assert "usergroups:read" in told[0].text


async def test_after_a_reinstallation_as_another_bot_old_cards_still_decide(
    sqlite_url: str, slack: SlackStandIn
) -> None:
    """The new bot may not change the old one's message: a new one takes its place; the old one says so."""
    async with running_desk(sqlite_url, slack, TWO_CHANNELS) as bot:
        case = await bot.ask("pair_payout")
        old = await bot.card(case.id)
    slack.reinstall("U0HITL2")
    async with running_desk(sqlite_url, slack, TWO_CHANNELS) as bot:
        await slack.click("U0ALICE", old.channel, old.ts, "Approve")
        new = await _elsewhere(bot, case, old)
        assert new.user == "U0HITL2"
        await nothing_waits(bot)
        await slack.click("U0BOB", old.channel, old.ts, "Approve")
        told = await slack.ephemeral_to("U0BOB", "took the place of this one")
        assert re.search(rf"<http[^|>]*p{new.ts.replace('.', '')}\|the newer card>", told.text)
        assert (await bot.case(case.id)).status is Status.PENDING
        await slack.click("U0BOB", new.channel, new.ts, "Approve")
        assert (await bot.case(case.id)).status is Status.APPROVED
        await slack.click("U0BOB", old.channel, old.ts, "Approve")
        await slack.ephemeral_to("U0BOB", "Nothing waits for you: see <")


async def test_pitfall_4_a_card_of_another_installation_decides_nothing(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Two deployments on one app: whoever gets the other's click says so, and touches none of its own."""
    case = await bot.ask()
    card = await bot.card(case.id)
    theirs = slack.workspace.say(
        Message(
            card.channel,
            slack.workspace.new_ts(),
            card.user,
            card.text,
            blocks=[_of_another(block, case.id) for block in card.blocks],
        )
    )
    await slack.click("U0ALICE", theirs.channel, theirs.ts, "Approve")
    assert "another installation" in (await slack.ephemeral_to("U0ALICE")).text
    assert (await bot.case(case.id)).status is Status.PENDING


def _of_another(block: dict[str, object], request: str) -> dict[str, object]:
    if block["type"] != "actions":
        return dict(block)
    elements = [dict(each) for each in block["elements"]]  # type: ignore[attr-defined]
    for each in elements:
        each["value"] = str(each.get("value", "")).replace(request, "req_01JD3ELSEWHERE000000000000")
    return {**block, "elements": elements}

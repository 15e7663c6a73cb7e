"""What comes from Slack late, twice, over a broken connection or by a clock that is off: counted once."""

from __future__ import annotations

import asyncio

import pytest

from approvals.model import Case
from approvals.words import Status
from sandbox.delivery import Manner
from sandbox.server import SlackStandIn
from sandbox.workspace import Message, User
from tests.harness.desk import POLICY, RunningDesk, running_desk
from tests.stories.slack_at_its_worst.conftest import TWO_CHANNELS, nothing_waits


async def _card(bot: RunningDesk, case: Case) -> Message:
    """Its card, whichever of two bots put it up: only that one is told by its own commits."""
    await nothing_waits(bot)
    ref = await bot.ref(case.id)
    assert ref is not None
    return bot.slack.workspace.message(ref.channel, ref.ts)


OUTSIDERS = POLICY.replace("support: {users: [U0CAROL, U0DAN]}", "support: {users: [%s, U0CAROL]}")


@pytest.mark.parametrize("age", [-240, 240], ids=["ahead", "behind"])
async def test_a_clock_that_is_four_minutes_off_hears_every_click(
    bot: RunningDesk, slack: SlackStandIn, age: int
) -> None:
    """Slack's signature holds for five minutes, whichever of the two clocks is ahead."""
    case = await bot.ask()
    card = await bot.card(case.id)
    answer = await slack.click("U0ALICE", card.channel, card.ts, "Approve", manner=Manner(age=age))
    assert answer.acknowledged
    assert (await bot.case(case.id)).status is Status.APPROVED


async def test_pitfall_22_a_payload_that_comes_twice_over_two_replicas_counts_once(
    sqlite_url: str, slack: SlackStandIn
) -> None:
    """The same click at both at once: one vote of two, no refusal, and no second answer."""
    async with (
        running_desk(sqlite_url, slack, TWO_CHANNELS, socket_mode=True) as bot,
        running_desk(sqlite_url, slack, TWO_CHANNELS, socket_mode=True),
    ):
        await slack.connected(2)
        case = await bot.ask("pair_payout")
        card = await _card(bot, case)
        await slack.click("U0ALICE", card.channel, card.ts, "Approve", manner=Manner(times=2))
        assert [vote.by.id for vote in (await bot.case(case.id)).votes] == ["U0ALICE"]
        await slack.ephemeral_to("U0ALICE", "the first of 2")
        await nothing_waits(bot)
        told = [message.text for message in slack.ephemerals("U0ALICE")]
        assert not [text for text in told if "Too late" in text or "not asked" in text]
        assert (await bot.story(case.id)).count("vote.approved") == 1
        assert "vote.refused" not in await bot.story(case.id)


async def test_any_of_two_connections_may_get_the_click(sqlite_url: str, slack: SlackStandIn) -> None:
    """Slack gives each payload to one of them, in turn: whichever it is decides, and both cards are true."""
    async with (
        running_desk(sqlite_url, slack, TWO_CHANNELS, socket_mode=True) as bot,
        running_desk(sqlite_url, slack, TWO_CHANNELS, socket_mode=True) as other,
    ):
        await slack.connected(2)
        for asking in (bot, other, bot, other):
            case = await asking.ask()
            card = await _card(bot, case)
            assert (await slack.click("U0ALICE", card.channel, card.ts, "Approve")).acknowledged
            assert (await bot.case(case.id)).status is Status.APPROVED
        assert len(bot.cards_in()) == 4


async def test_a_socket_that_breaks_without_a_word_is_made_again(
    sqlite_url: str, slack: SlackStandIn
) -> None:
    """The connection is cut, not ended: not ready until there is another, and then clicks count."""
    async with running_desk(sqlite_url, slack, TWO_CHANNELS, socket_mode=True) as bot:
        case = await bot.ask()
        card = await bot.card(case.id)
        slack.sockets.drop()
        missed = await slack.click("U0ALICE", card.channel, card.ts, "Approve")
        assert not missed.acknowledged, "Slack itself tells the person, as nobody is there to be asked"
        await slack.connected(within=10)
        assert (await slack.click("U0ALICE", card.channel, card.ts, "Approve")).acknowledged
        assert (await bot.case(case.id)).status is Status.APPROVED
        assert await bot.side.why_not_ready() is None


@pytest.mark.parametrize("button", ["Edit", "Reject"])
async def test_pitfall_2_an_expired_trigger_is_told_for_each_modal(
    bot: RunningDesk, slack: SlackStandIn, button: str
) -> None:
    """Slack would not open it any more: the person is told to click again, and the next click opens it."""
    case = await bot.ask()
    card = await bot.card(case.id)
    late = await slack.click("U0ALICE", card.channel, card.ts, button, manner=Manner(expired_trigger=True))
    assert late.acknowledged
    assert "click again" in (await slack.ephemeral_to("U0ALICE")).text
    assert not slack.views("U0ALICE")
    await slack.click("U0ALICE", card.channel, card.ts, button)
    await slack.view_of("U0ALICE", button)


async def test_pitfall_5_who_left_while_the_modal_was_open_rejects_nothing(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Authorization is asked again at the submit: the words in the modal say why it did not count."""
    case = await bot.ask()
    card = await bot.card(case.id)
    await slack.click("U0ALICE", card.channel, card.ts, "Reject")
    await slack.view_of("U0ALICE", "Reject")
    slack.set_usergroup("S0DIRECTORS", ["U0BOB"])
    await bot.eventually(lambda: "U0ALICE" not in bot.desk.directory.roster().groups["directors"])  # type: ignore[index]
    answer = await slack.submit("U0ALICE", {"reason": "no receipt"})
    assert answer.view is not None
    assert "not asked" in str(answer.view.blocks)
    assert (await bot.case(case.id)).status is Status.PENDING


async def test_a_modal_that_is_sent_after_the_decision_says_by_whom_it_was_made(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The edit that was being typed changes nothing any more, and its author learns why."""
    case = await bot.ask()
    card = await bot.card(case.id)
    await slack.click("U0ALICE", card.channel, card.ts, "Edit")
    view = await slack.view_of("U0ALICE", "Edit")
    label = next(
        b["label"]["text"] for b in view.blocks if b["type"] == "input" and "mount" in str(b["label"])
    )
    await slack.click("U0BOB", card.channel, card.ts, "Approve")
    answer = await slack.submit("U0ALICE", {label: "500"})
    assert answer.view is not None
    assert "bob" in str(answer.view.blocks)
    decided = await bot.case(case.id)
    assert (decided.status, decided.payload["amount"]) == (Status.APPROVED, 750)


@pytest.mark.parametrize(
    "outsider",
    [
        User("U0GUEST", "gus", "Gus Guest", "gus@partner.example", is_restricted=True),
        User("U0GUEST", "gus", "Gus Guest", "gus@partner.example", is_ultra_restricted=True),
        User("U0GUEST", "gus", "Gus Partner", "gus@partner.example", team_id="T0PARTNER"),
    ],
    ids=["a guest", "a guest of one channel", "of another workspace"],
)
async def test_whoever_is_no_full_member_decides_nothing(
    sqlite_url: str, slack: SlackStandIn, outsider: User
) -> None:
    """Although the policy names them: they are told why, the card says so, and others decide."""
    slack.workspace.add_user(outsider)
    async with running_desk(sqlite_url, slack, OUTSIDERS % outsider.id) as bot:
        case = await bot.ask("tidy_up", payload={"folder": "old"})
        card = await bot.card(case.id)
        for button in ("Approve", "Edit"):
            await slack.click(outsider.id, card.channel, card.ts, button)
            await slack.ephemeral_to(outsider.id, "a guest here, or from another workspace")
        assert not slack.views(outsider.id)
        assert "gus: guests here, or from another workspace." in str(card.blocks)
        await slack.click("U0CAROL", card.channel, card.ts, "Approve")
        assert (await bot.case(case.id)).status is Status.APPROVED


async def test_somebody_who_turned_guest_does_not_count_any_more(
    sqlite_url: str, slack: SlackStandIn
) -> None:
    """Slack's event is enough: an approval they gave before counts no longer."""
    async with running_desk(sqlite_url, slack, TWO_CHANNELS) as bot:
        case = await bot.ask("pair_payout")
        card = await bot.card(case.id)
        await slack.click("U0ALICE", card.channel, card.ts, "Approve")
        slack.workspace.users["U0ALICE"].is_restricted = True
        person = slack.workspace.users["U0ALICE"].as_json(with_email=True)
        slack.site.tell({"type": "user_change", "user": person, "event_ts": slack.workspace.new_ts()})
        await bot.eventually(lambda: bot.desk.directory.roster().people["U0ALICE"].outsider)  # type: ignore[index]
        await slack.click("U0BOB", card.channel, card.ts, "Approve")
        assert (await bot.case(case.id)).status is Status.PENDING


async def test_pitfall_3_two_people_at_once_make_one_decision_and_two_true_answers(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Approve and Reject in the same moment: one decides, the other is told by whom, nobody sees an error."""
    case = await bot.ask()
    card = await bot.card(case.id)
    await slack.click("U0BOB", card.channel, card.ts, "Reject")
    await slack.view_of("U0BOB", "Reject")
    approved, rejected = await asyncio.gather(
        slack.click("U0ALICE", card.channel, card.ts, "Approve"),
        slack.submit("U0BOB", {"reason": "no receipt"}),
    )
    assert (approved.error, rejected.error) == (None, None)
    decided = await bot.decided(case.id)
    if decided.status is Status.APPROVED:
        assert rejected.view is not None
        assert "alice" in str(rejected.view.blocks)
    else:
        assert "bob" in (await slack.ephemeral_to("U0ALICE")).text
    assert sum(kind == "request.decided" for kind in await bot.story(case.id)) == 1

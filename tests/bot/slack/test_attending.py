"""*Ask the agent*, *Hand over* and *Snooze* on a card: what is opened, submitted and heard by whom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from approvals.model import Case
from approvals.roster import Person
from approvals.words import Choice, RequestId, Status, UserId
from bot.desk import attention, decide
from bot.desk.view import request_json
from sandbox.server import SlackStandIn
from sandbox.workspace import Message
from store import outbox
from store.outbox import ParcelKind
from tests.bot.desk.conftest import nothing_left
from tests.bot.slack.gates import click, words_in
from tests.harness.desk import RunningDesk, running_desk

ALICE, BOB = Person(UserId("U0ALICE"), "alice"), Person(UserId("U0BOB"), "bob")
#: The reminder comes after seconds: messages are found again by Slack's clock, which no test moves.
POLICY = """
channel: C0APPROVALS
groups:
  directors: {usergroup: S0DIRECTORS}
  support: {users: [U0CAROL, U0DAN]}
  alone: {users: [U0CAROL]}
risk:
  levels: {medium: [issue_refund, "lonely_*", "pair_*"]}
rules:
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: directors
    steps: [{after: 20s, do: remind}, {after: 2h, do: escalate, to: support}, {after: 4h, do: expire}]
  - name: lonely
    when: "action.startsWith('lonely_')"
    gate: hard
    ask: alone
    steps: [{after: 4h, do: park}]
  - name: pairs
    when: "action.startsWith('pair_')"
    gate: hard
    ask: directors
    steps: [{after: 4h, do: park}]
default: {gate: hard, ask: support, steps: [{after: 4h, do: expire}]}
"""


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot whose refunds are reminded of, and escalated to support later."""
    async with running_desk(sqlite_url, slack, POLICY) as running:
        yield running


async def opened(bot: RunningDesk, user: str, words: str, request: RequestId, title: str = "") -> Message:
    """Somebody chooses from the menu, and has the modal; the card."""
    card = await click(bot, user, request, words)
    await bot.slack.view_of(user, title or words)
    return card


def heard(slack: SlackStandIn, card: Message, words: str) -> list[Message]:
    """What is said under `card` in these words."""
    return [each for each in slack.thread(card.channel, card.ts) if words in each.text]


async def ticked(bot: RunningDesk, request: RequestId, later: timedelta) -> None:
    """The clock comes by so much later, and everything is sent."""
    bot.runtime.ahead += later
    await decide.tick(bot.desk, request, bot.runtime.now())
    bot.courier.wake()


async def sent_so_far(bot: RunningDesk) -> None:
    """Wait until nothing is to be said in threads any more: a message for later waits all the while."""
    async with asyncio.timeout(5):
        while (await bot.store.read(outbox.counts)).waiting[ParcelKind.THREAD]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # that something was sent is announced to nobody


def offered(slack: SlackStandIn, user: str, block: str) -> list[str]:
    """The words of what can be chosen there."""
    view = slack.views(user)[-1]
    element = next(each["element"] for each in view.blocks if each.get("block_id") == block)
    groups: list[Any] = element.get("option_groups") or [{"options": element["options"]}]
    return [option["text"]["text"] for group in groups for option in group["options"]]


# Ask the agent


async def test_a_question_stands_in_the_thread_and_its_answer_too(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Somebody who may not decide asks; the agent has it among its comments; nothing is decided."""
    case = await bot.ask()
    card = await opened(bot, "U0CAROL", "Ask the agent", case.id)
    assert "Refund" in words_in(slack, "U0CAROL") or "refund" in words_in(slack, "U0CAROL")
    done = await slack.submit("U0CAROL", {"Your question": "Is the receipt in the ticket?"})
    assert (done.view, done.errors) == (None, {})
    await slack.until(lambda: heard(slack, card, "carol asks billing-agent: Is the receipt in the ticket?"))
    asked = await bot.case(case.id)
    assert asked.status is Status.PENDING
    told = request_json(asked, None, bot.runtime.now(), bot.desk.directory.roster())["comments"]
    assert [(each["by"]["id"], each["text"]) for each in told] == [
        ("U0CAROL", "Is the receipt in the ticket?")
    ]


async def test_blanks_ask_nothing(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The modal stays open and says so."""
    case = await bot.ask()
    await opened(bot, "U0ALICE", "Ask the agent", case.id)
    answer = await slack.submit("U0ALICE", {"Your question": "   "})
    assert list(answer.errors) == ["question"]
    assert (await bot.case(case.id)).comments == ()


async def test_what_is_submitted_twice_is_asked_once(bot: RunningDesk, slack: SlackStandIn) -> None:
    """By the same process or another: what was submitted is known again by its key."""
    case = await bot.ask()
    for _ in range(2):
        await attention.ask(bot.desk, case.id, ALICE, "Why?", "submit:U0ALICE:V1:abc")
        await attention.snooze(bot.desk, case.id, ALICE, bot.runtime.now() + timedelta(hours=1), "submit:2")
    assert [each.text for each in (await bot.case(case.id)).comments] == ["Why?"]
    assert (await bot.story(case.id)).count("reminders.snoozed") == 1


# Hand over


async def test_a_colleague_takes_it_and_is_called_in_the_thread(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Offered are those who may decide it and the groups asked later; reminders call the taker alone."""
    case = await bot.ask()
    card = await opened(bot, "U0ALICE", "Hand over", case.id)
    assert offered(slack, "U0ALICE", "taker") == ["bob", "support"]
    done = await slack.submit("U0ALICE", {"taker": "bob", "note": "I am at lunch."})
    assert (done.view, done.errors) == (None, {})
    [note] = await slack.until(lambda: heard(slack, card, "asks you to take this one"))
    assert "<@U0BOB>" in note.text
    assert "I am at lunch." in note.text
    await ticked(bot, case.id, timedelta(seconds=21))
    [reminder] = await slack.until(lambda: heard(slack, card, "this waits for you"))
    assert "<@U0BOB>" in reminder.text
    assert "U0ALICE" not in reminder.text
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    assert (await bot.case(case.id)).status is Status.APPROVED


async def test_a_group_is_asked_before_its_time(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Support hears of it at once, by whom it comes, and may decide; the card names it."""
    case = await bot.ask()
    card = await opened(bot, "U0BOB", "Hand over", case.id)
    await slack.submit("U0BOB", {"taker": "support"})
    [note] = await slack.until(lambda: heard(slack, card, "you are asked as well"))
    assert "because bob hands it over" in note.text
    assert {"<@U0CAROL>", "<@U0DAN>"} <= set(note.text.replace(",", " ").split())
    shown = await bot.card(case.id, "directors or support")
    assert "bob handed it over" in str(shown.blocks)
    await slack.click("U0CAROL", card.channel, card.ts, "Approve")
    assert (await bot.case(case.id)).status is Status.APPROVED


async def test_where_there_is_nobody_else_it_says_so(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Nothing opens; nor for somebody who is not asked."""
    case = await bot.ask("lonely_export")
    await click(bot, "U0CAROL", case.id, "Hand over")
    await slack.ephemeral_to("U0CAROL", "There is nobody to hand")
    for user, words in (("U0ALICE", "Hand over"), ("U0BOB", "Snooze")):
        await click(bot, user, case.id, words)
        await slack.ephemeral_to(user, "not asked to decide this")
    assert not slack.calls("views.open")


async def test_it_goes_to_nobody_who_may_not_decide_it(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Whatever a client sends as the choice is refused at the field."""
    case = await bot.ask()
    await opened(bot, "U0ALICE", "Hand over", case.id)
    for value in ("person:U0CAROL", "person:U0ALICE", "step:0", "step:99", "garbage"):
        forged = {"text": {"type": "plain_text", "text": "bob"}, "value": value}
        answer = await slack.submit("U0ALICE", {"taker": forged})
        assert list(answer.errors) == ["taker"]
    assert await bot.story(case.id) == ["request.opened"]


async def test_what_was_decided_meanwhile_is_not_handed_over(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The modal says by whom; a question still reaches the agent."""
    case = await bot.ask()
    await opened(bot, "U0ALICE", "Hand over", case.id)
    await opened(bot, "U0CAROL", "Ask the agent", case.id)
    await decide.vote(bot.desk, case.id, BOB, Choice.REJECT, case.sight, reason="no receipt")
    answer = await slack.submit("U0ALICE", {"taker": "bob"})
    assert answer.view is not None
    assert "rejected by bob" in words_in(slack, "U0ALICE")
    assert (await slack.submit("U0CAROL", {"Your question": "Was there one?"})).view is None
    assert [each.text for each in (await bot.case(case.id)).comments] == ["Was there one?"]


# Snooze


async def snoozed(bot: RunningDesk, user: str, request: RequestId, **chosen: Any) -> str:
    """Somebody puts it off; what the modal says then."""
    await opened(bot, user, "Snooze", request)
    answer = await bot.slack.submit(user, chosen)
    assert answer.errors == {}
    return words_in(bot.slack, user)


async def test_reminders_leave_out_who_put_them_off_until_then(bot: RunningDesk, slack: SlackStandIn) -> None:
    """They are told until when, and when it is over, as it still waits for them; once."""
    case = await bot.ask()
    card = await bot.card(case.id)
    until = int((bot.runtime.now() + timedelta(seconds=60)).timestamp())
    told = await snoozed(bot, "U0ALICE", case.id, until=until)
    assert f"not reminded of “{case.judgement.title}” until <!date^{until}^" in told
    await ticked(bot, case.id, timedelta(seconds=21))
    [reminder] = await slack.until(lambda: heard(slack, card, "this waits for you"))
    assert "<@U0BOB>" in reminder.text
    assert "U0ALICE" not in reminder.text
    await ticked(bot, case.id, timedelta(seconds=40))
    [woken] = await slack.until(lambda: slack.direct_messages("U0ALICE"))
    assert woken.text.startswith("⏰ You put this off until now")
    assert "|Open the card>" in woken.text
    await nothing_left(bot)
    assert len(slack.direct_messages("U0ALICE")) == 1


async def test_a_reminder_that_nobody_wants_is_not_posted(bot: RunningDesk, slack: SlackStandIn) -> None:
    """All who are asked put it off: the thread stays as it was."""
    case = await bot.ask()
    card = await bot.card(case.id)
    for user in ("U0ALICE", "U0BOB"):
        await snoozed(bot, user, case.id, away="For 4 hours")
    await ticked(bot, case.id, timedelta(seconds=21))
    await sent_so_far(bot)
    assert (await bot.story(case.id))[-1] == "request.reminded"
    assert heard(slack, card, "waits") == []


@pytest.mark.parametrize("how", ["decided", "voted", "handed over", "put off again"])
async def test_who_has_nothing_more_to_do_with_it_is_not_woken(
    bot: RunningDesk, slack: SlackStandIn, how: str
) -> None:
    """Decided, passed on, or put off once more: the first time goes by in silence."""
    case = await bot.ask()
    await bot.card(case.id)
    now = bot.runtime.now()
    await attention.snooze(bot.desk, case.id, ALICE, now + timedelta(seconds=30), "submit:1")
    if how == "put off again":
        await attention.snooze(bot.desk, case.id, ALICE, now + timedelta(seconds=20), "submit:2")
    elif how == "handed over":
        await attention.hand_over(bot.desk, case.id, ALICE, attention.Handing(BOB.id), "submit:2")
    else:
        by = BOB if how == "decided" else ALICE
        await decide.vote(bot.desk, case.id, by, Choice.APPROVE, case.sight)
    bot.runtime.ahead += timedelta(seconds=31)
    # Metrics count no reminder that was put off: the courier itself knows when there is none left.
    await bot.courier.run_once(bot.runtime.now())
    assert len(slack.direct_messages("U0ALICE")) == (how == "put off again")


async def test_the_times_that_are_offered_go_by_the_persons_own_clock(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Tomorrow at nine is nine where they live; a day that ends first is pointed out."""
    case = await bot.ask()
    await opened(bot, "U0ALICE", "Snooze", case.id)
    assert [each.split(",")[0] for each in offered(slack, "U0ALICE", "away")] == [
        "For 30 minutes",
        "For 1 hour",
        "For 4 hours",
        "Until tomorrow",
    ]
    zone = bot.desk.directory.roster().profile(ALICE.id).zone
    assert zone is not None
    select = next(e["element"] for e in slack.views("U0ALICE")[-1].blocks if e.get("block_id") == "away")
    at = datetime.fromtimestamp(int(select["options"][-1]["value"].removeprefix("at:")), UTC)
    assert (at.astimezone(ZoneInfo(zone)).hour, at.astimezone(ZoneInfo(zone)).minute) == (9, 0)
    await slack.submit("U0ALICE", {"away": "For 4 hours"})
    assert "Mind its deadline, which is before that" in words_in(slack, "U0ALICE")


async def test_no_time_that_is_over_and_none_of_another_age(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Both are refused at the field, as is what was never offered."""
    case = await bot.ask()
    await opened(bot, "U0ALICE", "Snooze", case.id)
    now = int(bot.runtime.now().timestamp())
    for moment in (now - 60, now + 400 * 86_400):
        answer = await slack.submit("U0ALICE", {"until": moment})
        assert list(answer.errors) == ["until"]
    for value in ("for:0", "at:99999999999", "soon"):
        forged = {"text": {"type": "plain_text", "text": "For 1 hour"}, "value": value}
        answer = await slack.submit("U0ALICE", {"away": forged})
        assert set(answer.errors) <= {"away", "until"}
        assert answer.errors
    assert await bot.story(case.id) == ["request.opened"]


async def test_what_is_parked_can_be_handed_over(bot: RunningDesk, slack: SlackStandIn) -> None:
    """It calls the taker all the same: that is how it gets out of there."""
    case = await bot.ask("pair_export")
    card = await bot.card(case.id)
    await ticked(bot, case.id, timedelta(hours=4, seconds=1))
    assert (await bot.case(case.id)).parked_at is not None
    await opened(bot, "U0ALICE", "Hand over", case.id)
    await slack.submit("U0ALICE", {"taker": "bob"})
    [note] = await slack.until(lambda: heard(slack, card, "asks you to take this one"))
    assert "<@U0BOB>" in note.text
    assert "needs one approval." in note.text


# In the thread


async def test_the_thread_hears_of_the_decision_once_and_calls_nobody(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """By whom, what was changed and why; said by words it is not said again."""
    case: Case = await bot.ask()
    card = await bot.card(case.id)
    await decide.vote(bot.desk, case.id, ALICE, Choice.REJECT, case.sight, reason="no receipt")
    [note] = await slack.until(lambda: heard(slack, card, "Rejected by alice"))
    assert "no receipt" in note.text
    assert "<@" not in note.text
    other = await bot.ask()
    there = await bot.card(other.id)
    slack.mention("U0ALICE", there.channel, "approve it is fine", thread_ts=there.ts)
    await bot.decided(other.id)
    await nothing_left(bot)
    said = [each.text for each in slack.thread(there.channel, there.ts) if each.user != "U0ALICE"]
    assert len([words for words in said if "pproved" in words]) == 1

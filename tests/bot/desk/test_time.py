"""What time does to a request, carried out: windows, reminders, escalations, reviews, too few to decide."""

from __future__ import annotations

import json
import re
from datetime import timedelta

import pytest

from approvals.effects import Reminded
from approvals.machine import Ruling
from approvals.model import Case, ReplyTo, Step
from approvals.policy import load
from approvals.roster import Person
from approvals.words import Choice, Gate, Instant, Kind, RequestId, Status, StepKind, UserId, Via
from bot.desk import decide, spoken
from bot.desk.muster import Muster
from sandbox.server import SlackStandIn
from sandbox.workspace import Message
from scheduler.results import Done
from store import cases, outbox
from store.outbox import Parcel, ParcelKind
from store.unit_of_work import Unit
from tests.bot.desk.conftest import POLICY
from tests.harness.desk import RunningDesk

MINUTE = timedelta(minutes=1)
CAROL, BOB = Person(UserId("U0CAROL"), "carol"), Person(UserId("U0BOB"), "bob")


async def ticked(
    bot: RunningDesk, request: RequestId, minutes: float = 0, heard_since: Instant | None = None
) -> Ruling:
    """What the clock makes of it so many minutes from now."""
    bot.runtime.ahead += minutes * MINUTE
    ruling = await decide.tick(bot.desk, request, bot.runtime.now(), heard_since)
    assert ruling is not None
    return ruling


async def begun(bot: RunningDesk, request: RequestId) -> Instant:
    """When its window began, once it has."""

    def look(unit: Unit) -> Instant | None:
        case = cases.load(unit, request)
        return case.began_at if case is not None else None

    at: Instant = await bot.stored(look)
    return at


async def said(slack: SlackStandIn, card: Message, words: str) -> Message:
    """The reply under `card` with these words in it."""
    found = await slack.until(
        lambda: next((m for m in slack.thread(card.channel, card.ts) if words in m.text), None)
    )
    assert found is not None
    return found


async def reviews(bot: RunningDesk) -> list[Case]:
    """Every review there is."""
    page = await bot.store.read(
        lambda unit: cases.page(unit, None, status=None, action=None, cursor=None, limit=50)
    )
    return [case for case in page.items if case.request.kind is Kind.REVIEW]


async def test_a_window_begins_with_its_card(bot: RunningDesk, slack: SlackStandIn) -> None:
    """While Slack is away no time runs; nothing is due before the card is up."""
    slack.faults.status(503, "chat.postMessage", times=1)
    case = await bot.ask("publish_draft")
    assert (await ticked(bot, case.id, minutes=31)).case.status is Status.PENDING
    await bot.card(case.id)
    began = await begun(bot, case.id)
    assert began > case.request.created_at + 30 * MINUTE
    assert await bot.story(case.id) == ["request.opened", "request.shown"]
    assert await bot.store.read(cases.next_due) == began + 30 * MINUTE


async def test_a_card_that_is_posted_again_starts_no_window(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Somebody deleted it: the window goes on as it was."""
    case = await bot.ask("publish_draft")
    card = await bot.card(case.id)
    began = await begun(bot, case.id)
    slack.people.delete("U0ADMIN", slack.workspace.message(card.channel, card.ts))
    bot.runtime.ahead += 5 * MINUTE
    await bot.store.write(lambda unit: outbox.show_card(unit, case.id, bot.runtime.now(), final=False))
    await slack.until(lambda: [each for each in bot.cards_in() if each.ts != card.ts])
    assert (await bot.case(case.id)).began_at == began
    assert (await ticked(bot, case.id, minutes=25)).case.status is Status.APPROVED


async def test_silence_lets_it_through_and_opens_a_review(each_bot: RunningDesk, slack: SlackStandIn) -> None:
    """Approved via timeout; with it opens a review that people are always shown, of what was done."""
    bot = each_bot
    case = await bot.ask("publish_draft", reasoning="It is due.", run_id="run-7", metadata={"a": "b"})
    await begun(bot, case.id)
    after = (await ticked(bot, case.id, minutes=30)).case
    assert after.decision is not None
    assert (after.status, after.decision.via) == (Status.APPROVED, Via.TIMEOUT)
    [review] = await reviews(bot)
    request = review.request
    assert (request.review_of, request.payload, request.run_id) == (case.id, case.payload, "run-7")
    assert (request.agent, request.action, request.metadata) == (
        case.request.agent,
        "publish_draft",
        {"a": "b"},
    )
    assert (review.judgement.rule, review.judgement.sample) == ("drafts", None)
    assert request.salt != case.request.salt
    assert review.status is Status.PENDING
    assert "nobody objected" in str((await bot.card(review.id)).blocks)
    await ticked(bot, case.id)
    assert len(await reviews(bot)) == 1


async def test_a_window_that_ended_unheard_starts_again(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The bot was down when it would have ended: it starts anew with its card, and the thread says so."""
    case = await bot.ask("publish_draft")
    card = await bot.card(case.id)
    await begun(bot, case.id)
    up_again = bot.runtime.now() + 31 * MINUTE
    after = (await ticked(bot, case.id, minutes=31, heard_since=up_again)).case
    assert (after.status, after.began_at) == (Status.PENDING, None)
    assert await reviews(bot) == []
    again = await begun(bot, case.id)
    assert again >= up_again
    story = await bot.story(case.id)
    assert story == ["request.opened", "request.shown", "window.restarted", "request.shown"]
    await said(slack, card, "starts again")
    assert len(bot.cards_in()) == 1
    assert await bot.store.read(cases.next_due) == again + 30 * MINUTE
    done = await ticked(bot, case.id, minutes=30, heard_since=up_again)
    assert done.case.status is Status.APPROVED


async def test_a_restarted_window_waits_until_slack_has_taken_its_card(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """While the card still says the old end, no time runs: nobody could know until when to object."""
    case = await bot.ask("publish_draft")
    await bot.card(case.id)
    first = await begun(bot, case.id)
    held = slack.faults.hold("chat.update", times=None)
    up_again = bot.runtime.now() + 31 * MINUTE
    await ticked(bot, case.id, minutes=31, heard_since=up_again)
    await held.reached()
    assert await bot.store.read(cases.next_due) is None
    later = (await ticked(bot, case.id, minutes=31, heard_since=up_again)).case
    assert (later.status, later.began_at) == (Status.PENDING, None)
    slack.faults.clear(held)
    again = await begun(bot, case.id)
    assert again >= first + 62 * MINUTE
    # What the card said was made for an earlier minute: it is drawn once more, with the end that holds.
    ends = int((again + 30 * MINUTE).timestamp())
    await slack.until(lambda: _goes_ahead(bot) // 60 == ends // 60)


def _goes_ahead(bot: RunningDesk) -> int:
    """When the one card there is says that it goes ahead; seconds since 1970, 0 where it does not."""
    [card] = bot.cards_in()
    found = re.search(r'"type": "date", "timestamp": (\d+)', json.dumps(card.blocks))
    found = found or re.search(r"<!date\^(\d+)\^", json.dumps(card.blocks) + card.text)
    return int(found[1]) if found else 0


async def test_those_who_leave_are_noticed_and_no_silence_speaks_by_it(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The window has ended, and the next look at who is there comes before the clock: it decides nothing."""
    case = await bot.ask("publish_draft")
    card = await bot.card(case.id)
    began = await begun(bot, case.id)
    muster = Muster(bot.desk)
    await muster.look(bot.runtime.now())
    slack.deactivate("U0DAN")
    await bot.eventually(lambda: bool(bot.desk.directory.roster().skipped(case.judgement.ask)))
    bot.runtime.ahead += 30 * MINUTE
    assert await muster.look(bot.runtime.now()) == 1
    after = await bot.case(case.id)
    assert (after.status, after.began_at) == (Status.PENDING, began)
    await said(slack, card, "dan")
    assert (await ticked(bot, case.id)).case.status is Status.APPROVED


@pytest.mark.parametrize(
    ("when", "rule", "after"),
    [
        # The window of a soft rule is far too short to look back in: as long as the default says.
        ("action == 'publish_draft'", "drafts", timedelta(hours=4)),
        ("action == 'publish_draft' && kind == 'approval'", "seen", timedelta(days=3)),
    ],
)
async def test_a_review_has_time(bot: RunningDesk, when: str, rule: str, after: timedelta) -> None:
    """The steps of its own rule; the default's where that is the soft one it comes from."""
    bot.shelf.current = load(POLICY.replace("action == 'publish_draft'", when), "hitl.yml")
    case = await bot.ask("publish_draft")
    await begun(bot, case.id)
    await ticked(bot, case.id, minutes=30)
    [review] = await reviews(bot)
    assert (review.judgement.gate, review.judgement.rule) == (Gate.AUDIT, rule)
    assert review.judgement.steps == (Step(after, StepKind.EXPIRE),)


async def test_a_reminder_and_an_escalation_are_said_in_the_thread(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The reminder mentions those asked; the escalation those asked now, and shows in the channel too."""
    case = await bot.ask()
    card = await bot.card(case.id)
    await ticked(bot, case.id, minutes=61)
    reminder = await said(slack, card, "<@U0ALICE>")
    assert "<@U0BOB>" in reminder.text
    assert not reminder.reply_broadcast
    await ticked(bot, case.id, minutes=60)
    escalation = await said(slack, card, "<@U0CAROL>")
    assert "<@U0DAN>" in escalation.text
    assert escalation.reply_broadcast
    assert (await decide.vote(bot.desk, case.id, CAROL, Choice.APPROVE, case.sight)).case.status.final


async def test_notes_go_to_the_thread_that_the_card_was_put_in(bot: RunningDesk, slack: SlackStandIn) -> None:
    """An agent named a thread: what is said of it is said there."""
    root = slack.say("U0CAROL", "C0APPROVALS", "About the refund?")
    case = await bot.ask(reply_to=ReplyTo("C0APPROVALS", root.ts))
    await bot.card(case.id)
    await ticked(bot, case.id, minutes=61)
    await said(slack, root, "<@U0BOB>")


async def test_an_overtaken_reminder_is_not_sent(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Decided before Slack would take it: nobody is called to it any more."""
    case = await bot.ask()
    card = await bot.card(case.id)
    await decide.vote(bot.desk, case.id, BOB, Choice.APPROVE, case.sight)
    body = spoken.written(Reminded())
    now = bot.runtime.now()
    parcel = Parcel(9, ParcelKind.THREAD, case.id, "remind:0", "", body, now, now, 1, 1, now, None, "me")
    assert await bot.side.senders[ParcelKind.THREAD](parcel) == Done()
    assert slack.thread(card.channel, card.ts) == []


async def test_whoever_had_approved_is_told_of_an_edit(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Their approval counts no more; the note names them."""
    case = await bot.ask("delete_draft")
    card = await bot.card(case.id)
    await decide.vote(bot.desk, case.id, CAROL, Choice.APPROVE, case.sight)
    dan = Person(UserId("U0DAN"), "dan")
    await decide.edit(bot.desk, case.id, dan, {"/amount": "5"}, case.sight)
    assert "dan" in (await said(slack, card, "<@U0CAROL>")).text


async def test_too_few_ask_others_at_once(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Both directors left: support is asked before its time, who left is named, the last step stays."""
    case = await bot.ask()
    card = await bot.card(case.id)
    muster = Muster(bot.desk)
    assert await muster.look(bot.runtime.now()) == 0
    for user in ("U0ALICE", "U0BOB"):
        slack.deactivate(user)
    await bot.eventually(lambda: not bot.desk.directory.roster().asked(case.judgement.ask))
    assert await muster.look(bot.runtime.now()) == 1
    assert await muster.look(bot.runtime.now()) == 0
    after = await bot.case(case.id)
    assert after.escalated == ("support",)
    assert "<@U0CAROL>" in (await said(slack, card, "<@U0DAN>")).text
    await said(slack, card, "alice")
    assert (await ticked(bot, case.id, minutes=241)).case.status is Status.TIMED_OUT


async def test_operators_are_asked_where_nobody_follows(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A quorum of two, and one of two left: told once, however often somebody looks."""
    case = await bot.ask("delete_draft")
    await bot.card(case.id)
    slack.deactivate("U0DAN")
    await bot.eventually(lambda: bool(bot.desk.directory.roster().skipped(case.judgement.ask)))
    for _ in range(2):
        await Muster(bot.desk).look(bot.runtime.now())
    told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
    assert case.id in str(told[0].text) + str(told[0].blocks)
    assert len(slack.direct_messages("U0ADMIN")) == 1


async def test_a_request_that_opens_with_too_few_asks_others_at_once(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Nobody waits for the clock to find that nobody is there."""
    slack.set_usergroup("S0DIRECTORS", [])
    await bot.eventually(lambda: not bot.desk.directory.roster().groups["directors"])  # type: ignore[index]
    assert (await bot.ask()).escalated == ("support",)


async def test_a_group_nobody_knows_asks_nobody_else(bot: RunningDesk) -> None:
    """Slack has not said who is in it yet: that is not the same as empty."""
    text = POLICY.replace("S0DIRECTORS", "S0NEW")
    bot.shelf.current = load(text, "hitl.yml")
    assert bot.desk.directory.roster().as_of == {"directors": None}
    assert (await bot.ask()).escalated == ()

"""`/hitl oncall` and `/hitl away`, and what follows: who may decide, who is told, what the card says."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from approvals.model import Case
from approvals.roster import Person
from approvals.words import Choice, GroupName, Instant, Status, UserId
from blocks import duty as words_of
from blocks.duty import Open, Turns
from blocks.limits import problems_of_message
from blocks.message import Message as Blocks
from bot.desk import decide, duty
from bot.desk.handoffs import Handoffs
from bot.desk.muster import Muster
from bot.runtime import SystemRuntime
from sandbox.server import SlackStandIn
from sandbox.workspace import Message
from store import cards
from tests.bot.slack.test_commands import answered, words
from tests.harness.cases import NOON, a_request, an_open_case
from tests.harness.desk import RunningDesk, running_desk

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TURNS = GroupName("turns")
CAROL, DAN = Person(UserId("U0CAROL"), "carol"), Person(UserId("U0DAN"), "dan")

POLICY = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  turns:
    rotation: {{users: [U0CAROL, U0DAN], every: 1 week, handoff: "{at}", timezone: UTC, start: {start}}}
  later: {{rotation: {{users: [U0CAROL], every: 1d, handoff: "09:00", timezone: UTC, start: 2999-01-01}}}}
  directors: {{usergroup: S0DIRECTORS}}
  support: {{users: [U0ALICE, U0BOB]}}
risk:
  levels: {{medium: [issue_refund], critical: [wipe_disk]}}
default:
  gate: hard
  ask: support
  steps: [{{after: 1h, do: escalate, to: turns}}, {{after: 2d, do: expire}}]
rules:
  - name: turns
    when: "action == 'issue_refund' || action == 'wipe_disk'"
    gate: hard
    ask: turns
    title: "Refund {{{{ payload.amount }}}}"
    steps: [{{after: 1d, do: expire}}]
"""


def the_policy(now: Instant) -> str:
    """Carol is on call since yesterday, for six days more."""
    return POLICY.format(at=f"{now:%H:%M}", start=f"{now - DAY:%Y-%m-%d}")


@pytest.fixture
async def bot(database_url: str, slack: SlackStandIn, now: Instant) -> AsyncIterator[RunningDesk]:
    """A bot whose handoff is in six days."""
    async with running_desk(database_url, slack, the_policy(now)) as running:
        yield running


@pytest.fixture
def now() -> Instant:
    """The desk's clock at the beginning, to the minute."""
    return SystemRuntime().now().replace(second=0, microsecond=0)


def on_call(bot: RunningDesk) -> list[str]:
    """Whoever is asked now."""
    return [each.id for each in bot.desk.directory.roster().asked((TURNS,))]


async def told(slack: SlackStandIn, user: str, containing: str) -> Message:
    """A direct message with these words."""

    def there() -> Message | None:
        found = [each for each in slack.direct_messages(user) if containing in words(each)]
        return found[0] if found else None

    found = await slack.until(there)
    assert found is not None
    return found


def handoffs(bot: RunningDesk) -> Handoffs:
    """A replica's clock."""
    return Handoffs(bot.desk, bot.side.people.reread)


async def voted(bot: RunningDesk, case: Case, by: Person) -> Case:
    """Approve it, if they may."""
    await decide.vote(bot.desk, case.id, by, Choice.APPROVE, (await bot.case(case.id)).sight)
    return await bot.case(case.id)


async def test_it_is_said_who_is_on_call(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Now and next with dates; a gap; whoever keeps a user group; a name that is none."""
    said = words(await answered(slack, "U0BOB", "/hitl oncall"))
    assert "now <@U0CAROL>" in said
    assert "<!date^" in said
    assert "nobody" in said
    assert "S0DIRECTORS" in said
    one = (await answered(slack, "U0BOB", "/hitl oncall `Turns`")).text
    assert "<@U0DAN>" in one
    assert "There is no group `tunrs`" in (await answered(slack, "U0BOB", "/hitl oncall tunrs <!here>")).text


async def test_whoever_is_on_call_hands_over_their_own_shift(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Bob may from the answer on, and Carol no more; it ends with her shift; both are told what is open."""
    case = await bot.ask()
    await bot.stored(lambda unit: (ref := cards.of(unit, case.id)) is not None and ref.permalink)
    said = await answered(slack, "U0CAROL", "/hitl oncall turns <@U0BOB|bob> for 3w")
    assert "your own shift ends" in said.text
    assert on_call(bot) == ["U0BOB"]
    assert (await voted(bot, case, CAROL)).status is Status.PENDING
    new, old = await told(slack, "U0BOB", "You are on call"), await told(slack, "U0CAROL", "is over")
    for each in (new, old):
        assert "1 request is open" in words(each)
        assert "Refund 750" in words(each)
        assert "|Refund 750>" in words(each)
    bot.runtime.ahead += timedelta(days=6, minutes=1)
    assert on_call(bot) == ["U0DAN"]


async def test_a_shift_and_an_absence_end_to_the_second(bot: RunningDesk, now: Instant) -> None:
    """Nobody decides in a shift that is over, however lately it was asked who is who."""
    handoff = now + 6 * DAY
    bot.runtime.ahead += handoff - bot.runtime.now() - timedelta(seconds=5)
    await duty.go_away(bot.desk, CAROL, UserId("U0BOB"), handoff)
    await bot.side.people.reread()
    assert on_call(bot) == ["U0CAROL"]
    assert bot.desk.directory.roster().deputies == {"U0BOB": ("U0CAROL",)}
    bot.runtime.ahead += timedelta(seconds=5)
    assert on_call(bot) == ["U0DAN"]
    assert bot.desk.directory.roster().deputies == {}


async def test_operators_hand_over_and_take_back(bot: RunningDesk, slack: SlackStandIn) -> None:
    """At once, or planned and told at once; others may not, nor take back what is not theirs."""
    assert "not on call" in (await answered(slack, "U0BOB", "/hitl oncall turns U0BOB for 4h")).text
    await answered(slack, "U0ADMIN", "/hitl oncall turns @bob for 4h")
    assert on_call(bot) == ["U0BOB"]
    assert "Others made" in (await answered(slack, "U0DAN", "/hitl oncall turns off")).text
    off = (await answered(slack, "U0BOB", "/hitl oncall turns off")).text
    assert "as the rotation has it again: <@U0CAROL> is on call now" in off
    assert on_call(bot) == ["U0CAROL"]
    assert "Nobody stands in" in (await answered(slack, "U0ADMIN", "/hitl oncall turns off")).text
    await answered(slack, "U0ADMIN", "/hitl oncall turns <@U0ALICE> from tomorrow for 8h")
    assert on_call(bot) == ["U0CAROL"]
    await told(slack, "U0ALICE", "You are on call for turns from")
    await told(slack, "U0CAROL", "instead of you")
    assert "standing in" in words(await answered(slack, "U0BOB", "/hitl oncall turns"))


async def test_whoever_was_told_of_a_plan_is_told_that_it_is_off(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Both of them, with the times they were told; whoever takes it back reads it in the answer."""
    await answered(slack, "U0ADMIN", "/hitl oncall turns <@U0ALICE> from tomorrow for 8h")
    await answered(slack, "U0CAROL", "/hitl oncall turns <@U0BOB> for 2h")
    await told(slack, "U0ALICE", "You are on call for turns from")
    await answered(slack, "U0ADMIN", "/hitl oncall turns off")
    alice = await told(slack, "U0ALICE", "You are not on call for turns from")
    carol = await told(slack, "U0CAROL", "You are on call for turns from")
    assert "after all, <@U0CAROL> is. <@U0ADMIN> took it back" in words(alice)
    assert "after all: <@U0ADMIN> took back the change" in words(carol)
    times = [re.findall(r"<!date\^(\d+)", each.text) for each in slack.direct_messages("U0ALICE")]
    assert times[0] == times[1]
    await told(slack, "U0BOB", "Your shift for turns is over")
    assert not [each for each in slack.direct_messages("U0BOB") if "after all" in each.text]


async def test_who_ends_their_own_is_told_who_is_on_call_now(bot: RunningDesk, slack: SlackStandIn) -> None:
    """What an operator made stands still: nothing is as the rotation has it."""
    await answered(slack, "U0CAROL", "/hitl oncall turns <@U0ALICE> from tomorrow for 8h")
    await answered(slack, "U0ADMIN", "/hitl oncall turns <@U0BOB> for 4h")
    off = words(await answered(slack, "U0CAROL", "/hitl oncall turns off"))
    assert "What others made still stands" in off
    assert "now <@U0BOB>, standing in" in off
    assert "as the rotation" not in off
    assert on_call(bot) == ["U0BOB"]
    await told(slack, "U0ALICE", "You are not on call for turns from")


async def test_a_deputy_is_told_when_it_is_over(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Since whoever was away is back, or since another decides in their place; not of a new date."""
    await answered(slack, "U0CAROL", "/hitl away <@U0BOB> for 3d")
    await answered(slack, "U0CAROL", "/hitl away <@U0BOB> for 4d")
    await answered(slack, "U0CAROL", "/hitl away <@U0ALICE> for 4d")
    bob = await told(slack, "U0BOB", "You no longer decide for them")
    assert "<@U0CAROL> has asked <@U0ALICE> to decide in their place" in words(bob)
    await answered(slack, "U0CAROL", "/hitl away off")
    alice = await told(slack, "U0ALICE", "You no longer decide for them")
    assert "<@U0CAROL> is back" in words(alice)
    assert len([each for each in slack.direct_messages("U0BOB") if "no longer" in each.text]) == 1


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("oncall turns", "now <@U0CAROL>"),
        ("oncall turns @nobody for 4h", "I know nobody who is called @nobody."),
        ("oncall turns for 4h", "Say who"),
        ("oncall turns U0BOB for 0h", "When? “0h” is no time at all; say how long, as in “for 4h”."),
        ("oncall turns U0BOB", "how long"),
        ("oncall turns U0BOB whenever", "no day"),
        ("oncall turns U0STRANGER for 4h", "not an active person"),
        ("oncall support U0BOB for 4h", "do not take turns"),
        ("oncall directors U0BOB for 4h", "kept there"),
        ("away", "You are not away"),
        ("away off", "You are not away"),
        ("away soon", "Say who"),
        ("away UNTIL WEDNESDAY", "Say who"),
        ("away @nobody until fri", "I know nobody who is called @nobody."),
        ("away until fri @nobody", "I know nobody who is called @nobody."),
        ("away me until fri", "cannot stand in for yourself"),
        ("away <@U0BOB|bob>", "When? Say how long, as in “for 4h”, or until when, as in “until fri 18:00”."),
        ("away <@U0BOB|bob> until 12/01/2026", "a time may follow a day"),
        ("away <@U0BOB|bob> until 2001-01-01", "over already"),
        ("away U0STRANGER for 3d", "not an active person"),
    ],
)
async def test_what_cannot_be_is_said(bot: RunningDesk, slack: SlackStandIn, typed: str, says: str) -> None:
    """In one sentence that helps; nothing changes."""
    assert says in words(await answered(slack, "U0ADMIN", f"/hitl {typed}"))
    assert on_call(bot) == ["U0CAROL"]
    assert bot.desk.directory.roster().deputies == {}


async def test_a_deputy_is_in_some_group(bot: RunningDesk, slack: SlackStandIn) -> None:
    """On call or not; whoever is in none decides for nobody, also where they were in one before."""
    assert "in no group" in (await answered(slack, "U0CAROL", "/hitl away U0ADMIN for 3d")).text
    assert "may decide" in (await answered(slack, "U0CAROL", "/hitl away U0BOB for 3d")).text
    assert bot.desk.directory.roster().deputies == {"U0BOB": ("U0CAROL",)}
    groups = {TURNS: bot.shelf.current.groups[TURNS]}
    bot.shelf.current = replace(bot.shelf.current, groups=groups)
    assert bot.desk.directory.roster().deputies == {}


async def test_a_deputy_decides_for_whoever_is_away(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Shown on the card before and after; told; asked no more once Carol is back."""
    said = await answered(slack, "U0CAROL", "/hitl away <@U0BOB|bob> for 3d")
    assert "<@U0BOB> may decide" in said.text
    await told(slack, "U0BOB", "is away until")
    assert "<@U0BOB>" in (await answered(slack, "U0CAROL", "/hitl away")).text
    case = await bot.ask()
    card = await bot.card(case.id)
    assert "(away: bob)" in words(card)
    assert (await slack.click("U0BOB", card.channel, card.ts, "Approve")).acknowledged
    decided = await bot.decided(case.id)
    assert decided.decision is not None
    assert [each.name for each in decided.decision.in_place_of.values()] == ["carol"]
    assert "bob for carol" in (await bot.card(case.id, "Approved")).text
    assert "You are back" in (await answered(slack, "U0CAROL", "/hitl away off")).text
    another = await bot.ask()
    assert (await voted(bot, another, Person(UserId("U0BOB"), "bob"))).status is Status.PENDING


async def test_a_date_is_in_the_persons_own_zone(bot: RunningDesk, slack: SlackStandIn, now: Instant) -> None:
    """Until the end of that day, where Carol lives."""
    day = now + 40 * DAY
    await answered(slack, "U0CAROL", f"/hitl away U0BOB until {day:%Y-%m-%d}")
    zone = ZoneInfo(slack.workspace.users["U0CAROL"].timezone)
    [absence] = bot.side.people.duties.absences
    local = absence.until.astimezone(zone)
    assert (local.date(), local.hour, local.minute) == (day.date() + DAY, 0, 0)


@pytest.mark.parametrize(
    "typed",
    [
        "until {day:%d.%m.%Y} <@U0BOB|bob>",
        "until {day:%d.%m.%Y} @bob",
        "until {day:%d %b %Y} U0BOB",
        "UNTIL {day:%Y-%m-%d} <@U0BOB>",
        "@bob, until {day:%B %d, %Y}",
        "until <@U0BOB|bob> {day:%Y-%m-%d}",
    ],
)
async def test_a_deputy_may_be_named_behind_the_date(
    bot: RunningDesk, slack: SlackStandIn, now: Instant, typed: str
) -> None:
    """In each way to write a day that says but one."""
    day = now + 40 * DAY
    said = await answered(slack, "U0CAROL", f"/hitl away {typed.format(day=day)}")
    assert "<@U0BOB> may decide in your place" in said.text
    [absence] = bot.side.people.duties.absences
    local = absence.until.astimezone(ZoneInfo(slack.workspace.users["U0CAROL"].timezone))
    assert (absence.deputy, local.date(), local.hour) == ("U0BOB", day.date() + DAY, 0)


async def test_a_time_may_follow_the_day(bot: RunningDesk, slack: SlackStandIn, now: Instant) -> None:
    """By the clock where Carol lives."""
    await answered(slack, "U0CAROL", "/hitl away @bob until tomorrow 9am")
    [absence] = bot.side.people.duties.absences
    zone = ZoneInfo(slack.workspace.users["U0CAROL"].timezone)
    local = absence.until.astimezone(zone)
    assert (local.date(), local.hour) == (bot.runtime.now().astimezone(zone).date() + DAY, 9)


async def test_a_handoff_is_announced_once_to_both(bot: RunningDesk, slack: SlackStandIn) -> None:
    """By two replicas, and after weeks of downtime only the last; the riskiest that is open comes first."""
    one, other = handoffs(bot), handoffs(bot)
    assert await one.look(bot.runtime.now()) == 0
    bot.runtime.ahead += timedelta(days=20, minutes=1)
    await bot.ask()
    worst = await bot.ask("wipe_disk")
    await bot.card(worst.id)
    now = bot.runtime.now()
    assert [await one.look(now), await other.look(now), await one.look(now)] == [1, 0, 0]
    new, old = await told(slack, "U0DAN", "You are on call"), await told(slack, "U0CAROL", "is over")
    assert "2 requests are open" in words(new)
    assert words(new).index("🔴") < words(new).index("🟡")
    assert len(slack.direct_messages("U0DAN")) == len(slack.direct_messages("U0CAROL")) == 1
    assert old.channel != new.channel


async def test_the_card_says_who_is_on_call_today(bot: RunningDesk, slack: SlackStandIn) -> None:
    """After the handoff it names the new one, and the old one is refused."""
    case = await bot.ask("issue_refund", metadata={})
    assert "carol" in words(await bot.card(case.id))
    muster = Muster(bot.desk)
    await muster.look(bot.runtime.now())
    await answered(slack, "U0ADMIN", "/hitl oncall turns U0DAN for 4h")
    await muster.look(bot.runtime.now())
    card = await bot.card(case.id)
    found = await slack.until(lambda: card if "turns (dan)" in words(card) else None)
    assert found is not None
    assert (await voted(bot, case, CAROL)).status is Status.PENDING
    assert (await voted(bot, case, DAN)).status is Status.APPROVED


async def test_whoever_is_on_call_when_a_step_fires_is_asked(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A request is opened in Carol's shift and escalated in Dan's: Dan is mentioned and decides."""
    bot.runtime.ahead += timedelta(days=6) - HOUR / 2
    case = await bot.ask("something_else")
    card = await bot.card(case.id)
    assert on_call(bot) == ["U0CAROL"]
    bot.runtime.ahead += HOUR + timedelta(minutes=1)
    await decide.tick(bot.desk, case.id, bot.runtime.now())

    def said() -> Message | None:
        replies = slack.workspace.replies(card.channel, card.ts)
        return next((each for each in replies if "<@U0DAN>" in each.text), None)

    note = await slack.until(said)
    assert note is not None
    assert "<@U0CAROL>" not in note.text
    assert (await voted(bot, case, CAROL)).status is Status.PENDING
    assert (await voted(bot, case, DAN)).status is Status.APPROVED


def test_long_names_and_many_groups_stay_within_slacks_limits() -> None:
    """What policies name and agents write pings nobody, however much there is of it."""
    name = GroupName("<!channel> " * 30)
    turns = [Turns(name, ()) for _ in range(60)]
    case = an_open_case(a_request(), title="<!here> " * 40)
    urgent = [Open(case, "https://slack.example/archives/C1/p1") for _ in range(5)]
    for message in (
        words_of.oncall(turns, NOON),
        words_of.handoff("U1", name, None, "U1", NOON, count=9_999, urgent=urgent),
        words_of.planned("U1", name, "U2", by="U3", starts=NOON, ends=NOON + HOUR),
        words_of.planned_no_more("U1", name, "U2", by="U3", starts=NOON, ends=NOON + HOUR),
        words_of.given_back(turns[0], NOON),
        words_of.no_group("<!channel>" * 50, [name] * 60),
    ):
        assert isinstance(message, Blocks)
        assert problems_of_message(message.as_post()) == []
        assert "<!channel>" not in str(message.blocks) + message.text
        assert "<!here>" not in str(message.blocks)

"""What people read when who may decide has changed: on the card, in the thread, and after a restart."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from approvals.model import Case
from approvals.policy import load
from approvals.roster import Person
from approvals.words import Choice, GroupName, UserId
from bot.desk import decide, duty
from bot.desk.muster import Muster
from sandbox.server import SlackStandIn
from sandbox.words import words_of
from tests.bot.desk.conftest import nothing_left
from tests.harness.desk import RunningDesk, running_desk

HOUR = timedelta(hours=1)
ALICE, BOB = Person(UserId("U0ALICE"), "alice"), Person(UserId("U0BOB"), "bob")
CAROL, DAN = Person(UserId("U0CAROL"), "carol"), Person(UserId("U0DAN"), "dan")
DIRECTORS = GroupName("directors")
PAIRS = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  directors: {usergroup: S0DIRECTORS}
  support: {users: [U0CAROL, U0DAN]}
risk: {levels: {critical: [wipe_disk], low: ["note_*"]}}
rules:
  - {name: pairs, when: "action == 'note_pair'", gate: hard, ask: [directors, support], quorum: 2,
     steps: [{after: 4h, do: expire}]}
  - {name: twos, when: "action == 'note_two'", gate: hard, ask: support, quorum: 2,
     steps: [{after: 4h, do: expire}]}
  - {name: disks, when: "action == 'wipe_disk'", gate: hard, ask: support,
     steps: [{after: 1h, do: escalate, to: directors}, {after: 4h, do: expire}]}
default: {gate: hard, ask: support, steps: [{after: 4h, do: expire}]}
"""


@pytest.fixture
async def bot(database_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot on each database, of which some requests take two."""
    async with running_desk(database_url, slack, PAIRS) as running:
        yield running


async def shown(bot: RunningDesk, case: Case) -> str:
    """All that its card says, once nothing is under way."""
    await nothing_left(bot)
    return words_of((await bot.card(case.id)).blocks)


async def thread(bot: RunningDesk, case: Case) -> list[str]:
    """What stands under its card, once nothing is under way."""
    await nothing_left(bot)
    card = await bot.card(case.id)
    return [each.text for each in bot.slack.thread(card.channel, card.ts)]


async def directors(bot: RunningDesk, *people: Person) -> None:
    """They are in the user group from now on, and the bot has heard of it."""
    bot.slack.set_usergroup("S0DIRECTORS", [each.id for each in people])
    ids = tuple(each.id for each in people)
    await bot.eventually(lambda: bot.desk.directory.roster().groups[DIRECTORS] == ids)


async def approved(bot: RunningDesk, case: Case, by: Person) -> None:
    """One of the two has approved."""
    taken = await decide.vote(bot.desk, case.id, by, Choice.APPROVE, case.sight)
    assert taken.answer.refused is None


async def looked(bot: RunningDesk, muster: Muster | None = None) -> int:
    """The bot looks who is there: as after a start, unless it is told who looked before."""
    return await (muster or Muster(bot.desk)).look(bot.runtime.now())


async def test_a_restart_shows_anew_what_changed_while_the_bot_was_down(bot: RunningDesk) -> None:
    """A member leaves after a vote, an absence ends: cards and counts say so, and are drawn once."""
    await duty.go_away(bot.desk, CAROL, BOB.id, bot.runtime.now() + HOUR)
    await bot.side.people.reread()
    voted, silent, other = [await bot.ask(each) for each in ("note_pair", "note_pair", "note_other")]
    await approved(bot, voted, ALICE)
    assert await looked(bot) == 0
    assert "alice, bob, carol (away: bob)" in await shown(bot, silent)
    assert await looked(bot) == 0
    await nothing_left(bot)
    updates = len(bot.slack.calls("chat.update"))
    await directors(bot, BOB)
    bot.runtime.ahead += HOUR
    assert await looked(bot) == 1
    for case in (voted, silent):
        assert "(bob, carol and dan)" in await shown(bot, case)
    assert "0 of 2 approvals" in await shown(bot, voted)
    assert "(carol and dan)" in await shown(bot, other)
    assert len(bot.slack.calls("chat.update")) - updates == 3
    assert await looked(bot) == 0
    await nothing_left(bot)
    assert len(bot.slack.calls("chat.update")) - updates == 3


async def test_what_changed_and_changed_back_between_two_looks_is_shown(bot: RunningDesk) -> None:
    """An absence begins, the deputy votes, it ends: the card drawn meanwhile does not stay."""
    muster = Muster(bot.desk)
    bot.side.people.on_made = muster.saw
    assert await looked(bot, muster) == 0
    await duty.go_away(bot.desk, DAN, ALICE.id, bot.runtime.now() + HOUR)
    await bot.side.people.reread()
    case, silent = await bot.ask("note_two"), await bot.ask("note_two")
    assert "dan (away: alice)" in await shown(bot, silent)
    await approved(bot, case, ALICE)
    assert "1 of 2 approvals" in await shown(bot, case)
    await duty.come_back(bot.desk, DAN)
    await bot.side.people.reread()
    # What else changes meanwhile takes nothing away from that.
    await directors(bot, BOB)
    assert await looked(bot, muster) == 1
    for each in (case, silent):
        assert "away" not in await shown(bot, each)
        assert "0 of 2 approvals" in await shown(bot, each)


async def test_an_approval_that_counts_no_more_is_said_in_the_thread(bot: RunningDesk) -> None:
    """Once, without a ping; and that it counts again, when it does. The next one knows where it stands."""
    case, muster = await bot.ask("note_pair"), Muster(bot.desk)
    await approved(bot, case, ALICE)
    assert await looked(bot, muster) == 0
    await directors(bot, BOB)
    assert [await looked(bot, muster), await looked(bot, muster), await looked(bot)] == [1, 0, 0]
    [told] = await thread(bot, case)
    assert told.startswith("alice's approval no longer counts: they are not asked any more.")
    assert "has 0 of 2 approvals" in told
    assert "<@" not in told
    await directors(bot, ALICE, BOB)
    assert [await looked(bot, muster), await looked(bot, muster)] == [1, 0]
    assert "alice's approval counts again." in (await thread(bot, case))[-1]
    assert "1 of 2 approvals" in await shown(bot, case)


async def test_an_approval_of_a_deputy_ends_in_the_thread_too(bot: RunningDesk) -> None:
    """The one who stood in is named with whom it was for."""
    muster = Muster(bot.desk)
    await directors(bot, ALICE)
    await duty.go_away(bot.desk, ALICE, CAROL.id, bot.runtime.now() + HOUR)
    await bot.side.people.reread()
    bot.shelf.current = load(PAIRS.replace("[directors, support]", "directors"), "hitl.yml")
    case = await bot.ask("note_pair")
    await approved(bot, case, CAROL)
    await looked(bot, muster)
    bot.runtime.ahead += HOUR
    await looked(bot, muster)
    told = await thread(bot, case)
    assert "carol's approval for alice no longer counts: alice is no longer away." in told[-1]


async def heard(bot: RunningDesk) -> None:
    """Slack tells anew who is in which group."""
    bot.side.people.wake()
    await bot.eventually(lambda: not bot.desk.directory.roster().as_of)


async def escalated(bot: RunningDesk) -> Case:
    """A critical request that directors are asked about as well by now."""
    case = await bot.ask("wipe_disk")
    await bot.card(case.id)
    bot.runtime.ahead += HOUR
    # What Slack said an hour ago is too old to take a group for empty.
    await heard(bot)
    await decide.tick(bot.desk, case.id, bot.runtime.now())
    return case


async def test_an_escalation_that_reaches_nobody_says_so(bot: RunningDesk, slack: SlackStandIn) -> None:
    """On the card, in the thread, and to the operators at once; whoever joins the group then is called."""
    await directors(bot)
    case = await escalated(bot)
    assert "Also asked" in await shown(bot, case)
    assert "nobody is in it now" in await shown(bot, case)
    assert "but nobody is in it now" in (await thread(bot, case))[-1]
    [told] = slack.direct_messages("U0ADMIN")
    assert case.id in told.text
    assert "directors" in told.text
    muster = Muster(bot.desk)
    assert await looked(bot, muster) == 0
    await directors(bot, BOB)
    assert [await looked(bot, muster), await looked(bot, muster)] == [1, 0]
    assert (await thread(bot, case))[-1].startswith("<@U0BOB>, you are asked as well")
    assert "nobody is in it" not in await shown(bot, case)
    assert "Critical: you are asked as well" in slack.direct_messages("U0BOB")[-1].text
    assert len(slack.direct_messages("U0ADMIN")) == 1


async def test_each_critical_request_that_reaches_nobody_is_told(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The second of a day as well: it may be all that anybody hears of it."""
    await directors(bot)
    first, second = await escalated(bot), await escalated(bot)
    await nothing_left(bot)
    told = slack.direct_messages("U0ADMIN")
    assert [first.id in told[0].text, second.id in told[1].text] == [True, True]


async def test_a_group_that_the_policy_has_no_longer_reaches_nobody(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """It was renamed while the request waited: operators hear what to put back."""
    case = await bot.ask("wipe_disk")
    await bot.card(case.id)
    bot.shelf.current = load(PAIRS.replace("directors", "managers"), "hitl.yml")
    bot.runtime.ahead += HOUR
    await decide.tick(bot.desk, case.id, bot.runtime.now())
    await nothing_left(bot)
    assert "hitl.yml has no group directors any more" in words_of(slack.direct_messages("U0ADMIN")[0].blocks)


async def test_a_silence_of_slack_is_not_taken_for_an_empty_group(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """A day without a word: nobody is said to be gone, and the note that waits calls nobody a second time."""
    bot.shelf.current = load(PAIRS.replace("1h", "25h").replace("4h", "90h"), "hitl.yml")
    await directors(bot, ALICE, BOB)
    pair, disk, muster = await bot.ask("note_pair"), await bot.ask("wipe_disk"), Muster(bot.desk)
    await approved(bot, pair, ALICE)
    await bot.card(disk.id)
    assert await looked(bot, muster) == 0
    await nothing_left(bot)
    bot.runtime.ahead += 26 * HOUR
    slack.faults.rate_limit("chat.postMessage", retry_after=1)
    await decide.tick(bot.desk, disk.id, bot.runtime.now())
    await looked(bot, muster)
    await heard(bot)
    await looked(bot, muster)
    said = await thread(bot, disk)
    assert [sum(f"<@{each.id}>" in told for told in said) for each in (ALICE, BOB)] == [1, 1]
    assert "nobody is in it" not in "".join([*said, await shown(bot, disk)])
    assert await thread(bot, pair) == []
    assert not any("reached nobody" in each.text for each in slack.direct_messages("U0ADMIN"))

"""`/hitl stats` and the gate review's post: what people are told, and what its buttons do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from approvals import policy
from approvals.gate_advice import QUIET_FOR, Advice
from approvals.words import Choice, Status
from blocks.limits import problems_of_message, problems_of_view
from bot.desk import decide, reviewing
from bot.slack.stats import whole_second
from sandbox.server import SlackStandIn
from sandbox.workspace import Message
from scheduler.reviews import Reviews
from store import muted
from tests.bot.slack.test_commands import answered, words
from tests.harness.cases import ALICE
from tests.harness.desk import POLICY, RunningDesk, running_desk

REVIEW = POLICY + 'review: {cron: "0 9 * * mon", channel: C0OPS, timezone: Europe/Berlin}\n'
WEEK, DAY = timedelta(days=7), timedelta(days=1)


async def decided(bot: RunningDesk, many: int, action: str = "issue_refund") -> None:
    """So many refunds that Alice approved as asked, each once its card was up."""
    for _ in range(many):
        case = await bot.ask(action)
        await bot.card(case.id)
        await decide.vote(bot.desk, case.id, ALICE, Choice.APPROVE, case.sight)


async def edited(bot: RunningDesk, many: int) -> None:
    """So many refunds of which Alice changed the amount."""
    for _ in range(many):
        case = await bot.ask()
        values: Mapping[str, Any] = {"/amount": "500"}
        told = await decide.edit(bot.desk, case.id, ALICE, values, case.sight)
        assert told.case.status is Status.MODIFIED, told


def posts(slack: SlackStandIn) -> list[Message]:
    """The gate reviews in the channel of the operators."""
    return [each for each in slack.messages("C0OPS") if "Gate review" in each.text]


async def test_whoever_is_in_a_group_may_ask_how_the_desk_is_doing(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """By rule and by agent, within Slack's limits; before anything was decided that is said."""
    assert "Nothing was decided" in (await answered(slack, "U0CAROL", "/hitl stats")).text
    await decided(bot, 2)
    told = await answered(slack, "U0CAROL", "/hitl stats 30d")
    assert "2 requests ended" in told.text
    figures = ("*refunds* 2 requests: 2 approved as asked", "pings a day for each approver", "100%")
    for part in ("*billing-agent*", *figures):
        assert part in words(told)
    assert problems_of_message({"text": told.text, "blocks": told.blocks}) == []


@pytest.mark.parametrize("typed", ["7d", "30d", "1 week", "30", "--days 30", "`7d`", "2h"])
async def test_how_far_back_is_typed_as_people_do(bot: RunningDesk, slack: SlackStandIn, typed: str) -> None:
    """Durations, a bare number, the command line's own spelling."""
    assert "Nothing was decided" in (await answered(slack, "U0CAROL", f"/hitl stats {typed}")).text


@pytest.mark.parametrize("typed", ["soon", "0d", "-7d", "400d", "<!channel>", "99999999999999d"])
async def test_what_is_no_time_is_told_so(bot: RunningDesk, slack: SlackStandIn, typed: str) -> None:
    """With what would be right, and pinging nobody."""
    told = await answered(slack, "U0CAROL", f"/hitl stats {typed}")
    assert "/hitl stats 7d" in told.text
    assert "<!channel>" not in words(told)


async def test_a_suggestion_names_the_fields_and_shows_its_requests(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Whose requests are changed where; *Show the requests* lists each with its card."""
    await edited(bot, 5)
    told = await answered(slack, "U0ALICE", "/hitl stats")
    assert "5 of 5 were changed before they were approved (over 30%)" in words(told)
    assert "`/amount` of billing-agent (5 times)" in words(told)
    assert (await slack.click("U0ALICE", told.channel, told.ts, "Show the requests")).acknowledged
    view = await slack.view_of("U0ALICE", "Requests")
    listed = str(view.payload["blocks"])
    assert listed.count("approved with changes <!date") == 5
    assert problems_of_view(view.payload) == []


async def test_not_now_is_quiet_for_that_rule_and_suggestion_for_its_time(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """For everybody; that something is quiet is said; afterwards it is told again."""
    await edited(bot, 5)
    told = await answered(slack, "U0ALICE", "/hitl stats")
    assert (await slack.click("U0ALICE", told.channel, told.ts, "Not now")).acknowledged
    assert "stays quiet until" in (await slack.ephemeral_to("U0ALICE", "stays quiet")).text
    now = bot.runtime.now()
    assert await bot.store.read(lambda u: muted.muted(u, now)) == {("refunds", Advice.MODIFIED)}
    again = words(await answered(slack, "U0BOB", "/hitl stats"))
    assert "were changed before" not in again
    assert "1 suggestion is quiet" in again
    bot.runtime.ahead = QUIET_FOR
    assert "were changed before" in words(await answered(slack, "U0CAROL", "/hitl stats 60d"))


async def test_strangers_hear_nothing_of_how_the_desk_is_doing(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Neither figures nor titles; whoever left the groups since can no longer use what they were told."""
    await edited(bot, 5)
    told = await answered(slack, "U0GUEST", "/hitl stats")
    assert "is for those who are asked" in told.text
    assert "refund" not in words(told).casefold()
    theirs = await answered(slack, "U0CAROL", "/hitl stats")
    bot.shelf.current = policy.load(POLICY.replace("[U0CAROL, U0DAN]", "[U0DAN]"), "hitl.yml")
    await bot.side.people.refresh(bot.runtime.now())
    await slack.click("U0CAROL", theirs.channel, theirs.ts, "Show the requests")
    await slack.ephemeral_to("U0CAROL", "is for those who are asked")
    assert not slack.views("U0CAROL")


async def test_a_colleague_of_another_group_sees_figures_and_no_requests(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """How many there are is said, no title, id or link; nor is it theirs to mute. An operator may do both."""
    await edited(bot, 5)
    told = await answered(slack, "U0CAROL", "/hitl stats")
    await slack.click("U0CAROL", told.channel, told.ts, "Show the requests")
    await slack.view_of("U0CAROL", "Requests")
    await slack.until(lambda: "5 requests are not listed" in str(slack.views("U0CAROL")[-1].payload))
    assert "req_" not in str(slack.views("U0CAROL")[-1].payload["blocks"])
    await slack.click("U0CAROL", told.channel, told.ts, "Not now")
    await slack.ephemeral_to("U0CAROL", "Nothing was changed")
    theirs = await answered(slack, "U0ADMIN", "/hitl stats")
    await slack.click("U0ADMIN", theirs.channel, theirs.ts, "Show the requests")
    await slack.until(lambda: "req_" in str(slack.views("U0ADMIN")[-1:]))
    await slack.click("U0ADMIN", theirs.channel, theirs.ts, "Not now")
    await slack.ephemeral_to("U0ADMIN", "stays quiet")


async def test_many_rules_are_paged(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Each page within Slack's limits, one in place of the other, nothing on two of them."""
    rules = "".join(
        f"""
  - name: rule-{number:02}-{"x" * 60}
    when: "action == 'note_{number}'"
    gate: auto
    ask: directors
    steps: [{{after: 4h, do: expire}}]"""
        for number in range(40)
    )
    text = POLICY.replace("rules:\n", f"rules:{rules}\n", 1)
    bot.shelf.current = policy.load(text, "hitl.yml")
    for number in range(40):
        await bot.ask(f"note_{number}")
    told = await answered(slack, "U0CAROL", "/hitl stats")
    first = words(told)
    assert "Page 1 of " in first
    assert (await slack.click("U0CAROL", told.channel, told.ts, "More")).acknowledged
    await slack.until(lambda: "Page 2 of " in words(told))
    names = [f"rule-{number:02}" for number in range(40)]
    assert {name for name in names if name in first} & {
        name for name in names if name in words(told)
    } == set()
    assert problems_of_message({"text": told.text, "blocks": told.blocks}) == []


async def test_figures_that_take_long_come_after_the_answer(
    sqlite_url: str, slack: SlackStandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack is answered in time; the figures take the place of that answer."""
    monkeypatch.setattr("bot.slack.stats._AT_ONCE", 0.0)
    async with running_desk(sqlite_url, slack):
        told = await answered(slack, "U0CAROL", "/hitl stats")
        assert "Counting" in told.text
        found = await slack.ephemeral_to("U0CAROL", "Nothing was decided")
        assert found.only_for == "U0CAROL"


async def test_the_review_is_posted_once_across_restarts_and_replicas(
    sqlite_url: str, slack: SlackStandIn
) -> None:
    """New to the policy it begins with its next time; missed while down it is posted on start, once."""
    async with running_desk(sqlite_url, slack, REVIEW) as bot:
        setting = bot.shelf.current.review
        await edited(bot, 5)
        start = bot.runtime.now()
        one = Reviews(bot.store, lambda: setting)
        assert not await one.run_once(start)
        following = one.next_at(start)
        assert following is not None
        assert not await one.run_once(following - timedelta(seconds=1))
    async with running_desk(sqlite_url, slack, REVIEW) as bot:
        setting = bot.shelf.current.review
        late = following + 2 * WEEK + timedelta(hours=5)
        bot.runtime.ahead = late - start
        replicas = [Reviews(bot.store, lambda: setting) for _ in range(3)]
        assert sorted(await asyncio.gather(*(each.run_once(late) for each in replicas))) == [
            False,
            False,
            True,
        ]
        await slack.until(lambda: posts(slack))
    async with running_desk(sqlite_url, slack, REVIEW) as bot:
        setting = bot.shelf.current.review
        bot.runtime.ahead = late + WEEK - start
        assert not await Reviews(bot.store, lambda: setting).run_once(late + timedelta(minutes=1))
        assert await Reviews(bot.store, lambda: setting).run_once(late + WEEK)
        await slack.until(lambda: len(posts(slack)) == 2)


async def test_a_changed_cron_makes_up_for_nothing(sqlite_url: str, slack: SlackStandIn) -> None:
    """What the new expression would have rung before was never promised; no review at all rings never."""
    async with running_desk(sqlite_url, slack, REVIEW) as bot:
        setting = bot.shelf.current.review
        other = policy.load(REVIEW.replace("* * mon", "* * wed"), "hitl.yml").review
        now = bot.runtime.now()
        await Reviews(bot.store, lambda: setting).run_once(now)
        assert not await Reviews(bot.store, lambda: other).run_once(now + 2 * WEEK)
        assert await Reviews(bot.store, lambda: other).run_once(now + 3 * WEEK)
        assert not await Reviews(bot.store, lambda: None).run_once(now + 9 * WEEK)
        assert Reviews(bot.store, lambda: None).next_at(now) is None


async def test_the_post_has_its_suggestions_with_buttons(sqlite_url: str, slack: SlackStandIn) -> None:
    """In its own channel, within Slack's limits; the buttons do there what they do elsewhere."""
    async with running_desk(sqlite_url, slack, REVIEW) as bot:
        await edited(bot, 5)
        setting = bot.shelf.current.review
        reviews = Reviews(bot.store, lambda: setting)
        start = bot.runtime.now()
        await reviews.run_once(start)
        at = reviews.next_at(start)
        assert at is not None
        bot.runtime.ahead = at - start
        assert await reviews.run_once(at)
        post = await slack.until(lambda: next(iter(slack.messages("C0OPS")), None))
        assert post is not None
        assert "5 requests ended" in post.text
        assert "`/amount` of billing-agent" in words(post)
        assert problems_of_message({"text": post.text, "blocks": post.blocks}) == []
        assert (await slack.click("U0ADMIN", "C0OPS", post.ts, "Show the requests")).acknowledged
        view = await slack.view_of("U0ADMIN", "Requests")
        assert str(view.payload["blocks"]).count("approved with changes <!date") == 5
        assert (await slack.click("U0ADMIN", "C0OPS", post.ts, "Not now")).acknowledged
        assert "stays quiet" in (await slack.ephemeral_to("U0ADMIN", "stays quiet")).text


async def test_the_list_of_requests_is_paged(bot: RunningDesk) -> None:
    """What is beyond the page is asked for by its place; of each request its title and its card are known."""
    await edited(bot, 5)
    until = whole_second(bot.runtime.now())
    seen = []
    for start, more_ in ((0, True), (2, True), (4, False)):
        listed = await reviewing.about(
            bot.desk, ALICE.id, ("refunds", Advice.MODIFIED), until - DAY, until, start=start, most=2
        )
        assert (listed.more, listed.hidden) == (more_, 0)
        seen += [line.record.id for line in listed.lines]
        assert all(line.title.startswith("Refund 500 EUR") for line in listed.lines)
    assert len(set(seen)) == len(seen) == 5

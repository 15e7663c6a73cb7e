"""What went wrong for others, one by one, as somebody in Slack or an agent would meet it.

docs/pitfalls.md lists all of them, with the tests that hold each; the last test here holds that list.
"""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import aiohttp

from approvals.words import Status, Via
from blocks.for_agents import message_for_agent
from bot.desk import decide
from sandbox.server import SlackStandIn
from sandbox.words import clickables, words_of_message
from sandbox.workspace import Message
from store.sqlite import SqliteLine
from tests.harness.desk import POLICY, RunningDesk, running_desk
from tests.stories.slack_at_its_worst.conftest import TWO_CHANNELS, nothing_waits

ROOT = Path(__file__).parents[3]
#: Lines of the table in docs/pitfalls.md: number, what it was, the tests that hold it.
_LINE = re.compile(r"^\| (\d+) \| (.+?) \| (.+?) \|$", re.MULTILINE)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`")
DECIDING = {"Approve", "Edit", "Reject"}


def _buttons(message: Message, user: str = "U0ALICE") -> set[str]:
    return {each.words for each in clickables(message.all_blocks(), user) if each.words}


async def test_pitfall_1_a_click_is_acknowledged_whatever_slack_does(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """Every call to Slack hangs: the vote is acknowledged in time, and landed; nobody is told otherwise."""
    case = await bot.ask()
    card = await bot.card(case.id)
    slack.faults.hold(times=None)
    answer = await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    assert (answer.error, (answer.took or 9) < 1.0) == (None, True)
    assert (await bot.case(case.id)).status is Status.APPROVED
    slack.faults.clear()
    await bot.card(case.id, "pproved")
    await nothing_waits(bot)
    assert not slack.ephemerals("U0ALICE")


async def test_pitfall_1_what_was_said_not_to_be_saved_and_landed_is_put_right(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The disk hangs in the commit: told in time that it failed, and told again when it did not."""
    case = await bot.ask("pair_payout")
    card = await bot.card(case.id)
    await nothing_waits(bot)
    hung = threading.Event()
    # The one thread that waits for the disk: nothing from outside makes SQLite's commit itself slow.
    cast(SqliteLine, bot.store._line)._disk.submit(hung.wait)
    answer = await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    assert answer.acknowledged
    await slack.ephemeral_to("U0ALICE", "could not be saved")
    hung.set()
    await slack.ephemeral_to("U0ALICE", "saved after all")
    assert [vote.by.id for vote in (await bot.case(case.id)).votes] == ["U0ALICE"]


async def test_pitfall_6_refusals_are_told_and_buttons_outlive_a_restart(
    sqlite_url: str, slack: SlackStandIn
) -> None:
    """A card from before the restart: whoever may not decide is told who may, and whoever may decides."""
    async with running_desk(sqlite_url, slack) as bot:
        case = await bot.ask()
        card = await bot.card(case.id)
    async with running_desk(sqlite_url, slack) as bot:
        await slack.click("U0CAROL", card.channel, card.ts, "Approve")
        assert "it is for directors" in (await slack.ephemeral_to("U0CAROL", "not asked")).text
        await slack.click("U0ALICE", card.channel, card.ts, "Approve")
        assert (await bot.case(case.id)).status is Status.APPROVED


async def test_pitfall_7_an_expired_card_does_not_look_alive(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Its buttons go and it says what happened; whoever clicks on an old screen is told the same."""
    case = await bot.ask()
    card = await bot.card(case.id)
    old = [dict(block) for block in card.blocks]
    bot.runtime.ahead += timedelta(hours=4, seconds=1)
    await decide.tick(bot.desk, case.id, bot.runtime.now())
    await bot.card(case.id, "xpired")
    assert not _buttons(card) & DECIDING
    slack.workspace.change(card, blocks=old)
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    await slack.ephemeral_to("U0ALICE", "Too late: it expired")
    await slack.until(lambda: not _buttons(card) & DECIDING)


async def test_pitfall_18_a_card_in_a_direct_message_is_updated(sqlite_url: str, slack: SlackStandIn) -> None:
    """The channel that Slack answered is kept, not the person who was written to."""
    for channel in ("C0APPROVALS", "C0REFUNDS"):
        slack.workspace.archive(channel)
    async with running_desk(sqlite_url, slack, TWO_CHANNELS) as bot:
        case = await bot.ask("pair_payout")
        card = await bot.card(case.id)
        ref = await bot.ref(case.id)
        assert ref is not None
        assert (ref.channel, ref.channel[0]) == (card.channel, "G")
        for user in ("U0ALICE", "U0BOB"):
            await slack.click(user, card.channel, card.ts, "Approve")
        await bot.card(case.id, "pproved")
        assert not _buttons(card) & DECIDING


async def test_pitfall_21_an_agents_words_are_no_markup(bot: RunningDesk, slack: SlackStandIn) -> None:
    """They ping nobody, link nowhere under another name, close no quotation: not in blocks, not in text."""
    bad = "<!channel> <@U0ADMIN> <https://evil.example|the bank> ```*x*``` `y` &lt;!here&gt;"
    payload = {"amount": 1, "currency": bad, "customer": bad}
    case = await bot.ask(payload=payload, reasoning=bad, title=bad)
    card = await bot.card(case.id)
    markup = [each["text"] for each in _mrkdwn(card.blocks)] + [card.text]
    assert markup
    for text in markup:
        assert not re.search(r"<!channel>|<@U0ADMIN>|<https://evil|```", text), text
    assert "U0ADMIN" not in re.findall(r"'user_id': '(\w+)'", str(card.blocks))


def _mrkdwn(blocks: object) -> Iterator[dict[str, str]]:
    if isinstance(blocks, dict):
        if blocks.get("type") == "mrkdwn":
            yield blocks
        for each in blocks.values():
            yield from _mrkdwn(each)
    elif isinstance(blocks, list):
        for each in blocks:
            yield from _mrkdwn(each)


async def test_pitfall_23_nobody_answering_is_nobodys_refusal(bot: RunningDesk) -> None:
    """Silence ends it as `timed_out`, by the clock, with no person's name on it."""
    case = await bot.ask()
    bot.runtime.ahead += timedelta(hours=4, seconds=1)
    await decide.tick(bot.desk, case.id, bot.runtime.now())
    ended = await bot.case(case.id)
    assert ended.status is Status.TIMED_OUT
    assert ended.decision is not None
    assert (ended.decision.via, ended.decision.by) == (Via.TIMEOUT, ())


async def test_pitfall_25_what_was_said_with_an_approval_reaches_the_model(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """`@hitl approve why` in the card's thread: the why is in the sentence for the agent's model."""
    case = await bot.ask()
    card = await bot.card(case.id)
    slack.mention("U0ALICE", card.channel, "approve but only this once", thread_ts=card.ts)
    decided = await bot.decided(case.id)
    assert decided.status is Status.APPROVED
    assert "only this once" in message_for_agent(decided)


async def test_pitfall_26_no_address_decides(bot: RunningDesk, slack: SlackStandIn) -> None:
    """No button of a card is a link, and a mail scanner that follows every link finds nothing but 405."""
    case = await bot.ask()
    card = await bot.card(case.id)
    elements = [element for block in card.blocks for element in block.get("elements", ()) if element]
    assert [each["action_id"] for each in elements if each.get("type") == "button"]
    assert not [each for each in elements if each.get("url")]
    async with aiohttp.ClientSession() as scanner, scanner.get(str(slack.app.request_url)) as answer:
        assert answer.status == 405
    assert (await bot.case(case.id)).status is Status.PENDING


async def test_pitfall_29_one_missing_person_costs_the_others_nothing(
    sqlite_url: str, slack: SlackStandIn
) -> None:
    """An id in the policy that Slack does not know, and no channel: the card reaches those who are there."""
    slack.workspace.archive("C0APPROVALS")
    slack.faults.refuse("users_not_found", "conversations.open")
    policy = POLICY.replace("users: [U0CAROL, U0DAN]", "users: [U0NOBODY, U0CAROL, U0DAN]")
    async with running_desk(sqlite_url, slack, policy) as bot:
        case, sibling = await bot.ask("tidy_up"), await bot.ask("tidy_up")
        card = await bot.card(case.id)
        assert "U0NOBODY" in words_of_message(card), "the card says who is left out"
        await slack.click("U0CAROL", card.channel, card.ts, "Reject")
        await slack.view_of("U0CAROL", "Reject")
        await slack.submit("U0CAROL", {"reason": "not now"})
        assert (await bot.case(case.id)).status is Status.REJECTED
        assert (await bot.case(sibling.id)).status is Status.PENDING, "one refusal ends one request"


def test_every_pitfall_is_held_by_tests_that_exist() -> None:
    """docs/pitfalls.md has each number from 1 to 29 once, with a test or more, under the names they have."""
    lines = _LINE.findall((ROOT / "docs" / "pitfalls.md").read_text(encoding="utf-8"))
    assert [int(number) for number, _, _ in lines] == list(range(1, 30))
    missing = []
    for number, _, tests in lines:
        named = _TEST.findall(tests)
        assert named, f"pitfall {number} is held by nothing"
        missing += [f"{number}: {file}::{test}" for file, test in named if test not in _tests_of(ROOT / file)]
    assert not missing, "\n".join(missing)


def _tests_of(file: Path) -> set[str]:
    if not file.exists():
        return set()
    parts = ast.parse(file.read_text(encoding="utf-8")).body
    return {each.name for each in parts if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}

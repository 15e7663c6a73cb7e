"""Every click is answered in time and truthfully, whatever Slack or the database do."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from typing import cast
from urllib.parse import urlsplit

import aiohttp
import pytest

from approvals.policy import Policy
from approvals.roster import Person
from approvals.words import Status, UserId
from sandbox.delivery import Manner
from sandbox.server import SlackStandIn
from tests.harness.desk import RunningDesk


async def test_a_click_is_answered_within_a_second_while_slack_is_slow(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """No answer waits for Slack: not a vote's, not that of a button that opens a modal."""
    case = await bot.ask()
    card = await bot.card(case.id)
    slack.faults.slow(2.0, "*", times=None)
    edit = await slack.click("U0ALICE", card.channel, card.ts, "Edit")
    vote = await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    assert edit.acknowledged
    assert vote.acknowledged
    assert max(edit.took or 9, vote.took or 9) < 1.0
    assert (await bot.case(case.id)).status is Status.APPROVED
    slack.faults.clear()


async def test_a_click_before_the_cards_place_is_known_waits_for_it(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """The card is in Slack, the answer to its post is not here yet: the click counts as soon as it is."""
    hold = slack.faults.hold("chat.postMessage", after_effect=True)
    case = await bot.ask()
    await hold.reached()
    [card] = bot.cards_in()
    click = asyncio.create_task(slack.click("U0ALICE", card.channel, card.ts, "Approve"))
    await asyncio.sleep(0)
    hold.release()
    assert (await click).acknowledged
    assert (await bot.case(case.id)).status is Status.APPROVED


async def test_a_click_on_a_card_that_is_not_known_is_told_to_wait(
    bot: RunningDesk, slack: SlackStandIn
) -> None:
    """When its place stays unknown, the person is told to try again; nothing is decided."""
    hold = slack.faults.hold("chat.postMessage", after_effect=True)
    case = await bot.ask()
    await hold.reached()
    [card] = bot.cards_in()
    answer = await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    assert answer.acknowledged
    assert (answer.took or 9) < 1.0
    await slack.ephemeral_to("U0ALICE", "still being put up")
    hold.release()
    assert (await bot.case(case.id)).status is Status.PENDING


async def test_an_expired_trigger_is_told(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A modal that Slack would not open any more: click again."""
    case = await bot.ask()
    card = await bot.card(case.id)
    await slack.click("U0ALICE", card.channel, card.ts, "Edit", manner=Manner(expired_trigger=True))
    await slack.ephemeral_to("U0ALICE", "click again")
    await slack.click("U0ALICE", card.channel, card.ts, "Edit")
    await slack.view_of("U0ALICE", "Edit")


async def test_a_decided_card_opens_no_form(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A button that was clicked on an old screen says by whom it is decided."""
    case = await bot.ask()
    card = await bot.card(case.id)
    old = [dict(block) for block in card.blocks]
    await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    card = await bot.card(case.id, "pproved")
    slack.workspace.change(card, blocks=old)
    await slack.click("U0BOB", card.channel, card.ts, "Edit")
    assert "alice" in (await slack.ephemeral_to("U0BOB", "Too late")).text
    assert not slack.calls("views.open")


@pytest.mark.parametrize(
    "manner",
    [Manner(wrong_signature=True), Manner(age=302), Manner(age=-302)],
    ids=["wrong", "old", "from the future"],
)
async def test_a_post_that_slack_did_not_sign_just_now_is_refused(
    bot: RunningDesk, slack: SlackStandIn, manner: Manner
) -> None:
    """401, and nothing of it is stored."""
    case = await bot.ask()
    card = await bot.card(case.id)
    answer = await slack.click("U0ALICE", card.channel, card.ts, "Approve", manner=manner)
    assert (answer.acknowledged, answer.status) == (False, 401)
    assert await bot.story(case.id) == ["request.opened"]


@pytest.mark.parametrize(
    ("body", "timestamp", "signature"),
    [
        (b"payload={}", None, None),
        (b"payload={}", "soon", "v0=00"),
        (b"payload={}", "now", "v0=\u00fc"),
        (b"\xff\xfe", "now", "v0=00"),
    ],
    ids=["unsigned", "no time", "no ASCII", "no UTF-8"],
)
async def test_a_strangers_post_is_refused_before_it_is_read(
    bot: RunningDesk,
    slack: SlackStandIn,
    caplog: pytest.LogCaptureFixture,
    body: bytes,
    timestamp: str | None,
    signature: str | None,
) -> None:
    """Whatever is in it: 401, and no word of it in the log."""
    headers = {}
    if timestamp is not None:
        now = str(int(bot.runtime.now().timestamp()))
        headers["X-Slack-Request-Timestamp"] = now if timestamp == "now" else timestamp
    if signature is not None:
        headers["X-Slack-Signature"] = signature
    with caplog.at_level(logging.DEBUG):
        async with (
            aiohttp.ClientSession() as session,
            session.post(str(slack.app.request_url), data=body, headers=headers) as answer,
        ):
            assert answer.status == 401
    assert "payload=" not in caplog.text


async def test_slacks_endpoint_serves_nothing_else(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Nothing of the agents' endpoint is there, nor anything else."""
    base = str(slack.app.request_url)
    root = base.removesuffix(urlsplit(base).path)
    async with aiohttp.ClientSession() as session:
        for path in ("/v1/requests", "/healthz", "/metrics", "/", "/slack"):
            async with session.get(root + path) as answer:
                assert answer.status == 404
        async with session.get(base) as answer:
            assert answer.status == 405


async def test_slack_may_verify_the_address(bot: RunningDesk, slack: SlackStandIn) -> None:
    """The challenge comes back."""
    assert await slack.verify_url()


async def test_a_database_that_is_away_is_told(
    bot: RunningDesk, slack: SlackStandIn, sqlite_url: str
) -> None:
    """While somebody else holds the database, a click is answered in time: not saved, try again."""
    case = await bot.ask()
    card = await bot.card(case.id)
    await slack.click("U0BOB", card.channel, card.ts, "Reject")
    await slack.view_of("U0BOB", "Reject")
    holder = sqlite3.connect(sqlite_url.removeprefix("sqlite+aiosqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        answer, submitted = await asyncio.gather(
            slack.click("U0ALICE", card.channel, card.ts, "Approve"),
            slack.submit("U0BOB", {"reason": "no receipt"}),
        )
        assert answer.acknowledged
        await slack.ephemeral_to("U0ALICE", "could not be saved")
        assert "could not be saved" in submitted.errors["reason"]
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert (await bot.case(case.id)).status is Status.PENDING
    assert (await slack.submit("U0BOB", {"reason": "no receipt"})).view is None
    assert (await bot.case(case.id)).status is Status.REJECTED


async def test_a_bug_is_told_with_an_incident(
    bot: RunningDesk, slack: SlackStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever clicked gets the number that stands in the log, and no detail."""
    case = await bot.ask()
    card = await bot.card(case.id)
    good, bot.shelf.current = bot.shelf.current, cast(Policy, object())  # what no program should see
    answer = await slack.click("U0ALICE", card.channel, card.ts, "Approve")
    bot.shelf.current = good
    assert answer.acknowledged
    told = await slack.ephemeral_to("U0ALICE", "inc_")
    [incident] = re.findall(r"inc_[\w-]+", told.text)
    assert f"incident {incident}" in caplog.text
    assert "AttributeError" not in told.text


async def test_an_answer_slack_slows_down_comes_later(bot: RunningDesk, slack: SlackStandIn) -> None:
    """A response address that ran out gives way to an ephemeral message, and 429 to a later try."""
    case = await bot.ask()
    card = await bot.card(case.id)
    slack.site.times = type(slack.site.times)(response_url=-1.0)
    slack.answers.site = slack.site
    slack.faults.rate_limit("chat.postEphemeral", retry_after=1)
    await slack.click("U0CAROL", card.channel, card.ts, "Approve")
    told = await slack.ephemeral_to("U0CAROL", "not asked")
    assert told.channel == card.channel


async def test_the_log_holds_no_payload(
    bot: RunningDesk, slack: SlackStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """Not at the level at which libraries print what they send, and no secret either."""
    with caplog.at_level(logging.DEBUG):
        case = await bot.ask(payload={"amount": 1, "currency": "EUR", "customer": "Zanzibar GmbH"})
        card = await bot.card(case.id)
        await slack.click("U0CAROL", card.channel, card.ts, "Approve")
        await slack.ephemeral_to("U0CAROL", "not asked")
        await slack.click("U0ALICE", card.channel, card.ts, "Approve")
        await bot.card(case.id, "pproved")
    ours = [
        record for record in caplog.records if record.name.startswith(("bot", "hitl", "slack", "scheduler"))
    ]
    text = "\n".join(record.getMessage() for record in ours)
    assert "Zanzibar" not in text
    assert slack.bot_token not in text
    assert slack.signing_secret not in text


async def test_hitl_says_what_works(either_bot: RunningDesk, slack: SlackStandIn) -> None:
    """The command is answered by whatever way payloads come."""
    answer = await slack.command("U0CAROL", "/hitl help", channel="C0APPROVALS")
    assert answer.acknowledged
    assert "decides with its buttons" in (await slack.ephemeral_to("U0CAROL")).text


async def test_a_mention_says_what_works(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Only whoever mentioned the bot sees it."""
    slack.mention("U0CAROL", "C0APPROVALS", "what can you do?")
    assert "decides with its buttons" in (await slack.ephemeral_to("U0CAROL")).text


async def test_the_home_tab_is_drawn(bot: RunningDesk, slack: SlackStandIn) -> None:
    """Whoever looks sees words, not an empty page."""
    slack.open_home("U0CAROL")
    home = await slack.until(lambda: slack.home("U0CAROL"))
    assert home is not None
    assert "decides with its buttons" in str(home.blocks)


async def test_a_reply_under_a_card_is_kept_once(bot: RunningDesk, slack: SlackStandIn) -> None:
    """What people write in its thread belongs to the request, by their names; other words do not."""
    case = await bot.ask()
    card = await bot.card(case.id)
    slack.say("U0GUEST", card.channel, "Is there a receipt?", thread_ts=card.ts)
    slack.say("U0CAROL", card.channel, "Lunch?")
    slack.mention("U0CAROL", card.channel, "approve", thread_ts=card.ts)
    await slack.courier.idle()
    event = next(
        each.payload for each in slack.deliveries() if "receipt" in str(each.payload.get("event", {}))
    )
    await slack.courier.carry("events_api", event)
    [comment] = (await bot.case(case.id)).comments
    assert (comment.by, comment.text) == (Person(UserId("U0GUEST"), "gus"), "Is there a receipt?")

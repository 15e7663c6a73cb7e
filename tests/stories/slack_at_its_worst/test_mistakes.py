"""A mistake of ours: whoever met it has a sentence and a number, the operators a line, nobody more."""

from __future__ import annotations

import logging
import re

import pytest

from sandbox.delivery import INTERACTIVE
from sandbox.server import SlackStandIn
from sandbox.words import words_of_message
from store import outbox
from store.outbox import ParcelKind
from tests.harness.desk import RunningDesk
from tests.stories.slack_at_its_worst.conftest import nothing_waits

SECRET = "Zanzibar GmbH"


async def _broken(bot: RunningDesk, slack: SlackStandIn) -> str:
    """Submit a modal that nobody made, as a bug would; the number that its sender is told."""
    case = await bot.ask(payload={"customer": SECRET})
    card = await bot.card(case.id)
    await slack.click("U0ALICE", card.channel, card.ts, "Reject")
    view = await slack.view_of("U0ALICE", "Reject")
    answer = await slack.submit("U0ALICE", {"reason": "no receipt"})
    payload = {**answer.payload, "view": {**answer.payload["view"], "id": "V0", "state": {"values": {}}}}
    payload["view"]["blocks"] = [{"type": "input"}]
    delivery = await slack.courier.carry(INTERACTIVE, payload)
    assert delivery.acknowledged, view
    assert SECRET not in str(delivery.body)
    [incident] = set(re.findall(r"inc_\w+", str(delivery.body)))
    return str(incident)


async def test_a_mistake_of_ours_is_a_sentence_and_one_line(
    bot: RunningDesk, slack: SlackStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """The number is the same for the person, the operators and the log; a second time is told by it alone."""
    first = await _broken(bot, slack)
    told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
    assert first in told[0].text
    assert "KeyError in " in told[0].text
    assert SECRET not in words_of_message(told[0])
    assert f"incident {first}" in caplog.text
    second = await _broken(bot, slack)
    assert second != first
    await nothing_waits(bot)
    assert len(slack.direct_messages("U0ADMIN")) == 1, "once a day for each kind"


async def test_a_mistake_of_a_sender_is_told_to_operators(
    bot: RunningDesk, slack: SlackStandIn, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody clicked: the parcel is tried again, and the operators have the number that is in the log."""
    with caplog.at_level(logging.ERROR):
        await bot.store.write(
            lambda unit: outbox.put(
                unit, ParcelKind.REPLY, request=None, key="odd", lane="", body={}, now=bot.runtime.now()
            )
        )
        told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
    [incident] = set(re.findall(r"inc_\w+", told[0].text))
    assert f"incident {incident}" in caplog.text


async def test_whoever_mentions_the_bot_hears_of_its_mistake(bot: RunningDesk, slack: SlackStandIn) -> None:
    """An event that cannot be read: its author is told once, however often Slack sends it."""
    event: dict[str, object] = {
        "type": "app_mention",
        "user": "U0CAROL",
        "channel": "C0APPROVALS",
        "ts": "not a moment",
    }
    event |= {"text": "<@U0HITL> approve", "thread_ts": "nor this"}
    for _ in range(2):
        await slack.courier.carry("events_api", _enveloped(slack, event))
    await slack.until(lambda: slack.direct_messages("U0CAROL"))
    await nothing_waits(bot)
    [told] = slack.direct_messages("U0CAROL")
    assert "inc_" in told.text, "there is no such thread to answer in: it is said to them alone"


def _enveloped(slack: SlackStandIn, event: dict[str, object]) -> dict[str, object]:
    permit = {"enterprise_id": None, "team_id": "T0SANDBOX", "user_id": slack.app.bot_user, "is_bot": True}
    envelope: dict[str, object] = {"type": "event_callback", "team_id": "T0SANDBOX", "event": event}
    return {**envelope, "api_app_id": slack.app.app_id, "event_id": "Ev1", "authorizations": [permit]}

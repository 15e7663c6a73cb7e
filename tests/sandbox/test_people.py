"""People click, fill in and write; the payloads reach a real bolt app, signed, in Slack's shapes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.delivery import Manner
from sandbox.people import TROUBLE
from sandbox.server import SlackStandIn
from sandbox.workspace import NotThereError
from tests.sandbox.conftest import actions, asking, button, modal, plain, post, section, soon

Json = dict[str, Any]


async def test_a_click_arrives(slack: SlackStandIn, client: AsyncWebClient, bot: AsyncApp) -> None:
    """A click carries who, where, which button with its value, the message, a trigger and a response URL."""
    heard: list[Json] = []

    async def approve(ack: AsyncAck, body: Json) -> None:
        heard.append(body)
        await ack()

    bot.action("approve")(approve)
    ts = await post(
        client, section("Refund"), actions(button("Approve", "approve", value="req_1", style="primary"))
    )
    answer = await slack.click("U0ALICE", "C0APPROVALS", ts, "Approve")
    assert (answer.acknowledged, answer.error) == (True, None)
    (body,) = heard
    assert body["user"] == {"id": "U0ALICE", "username": "alice", "name": "alice", "team_id": "T0SANDBOX"}
    assert body["container"] == {
        "type": "message",
        "message_ts": ts,
        "channel_id": "C0APPROVALS",
        "is_ephemeral": False,
    }
    assert body["channel"] == {"id": "C0APPROVALS", "name": "approvals"}
    assert body["message"]["ts"] == ts
    assert body["response_url"].startswith(f"{slack.url}/actions/")
    (action,) = body["actions"]
    assert {**action, "action_ts": ""} == {
        "action_id": "approve",
        "block_id": "buttons",
        "type": "button",
        "text": plain("Approve"),
        "value": "req_1",
        "style": "primary",
        "action_ts": "",
    }


async def test_an_option_of_a_menu(slack: SlackStandIn, client: AsyncWebClient, bot: AsyncApp) -> None:
    """An overflow's option and a select's option are chosen by their words."""
    chosen: list[str] = []

    async def menu(ack: AsyncAck, action: Json) -> None:
        chosen.append(f"{action['type']} {action['selected_option']['value']}")
        await ack()

    bot.action("menu")(menu)
    bot.action("select")(menu)
    view, ask = (
        {"text": plain(words), "value": value} for words, value in (("View everything", "v"), ("Ask", "a"))
    )
    overflow = {"type": "overflow", "action_id": "menu", "options": [view, ask]}
    select = {
        "type": "static_select",
        "action_id": "select",
        "options": [{"text": plain("EUR"), "value": "eur"}],
    }
    ts = await post(client, section("Refund", accessory=overflow), actions(select))
    await slack.click("U0ALICE", "C0APPROVALS", ts, "View everything")
    await slack.click("U0ALICE", "C0APPROVALS", ts, "EUR")
    assert chosen == ["overflow v", "static_select eur"]


async def test_only_what_is_seen_can_be_clicked(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Nobody clicks what is not there, hidden from them, in a channel of others, or there twice."""
    ts = await post(
        client,
        actions(button("Approve", "approve", visible_to_user_ids=["U0BOB"]), button("Edit", "edit")),
        actions(button("Edit", "edit"), block_id="second"),
        channel="C0REFUNDS",
    )
    for user, words, told in (
        ("U0ALICE", "Reject", "is not there"),
        ("U0ALICE", "Approve", "is not there"),
        ("U0ALICE", "Edit", "more than once"),
        ("U0GUEST", "Edit", "is not in C0REFUNDS"),
        ("U0GONE", "Edit", "nobody here"),
    ):
        with pytest.raises(NotThereError, match=told):
            await slack.click(user, "C0REFUNDS", ts, words)
    assert slack.deliveries() == []


async def test_a_modal_from_click_to_submission(
    slack: SlackStandIn, client: AsyncWebClient, bot: AsyncApp
) -> None:
    """A click opens a modal; errors stay at their field; a right submission closes it."""
    submitted: list[str] = []

    async def reject(ack: AsyncAck, body: Json) -> None:
        await client.views_open(trigger_id=body["trigger_id"], view=modal(private_metadata="req_1"))
        await ack()

    async def reason(ack: AsyncAck, view: Json) -> None:
        words = view["state"]["values"]["why"]["field"]["value"]
        submitted.append(f"{view['private_metadata']} {words}")
        await ack(response_action="errors", errors={"why": "Say more."}) if len(words) < 3 else await ack()

    bot.action("reject")(reject)
    bot.view("modal")(reason)
    ts = await post(client, actions(button("Reject", "reject")))
    opened = await slack.click("U0ALICE", "C0APPROVALS", ts, "Reject")
    assert opened.view is not None
    assert opened.view.title == "Reject"
    wrong = await slack.submit("U0ALICE", {"Reason": "no"})
    assert wrong.errors == {"why": "Say more."}
    assert slack.views("U0ALICE")[0].errors == {"why": "Say more."}
    assert (await slack.submit("U0ALICE", {"Reason": "no receipt"})).view is None
    assert submitted == ["req_1 no", "req_1 no receipt"]


async def open_modal(slack: SlackStandIn, client: AsyncWebClient, view: Json) -> None:
    """Open a modal for Alice."""
    await client.views_open(trigger_id=slack.app.new_trigger("U0ALICE", 3), view=view)


async def test_what_slack_checks_itself(slack: SlackStandIn, client: AsyncWebClient) -> None:
    """Missing, too long and misshapen values are told at the field, and never reach the bot."""
    number = {"type": "number_input", "is_decimal_allowed": False, "min_value": "1", "max_value": "10"}
    view = modal(
        asking("Reason", "why", {"type": "plain_text_input", "max_length": 5}),
        asking("Amount", "amount", number),
        asking("Mail", "mail", {"type": "email_text_input"}),
        asking("Note", "note", {"type": "plain_text_input"}, optional=True),
    )
    await open_modal(slack, client, view)
    answer = await slack.submit("U0ALICE", {"Reason": "too long", "Amount": 11, "Mail": "nowhere"})
    assert set(answer.errors) == {"why", "amount", "mail"}
    assert answer.payload == {}
    with pytest.raises(NotThereError, match="no input for"):
        await slack.submit("U0ALICE", {"Colour": "red"})


async def test_state_by_type(slack: SlackStandIn, client: AsyncWebClient, bot: AsyncApp) -> None:
    """Each input's value arrives in its type's shape: given by label, words or value, else as it began."""
    states: list[Json] = []

    async def submitted(ack: AsyncAck, view: Json) -> None:
        states.append({block: held["field"] for block, held in view["state"]["values"].items()})
        await ack()

    bot.view("modal")(submitted)
    options = [{"text": plain("Euro"), "value": "eur"}, {"text": plain("Dollar"), "value": "usd"}]
    view = modal(
        asking("Currency", "currency", {"type": "static_select", "options": options}),
        asking("Boxes", "boxes", {"type": "checkboxes", "options": options}, optional=True),
        asking("Deputy", "deputy", {"type": "users_select"}),
        asking("Until", "until", {"type": "datepicker", "initial_date": "2026-12-01"}),
        asking("At", "at", {"type": "datetimepicker"}),
        asking("Amount", "amount", {"type": "number_input", "is_decimal_allowed": True}),
        asking("Note", "note", {"type": "plain_text_input"}, optional=True),
    )
    await open_modal(slack, client, view)
    given = {"Currency": "Dollar", "Deputy": "U0BOB", "at": 1_800_000_000, "Amount": 12.5}
    assert (await slack.submit("U0ALICE", given)).acknowledged
    assert states == [
        {
            "currency": {"type": "static_select", "selected_option": options[1]},
            "boxes": {"type": "checkboxes", "selected_options": []},
            "deputy": {"type": "users_select", "selected_user": "U0BOB"},
            "until": {"type": "datepicker", "selected_date": "2026-12-01"},
            "at": {"type": "datetimepicker", "selected_date_time": 1_800_000_000},
            "amount": {"type": "number_input", "value": "12.5"},
            "note": {"type": "plain_text_input", "value": None},
        }
    ]


async def test_stack_of_views(slack: SlackStandIn, client: AsyncWebClient, bot: AsyncApp) -> None:
    """A submission may update or push; a fourth modal is refused; clearing closes all of them."""
    answers: Iterator[Json] = iter(
        [
            {"response_action": "update", "view": modal(title="Updated")},
            {"response_action": "push", "view": modal(title="Second")},
            {"response_action": "push", "view": modal(title="Third")},
            {"response_action": "push", "view": modal(title="Fourth")},
            {"response_action": "clear"},
        ]
    )

    async def submitted(ack: AsyncAck) -> None:
        await ack(**next(answers))

    bot.view("modal")(submitted)
    await open_modal(slack, client, modal(title="First"))
    titles, errors = [], []
    for _ in range(4):
        errors.append((await slack.submit("U0ALICE", {"Reason": "because"})).error)
        titles.append([view.title for view in slack.views("U0ALICE")])
    full = ["Updated", "Second", "Third"]
    assert titles == [full[:1], full[:2], full, full]
    assert errors == [None, None, None, TROUBLE]
    await slack.submit("U0ALICE", {"Reason": "because"})
    assert slack.views("U0ALICE") == []


async def test_triggers_run_out(slack: SlackStandIn, client: AsyncWebClient, bot: AsyncApp) -> None:
    """A trigger opens one modal, once, and none when it is too old."""
    errors: list[str] = []

    async def reject(ack: AsyncAck, body: Json) -> None:
        for _ in range(2):
            try:
                await client.views_open(trigger_id=body["trigger_id"], view=modal())
            except SlackApiError as refused:
                errors.append(refused.response["error"])
        await ack()

    bot.action("reject")(reject)
    ts = await post(client, actions(button("Reject", "reject")))
    await slack.click("U0ALICE", "C0APPROVALS", ts, "Reject")
    await slack.click("U0ALICE", "C0APPROVALS", ts, "Reject", manner=Manner(expired_trigger=True))
    assert errors == ["exchanged_trigger_id", "expired_trigger_id", "expired_trigger_id"]


async def test_a_slow_acknowledgement(slack: SlackStandIn, client: AsyncWebClient, bot: AsyncApp) -> None:
    """A click that is not acknowledged in time shows Slack's error to the person who clicked."""
    slack.site.times = slack.courier.times = replace(slack.site.times, acknowledge=0.05)
    go_on = asyncio.Event()

    async def approve(ack: AsyncAck) -> None:
        await go_on.wait()
        await ack()

    bot.action("approve")(approve)
    ts = await post(client, actions(button("Approve", "approve")))
    answer = await slack.click("U0ALICE", "C0APPROVALS", ts, "Approve")
    assert (answer.acknowledged, answer.error) == (False, TROUBLE)
    assert slack.deliveries()[-1].failure == "timeout"
    go_on.set()


@pytest.mark.parametrize("manner", [Manner(wrong_signature=True), Manner(age=301), Manner(age=-301)])
async def test_forged_and_stale_payloads(
    slack: SlackStandIn, client: AsyncWebClient, bot: AsyncApp, manner: Manner
) -> None:
    """Bolt refuses what is signed with another secret or at another time, so the click shows an error."""
    ts = await post(client, actions(button("Approve", "approve")))
    answer = await slack.click("U0ALICE", "C0APPROVALS", ts, "Approve", manner=manner)
    assert (answer.status, answer.error) == (401, TROUBLE)


async def test_the_same_payload_twice(slack: SlackStandIn, client: AsyncWebClient, bot: AsyncApp) -> None:
    """A payload can be carried twice at once, each time the same."""
    triggers: list[str] = []

    async def approve(ack: AsyncAck, body: Json) -> None:
        triggers.append(body["trigger_id"])
        await ack()

    bot.action("approve")(approve)
    ts = await post(client, actions(button("Approve", "approve")))
    await slack.click("U0ALICE", "C0APPROVALS", ts, "Approve", manner=Manner(times=2))
    assert len(triggers) == 2
    assert len(set(triggers)) == 1


async def test_a_slash_command(slack: SlackStandIn, bot: AsyncApp) -> None:
    """A command carries its words, and what the bot says back is seen by that person only."""

    async def hitl(ack: AsyncAck, command: Json) -> None:
        await ack(text=f"{command['user_id']} asks {command['text']}")

    bot.command("/hitl")(hitl)
    assert (await slack.command("U0BOB", "/hitl queue mine", channel="C0OPS")).acknowledged
    assert (await slack.ephemeral_to("U0BOB")).text == "U0BOB asks queue mine"
    assert slack.ephemerals("U0ALICE") == []
    unknown = await slack.command("U0BOB", "/other")
    assert unknown.error == '/other failed with the error "dispatch_failed"'


async def test_home_decides(slack: SlackStandIn, client: AsyncWebClient, bot: AsyncApp) -> None:
    """Looking at the home tab tells the bot, whose view can be clicked in."""
    clicked: list[Json] = []

    async def opened(event: Json) -> None:
        view = {"type": "home", "blocks": [actions(button("Approve", "approve", value="req_1"))]}
        await client.views_publish(user_id=event["user"], view=view)

    async def approve(ack: AsyncAck, body: Json) -> None:
        clicked.append(body)
        await ack()

    bot.event("app_home_opened")(opened)
    bot.action("approve")(approve)
    slack.open_home("U0CAROL")
    await slack.until(lambda: slack.home("U0CAROL"))
    await slack.click_in_home("U0CAROL", "Approve")
    assert clicked[0]["container"]["type"] == "view"
    assert clicked[0]["view"]["type"] == "home"
    assert "channel" not in clicked[0]


async def test_a_click_in_a_modal(slack: SlackStandIn, client: AsyncWebClient, bot: AsyncApp) -> None:
    """A click in a modal carries what was filled in so far, and its trigger pushes another modal."""
    seen: list[Json] = []

    async def more(ack: AsyncAck, body: Json) -> None:
        seen.append(body["view"]["state"]["values"])
        await client.views_push(trigger_id=body["trigger_id"], view=modal(title="Above"))
        await ack()

    bot.action("more")(more)
    inputs = asking("Reason", "why", {"type": "plain_text_input"})
    await open_modal(slack, client, modal(inputs, actions(button("More", "more"))))
    answer = await slack.click_in_view("U0ALICE", "More", values={"Reason": "so far"})
    assert seen == [{"why": {"field": {"type": "plain_text_input", "value": "so far"}}}]
    assert answer.view is not None
    assert answer.view.title == "Above"


async def test_closing_is_told_when_asked_for(
    slack: SlackStandIn, client: AsyncWebClient, bot: AsyncApp
) -> None:
    """Closing a modal reaches the bot only where the modal asked for it."""
    closed = asyncio.Event()

    async def told(ack: AsyncAck) -> None:
        closed.set()
        await ack()

    bot.view_closed("modal")(told)
    await open_modal(slack, client, modal())
    await slack.close("U0ALICE")
    assert not closed.is_set()
    await open_modal(slack, client, modal(notify_on_close=True))
    await slack.close("U0ALICE")
    await soon(closed)
    assert slack.views("U0ALICE") == []

"""The sample agents against the real bot: what they do to their worlds, and what they never do."""

from __future__ import annotations

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from standardwebhooks.webhooks import Webhook

from bot.runtime import SystemRuntime
from demo.reading import names_of
from demo.stage import Stage, raise_curtain, stage
from demo.story import Scene
from demo.telling import Transcript

# One bot and three agents serve every test here: each test has an order, campaign or table of its own.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene() -> AsyncIterator[Scene]:
    """The stand-in Slack, the bot and the agents, all real."""
    async with stage() as here:
        await raise_curtain(here)
        yield Scene(here, Transcript(io.StringIO()), names_of(here.slack.workspace))


async def _complain(here: Stage, order: str) -> dict[str, Any]:
    complaint = {"customer": order, "amount": 40, "says": "Broken.", "since": 2023}
    return await here.happens("refund-agent", "/complaints", order=order, **complaint)


async def _paid_to(here: Stage, customer: str) -> list[int]:
    ledger = (await here.world("refund-agent"))["ledger"]
    return [each["amount"] for each in ledger if each["to"] == customer]


async def _call_back(here: Stage, agent: str, data: dict[str, Any], *, secret: str | None = None) -> int:
    """Say that a request was decided, as the bot does; the status that the agent answers."""
    body = json.dumps({"type": "request.decided", "timestamp": data["created_at"], "data": data})
    now = SystemRuntime().now()
    webhook = Webhook(secret or here.agents[agent].webhook_secret)
    headers = {
        "webhook-id": "msg_again",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": webhook.sign("msg_again", now, body),
    }
    async with here.http.post(f"{here.agents[agent].url}/callback", data=body, headers=headers) as answer:
        return answer.status


async def test_what_was_approved_happens_once(scene: Scene) -> None:
    """One click pays, and the same callback a second time does not pay again."""
    asked = await _complain(scene.stage, "once")
    await scene.click("U0BOB", await scene.card(asked["id"], "Refund 40 EUR"), "Approve")
    await scene.card(asked["id"], "Paid 40 EUR to once")
    told = await scene.stage.request("refund-agent", asked["id"])
    assert told["proceed"] is True
    assert await _call_back(scene.stage, "refund-agent", told) == 204
    assert await _paid_to(scene.stage, "once") == [40]


async def test_what_was_rejected_never_happens(scene: Scene) -> None:
    """After a no the ledger is what it was, also when somebody says otherwise with the right signature."""
    asked = await _complain(scene.stage, "never")
    view = await scene.modal("U0BOB", await scene.card(asked["id"], "Refund 40 EUR"), "Reject")
    await scene.submit("U0BOB", view, {"Why?": "It was not broken."})
    await scene.card(asked["id"], "Rejected")
    lie = {**asked, "proceed": True, "decision": {"verdict": "approved", "payload": asked["payload"]}}
    assert await _call_back(scene.stage, "refund-agent", lie) == 204
    assert await _paid_to(scene.stage, "never") == []


async def test_a_callback_nobody_signed_changes_nothing(scene: Scene) -> None:
    """Whoever does not know the agent's secret is turned away, and the request waits on."""
    asked = await _complain(scene.stage, "forged")
    lie = {**asked, "proceed": True, "decision": {"verdict": "approved", "payload": asked["payload"]}}
    assert await _call_back(scene.stage, "refund-agent", lie, secret="whsec_bm90IHRoZSBzZWNyZXQ=") == 401
    assert await _paid_to(scene.stage, "forged") == []
    assert (await scene.stage.request("refund-agent", asked["id"]))["claimed_at"] is None


async def test_the_same_complaint_twice_is_one_request(scene: Scene) -> None:
    """An agent that asks again after a lost answer gets the request that it opened before."""
    asked = await _complain(scene.stage, "repeated")
    assert (await _complain(scene.stage, "repeated"))["id"] == asked["id"]


async def test_a_mail_agent_gives_up_when_there_is_nobody_left_to_leave_out(scene: Scene) -> None:
    """Told no twice, it has asked for everybody and for the few, and sends nothing."""
    mail = {"campaign": "twice", "subject": "Twice", "body": "Hello.", "why": "It is time."}
    request = await scene.stage.happens("mail-agent", "/campaigns", **mail)
    for recipients in ("(1240)", "(38)"):
        card = await scene.card(
            request["id"], f"Mail “Twice” to {request['payload']['segment']} {recipients}"
        )
        view = await scene.modal("U0ALICE", card, "Reject")
        await scene.submit("U0ALICE", view, {"Why?": f"Not to {recipients}."})
        await scene.card(request["id"], "Rejected")
        if recipients == "(1240)":
            message = await scene.stage.slack.message_in("C0APPROVALS", "customers with an open order")
            assert message.metadata is not None
            again = message.metadata["event_payload"]["request"]
            request = await scene.stage.request("mail-agent", again)
    world = await _heard(scene, 2)
    assert ["Not to (1240)." in world["heard"][0], "Not to (38)." in world["heard"][1]] == [True, True]
    assert world["sent"] == []
    assert len([each for each in scene.cards() if "Mail “Twice”" in each.text]) == 2


async def _heard(scene: Scene, count: int) -> dict[str, Any]:
    """The mail agent's world, once it was called back so often: a callback is at most seconds behind."""
    world = await scene.stage.world("mail-agent")
    while len(world["heard"]) < count:
        await scene.stage.slack.changes.wait(scene.stage.slack.changes.last, 0.05)
        world = await scene.stage.world("mail-agent")
    return world


async def test_a_look_needs_nobody_and_a_deletion_does(scene: Scene) -> None:
    """The policy lets the clean-up agent count at once; the records are there until an engineer says yes."""
    told = await scene.stage.happens("cleanup-agent", "/sweeps", table="sessions_2024")
    assert (told["looked"]["status"], told["asked"]["status"]) == ("approved", "pending")
    card = await scene.card(told["asked"]["id"], "cannot be undone")
    answer = await scene.stage.slack.click("U0ALICE", card.channel, card.ts, "Approve")
    assert answer.acknowledged
    await scene.stage.slack.ephemeral_to("U0ALICE", "not asked")
    assert "sessions_2024" in (await scene.stage.world("cleanup-agent"))["records"]
    await scene.click("U0DAN", card, "Approve")
    await scene.card(told["asked"]["id"], "Deleted 90,112")
    assert "sessions_2024" not in (await scene.stage.world("cleanup-agent"))["records"]

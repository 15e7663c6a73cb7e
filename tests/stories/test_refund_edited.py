"""The main job: an agent asks, a person edits the amount in Slack, the agent does what was approved."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from sandbox.workspace import Message
from tests.harness.house import DECIDING, House, buttons, house, page
from tests.stories.conftest import Home

ASKED: dict[str, Any] = {
    "payload": {
        "amount": 750,
        "currency": "EUR",
        "customer": "ACME GmbH",
        "order": "8821",
        "reason": "goodwill",
    },
    "reasoning": "Arrived broken, photo attached. Customer for three years, first refund.",
    "effects": {
        "approve": "The refund is paid at once.",
        "reject": "The customer hears from a person.",
        "rollback": "Reversal within 24 h.",
    },
    "run_id": "run-17",
    "metadata": {"ticket": "T-4711"},
}
#: Everything that has to be on the card before anything is clicked: what, exactly what, why, what then, how
#: it is undone, how risky and why, by what rule to decide, who, how many, until when and what then.
ON_THE_CARD = (
    "Refund 750 EUR to ACME GmbH",
    *(
        "issue_refund",
        "amount  750",
        "currency  EUR",
        "customer  ACME GmbH",
        "order  8821",
        "reason  goodwill",
    ),
    "Arrived broken, photo attached. Customer for three years, first refund.",
    *("The refund is paid at once.", "The customer hears from a person.", "Reversal within 24 h."),
    *("High risk", "issue_refund is medium risk", "payload.amount > 500: high"),
    "FIN-7: goodwill up to 500 EUR; above it only with a receipt.",
    *("support (alice and bob)", "needs one approval from support by <!date^", "then it expires"),
    "billing-agent asks",
)


def _is_a_sentence(message: Message) -> bool:
    """What a phone shows can be read alone: it begins and ends as sentences do."""
    shown = re.sub(r"<!date\^[^|>]*\|([^>]*)>", r"\1", message.text)
    return re.fullmatch(r"[A-Z][^\n]{20,300}[.?”]", shown) is not None


@pytest.mark.parametrize("socket_mode", [False, True], ids=["http", "socket"])
async def test_a_refund_is_asked_edited_and_paid(socket_mode: bool, home: Home) -> None:
    """Ask, read, slip in the modal, mend it, callback, claim, outcome: over Slack's HTTP and Socket Mode."""
    async with house(home.url, home.agent, socket_mode=socket_mode) as one:
        assert (one.bot.slack == "socket") is socket_mode
        asked = await one.agent.ask(**ASKED)
        assert (asked["status"], asked["proceed"], asked["gate"], asked["risk"]) == (
            "pending",
            False,
            "hard",
            "high",
        )
        card = await one.settled_card(asked["id"])
        for words in ON_THE_CARD:
            assert words in page(card), f"{words!r} is not on the card:\n{page(card)}"
        assert _is_a_sentence(card), card.text
        assert buttons(card) >= DECIDING
        waiting = asyncio.create_task(one.agent.look(asked["id"], wait=60))
        await _edited(one, card)
        await _told_and_done(one, asked["id"], await asyncio.wait_for(waiting, 2))
        await _shown(one, asked["id"], card.ts)


async def _edited(one: House, card: Message) -> None:
    """Alice types too much, is told at the field, and mends it; then the modal closes."""
    fields = await one.modal("U0ALICE", card, "Edit")
    amount = next(label for label in fields if label.lower() == "amount")
    wrong = await one.slack.submit("U0ALICE", {amount: "1500"})
    assert list(wrong.errors) == [fields[amount]]
    assert "1000" in wrong.errors[fields[amount]].replace(",", "")
    right = await one.slack.submit("U0ALICE", {amount: "500", "Why?": "The receipt covers 500."})
    assert (right.acknowledged, right.errors, right.view) == (True, {}, None)
    assert right.took is not None
    assert right.took < 1.0


async def _told_and_done(one: House, request: str, polled: dict[str, Any]) -> None:
    """The long-poll and the signed callback tell the same decision, and the agent acts on it, once."""
    heard = await one.agent.hears(request)
    for told in (polled, heard.data):
        decision = told["decision"]
        assert (told["status"], told["proceed"]) == ("modified", True)
        assert (decision["verdict"], decision["via"]) == ("modified", "human")
        assert decision["by"] == [{"id": "U0ALICE", "name": "alice"}]
        assert decision["changes"] == [{"op": "replace", "path": "/amount", "value": 500}]
        assert decision["payload"] == ASKED["payload"] | {"amount": 500}
        assert decision["reason"] == "The receipt covers 500."
        assert "The receipt covers 500." in decision["message"]
        assert "alice" in decision["message"]
        assert (told["run_id"], told["metadata"]) == ("run-17", {"ticket": "T-4711"})
    await one.agent.until(lambda: request in one.agent.acted)
    assert one.agent.acted[request] == [ASKED["payload"] | {"amount": 500}]
    status, problem = await one.agent.call("POST", f"/v1/requests/{request}/claim")
    assert (status, problem["status"]) == (409, 409)


async def _shown(one: House, request: str, ts: str) -> None:
    """The same message says by whom, what changed and what came of it, at each stage in a full sentence."""
    final = await one.card(request, "Approved with changes by alice", "Paid, tx 5521")
    assert final.ts == ts
    assert [each.ts for each in one.cards(request)] == [ts]
    for words in ("750 → 500", "The receipt covers 500."):
        assert words in page(final)
    assert not buttons(final) & DECIDING
    await one.nothing_left()
    said = [call.args["text"] for call in one.slack.calls("chat.update") if call.args["ts"] == ts]
    assert said
    for text in said:
        assert _is_a_sentence(Message("", "", "", text)), text
    assert "Approved with changes by alice" in said[0]
    assert "Paid, tx 5521" in said[-1]
    told = await one.agent.look(request)
    assert told["outcome"]["status"] == "succeeded"
    assert told["claimed_at"] is not None
    assert set(one.agent.ids(request).values()) == {1}

"""What an agent reads of a request that waits because it is paused."""

from __future__ import annotations

from approvals.events import Opened, Resumed
from approvals.machine import decide
from bot.desk.view import request_json
from tests.harness.cases import NOON, a_judgement, a_request, a_roster


def test_a_paused_agent_is_told_so() -> None:
    """As a reason, and no deadline is named that would go by; once it goes on, there is one."""
    held = decide(None, Opened(a_request(), a_judgement(), held=True), NOON).case
    told = request_json(held, None, NOON, a_roster())
    assert told["reasons"][-1].startswith("the agent is paused")
    assert (told["due_at"], told["proceed"], told["status"]) == (None, False, "pending")
    going = decide(held, Resumed(None, a_roster()), NOON).case
    told = request_json(going, None, NOON, a_roster())
    assert told["reasons"] == list(going.judgement.reasons)
    assert told["due_at"] == "2026-11-20T16:00:00Z"

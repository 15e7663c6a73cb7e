"""The README's example, run as it stands there."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from sandbox.server import SlackStandIn
from tests.harness.process import environment, registered, serving

README = Path(__file__).parents[2] / "README.md"


async def test_the_readme_s_agent_pays_what_was_approved(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The README's Python asks, waits, claims, pays what Alice approved, and the card shows its receipt."""
    [example] = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    paid = []

    def pay(**payload: object) -> str:
        paid.append(payload)
        return "tx 5521"

    async with SlackStandIn() as slack:
        env = environment(slack, sqlite_url)
        credentials = await registered(env, "billing-agent")
        async with serving(env, slack) as bot:
            monkeypatch.setenv("HITL_URL", bot.api)
            monkeypatch.setenv("HITL_TOKEN", credentials["token"])
            agent = asyncio.create_task(asyncio.to_thread(exec, example, {"pay": pay}))
            card = await slack.until(lambda: next(iter(slack.messages("C0APPROVALS")), None))
            assert card is not None
            await slack.click("U0ALICE", card.channel, card.ts, "Approve")
            await agent
            await slack.until(lambda: "tx 5521" in slack.messages("C0APPROVALS")[0].text)
    assert paid == [{"amount": 750, "currency": "EUR", "customer": "ACME GmbH", "reason": "goodwill"}]

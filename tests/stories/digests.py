"""What stories about digests share: a policy, and what can be read of their messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from bot.app import Bot, running
from bot.settings import Settings
from sandbox.workspace import Message
from tests.harness.desk import MovableRuntime
from tests.harness.house import House, page

#: Alice and Bob refund, Carol mails. At each full hour.
POLICY = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  support: {users: [U0ALICE, U0BOB]}
  mailers: {users: [U0CAROL]}
risk: {levels: {medium: [issue_refund], low: [send_mail, "note_*"]}}
rules:
  - {name: refunds, when: "action == 'issue_refund'", gate: hard, ask: support, digest: hourly,
     title: "Refund {{ payload.amount }} {{ payload.currency }}", steps: [{after: 5d, do: expire}]}
  - {name: mails, when: "action == 'send_mail'", gate: hard, ask: mailers, channel: C0REFUNDS,
     digest: hourly, steps: [{after: 5d, do: expire}]}
default: {gate: hard, ask: support, steps: [{after: 5d, do: park}]}
digests:
  hourly: {cron: "0 * * * *", timezone: UTC}
"""


def is_digest(message: Message) -> bool:
    """By the metadata that the bot put there."""
    return (message.metadata or {}).get("event_type") == "hitl_board"


def digests_in(one: House, channel: str = "C0APPROVALS") -> list[Message]:
    """The messages of digests in a channel."""
    return [each for each in one.slack.messages(channel) if is_digest(each)]


async def digest_in(
    one: House, channel: str = "C0APPROVALS", *containing: str, within: float = 15
) -> Message:
    """The newest of them, once all these words can be read on it."""

    def shown() -> Message | None:
        found = [
            each for each in digests_in(one, channel) if all(words in page(each) for words in containing)
        ]
        return found[-1] if found else None

    found = await one.slack.until(shown, within=within)
    assert found is not None
    return found


async def ask_many(one: House, count: int, abreast: int = 20, **fields: Any) -> list[str]:
    """So many alike; their ids."""
    room = asyncio.Semaphore(abreast)

    async def ask() -> str:
        async with room:
            return str((await one.agent.ask(**fields))["id"])

    return list(await asyncio.gather(*(ask() for _ in range(count))))


async def all_decided(one: House, requests: list[str], within: float = 40) -> None:
    """Wait until the agent heard of each."""
    wanted = set(requests)

    def heard() -> bool:
        return wanted <= {each.data["id"] for each in one.agent.heard if each.type == "request.decided"}

    await one.agent.until(heard, within)


@asynccontextmanager
async def bot_in(one: House, clock: MovableRuntime) -> AsyncIterator[Bot]:
    """A bot in this process, on a clock that can be moved."""
    named = {key: value for key, value in one.env.items() if key.startswith(("HITL_", "SLACK_"))}
    async with running(Settings.model_validate(named), clock) as bot:
        one.lead_to(bot.api.url, bot.slack)
        yield bot

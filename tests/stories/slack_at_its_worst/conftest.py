"""A bot in this process, on SQLite, whose clock a test moves; a stand-in Slack that misbehaves on demand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from sandbox.server import SlackStandIn
from store import outbox
from store.unit_of_work import Unit
from tests.harness.desk import POLICY, RunningDesk, running_desk

#: Refunds in the policy's channel, pairs in one of their own.
TWO_CHANNELS = POLICY.replace("  - name: pairs\n", "  - name: pairs\n    channel: C0REFUNDS\n")


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    """The stand-in, furnished."""
    async with SlackStandIn() as running:
        yield running


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot over HTTP."""
    async with running_desk(sqlite_url, slack, TWO_CHANNELS) as running:
        yield running


async def nothing_waits(bot: RunningDesk, within: float = 10) -> None:
    """Wait until the outbox is empty; nothing announces that the last parcel was recorded."""
    async with asyncio.timeout(within):
        while await bot.store.read(_waits):  # noqa: ASYNC110  # nothing announces it
            await asyncio.sleep(0.01)


def _waits(unit: Unit) -> bool:
    return any(outbox.counts(unit).waiting.values())

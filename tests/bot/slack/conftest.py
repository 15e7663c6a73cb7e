"""A bot on SQLite with a stand-in Slack, over HTTP or over Socket Mode."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox.server import SlackStandIn
from tests.bot.slack.gates import POLICY
from tests.harness.desk import RunningDesk, running_desk


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    """The stand-in, furnished."""
    async with SlackStandIn() as running:
        yield running


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot over HTTP."""
    async with running_desk(sqlite_url, slack) as running:
        yield running


@pytest.fixture(params=["http", "socket"])
async def either_bot(
    request: pytest.FixtureRequest, sqlite_url: str, slack: SlackStandIn
) -> AsyncIterator[RunningDesk]:
    """A bot once over HTTP, once over Socket Mode."""
    async with running_desk(sqlite_url, slack, socket_mode=request.param == "socket") as running:
        yield running


@pytest.fixture
async def gates(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot over HTTP whose policy has a rule for every gate."""
    async with running_desk(sqlite_url, slack, POLICY) as running:
        yield running

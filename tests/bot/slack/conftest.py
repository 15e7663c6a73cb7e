"""A bot on SQLite with a stand-in Slack, over HTTP or over Socket Mode."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.server import SlackStandIn
from tests.harness.databases import database_url, postgres_server, sqlite_template
from tests.harness.desk import RunningDesk, running_desk

__all__ = ["database_url", "postgres_server", "sqlite_template"]


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh database with all tables."""
    shutil.copy(sqlite_template, tmp_path / "hitl.db")
    return f"sqlite+aiosqlite:///{tmp_path / 'hitl.db'}"


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

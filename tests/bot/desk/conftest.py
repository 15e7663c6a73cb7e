"""A bot on each database with a stand-in Slack, and a policy with every gate that time bears on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from sandbox.server import SlackStandIn
from store import outbox
from tests.harness.desk import RunningDesk, running_desk

POLICY = """
channel: C0APPROVALS
operators: [U0ADMIN]
groups:
  directors: {usergroup: S0DIRECTORS}
  support: {users: [U0CAROL, U0DAN]}
risk:
  levels: {medium: [issue_refund, "publish_*", "delete_*"], low: ["note_*"]}
rules:
  - name: refunds
    when: "action == 'issue_refund'"
    gate: hard
    ask: directors
    form: {amount: {type: number, minimum: 1, maximum: 5000}}
    steps: [{after: 1h, do: remind}, {after: 2h, do: escalate, to: support}, {after: 4h, do: expire}]
    grants: {longest: 8h, same: [payload.customer]}
  - name: drafts
    when: "action == 'publish_draft'"
    gate: soft
    ask: support
    steps: [{after: 30m, do: approve, review: true}]
  - name: deletions
    when: "action == 'delete_draft'"
    gate: hard
    ask: support
    quorum: 2
    steps: [{after: 4h, do: expire}]
  - name: seen
    when: "kind == 'review'"
    gate: audit
    ask: support
    sample: 0.000000001
    steps: [{after: 3d, do: expire}]
default: {gate: hard, ask: support, steps: [{after: 4h, do: expire}]}
"""


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    """The stand-in, furnished."""
    async with SlackStandIn() as running:
        yield running


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot on SQLite."""
    async with running_desk(sqlite_url, slack, POLICY) as running:
        yield running


@pytest.fixture
async def each_bot(database_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot on each database."""
    async with running_desk(database_url, slack, POLICY) as running:
        yield running


async def nothing_left(bot: RunningDesk) -> None:
    """Wait until everything was sent, and nothing given up."""
    async with asyncio.timeout(5):
        while any((counts := await bot.store.read(outbox.counts)).waiting.values()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # that something was sent is announced to nobody
    assert counts.dead == 0

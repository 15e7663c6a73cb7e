"""Two processes on one PostgreSQL: a grant holds at both, and a soft window ends once."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.harness.house import House, house, page
from tests.harness.process import Served, serve
from tests.stories.conftest import Home

POLICY = """
channel: C0APPROVALS
groups:
  support: {users: [U0ALICE, U0BOB]}
risk: {levels: {medium: [issue_refund, publish_draft]}}
rules:
  - {name: drafts, when: "action == 'publish_draft'", gate: soft, ask: support,
     steps: [{after: 3s, do: approve, review: true}]}
  - {name: refunds, when: "action == 'issue_refund'", gate: hard, ask: support,
     grants: {longest: 8h, same: [payload.customer]}, steps: [{after: 4h, do: expire}]}
default: {gate: hard, ask: support, steps: [{after: 4h, do: park}]}
"""


@pytest.fixture
async def both(postgres_home: Callable[[], Home], tmp_path: Path) -> AsyncIterator[tuple[House, Served]]:
    """A house, and a second bot on the same database."""
    policy = tmp_path / "hitl.yml"
    policy.write_text(POLICY)
    home = await asyncio.to_thread(postgres_home)
    async with house(home.url, home.agent, policy) as one:
        second = await serve(one.env)
        try:
            yield one, second
        finally:
            await second.kill()


async def test_a_grant_holds_at_both_and_is_revoked_at_both(both: tuple[House, Served]) -> None:
    """Given at the one, used at the other, revoked there, and over at the first at once."""
    one, second = both
    asked = await one.agent.ask()
    card = await one.settled_card(asked["id"])
    await one.slack.click("U0ALICE", card.channel, card.ts, "Approve and allow similar")
    await one.slack.view_of("U0ALICE", "Allow similar")
    await one.slack.submit("U0ALICE", {"For how long?": "1 hour"})
    await one.agent.hears(asked["id"])
    likes = await asyncio.gather(*(one.agent.ask(api=api) for api in (None, second.api) * 5))
    assert {(like["status"], like["decision"]["via"]) for like in likes} == {("approved", "grant")}
    card = await one.card(asked["id"], "(10 so far")
    found = re.search(r"/hitl revoke (g_\w+)", page(card))
    assert found
    one.slack.deliver_to(second.slack)
    await one.slack.command("U0BOB", f"/hitl revoke {found[1]}")
    await one.slack.ephemeral_to("U0BOB", "is revoked (used 10 times)")
    for api in (None, second.api):
        assert (await one.agent.ask(api=api))["status"] == "pending"


async def test_a_window_that_both_watch_ends_once(both: tuple[House, Served]) -> None:
    """Each of six has one decision and one review, although two clocks are due at the same moment."""
    one, second = both
    asked = await asyncio.gather(
        *(
            one.agent.ask(action="publish_draft", payload={"page": "a"}, api=second.api if n % 2 else None)
            for n in range(6)
        )
    )
    for each in asked:
        heard = await one.agent.hears(each["id"], within=30)
        assert heard.data["decision"]["via"] == "timeout"
    _, listed = await one.agent.call("GET", "/v1/requests?status=pending&limit=100")
    assert sorted(each["review_of"] for each in listed["items"]) == sorted(each["id"] for each in asked)
    await one.nothing_left(within=40)
    assert [len(one.agent.ids(each["id"])) for each in asked] == [1] * len(asked)
    facts = await asyncio.gather(*(one.facts(each["id"]) for each in asked[:3]))
    assert [each.count("request.decided") for each in facts] == [1, 1, 1]

"""`kill -9` in the middle of clearing a digest: each item is decided once or pending, then it goes on."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from tests.harness.house import House, buttons, house, page
from tests.harness.process import Served
from tests.stories.conftest import Home
from tests.stories.digests import POLICY, all_decided, ask_many, digest_in, digests_in

#: Enough to be killed in the middle of, twice.
ITEMS = 300
_ENDED = text("SELECT count(*) FROM cases WHERE status <> 'pending'")


async def _once_decided(one: House, count: int) -> None:
    """Wait until so many are."""
    engine = create_async_engine(one.env["HITL_DATABASE_URL"])
    async with engine.connect() as looking, asyncio.timeout(20):
        # Nothing announces it to whoever is outside of the process.
        while (await looking.execute(_ENDED)).scalar_one() < count:
            await looking.rollback()
            await asyncio.sleep(0.002)
    await engine.dispose()


async def _kinds(one: House) -> Counter[tuple[str, str]]:
    """How often each kind of fact is in each request's chain."""
    lines = (await one.hitl("audit", "export")).splitlines()
    return Counter((fact["request"], fact["kind"]) for fact in map(json.loads, lines))


async def _killed_once(
    one: House, requests: list[str], count: int, starting: asyncio.Task[Served] | None = None
) -> None:
    """Kill it when so many are decided: each of them once, by one vote; and not all."""
    await _once_decided(one, count)
    if starting is not None:
        await starting
    await one.kill()
    kinds = await _kinds(one)
    decided = [kinds[each, "request.decided"] for each in requests]
    assert set(decided) == {0, 1}
    assert [kinds[each, "vote.approved"] for each in requests] == decided


async def test_a_clearing_that_is_killed_goes_on(home: Home, tmp_path: Path) -> None:
    """Killed twice: what was decided stays so, the rest is pending; at the end the message is true."""
    policy = tmp_path / "hitl.yml"
    policy.write_text(POLICY)
    settings = {"HITL_RATE_LIMIT": "10000"}
    async with house(home.url, home.agent, policy, settings=settings) as one:
        one.agent.at_work.clear()
        refunds = await ask_many(one, ITEMS)
        theirs = str((await one.agent.ask(on_behalf_of="U0ALICE"))["id"])
        await one.slack.command("U0ADMIN", "/hitl digest")
        digest = await digest_in(one, "C0APPROVALS", f"{ITEMS + 1}")
        # Both times it is looked at from before the clearing goes on: killed first within the click, then
        # within the job that goes on with it.
        click = asyncio.create_task(one.slack.click("U0ALICE", digest.channel, digest.ts, "Approve all"))
        await _killed_once(one, refunds, 40)
        await click
        await _killed_once(one, refunds, 140, starting=asyncio.create_task(one.start()))
        await one.start()
        await all_decided(one, refunds)
        told = await one.slack.ephemeral_to("U0ALICE", "Done", within=20)
        assert told.text.startswith(f"Done: {ITEMS} approved. Not cleared: ")
        assert "is asked on your behalf" in told.text
        message = await digest_in(one, "C0APPROVALS", f"approved {ITEMS}")
        assert (message.ts, len(digests_in(one))) == (digest.ts, 1)
        assert "1 of 301 still open" in page(message)
        assert "Approve all" in buttons(message)
        await one.nothing_left()
        kinds = await _kinds(one)
        assert {kinds[each, "request.decided"] for each in refunds} == {1}
        assert {kinds[each, "vote.approved"] for each in refunds} == {1}
        assert kinds[theirs, "request.decided"] == 0
        assert {len(one.agent.ids(each)) for each in refunds} == {1}
        assert len([each for each in one.slack.ephemerals("U0ALICE") if each.text.startswith("Done")]) == 1
        await one.hitl("audit", "verify")

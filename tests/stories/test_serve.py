"""`hitl serve` as operators know it: ready, stopped, reloaded, refused, and silent about what is secret."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import socket
import sys
import time
from asyncio.subprocess import PIPE
from pathlib import Path

import aiohttp
import pytest

from sandbox.server import SlackStandIn
from tests.harness.agent import Gate
from tests.harness.databases import PostgresServer
from tests.harness.house import House, house, page
from tests.harness.process import POLICY, environment, hitl, serve
from tests.stories.conftest import Home


@pytest.mark.parametrize("socket_mode", [False, True], ids=["http", "socket"])
async def test_the_ready_line_says_where_it_listens(socket_mode: bool, home: Home) -> None:
    """One line on stdout, in the contract's words; what it names answers, and SIGTERM ends it with 0."""
    async with house(home.url, home.agent, socket_mode=socket_mode, started=False) as one:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve"), env=one.env, stdout=PIPE, stderr=PIPE
        )
        assert process.stdout is not None
        line = (await process.stdout.readline()).decode()
        slack = "socket" if socket_mode else r"http://127\.0\.0\.1:\d+/slack/events"
        found = re.fullmatch(rf"ready api=(http://127\.0\.0\.1:\d+) slack={slack}\n", line)
        assert found, line
        async with aiohttp.ClientSession() as http, http.get(f"{found[1]}/readyz") as answer:
            assert answer.status == 200
        process.terminate()
        rest, _ = await process.communicate()
        assert (process.returncode, rest) == (0, b"")


async def test_sigterm_ends_it_within_ten_seconds_whatever_is_in_hand(home: Home) -> None:
    """A long-poll is held and a callback hangs: code 0, and the callback comes again after the next start."""
    async with house(home.url, home.agent) as one:
        decided = await one.agent.ask()
        waiting = await one.agent.ask()
        card = await one.settled_card(decided["id"])
        gate = one.agent.gate = Gate()
        await one.slack.click("U0ALICE", card.channel, card.ts, "Approve")
        await gate.reached.wait()
        one.api.rearm()
        polled = asyncio.create_task(one.agent.call("GET", f"/v1/requests/{waiting['id']}?wait=60"))
        await one.api.carried.wait()
        began = time.monotonic()
        assert await one.bot.stop() == 0
        assert time.monotonic() - began < 10
        status, told = await polled
        assert (status, told["status"]) in ((200, "pending"), (503, 503))
        one.agent.gate = None
        gate.opened.set()
        await one.start()
        await one.card(decided["id"], "Paid, tx 5521")
        assert len(one.agent.ids(decided["id"])) == 1
        assert len(one.agent.acted[decided["id"]]) == 1
        assert (await one.agent.look(waiting["id"]))["status"] == "pending"


async def test_sighup_takes_a_good_policy_and_keeps_the_old_one_instead_of_a_broken_one(
    home: Home, tmp_path: Path
) -> None:
    """Operators are told in Slack what is wrong and where; /metrics says so; the bot stays ready."""
    policy = tmp_path / "hitl.yml"
    policy.write_text(POLICY.read_text())
    async with house(home.url, home.agent, policy) as one:
        first = (await one.agent.ask())["policy_version"]
        policy.write_text(POLICY.read_text().replace("gate: hard", "gate: hadr", 1))
        one.bot.process.send_signal(signal.SIGHUP)
        await one.slack.until(lambda: one.slack.direct_messages("U0ADMIN"))
        [told] = one.slack.direct_messages("U0ADMIN")
        for words in ("hitl.yml", "refunds", "gate", "hard"):
            assert words in page(told), page(told)
        assert await one.metric("hitl_policy_loaded") == 0
        assert await one.ready() == (200, "ready")
        assert (await one.agent.ask())["policy_version"] == first
        policy.write_text(POLICY.read_text().replace("maximum: 1000", "maximum: 700"))
        one.bot.process.send_signal(signal.SIGHUP)
        async with asyncio.timeout(5):
            while await one.metric("hitl_policy_loaded") == 0:  # noqa: ASYNC110  # as Prometheus learns it
                await asyncio.sleep(0.02)
        assert (await one.agent.ask())["policy_version"] != first
        await one.slack.until(lambda: len(one.slack.direct_messages("U0ADMIN")) == 2)
        assert "loads again" in page(one.slack.direct_messages("U0ADMIN")[-1])


async def test_a_port_that_is_taken_is_named(home: Home) -> None:
    """Exit 1 and a sentence, no traceback."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        async with SlackStandIn() as slack:
            for name in ("HITL_API_PORT", "HITL_SLACK_PORT"):
                code, out, err = await hitl(environment(slack, home.url) | {name: port}, "serve")
                assert (code, out) == (1, "")
                assert "cannot start" in err
                assert port in err
                assert "Traceback" not in err


async def test_postgresql_without_its_tables_is_refused(postgres_server: PostgresServer) -> None:
    """Exit 1, and it says what to run; after that it starts."""
    async with SlackStandIn() as slack:
        env = environment(slack, postgres_server.empty())
        code, out, err = await hitl(env, "serve")
        assert (code, out) == (1, "")
        assert "hitl db upgrade" in err
        assert "Traceback" not in err
        code, _, err = await hitl(env, "db", "upgrade")
        assert code == 0, err
        bot = await serve(env)
        assert await bot.stop() == 0


CANARY = "canary"


@pytest.mark.parametrize("form", ["text", "json"])
async def test_no_log_holds_a_payload_or_a_secret(form: str, home: Home) -> None:
    """A whole story with a canary in everything that people and agents write, troubles included."""
    async with house(home.url, home.agent, settings={"HITL_LOG": form}) as one:
        await _a_story_with_troubles(one)
        log = one.bot.log
        assert await one.bot.stop() == 0
        assert log, "there is a log"
        text = "".join(log)
        secrets = (one.agent.token, one.agent.secret, one.slack.bot_token, one.slack.signing_secret)
        for secret in (CANARY, *secrets):
            assert secret not in text, [line for line in log if secret in line]
        if form == "json":
            assert all({"at", "level", "logger", "message"} <= json.loads(line).keys() for line in log)


async def _a_story_with_troubles(one: House) -> None:
    asked = await one.agent.ask(
        payload={"amount": 45, "currency": "EUR", "customer": f"{CANARY}-payload", "reason": "error"},
        reasoning=f"{CANARY}-reasoning",
        title=f"{CANARY}-title",
        context=[{"label": f"{CANARY}-label", "value": f"{CANARY}-value"}],
        metadata={f"{CANARY}": f"{CANARY}-metadata"},
        run_id=f"{CANARY}-run",
    )
    card = await one.settled_card(asked["id"])
    wrong = {"action": "x", f"{CANARY}-field": f"{CANARY}-value"}
    assert (await one.agent.call("POST", "/v1/requests", wrong))[0] == 422
    assert (await one.agent.call("GET", f"/v1/requests/{CANARY}"))[0] == 404
    assert (await one.agent.call("GET", "/v1/requests", Authorization=f"Bearer {CANARY}"))[0] == 401
    await one.agent.call("POST", f"/v1/requests/{asked['id']}/comments", {"text": f"{CANARY}-comment"})
    await one.slack.message_in(card.channel, f"{CANARY}-comment", thread_ts=card.ts)
    one.slack.faults.refuse("invalid_blocks", "chat.update")
    one.slack.faults.status(500, "chat.update")
    one.agent.status = 500
    await one.reject("U0ALICE", card, f"{CANARY}-why")
    await one.agent.hears(asked["id"])
    await one.card(asked["id"], "Rejected")
    one.slack.revoke_token("token_revoked")
    await one.agent.ask(payload={"customer": f"{CANARY}-late"})
    async with asyncio.timeout(10):
        while (await one.ready())[0] == 200:  # noqa: ASYNC110  # nothing announces it
            await asyncio.sleep(0.05)

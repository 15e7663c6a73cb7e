"""`hitl serve`: what it says when it cannot start, its log, and signals that come early."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest

from sandbox.server import SlackStandIn
from tests.bot.cli.conftest import Hitl
from tests.harness.process import POLICY, environment, serving

#: It escalates to those who are asked anyway, which the log warns of.
WARNED_OF = """
rules:
  - name: round-and-round
    when: "action == 'nothing'"
    gate: hard
    ask: support
    steps: [{after: 1h, do: escalate, to: support}, {after: 4h, do: expire}]
"""


@pytest.fixture
def with_tokens(hitl: Hitl, monkeypatch: pytest.MonkeyPatch) -> Hitl:
    """Slack's tokens are set; nothing gets as far as using them."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-of-nobody")
    monkeypatch.setenv("SLACK_SIGNING_SECRET", "secret")
    return hitl


def test_a_missing_policy_is_named_with_the_variable(with_tokens: Hitl) -> None:
    """Whoever starts it in the wrong folder is told what was looked for, and what says so."""
    refused = with_tokens("serve")
    assert refused.exit_code == 1
    assert "hitl.yml cannot be read: No such file or directory" in refused.stderr
    assert "HITL_CONFIG" in refused.stderr


def test_a_policy_that_is_not_utf_8_is_refused_by_line(with_tokens: Hitl, tmp_path: Path) -> None:
    """A sentence, no traceback."""
    (tmp_path / "hitl.yml").write_bytes("channel: C0\n# für\n".encode("latin-1"))
    refused = with_tokens("serve")
    assert refused.exit_code == 1
    assert "the policy does not load:\nhitl.yml:2: is not UTF-8" in refused.stderr


async def test_the_log_as_json_is_one_object_a_line(sqlite_url: str, tmp_path: Path) -> None:
    """Each has moment, level, logger and message; nothing else is on stderr, from the start to the stop."""
    policy = tmp_path / "hitl.yml"
    policy.write_text(POLICY.read_text(encoding="utf-8").replace("\nrules:\n", WARNED_OF), encoding="utf-8")
    async with SlackStandIn() as slack:
        env = environment(slack, sqlite_url, policy) | {"HITL_LOG": "json"}
        async with serving(env, slack) as bot:
            assert await bot.stop() == 0
    told = [json.loads(line) for line in bot.log]
    assert all({"at", "level", "logger", "message"} <= one.keys() for one in told)
    assert {one["level"] for one in told} == {"info", "warning"}
    assert told[-1]["message"] == "stopped"
    assert slack.bot_token not in "".join(bot.log)


async def test_a_sighup_before_it_is_ready_is_heeded_when_it_is(sqlite_url: str, tmp_path: Path) -> None:
    """It does not end the process; the file of then, not even UTF-8, is looked at, and operators are told."""
    policy = tmp_path / "hitl.yml"
    policy.write_bytes(POLICY.read_bytes())
    async with SlackStandIn() as slack:
        held = slack.faults.hold("auth.test")
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "serve"),
            env=environment(slack, sqlite_url, policy),
            stdout=PIPE,
            stderr=PIPE,
        )
        await held.reached(20)
        policy.write_bytes("# für\n".encode("latin-1"))
        process.send_signal(signal.SIGHUP)
        held.release()
        assert process.stdout is not None
        assert (await process.stdout.readline()).startswith(b"ready ")
        told = await slack.until(lambda: slack.direct_messages("U0ADMIN"))
        assert "is not UTF-8" in json.dumps([told[0].text, told[0].blocks])
        process.terminate()
        _, log = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in log

"""The README, done as it says: every command in it is run here, as it stands there."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import aiohttp
import pytest

from sandbox.server import SlackStandIn
from tests.harness.process import agent_session, environment, registered, serving

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: Where the README's `hitl` is, once `.venv` is activated.
BIN = Path(sys.executable).parent
#: Where agents ask, where nothing else is said.
USUAL_API = "http://127.0.0.1:8765"
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
#: A command in the midst of a sentence. What only names one (`hitl.yml`, `hitl serve`) is run all the same.
_INLINE = re.compile(r"`((?:\.venv/bin/)?hitl (?!serve`)[^`]+|make [^`]+|kill [^`]+)`")
_HEREDOC = re.compile(r"<<'(\w+)'$")

#: The commands that the stories below run, by how they begin; and the targets of make, which are only looked
#: at: they would set up another environment, from the package index.
STORIES = frozenset(
    {
        *("make setup", "export SLACK_BOT_TOKEN", "hitl doctor", "hitl serve", "export HITL_URL"),
        *("hitl agent add", "cat > request.json", "hitl policy try", "curl ", "kill -HUP"),
        *(
            ".venv/bin/hitl demo --script",
            ".venv/bin/hitl demo --gallery",
            "make demo",
            "make test",
            "make bench",
        ),
    }
)
#: Those that need nothing but a database in which something happened; and what each prints.
LOOKS = {
    "hitl policy check": "loads: 7 rules and a default",
    "hitl policy schema": '"title": "hitl.yml"',
    "hitl audit verify": "",
    "hitl audit export": '"request.opened"',
    "hitl outbox list": "",
    "hitl outbox retry": "",
    "hitl grants list": "",
    "hitl oncall": "",
    "hitl stats": "",
    "hitl export edits": "",
    "hitl grants --help": "revoke",
    "hitl agent list": "billing-agent",
    "hitl db upgrade": "",
    "hitl serve --help": "SLACK_APP_TOKEN",
    "hitl agent revoke": "",
}


def commands() -> list[str]:
    """Every command of the README, each once, without what is said of it after a `#`."""
    found: list[str] = []
    for block in _BLOCK.findall(README):
        lines = iter(block.splitlines())
        for line in lines:
            command, here = line.partition("   #")[0].rstrip(), _HEREDOC.search(line)
            while here and not command.endswith(f"\n{here[1]}"):
                command += f"\n{next(lines)}"
            found.append(command)
    found += _INLINE.findall(README)
    return list(dict.fromkeys(found))


def command(beginning: str) -> str:
    """The command that begins so; there has to be exactly one."""
    every = commands()
    fitting = [each for each in every if each == beginning] or [
        each for each in every if each.startswith(beginning)
    ]
    assert len(fitting) == 1, f"the README has {len(fitting)} commands that begin with {beginning!r}"
    return fitting[0]


@dataclass(frozen=True, slots=True)
class Shell:
    """A newcomer's terminal: the folder of a clone, `.venv` activated, and what they exported."""

    folder: Path
    env: Mapping[str, str]

    async def run(self, line: str) -> str:
        """What a command prints; it has to succeed."""
        process = await asyncio.create_subprocess_exec(
            "sh", "-c", line, cwd=self.folder, env=dict(self.env), stdout=PIPE, stderr=PIPE
        )
        out, err = await process.communicate()
        assert process.returncode == 0, f"{line}: {out.decode()}{err.decode()}"
        return out.decode()

    async def curl(self, line: str) -> Any:
        """Do what a curl does, with curl's own default for `-d`; the answer has to be a 2xx, and JSON."""
        words = [Template(word).substitute(self.env) for word in shlex.split(line)]
        given = dict(zip(words[2::2], words[3::2], strict=True))
        name, value = given["-H"].split(": ", 1)
        body = (self.folder / given["-d"].removeprefix("@")).read_bytes()
        headers = {name: value, "Content-Type": "application/x-www-form-urlencoded"}
        async with aiohttp.ClientSession() as http, http.post(words[1], data=body, headers=headers) as answer:
            assert answer.status == 201, await answer.text()
            return await answer.json()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files of a clone that the README works with."""
    for name in ("hitl.yml", "manifest.yml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def newcomer(clone: Path, slack: SlackStandIn, database_url: str) -> Shell:
    """Somebody who did what stands before the first command: an app, and one's own ids in the policy."""
    env = environment(None, database_url, clone / "hitl.yml")
    tokens = {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app.app_token,
        "SLACK_SIGNING_SECRET": slack.app.signing_secret,
    }
    words = shlex.split(command("export SLACK_BOT_TOKEN"))[1:]
    assert {word.split("=", 1)[0] for word in words} == set(tokens)
    for word in words:
        name, shape = word.split("=", 1)
        assert tokens[name].startswith(shape.removesuffix("…"))
    env |= {"HITL_SLACK_API_URL": slack.api_url, "PATH": f"{BIN}:{os.environ['PATH']}"}
    return Shell(clone, {**env, **tokens})


def test_every_command_of_the_readme_is_run_here() -> None:
    """A command written into the README and into no story turns this red, and so does one taken out."""
    known = {command(each) for each in (*STORIES, *LOOKS)}
    assert set(commands()) == known


def test_every_file_that_the_readme_links_to_is_there() -> None:
    """No link and no picture leads nowhere."""
    linked = re.findall(r"\]\(((?!http)[^)#]+)", README) + re.findall(r'src(?:set)?="([^"]+)"', README)
    assert [each for each in linked if not (ROOT / each).exists()] == []
    assert len(linked) > 8


@pytest.mark.parametrize(
    ("line", "does"),
    [
        ("make demo", ".venv/bin/hitl demo"),
        (".venv/bin/hitl demo --script", ".venv/bin/hitl demo --script"),
        ("make test", ".venv/bin/python -m pytest -n 2"),
        ("make bench", ".venv/bin/python -m bench"),
        ("make setup", 'echo "ready: . .venv/bin/activate, and there is hitl (hitl --help)"'),
    ],
)
def test_what_is_made_is_what_is_run_elsewhere(line: str, does: str) -> None:
    """The targets of make exist, and do what other tests run without setting up another environment.

    The demo, its script and its gallery are run in `test_demo_live.py`, `test_demo.py` and
    `test_demo_gallery.py`; CI=1 chooses the script.
    """
    told, script = command(line), line.endswith("--script")
    target = "demo" if script else told.split()[1]
    dry = subprocess.run(  # noqa: S603  # words of this file and of the README
        [*("make", "-n", target), "WORKERS=2", f"CI={1 if script else ''}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert does in [each.strip() for each in dry.stdout.splitlines()]


async def test_from_tokens_to_a_decision(clone: Path, sqlite_url: str) -> None:
    """Doctor, serve, agent add, policy try, curl: a card comes, Alice decides. Then what operators type."""
    async with SlackStandIn() as slack:
        shell = newcomer(clone, slack, sqlite_url)
        assert "FAIL" not in await shell.run(command("hitl doctor"))
        assert command("hitl serve").split() == ["hitl", "serve"]
        async with serving(shell.env) as bot:
            assert bot.slack == "socket"
            told = json.loads(await shell.run(command("hitl agent add")))
            assert command("export HITL_URL") == f"export HITL_URL={USUAL_API} HITL_TOKEN=hitl_…"
            assert told["token"].startswith("hitl_")
            shell = Shell(clone, {**shell.env, "HITL_URL": bot.api, "HITL_TOKEN": told["token"]})
            await shell.run(command("cat > request.json"))
            assert "rule small-refunds matches" in await shell.run(command("hitl policy try"))
            asked = await shell.curl(command("curl "))
            assert (asked["status"], asked["rule"]) == ("pending", "small-refunds")
            card = await slack.message_in("C0APPROVALS", "45 EUR")
            await slack.click("U0ALICE", card.channel, card.ts, "Approve")
            url = f"{bot.api}/v1/requests/{asked['id']}?wait=60"
            async with agent_session(told["token"]) as http, http.get(url) as answer:
                assert (await answer.json())["proceed"] is True
            for beginning, shows in LOOKS.items():
                assert shows in await shell.run(command(beginning)), beginning
            (clone / "hitl.yml").write_text("nonsense: 1\n", encoding="utf-8")
            await shell.run(f"{command('kill -HUP')} {bot.process.pid}")
            await slack.until(lambda: slack.direct_messages("U0ADMIN"))
            assert await bot.stop() == 0


async def test_the_readme_s_agent_pays_what_was_approved(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The README's Python asks, waits, claims, pays what Alice approved, and the card shows its receipt."""
    [example] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
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

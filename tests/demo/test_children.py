"""Processes that end with the demo, whatever they think of it."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from demo import children as rooms
from demo.children import ChildFailed, Children

#: `python -m timeit` runs one statement, which makes it a program of any kind.
PROGRAM = ("timeit", "-n", "1", "-r", "1")


@pytest.fixture
async def children(tmp_path: Path) -> AsyncIterator[Children]:
    """No processes yet; those of a test end with it."""
    started = Children(tmp_path)
    yield started
    await started.end()


async def test_a_child_gets_nothing_that_is_the_users_own(
    children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tokens of a real workspace, a real database and a proxy stay outside; what the demo sets arrives."""
    for name in ("SLACK_BOT_TOKEN", "HITL_DATABASE_URL", "HTTP_PROXY", "https_proxy", "PORT"):
        monkeypatch.setenv(name, "own")
    child = await children.start(
        "child", *PROGRAM, "import os; print('env', sorted(os.environ))", env={"HITL_URL": "x"}
    )
    told = await child.line("env")
    assert "'HITL_URL'" in told
    assert [name for name in ("SLACK_BOT", "DATABASE_URL", "proxy", "PROXY", "'PORT'") if name in told] == []


async def test_a_child_that_does_not_listen_is_killed(
    children: Children, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who ignores SIGTERM is ended after a while."""
    monkeypatch.setattr(rooms, "END_WITHIN", 0.1)
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf'); time.sleep(60)"
    child = await children.start("child", *PROGRAM, deaf, env={})
    await child.line("deaf")
    assert await children.end() == {"child": -signal.SIGKILL}


async def test_a_child_that_ends_too_early_is_named(children: Children) -> None:
    """Whoever waits for its word hears that it ended, and with which code."""
    child = await children.start("child", *PROGRAM, "import os; os._exit(7)", env={})
    with pytest.raises(ChildFailed, match=r"child ended with 7 before it said “ready…”"):
        await child.line("ready")


async def test_a_command_that_fails_is_named(children: Children) -> None:
    """The message holds the command, its code and what it said."""
    with pytest.raises(ChildFailed, match=r"exited 3: it hurts"):
        await children.run("child", *PROGRAM, "import os; print('it hurts'); os._exit(3)", env={})


async def test_what_a_child_complains_of_is_in_its_log(children: Children) -> None:
    """stderr is kept, for the last lines that a failure shows."""
    await children.run("child", *PROGRAM, "import sys; print('ow', file=sys.stderr)", env={})
    assert (children.folder / "child.log").read_text(encoding="utf-8") == "ow\n"

"""An environment with a SQLite file of its own, and `hitl` to call in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main

Hitl: TypeAlias = Callable[..., Result]


@pytest.fixture
def hitl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Hitl:
    """Call a command as an operator would, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "SLACK_BOT_TOKEN",
        "SLACK_SIGNING_SECRET",
        "SLACK_APP_TOKEN",
        "HITL_DATABASE_URL",
        "HITL_CONFIG",
    ):
        monkeypatch.delenv(name, raising=False)

    def call(*words: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(main, words, input=stdin)

    return call

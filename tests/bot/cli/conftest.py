"""An environment with a SQLite file of its own, and `hitl` to call in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from store.engine import Store
from store.unit_of_work import Unit

T = TypeVar("T")
#: Where commands find it without being told.
URL = "sqlite+aiosqlite:///hitl.db"

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


def written(*works: Callable[[Unit], Any]) -> None:
    """Have `works` done on ./hitl.db, as a bot would; each commits."""
    for work in works:
        looked_up(work)


def looked_up(work: Callable[[Unit], T]) -> T:
    """What `work` gives of ./hitl.db."""

    async def run() -> T:
        store = await Store.open(URL)
        try:
            return await store.write(work)
        finally:
            await store.close()

    return asyncio.run(run())

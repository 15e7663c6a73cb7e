"""A real store for each test, in a file of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store import migrate
from store.engine import Store


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An empty SQLite store."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'hitl.db'}"
    await migrate.upgrade(url)
    opened = await Store.open(url)
    yield opened
    await opened.close()

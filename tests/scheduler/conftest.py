"""A real store for each test, on each database."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from store.engine import Store

# Found by pytest under these names; nothing calls them.
from tests.harness.databases import database_url, postgres_server, sqlite_template  # noqa: F401


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:  # noqa: F811  # a fixture is asked for by its name
    """An empty store."""
    opened = await Store.open(database_url)
    yield opened
    await opened.close()

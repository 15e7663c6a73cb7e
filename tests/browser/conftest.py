"""A bot, the stand-in with its page, and a browser. Everything here needs a Chromium: marker `browser`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from playwright.async_api import Browser

from sandbox.server import SlackStandIn
from tests.browser.browsing import Window, chromium
from tests.harness.desk import RunningDesk, running_desk

#: `await opens("U0ALICE")`: her window. What went wrong in any of them fails the test.
Opens = Callable[..., Awaitable[Window]]


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    """The stand-in, furnished."""
    async with SlackStandIn() as running:
        yield running


@pytest.fixture
async def bot(sqlite_url: str, slack: SlackStandIn) -> AsyncIterator[RunningDesk]:
    """A bot over HTTP."""
    async with running_desk(sqlite_url, slack) as running:
        yield running


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium."""
    async with chromium() as running:
        yield running


@pytest.fixture
async def opens(browser: Browser, slack: SlackStandIn) -> AsyncIterator[Opens]:
    """Opens windows; in none of them may the script fail, the policy refuse, or a stranger be asked."""
    windows: list[Window] = []

    async def opened(user: str, **how: Any) -> Window:
        windows.append(await Window.open(browser, slack, user, **how))
        return windows[-1]

    yield opened
    for window in windows:
        assert window.complaints == []
        assert [url for url in window.asked if not url.startswith(f"{slack.url}/")] == []

"""The day of `tests/stories/a_day` at the page: the same script, with mouse and keys, and pictures of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from sandbox.server import SlackStandIn
from tests.browser.hands import AtThePage
from tests.stories.a_day.day import a_day
from tests.stories.a_day.script import ACTS
from tests.stories.conftest import Home, home, new_home, sqlite_home

__all__ = ["home", "new_home", "sqlite_home"]
# On a machine that does more besides, a day takes a while.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


async def test_a_day_at_the_page(home: Home, tmp_path: Path, browser: Browser) -> None:
    """All that the day takes can be done there; at no moment is the page wider than its window."""
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    sat_down: list[AtThePage] = []

    def hands(slack: SlackStandIn) -> AtThePage:
        sat_down.append(AtThePage(slack, browser, pictures))
        return sat_down[-1]

    async with a_day(home.url, home.agent, tmp_path, hands) as day:
        for act in ACTS:
            await act(day)
        [at_the_page] = sat_down
        window = at_the_page.window
        assert window.complaints == []
        assert [url for url in window.asked if not url.startswith(f"{day.slack.url}/")] == []
        assert len(list(pictures.iterdir())) == 2 * len(at_the_page.seen)

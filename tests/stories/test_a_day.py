"""A day in the life of three approvers: forty requests of all kinds, and everything that a day brings."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.stories.a_day.day import a_day
from tests.stories.a_day.hands import ByWire
from tests.stories.a_day.script import ACTS
from tests.stories.conftest import Home

# On a machine that does more besides, a day takes a while.
pytestmark = pytest.mark.timeout(120)


async def test_a_day_in_the_life_of_three_approvers(home: Home, tmp_path: Path) -> None:
    """Each request ends as expected, once; everybody is answered; nobody is called who has nothing to do."""
    async with a_day(home.url, home.agent, tmp_path, ByWire) as day:
        for act in ACTS:
            await act(day)

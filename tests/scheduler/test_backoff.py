"""How long the courier waits before it tries again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.backoff import Exhausted, callback_pause, retry_after, slack_pause

CHANCE = st.floats(min_value=0, max_value=1, exclude_max=True)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def seconds(*numbers: float) -> list[timedelta]:
    """Durations."""
    return [timedelta(seconds=number) for number in numbers]


def test_slacks_pauses_double_from_one_second() -> None:
    """In the middle of the spread: 1, 2, 4, 8 seconds."""
    assert [slack_pause(attempt, 0.5) for attempt in (1, 2, 3, 4)] == seconds(1, 2, 4, 8)


def test_callbacks_pauses_double_from_five_seconds() -> None:
    """In the middle of the spread: 5, 10, 20, 40 seconds."""
    assert [callback_pause(n, timedelta(), 0.5) for n in (1, 2, 3, 4)] == seconds(5, 10, 20, 40)


@given(st.integers(min_value=-1, max_value=10_000), CHANCE)
def test_no_pause_leaves_its_limits(attempt: int, chance: float) -> None:
    """However often it was tried: Slack within five minutes, an agent within an hour, neither at once."""
    assert timedelta(seconds=0.8) <= slack_pause(attempt, chance) <= timedelta(minutes=5)
    assert timedelta(seconds=4) <= callback_pause(attempt, timedelta(), chance) <= HOUR


@given(st.integers(min_value=1, max_value=50))
def test_pauses_are_spread(attempt: int) -> None:
    """Chance moves a pause by a fifth to either side, at its limit too."""
    least, most = callback_pause(attempt, timedelta(), 0), callback_pause(attempt, timedelta(), 1)
    assert most / least == pytest.approx(1.5)


@given(st.lists(CHANCE, min_size=60, max_size=60))
def test_a_day_of_tries_ends_with_the_day(chances: list[float]) -> None:
    """Played to its end, the last try is made exactly a day after the first, and then it is over."""
    tried_for, attempt = timedelta(), 1
    for chance in chances:
        if tried_for < DAY:
            tried_for += callback_pause(attempt, tried_for, chance)
            attempt += 1
    assert tried_for == DAY
    assert 30 <= attempt <= 50
    with pytest.raises(Exhausted):
        callback_pause(attempt, tried_for, 0.5)


def test_an_agent_may_ask_for_a_longer_pause_but_not_a_shorter_one() -> None:
    """`Retry-After` counts when it is longer than our own pause, up to an hour."""
    pauses = [callback_pause(1, timedelta(), 0.5, asked) for asked in seconds(1, 60, 7200)]
    assert pauses == seconds(5, 60, 3600)


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("0", 0),
        ("30", 30),
        (" 30 ", 30),
        (None, None),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("9" * 10, None),
        ("\u0663\u0660", None),
        ("Fri, 20 Nov 2026 10:00:00 GMT", None),
    ],
)
def test_only_a_sane_number_of_seconds_is_heard(header: str | None, pause: int | None) -> None:
    """Dates and nonsense in `Retry-After` leave our own pause as it is."""
    assert retry_after(header) == (None if pause is None else timedelta(seconds=pause))

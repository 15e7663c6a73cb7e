"""Durations as the policy writes them: `30s`, `15m`, `4h`, `2d`, `1w`, or in words, `1 week`."""

from __future__ import annotations

import re
from datetime import timedelta

#: Longer ones are a slip of the hand; it also keeps every moment within what `datetime` can say.
LONGEST = timedelta(days=3660)

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_WORDS = {
    "s": "s", "second": "s", "seconds": "s",
    "m": "m", "minute": "m", "minutes": "m",
    "h": "h", "hour": "h", "hours": "h",
    "d": "d", "day": "d", "days": "d",
    "w": "w", "week": "w", "weeks": "w",
}  # fmt: skip
_SHAPE = re.compile(r"(\d{1,9})\s*([a-z]+)", re.ASCII)


def duration(text: str) -> timedelta:
    """The duration that `text` says. Raises `ValueError` with what would be right; zero is refused too."""
    match = _SHAPE.fullmatch(text.strip().lower())
    unit = _WORDS.get(match[2]) if match else None
    if match is None or unit is None:
        raise ValueError(f"{text!r} is not a duration; write it like 30s, 15m, 4h, 2d, 1w or 1 week")
    seconds = int(match[1]) * _SECONDS[unit]
    if seconds == 0:
        raise ValueError("must be longer than nothing")
    if seconds > LONGEST.total_seconds():
        raise ValueError("must be at most ten years")
    return timedelta(seconds=seconds)


def spelled(span: timedelta) -> str:
    """`span` as the policy would write it, in the largest unit that leaves no rest: `90m`, `1d`."""
    seconds = int(span.total_seconds())
    unit = next((unit for unit in "wdhm" if seconds and seconds % _SECONDS[unit] == 0), "s")
    return f"{seconds // _SECONDS[unit]}{unit}"

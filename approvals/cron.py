"""Cron expressions as crontab(5) has them: five fields; names, ranges, lists, steps; 0 and 7 are Sunday."""

from __future__ import annotations

import re
from collections.abc import Mapping

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()  # noqa: SIM905  # reads like a calendar
_DAYS = "sun mon tue wed thu fri sat".split()  # noqa: SIM905  # the same

#: name → (least, most, what its numbers are called)
FIELDS: tuple[tuple[str, int, int, Mapping[str, int]], ...] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("day of week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)
#: One of a field's comma-separated items: first, last, step.
PART = re.compile(r"(?:\*|([0-9a-z]+)(?:-([0-9a-z]+))?)(?:/([0-9]{1,4}))?", re.ASCII)


def flaw(text: str) -> str | None:
    """Why `text` is no cron expression; None when it is one."""
    parts = text.lower().split()
    if len(parts) != len(FIELDS):
        return f"has {len(parts)} fields; crontab has five: minute, hour, day of month, month, day of week"
    for part, (name, least, most, names) in zip(parts, FIELDS, strict=True):
        for item in part.split(","):
            if not _fits(item, least, most, names):
                return f"{item!r} is no {name} ({least} to {most}{', or by name' if names else ''})"
    return None


def _fits(item: str, least: int, most: int, names: Mapping[str, int]) -> bool:
    match = PART.fullmatch(item)
    if match is None:
        return False
    first, last, step = match.groups()
    words = [word for word in (first, last) if word is not None]
    numbers = [names.get(word, int(word) if word.isdigit() else -1) for word in words]
    if len(numbers) == 2 and last == "sun":
        numbers[1] = 7
    if step is not None and (int(step) == 0 or len(numbers) == 1):
        return False
    return all(least <= number <= most for number in numbers) and numbers == sorted(numbers)

"""Moments and spans as people type them: `until 2026-12-01 09:00`, `for 3d`, `until fri`, `from tomorrow`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from approvals.durations import duration
from approvals.model import Instant

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = {name: day for day, whole in enumerate(_WEEKDAYS) for name in (whole, whole[:3])}
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_TIME = re.compile(r"(?:\bat\s+)?([01]?\d|2[0-3])[:.h]([0-5]\d)", re.ASCII)
#: What stands between a day and a time: a comma, or the T of ISO 8601.
_BEFORE_TIME = re.compile(r",\s*|(?<=\d)t", re.ASCII)
_WORD = re.compile(r"\b(from|for|until|till|to)\b", re.ASCII)
_DAY = timedelta(days=1)
#: What people may plan ahead; it also keeps every moment within what `datetime` can say.
_LATEST = timedelta(days=3660)


@dataclass(frozen=True, slots=True)
class Span:
    """From `starts` until just before `ends`."""

    starts: Instant
    ends: Instant


def span(text: str, now: Instant, zone: str) -> Span:
    """The time that `text` says, by the wall clock of `zone`. Without `from` it begins now.

    A day alone is meant whole: from its beginning, until its end. Raises `ValueError` with what is wrong.
    """
    before, *pairs = _WORD.split(text.strip().lower())
    if not pairs and before:
        # `4h` or `fri` alone is how long, or until when.
        pairs, before = ["for" if before[0].isdigit() and not _looks_dated(before) else "until", before], ""
    if before.strip():
        raise ValueError(f"{before.strip()!r} is neither a time nor a span")
    said = dict(zip(pairs[::2], (words.strip() for words in pairs[1::2]), strict=True))
    until = next((said[word] for word in ("until", "till", "to") if word in said), None)
    if (until is None) == ("for" not in said) or len(said) != len(pairs) // 2:
        raise ValueError("say how long, like `for 4h`, or until when, like `until fri 18:00`")
    starts = max(moment(said["from"], now, zone), now) if "from" in said else now
    try:
        ends = (
            starts + duration(said["for"]) if until is None else moment(until, starts, zone, whole_day=True)
        )
    except OverflowError as far:
        raise ValueError("must be within ten years") from far
    if ends <= starts:
        raise ValueError("that is over already")
    if ends - now > _LATEST:
        raise ValueError("must be within ten years")
    return Span(starts, ends)


def moment(text: str, now: Instant, zone: str, *, whole_day: bool = False) -> Instant:
    """The moment that `text` says, the next such one after `now`. A day alone begins, or with `whole_day`
    ends, at midnight. Raises `ValueError`.
    """
    here = now.astimezone(ZoneInfo(zone))
    words = text.strip().lower().removeprefix("on ").strip()
    at = _TIME.search(words)
    day = _BEFORE_TIME.sub("", words[: at.start()] + words[at.end() :]).strip() if at else words
    wall = time(int(at[1]), int(at[2])) if at else time()
    found = _day(day, here.date()) if day else here.date()
    if at is None:
        if not day:
            raise ValueError("say a day or a time")
        return _instant(datetime.combine(found + (_DAY if whole_day else timedelta()), wall), zone)
    told = _instant(datetime.combine(found, wall), zone)
    if told > now or not (day == "" or day in _WEEKDAY):
        return told
    return _instant(datetime.combine(found + (_DAY if not day else 7 * _DAY), wall), zone)


def _day(text: str, today: date) -> date:
    if text in ("today", "now"):
        return today
    if text == "tomorrow":
        return today + _DAY
    weekday = text.removeprefix("next ")
    if weekday in _WEEKDAY:
        return today + timedelta(days=(_WEEKDAY[weekday] - today.weekday()) % 7)
    numbers = _DATE.fullmatch(text)
    if numbers is None:
        raise ValueError(f"{text!r} is no day; write it like 2026-12-01, fri or tomorrow")
    try:
        return date(int(numbers[1]), int(numbers[2]), int(numbers[3]))
    except ValueError as wrong:
        raise ValueError(f"{text!r} is no day of the calendar") from wrong


def _looks_dated(text: str) -> bool:
    return _DATE.match(text.strip()) is not None or _TIME.match(text.strip()) is not None


def _instant(wall: datetime, zone: str) -> Instant:
    """As PEP 495 reads it: what the clocks skip is later by the skip, what comes twice is the first."""
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

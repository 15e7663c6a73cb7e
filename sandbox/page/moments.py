"""Moments as a person reads them: in their own zone, worded as Slack words them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_PART = re.compile(r"\{(\w+)\}")
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def worded(timestamp: int, form: str, now: datetime) -> str:
    """A `<!date^…>` format filled in (docs.slack.dev/messaging/formatting-message-text#date-formatting).

    `now` is in the reader's zone, which is the zone of the answer. A part that Slack does not know stays as
    it is. Raises ValueError and OverflowError for a moment that no calendar has.
    """
    moment = datetime.fromtimestamp(timestamp, UTC).astimezone(now.tzinfo)
    return _PART.sub(lambda part: _part(part[1], moment, now) or part[0], form)


def _part(name: str, moment: datetime, now: datetime) -> str | None:
    if name == "time":
        return f"{moment:%H:%M}"
    if name == "time_secs":
        return f"{moment:%H:%M:%S}"
    if name == "ago":
        return ago((now - moment).total_seconds())
    if name == "date_num":
        return f"{moment:%Y-%m-%d}"
    style, _, pretty = name.partition("_pretty")
    if name.endswith("_pretty") and not pretty and (near := near_day(moment.date(), now.date())):
        return near.lower()
    return {
        "date": f"{moment:%B} {ordinal(moment.day)}, {moment.year}",
        "date_short": f"{moment:%b} {moment.day}, {moment.year}",
        "date_long": f"{moment:%A}, {moment:%B} {ordinal(moment.day)}, {moment.year}",
    }.get(style)


def near_day(day: date, today: date) -> str | None:
    """`Today`, `Yesterday`, `Tomorrow`; None for other days."""
    return {0: "Today", -1: "Yesterday", 1: "Tomorrow"}.get((day - today).days)


def day_heading(day: date, today: date) -> str:
    """What stands between the messages of two days."""
    return near_day(day, today) or f"{day:%A}, {day:%B} {ordinal(day.day)}"


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `11th`."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{ {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th') }"


def ago(seconds: float) -> str:
    """`3 minutes ago`, `in 2 hours`."""
    size = abs(seconds)
    if size < _MINUTE:
        return "just now"
    unit, length = next((u, s) for u, s in (("day", _DAY), ("hour", _HOUR), ("minute", _MINUTE)) if size >= s)
    count = int(size // length)
    words = f"{count} {unit}{'' if count == 1 else 's'}"
    return f"{words} ago" if seconds > 0 else f"in {words}"


def in_zone(ts: str | float, zone: ZoneInfo) -> datetime:
    """The moment of a message's `ts`, or of seconds since the epoch."""
    return datetime.fromtimestamp(float(ts), zone)

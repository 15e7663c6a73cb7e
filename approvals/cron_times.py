"""When a cron expression rings, by the wall clock of a zone, right across its changes of time.

As crontab(5) has it: where both the day of the month and the weekday are restricted, either is enough. A time
in an hour that a change of time skips rings at that hour's end; one in an hour that comes twice rings once,
the first time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import product
from zoneinfo import ZoneInfo

from approvals.cron import FIELDS, PART
from approvals.words import Instant

#: A 29th of February on which anything rings is at most eight years away (1896 to 1904).
_FARTHEST = timedelta(days=9 * 366)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Cron:
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: frozenset[int]
    months: frozenset[int]
    #: 0 is Sunday
    weekdays: frozenset[int]
    #: both kinds of days are restricted: one of them is enough
    either: bool

    def falls_on(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        in_month, in_week = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        return in_month or in_week if self.either else in_month and in_week


def latest(cron: str, timezone: str, now: Instant) -> Instant | None:
    """The last time, `now` included, that `cron` rang; None where it has not for nine years.

    `cron` is one in which `approvals.cron.flaw` finds no flaw.
    """
    parsed, zone = _parsed(cron), ZoneInfo(timezone)
    day = now.astimezone(zone).date()
    for back in range(_FARTHEST.days):
        rung = [moment for moment in _rings(parsed, day - back * _DAY, zone) if moment <= now]
        if rung:
            return rung[-1]
    return None


def following(cron: str, timezone: str, now: Instant) -> Instant | None:
    """The first time after `now` that `cron` rings; None where it does not within nine years."""
    parsed, zone = _parsed(cron), ZoneInfo(timezone)
    day = now.astimezone(zone).date()
    for ahead in range(_FARTHEST.days):
        for moment in _rings(parsed, day + ahead * _DAY, zone):
            if moment > now:
                return moment
    return None


def _rings(cron: _Cron, day: date, zone: ZoneInfo) -> Iterator[Instant]:
    """Every time on a day of the zone, in order; several may be the same where an hour is skipped."""
    if not cron.falls_on(day):
        return
    for hour, minute in product(cron.hours, cron.minutes):
        yield _instant(datetime.combine(day, time(hour, minute)), zone)


def _instant(wall: datetime, zone: ZoneInfo) -> Instant:
    moment = wall.replace(tzinfo=zone).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # PEP 495: in a gap, fold 0 reads the offset from before it, and lands after it; fold 1 the other way.
    early, late = wall.replace(tzinfo=zone, fold=1).astimezone(UTC), moment
    before = early.astimezone(zone).utcoffset()
    while late - early > _SECOND:
        middle = (early + (late - early) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == before:
            early = middle
        else:
            late = middle
    return late


@lru_cache(maxsize=64)
def _parsed(cron: str) -> _Cron:
    parts = cron.lower().split()
    minutes, hours, days, months, weekdays = (
        _numbers(part, least, most, names)
        for part, (_, least, most, names) in zip(parts, FIELDS, strict=True)
    )
    return _Cron(
        tuple(sorted(minutes)),
        tuple(sorted(hours)),
        frozenset(days),
        frozenset(months),
        frozenset(number % 7 for number in weekdays),
        either=not parts[2].startswith("*") and not parts[4].startswith("*"),
    )


def _numbers(part: str, least: int, most: int, names: Mapping[str, int]) -> set[int]:
    found: set[int] = set()
    for item in part.split(","):
        match = PART.fullmatch(item)
        if match is None:
            raise ValueError(f"{item!r} is no part of a cron expression")
        first, last, step = match.groups()
        starts = least if first is None else names[first] if first in names else int(first)
        ends = most if first is None else starts
        if last is not None:
            # Monday to Sunday: only as the end of a range is it the seventh day.
            ends = 7 if last == "sun" else names[last] if last in names else int(last)
        found.update(range(starts, ends + 1, int(step or 1)))
    return found

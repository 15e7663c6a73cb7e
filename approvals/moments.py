"""Moments and spans as people type them: `until 2026-12-01 09:00`, `for 3d`, `fri 6pm`, `from 1 Dec`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from approvals.durations import duration
from approvals.words import Instant

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = {name: day for day, whole in enumerate(_WEEKDAYS) for name in (whole, whole[:3])}
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH = {name: number for number, whole in enumerate(_MONTHS, 1) for name in (whole, whole[:3])}
_MONTH["sept"] = 9
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
#: Day, month and year, which dots alone leave no doubt of.
_DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})", re.ASCII)
#: Day and month, where the second dot tells them from a time: `1.12.`.
_DAY_DOT_MONTH = r"(?<![\d.:])(?P<day>0?[1-9]|[12]\d|3[01])\.\s?(?P<month>0?[1-9]|1[0-2])\."
_SHORT = re.compile(rf"{_DAY_DOT_MONTH}(?!\d)", re.ASCII)
_SHORT_AT_END = re.compile(rf"{_DAY_DOT_MONTH}$", re.ASCII)
#: Without it nobody can tell.
_DAY_OR_TIME = re.compile(r"(0?[1-9]|1\d|2[0-3])\.(0[1-9]|1[0-2])", re.ASCII)
_NAMED_MONTH = "|".join(sorted(_MONTH, key=len, reverse=True))
_YEAR = r"(?:,?\s*(?P<year>\d{4}))?"
_DAY_MONTH = re.compile(
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?\s*(?:of\s+)?(?P<month>{_NAMED_MONTH})\.?{_YEAR}", re.ASCII
)
_MONTH_DAY = re.compile(
    rf"(?P<month>{_NAMED_MONTH})\.?\s*(?P<day>\d{{1,2}})(?:st|nd|rd|th)?{_YEAR}", re.ASCII
)
_AT = r"(?:\bat\s+)?(?<![\d.:])"
_TIME = re.compile(rf"{_AT}([01]?\d|2[0-3])[:.h]([0-5]\d)(?::[0-5]\d)?(?![\d.:])(?!\s*[ap]\.?m\b)", re.ASCII)
_HALF_DAY = re.compile(rf"{_AT}(0?[1-9]|1[0-2])(?:[:.]([0-5]\d))?\s*([ap])\.?m\b\.?", re.ASCII)
#: What stands between a day and a time: a comma, or the T of ISO 8601.
_BEFORE_TIME = re.compile(r",\s*$|(?<=\d)t$", re.ASCII)
_WORD = re.compile(r"\b(from|for|until|till|to)\b", re.ASCII)
_NOTHING = re.compile(r"0+\s*[a-z]+", re.ASCII)
_DAY = timedelta(days=1)
#: Whoever names a day that was within these two months hardly means the next one, ten months ahead.
_JUST_PAST = timedelta(days=61)
#: What people may plan ahead; it also keeps every moment within what `datetime` can say.
_LATEST = timedelta(days=3660)
_TOO_FAR = "it must be within ten years"


class _Doubtful(ValueError):
    """A day of which it is not certain which one is meant, or whether it is one."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `starts` until just before `ends`."""

    starts: Instant
    ends: Instant


def span(text: str, now: Instant, zone: str) -> Span:
    """The time that `text` says, by the wall clock of `zone`. Without `from` it begins now.

    A day alone is meant whole: from its beginning, until its end. Raises `ValueError` with what is wrong, as
    the beginning of a sentence that follows “When?”.
    """
    before, *pairs = _WORD.split(_plain(text))
    if not pairs and before:
        # `4h` or `fri` alone is how long, or until when.
        pairs, before = [_how(before, now, zone), before], ""
    if before.strip():
        raise ValueError(f"“{before.strip()}” is neither a time nor a span")
    said = dict(zip(pairs[::2], (words.strip() for words in pairs[1::2]), strict=True))
    until = next((said[word] for word in ("until", "till", "to") if word in said), None)
    if (until is None) == ("for" not in said) or len(said) != len(pairs) // 2:
        raise ValueError("say how long, as in “for 4h”, or until when, as in “until fri 18:00”")
    starts = max(moment(said["from"], now, zone), now) if "from" in said else now
    try:
        ends = (
            starts + _lasting(said["for"]) if until is None else moment(until, starts, zone, whole_day=True)
        )
    except OverflowError as far:
        raise ValueError(_TOO_FAR) from far
    if ends <= starts:
        raise ValueError("that is over already")
    if ends - now > _LATEST:
        raise ValueError(_TOO_FAR)
    return Span(starts, ends)


def _plain(text: str) -> str:
    words = " ".join(text.split()).lower()
    bare = words.rstrip(".,;! ")
    # The dot behind `1.12.` ends no sentence: it makes a day of it.
    dotted = words[: len(bare) + 1]
    return dotted if _SHORT_AT_END.search(dotted) else bare


def _how(text: str, now: Instant, zone: str) -> str:
    """Whether words without one are `for` or `until`."""
    try:
        moment(text, now, zone)
    except _Doubtful:
        return "until"
    except (ValueError, OverflowError):
        return "for" if text[0].isdigit() and _DATE.match(text) is None else "until"
    return "until"


def _lasting(text: str) -> timedelta:
    """Raises `ValueError`, in words for people who are not writing a policy."""
    if _NOTHING.fullmatch(text):
        raise ValueError(f"“{text}” is no time at all; say how long, as in “for 4h”")
    try:
        return duration(text)
    except ValueError as wrong:
        if str(wrong).startswith("must"):
            raise ValueError(_TOO_FAR) from wrong
        raise ValueError(f"“{text}” is not a duration; say 30m, 4h, 3d or 1 week") from wrong


def moment(text: str, now: Instant, zone: str, *, whole_day: bool = False) -> Instant:
    """The moment that `text` says, the next such one after `now`. A day alone begins, or with `whole_day`
    ends, at midnight. Raises `ValueError`.
    """
    here = now.astimezone(ZoneInfo(zone))
    at, rest = _wall(_plain(text).removeprefix("on ").strip())
    day = rest.removesuffix(" at").strip()
    found = _day(day, here.date()) if day else here.date()
    if at is None:
        if not day:
            raise ValueError("say a day or a time")
        return _instant(datetime.combine(found + (_DAY if whole_day else timedelta()), time()), zone)
    told = _instant(datetime.combine(found, at), zone)
    if told > now or not (day == "" or day in _WEEKDAY):
        return told
    return _instant(datetime.combine(found + (_DAY if not day else 7 * _DAY), at), zone)


def _wall(words: str) -> tuple[time | None, str]:
    """The time of day in `words`, and what is left of them without it."""
    dotted = _DOTTED.search(words) or _SHORT.search(words)
    begins = dotted.end() if dotted is not None else 0
    half, whole = _HALF_DAY.search(words, begins), _TIME.search(words, begins)
    found = half or whole
    if found is None:
        return None, words
    if half is not None:
        at = time(int(half[1]) % 12 + (12 if half[3] == "p" else 0), int(half[2] or 0))
    else:
        at = time(int(found[1]), int(found[2]))
    before, after = words[: found.start()].strip(), words[found.end() :].strip(" ,")
    rest = f"{_BEFORE_TIME.sub('', before)} {after}".strip()
    either = _DAY_OR_TIME.fullmatch(found[0])
    if either is not None and (not rest or _TIME.search(rest)):
        day = f"{int(either[1])} {_MONTHS[int(either[2]) - 1][:3].title()}"
        raise _Doubtful(f"“{either[0]}” may be a day or a time; write “{day}” or “{at:%H:%M}”")
    return at, rest


def _day(text: str, today: date) -> date:
    if text in ("today", "now"):
        return today
    if text == "tomorrow":
        return today + _DAY
    weekday = text.removeprefix("next ")
    if weekday in _WEEKDAY:
        days = (_WEEKDAY[weekday] - today.weekday()) % 7
        # Nobody says `next friday` of the day it is.
        return today + timedelta(days=days or (7 if weekday != text else 0))
    try:
        found = _dated(text, today)
    except _Doubtful:
        raise
    except ValueError as wrong:
        raise ValueError(f"“{text}” is no day of the calendar") from wrong
    if found is None:
        raise ValueError(f"“{text}” is no day that I know; say one like 2026-12-01, 1 Dec, fri or tomorrow")
    return found


def _dated(text: str, today: date) -> date | None:
    """A date in one of the ways that cannot be read in two. Raises `ValueError` for the 30th of February."""
    if (iso := _DATE.fullmatch(text)) is not None:
        return date(int(iso[1]), int(iso[2]), int(iso[3]))
    if (dotted := _DOTTED.fullmatch(text)) is not None:
        return date(int(dotted[3]), int(dotted[2]), int(dotted[1]))
    if (short := _SHORT.fullmatch(text)) is not None:
        return _coming(int(short["day"]), int(short["month"]), today)
    named = _DAY_MONTH.fullmatch(text) or _MONTH_DAY.fullmatch(text)
    if named is None:
        return None
    day, month = int(named["day"]), _MONTH[named["month"]]
    if named["year"] is not None:
        return date(int(named["year"]), month, day)
    return _coming(day, month, today)


def _coming(day: int, month: int, today: date) -> date:
    """The next such day from `today` on. Raises `ValueError` where there is none, and of one just past."""
    past = (date(year, month, day) for year in (today.year - 1, today.year) if _exists(year, month, day))
    if any(timedelta() < today - each <= _JUST_PAST for each in past):
        raise _Doubtful("that day is over already; write the year for next year's")
    # The next such one; only the 29th of February has to be waited for for longer than a year.
    years = range(today.year, today.year + 9)
    coming = (date(year, month, day) for year in years if _exists(year, month, day))
    return next((each for each in coming if each >= today), None) or date(today.year, month, day)


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _instant(wall: datetime, zone: str) -> Instant:
    """As PEP 495 reads it: what the clocks skip is later by the skip, what comes twice is the first."""
    return wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)

"""When a cron expression rings, in zones that change their clocks at different hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from approvals.cron_times import following, latest

MONDAYS = "0 9 * * mon"
BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"


def utc(text: str) -> datetime:
    """`2026-11-20 12:00` in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "now", "before", "after"),
    [
        (MONDAYS, "2026-11-20 12:00", "2026-11-16 09:00", "2026-11-23 09:00"),
        (MONDAYS, "2026-11-23 09:00", "2026-11-23 09:00", "2026-11-30 09:00"),
        ("*/20 9-17 * * mon-fri", "2026-11-20 17:30", "2026-11-20 17:20", "2026-11-20 17:40"),
        ("*/20 9-17 * * mon-fri", "2026-11-20 17:50", "2026-11-20 17:40", "2026-11-23 09:00"),
        ("0 0 * * 7", "2026-11-20 12:00", "2026-11-15 00:00", "2026-11-22 00:00"),
        ("0 0 * * 0", "2026-11-20 12:00", "2026-11-15 00:00", "2026-11-22 00:00"),
        ("0 0 * * fri-sun", "2026-11-21 12:00", "2026-11-21 00:00", "2026-11-22 00:00"),
        ("0 0 13 * fri", "2026-11-20 12:00", "2026-11-20 00:00", "2026-11-27 00:00"),
        ("0 0 13 * fri", "2026-12-12 12:00", "2026-12-11 00:00", "2026-12-13 00:00"),
        ("0 0 13 * *", "2026-11-20 12:00", "2026-11-13 00:00", "2026-12-13 00:00"),
        ("30 6 1 jan,jul *", "2026-11-20 12:00", "2026-07-01 06:30", "2027-01-01 06:30"),
        ("0 0 29 2 *", "2026-11-20 12:00", "2024-02-29 00:00", "2028-02-29 00:00"),
    ],
)
def test_it_rings_as_crontab_has_it(cron: str, now: str, before: str, after: str) -> None:
    """Names, ranges, steps, both Sundays; a restricted day and weekday are either of both; `now` has rung."""
    assert latest(cron, "UTC", utc(now)) == utc(before)
    assert following(cron, "UTC", utc(now)) == utc(after)


@pytest.mark.parametrize(
    ("cron", "zone", "now", "after"),
    [
        # Forward: 2:30 does not exist, so it is 3:00, the end of the missing hour.
        ("30 2 * * *", BERLIN, "2026-03-28 12:00", "2026-03-29 01:00"),
        ("30 2 * * *", NEW_YORK, "2026-03-07 12:00", "2026-03-08 07:00"),
        # Half an hour only is missing there: from 2:00 to 2:30.
        ("10 2 * * *", LORD_HOWE, "2026-10-03 00:00", "2026-10-03 15:30"),
        # Back: 2:30 comes twice, and rings the first time.
        ("30 2 * * *", BERLIN, "2026-10-24 12:00", "2026-10-25 00:30"),
        ("30 2 * * *", BERLIN, "2026-10-25 00:30", "2026-10-26 01:30"),
        ("30 1 * * *", NEW_YORK, "2026-10-31 12:00", "2026-11-01 05:30"),
        ("45 1 * * *", LORD_HOWE, "2026-04-04 00:00", "2026-04-04 14:45"),
        # The wall clock, not the distance: nine o'clock on both sides of a change.
        (MONDAYS, BERLIN, "2026-03-23 12:00", "2026-03-30 07:00"),
        (MONDAYS, BERLIN, "2026-10-19 12:00", "2026-10-26 08:00"),
    ],
)
def test_it_rings_by_the_wall_clock_across_changes(cron: str, zone: str, now: str, after: str) -> None:
    """Missing hours ring at their end, doubled ones once."""
    assert following(cron, zone, utc(now)) == utc(after)
    assert latest(cron, zone, utc(after)) == utc(after)


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE])
def test_both_directions_tell_the_same_times(zone: str) -> None:
    """Going forward through a year and back again meets the same moments."""
    start, cron = utc("2026-01-01 00:00"), "30 2 * * *"
    moments = []
    at = start
    while at < start + timedelta(days=366):
        found = following(cron, zone, at)
        assert found is not None
        moments.append(found)
        at = found
    back = []
    for _ in moments:
        found = latest(cron, zone, at)
        assert found is not None
        back.append(found)
        at = found - timedelta(microseconds=1)
    assert back[::-1] == moments
    assert len(moments) in (366, 367)


def test_a_day_that_never_comes_never_rings() -> None:
    """The 31st of February: nothing, rather than a search without end."""
    now = utc("2026-11-20 12:00")
    assert following("0 0 31 2 *", "UTC", now) is None
    assert latest("0 0 31 2 *", "UTC", now) is None

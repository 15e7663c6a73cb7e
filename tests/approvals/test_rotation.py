"""Who is on call, across weeks and changes of time."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from approvals.policy_model import Rotation
from approvals.rotation import Change, Override, next_handoff, on_call, shifts, taken_back
from approvals.words import GroupName, UserId

CAROL, DAN, EVE = UserId("U0CAROL"), UserId("U0DAN"), UserId("U0EVE")
WEEK = timedelta(weeks=1)
DAY = timedelta(days=1)


def weekly(zone: str = "Europe/Berlin", at: time = time(9), start: date = date(2026, 1, 5)) -> Rotation:
    """Mondays, by turns."""
    return Rotation((CAROL, DAN), WEEK, 0, at, zone, start)


def utc(text: str) -> datetime:
    """That moment."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_the_first_turn_begins_at_the_first_handoff_on_or_after_the_start() -> None:
    """Nobody is on call before it; the first user from it on."""
    rotation = weekly(start=date(2026, 1, 6))
    assert on_call(rotation, (), utc("2026-01-12T07:59:59")) is None
    assert on_call(rotation, (), utc("2026-01-12T08:00:00")) == CAROL
    assert on_call(rotation, (), utc("2026-01-19T08:00:00")) == DAN


@pytest.mark.parametrize(
    ("zone", "wall", "day", "expected"),
    [
        # The hour is skipped: at its end.
        ("Europe/Berlin", time(2, 30), date(2026, 3, 29), "2026-03-29T01:00:00"),
        ("America/New_York", time(2, 30), date(2026, 3, 8), "2026-03-08T07:00:00"),
        ("Australia/Lord_Howe", time(2, 15), date(2026, 10, 4), "2026-10-03T15:30:00"),
        # The hour comes twice: the first time.
        ("Europe/Berlin", time(2, 30), date(2026, 10, 25), "2026-10-25T00:30:00"),
        ("America/New_York", time(1, 30), date(2026, 11, 1), "2026-11-01T05:30:00"),
        ("Australia/Lord_Howe", time(1, 45), date(2026, 4, 5), "2026-04-04T14:45:00"),
        # An ordinary day, before and after.
        ("Europe/Berlin", time(9), date(2026, 3, 28), "2026-03-28T08:00:00"),
        ("Europe/Berlin", time(9), date(2026, 3, 30), "2026-03-30T07:00:00"),
        ("America/New_York", time(9), date(2026, 3, 9), "2026-03-09T13:00:00"),
        ("America/New_York", time(9), date(2026, 11, 2), "2026-11-02T14:00:00"),
        ("Australia/Lord_Howe", time(9), date(2026, 10, 5), "2026-10-04T22:00:00"),
        ("Australia/Lord_Howe", time(9), date(2026, 4, 6), "2026-04-05T22:30:00"),
    ],
)
def test_a_handoff_keeps_the_wall_clock_across_changes_of_time(
    zone: str, wall: time, day: date, expected: str
) -> None:
    """In a skipped hour it happens at its end, in a doubled one once, the first time."""
    rotation = Rotation((CAROL, DAN), DAY, None, wall, zone, date(2026, 1, 5))
    around = datetime.combine(day, time(12), tzinfo=ZoneInfo(zone)).astimezone(UTC)
    starts = [each.starts for each in shifts(rotation, (), around - 2 * DAY, around + 2 * DAY)][1:]
    assert utc(expected) in starts
    assert [each.astimezone(ZoneInfo(zone)).date() for each in starts].count(day) == 1


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("Europe/Berlin", "2026-03-28T00:00", "2026-03-31T00:00"),
        ("Europe/Berlin", "2026-10-24T00:00", "2026-10-27T00:00"),
        ("America/New_York", "2026-03-07T00:00", "2026-03-10T00:00"),
        ("Australia/Lord_Howe", "2026-10-03T00:00", "2026-10-06T00:00"),
    ],
)
def test_half_days_keep_their_hours_across_changes_of_time(zone: str, first: str, last: str) -> None:
    """Shifts of twelve hours begin at nine and at nine, by the wall clock, summer and winter."""
    rotation = Rotation((CAROL, DAN, EVE), timedelta(hours=12), None, time(9), zone, date(2026, 1, 5))
    found = list(shifts(rotation, (), utc(first), utc(last)))[1:]
    assert {each.starts.astimezone(ZoneInfo(zone)).hour for each in found} == {9, 21}
    users = [each.user for each in found]
    assert all(one != other for one, other in pairwise(users))


@given(
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"]),
    st.integers(1, 400),
    st.integers(0, 23 * 60 + 59),
    st.integers(0, 3 * 365 * 24 * 60),
)
def test_shifts_follow_each_other_without_gap_or_overlap(
    zone: str, hours: int, minute: int, later: int
) -> None:
    """Whatever the zone and the turn's length: one after the other, and each moment is in exactly one."""
    at = time(minute // 60, minute % 60)
    rotation = Rotation((CAROL, DAN, EVE), timedelta(hours=hours), None, at, zone, date(2026, 1, 5))
    now = utc("2025-12-01") + timedelta(minutes=later)
    found = list(shifts(rotation, (), now, now + 8 * rotation.every))
    assert all(one.ends == other.starts for one, other in pairwise(found))
    for each in found:
        assert on_call(rotation, (), each.starts) == each.user
        assert on_call(rotation, (), each.ends - timedelta(microseconds=1)) == each.user


def test_an_override_stands_in_for_its_time_and_the_last_made_holds() -> None:
    """Before and after it whoever's turn it is; of two at once the newer."""
    group, now = GroupName("finance"), utc("2026-01-05T08:00:00")
    one = Override(group, EVE, now + DAY, now + 3 * DAY, CAROL, now)
    two = Override(group, DAN, now + 2 * DAY, now + 4 * DAY, CAROL, now + timedelta(minutes=1))
    rotation = weekly()
    found = [
        (each.user, each.starts - now, each.override)
        for each in shifts(rotation, (one, two), now, now + WEEK)
    ]
    assert found == [
        (CAROL, timedelta(0), False),
        (EVE, DAY, True),
        (DAN, 2 * DAY, True),
        (CAROL, 4 * DAY, False),
    ]


def test_the_next_handoff_is_when_somebody_else_begins() -> None:
    """By an override or by turn; None where one person alone takes every turn."""
    now = utc("2026-01-06T12:00:00")
    assert next_handoff(weekly(), (), now) == utc("2026-01-12T08:00:00")
    override = Override(GroupName("finance"), DAN, now + DAY, now + 2 * DAY, CAROL, now)
    assert next_handoff(weekly(), (override,), now) == now + DAY
    alone = Rotation((CAROL,), WEEK, 0, time(9), "UTC", date(2026, 1, 5))
    assert next_handoff(alone, (), now) is None


def test_of_what_is_taken_back_those_hear_whose_plans_change() -> None:
    """Who was to stand in and whose turn it is; not what begins now, nor what another override hides."""
    group, now = GroupName("finance"), utc("2026-01-05T08:00:00")
    runs = Override(group, EVE, now - DAY, now + 9 * DAY, CAROL, now - DAY)
    plan = Override(group, EVE, now + DAY, now + 3 * DAY, CAROL, now)
    newer = Override(group, DAN, now + 2 * DAY, now + 3 * DAY, CAROL, now + timedelta(minutes=1))
    rotation = weekly()
    assert taken_back(rotation, (plan,), (), now) == (
        Change(EVE, CAROL, now + DAY, now + 3 * DAY),
        Change(CAROL, CAROL, now + DAY, now + 3 * DAY),
    )
    assert taken_back(rotation, (plan, newer), (newer,), now) == (
        Change(EVE, CAROL, now + DAY, now + 2 * DAY),
        Change(CAROL, CAROL, now + DAY, now + 2 * DAY),
    )
    assert taken_back(rotation, (plan, newer), (plan,), now) == (
        Change(DAN, EVE, now + 2 * DAY, now + 3 * DAY),
        Change(EVE, EVE, now + 2 * DAY, now + 3 * DAY),
    )
    # Dan was told nothing of one that ran already, and the handoff now is announced as one.
    assert taken_back(rotation, (runs,), (), now) == (Change(EVE, DAN, now + WEEK, now + 9 * DAY),)
    assert taken_back(rotation, (runs,), (runs,), now) == ()

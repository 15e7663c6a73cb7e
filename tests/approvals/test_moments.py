"""What people type of times is understood by the wall clock of their zone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from approvals.moments import span

#: A Friday, noon in UTC, 13:00 in Berlin.
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "starts", "ends"),
    [
        ("for 4h", "2026-11-20T12:00", "2026-11-20T16:00"),
        ("4h", "2026-11-20T12:00", "2026-11-20T16:00"),
        ("FOR 3 days", "2026-11-20T12:00", "2026-11-23T12:00"),
        ("until 18:00", "2026-11-20T12:00", "2026-11-20T17:00"),
        ("until 9:00", "2026-11-20T12:00", "2026-11-21T08:00"),
        ("until 2026-12-01", "2026-11-20T12:00", "2026-12-01T23:00"),
        ("2026-12-01", "2026-11-20T12:00", "2026-12-01T23:00"),
        ("until 2026-12-01 09:00", "2026-11-20T12:00", "2026-12-01T08:00"),
        ("until 2026-12-01T09:00", "2026-11-20T12:00", "2026-12-01T08:00"),
        ("till fri", "2026-11-20T12:00", "2026-11-20T23:00"),
        ("fri", "2026-11-20T12:00", "2026-11-20T23:00"),
        ("until friday 12:00", "2026-11-20T12:00", "2026-11-27T11:00"),
        ("until Mon 09:00", "2026-11-20T12:00", "2026-11-23T08:00"),
        ("until tomorrow", "2026-11-20T12:00", "2026-11-21T23:00"),
        ("from 2026-12-01 09:00 for 8h", "2026-12-01T08:00", "2026-12-01T16:00"),
        ("from tomorrow until sun", "2026-11-20T23:00", "2026-11-22T23:00"),
        ("from sat 09:00 to 17:00", "2026-11-21T08:00", "2026-11-21T16:00"),
        ("for 8h from 2026-12-01 09:00", "2026-12-01T08:00", "2026-12-01T16:00"),
        ("until 2027-07-01 09:00", "2026-11-20T12:00", "2027-07-01T07:00"),
        ("until 2026-12-01T09:00:00", "2026-11-20T12:00", "2026-12-01T08:00"),
        ("until 01.12.2026", "2026-11-20T12:00", "2026-12-01T23:00"),
        ("1.12.2026 9.30", "2026-11-20T12:00", "2026-12-01T08:30"),
        ("until 1. 12. 2026, 9:00", "2026-11-20T12:00", "2026-12-01T08:00"),
        ("until 1 Dec", "2026-11-20T12:00", "2026-12-01T23:00"),
        ("1 dec", "2026-11-20T12:00", "2026-12-01T23:00"),
        ("until Dec 1st, 2026 9am", "2026-11-20T12:00", "2026-12-01T08:00"),
        ("until 1st of december", "2026-11-20T12:00", "2026-12-01T23:00"),
        ("until 1.12.", "2026-11-20T12:00", "2026-12-01T23:00"),
        ("20.12.", "2026-11-20T12:00", "2026-12-20T23:00"),
        ("until 5. 1.!", "2026-11-20T12:00", "2027-01-05T23:00"),
        ("until 1.12. 9.30", "2026-11-20T12:00", "2026-12-01T08:30"),
        ("until 1.12., 9:00.", "2026-11-20T12:00", "2026-12-01T08:00"),
        ("from 20.12. until 5.1.", "2026-12-19T23:00", "2027-01-05T23:00"),
        ("until 17.30.", "2026-11-20T12:00", "2026-11-20T16:30"),
        ("until tomorrow 9.10", "2026-11-20T12:00", "2026-11-21T08:10"),
        ("until at 17.05", "2026-11-20T12:00", "2026-11-20T16:05"),
        ("until 19 Sep", "2026-11-20T12:00", "2027-09-19T22:00"),
        ("until 19 Nov 2027", "2026-11-20T12:00", "2027-11-19T23:00"),
        ("until 20 November", "2026-11-20T12:00", "2026-11-20T23:00"),
        ("until 29 feb", "2026-11-20T12:00", "2028-02-29T23:00"),
        ("until tomorrow 9am", "2026-11-20T12:00", "2026-11-21T08:00"),
        ("until tomorrow at 9 a.m.", "2026-11-20T12:00", "2026-11-21T08:00"),
        ("tomorrow 09:00", "2026-11-20T12:00", "2026-11-21T08:00"),
        ("until 9am tomorrow.", "2026-11-20T12:00", "2026-11-21T08:00"),
        ("until friday 17:00", "2026-11-20T12:00", "2026-11-20T16:00"),
        ("until next friday", "2026-11-20T12:00", "2026-11-27T23:00"),
        ("9am", "2026-11-20T12:00", "2026-11-21T08:00"),
        ("until 12:30 pm", "2026-11-20T12:00", "2026-11-21T11:30"),
        ("until sat 12am", "2026-11-20T12:00", "2026-11-20T23:00"),
    ],
)
def test_a_span_is_understood(typed: str, starts: str, ends: str) -> None:
    """Dates, weekdays, times and durations, in Berlin; a day alone is meant whole."""
    told = span(typed, NOW, "Europe/Berlin")
    assert (told.starts, told.ends) == (
        datetime.fromisoformat(f"{starts}+00:00"),
        datetime.fromisoformat(f"{ends}+00:00"),
    )


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "how long"),
        ("for", "not a duration"),
        ("for ever", "not a duration"),
        ("until", "day or a time"),
        ("until 2026-02-30", "no day of the calendar"),
        ("until whenever", "no day"),
        ("until 2026-11-19", "over already"),
        ("for 4h until fri", "how long"),
        ("from fri", "how long"),
        ("whenever until fri", "neither a time"),
        ("until 9999-12-31", "ten years"),
        ("until fri until sat", "how long"),
        ("for 4h for 5h", "how long"),
        ("for 0h", "“0h” is no time at all"),
        ("0 days", "“0 days” is no time at all"),
        ("for 9999d", "it must be within ten years"),
        ("until 12/01/2026", "no day that I know"),
        ("until 01.12.26", "no day that I know"),
        ("until 31.11.2026", "no day of the calendar"),
        ("until 30 Feb", "no day of the calendar"),
        ("until 13pm", "no day that I know"),
        ("until fri 18:60", "no day that I know"),
        ("until 20.12", "“20.12” may be a day or a time; write “20 Dec” or “20:12”"),
        ("1.12", "“1.12” may be a day or a time; write “1 Dec” or “01:12”"),
        ("from 1.12 until 5.12", "“1.12” may be a day or a time"),
        ("until 1.12 9:00", "“1.12” may be a day or a time"),
        ("until 24.12", "no day that I know"),
        ("until 31.11.", "no day of the calendar"),
        ("until 12 nov", "that day is over already; write the year for next year's"),
        ("19 nov", "that day is over already; write the year"),
        ("until 12.11.", "that day is over already; write the year"),
    ],
)
def test_what_is_no_span_is_said(typed: str, says: str) -> None:
    """In a sentence that helps, never with another exception."""
    with pytest.raises(ValueError, match=says):
        span(typed, NOW, "Europe/Berlin")

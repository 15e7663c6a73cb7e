"""How long to wait before something is tried again. Pure: chance comes in as a number in [0, 1)."""

from __future__ import annotations

from datetime import timedelta

#: Slack's own failures (5xx, a lost connection): the first pause, and the longest.
SLACK_FIRST = timedelta(seconds=1)
SLACK_LONGEST = timedelta(minutes=5)

#: Callbacks, as the contract says: first after about 5 s, then about doubling up to an hour, for a day.
CALLBACK_FIRST = timedelta(seconds=5)
CALLBACK_LONGEST = timedelta(hours=1)
CALLBACK_ENOUGH = timedelta(days=1)

#: A pause is up to this much shorter or longer, so that what failed together is not tried together.
SPREAD = 0.2

#: Doubled this often, a pause is beyond every limit here; much more often, and it is no duration any more.
_MOST_DOUBLINGS = 30


class Exhausted(Exception):
    """It was tried for long enough: now it is a dead letter."""


def slack_pause(attempt: int, jitter: float) -> timedelta:
    """What to wait after the `attempt`-th try (1 for the first) failed."""
    return _pause(SLACK_FIRST, SLACK_LONGEST, attempt, jitter)


def callback_pause(
    attempt: int, tried_for: timedelta, jitter: float, asked: timedelta | None = None
) -> timedelta:
    """What to wait after the `attempt`-th try (1 for the first) failed, `tried_for` after the first one.

    `asked` is what the agent's `Retry-After` asks for: it makes a pause longer, never shorter, and an hour
    at most. The last try is made when the day is over. Raises `Exhausted` after that one.
    """
    left = CALLBACK_ENOUGH - tried_for
    if left <= timedelta():
        raise Exhausted
    pause = _pause(CALLBACK_FIRST, CALLBACK_LONGEST, attempt, jitter)
    if asked is not None:
        pause = max(pause, min(asked, CALLBACK_LONGEST))
    return min(pause, left)


def retry_after(header: str | None) -> timedelta | None:
    """The seconds in a `Retry-After` header; None where it is absent, a date, or no sane number."""
    if header is None or not header.isascii() or not header.strip().isdigit() or len(header) > 9:
        return None
    return timedelta(seconds=int(header))


def _pause(first: timedelta, longest: timedelta, attempt: int, jitter: float) -> timedelta:
    doubled = first * (1 << min(max(attempt, 1) - 1, _MOST_DOUBLINGS))
    # The longest pause is spread as well: below its limit, not on it.
    return min(doubled, longest / (1 + SPREAD)) * (1 - SPREAD + 2 * SPREAD * jitter)

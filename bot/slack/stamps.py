"""Slack's own time: the `ts` of its messages, which is not our clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from approvals.words import Instant

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STAMP: Final = re.compile(r"([0-9]{1,11})(?:\.([0-9]{1,6}))?")


def moment(ts: str) -> Instant:
    """When Slack took a message: `1700000000.000100`. Raises `ValueError` for what is no such stamp."""
    parts = _STAMP.fullmatch(ts)
    if parts is None:
        raise ValueError("not a timestamp of Slack's")
    return _EPOCH + timedelta(seconds=int(parts[1]), microseconds=int((parts[2] or "0").ljust(6, "0")))


def changed_by(answer: Mapping[str, Any], otherwise: Instant) -> Instant:
    """By when, in Slack's time, everybody could see what `chat.update` changed.

    `otherwise` where its answer does not say. Slack stamps edits with whole seconds, cut off: such a one was
    within the second that follows.
    """
    edited = (answer.get("message") or {}).get("edited") or {}
    parts = _STAMP.fullmatch(str(edited.get("ts") or ""))
    if parts is None:
        return otherwise
    at = moment(parts[0])
    return at if at.microsecond else at + timedelta(seconds=1)

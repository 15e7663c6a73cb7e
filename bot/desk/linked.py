"""The review that follows when silence let something through: opened with it, in one transaction."""

from __future__ import annotations

from dataclasses import replace

from approvals import judging
from approvals.events import Opened
from approvals.model import Case, Instant, Kind
from bot.desk.desk import Desk


def reviewing(desk: Desk, case: Case, now: Instant) -> Opened:
    """A review of what `case` came to, judged by today's policy. People are always shown it."""
    request = replace(
        case.request,
        id=desk.runtime.request_id(),
        kind=Kind.REVIEW,
        created_at=now,
        salt=desk.runtime.token(""),
        payload=case.payload,
        review_of=case.id,
        supersedes=None,
    )
    judgement = judging.judge(desk.policies.current, request, always_shown=True)
    return Opened(request, judgement, desk.directory.roster())

"""The review that follows when silence let something through: opened with it, in one transaction."""

from __future__ import annotations

from dataclasses import replace

from approvals import judging
from approvals.events import Opened
from approvals.model import Case
from approvals.words import Instant, Kind
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
        # Where the review's rule has no title, it is headed as what it is about was.
        title=case.request.title or case.judgement.title,
    )
    policy = desk.policies.current
    judgement = judging.judge(policy, request, always_shown=True)
    if judgement.rule == case.judgement.rule:
        # The steps of a soft rule are its window, which is far too short to look back in.
        judgement = replace(judgement, steps=judging.steps_of(policy.default, policy, judgement.gate))
    return Opened(request, judgement, desk.directory.roster())

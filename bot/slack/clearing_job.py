"""The courier's sender for `ParcelKind.CLEARING`: a digest is cleared, and whoever did it is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from approvals.model import Case
from approvals.words import Gate
from blocks import cleared_words
from blocks.text import Mrkdwn
from bot.desk import clearing
from bot.desk.came_of import Cleared
from bot.desk.clearing import Answering, Underway
from bot.slack.outgoing import Outgoing
from scheduler.results import Again, Dead, Done, Result
from store.errors import Unavailable
from store.outbox import Parcel

#: Seconds that one try takes, of a lease's 15; a stop waits for it.
_AT_A_TIME = 5.0
_SOON = timedelta(seconds=1)


class ClearingSender:
    """Decides what is on a digest, as far as one try goes; nothing of it asks Slack for anything."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out

    async def send(self, parcel: Parcel) -> Result:
        """Go on with the clearing whose id is the parcel's key, until it is over."""
        desk = self._out.desk
        if not isinstance(parcel.body, Mapping):
            return Dead("a clearing that nobody began")
        try:
            came = await clearing.go_on(desk, parcel.key, within=_AT_A_TIME)
        except Unavailable as away:
            return Again(str(away), _SOON)
        match came:
            case None:
                return Dead("there is no such clearing")
            case Underway(reached, shown):
                return Again(f"{reached} of {shown} items are seen to", timedelta())
            case Cleared():
                where = Answering(
                    channel=_text(parcel.body.get("channel")),
                    response_url=_text(parcel.body.get("response_url")),
                )
                told = words_of(came)
                return Done(partial(clearing.finish, desk=desk, cleared=came, answering=where, text=told))


def words_of(came: Cleared) -> Mrkdwn:
    """What whoever cleared is told."""
    right, flagged = (sum(map(_is_review, cases)) for cases in (came.approved, came.rejected))
    done = cleared_words.Cleared(
        approved=len(came.approved) - right,
        rejected=len(came.rejected) - flagged,
        right=right,
        flagged=flagged,
        left=came.left,
        on_cards=came.on_cards,
        not_cleared=came.not_cleared,
        failed=came.failed,
    )
    return cleared_words.cleared(done)


def _is_review(case: Case) -> bool:
    return case.judgement.gate is Gate.AUDIT


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None

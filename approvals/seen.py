"""Which payload somebody saw who decides by words: a message carries no digest, but it has a time."""

from __future__ import annotations

from typing import Final

from approvals.canonical import Digest
from approvals.model import Case
from approvals.words import Instant

#: What nobody ever saw: a vote for it is refused as stale.
NOTHING: Final = Digest("")


def seen_at(case: Case, written: Instant) -> Digest:
    """The `Case.sight` that the card showed at `written`, `NOTHING` where that is not the one it has now.

    `written` is by the clock that `Case.display` goes by. An edit that is not known to be shown was not seen.
    """
    if case.round == 0:
        return case.sight
    if not is_shown(case) or case.display is None:
        return NOTHING
    return case.sight if case.display.since <= written else NOTHING


def is_shown(case: Case) -> bool:
    """True when the card is known to show the payload as it is now."""
    shown = case.display.round if case.display is not None else 0
    return shown >= case.round

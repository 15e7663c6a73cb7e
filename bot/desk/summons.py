"""An escalation of something critical: whoever is asked now hears of it in a direct message as well."""

from __future__ import annotations

from approvals.canonical import Json
from approvals.effects import Escalated, PostNote
from approvals.model import Case
from approvals.roster import Roster
from approvals.words import Instant, Risk
from blocks.thread_notes import asked_by
from store import outbox
from store.boards import Board
from store.outbox import ParcelKind
from store.unit_of_work import Unit


def summon(unit: Unit, case: Case, post: PostNote, now: Instant, roster: Roster) -> None:
    """Put one message a person into the outbox; none where `post` escalates nothing critical.

    They are who is in the group today and could decide; a deputy in the place of whoever is away.
    """
    if not isinstance(post.note, Escalated) or case.judgement.risk is not Risk.CRITICAL:
        return
    for person in asked_by(case, post.note, roster, now):
        by = post.note.by.name if post.note.by is not None else None
        body: Json = {"notice": "summons", "to": person.id, "early": post.note.early, "by": by}
        key = f"{post.key}:{person.id}"
        outbox.put(unit, ParcelKind.NOTICE, request=case.id, key=key, lane="", body=body, now=now)


def summon_to_digest(  # noqa: PLR0917  # as `summon`, and where to
    unit: Unit, case: Case, board: Board, post: PostNote, now: Instant, roster: Roster
) -> None:
    """The same of an item that stands on `board`: once a person, however many of its items are escalated."""
    if not isinstance(post.note, Escalated) or case.judgement.risk is not Risk.CRITICAL:
        return
    for person in asked_by(case, post.note, roster, now):
        body: Json = {"notice": "summons", "to": person.id, "board": board.id}
        key = f"summons:{board.id}:{person.id}"
        outbox.put(unit, ParcelKind.NOTICE, request=None, key=key, lane="", body=body, now=now)

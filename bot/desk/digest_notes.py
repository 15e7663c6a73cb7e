"""What is said under the message that holds many requests: once for all that it concerns at that moment."""

from __future__ import annotations

from approvals.canonical import Json
from approvals.effects import Escalated, PostComment, PostNote, Reminded, Restarted, Skipped
from approvals.model import Case
from approvals.roster import Roster
from approvals.words import Instant
from bot.desk import spoken, summons
from store import boards, outbox
from store.boards import Board
from store.outbox import ParcelKind
from store.unit_of_work import Unit


def say(unit: Unit, case: Case, effect: PostNote | PostComment, now: Instant, roster: Roster) -> None:
    """Have it said where `case` is shown.

    What was said of one request goes the way of a card's notes, which waits until something shows it.
    What time does to all on a message is said once in its thread; where there is none yet, nobody is called.
    """
    match effect:
        case PostComment(key=key, comment=comment):
            body: dict[str, Json] = spoken.comment(comment)
            outbox.put(unit, ParcelKind.THREAD, request=case.id, key=key, lane="", body=body, now=now)
        case PostNote(note=Skipped()):
            # The message itself says who is asked today: five hundred items would say it five hundred times.
            return
        case PostNote(note=Reminded() | Restarted() | Escalated()):
            board = boards.of_request(unit, case.id)
            if board is not None:
                _say_of_all(unit, board, effect, now)
                summons.summon_to_digest(unit, case, board, effect, now, roster)
        case PostNote(key=key, note=note):
            body = spoken.written(note)
            outbox.put(unit, ParcelKind.THREAD, request=case.id, key=key, lane="", body=body, now=now)


def _say_of_all(unit: Unit, board: Board, post: PostNote, now: Instant) -> None:
    body: dict[str, Json] = {**spoken.written(post.note), "board": board.id}
    key = f"{board.id}:{_moment(post, now)}"
    outbox.put(unit, ParcelKind.NOTE, request=None, key=key, lane="", body=body, now=now)


def _moment(post: PostNote, now: Instant) -> str:
    """What all items share that are told the same at once.

    Those of one minute have one reminder, and one restart of their windows: each later one is another. A
    group is called to a message once, however many are escalated to it there.
    """
    match post.note:
        case Escalated(to=to):
            return f"{post.key}:{to}"
        case Restarted():
            return f"restart:{now:%Y-%m-%dT%H:%M}"
        case _:
            return f"remind:{now:%Y-%m-%dT%H:%M}"

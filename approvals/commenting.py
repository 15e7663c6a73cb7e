"""What people and the agent say about a request, and what becomes of it when that is edited or deleted.

A change is told to the agent again, which may have read the old words. Each counts once, however often it is
delivered, and an older one never undoes a newer.
"""

from __future__ import annotations

from dataclasses import replace

from approvals.audit import FactKind
from approvals.canonical import Json, digest_of
from approvals.effects import CallAgent, CallbackType, PostComment
from approvals.errors import Reason, Refused
from approvals.events import Commented, Reworded, Unsaid
from approvals.model import Comment
from approvals.pen import Pen, Ruling, signed
from approvals.roster import Person

#: A request with more comments than this takes no further ones: an agent in a loop must not fill the card.
MOST_COMMENTS = 1000


def comment(pen: Pen, event: Commented) -> Ruling:
    """Keep what was said, and tell whoever did not say it. Raises `Refused(TOO_MANY_COMMENTS)`."""
    case = pen.case
    if len(case.comments) >= MOST_COMMENTS:
        raise Refused(Reason.TOO_MANY_COMMENTS)
    comment = Comment(event.by, event.text, pen.now, event.ref)
    pen.change(comments=(*case.comments, comment))
    pen.note(FactKind.COMMENTED, signed(event.by), {"text": pen.sealed(digest_of(event.text))})
    key = f"comment:{len(case.comments)}"
    if isinstance(event.by, Person):
        pen.follow(CallAgent(key, CallbackType.COMMENTED))
    # What is held now is shown when its agent goes on; its words wait for that.
    silent = case.quiet and (case.status.final or not case.held)
    if not silent and (event.aloud or not isinstance(event.by, Person)):
        pen.follow(PostComment(key, comment))
    return pen.ruling()


def reword(pen: Pen, event: Reworded) -> Ruling:
    """Put the new words in the place of the old."""
    place = _place(pen, event)
    if place is None or pen.case.comments[place].text == event.text:
        return pen.ruling()
    before = pen.case.comments[place]
    body: dict[str, Json] = {"comment": place, "text": pen.sealed(digest_of(event.text))}
    # Only its author can edit a message.
    pen.note(FactKind.COMMENT_EDITED, signed(before.by), body)
    return _changed(pen, place, replace(before, text=event.text, changed_at=event.at))


def unsay(pen: Pen, event: Unsaid) -> Ruling:
    """Take the words away; that something was said there stays."""
    place = _place(pen, event)
    if place is None:
        return pen.ruling()
    # Slack does not say who deleted a message: its author may, and so may an administrator.
    pen.note(FactKind.COMMENT_DELETED, "desk", {"comment": place})
    gone = replace(pen.case.comments[place], text="", changed_at=event.at, deleted=True)
    return _changed(pen, place, gone)


def _place(pen: Pen, event: Reworded | Unsaid) -> int | None:
    """Which comment is meant; None where there is none, or a later change of it came before."""
    for place, comment in enumerate(pen.case.comments):
        if comment.ref == event.ref and isinstance(comment.by, Person):
            late = comment.changed_at is not None and comment.changed_at >= event.at
            return None if late or comment.deleted else place
    return None


def _changed(pen: Pen, place: int, comment: Comment) -> Ruling:
    comment = replace(comment, changes=comment.changes + 1)
    comments = pen.case.comments
    pen.change(comments=(*comments[:place], comment, *comments[place + 1 :]))
    pen.follow(CallAgent(f"comment:{place}:{comment.changes}", CallbackType.COMMENTED))
    return pen.ruling()

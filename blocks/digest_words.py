"""What is said of a digest beside its message: to whoever clears it, and in its thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from approvals.effects import Escalated
from approvals.escalation import as_if_shown, ends_at
from approvals.model import Case, Comment
from approvals.roster import Person
from approvals.words import BoardId, Gate, GroupName
from blocks import actions, rich
from blocks.card import note_metadata
from blocks.digest_board import BoardView, Entry, reviews
from blocks.message import Message, words
from blocks.review_words import many
from blocks.standing import title_of
from blocks.text import Mrkdwn, escape, listed, mention, short, when
from blocks.thread_notes import asked_by, waiting

#: Items that are named in one answer, and people who are called in one message.
_NAMED: Final = 10
_CALLED: Final = 15

# Refused at the click


def not_asked(ask: Sequence[GroupName]) -> Mrkdwn:
    """Somebody who is in none of the groups that decide what stands on it."""
    return Mrkdwn(f"You are not asked to decide these: they are for {_groups(ask)}. Nothing was decided.")


def deactivated() -> Mrkdwn:
    """They have left Slack."""
    return Mrkdwn("Your Slack account is deactivated, so your decision does not count. Nothing was decided.")


def nothing_left() -> Mrkdwn:
    """All that they chose ended, or went elsewhere."""
    return Mrkdwn("Nothing waits there any more, so nothing was decided. The message shows how each ended.")


def carried_on(permalink: str | None) -> Mrkdwn:
    """A newer message holds what is open."""
    where = f"<{permalink}|a newer message>" if permalink is not None else "a newer message"
    return Mrkdwn(f"What was still open waits on {where} now: decide it there. Nothing was decided.")


def unknown_board() -> Mrkdwn:
    """No such message here: another installation's, or one that is still being put up."""
    return Mrkdwn(
        "This desk does not know that message, so nothing was decided. If it is new, try again in a moment."
    )


def clearing_already() -> Mrkdwn:
    """What they began on that message a moment ago is not over."""
    return Mrkdwn(
        "You are clearing these already, so nothing more was begun: you are told here when it is done. "
        "Then decide what is left."
    )


def nothing_to_reject() -> Mrkdwn:
    """*Reject all* where only questions wait, or what changed."""
    return Mrkdwn(
        "Nothing that waits there can be rejected in one go, so nothing was decided. Open *Review*: "
        "questions, and what changed meanwhile, can be pulled out to cards of their own."
    )


def stale() -> Mrkdwn:
    """What the button carries fits no version of that message."""
    return Mrkdwn("That message is not as you saw it, so nothing was decided. Look at it again, then decide.")


def reason_missing() -> Mrkdwn:
    """They reject some, and do not say why."""
    return Mrkdwn("Say why you reject them: the agents read it. Nothing was decided.")


def not_all_at_once() -> Mrkdwn:
    """*Approve all* of a message that holds what one click may not approve."""
    return Mrkdwn("Not all of these may be approved in one click, so nothing was decided. Use *Review*.")


def being_cleared(count: int) -> Mrkdwn:
    """It takes longer than Slack waits for an answer."""
    return Mrkdwn(f"Deciding {many(count, 'item')}. You are told here when it is done.")


# Under the message, in its thread


def board_note_metadata(board: BoardId, key: str) -> dict[str, Any]:
    """By which something said once under a digest is found again after an answer was lost."""
    return {"event_type": actions.NOTE_METADATA, "event_payload": {"board": board, "key": key}}


def still_open(view: BoardView, key: str) -> Message:
    """A reminder for all that waits on it at once, which calls those who could decide any of it."""
    left = view.open
    called = _called(view, left)
    verb = "wait for a look" if reviews(left) else "wait for a decision"
    text = f"Still open: {len(left):,} of {len(view.entries):,}."
    if called:
        text += f" {called}, these {verb}."
    if not left:
        text = "Nothing waits here any more."
    return Message(Mrkdwn(text), [words(text)], board_note_metadata(view.board, key))


def is_for_nobody(view: BoardView) -> bool:
    """Whether all whom a reminder would call put theirs off: then it is not said."""
    left = view.open
    asked = any(waiting(entry.case, view.roster) for entry in left)
    return asked and not any(waiting(entry.case, view.roster, now=view.now) for entry in left)


def restarted(view: BoardView, key: str) -> Message:
    """While nobody could be heard, the time to object to some of them ran out: it starts again."""
    soft = [entry for entry in view.open if entry.case.judgement.gate is Gate.SOFT]
    called = _called(view, soft)
    ends = [end for entry in soft if (end := ends_at(as_if_shown(entry.case, view.now))) is not None]
    text = f"{f'{called}, the' if called else 'The'} time to object starts again, because this desk was away"
    if ends:
        go = "one of these goes" if len(soft) == 1 else f"{len(soft):,} of these go"
        first = "" if len(soft) == 1 else "the first "
        text += f": {go} ahead unless somebody objects, {first}{when(min(ends))}"
    return Message(Mrkdwn(f"{text}."), [words(f"{text}.")], board_note_metadata(view.board, key))


def escalated(view: BoardView, note: Escalated, key: str) -> Message:
    """Another group is asked about all that waits on it: which calls those of them who could decide any.

    It says no number: said once, with the first of them, while more may be coming.
    """
    left = [entry for entry in view.open if entry.case.parked_at is None]
    called = _called(view, left, note)
    who = f"{called}, you are asked as well" if called else f"{escape(note.to, 60)} is asked as well"
    if note.there is None:
        who = f"{who} (Slack has not said yet who is in it; they are called here once it has)"
    elif not note.there:
        who = f"{who} (nobody is in it now; whoever joins it is called here)"
    why = "too few of the others can decide" if note.early else "this is still open"
    wanted = "a look" if reviews(left) else "a decision"
    text = f"{who}, because {why}: what stands on the message above waits for {wanted}."
    return Message(Mrkdwn(text), [words(text)], board_note_metadata(view.board, key))


def summons(board: BoardId, permalink: str | None, key: str) -> Message:
    """To one of those whom an escalation asks about something critical on it, in a message of their own."""
    where = f" <{permalink}|Open the message>." if permalink is not None else ""
    text = f"🔴 Critical: you are asked as well about what waits for a decision on one message.{where}"
    return Message(Mrkdwn(text), [words(text)], board_note_metadata(board, key))


def _called(view: BoardView, entries: Iterable[Entry], note: Escalated | None = None) -> str:
    """Those (whom `note` asks, else of all asked) who could decide any of them, mentioned."""
    people = dict.fromkeys(
        person
        for entry in entries
        for person in (
            waiting(entry.case, view.roster, now=view.now)
            if note is None
            else asked_by(entry.case, note, view.roster, view.now)
        )
    )
    return _some([mention(person) for person in people], _CALLED)


def item_comment(case: Case, comment: Comment, key: str) -> Message:
    """What the agent says about one item, or somebody asks it: for the digest's thread."""
    asked = isinstance(comment.by, Person)
    name = comment.by.name if isinstance(comment.by, Person) else comment.by
    title = title_of(case, 150)
    does = f" asks {short(case.request.agent, 80)} about " if asked else " says about "
    block = rich.block(
        rich.section(rich.text(short(name, 80), bold=True), rich.text(does), rich.text(title, bold=True)),
        rich.quote(comment.text, 3_000, lines=60),
    )
    verb = f" asks {escape(case.request.agent, 80)}" if asked else ""
    text = f"{escape(name, 80)}{verb} about “{escape(title, 100)}”: {escape(comment.text, 300)}"
    return Message(Mrkdwn(text), [block], note_metadata(case, key))


def _some(people: Sequence[str], most: int) -> str:
    more = len(people) - most
    return listed([*people[:most], *([f"{more:,} more"] if more > 0 else [])])


def _groups(groups: Sequence[GroupName]) -> str:
    return listed([escape(group, 60) for group in groups[:_NAMED]], "or") or "nobody"

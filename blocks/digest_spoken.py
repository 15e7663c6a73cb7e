"""What the bot answers to words under a digest, where one of many requests has to be named."""

from __future__ import annotations

from collections.abc import Sequence

from approvals.model import Case
from approvals.spoken_words import Verb
from approvals.words import RequestId
from blocks.review_words import many
from blocks.standing import title_of
from blocks.text import Mrkdwn, escape
from blocks.thread_words import shortest_id

#: Requests that one answer names.
LISTED = 10


def which(some: Sequence[Case], waiting: int, among: Sequence[RequestId], verb: Verb, said: str) -> Mrkdwn:
    """A verb that names none of them, or none by that id: `some` of those that are `waiting`, by id."""
    missing = f"There is no {escape(said, 60)} on this message. " if said else ""
    if not waiting:
        return Mrkdwn(f"{missing}Nothing was decided, and nothing waits on this message any more.")
    lines = [f"• `{shortest_id(case.id, among)}` “{escape(title_of(case, 120), 120)}”" for case in some]
    if waiting > len(some):
        lines.append(f"• and {waiting - len(some):,} more: *Review* shows all of them")
    name = shortest_id(some[0].id, among) if some else "ID"
    how = f"Nothing was decided. Use the message's buttons, or say which one: `@hitl {verb} {name}`"
    return Mrkdwn("\n".join([f"{missing}{how}", *lines]))


def unknown(word: str, near: Verb | None) -> Mrkdwn:
    """A word that is no verb: the nearest that is, and how to decide one of many."""
    head = f"I do not know “{escape(word, 40)}”, so nothing was decided." if word else "Nothing was decided."
    guess = f" Did you mean `@hitl {near} ID`?" if near is not None else ""
    return Mrkdwn(f"{head}{guess} {_HOW}")


def not_kept(waiting: int) -> Mrkdwn:
    """Plain words, which go to no agent: nobody can tell which request they are about."""
    if not waiting:
        return Mrkdwn("Nothing waits on this message any more, so what you write here goes to no agent.")
    holds = f"{many(waiting, 'request')} {'waits' if waiting == 1 else 'wait'} on this message"
    return Mrkdwn(f"{holds}, so what you write here goes to no agent. {_HOW}")


_HOW = (
    "Name one: `@hitl approve ID`, `@hitl reject ID` with your reason, or `@hitl edit ID …`;"
    " `@hitl approve` alone lists their ids."
    " To write to its agent, *Pull out* its card in *Review*, and reply there."
)


def to_be_typed(case: Case) -> Mrkdwn:
    """One that is approved by typing a word, which has no card yet to type it at."""
    title = escape(title_of(case, 120), 120)
    return Mrkdwn(
        f"“{title}” has to be confirmed by typing: *Pull out* its card in *Review*. Nothing was decided."
    )

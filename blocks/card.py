"""The card: one message that shows one request through its whole life.

Whoever reads it answers three questions in ten seconds: what will happen, why, and what if I am wrong.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from approvals.escalation import as_if_shown
from approvals.grants import Grant
from approvals.model import Case
from approvals.roster import Roster
from approvals.words import Gate, Instant
from blocks import (
    actions,
    card_again,
    card_flaws,
    card_grants,
    card_parts,
    card_people,
    card_question,
    card_status,
    card_then,
    deleted,
    limits,
)
from blocks.card_buttons import buttons
from blocks.card_text import sentence
from blocks.differences import Some
from blocks.message import Message, small, words
from blocks.rich import Block
from blocks.standing import edits, title_of, verdict_word
from blocks.text import Mrkdwn, escape, plain

__all__ = ["CardView", "Message", "card", "minimal"]

#: Room for the arguments when everything else is short, and what they get however long the rest is.
_MOST_FOR_ARGUMENTS: Final = 6_000
_LEAST_FOR_ARGUMENTS: Final = 1_200
_LEAST_BESIDE_OPTIONS: Final = 300
_SPARE: Final = 300
_TITLE: Final = 150


@dataclass(frozen=True, slots=True)
class CardView:
    """Everything a card shows."""

    case: Case
    roster: Roster
    #: the request that this one supersedes, as it stands
    previous: Case | None = None
    #: why the agent could not be told, when it could not: a dead letter
    undelivered: str | None = None
    #: true for a second message about one request, which Slack forced on us: no buttons
    duplicate: bool = False
    #: what its approvers let through besides it, as it stands
    grants: tuple[Grant, ...] = ()
    #: the moment it is made for: a soft window that waits for its card begins now. None: when it was asked
    now: Instant | None = None
    #: under a review of what silence let through: that request, as it stands
    reviewed: Case | None = None
    #: true where the policy names people who are told that too few can decide
    operators: bool = True

    @property
    def at(self) -> Instant:
        """The moment it is made for."""
        return self.now or self.case.request.created_at


def card(view: CardView) -> Message:
    """The card of `view.case` as it stands. Within Slack's limits whatever the payload."""
    view = replace(view, case=as_if_shown(view.case, view.at))
    case = view.case
    changed = edits(case, card_parts.MOST_CHANGES)
    question = case.judgement.gate is Gate.QUESTION
    # A question is read first, with its reason; what it is about comes after it.
    gone = case.gone_at is not None
    why = deleted.on_card(case) if gone else card_parts.why(case)
    above = [_header(case), *_first_lines(view, changed), *(why if question else [])]
    below = [
        *([] if question else why),
        *([] if gone else card_then.consequences(case)),
        *card_parts.background(case, view.roster),
        card_parts.footing(case),
    ]
    row = [] if view.duplicate else [buttons(case)]
    spent = limits.characters_of_blocks([*above, *below, *row])
    room = limits.MESSAGE_CHARACTERS - spent - limits.BLOCK_CONTAINER - _SPARE
    options = card_question.options(case, room - _LEAST_FOR_ARGUMENTS)
    room -= limits.characters_of_blocks(options)
    least = _LEAST_BESIDE_OPTIONS if options else _LEAST_FOR_ARGUMENTS
    most = max(least, min(room, _MOST_FOR_ARGUMENTS))
    arguments = [] if gone else card_parts.arguments(case, most)
    copy = "This is a copy. " if view.duplicate else ""
    return Message(
        Mrkdwn(copy + sentence(case, view.roster, changed)),
        [*above, *arguments, *options, *below, *row],
        card_metadata(case),
    )


def card_metadata(case: Case) -> dict[str, Any]:
    """By which a card is found again after an answer was lost."""
    return {"event_type": actions.CARD_METADATA, "event_payload": {"request": case.id}}


def _header(case: Case) -> Block:
    return {"type": "header", "text": plain(title_of(case, _TITLE), _TITLE)}


def _first_lines(view: CardView, changed: Some) -> list[Block]:
    case = view.case
    status = (
        card_status.open_status(case, view.roster)
        if case.decision is None
        else card_status.decided_status(case)
    )
    notes = [words(status)]
    if view.duplicate:
        notes.append(words("📑 *This is a copy.* Slack posted this request twice; decide on the other card."))
    return [
        *notes,
        *card_question.whole(case, _TITLE),
        *card_question.answered(case),
        *card_status.outcome(case),
        *card_people.also_asked(case, view.roster),
        *card_people.lack(case, view.roster, operators=view.operators),
        *card_flaws.flaws(case),
        *card_parts.edited(case, changed),
        *card_status.sayings(case),
        *card_grants.grants(view.grants, view.at),
        *card_again.let_through(case, view.reviewed),
        *card_again.asked_again(case, view.previous),
        *card_status.not_delivered(case, view.undelivered),
    ]


def minimal(case: Case, why: str) -> Message:
    """The smallest legal card, for when Slack would refuse the whole one. Says so, and how to see the rest.

    `why` is for the operators who read it: the first problem that was found.
    """
    state = "" if case.decision is None else f" It is {verdict_word(case)}."
    note = Mrkdwn(
        f"⚠️ *This card could not be shown whole*: {escape(why, 200)}.{state}"
        " *View everything* shows every argument."
    )
    text = Mrkdwn(f"{escape(title_of(case, 120), 120)}: this card could not be shown whole.{state}")
    confirm = "The card does not show the arguments. View everything does: look there before you decide."
    blocks = [
        _header(case),
        words(note),
        small(f"Request {escape(case.id, 60)}"),
        buttons(case, confirm=confirm),
    ]
    return Message(text, blocks, card_metadata(case))


def note_metadata(case: Case, key: str) -> dict[str, Any]:
    """By which something said once in a card's thread is found again after an answer was lost."""
    return {"event_type": actions.NOTE_METADATA, "event_payload": {"request": case.id, "key": key}}

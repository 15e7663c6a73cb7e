"""The card: one message that shows one request through its whole life.

Whoever reads it answers three questions in ten seconds: what will happen, why, and what if I am wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from approvals.grants import Grant
from approvals.model import Case, Instant, Roster
from blocks import actions, card_again, card_flaws, card_parts, card_status, limits
from blocks.actions import Item, Picked, Seen
from blocks.differences import Some
from blocks.message import Message, small, words
from blocks.rich import Block
from blocks.standing import edits, sentence, title_of
from blocks.text import Mrkdwn, escape, plain

__all__ = ["CardView", "Message", "card", "minimal"]

#: Room for the arguments when everything else is short, and what they get however long the rest is.
_MOST_FOR_ARGUMENTS: Final = 6_000
_LEAST_FOR_ARGUMENTS: Final = 1_200
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
    #: those that were given on it
    grants: tuple[Grant, ...] = ()
    #: the moment that it is made for; None: only what does not depend on it is said
    now: Instant | None = None


def card(view: CardView) -> Message:
    """The card of `view.case` as it stands. Within Slack's limits whatever the payload."""
    case = view.case
    changed = edits(case, card_parts.MOST_CHANGES)
    above = [_header(case), *_first_lines(view, changed)]
    below = [
        *card_parts.why(case),
        *card_parts.consequences(case),
        *card_parts.background(case, view.roster),
        card_parts.footing(case),
    ]
    buttons = [] if view.duplicate else [_buttons(case)]
    spent = limits.characters_of_blocks([*above, *below, *buttons])
    room = limits.MESSAGE_CHARACTERS - spent - limits.BLOCK_CONTAINER - _SPARE
    arguments = card_parts.arguments(case, max(_LEAST_FOR_ARGUMENTS, min(room, _MOST_FOR_ARGUMENTS)))
    copy = "This is a copy of another card. " if view.duplicate else ""
    return Message(
        Mrkdwn(copy + sentence(case, view.roster, changed)),
        [*above, *arguments, *below, *buttons],
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
        *card_status.outcome(case),
        *card_flaws.flaws(case),
        *card_parts.edited(changed),
        *card_status.sayings(case),
        *card_again.asked_again(case, view.previous),
        *card_status.not_delivered(case, view.undelivered),
    ]


def _buttons(case: Case, *, confirm: str | None = None) -> Block:
    """What can be done now: to decide, while it is open; to look, always."""
    seen = Seen(case.id, case.sight)
    elements: list[dict[str, Any]] = []
    if not case.status.final:
        if not case.flaws:
            elements.append(_button(actions.APPROVE, "Approve", seen, "Approve it as it is shown", "primary"))
        elements.append(_button(actions.EDIT, "Edit", seen, "Change the arguments, then approve"))
        elements.append(_button(actions.REJECT, "Reject", seen, "Reject it and say why", "danger"))
    if confirm is not None and elements:
        elements[0] |= {"confirm": _confirmation(confirm)} if not case.flaws else {}
    elements.append(_menu(seen) if confirm is None else _button(actions.VIEW, "View everything", seen, _VIEW))
    return {"type": "actions", "elements": elements}


_VIEW: Final = "View every argument, the verdict and the history"


def _button(action: str, text: str, seen: Seen, spoken: str, style: str | None = None) -> dict[str, Any]:
    button: dict[str, Any] = {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": text, "emoji": False},
        "value": seen.encode(),
        "accessibility_label": f"{text}: {spoken}" if not spoken.startswith(text) else spoken,
    }
    return button | {"style": style} if style else button


def _menu(seen: Seen) -> dict[str, Any]:
    text = {"type": "plain_text", "text": "View everything", "emoji": False}
    return {
        "type": "overflow",
        "action_id": actions.MORE,
        "options": [{"text": text, "value": Picked(Item.VIEW, seen).encode()}],
    }


def _confirmation(text: str) -> dict[str, Any]:
    def said(words: str) -> dict[str, object]:
        return {"type": "plain_text", "text": words}

    return {
        "title": said("Have you looked at it whole?"),
        "text": said(text),
        "confirm": said("Approve"),
        "deny": said("Not yet"),
    }


def minimal(case: Case, why: str) -> Message:
    """The smallest legal card, for when Slack would refuse the whole one. Says so, and how to see the rest.

    `why` is for the operators who read it: the first problem that was found.
    """
    state = "" if case.decision is None else f" It is {str(case.status).replace('_', ' ')}."
    note = Mrkdwn(
        f"⚠️ *This card could not be shown whole*: {escape(why, 200)}.{state}"
        " *View everything* shows every argument."
    )
    text = Mrkdwn(f"{escape(title_of(case, 120), 120)}: this card could not be shown whole.{state}")
    confirm = "The card does not show the arguments. View everything does: look there before you approve."
    blocks = [
        _header(case),
        words(note),
        small(f"Request {escape(case.id, 60)}"),
        _buttons(case, confirm=confirm),
    ]
    return Message(text, blocks, card_metadata(case))


def note_metadata(case: Case, key: str) -> dict[str, Any]:
    """By which something said once in a card's thread is found again after an answer was lost."""
    return {"event_type": actions.NOTE_METADATA, "event_payload": {"request": case.id, "key": key}}

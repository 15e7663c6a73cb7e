"""What can be done from a card: the buttons of its gate while it is open, and a menu that looks, always."""

from __future__ import annotations

from typing import Any, Final

from approvals.grants import grantable
from approvals.model import Case
from approvals.words import Gate
from blocks import actions, card_question
from blocks.actions import Chosen, Item, Picked, Seen
from blocks.rich import Block
from blocks.standing import title_of
from blocks.text import plain, short

#: More than these are a menu of their own (contract, section 5).
_MOST_BUTTONS: Final = 5
_BUTTON: Final = 75


def buttons(case: Case, *, confirm: str | None = None) -> Block:
    """The row of buttons. With `confirm`, Slack asks that before anything can be approved or answered."""
    seen = Seen(case.id, case.sight)
    elements = [] if case.status.final else _deciding(case, seen)
    if confirm is None:
        return {"type": "actions", "elements": [*elements, _menu(case, seen)]}
    for element in elements:
        if element["action_id"] not in (actions.EDIT, actions.REJECT, actions.CORRECT, actions.FLAG):
            words = "Answer" if case.judgement.gate is Gate.QUESTION else element["text"]["text"]
            element["confirm"] = _confirmation("Have you looked at it whole?", confirm, words)
    view = _button(actions.VIEW, "View everything", case)
    return {"type": "actions", "elements": [*elements, view]}


def _deciding(case: Case, seen: Seen) -> list[dict[str, Any]]:
    if case.judgement.gate is Gate.QUESTION:
        return _answering(case, seen)
    if case.judgement.gate is Gate.AUDIT:
        yes = _button(actions.LOOKS_RIGHT, "Looks right", case, "primary")
        return [
            *([] if case.flaws else [yes]),
            _button(actions.CORRECT, "Correct", case),
            _button(actions.FLAG, "Flag", case, "danger"),
        ]
    yes = _button(actions.APPROVE, "Approve", case, "primary")
    return [
        *([] if case.flaws else [yes]),
        _button(actions.EDIT, "Edit", case),
        _button(actions.REJECT, "Reject", case, "danger"),
    ]


def _answering(case: Case, seen: Seen) -> list[dict[str, Any]]:
    told = card_question.on_buttons(case.request.options)
    if not told:
        return [_button(actions.ANSWER, "Answer", case, "primary")]
    if len(told) <= _MOST_BUTTONS:
        return [_button(f"{actions.ANSWER_OPTION}{place}", words, case) for place, words in enumerate(told)]
    options = [
        {"text": plain(words, _BUTTON), "value": Chosen(place, seen).encode()}
        for place, words in enumerate(told)
    ]
    sure = f"The first answer counts, and {short(case.request.agent, 60)} goes on with it at once."
    return [
        {
            "type": "static_select",
            "action_id": actions.ANSWER_SELECT,
            "placeholder": {"type": "plain_text", "text": "Choose the answer"},
            "options": options,
            "confirm": _confirmation("Answer with this?", sure, "Answer"),
        }
    ]


def _menu(case: Case, seen: Seen) -> dict[str, Any]:
    items = [(Item.VIEW, "View everything")]
    if not case.status.final:
        items += [(Item.ASK, "Ask the agent"), (Item.HAND_OVER, "Hand over"), (Item.SNOOZE, "Snooze")]
        if grantable(case):
            items.append((Item.ALLOW, "Approve and allow similar"))
    return {
        "type": "overflow",
        "action_id": actions.MORE,
        "options": [
            {
                "text": {"type": "plain_text", "text": words, "emoji": False},
                "value": Picked(item, seen).encode(),
            }
            for item, words in items
        ],
    }


def _button(action: str, text: str, case: Case, style: str | None = None) -> dict[str, Any]:
    """Whoever has it read aloud, among many cards, hears what it is about: "Approve: Refund 750 EUR"."""
    button: dict[str, Any] = {
        "type": "button",
        "action_id": action,
        "text": plain(text, _BUTTON),
        "value": Seen(case.id, case.sight).encode(),
        "accessibility_label": plain(f"{text}: {title_of(case, _BUTTON)}", _BUTTON)["text"],
    }
    return button | {"style": style} if style else button


def _confirmation(title: str, text: str, yes: str) -> dict[str, Any]:
    def said(words: str) -> dict[str, object]:
        return {"type": "plain_text", "text": words}

    return {"title": said(title), "text": said(text), "confirm": said(yes), "deny": said("Not yet")}

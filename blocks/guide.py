"""What `/hitl`, a mention and the home tab say today, and a few words around cards and modals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from blocks.message import Message, small, words
from blocks.text import Mrkdwn, escape

_CARDS: Final = (
    "Agents ask here before they act. Each request is a card with *Approve*, *Edit*, *Reject* and"
    " *View everything*; whoever the policy asks decides there."
)
_COMMENTS: Final = "What you reply in a card's thread is kept with the request and sent to the agent."
_NOT_YET: Final = (
    "`/hitl` and mentions of me cannot do more than say this yet: decide with the buttons of the card."
)


def usage() -> Mrkdwn:
    """For `/hitl`, `/hitl help` and a mention."""
    return Mrkdwn(f"{_CARDS}\n{_COMMENTS}\n{_NOT_YET}")


def home() -> dict[str, Any]:
    """The home tab."""
    return {"type": "home", "blocks": [words(_CARDS), words(_COMMENTS), words(_NOT_YET)]}


def posted_again() -> Mrkdwn:
    """Heads a card whose message was deleted, or cannot be changed any more."""
    return Mrkdwn("The message that this card was in is gone or can no longer be changed: decide here.")


def headed(message: Message, note: str) -> Message:
    """`message` with small print above it."""
    return replace(message, blocks=[small(note), *message.blocks])


def not_opened(code: str) -> Mrkdwn:
    """Slack refused to open a modal; `code` is its own name for why."""
    return Mrkdwn(f"Slack did not open that ({escape(code, 60)}). Nothing was decided. Please try again.")

"""What the sections of the home tab are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from blocks.message import words
from blocks.rich import Block
from blocks.text import Mrkdwn, escape

DIVIDER: Final[Block] = {"type": "divider"}
#: Characters of one section, of Slack's 3,000, without the line that counts the rest.
_SECTION: Final = 2_700


def heading(text: str) -> Block:
    """Heads a section: screen readers jump from one to the next."""
    return {"type": "header", "text": plain_words(text)}


def lines(told: Sequence[str], title: str = "", *, count: int = 0, where: str = "") -> Block:
    """One line each, as many as a section holds; the rest of `count` is counted, and is found at `where`."""
    kept = [title] if title else []
    room, shown = _SECTION - len(title), 0
    for line in told:
        room -= len(line) + 3
        if room < 0:
            break
        kept.append(f"• {line}")
        shown += 1
    left = max(count, len(told)) - shown
    if left > 0:
        kept.append(f"…and {left:,} more{f': {where}' if where else ''}")
    return words("\n".join(kept))


def plain_words(text: str) -> dict[str, Any]:
    """A plain text object with words of ours."""
    return {"type": "plain_text", "text": text}


def button(action: str, text: str, value: str) -> dict[str, Any]:
    """A button with words of ours."""
    return {"type": "button", "action_id": action, "text": plain_words(text), "value": value}


def code(text: str) -> Mrkdwn:
    """Words of others between backticks."""
    return escape(text.replace("`", "'"), 80)

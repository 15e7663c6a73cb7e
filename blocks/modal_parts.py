"""What every modal is made of, and what somebody typed into one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from blocks import actions, limits
from blocks.rich import Block
from blocks.text import plain

View: TypeAlias = dict[str, Any]
#: `view.state.values`: block_id → action_id → what was typed or chosen.
State: TypeAlias = Mapping[str, Mapping[str, Mapping[str, Any]]]

#: block_id of what may be said with an approval or an edit, and of a reason that has to be given.
NOTE_BLOCK: Final = "note"
REASON_BLOCK: Final = "reason"
#: block_id of the word that confirms, of the answer to a question, and of how long similar ones are allowed.
TYPED_BLOCK: Final = "typed"
ANSWER_BLOCK: Final = "answer"
LASTS_BLOCK: Final = "lasts"


def modal(title: str, blocks: list[Block], *, close: str, submit: str | None = None, **rest: str) -> View:
    """A modal; with `submit`, one that can be sent."""
    view: View = {
        "type": "modal",
        "title": plain(title, limits.VIEW_TITLE),
        "close": {"type": "plain_text", "text": close},
        "blocks": blocks,
        **rest,
    }
    return view | {"submit": {"type": "plain_text", "text": submit}} if submit else view


def text_input(
    block: str, label: str, hint: str | None = None, *, optional: bool = False, lines: bool = True
) -> Block:
    """An input for words, over several lines or one."""
    made: Block = {
        "type": "input",
        "block_id": block,
        "label": plain(label, limits.INPUT_LABEL),
        "optional": optional,
        "element": {
            "type": "plain_text_input",
            "action_id": actions.INPUT,
            "multiline": lines,
            "max_length": limits.PLAIN_TEXT_INPUT,
        },
    }
    return made | {"hint": plain(hint, limits.INPUT_HINT)} if hint else made


def note_input() -> Block:
    """What an approver may say with it."""
    hint = "The agent reads it. Leave it empty if there is nothing to say."
    return text_input(NOTE_BLOCK, "Why?", hint, optional=True)


def typed_in(state: State, block: str) -> str | None:
    """What was typed there; None when nothing but blanks was, which Slack lets through."""
    value = state.get(block, {}).get(actions.INPUT, {}).get("value")
    return (value.strip() or None) if isinstance(value, str) else None


def note_of(state: State) -> str | None:
    """What was said with an approval or an edit; None when it was left empty."""
    return typed_in(state, NOTE_BLOCK)


def reason_of(state: State) -> str | None:
    """The reason of a reject or a flag; None for blanks."""
    return typed_in(state, REASON_BLOCK)

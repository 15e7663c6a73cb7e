"""What a person reads: the words of messages, views and elements, and what can be clicked by them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.changes import Json
from sandbox.workspace import Message, NotThereError


@dataclass(frozen=True, slots=True)
class Clickable:
    """Something that can be clicked or chosen, with the words that are on it."""

    block: Json
    element: Json
    words: str
    #: The option that is chosen by these words, in menus and boxes.
    option: Json | None = None


def words_of(content: Any) -> str:
    """All words of a block, a list of blocks or a part of one, a line each, as they were sent (mrkdwn)."""
    return "\n".join(line for line in _lines(content) if line)


def _lines(content: Any) -> Iterator[str]:
    if isinstance(content, Sequence) and not isinstance(content, str):
        for each in content:
            yield from _lines(each)
    elif isinstance(content, dict):
        kind = content.get("type", "")
        if kind.startswith("rich_text") and isinstance(content.get("elements"), list):
            yield from _rich_lines(content)
            return
        for name in (
            "title",
            "label",
            "text",
            "fields",
            "alt_text",
            "elements",
            "element",
            "accessory",
            "hint",
            "rows",
        ):
            value = content.get(name)
            yield from [value] if isinstance(value, str) else _lines(value)
        for name in ("options", "placeholder", "initial_option", "initial_options"):
            yield from _lines(content.get(name))
        if isinstance(content.get("initial_value"), str):
            yield content["initial_value"]


def _rich_lines(content: Json) -> Iterator[str]:
    parts = content["elements"]
    if any(str(part.get("type", "")).startswith("rich_text") for part in parts):
        for part in parts:
            yield from _rich_lines(part)
        return
    names = ("text", "url", "name", "user_id", "channel_id", "usergroup_id", "range", "fallback", "value")
    yield "".join(str(next((part[name] for name in names if part.get(name)), "")) for part in parts)


def words_of_message(message: Message) -> str:
    """All that a person reads of a message: its blocks, else its text; and its attachments."""
    shown = words_of(message.blocks) or message.text
    extra = [words_of(each.get("blocks")) or str(each.get("text", "")) for each in message.attachments]
    return "\n".join([shown, *(each for each in extra if each)])


def elements_of(block: Json) -> list[Json]:
    """The elements of a block, wherever it keeps them."""
    nested = [block.get("element"), block.get("accessory"), *(block.get("elements") or ())]
    return [each for each in nested if isinstance(each, dict)]


def options_of(element: Json) -> list[Json]:
    """What a menu or boxes offer, in groups or not."""
    options = list(element.get("options") or ())
    for group in element.get("option_groups") or ():
        options += group.get("options") or ()
    return options


def clickables(blocks: Sequence[Json], user: str) -> Iterator[Clickable]:
    """Everything that this person can click in blocks."""
    for block in blocks:
        if block.get("type") not in ("actions", "section", "input"):
            continue
        for element in elements_of(block):
            kind = element.get("type", "")
            if kind == "button" and user in element.get("visible_to_user_ids", [user]):
                yield Clickable(block, element, element["text"]["text"])
            elif kind not in ("button", "image", "plain_text", "mrkdwn"):
                yield Clickable(block, element, str((element.get("placeholder") or {}).get("text", "")))
                for option in options_of(element):
                    yield Clickable(block, element, option["text"]["text"], option)


def find(blocks: Sequence[Json], user: str, what: str, block_id: str | None = None) -> Clickable:
    """What is clicked by these words or this action_id. Raises NotThereError unless there is exactly one."""
    every = [each for each in clickables(blocks, user) if block_id in (None, each.block.get("block_id"))]
    by_words = [each for each in every if each.words == what]
    by_id = [each for each in every if each.option is None and each.element.get("action_id") == what]
    found = by_words or by_id
    if len(found) == 1:
        return found[0]
    seen = ", ".join(repr(each.words or each.element.get("action_id")) for each in every) or "nothing"
    problem = "is there more than once; say which block_id" if found else "is not there"
    raise NotThereError(f"{what!r} {problem}. {user} can click {seen}")

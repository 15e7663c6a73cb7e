"""A Slack message as somebody reads it on a screen: Block Kit to lines of plain text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from sandbox.words import words_of
from sandbox.workspace import Message, Workspace

Block: TypeAlias = dict[str, Any]
#: User ids to the names that Slack shows.
Names: TypeAlias = Mapping[str, str]

_DATE = re.compile(r"<!date\^\d+\^[^|>]*\|([^>]*)>")
_PERSON = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_LINK = re.compile(r"<(?:https?:|mailto:)[^|>]*\|([^>]*)>|<((?:https?:|mailto:)[^|>]*)>")
#: *bold* and ~struck~; _slanted_ only where Slack reads it so, which is not inside a word.
_STYLE = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])|(?<!\w)_([^_\n]+)_(?!\w)|(?<!\w)~([^~\n]+)~(?!\w)")


def names_of(workspace: Workspace) -> Names:
    """Everybody's name, as a mention of them is shown."""
    return {user.id: user.name for user in workspace.users.values()}


def read(message: Message, names: Names) -> list[str]:
    """Every line of a message; the first is its heading where it has one."""
    if not message.blocks:
        return mrkdwn(message.text, names).split("\n")
    return [line for block in message.blocks for line in _lines(block, names)]


def mrkdwn(text: str, names: Names) -> str:
    """Slack's markup as it looks: dates by their fallback, people by name, links by their words."""
    text = _DATE.sub(r"\1", text)
    text = _PERSON.sub(lambda found: "@" + names.get(found[1], found[1]), text)
    text = _LINK.sub(lambda found: found[1] or found[2], text)
    text = _STYLE.sub(lambda found: found[1] or found[2] or found[3], text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def buttons_of(message: Message) -> list[str]:
    """What can be clicked, by its words; a menu counts as ⋯."""
    elements = [
        each for block in message.blocks for each in block.get("elements", ()) if block["type"] == "actions"
    ]
    return [each["text"]["text"] if each["type"] == "button" else "⋯" for each in elements]


def _lines(block: Block, names: Names) -> Iterator[str]:
    reader = _READERS.get(block["type"])
    text = reader(block, names) if reader else words_of(block)
    yield from (line.rstrip() for line in text.split("\n"))


def _section(block: Block, names: Names) -> str:
    texts = [block["text"]] if "text" in block else []
    return "\n".join(_text(each, names) for each in [*texts, *block.get("fields", ())])


def _context(block: Block, names: Names) -> str:
    return "  ".join(_text(each, names) for each in block["elements"])


def _actions(block: Block, _names: Names) -> str:
    return " ".join(f"[ {_words(each)} ]" for each in block["elements"])


def _words(element: Block) -> str:
    return str(element["text"]["text"]) if element["type"] == "button" else "⋯"


def _text(text: Block, names: Names) -> str:
    if text["type"] == "image":
        return str(text["alt_text"])
    return mrkdwn(text["text"], names) if text["type"] == "mrkdwn" else str(text["text"])


def _rich_text(block: Block, names: Names) -> str:
    return "\n".join(_rich(each, names) for each in block["elements"])


def _rich(element: Block, names: Names) -> str:
    kind, parts = element["type"], element["elements"]
    if kind == "rich_text_list":
        return "\n".join(f"• {_rich(each, names)}" for each in parts)
    words = "".join(_inline(each, names) for each in parts)
    if kind in ("rich_text_quote", "rich_text_preformatted"):
        return "\n".join(f"  | {line}" for line in words.split("\n"))
    return words


def _inline(element: Block, names: Names) -> str:
    if element["type"] == "user":
        return "@" + names.get(element["user_id"], element["user_id"])
    shown: Sequence[str] = ("text", "url", "fallback", "name")
    return str(next((element[name] for name in shown if element.get(name)), ""))


_READERS: dict[str, Callable[[Block, Names], str]] = {
    "header": lambda block, names: _text(block["text"], names),
    "section": _section,
    "context": _context,
    "actions": _actions,
    "divider": lambda _block, _names: "",
    "rich_text": _rich_text,
}

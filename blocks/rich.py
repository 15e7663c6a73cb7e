"""Rich text, the carrier of other people's words: Slack reads no markup, link or emoji code in its text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

from approvals.words import Instant
from blocks.text import cut, cut_visible, fallback, one_line, short, visible

Element: TypeAlias = dict[str, Any]
Block: TypeAlias = dict[str, Any]

#: Slack reads no tokens here, but what exports or mirrors a channel may: no string holds a whole one.
_INSIDE_TOKEN: Final = re.compile(r"(?<=<)(?=[!@#/\w])")
#: What a browser and a reader understand alike: ASCII, no user before an @, nothing that ends a link.
_HONEST_LINK: Final = re.compile(r"https?://[\w.-]+(:\d+)?([/?#][^\s<>|\"\\^`{}]*)?", re.ASCII)
_LONGEST_LINK: Final = 300


def text(words: str, *, bold: bool = False, italic: bool = False) -> list[Element]:
    """Elements that show `words` exactly; empty for no words."""
    style: dict[str, Any] = {}
    if bold or italic:
        style = {"style": {name: True for name, on in (("bold", bold), ("italic", italic)) if on}}
    return [{"type": "text", "text": part, **style} for part in _INSIDE_TOKEN.split(words) if part]


def label(words: str) -> list[Element]:
    """The bold words before a value, with the gap after them."""
    return [*text(short(words, 120) or "(empty name)", bold=True), *text("  ")]


def date(moment: Instant) -> Element:
    """A moment in the reader's own zone."""
    return {
        "type": "date",
        "timestamp": int(moment.timestamp()),
        "format": "{date_short_pretty} {time}",
        "fallback": fallback(moment),
    }


def link(url: str) -> list[Element]:
    """A link that shows where it leads; plain words when it could lead elsewhere than it seems."""
    if len(url) > _LONGEST_LINK or not _HONEST_LINK.fullmatch(url) or not urlsplit(url).hostname:
        return text(short(url, _LONGEST_LINK))
    return [{"type": "link", "url": url, "text": url}]


def section(*parts: Iterable[Element]) -> Element:
    """A paragraph."""
    return {"type": "rich_text_section", "elements": [element for part in parts for element in part]}


def quote(words: str, most: int, lines: int = 20) -> Element:
    """Somebody's words, with a bar beside every line, so that no line of them can pass for one of ours."""
    shown = cut_visible(words.strip(), most, lines=lines)
    return {"type": "rich_text_quote", "elements": text(shown) or text("(empty)")}


def code(words: str) -> Element:
    """Words in a box of their own, in a monospaced face; not cut."""
    return {"type": "rich_text_preformatted", "elements": text(visible(words)) or text("(empty)")}


def titled(title: str, *words: Iterable[Element]) -> Element:
    """A paragraph that begins with bold words of ours."""
    return section(text(title, bold=True), text("  "), *words)


def said(words: str, most: int) -> list[Element]:
    """Somebody's words inside a paragraph, on one line."""
    return text(cut(one_line(words), most))


def block(*elements: Element, name: str | None = None) -> Block:
    """A rich text block of paragraphs, quotes and boxes."""
    named = {"block_id": name} if name else {}
    return {"type": "rich_text", "elements": list(elements), **named}

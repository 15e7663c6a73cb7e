"""Pages of a modal: more than one view takes is laid out over several, and nothing of it is cut."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from approvals.canonical import Json
from blocks import rich
from blocks.actions import Page, Seen
from blocks.arguments import how_many, label_of, leaves
from blocks.rich import Block, Element
from blocks.text import one_line, pretty, visible

#: Characters and blocks of one page: Slack allows more blocks, and documents no number of characters.
_PAGE: Final = 10_000
_PAGE_BLOCKS: Final = 60
#: Arguments that are listed one by one. More of them nobody reads, and to lay them out takes a second.
LISTED: Final = 20_000
#: Characters of one block.
_BLOCK: Final = 2_500
#: What stands around the words of one element.
_AROUND: Final = 8
#: Characters of a label, as `rich.label` cuts it.
LONGEST_LABEL: Final = 120


@dataclass(frozen=True, slots=True)
class Piece:
    """One block of a page, made when its page is the one that is wanted."""

    size: int
    make: Callable[[], Element]


@dataclass(frozen=True, slots=True)
class Line:
    """A label and a value; both as they are, not yet fit for a screen."""

    label: str
    shown: str


def paged(pieces: Iterable[Piece]) -> list[list[Piece]]:
    """The pieces in order, as many on a page as it takes; at least one page, which may be empty."""
    pages: list[list[Piece]] = []
    room = 0
    for piece in pieces:
        if not pages or piece.size > room or len(pages[-1]) >= _PAGE_BLOCKS:
            pages.append([])
            room = _PAGE
        room -= piece.size
        pages[-1].append(piece)
    return pages or [[]]


def laid_out(page: Iterable[Piece]) -> list[Block]:
    """The blocks of one page."""
    return [rich.block(piece.make()) for piece in page]


@dataclass(frozen=True, slots=True)
class Turn:
    """A button that leads to another page."""

    action: str
    words: str
    to: int


def turning(seen: Seen, last: int, turns: Iterable[Turn]) -> Block:
    """The row of buttons under a page."""
    return {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": turn.action,
                "text": {"type": "plain_text", "text": turn.words},
                "value": Page(seen, turn.to).encode(),
                "accessibility_label": f"{turn.words}: page {turn.to} of {last}",
            }
            for turn in turns
        ],
    }


def heading(title: str, words: str = "") -> Piece:
    """A paragraph that begins with bold words of ours."""
    said = rich.text(f"  {one_line(words)}" if words else "")
    return made(rich.section(rich.text(title, bold=True), said))


def made(element: Element) -> Piece:
    """An element that is short enough to be made at once."""
    size = sum(len(each.get("text", "")) + len(each.get("url", "")) + _AROUND for each in element["elements"])
    return Piece(size, lambda: element)


def as_listed(payload: Json) -> Iterator[Piece]:
    """Every argument of a masked payload, each whole; where they are too many to list, as JSON."""
    if how_many(payload) > LISTED:
        yield from as_json(payload)
    else:
        yield from tree(Line(label_of(leaf.path), leaf.shown) for leaf in leaves(payload))


def as_json(payload: Json) -> Iterator[Piece]:
    """A masked payload as JSON."""
    for chunk in _chunks(visible(pretty(payload))):
        yield Piece(len(chunk) + _AROUND, partial(rich.code, chunk))


def tree(lines: Iterable[Line]) -> Iterator[Piece]:
    """Lines of "label  value"; long values in quotes of their own, whole, in as many as it takes."""
    together: list[Line] = []
    size = 0
    for line in lines:
        shown = visible(line.shown.replace("\r\n", "\n"))
        long = len(shown) > 200 or "\n" in shown
        cost = min(len(line.label), LONGEST_LABEL) + _AROUND * 3 + (0 if long else len(shown))
        if together and size + cost > _BLOCK:
            yield _together(together, size)
            together, size = [], 0
        together.append(Line(line.label, "" if long else shown))
        size += cost
        if long:
            yield _together(together, size)
            together, size = [], 0
            for chunk in _chunks(shown):
                yield Piece(len(chunk) + _AROUND, partial(_quote, chunk))
    if together:
        yield _together(together, size)


def _together(lines: list[Line], size: int) -> Piece:
    return Piece(size, lambda: rich.section(*(_elements(place, line) for place, line in enumerate(lines))))


def _elements(place: int, line: Line) -> list[Element]:
    return [*(rich.text("\n") if place else []), *rich.label(line.label), *rich.text(line.shown)]


def _quote(chunk: str) -> Element:
    return {"type": "rich_text_quote", "elements": rich.text(chunk)}


def _chunks(text: str) -> Iterator[str]:
    """`text` in pieces that one block holds, at line ends where there are any."""
    rest = text
    while len(rest) > _BLOCK:
        end = rest.rfind("\n", 1, _BLOCK) + 1 or _BLOCK
        yield rest[:end]
        rest = rest[end:]
    if rest:
        yield rest

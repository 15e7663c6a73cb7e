"""Lines of "label  value" that say how many of them are missing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from blocks import rich
from blocks.arguments import IN_LINE, Leaf, label_of
from blocks.differences import Difference, Some
from blocks.rich import Element
from blocks.text import cut, cut_visible, one_line, short, visible

_LONGEST: Final = 1_500
_LINES: Final = 15


@dataclass(slots=True)
class Table:
    """Lines that grow until room or lines run out; the first that does not fit is the end of it."""

    room: int
    lines: int = 40
    #: how many arguments are missing, in words; empty for none
    left_out: str = ""
    _done: list[Element] = field(default_factory=list)
    _open: list[Element] = field(default_factory=list)

    def fill(self, leaves: Iterator[Leaf], total: int) -> None:
        """As many arguments as fit, of `total`."""
        for told, leaf in enumerate(leaves):
            if not self._add(leaf):
                self.left_out = f"{total - told:,}"
                return

    def change(self, changed: Some) -> None:
        """Arguments, old → new; as many as fit."""
        fitting = 0
        for each in changed.first:
            if not self._change(each):
                break
            fitting += 1
        self.left_out = changed.beyond(fitting)

    def _add(self, leaf: Leaf) -> bool:
        """One argument, on a line, or in a paragraph of its own when it is long."""
        shown = leaf.shown
        long = len(shown) > IN_LINE or "\n" in shown
        name = short(label_of(leaf.path), 120)
        if long:
            most = min(_LONGEST, max(self.room - len(name) - 10, 100))
            shown = cut_visible(shown.replace("\r\n", "\n"), most, lines=_LINES)
        else:
            shown = one_line_exact(shown)
        return self._take(name, shown, long=long)

    def _change(self, each: Difference) -> bool:
        before, after = (cut(one_line(side), 300) for side in (each.before, each.after))
        return self._take(short(label_of(each.path), 120), f"{before} → {after}", long=False)

    def _take(self, name: str, shown: str, *, long: bool) -> bool:
        cost = len(name) + len(shown) + 4
        tall = shown.count("\n") + 2 if long else 1
        if cost > self.room or tall > self.lines:
            return False
        self.room -= cost
        self.lines -= tall
        line = [*rich.label(name), *([] if long else rich.text(shown))]
        self._open += [*rich.text("\n"), *line] if self._open else line
        if long:
            self._close()
            self._done.append({"type": "rich_text_quote", "elements": rich.text(shown)})
        return True

    def _close(self) -> None:
        if self._open:
            self._done.append(rich.section(self._open))
            self._open = []

    def elements(self) -> list[Element]:
        """Paragraphs for a rich text block; empty when nothing was added."""
        if self.left_out:
            gap = "\n" if self._open else ""
            self._open += rich.text(f"{gap}… {self.left_out} more: View everything", italic=True)
        self._close()
        return self._done


def one_line_exact(shown: str) -> str:
    """A value on one line with its blanks kept."""
    return visible(shown).replace("\n", " ⏎ ").replace("\t", "⇥")

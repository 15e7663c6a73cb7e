"""How the story is told: chapters, sentences, cards and checks, in a terminal or in a file."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

#: Nothing needs a wider terminal; in a narrower one the lines are shorter.
WIDEST = 100
_NARROWEST = 40
_MARGIN = "   "


@dataclass(slots=True)
class Transcript:
    """Writes to `out` as things happen, and counts what was checked."""

    out: TextIO
    #: ANSI's colours and weights
    coloured: bool = False
    width: int = WIDEST
    checks: int = 0
    chapters: int = 0

    @classmethod
    def to(cls, out: TextIO, environment: Mapping[str, str]) -> Transcript:
        """For `out` as it is: coloured only in a terminal that wants it (https://no-color.org)."""
        if not out.isatty():
            return cls(out)
        plain = bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
        width = shutil.get_terminal_size((WIDEST, 24)).columns
        return cls(out, coloured=not plain, width=max(_NARROWEST, min(WIDEST, width)))

    def title(self, text: str) -> None:
        """What this is."""
        self._line(self._painted("1", text))

    def progress(self, text: str) -> None:
        """What is being done now."""
        for line in textwrap.wrap(text, self.width):
            self._line(self._painted("2", line))

    def chapter(self, text: str) -> None:
        """The next part begins."""
        self.chapters += 1
        self._line("")
        self._line(self._painted("1", f"{self.chapters}. {text}"))

    def say(self, text: str) -> None:
        """A sentence of the story."""
        self._wrapped(_MARGIN, _MARGIN, text)

    def card(self, lines: Sequence[str], most: int | None = None) -> None:
        """A card in Slack, its heading in bold; `most` lines of it, with a mark where it goes on."""
        self._barred(lines, most, heading=True)

    def quote(self, *lines: str) -> None:
        """What a screen, a log or a model shows, word by word."""
        self._barred(lines, None, heading=False)

    def _barred(self, lines: Sequence[str], most: int | None, *, heading: bool) -> None:
        shown = list(lines) if most is None or len(lines) <= most else [*lines[:most], "…"]
        for number, line in enumerate(shown):
            bar = f"{_MARGIN}{self._painted('36', '│')} "
            hanging = " " * (len(line) - len(line.lstrip()) + 2)
            room = self.width - len(_MARGIN) - 2
            for part in textwrap.wrap(line, room, subsequent_indent=hanging) or [""]:
                self._line(bar + (self._painted("1", part) if heading and number == 0 else part))

    def check(self, text: str) -> None:
        """Something that was checked, and is so."""
        self.checks += 1
        self._wrapped(f"{_MARGIN}{self._painted('32', '✓')} ", f"{_MARGIN}  ", text)

    def failed(self, text: str) -> None:
        """Something that is not as it should be."""
        first, *rest = text.split("\n")
        self._wrapped(f"{_MARGIN}{self._painted('31', '✗')} ", f"{_MARGIN}  ", first)
        for line in rest:
            self._wrapped(f"{_MARGIN}  ", f"{_MARGIN}  ", line)

    def end(self, text: str) -> None:
        """The last words."""
        self._line("")
        self._line(self._painted("1", text))

    def _wrapped(self, first: str, then: str, text: str) -> None:
        # Colours take no room, so the first line's margin is measured by that of the others.
        lines = textwrap.wrap(text, self.width - len(then)) or [""]
        self._line(first + lines[0])
        for line in lines[1:]:
            self._line(then + line)

    def _painted(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.coloured else text

    def _line(self, text: str) -> None:
        self.out.write(f"{text}\n")
        self.out.flush()


def transcript_on(out: TextIO) -> Transcript:
    """For this process's terminal or file."""
    return Transcript.to(out, os.environ)

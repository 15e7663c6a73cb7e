"""What stands between words that people type: blanks, breaks, and characters that take no room.

What is copied brings tabs, no-break blanks and line breaks along, and text from the web what nobody sees.
"""

from __future__ import annotations

import re
from typing import Final

#: One of them, inside of a character class. The joiners that hold emoji and letters together are none.
BLANK: Final = r"\s\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff"

_BLANKS: Final = re.compile(f"[{BLANK}]+")


def trimmed(text: str) -> str:
    """Without what stands before the first word, and behind the last."""
    first = _BLANKS.match(text)
    text = text[first.end() if first is not None else 0 :]
    end = len(text)
    while end and _BLANKS.fullmatch(text[end - 1]):
        end -= 1
    return text[:end]


def first_word(text: str) -> tuple[str, str]:
    """The first word, and what follows it, as it was typed; both empty where there is none."""
    text = trimmed(text)
    gap = _BLANKS.search(text)
    return (text, "") if gap is None else (text[: gap.start()], text[gap.end() :])


def spaced(text: str) -> str:
    """The words with one space between two."""
    return _BLANKS.sub(" ", trimmed(text))

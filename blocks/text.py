"""Other people's words, made safe to show: nothing hidden, nothing forged, cut where everybody sees it.

Agents' text is carried by rich text and plain text wherever it must be exact: Slack reads no markup in those.
Where a sentence of ours quotes a few words in mrkdwn, `escape` makes them inert.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import Final

import rfc8785

from approvals.canonical import LARGEST_INTEGER, Json, canonical
from approvals.roster import Person
from approvals.words import Instant

#: Characters that take no room on the screen although Unicode does not call them format characters.
_INVISIBLE: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\u200a\u180b\u180c\u180d\u180f"
)
_SELECTORS: Final = frozenset([*map(chr, range(0xFE00, 0xFE10)), *map(chr, range(0xE0100, 0xE01F0))])
_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_JOINER, _EMOJI_STYLE = "\u200d", "\ufe0f"
_KEYCAPS: Final = frozenset("0123456789#*")
#: Anything but line breaks, tabs and what a keyboard of 1970 had.
_WORTH_A_LOOK: Final = re.compile(r"[^\t\n -~]")
#: No living script stacks more marks on one letter; what does is a flood over the lines around it.
MOST_MARKS: Final = 4

_BREAK: Final = re.compile(r"[\r\n\x0b\x0c\x85\u2028\u2029]")
#: What a reader of JSON takes for something else than text; a date or a version is none of it.
_LITERAL: Final = re.compile(r"null|true|false|NaN|-?Infinity|-?\d+(\.\d+)?([eE][-+]?\d+)?")
_SHORTCODE: Final = re.compile(r":(?=[^\s:]*[^\W\d][^\s:]*:)")
_TOKEN: Final = re.compile(r"<(?=[!@#/\w])")
#: Characters of JSON that somebody may read; more is for machines.
_PRETTY: Final = 20_000
#: Values inside of one that is still spelled canonically.
_CANONICAL: Final = 200
#: They look like < and > and open nothing.
_LEFT, _RIGHT = "\u2039", "\u203a"
#: What Slack reads as markup, and what looks like it but means nothing to it.
_LOOKALIKES: Final = {"*": "\u2217", "_": "\uff3f", "~": "\u223c", "`": "\u02cb"}


class Mrkdwn(str):
    """Text that is Slack markup already: ours, or escaped."""

    __slots__ = ()


def visible(text: str) -> str:
    """`text` with every character that would not be seen, or would reorder others, written as ⟦U+202E⟧.

    Line breaks and tabs stay. Emoji keep the joiners that hold them together.
    """
    if not _WORTH_A_LOOK.search(text):
        return text
    # A text has few different characters, and most of them need no look at what stands beside them.
    different = set(text)
    if not any(map(_depends, different)):
        hidden = {ord(char): _named(char) for char in different if char not in "\n\t" and _hides(char, 0)}
        return text.translate(hidden) if hidden else text
    shown: list[str] = []
    marks = 0
    for place, char in enumerate(text):
        if " " <= char <= "~" or char in "\n\t":
            marks = 0
            shown.append(char)
        elif _hides(text, place):
            shown.append(_named(char))
        elif unicodedata.category(char) in ("Mn", "Me"):
            marks += 1
            shown.append(char if marks <= MOST_MARKS else _named(char))
        else:
            marks = 0
            shown.append(char)
    return "".join(shown)


def _depends(char: str) -> bool:
    """True when what stands beside it says whether it can be seen."""
    return char in (_JOINER, _EMOJI_STYLE) or unicodedata.category(char) in ("Mn", "Me")


def _named(char: str) -> str:
    return f"⟦U+{ord(char):04X}⟧"


def _hides(text: str, place: int) -> bool:
    char = text[place]
    before, after = text[place - 1 : place], text[place + 1 : place + 2]
    if char == _JOINER:
        return not (_is_emoji(before) and _is_emoji(after))
    if char == _EMOJI_STYLE:
        return not (before != "" and (_is_emoji(before) or before in _KEYCAPS))
    return char in _INVISIBLE or char in _SELECTORS or unicodedata.category(char) in _HIDDEN_CATEGORIES


def _is_emoji(char: str) -> bool:
    return char != "" and (
        char == _EMOJI_STYLE or unicodedata.category(char) == "So" or "\U0001f3fb" <= char <= "\U0001f3ff"
    )


def one_line(text: str) -> str:
    """Visible, with line breaks as ⏎ and other runs of blanks as one space."""
    # One run of blanks at a time: a pattern with blanks on both sides of a break takes quadratic time.
    return visible(re.sub(r"\s+", _one_gap, text.strip()))


def _one_gap(blanks: re.Match[str]) -> str:
    return " ⏎ " if _BREAK.search(blanks[0]) else re.sub(r"[ \t]+", " ", blanks[0])


def cut(text: str, most: int, *, lines: int | None = None, beyond: int = 0) -> str:
    """`text` within `most` characters and `lines` lines; what is cut is counted: "… 312 more characters".

    `beyond` is how many more there are that `text` does not hold.
    """
    kept = text if lines is None else "\n".join(text.split("\n", lines)[:lines])
    if len(kept) == len(text) <= most and not beyond:
        return text
    kept = kept[: max(most - _MARK, 0)]
    while kept and _continues(kept[-1], text[len(kept)]):
        kept = kept[:-1]
    return f"{kept}… {len(text) - len(kept) + beyond:,} more characters"


def cut_visible(text: str, most: int, *, lines: int | None = None) -> str:
    """The same of `text` made visible, without a look at what is not shown anyway."""
    head = text[: most + 1]
    return cut(visible(head), most, lines=lines, beyond=len(text) - len(head))


#: Room for "… 262,144 more characters".
_MARK: Final = 26


def short(text: str, most: int) -> str:
    """One line of at most `most` characters; ends in … when there was more. For titles and labels."""
    line = one_line(text)
    if len(line) <= most:
        return line
    kept = line[: most - 1]
    while kept and _continues(kept[-1], line[len(kept)]):
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _continues(last: str, following: str) -> bool:
    """True when a cut between the two would tear one visible character apart."""
    joined = last == _JOINER or following in (_JOINER, _EMOJI_STYLE)
    return joined or unicodedata.combining(following) != 0 or "\U0001f3fb" <= following <= "\U0001f3ff"


def plain(text: str, most: int) -> dict[str, object]:
    """A plain text object with other people's words: no markup, emoji codes or tokens."""
    words = short(text, most) or "-"
    return {"type": "plain_text", "text": _TOKEN.sub(_LEFT, words), "emoji": False}


def escape(text: str, most: int = 300) -> Mrkdwn:
    """A few words for the middle of a sentence in mrkdwn: they ping nobody, link nowhere, format nothing.

    Characters that Slack would read as markup are replaced by ones that look alike: the exact text of
    anything that matters stands in rich text beside it. Underscores inside a word (`issue_refund`) stay.
    """
    words = _SHORTCODE.sub("\u2236", short(text, most))
    inert = "".join(_inert(words, place) for place in range(len(words)))
    if inert.startswith(">"):
        inert = f"{_RIGHT}{inert[1:]}"
    return Mrkdwn(inert.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))


def _inert(words: str, place: int) -> str:
    char = words[place]
    if char not in _LOOKALIKES:
        return char
    before, after = words[place - 1 : place], words[place + 1 : place + 2]
    inside = char != "`" and before.isalnum() and after.isalnum()
    return char if inside else _LOOKALIKES[char]


def spelled(value: Json) -> str:
    """One value, exact: text bare where it cannot be taken for anything else, everything else as in JSON.

    Numbers are spelled as in the canonical JSON that a vote is bound to. Not made visible and not cut yet.
    """
    if isinstance(value, str):
        return value if _stands_bare(value) else json.dumps(value, ensure_ascii=False)
    if value is None or isinstance(value, bool):
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, int) and abs(value) <= LARGEST_INTEGER:
        return str(value)
    if _more_than(_CANONICAL, value):
        # The canonical spelling of much takes long; nobody compares it by eye.
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=dict)
    try:
        return canonical(value).decode()
    except rfc8785.CanonicalizationError:
        # Context items need no canonical spelling: nobody votes on them.
        return json.dumps(value, ensure_ascii=False, default=str)


def _more_than(most: int, value: Json) -> bool:
    """True when `value` holds more than `most` others."""
    waiting = [value]
    while waiting and most >= 0:
        inside = waiting.pop()
        if isinstance(inside, str) or not isinstance(inside, (Mapping, Sequence)):
            continue
        most -= len(inside)
        if most >= 0:
            waiting += inside.values() if isinstance(inside, Mapping) else inside
    return most < 0


def _stands_bare(text: str) -> bool:
    if text == "" or text != text.strip() or _LITERAL.fullmatch(text):
        return False
    return text[0] not in '"{[' and "\n" not in text and "\r" not in text and "\t" not in text


def pretty(value: Json) -> str:
    """JSON in the order in which it was posted: over several lines, or over one where it is long."""
    compact = json.dumps(value, ensure_ascii=False, default=dict)
    if len(compact) > _PRETTY:
        return compact
    return json.dumps(value, ensure_ascii=False, indent=2, default=dict)


def listed(words: Iterable[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    every = list(words)
    if len(every) < 2:
        return "".join(every)
    return f"{', '.join(every[:-1])} {last} {every[-1]}"


def fallback(moment: Instant) -> str:
    """A moment for where Slack cannot say it in the reader's own zone: "20 Nov 2026, 14:00 UTC"."""
    at = moment.astimezone(UTC)
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def when(moment: Instant) -> Mrkdwn:
    """A moment in the reader's own zone: "today 14:00"."""
    return Mrkdwn(f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time}}|{fallback(moment)}>")


def mention(person: Person) -> Mrkdwn:
    """A person by id, which nobody can take over as one can a name."""
    if re.fullmatch(r"[UW][A-Z0-9]{2,30}", person.id):
        return Mrkdwn(f"<@{person.id}>")
    return escape(person.name, 80)

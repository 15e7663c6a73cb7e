"""The words of a verb, as somebody typed them: `edit amount=500 customer="ACME Ltd" receipt covers it`.

Read as Slack writes them: what stands between < and > is one piece (a person, a link), and nothing in here
takes it apart. Where it is not certain what was meant, nothing is: the words are `Unclear`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from approvals.blanks import BLANK, first_word, trimmed


class Verb(StrEnum):
    """What somebody wants done."""

    APPROVE = "approve"
    REJECT = "reject"
    EDIT = "edit"
    LOOKS_RIGHT = "looks right"
    CORRECT = "correct"
    FLAG = "flag"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Spoken:
    """What was said, and what follows it."""

    #: None where the words begin with no verb
    verb: Verb | None
    #: the word that should be one
    word: str
    rest: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """`path=value`, the value as it was typed, without its quotes."""

    path: str
    value: str
    quoted: bool
    #: the word right behind a value that nothing ends but a blank; empty where it is certain where it ends
    behind: str = ""


class Unclear(ValueError):
    """It is not certain what was meant: a whole sentence, and the path that it is about, if any.

    `instead` is what to say where that was meant: `edit amount=500`.
    """

    def __init__(self, sentence: str, about: str = "", *, instead: str = "") -> None:
        super().__init__(sentence)
        self.about = about
        self.instead = instead


#: A question mark asks; these say.
_ENDS: Final = ".,:;!"
_MARKUP: Final = "`*_~"
#: Marks that open a quotation, each with those that may close it.
QUOTES: Final = {
    '"': '"”“‟',
    "“": '”"“‟',
    "„": '“”"‟',
    "‟": '”"“',
    "«": "»",
    "'": "'\N{RIGHT SINGLE QUOTATION MARK}",
    "\N{LEFT SINGLE QUOTATION MARK}": "'\N{RIGHT SINGLE QUOTATION MARK}",
    "`": "`",
}
_DOUBLE: Final = frozenset('"“”„‟')
_COMMAND: Final = re.compile(rf"[`*_~]*/hitl[`*_~]*(?:[{BLANK}]+|$)", re.IGNORECASE)
_PATH: Final = re.compile(rf"""[^{BLANK}=<>"“”„‟«»`{{}}\[\]]+""")
_SIGN: Final = re.compile(r"[ \t\u00a0\u200b]*=(?!=)[ \t\u00a0\u200b]*")
_PIECE: Final = re.compile(r"<[^<>]*>|\S", re.DOTALL)
_PIECES: Final = re.compile(r"<[^<>]*>")
_BLANKS: Final = re.compile(f"[{BLANK}]*")
_BETWEEN: Final = re.compile(f"[{BLANK}]*[,;]?[{BLANK}]*")
_LEADING: Final = re.compile(rf"[{BLANK},;:\u2013\u2014-]*")
_BRACKETS: Final = {"{": "}", "[": "]"}


def spoken(words: str) -> Spoken:
    """The verb that `words` begin with, however it is written, and the rest."""
    words = trimmed(words)
    # As a habit of commands the bot may be named once more.
    while (named := _COMMAND.match(words)) is not None:
        words = words[named.end() :]
    for verb in Verb:
        found = re.match(_spelled(verb), words, re.IGNORECASE)
        if found is not None:
            return Spoken(verb, str(verb), trimmed(words[found.end() :]))
    return Spoken(None, *first_word(words))


def _spelled(verb: Verb) -> str:
    inside = f"[{BLANK}]+".join(map(re.escape, verb.split(" ")))
    marks = re.escape(_MARKUP)
    return rf"[{marks}]*{inside}[{marks}]*(?:[{re.escape(_ENDS)}]+[{marks}]*)?(?:[{BLANK}]|$)"


def assignments(words: str) -> tuple[tuple[Assignment, ...], str]:
    """What is to be changed, and why. Raises `Unclear`."""
    made: list[Assignment] = []
    at = 0
    while (head := _head(words, at)) is not None:
        path, begins = head
        if any(each.path == path for each in made):
            raise Unclear(f"{path} stands there twice.", path)
        value, quoted, at = _value(words, begins, path)
        following = _BETWEEN.match(words, at)
        after = following.end() if following is not None else at
        goes_on = _head(words, after) is not None
        if goes_on and not quoted:
            value = value.rstrip(",;")
        if goes_on:
            at = after
        behind = "" if quoted or goes_on else words[at:].split(maxsplit=1)[0] if words[at:].strip() else ""
        if not quoted and not value:
            raise Unclear(_empty(path), path)
        made.append(Assignment(path, value, quoted, behind))
        if not goes_on:
            break
    leading = _LEADING.match(words, at)
    return tuple(made), words[leading.end() if leading is not None else at :].strip()


def _head(words: str, at: int) -> tuple[str, int] | None:
    """The path of the assignment that begins at `at`, and where its value begins."""
    blanks = _BLANKS.match(words, at)
    at = blanks.end() if blanks is not None else at
    path = _PATH.match(words, at)
    sign = _SIGN.match(words, path.end()) if path is not None else None
    return (path[0], sign.end()) if path is not None and sign is not None else None


def _value(words: str, at: int, path: str) -> tuple[str, bool, int]:
    """The value that begins at `at`, whether something shows its end, and where it ends."""
    if at >= len(words) or words[at].isspace() or _head_is_next(words, at):
        raise Unclear(_empty(path), path)
    if words[at] in QUOTES:
        return _quoted(words, at, path)
    if words[at] in _BRACKETS:
        return _bracketed(words, at, path)
    end = at
    while end < len(words) and (piece := _PIECE.match(words, end)) is not None:
        if piece[0] in _DOUBLE:
            raise Unclear(f'Put all of the value of {path} in quotes: {path}="…".', path)
        end = piece.end()
    if "=" in _PIECES.sub("", words[at:end]):
        raise Unclear(f'Put the value of {path} in quotes, as there is a = in it: {path}="…".', path)
    return words[at:end], False, end


def _head_is_next(words: str, at: int) -> bool:
    """`note= amount=5`: whether what looks like the value is the next assignment."""
    return words[at - 1].isspace() and _head(words, at) is not None


def _empty(path: str) -> str:
    return f'{path} has no value: write {path}="" to leave it empty.'


def _quoted(words: str, at: int, path: str) -> tuple[str, bool, int]:
    closers = QUOTES[words[at]]
    text: list[str] = []
    at += 1
    while at < len(words) and words[at] not in closers:
        if words[at] == "\\" and words[at + 1 : at + 2] in ("\\", *closers):
            at += 1
            text.append(words[at])
            at += 1
            continue
        special = _special(words, at)
        text.append(special)
        at += len(special)
    if at >= len(words):
        raise Unclear(f"The quote of {path} is not closed.", path)
    return "".join(text), True, _ended(words, at + 1, path)


def _special(words: str, at: int) -> str:
    """One character, or all of what Slack put between < and >."""
    piece = _PIECE.match(words, at)
    return piece[0] if piece is not None else words[at]


def _bracketed(words: str, at: int, path: str) -> tuple[str, bool, int]:
    """JSON, to the bracket that closes it. What is in it is for a parser of JSON to say."""
    begins, open_, quote = at, 0, False
    while at < len(words):
        char = words[at]
        if quote and char == "\\":
            at += 1
        elif char in _DOUBLE:
            quote = not quote
        elif not quote:
            open_ += (char in "{[") - (char in "}]")
        at += 1
        if open_ == 0:
            return words[begins:at], True, _ended(words, at, path)
    raise Unclear(f"The bracket of {path} is not closed.", path)


def _ended(words: str, at: int, path: str) -> int:
    if at < len(words) and not words[at].isspace() and words[at] not in _ENDS:
        raise Unclear(f"Put a blank behind the value of {path}.", path)
    return at

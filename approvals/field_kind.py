"""Which kind of input fits a value: by what the forms say of its place, else by what it looks like."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from approvals.canonical import Json, canonical
from approvals.field import FieldKind
from approvals.field_values import MOST_TEXT, moment
from approvals.form_shape import Shape

#: What one select of Slack's takes (its reference, "Select menu element").
MOST_OPTIONS = 100
#: Above this a text gets several lines.
_SHORT_TEXT = 150
#: Slack's date picker for moments takes ten digits (its reference, "Datetime picker element").
_MOMENTS = range(10**9, 10**10)
#: No mail server takes a longer address (RFC 5321, section 4.5.3.1); the pattern is slow on long texts.
_LONGEST_EMAIL = 320
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
_URL = re.compile(r"https?://[^\s<>]+")
_FORMATS = {
    "date": FieldKind.DATE,
    "date-time": FieldKind.DATE_TIME,
    "email": FieldKind.EMAIL,
    "idn-email": FieldKind.EMAIL,
    "uri": FieldKind.URL,
    "url": FieldKind.URL,
    "iri": FieldKind.URL,
}
_BY_TYPE = {"integer": FieldKind.INTEGER, "number": FieldKind.NUMBER}


def kind_of(made: Shape, value: Json, *, guessed: bool) -> tuple[FieldKind, tuple[Json, ...]]:
    """The kind of input for `value`, of which the forms say `made`, and what there is to choose from.

    `guessed` says that no form says anything, so that the value alone decides.
    """
    if made.options is not None:
        if 0 < len(made.options) <= MOST_OPTIONS:
            return FieldKind.CHOICE, made.options
        return FieldKind.JSON, ()
    if guessed or (made.untyped and not made.mixed):
        return _guess(value)
    named = made.single()
    if made.mixed or named is None:
        return FieldKind.JSON, ()
    return _typed(made, named, value)


def _typed(made: Shape, named: str, value: Json) -> tuple[FieldKind, tuple[Json, ...]]:
    if named == "boolean":
        return (FieldKind.BOOLEAN, ()) if isinstance(value, bool) else (FieldKind.CHOICE, (True, False))
    if named == "string":
        return _text(made, value), ()
    if named == "array":
        return _list(made, value)
    return _BY_TYPE.get(named, FieldKind.JSON), ()


def _guess(value: Json) -> tuple[FieldKind, tuple[Json, ...]]:
    if isinstance(value, bool):
        return FieldKind.BOOLEAN, ()
    if isinstance(value, int | float):
        # Somebody may well want 99.50 where 750 was.
        return FieldKind.NUMBER, ()
    if isinstance(value, str):
        return _guess_text(value), ()
    if isinstance(value, Sequence) and value and _are_lines(value):
        return FieldKind.LINES, ()
    return FieldKind.JSON, ()


def _guess_text(value: str) -> FieldKind:
    if _is_date(value):
        return FieldKind.DATE
    if _is_moment(value):
        return FieldKind.DATE_TIME
    if len(value) <= _LONGEST_EMAIL and _EMAIL.fullmatch(value):
        return FieldKind.EMAIL
    if _URL.fullmatch(value):
        return FieldKind.URL
    return _by_length(value, None)


def _text(made: Shape, value: Json) -> FieldKind:
    kind = _FORMATS.get(made.first("format", str) or "")
    there = value if isinstance(value, str) else ""
    fits = {FieldKind.DATE: _is_date, FieldKind.DATE_TIME: _is_moment}
    if kind is None or (there and kind in fits and not fits[kind](there)) or "\n" in there:
        return _by_length(there, made.tightest("maxLength", min))
    return kind


def _by_length(value: str, most: float | None) -> FieldKind:
    roomy = most is not None and most > _SHORT_TEXT
    long = roomy or len(value) > _SHORT_TEXT or len(value.splitlines()) > 1
    return FieldKind.LONG_TEXT if long else FieldKind.TEXT


def _list(made: Shape, value: Json) -> tuple[FieldKind, tuple[Json, ...]]:
    entries = made.entries()
    there: Sequence[Json] = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    if entries.mixed or entries.nullable or made.first("prefixItems", list) is not None:
        return FieldKind.JSON, ()
    if entries.options is not None:
        return _choices(entries.options, there)
    if entries.single() == "string" and _are_lines(there):
        return FieldKind.LINES, ()
    return FieldKind.JSON, ()


def _choices(options: tuple[Json, ...], there: Sequence[Json]) -> tuple[FieldKind, tuple[Json, ...]]:
    if len(there) > MOST_OPTIONS:
        return FieldKind.JSON, ()
    chosen = [canonical(item) for item in there]
    known = {canonical(option) for option in options}
    if 0 < len(options) <= MOST_OPTIONS and len(set(chosen)) == len(chosen) and known.issuperset(chosen):
        return FieldKind.CHOICES, options
    return FieldKind.JSON, ()


def _are_lines(value: Sequence[Json]) -> bool:
    """Whether the entries come back as they are when written one a line; too many fit no input anyway."""
    return len(value) <= MOST_TEXT and all(
        isinstance(item, str) and [item] == item.strip().splitlines() for item in value
    )


def shows(kind: FieldKind, value: Json, options: Sequence[Json]) -> bool:
    """Whether the kind's input can show the value at all."""
    if kind in (FieldKind.INTEGER, FieldKind.NUMBER):
        whole = isinstance(value, int | float) and not isinstance(value, bool)
        return whole and (kind is FieldKind.NUMBER or float(value).is_integer())  # type: ignore[arg-type]
    if kind in (FieldKind.LINES, FieldKind.CHOICES):
        return isinstance(value, Sequence) and not isinstance(value, str)
    if kind is FieldKind.CHOICE:
        return canonical(value) in {canonical(option) for option in options}
    if kind in (FieldKind.JSON, FieldKind.BOOLEAN):
        return True
    return isinstance(value, str)


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_moment(text: str) -> bool:
    seconds = moment(text)
    return seconds is not None and seconds in _MOMENTS

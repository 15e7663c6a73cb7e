"""A field's value as an input shows it, and what was typed there as a value again."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TypeAlias

from approvals.canonical import Json, canonical
from approvals.field import Field, FieldKind
from approvals.strict_json import NotInterchangeable, NotJson, parse

#: What an input shows, and what comes back from it: text as typed, a box ticked, seconds since 1970, the
#: places of the chosen options; None for empty.
Typed: TypeAlias = "str | bool | int | Sequence[str] | None"

#: From here on RFC 8785 spells a number with an exponent, and what is read back is a float.
_EXPONENT_FROM = 10**21
#: Characters that a text input of Slack's takes (its reference, "Plain-text input element").
MOST_TEXT = 3000

_NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,3}(?:[ \u00a0\u202f][0-9]{3})+|[0-9]+)?"
    r"(?:\.[0-9]*)?(?:[eE][+-]?[0-9]{1,3})?"
)
_COMMA = re.compile(r"[+-]?[0-9.]*,[0-9]+")
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


class Unreadable(ValueError):
    """What was typed is no value of that field; the message ends the sentence that starts with its label."""


def text_length(text: str) -> int:
    """Characters as Slack's clients count them: UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shown(field: Field) -> Typed:
    """What the field's input shows before anybody touches it; None for an empty input.

    In the same form as what comes back, so that leaving it alone gives exactly this.
    """
    value = field.value
    if field.kind is FieldKind.JSON:
        empty = value is None and not (field.present and field.nullable is False)
        return None if empty else json.dumps(value, ensure_ascii=False, indent=2)
    if value is None and field.kind is not FieldKind.BOOLEAN:
        return None
    return _SHOW.get(field.kind, _as_text)(field)


def _as_text(field: Field) -> str | None:
    return str(field.value) or None


def _as_number(field: Field) -> str:
    value = field.value
    if isinstance(value, float) and not value.is_integer():
        # Without an exponent, which an input for numbers does not take.
        return format(Decimal(repr(value)), "f")
    return str(int(value)) if isinstance(value, int | float) else str(value)


def _as_lines(field: Field) -> str | None:
    return "\n".join(map(str, _entries(field.value))) or None


def _as_place(field: Field) -> str:
    return str(_places(field)[canonical(field.value)])


def _as_places(field: Field) -> list[str] | None:
    places = _places(field)
    return [str(places[canonical(item)]) for item in _entries(field.value)] or None


def _as_moment(field: Field) -> int | None:
    return moment(str(field.value))


def _as_tick(field: Field) -> bool:
    return field.value is True


_SHOW = {
    FieldKind.INTEGER: _as_number,
    FieldKind.NUMBER: _as_number,
    FieldKind.LINES: _as_lines,
    FieldKind.CHOICE: _as_place,
    FieldKind.CHOICES: _as_places,
    FieldKind.DATE_TIME: _as_moment,
    FieldKind.BOOLEAN: _as_tick,
}


def _entries(value: Json) -> Sequence[Json]:
    return value if isinstance(value, Sequence) and not isinstance(value, str) else ()


def _places(field: Field) -> dict[bytes, int]:
    return {canonical(option): place for place, option in reversed([*enumerate(field.options)])}


def untouched(field: Field, typed: Typed) -> bool:
    """Whether the input still says what it showed."""
    before = shown(field)
    if is_empty(before) or is_empty(typed):
        return is_empty(before) and is_empty(typed)
    if isinstance(before, str) and isinstance(typed, str):
        return _lines_alike(before) == _lines_alike(typed)
    if field.kind is FieldKind.DATE_TIME and isinstance(before, int) and isinstance(typed, int):
        # Slack's picker knows minutes only.
        return typed in (before, before - before % 60)
    if field.kind is FieldKind.CHOICES:
        return set(_texts(before)) == set(_texts(typed))
    return before == typed


def is_empty(typed: Typed) -> bool:
    """Nothing typed, nothing chosen. A box without a tick is not empty: it says no."""
    return typed is None or (not isinstance(typed, bool | int) and len(typed) == 0)


def _lines_alike(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _texts(typed: Typed) -> Sequence[str]:
    return () if typed is None or isinstance(typed, bool | int) else typed


def read(field: Field, typed: Typed) -> Json:
    """The value that somebody typed or chose; `typed` is neither empty nor untouched.

    Raises `Unreadable` with what is wrong.
    """
    if field.kind is FieldKind.BOOLEAN:
        return typed is True
    if field.kind is FieldKind.CHOICES:
        return [_chosen(field, place) for place in _texts(typed)]
    if field.kind is FieldKind.DATE_TIME and isinstance(typed, int):
        return _spelled(field.value, typed)
    if not isinstance(typed, str):
        raise Unreadable("cannot be read")
    return _READ.get(field.kind, _plain)(field, typed)


def _plain(_field: Field, typed: str) -> Json:
    return typed


def _trimmed(_field: Field, typed: str) -> Json:
    return typed.strip()


def _lines(_field: Field, typed: str) -> Json:
    return [line.strip() for line in typed.splitlines() if line.strip()]


def _chosen(field: Field, typed: str) -> Json:
    if typed.isascii() and typed.isdecimal() and int(typed) < len(field.options):
        return field.options[int(typed)]
    raise Unreadable("must be one of the options")


def _date(_field: Field, typed: str) -> Json:
    try:
        return date.fromisoformat(typed).isoformat()
    except ValueError:
        raise Unreadable("must be a date: 2026-11-20") from None


def _document(_field: Field, typed: str) -> Json:
    try:
        return parse(typed.encode("utf-8", "surrogatepass"))
    except NotJson as error:
        raise Unreadable(f"is not JSON: {error}") from None
    except NotInterchangeable as error:
        raise Unreadable("; ".join(f"{flaw.loc} {flaw.msg}".strip() for flaw in error.flaws[:3])) from None


def _number(field: Field, typed: str) -> Json:
    text = typed.strip()
    if not _NUMBER.fullmatch(text) or not any(char.isdigit() for char in text.lower().split("e")[0]):
        if _COMMA.fullmatch(text):
            raise Unreadable("must have a point before the decimals: 99.50")
        raise Unreadable("must be a number: 500 or 99.50")
    exact = Decimal(re.sub(r"[, \u00a0\u202f]", "", text))
    if abs(exact) >= _EXPONENT_FROM:
        return float(exact)
    if exact == exact.to_integral_value():
        return int(exact)
    if field.kind is FieldKind.INTEGER:
        raise Unreadable("must be a whole number: 500")
    return float(exact)


_READ = {
    FieldKind.INTEGER: _number,
    FieldKind.NUMBER: _number,
    FieldKind.LINES: _lines,
    FieldKind.CHOICE: _chosen,
    FieldKind.DATE: _date,
    FieldKind.EMAIL: _trimmed,
    FieldKind.URL: _trimmed,
    FieldKind.JSON: _document,
}


def moment(text: str) -> int | None:
    """Seconds since 1970 of an RFC 3339 moment, fractions dropped; None when it is none."""
    parts = _MOMENT.fullmatch(text)
    if parts is None:
        return None
    day, clock, _, zone = parts.groups()
    try:
        return int(datetime.fromisoformat(f"{day}T{clock}{zone.upper()}").timestamp())
    except (ValueError, OverflowError):
        return None


def _spelled(before: Json, seconds: int) -> str:
    """A moment in the time zone that the one before was written in."""
    try:
        at = datetime.fromtimestamp(seconds, _zone(before))
    except (ValueError, OverflowError, OSError):
        raise Unreadable("must be a date with time") from None
    text = at.isoformat(timespec="seconds")
    return text.removesuffix("+00:00") + "Z" if at.utcoffset() == timedelta(0) else text


def _zone(before: Json) -> timezone:
    parts = _MOMENT.fullmatch(before) if isinstance(before, str) else None
    if parts is None or parts[4] in ("Z", "z"):
        return UTC
    sign = -1 if parts[4][0] == "-" else 1
    hours, minutes = parts[4][1:].split(":")
    return timezone(sign * timedelta(hours=int(hours), minutes=int(minutes)))

"""An edit in words, typed by the form: what the edit modal's inputs would have delivered for it.

The same fields, limits and readings as the modal's (`approvals.fields`), so that the same payload comes of
it. Where a value could be read in two ways it is not read at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Final

from approvals.canonical import Json, canonical
from approvals.field import Field, FieldKind
from approvals.field_plan import fields
from approvals.field_values import Typed, Unreadable
from approvals.form_messages import one_of
from approvals.model import Case
from approvals.spoken_words import Assignment
from approvals.strict_json import NotInterchangeable, NotJson, parse

#: Kinds whose values may hold blanks: unquoted, nobody can tell where one ends.
_WORDY: Final = frozenset(
    (FieldKind.TEXT, FieldKind.LONG_TEXT, FieldKind.LINES, FieldKind.JSON, FieldKind.DATE_TIME)
)
#: What may be the rest of a number that was written in groups: `1 000`.
_GROUP: Final = re.compile(r"[0-9]{3}(?:[.,][0-9]+)?[,;]?")
_YES: Final = frozenset(("true", "yes", "on", "1"))
_NO: Final = frozenset(("false", "no", "off", "0"))
_STRAIGHT: Final = str.maketrans(dict.fromkeys("“”„‟", '"'))
#: More names than this help nobody.
_MOST_NAMES: Final = 12


@dataclass(frozen=True, slots=True)
class Worded:
    """What the words come to: values by field id for `fields.entered`, and what could not be read of them."""

    values: Mapping[str, Typed]
    #: what was written before the `=` → a whole sentence
    errors: Mapping[str, str]


def worded(case: Case, said: Iterable[Assignment]) -> Worded:
    """Each value as its field's input would have it."""
    plan = fields(case)
    values: dict[str, Typed] = {}
    errors: dict[str, str] = {}
    for each in said:
        try:
            field = _field(case, plan, each.path)
            if field.id in values:
                raise Unreadable("stands there twice")
            values[field.id] = _typed(field, each)
        except Unreadable as error:
            errors[each.path] = f"{str(error)[:1].upper()}{str(error)[1:]}."
    return Worded(values, errors)


def names(case: Case) -> tuple[str, ...]:
    """What may stand before a `=`: `amount`, `customer.name`."""
    return tuple(_name(field) for field in fields(case) if field.path)


def name_of(case: Case, field_id: str) -> str:
    """What a field is called in words; empty for none, and for the payload as a whole."""
    return next((_name(field) for field in fields(case) if field.id == field_id), "")


def _name(field: Field) -> str:
    return field.loc.removeprefix("payload").removeprefix(".")


def _field(case: Case, plan: Sequence[Field], path: str) -> Field:
    """Which field is meant. Raises `Unreadable`."""
    wanted = path.removeprefix("payload.")
    by_name = {_name(field): field for field in plan if field.path}
    if sum(_name(field) == wanted for field in plan) > 1:
        # A key may itself hold dots.
        raise Unreadable("could be either of two: use Edit on the card")
    if wanted in by_name:
        return by_name[wanted]
    alike = [field for name, field in by_name.items() if name.casefold() == wanted.casefold()]
    if len(alike) == 1:
        return alike[0]
    if any(f"payload.{wanted}.".startswith(f"{hidden}.") for hidden in case.judgement.sensitive):
        raise Unreadable("is masked, and cannot be changed in Slack")
    parts = [name for name in by_name if name.startswith(f"{wanted}.")]
    if parts:
        raise Unreadable(f"has parts: say {_some(parts)}")
    if not by_name or any(wanted.startswith(f"{name}.") for name in by_name):
        raise Unreadable("cannot be changed in words: use Edit on the card")
    near = get_close_matches(wanted, by_name, 1)
    known = [*near, *(name for name in by_name if name not in near)]
    raise Unreadable(f"is not there; there is {_some(known)}")


def _some(known: Sequence[str]) -> str:
    more = f" and {len(known) - _MOST_NAMES} more" if len(known) > _MOST_NAMES else ""
    return f"{', '.join(known[:_MOST_NAMES])}{more}"


def _typed(field: Field, said: Assignment) -> Typed:
    """Raises `Unreadable`."""
    if said.behind and (field.kind in _WORDY or (_is_number(field) and _GROUP.fullmatch(said.behind))):
        raise Unreadable(f'must stand in quotes, as words follow it: {_name(field)}="…"')
    text = said.value
    if text == "" or (text == "null" and not said.quoted and field.nullable):
        return None
    if field.kind is FieldKind.BOOLEAN:
        return _tick(text)
    if field.kind is FieldKind.CHOICE:
        return _place(field.options, text)
    if field.kind is FieldKind.CHOICES:
        return [_place(field.options, each) for each in _list(text)]
    if field.kind is FieldKind.DATE_TIME:
        return _moment(text)
    if field.kind is FieldKind.LINES:
        return "\n".join(_lines(text))
    return _document(text) if field.kind is FieldKind.JSON else text


def _is_number(field: Field) -> bool:
    return field.kind in (FieldKind.INTEGER, FieldKind.NUMBER)


def _tick(text: str) -> bool:
    said = text.strip().casefold()
    if said in _YES:
        return True
    if said in _NO:
        return False
    raise Unreadable("must be true or false")


def _place(options: Sequence[Json], text: str) -> str:
    """The place of the option that is meant, as a select delivers it."""
    spelled = [_spelled(option) for option in options]
    if text in spelled:
        return str(spelled.index(text))
    alike = [place for place, each in enumerate(spelled) if each.casefold() == text.strip().casefold()]
    if len(alike) == 1:
        return str(alike[0])
    raise Unreadable(one_of(list(options)))


def _spelled(option: Json) -> str:
    return option if isinstance(option, str) else canonical(option).decode()


def _list(text: str) -> list[str]:
    """`a, b`, or the same as a list in JSON."""
    parsed = _json(text) if text.lstrip().startswith("[") else None
    if isinstance(parsed, list):
        return [_spelled(each) for each in parsed]
    return [each.strip() for each in text.split(",") if each.strip()]


def _lines(text: str) -> list[str]:
    """A text a line; on one line a list in JSON, as a comma may be part of a text."""
    if text.lstrip().startswith("["):
        parsed = _json(text)
        if isinstance(parsed, list) and all(isinstance(each, str) and "\n" not in each for each in parsed):
            return [str(each) for each in parsed]
        raise Unreadable('must be a list of texts: ["one", "two"]')
    if "," in text:
        raise Unreadable('must be a list, to see where a text ends: ["one", "two"]')
    return text.splitlines()


def _moment(text: str) -> int:
    """Seconds since 1970."""
    try:
        at = datetime.fromisoformat(text.strip())
        if at.tzinfo is not None:
            return int(at.timestamp())
    except (ValueError, OverflowError):
        pass
    raise Unreadable("must be a date with time and time zone: 2026-11-20T10:00:00Z")


def _document(text: str) -> str:
    """JSON that can be read, with the quotation marks that phones make of straight ones put right."""
    try:
        _parsed(text)
    except NotJson:
        straight = text.translate(_STRAIGHT)
        return straight if _json(straight) is not None else text
    except NotInterchangeable:
        return text
    return text


def _json(text: str) -> Json:
    """What the JSON in `text` says, None where it is none."""
    for spelling in (text, text.translate(_STRAIGHT)):
        try:
            return _parsed(spelling)
        except (NotJson, NotInterchangeable):
            continue
    return None


def _parsed(text: str) -> Json:
    return parse(text.encode("utf-8", "surrogatepass"))

"""Which inputs the edit modal of a request has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from approvals.canonical import Json, canonical
from approvals.field import Field, FieldKind, words
from approvals.field_values import MOST_TEXT, moment, shown, text_length
from approvals.form_shape import Shape, hint, shape
from approvals.model import Case
from approvals.paths import Path, dotted, matches, pointer, thawed

#: What one select of Slack's takes (its reference, "Select menu element").
MOST_OPTIONS = 100
#: Above this a text gets several lines.
_SHORT_TEXT = 150
#: Objects inside of objects that are spread into inputs of their own.
_DEEPEST_SPREAD = 6
#: Slack's date picker for moments takes ten digits (its reference, "Datetime picker element").
_MOMENTS = range(10**9, 10**10)

#: Between the labels of an object and of its member.
_INSIDE = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
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


def fields(case: Case, most: int = 40) -> tuple[Field, ...]:
    """What of the case's payload a person may change, at most `most` inputs, the summary's first.

    From the request's form, else from the payload itself; the rule's form narrows both. Nested objects are
    spread into inputs of their own, what no input fits is JSON. Left out is what the rule calls sensitive,
    and what is longer than an input of Slack's holds: that stays as it is.
    """
    plan = _Plan(case)
    found = plan.all(_DEEPEST_SPREAD)
    if len(found) > most:
        found = plan.all(0)
    if len(found) > most:
        whole = plan.whole()
        found = [whole] if text_length(str(shown(whole))) <= MOST_TEXT else found[:most]
    return tuple(sorted(found, key=lambda item: _rank(case, item)))


def hidden(case: Case) -> tuple[Path, ...]:
    """Every place that is not shown and must stay: what is sensitive, and arrays around such a thing.

    An array is left out whole, because its entries have no names: after one was moved or removed nobody
    could say which masked value belongs to which.
    """
    found = [path for wanted in case.judgement.sensitive for path in matches(case.payload, wanted)]
    kept: list[Path] = []
    for path in sorted({_named(path) for path in found}, key=len):
        if not any(path[: len(outer)] == outer for outer in kept):
            kept.append(path)
    return tuple(kept)


def _named(path: Path) -> Path:
    """As much of the path as has names, without the first array's entries."""
    return path[: next((at for at, part in enumerate(path) if isinstance(part, int)), len(path))]


def without(value: Json, path: Path, covered: Sequence[Path]) -> Json:
    """A copy of `value`, which stands at `path`, without the `covered` members below it."""
    if isinstance(value, Mapping):
        inner = {key: item for key, item in value.items() if (*path, key) not in covered}
        return {key: without(item, (*path, key), covered) for key, item in inner.items()}
    return thawed(value)


def _rank(case: Case, item: Field) -> int:
    for place, wanted in enumerate(case.judgement.summary):
        if item.loc == wanted or item.loc.startswith(f"{wanted}."):
            return place
    return len(case.judgement.summary)


@dataclass(frozen=True, slots=True)
class _Spot:
    """One place on the way through the payload."""

    path: Path
    label: str
    made: Shape
    value: Json
    present: bool
    #: the form names it as one that may be missing
    optional: bool
    #: no form says anything about it
    guessed: bool


class _Plan:
    def __init__(self, case: Case) -> None:
        self.case = case
        self.covered = hidden(case)
        forms = [form for form in (case.request.form, case.judgement.form) if form is not None]
        self.root = shape([(form, form) for form in forms])

    def whole(self) -> Field:
        label = words(self.case.request.action)
        return Field("", FieldKind.JSON, label, without(self.case.payload, (), self.covered), required=True)

    def all(self, spread: int) -> list[Field]:
        if self._is_covered(()):
            return []
        top = _Spot((), "", self.root, self.case.payload, True, False, not self.root.parts)
        found = (self._field(spot) for spot in self._spots(top, spread))
        return [item for item in found if _fits(item)]

    def _spots(self, spot: _Spot, spread: int) -> Iterator[_Spot]:
        """The places inside of an object, nested objects spread."""
        for inner in self._inside(spot):
            if self._is_covered(inner.path):
                continue
            if spread > 0 and _can_spread(inner):
                yield from self._spots(inner, spread - 1)
            else:
                yield inner

    def _inside(self, spot: _Spot) -> Iterator[_Spot]:
        named = spot.made.members()
        value = spot.value if isinstance(spot.value, Mapping) else {}
        for key in dict.fromkeys((*named, *value)):
            made = named.get(key, Shape())
            label = made.first("title", str) or words(key)
            yield _Spot(
                (*spot.path, key),
                f"{spot.label}{_INSIDE}{label}" if spot.label else label,
                made,
                value.get(key),
                key in value,
                self._may_lack(spot, key, key in value),
                key not in named,
            )

    def _may_lack(self, spot: _Spot, key: str, present: bool) -> bool:
        """What the agent sent may be left out only where its own form says so."""
        if spot.made.needs(key):
            return False
        agents = (part for root, part in spot.made.parts if root is self.case.request.form)
        return not present or any(key in (part.get("properties") or ()) for part in agents)

    def _is_covered(self, path: Path) -> bool:
        """Also where there is nothing yet: what is masked cannot be added either."""
        loc = dotted("payload", path)
        if any(loc == wanted or loc.startswith(f"{wanted}.") for wanted in self.case.judgement.sensitive):
            return True
        return any(path[: len(place)] == place for place in self.covered)

    def _field(self, spot: _Spot) -> Field:
        kind, options = _kind(spot)
        made = spot.made
        value = without(spot.value, spot.path, self.covered)
        field = Field(
            id=pointer(spot.path),
            path=spot.path,
            kind=kind,
            label=spot.label,
            value=value if _shows(kind, value, options) else None,
            required=False,
            options=options,
            minimum=made.tightest("minimum", max),
            maximum=made.tightest("maximum", min),
            min_length=made.tightest("minLength", max),
            max_length=made.tightest("maxLength", min),
            hint=hint(made),
            present=spot.present,
            nullable=made.nullable and not spot.guessed,
            optional=spot.optional,
        )
        return replace(field, required=_required(field, spot))


def _required(field: Field, spot: _Spot) -> bool:
    if field.optional or field.nullable or field.kind is FieldKind.BOOLEAN:
        return False
    if field.kind in (FieldKind.LINES, FieldKind.CHOICES):
        return bool(spot.made.tightest("minItems", max))
    if field.kind in (FieldKind.TEXT, FieldKind.LONG_TEXT):
        return not spot.guessed and field.value != ""
    return field.value is not None or not spot.guessed


def _can_spread(spot: _Spot) -> bool:
    if spot.made.mixed or spot.made.options is not None or "object" not in spot.made.types:
        return False
    if isinstance(spot.value, Mapping):
        return bool(spot.value or spot.made.members())
    needed = not spot.present and not spot.optional
    return needed and spot.made.single() == "object" and bool(spot.made.members())


def _fits(item: Field) -> bool:
    """Whether Slack's input holds what is there, so that leaving it alone leaves it whole."""
    text = shown(item)
    return not isinstance(text, str) or text_length(text) <= MOST_TEXT


def _kind(spot: _Spot) -> tuple[FieldKind, tuple[Json, ...]]:
    made, value = spot.made, spot.value
    if made.options is not None:
        if 0 < len(made.options) <= MOST_OPTIONS:
            return FieldKind.CHOICE, made.options
        return FieldKind.JSON, ()
    if spot.guessed or (made.untyped and not made.mixed):
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
    if _EMAIL.fullmatch(value):
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
    chosen = [canonical(item) for item in there]
    known = {canonical(option) for option in options}
    if 0 < len(options) <= MOST_OPTIONS and len(set(chosen)) == len(chosen) and known.issuperset(chosen):
        return FieldKind.CHOICES, options
    return FieldKind.JSON, ()


def _are_lines(value: Sequence[Json]) -> bool:
    """Whether the entries come back as they are when written one a line."""
    texts = [item for item in value if isinstance(item, str)]
    return len(texts) == len(value) and all([text] == text.strip().splitlines() for text in texts)


def _shows(kind: FieldKind, value: Json, options: Sequence[Json]) -> bool:
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

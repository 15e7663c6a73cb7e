"""Which inputs the edit modal of a request has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from approvals.canonical import Json
from approvals.field import Field, FieldKind, words
from approvals.field_kind import kind_of, shows
from approvals.field_values import MOST_TEXT, shown, text_length
from approvals.form_shape import Shape, hint, shape
from approvals.model import Case
from approvals.paths import Path, dotted, is_array, matches, pointer, thawed

#: Objects inside of objects that are spread into inputs of their own.
_DEEPEST_SPREAD = 6
#: Between the labels of an object and of its member.
_INSIDE = " \N{SINGLE RIGHT-POINTING ANGLE QUOTATION MARK} "
#: Kinds whose input grows with the value; a text is its own length, a number short.
_AS_LONG_AS_IT_IS = frozenset((FieldKind.JSON, FieldKind.LINES))


def fields(case: Case, most: int = 40) -> tuple[Field, ...]:
    """What of the case's payload a person may change, at most `most` inputs, the summary's first.

    From the request's form, else from the payload itself; the rule's form narrows both. Nested objects are
    spread into inputs of their own, what no input fits is JSON. Left out is what the rule calls sensitive,
    and what is longer than an input of Slack's holds: that stays as it is.
    """
    plan = _Plan(case)
    found = plan.first(most + 1, _DEEPEST_SPREAD)
    if len(found) > most:
        found = plan.first(most + 1, 0)
    if len(found) > most:
        whole = plan.whole()
        found = [whole] if whole is not None else found[:most]
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

    def whole(self) -> Field | None:
        """The whole payload as JSON; None when that is too long for an input."""
        if _overflows(self.case.payload, (), self.covered):
            return None
        label = words(self.case.request.action)
        value = without(self.case.payload, (), self.covered)
        field = Field("", FieldKind.JSON, label, value, required=True)
        return field if _fits(field) else None

    def first(self, most: int, spread: int) -> list[Field]:
        """The first `most` inputs. No more are made: a payload may have a hundred thousand places."""
        if self._is_covered(()):
            return []
        top = _Spot((), "", self.root, self.case.payload, True, False, not self.root.parts)
        found = (self._field(spot) for spot in self._spots(top, spread))
        fitting = (item for item in found if item is not None and _fits(item))
        return list(islice(fitting, most))

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

    def _field(self, spot: _Spot) -> Field | None:
        """None when the value is too long for its input, which is found out before it is spelled."""
        kind, options = kind_of(spot.made, spot.value, guessed=spot.guessed)
        made = spot.made
        if kind in _AS_LONG_AS_IT_IS and _overflows(spot.value, spot.path, self.covered):
            return None
        value = without(spot.value, spot.path, self.covered)
        field = Field(
            id=pointer(spot.path),
            path=spot.path,
            kind=kind,
            label=spot.label,
            value=value if shows(kind, value, options) else None,
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


def _overflows(value: Json, path: Path, covered: Sequence[Path]) -> bool:
    """Whether `value`, one entry a line or as JSON, is certainly longer than an input of Slack's holds.

    Looks at no more of it than that takes; a value that does not overflow may still be too long.
    """
    room = MOST_TEXT
    waiting: list[tuple[Path, Json]] = [(path, value)]
    while waiting and room >= 0:
        place, each = waiting.pop()
        if isinstance(each, str):
            room -= len(each)
        elif isinstance(each, Mapping):
            if len(each) > room + len(covered):
                return True
            inner = [((*place, key), item) for key, item in each.items() if (*place, key) not in covered]
            room -= sum(len(key) for key in each if (*place, key) not in covered) + len(inner)
            waiting += inner
        elif is_array(each):
            room -= max(len(each) - 1, 0)
            waiting += [((*place, at), item) for at, item in enumerate(each[: MOST_TEXT + 1])]
        else:
            room -= 1
    return room < 0


def _fits(item: Field) -> bool:
    """Whether Slack's input holds what is there, so that leaving it alone leaves it whole."""
    text = shown(item)
    return not isinstance(text, str) or text_length(text) <= MOST_TEXT

"""From what somebody entered in the edit modal to a payload, or to sentences at the fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from approvals.canonical import Json, canonical
from approvals.field import Field, FieldKind
from approvals.field_plan import fields, hidden
from approvals.field_values import Typed, Unreadable, is_empty, read, untouched
from approvals.form import flaws_of_edit
from approvals.model import Case, Flaw
from approvals.paths import Path, dotted, follow, thawed

#: Sentences at one field; the next ones come when these are mended.
_MOST_SENTENCES = 3


@dataclass(frozen=True, slots=True)
class Entered:
    """What an edit comes to. Without `errors` the payload is valid and may be voted for."""

    payload: dict[str, Json]
    #: field id → what is wrong there, whole sentences; under "" what no field is to blame for
    errors: Mapping[str, str]


def entered(case: Case, values: Mapping[str, Typed]) -> Entered:
    """The case's payload with what was typed or chosen: field id → the input's value, None for empty.

    A field that is not in `values`, or says what it showed, stays exactly as it is. What is masked stays.
    """
    payload: dict[str, Any] = {key: thawed(value) for key, value in case.payload.items()}
    plan = fields(case)
    unread: dict[str, list[str]] = {}
    for field in plan:
        if field.id not in values or untouched(field, values[field.id]):
            continue
        try:
            _enter(case, payload, field, values[field.id])
        except Unreadable as error:
            unread[field.id] = [str(error)]
    return Entered(payload, _errors(plan, unread, flaws_of_edit(case, payload)))


def _enter(case: Case, payload: dict[str, Any], field: Field, typed: Typed) -> None:
    if is_empty(typed):
        _empty(payload, field)
        return
    value = read(field, typed)
    if field.kind is FieldKind.JSON:
        value = _whole_again(case, field.path, value)
    if field.path == ():
        if not isinstance(value, dict):
            raise Unreadable("must be an object: {…}")
        payload.clear()
        payload.update(value)
    elif not field.present or canonical_or_none(value) != canonical(follow(case.payload, field.path)):
        _put(payload, field.path, value)


def canonical_or_none(value: Json) -> bytes | None:
    """The canonical spelling, None for what has none (a number that is too large, say)."""
    try:
        return canonical(value)
    except (ValueError, RecursionError):
        return None  # `flaws_of_edit` says what is wrong with it


def _empty(payload: dict[str, Any], field: Field) -> None:
    if field.kind in (FieldKind.LINES, FieldKind.CHOICES) and not field.required:
        _put(payload, field.path, [])
    elif field.nullable and not field.optional:
        _put(payload, field.path, None)
    elif field.optional:
        _remove(payload, field.path)
    elif field.kind in (FieldKind.TEXT, FieldKind.LONG_TEXT) and not field.required:
        _put(payload, field.path, "")
    else:
        raise Unreadable("must not be empty")


def _put(payload: dict[str, Any], path: Path, value: Json) -> None:
    at: Any = payload
    for part in path[:-1]:
        at = at.setdefault(part, {})
    at[path[-1]] = value


def _remove(payload: dict[str, Any], path: Path) -> None:
    at: Any = payload
    for part in path[:-1]:
        at = at.get(part, {})
    at.pop(path[-1], None)


def _whole_again(case: Case, path: Path, value: Json) -> Json:
    """The JSON that was entered at `path`, with the masked members that were left out of it."""
    for place in hidden(case):
        if place[: len(path)] != path:
            continue
        inner = place[len(path) :]
        at: Any = value
        for part in inner[:-1]:
            at = at.get(part) if isinstance(at, dict) else None
        if not isinstance(at, dict):
            keep = dotted("", inner[:-1]) or "its members"
            raise Unreadable(f"must keep {keep}, because of what is masked there")
        if inner[-1] in at:
            raise Unreadable(f"must not set {dotted('', inner)}, which is masked")
        at[inner[-1]] = thawed(follow(case.payload, place))
    return value


def _errors(plan: Sequence[Field], unread: Mapping[str, list[str]], flaws: Iterable[Flaw]) -> dict[str, str]:
    found: dict[str, list[str]] = {key: list(said) for key, said in unread.items()}
    for flaw in flaws:
        field = _nearest(plan, flaw.loc)
        if field is not None and field.id in unread:
            continue  # its old value is still there; what was typed is the trouble
        said = _said(flaw, field)
        sentences = found.setdefault(field.id if field else "", [])
        if said not in sentences:
            sentences.append(said)
    return {key: " ".join(map(_sentence, said[:_MOST_SENTENCES])) for key, said in found.items()}


def _nearest(plan: Sequence[Field], loc: str) -> Field | None:
    """The field that holds the place, else one inside of it, else the first."""
    around = [field for field in plan if loc == field.loc or loc.startswith(f"{field.loc}.")]
    if around:
        return max(around, key=lambda field: len(field.loc))
    inside = (field for field in plan if field.loc.startswith(f"{loc}."))
    return next(inside, plan[0] if plan else None)


def _said(flaw: Flaw, field: Field | None) -> str:
    if field is None:
        return f"{flaw.loc} {flaw.msg}"
    if flaw.loc == field.loc:
        return flaw.msg
    if flaw.loc.startswith(f"{field.loc}."):
        return f"{flaw.loc.removeprefix(f'{field.loc}.')} {flaw.msg}"
    return f"{flaw.loc} {flaw.msg}"


def _sentence(said: str) -> str:
    # A key keeps its spelling; only our own words start with a capital.
    start = said[:1].upper() + said[1:] if said.split(" ", 1)[0] in _OWN_WORDS else said
    return start if start.endswith((".", "…")) else f"{start}."


_OWN_WORDS = frozenset(("must", "is", "has", "lacks", "fits", "holds", "cannot", "refers", "asks", "needs"))

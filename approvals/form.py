"""A form is a JSON Schema that a payload must satisfy: the agent's own, and the rule's on top.

Also the house's door to what an edit changed (`approvals.changes`) and to which schemas are taken
(`approvals.schema`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from jsonschema_rs import ValidationError
from jsonschema_rs import ValidationErrorKind as Kind

from approvals.canonical import Json, canonical
from approvals.changes import Change, apply, changes, changes_json
from approvals.form_messages import sentence
from approvals.model import Case, Flaw
from approvals.paths import Path, dotted, follow, matches, pointer, thawed
from approvals.payload import problems
from approvals.schema import Compiled, schema_flaws, taken

__all__ = [
    "Change",
    "apply",
    "changes",
    "changes_json",
    "flaws",
    "flaws_of_edit",
    "schema_flaws",
]

#: More flaws than this help nobody.
_MOST_FLAWS = 50
#: Checks that are made of one payload: about a quarter of a second.
_MOST_CHECKS = 5_000_000
#: Each of these may look at each character; the slowest patterns take some 2 µs for it.
_MOST_MATCHING = 4_000_000
#: Checks beyond which a refusal is not taken apart: describing one is a hundred times as slow as finding it.
_MOST_DESCRIBED = 50_000


def flaws(schema: Mapping[str, Json], payload: Json, root: str = "payload") -> tuple[Flaw, ...]:
    """How `payload` breaks `schema`, empty when it does not; `loc` is dotted, `payload.items.0.price`.

    No message holds a value out of the payload. A schema that is none (`schema_flaws`) is broken by every
    payload, and so is one that would take too long to check.
    """
    found = problems(payload, root)
    if found:
        return found
    form = taken(schema)
    if form is None or form.validator is None:
        return (Flaw(root, "cannot be checked: its form is no JSON Schema that is taken"),)
    places, characters = _size(payload)
    checks = form.weight * places
    if checks > _MOST_CHECKS or form.patterns * characters > _MOST_MATCHING:
        return (Flaw(root, "is too large for a form that asks for so many checks"),)
    plain = thawed(payload)
    if form.validator.is_valid(plain):
        return ()
    if checks > _MOST_DESCRIBED:
        return (Flaw(root, "is not what the form asks for, and too large to say where"),)
    errors = form.validator.iter_errors(plain)
    described = (flaw for error in errors for flaw in _described(form, error, plain, root))
    return tuple(islice(dict.fromkeys(described), _MOST_FLAWS))


def flaws_of_edit(case: Case, payload: Json) -> tuple[Flaw, ...]:
    """Why `payload` cannot take the place of the case's, empty when it can.

    It must be an object within the limits of payloads, satisfy the request's form and the rule's, and leave
    what the rule calls sensitive as it is: nobody may change what they cannot see.
    """
    if not isinstance(payload, Mapping):
        return (Flaw("payload", "must be an object"),)
    found = problems(payload)
    if found:
        return found
    both = (case.request.form, case.judgement.form)
    broken = [flaw for form in both if form is not None for flaw in flaws(form, payload)]
    return tuple(dict.fromkeys((*_uncovered(case, payload), *broken)))


def _uncovered(case: Case, payload: Mapping[str, Json]) -> Iterator[Flaw]:
    for wanted in case.judgement.sensitive:
        if _hidden(case.payload, wanted) != _hidden(payload, wanted):
            yield Flaw(wanted, "is masked, and cannot be changed here")


def _hidden(payload: Json, wanted: str) -> dict[str, bytes]:
    return {pointer(path): canonical(follow(payload, path)) for path in matches(payload, wanted)}


def _size(payload: Json) -> tuple[int, int]:
    """How many places a payload has, and how many characters."""
    places = characters = 0
    waiting: list[Any] = [payload]
    while waiting:
        value = waiting.pop()
        places += 1
        if isinstance(value, str):
            characters += len(value)
        elif isinstance(value, Mapping):
            characters += sum(map(len, value))
            waiting.extend(value.values())
        elif isinstance(value, list | tuple):
            waiting.extend(value)
    return places, characters


def _described(form: Compiled, error: ValidationError, payload: Json, root: str) -> list[Flaw]:
    path, kind = tuple(error.instance_path), error.kind
    if isinstance(kind, Kind.Required):
        return [Flaw(dotted(root, (*path, kind.property)), sentence(error))]
    if isinstance(kind, Kind.AdditionalProperties | Kind.UnevaluatedProperties):
        return _not_allowed(root, path, kind.unexpected)
    if isinstance(kind, Kind.FalseSchema) and error.schema_path[-1:] == ["additionalProperties"]:
        names = _unexpected(form, error, payload)
        if names:
            return _not_allowed(root, path, names)
        return [Flaw(dotted(root, path), "has members that are not allowed")]
    return [Flaw(dotted(root, path), sentence(error))]


def _not_allowed(root: str, path: Path, names: list[str]) -> list[Flaw]:
    return [Flaw(dotted(root, (*path, name)), "is not allowed here") for name in names[:_MOST_FLAWS]]


def _unexpected(form: Compiled, error: ValidationError, payload: Json) -> list[str]:
    """The members that `additionalProperties: false` is about, where they can be told by name alone."""
    try:
        schema = follow(form.schema, tuple(error.schema_path[:-1]))
        value = follow(payload, tuple(error.instance_path))
    except LookupError:
        return []
    if not isinstance(schema, Mapping) or not isinstance(value, Mapping) or "patternProperties" in schema:
        return []
    known = schema.get("properties")
    allowed = known if isinstance(known, Mapping) else {}
    return [name for name in value if name not in allowed]

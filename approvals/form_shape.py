"""What the forms say about one place of a payload, put together: the agent's form, and the rule's on top."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from approvals.canonical import Json, canonical
from approvals.form_messages import counted, number
from approvals.schema import resolve

#: References and `allOf`s that are followed from one place; forms that nest deeper are edited as JSON.
_MOST_PARTS = 50

_ALL_TYPES = frozenset(("string", "number", "integer", "boolean", "array", "object", "null"))


@dataclass(frozen=True, slots=True)
class Shape:
    """What may stand at one place. Made by `shape`; narrower than every schema it comes from."""

    #: schemas that all hold here, each with the document it stands in
    parts: tuple[tuple[Mapping[str, Any], Mapping[str, Any]], ...] = ()
    types: frozenset[str] = _ALL_TYPES
    #: the values that are allowed, None when they are not listed
    options: tuple[Json, ...] | None = None
    #: alternatives that no single input can show
    mixed: bool = False
    #: the schemas say that it may be null
    nullable: bool = False

    def first(self, keyword: str, kind: type) -> Any:
        """What the first schema that has `keyword` says, None when none has it as a `kind`."""
        found = (part.get(keyword) for _, part in self.parts)
        return next((value for value in found if isinstance(value, kind)), None)

    def tightest(self, keyword: str, pick: Any) -> Any:
        """The narrowest of a numeric limit, None when there is none."""
        found = [part.get(keyword) for _, part in self.parts]
        numbers = [value for value in found if isinstance(value, int | float) and not isinstance(value, bool)]
        return pick(numbers) if numbers else None

    def single(self) -> str | None:
        """The one type besides null, None when there are several."""
        types = set(self.types - {"null"})
        if types == {"number", "integer"}:
            types = {"number"}
        return types.pop() if len(types) == 1 else None

    @property
    def untyped(self) -> bool:
        """True when no schema says a type."""
        return all("type" not in part for _, part in self.parts)

    def members(self) -> dict[str, Shape]:
        """The members of an object that are named, in the forms' order."""
        found: dict[str, list[tuple[Mapping[str, Any], Any]]] = {}
        for root, part in self.parts:
            properties = part.get("properties")
            for key, schema in properties.items() if isinstance(properties, Mapping) else ():
                found.setdefault(key, []).append((root, schema))
        return {key: shape(schemas) for key, schemas in found.items()}

    def needs(self, key: str) -> bool:
        """Whether the member must be there."""
        named = [part.get("required") for _, part in self.parts]
        return any(isinstance(names, list) and key in names for names in named)

    def entries(self) -> Shape:
        """What every entry of a list must be, as far as one schema says it."""
        named = [(root, part.get("items")) for root, part in self.parts]
        return shape([(root, items) for root, items in named if isinstance(items, Mapping)])


def shape(schemas: Iterable[tuple[Mapping[str, Any], Any]]) -> Shape:
    """Everything that `schemas`, each with its document, say about one place."""
    parts, mixed = _parts(schemas)
    types, options = _ALL_TYPES, None
    for _, part in parts:
        types &= _types(part)
        options = _both(options, _options(part))
    # A form that says nothing of the type does not invite anybody to leave the place empty.
    nullable = "null" in types and any("type" in part for _, part in parts)
    if options is not None:
        nullable = "null" in types and any(option is None for option in options)
        options = tuple(option for option in options if option is not None)
    return Shape(tuple(parts), types, options, mixed, nullable)


def _types(part: Mapping[str, Any]) -> frozenset[str]:
    named = part.get("type")
    if isinstance(named, str):
        named = [named]
    if not isinstance(named, list):
        return _ALL_TYPES
    return frozenset(named) | (frozenset(("integer",)) if "number" in named else frozenset())


def _options(part: Mapping[str, Any]) -> tuple[Json, ...] | None:
    found: tuple[Json, ...] | None = tuple(part["enum"]) if isinstance(part.get("enum"), list) else None
    if "const" in part:
        found = _both(found, (part["const"],))
    for keyword in ("oneOf", "anyOf"):
        branches = part.get(keyword)
        if isinstance(branches, list) and branches and all(_constant(branch) for branch in branches):
            found = _both(found, tuple(branch["const"] for branch in branches))
    return found


def _constant(branch: Any) -> bool:
    return isinstance(branch, Mapping) and "const" in branch


def _both(one: tuple[Json, ...] | None, other: tuple[Json, ...] | None) -> tuple[Json, ...] | None:
    if one is None or other is None:
        return other if one is None else one
    allowed = {canonical(value) for value in other}
    return tuple(value for value in one if canonical(value) in allowed)


@dataclass(slots=True)
class _Parts:
    found: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = field(default_factory=list)
    mixed: bool = False


def _parts(
    schemas: Iterable[tuple[Mapping[str, Any], Any]],
) -> tuple[list[tuple[Mapping[str, Any], Mapping[str, Any]]], bool]:
    """All schemas that hold at the same place: through references, `allOf`, and `anyOf` with null."""
    parts = _Parts()
    waiting = list(schemas)
    while waiting:
        root, part = waiting.pop(0)
        if part is False or len(parts.found) >= _MOST_PARTS:
            parts.mixed = True
            break
        if not isinstance(part, Mapping):
            continue
        parts.found.append((root, part))
        waiting[:0] = [(root, inner) for inner in _in_place(root, part)]
        for keyword in ("anyOf", "oneOf"):
            _alternatives(parts, waiting, root, part.get(keyword))
    return parts.found, parts.mixed


def _in_place(root: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[Any]:
    reference = part.get("$ref")
    if isinstance(reference, str):
        yield resolve(root, reference)
    if isinstance(part.get("allOf"), list):
        yield from part["allOf"]


def _alternatives(
    parts: _Parts, waiting: list[tuple[Mapping[str, Any], Any]], root: Mapping[str, Any], branches: Any
) -> None:
    if not isinstance(branches, list) or all(_constant(branch) for branch in branches):
        return
    others = [branch for branch in branches if branch != {"type": "null"}]
    if len(others) == 1 and len(branches) == 2:
        # One thing, or null: the type of the one must not rule out the null.
        waiting.insert(0, (root, _or_null(root, others[0])))
    else:
        parts.mixed = True


def _or_null(root: Mapping[str, Any], branch: Any) -> Any:
    """The branch with null among its types and options, as far as it says any."""
    seen = 0
    while isinstance(branch, Mapping) and isinstance(branch.get("$ref"), str) and seen < _MOST_PARTS:
        target = resolve(root, branch["$ref"])
        aside = {key: value for key, value in branch.items() if key != "$ref"}
        branch = {**target, **aside} if isinstance(target, Mapping) else target
        seen += 1
    if not isinstance(branch, Mapping):
        return branch
    wider = dict(branch)
    if "type" in wider:
        named = wider["type"] if isinstance(wider["type"], list) else [wider["type"]]
        wider["type"] = [*named, "null"]
    if isinstance(wider.get("enum"), list):
        wider["enum"] = [*wider["enum"], None]
    if "const" in wider:
        wider["enum"] = [wider.pop("const"), None]
    return wider


def hint(made: Shape) -> str | None:
    """The description and the limits, in words."""
    said = made.first("description", str)
    sentences = [*([said.strip()] if said and said.strip() else ()), *_limits(made)]
    return " ".join(sentences) or None


def _limits(made: Shape) -> Iterator[str]:
    least, most = made.tightest("minimum", max), made.tightest("maximum", min)
    above, below = made.tightest("exclusiveMinimum", max), made.tightest("exclusiveMaximum", min)
    step = made.tightest("multipleOf", max)
    if least is not None and most is not None:
        yield f"Between {number(least)} and {number(most)}."
    elif least is not None:
        yield f"At least {number(least)}."
    elif most is not None:
        yield f"At most {number(most)}."
    if above is not None:
        yield f"More than {number(above)}."
    if below is not None:
        yield f"Less than {number(below)}."
    if step is not None and step != 1:
        yield f"A multiple of {number(step)}."
    yield from _lengths(made)


def _lengths(made: Shape) -> Iterator[str]:
    for least, most, one, many in (
        ("minLength", "maxLength", "character", "characters"),
        ("minItems", "maxItems", "entry", "entries"),
    ):
        low, high = made.tightest(least, max), made.tightest(most, min)
        if low is not None and low > 1:
            yield f"At least {counted(low, one, many)}."
        if high is not None:
            yield f"At most {counted(high, one, many)}."

"""Which JSON Schemas are taken as a form, and how they are compiled.

A form comes from an agent: it must not fetch anything, run in circles, or keep the bot busy. Whatever
passes here is validated in time that grows with schema and payload, never faster.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import unquote

import jsonschema_rs

from approvals.canonical import Json, canonical
from approvals.form_messages import sentence
from approvals.model import Flaw
from approvals.paths import Path, dotted, is_array
from approvals.payload import problems
from approvals.schema_cost import Edge, How, endless, weight

#: Bytes of a form's canonical spelling (contract, section 2).
LARGEST_FORM = 32 * 1024
#: A payload's 32 levels take two levels of schema each.
DEEPEST_FORM = 64
#: Each one is compiled, which can take some 20 ms.
MOST_PATTERNS = 50
#: Checks that one place of a payload may meet. Forms written by hand need tens.
HEAVIEST = 2_000
#: Compiled forms that are kept; a rule's form is used again and again, an agent's rarely differs.
_KEPT = 128

_DRAFTS = frozenset(
    f"{scheme}://json-schema.org/{draft}"
    for scheme in ("http", "https")
    for draft in (
        "draft/2020-12/schema",
        "draft/2019-09/schema",
        "draft-07/schema",
        "draft-06/schema",
        "draft-04/schema",
    )
)
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
#: Keyword → where the schema under it applies.
_ONE = {
    "not": How.IN_PLACE,
    "if": How.IN_PLACE,
    "then": How.IN_PLACE,
    "else": How.IN_PLACE,
    "additionalProperties": How.EVERY,
    "unevaluatedProperties": How.EVERY,
    "propertyNames": How.EVERY,
    "items": How.EVERY,
    "additionalItems": How.EVERY,
    "contains": How.EVERY,
    "unevaluatedItems": How.EVERY,
    "contentSchema": How.NOWHERE,
}
_LISTS = {
    "allOf": How.IN_PLACE,
    "anyOf": How.IN_PLACE,
    "oneOf": How.IN_PLACE,
    "prefixItems": How.ONE_EACH,
    "items": How.ONE_EACH,
}
_MAPS = {
    "properties": How.ONE_EACH,
    "patternProperties": How.EVERY,
    "dependentSchemas": How.IN_PLACE,
    "dependencies": How.IN_PLACE,
    "$defs": How.NOWHERE,
    "definitions": How.NOWHERE,
}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A schema that was looked at. Either there are flaws, or there is a validator."""

    schema: dict[str, Any]
    flaws: tuple[tuple[Path, str], ...]
    validator: jsonschema_rs.Validator | None = None
    #: checks that one place of a payload may meet
    weight: int = 0
    patterns: int = 0


def schema_flaws(schema: Json, loc: str = "form") -> tuple[Flaw, ...]:
    """Why `schema` cannot be a form, empty when it can; `loc` heads the dotted `loc`s.

    Taken: an object that is a JSON Schema (draft 2020-12 unless `$schema` names an older one), at most
    32 KiB, references inside of the document only, patterns without look-around and back-references.
    """
    if not isinstance(schema, Mapping):
        return (Flaw(loc, "must be a JSON Schema that is an object"),)
    flaws = schema_problems(schema, loc)
    return flaws or tuple(Flaw(dotted(loc, path), msg) for path, msg in compiled(schema).flaws)


def schema_problems(schema: Mapping[str, Json], loc: str = "form") -> tuple[Flaw, ...]:
    """What already stands in the way of reading it as a schema: too large, too deep, odd numbers."""
    return problems(schema, loc, largest=LARGEST_FORM, deepest=DEEPEST_FORM)


def taken(schema: Mapping[str, Json]) -> Compiled | None:
    """`schema`, compiled; None where `schema_problems` stand in the way."""
    return _taken(_Itself(schema))


class _Itself:
    """Equal to itself only: what was looked at once need not be spelled again to be found."""

    __slots__ = ("schema",)

    def __init__(self, schema: Mapping[str, Json]) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and other.schema is self.schema


@lru_cache(maxsize=_KEPT)
def _taken(form: _Itself) -> Compiled | None:
    return None if schema_problems(form.schema) else compiled(form.schema)


def compiled(schema: Mapping[str, Json]) -> Compiled:
    """`schema`, compiled once. It must be free of `schema_problems`."""
    return _compiled(canonical(schema))


@lru_cache(maxsize=_KEPT)
def _compiled(spelling: bytes) -> Compiled:
    schema: dict[str, Any] = json.loads(spelling)
    survey = _Survey(schema)
    if survey.flaws:
        return Compiled(schema, tuple(survey.flaws))
    # A name for the document is of no use where nothing outside of it can be referred to.
    nameless = {key: value for key, value in schema.items() if key not in ("$id", "id")}
    try:
        validator = _validator(nameless)
    except jsonschema_rs.ValidationError as error:
        return Compiled(schema, ((tuple(error.instance_path), _schema_sentence(error)),))
    except jsonschema_rs.ReferencingError:
        return Compiled(schema, (((), "is no JSON Schema"),))
    around = endless(survey.graph)
    if around is not None:
        return Compiled(schema, ((survey.places[around], "refers to itself in an endless circle"),))
    heavy = weight(survey.graph, id(schema), HEAVIEST)
    if heavy > HEAVIEST:
        why = f"asks for more than {HEAVIEST:,} checks of one value; say it more simply"
        return Compiled(schema, (((), why),))
    return Compiled(schema, (), validator, heavy, survey.patterns)


def _validator(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(
        schema,
        validate_formats=True,
        retriever=_refuse,
        # The engine without look-around and back-references: linear in the text, always.
        pattern_options=jsonschema_rs.RegexOptions(),
        email_options=jsonschema_rs.EmailOptions(allow_display_text=False),
    )


def _refuse(uri: str) -> NoReturn:
    raise ValueError(f"{uri} is outside of the schema")


def _schema_sentence(error: jsonschema_rs.ValidationError) -> str:
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Format) and kind.format == "regex":
        return "must be a regular expression of moderate size, without look-around and back-references"
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.AnyOf) and error.instance_path[-1:] == ["type"]:
        return "must be one of string, number, integer, boolean, object, array, null, or a list of them"
    return sentence(error)


def resolve(root: Mapping[str, Json], reference: str) -> Json:
    """What `reference` (`#`, `#/$defs/a`, `#anchor`) means in `root`. Raises `LookupError` for nothing."""
    if not reference.startswith("#"):
        raise LookupError(reference)
    fragment = unquote(reference[1:])
    if fragment and not fragment.startswith("/"):
        return _anchored(root, fragment)
    at: Json = root
    for part in fragment.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(at, Mapping):
            at = at[key]
        elif is_array(at) and key.isdecimal() and key.isascii():
            at = at[int(key)]
        else:
            raise LookupError(reference)
    return at


def _anchored(root: Mapping[str, Json], name: str) -> Json:
    waiting: list[Json] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            if name in (node.get("$anchor"), node.get("$dynamicAnchor")):
                return node
            waiting.extend(child for _, _, child in _inside(node))
    raise LookupError(name)


def _inside(node: Mapping[str, Any]) -> Iterator[tuple[How, Path, Any]]:
    """Every schema directly inside of `node`: how it applies, where it stands, and itself."""
    for keyword, value in node.items():
        if isinstance(value, dict | bool) and keyword in _ONE:
            yield _ONE[keyword], (keyword,), value
        elif isinstance(value, list) and keyword in _LISTS:
            yield from ((_LISTS[keyword], (keyword, index), item) for index, item in enumerate(value))
        elif isinstance(value, dict) and keyword in _MAPS:
            yield from ((_MAPS[keyword], (keyword, key), item) for key, item in value.items())


class _Survey:
    """Walks every schema of a document once, also those that only a reference makes one."""

    def __init__(self, root: dict[str, Any]) -> None:
        self.root = root
        self.flaws: list[tuple[Path, str]] = []
        self.graph: dict[int, tuple[int, list[Edge]]] = {}
        self.places: dict[int, Path] = {}
        self.patterns = 0
        waiting: list[tuple[Path, Any]] = [((), root)]
        while waiting:
            path, node = waiting.pop()
            if isinstance(node, dict) and id(node) not in self.graph:
                self.places[id(node)] = path
                waiting.extend(self._visit(path, node))
        if self.patterns > MOST_PATTERNS:
            self.flaws.append(((), f"has more than {MOST_PATTERNS} patterns"))

    def _visit(self, path: Path, node: dict[str, Any]) -> list[tuple[Path, Any]]:
        edges: list[Edge] = []
        self.graph[id(node)] = (_own_weight(node), edges)
        named = node.get("patternProperties")
        self.patterns += ("pattern" in node) + (len(named) if isinstance(named, dict) else 0)
        self._heading(path, node)
        found = [(how, (*path, *inner), child) for how, inner, child in _inside(node)]
        found += [(How.IN_PLACE, place, child) for place, child in self._references(path, node)]
        doubled = "unevaluatedProperties" in node or "unevaluatedItems" in node
        for how, _, child in found:
            if isinstance(child, dict) and how is not How.NOWHERE:
                # What is left unevaluated is found by evaluating the neighbours a second time.
                edges.extend([Edge(how, id(child))] * (2 if doubled and how is How.IN_PLACE else 1))
        return [(place, child) for _, place, child in found]

    def _heading(self, path: Path, node: dict[str, Any]) -> None:
        dialect = node.get("$schema")
        if "$schema" in node and (not isinstance(dialect, str) or dialect.rstrip("#") not in _DRAFTS):
            self.flaws.append(((*path, "$schema"), "must name a JSON Schema draft from 4 to 2020-12"))
        elif path and "$schema" in node:
            self.flaws.append(((*path, "$schema"), "belongs at the top of the form"))
        name = "id" if "draft-04" in str(self.root.get("$schema")) else "$id"
        if path and isinstance(node.get(name), str):
            self.flaws.append(((*path, name), "is taken at the top of the form only; refer with #/$defs/…"))

    def _references(self, path: Path, node: dict[str, Any]) -> Iterator[tuple[Path, Any]]:
        for keyword in _REFERENCES:
            reference = node.get(keyword)
            if not isinstance(reference, str):
                continue  # a reference that is no text is the metaschema's to refuse
            place = (*path, keyword)
            if not reference.startswith("#"):
                self.flaws.append((place, "may refer only to a place in this form: #/$defs/…"))
                continue
            try:
                yield place, resolve(self.root, reference)
            except (LookupError, ValueError):
                self.flaws.append((place, "refers to a place that is not in this form"))


def _own_weight(node: Mapping[str, Any]) -> int:
    """Plain options are looked up at once, objects and arrays are compared one by one."""
    options = node.get("enum")
    if isinstance(options, list) and any(isinstance(option, dict | list) for option in options):
        return 1 + len(options)
    return 1

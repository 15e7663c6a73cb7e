"""How a rule over plain JSON is said: small checks, put together, each giving the problems it finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeGuard


@dataclass(frozen=True, slots=True)
class Problem:
    """One rule of Slack's that something breaks."""

    #: Where, as a JSON pointer into what was checked: `/blocks/0/text/text`; empty for the whole.
    path: str
    #: Which rule, worded as Slack words it: `must be less than 3001 characters`.
    rule: str
    #: The error code that Slack's Web API answers with.
    code: str = "invalid_blocks"

    def __str__(self) -> str:
        return f"{self.rule} [json-pointer:{self.path}]"


#: Looks at one value at one path.
Check = Callable[[object, str], Iterator[Problem]]
#: Looks at one object whose fields are known to be fine each by itself.
Rule = Callable[[Mapping[str, object], str], Iterator[Problem]]


def is_list(value: object) -> TypeGuard[Sequence[object]]:
    """Whether the value is a JSON array (a tuple will do)."""
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def string(longest: int | None = None, *, shortest: int = 1, pattern: str | None = None) -> Check:
    """A string of `shortest` to `longest` characters, matching `pattern` as a whole."""

    def check(value: object, path: str) -> Iterator[Problem]:
        if not isinstance(value, str):
            yield Problem(path, "must be a string")
        elif len(value) < shortest:
            yield Problem(path, f"must be more than {shortest - 1} characters")
        elif longest is not None and len(value) > longest:
            yield Problem(path, f"must be less than {longest + 1} characters")
        elif pattern is not None and not re.fullmatch(pattern, value, re.ASCII):
            yield Problem(path, f"must match the pattern {pattern}")

    return check


def one_of(*values: str) -> Check:
    """One of a few strings."""

    def check(value: object, path: str) -> Iterator[Problem]:
        if not isinstance(value, str) or value not in values:
            yield Problem(path, f"must be a valid enum value: {', '.join(values)}")

    return check


def boolean(value: object, path: str) -> Iterator[Problem]:
    """`true` or `false`, never 0, 1 or a string."""
    if not isinstance(value, bool):
        yield Problem(path, "must be a boolean")


def whole_number(least: int, most: int | None = None) -> Check:
    """An integer within bounds."""

    def check(value: object, path: str) -> Iterator[Problem]:
        if isinstance(value, bool) or not isinstance(value, int):
            yield Problem(path, "must be an integer")
        elif value < least or (most is not None and value > most):
            yield Problem(path, f"must be between {least} and {'any' if most is None else most}")

    return check


def anything(value: object, path: str) -> Iterator[Problem]:
    """No rule of its own."""
    yield from ()


def list_of(item: Check, most: int | None = None, *, least: int = 1) -> Check:
    """An array of `least` to `most` items, each of which is checked."""

    def check(value: object, path: str) -> Iterator[Problem]:
        if not is_list(value):
            yield Problem(path, "must be an array")
            return
        if len(value) < least:
            yield Problem(path, f"no less than {least} items allowed")
        if most is not None and len(value) > most:
            yield Problem(path, f"no more than {most} items allowed")
        for index, each in enumerate(value):
            yield from item(each, f"{path}/{index}")

    return check


@dataclass(frozen=True, slots=True)
class Shape:
    """An object with these fields and no others; one that is `None` counts as left out: clients drop it."""

    required: Mapping[str, Check]
    optional: Mapping[str, Check] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()

    def __call__(self, value: object, path: str) -> Iterator[Problem]:
        """Whatever the fields break; only if they break nothing, whatever the rules across them find."""
        if not isinstance(value, Mapping):
            yield Problem(path, "must be an object")
            return
        found = list(self._problems_of_fields(value, path))
        yield from found
        if not found:
            for rule in self.rules:
                yield from rule(value, path)

    def _problems_of_fields(self, value: Mapping[str, object], path: str) -> Iterator[Problem]:
        for name in self.required:
            if value.get(name) is None:
                yield Problem(path, f"missing required field: {name}")
        for name, each in value.items():
            if each is None:
                continue
            check = self.required.get(name) or self.optional.get(name)
            if check is None:
                yield Problem(path, f"invalid additional property: {name}")
            else:
                yield from check(each, f"{path}/{name}")


def typed(shapes: Mapping[str, Check]) -> Check:
    """An object whose `type` names one of the shapes."""

    def check(value: object, path: str) -> Iterator[Problem]:
        if not isinstance(value, Mapping):
            yield Problem(path, "must be an object")
            return
        kind = value.get("type")
        shape = shapes.get(kind) if isinstance(kind, str) else None
        if kind is None:
            yield Problem(path, "missing required field: type")
        elif shape is None:
            yield Problem(f"{path}/type", f"unsupported type: {kind}")
        else:
            yield from shape(value, path)

    return check


def of_type(name: str, required: Mapping[str, Check], optional: Mapping[str, Check], *rules: Rule) -> Shape:
    """A shape with the `type` it goes by."""
    return Shape({"type": one_of(name), **required}, optional, rules)


def exactly_one_of(*names: str) -> Rule:
    """Of these fields one is there, and only one."""

    def rule(value: Mapping[str, object], path: str) -> Iterator[Problem]:
        if sum(value.get(name) is not None for name in names) != 1:
            yield Problem(path, f"must define exactly one of: {', '.join(names)}")

    return rule


def at_least_one_of(*names: str) -> Rule:
    """Of these fields one or more are there."""

    def rule(value: Mapping[str, object], path: str) -> Iterator[Problem]:
        if all(value.get(name) is None for name in names):
            yield Problem(path, f"must define at least one of: {', '.join(names)}")

    return rule

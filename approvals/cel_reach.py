"""Whether one condition can be seen to be met wherever another is: rules that nothing ever reaches.

Only what is plain is seen: and, or, not, comparisons of one thing with what is written out. Whatever
cannot be seen through is equal to itself and to nothing else, so no rule is called unreachable wrongly.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from approvals.cel_syntax import Binary, Call, ListOf, Literal, LiteralType, Name, Node, Unary
from approvals.words import Kind, Risk

#: What is written out: a text, a number, true or false.
_Value: TypeAlias = "str | float | bool"
#: Steps of one comparison; two conditions that need more are not plain.
_STEPS = 20_000

#: Texts of which only these can occur.
_WORDS: Mapping[Node, frozenset[tuple[type, _Value]]] = {
    Name("risk"): frozenset((str, str(risk)) for risk in Risk),
    Name("kind"): frozenset((str, str(kind)) for kind in Kind),
}
_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_TEXTS: Mapping[str, Callable[[str, str], bool]] = {
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "contains": operator.contains,
}


@dataclass(frozen=True, slots=True)
class _Among:
    """`of` is one of `values`, or none of them."""

    of: Node
    values: frozenset[tuple[type, _Value]]
    inside: bool


@dataclass(frozen=True, slots=True)
class _Order:
    """`of` stands so to a number."""

    of: Node
    op: str
    bound: float


@dataclass(frozen=True, slots=True)
class _Text:
    """`of` starts, ends with or contains a text."""

    of: Node
    how: str
    text: str


@dataclass(frozen=True, slots=True)
class _Other:
    """What is not seen through."""

    node: Node
    holds: bool


@dataclass(frozen=True, slots=True)
class _All:
    """Each of them; none at all: always."""

    parts: tuple[_Form, ...]


@dataclass(frozen=True, slots=True)
class _Any:
    """One of them; none at all: never."""

    parts: tuple[_Form, ...]


_Form: TypeAlias = "_Among | _Order | _Text | _Other | _All | _Any"
_ALWAYS, _NEVER = _All(()), _Any(())


def implies(narrow: Node, wide: Node) -> bool:
    """True when whatever meets `narrow` plainly meets `wide`."""
    return _Seeing().implies(_form(narrow, holds=True), _form(wide, holds=True))


def never(node: Node) -> bool:
    """True when plainly nothing meets it: two of its parts contradict each other."""
    return _Seeing().never(_form(node, holds=True))


def only_at(node: Node, risks: Iterable[Risk]) -> bool:
    """True when it is plainly met at `risks` only."""
    return _Seeing().implies(_form(node, holds=True), _among(Name("risk"), map(str, risks), inside=True))


@dataclass(slots=True)
class _Seeing:
    """One comparison, which ends."""

    steps: int = field(default=0)

    def implies(self, narrow: _Form, wide: _Form) -> bool:
        self.steps += 1
        if self.steps > _STEPS:
            return False
        if narrow == wide:
            return True
        if isinstance(wide, _All):
            return all(self.implies(narrow, part) for part in wide.parts)
        if isinstance(narrow, _Any):
            return all(self.implies(part, wide) for part in narrow.parts)
        if isinstance(wide, _Any) and any(self.implies(narrow, part) for part in wide.parts):
            return True
        if isinstance(narrow, _All):
            return any(self.implies(part, wide) for part in narrow.parts)
        return not isinstance(wide, _Any) and _leaf_implies(narrow, wide)

    def never(self, form: _Form) -> bool:
        if isinstance(form, _Any):
            return all(self.never(part) for part in form.parts)
        if not isinstance(form, _All):
            return isinstance(form, _Among) and form.inside and not form.values
        opposites = [_opposite(part) for part in form.parts]
        return any(self.never(part) for part in form.parts) or any(
            one is not other and opposite is not None and self.implies(one, opposite)
            for one in form.parts
            for other, opposite in zip(form.parts, opposites, strict=True)
        )


def _form(node: Node, *, holds: bool) -> _Form:
    """`node`, or that it does not hold."""
    match node:
        case Unary(op="!", of=of):
            return _form(of, holds=not holds)
        case Binary(op="&&" | "||" as op, left=left, right=right):
            parts = (_form(left, holds=holds), _form(right, holds=holds))
            return _all(parts) if (op == "&&") is holds else _any(parts)
        case Literal(type=LiteralType.BOOL, text=text):
            return _ALWAYS if (text == "true") is holds else _NEVER
        case Binary(op="==" | "!=" | "in"):
            return _compared(node, holds) or _Other(node, holds)
        case Binary(op="<" | "<=" | ">" | ">="):
            return _ordered(node, holds) or _Other(node, holds)
        case Call(name=name, target=of, args=(Literal(type=LiteralType.STRING, value=text),)) if (
            of is not None and name in _TEXTS and holds
        ):
            return _Text(of, name, text)
        case _:
            return _Other(node, holds)


def _compared(node: Binary, holds: bool) -> _Form | None:
    of, to = node.left, node.right
    if node.op == "in":
        values = [_value(item) for item in to.items] if isinstance(to, ListOf) else [None]
    else:
        if _value(to) is None:
            of, to = to, of
        values = [_value(to)]
    written = [value for value in values if value is not None]
    if len(written) < len(values):
        return None
    return _among(of, written, inside=(node.op == "!=") is not holds)


def _among(of: Node, values: Iterable[_Value], *, inside: bool) -> _Form:
    # With its type: to Python, true is 1.
    found = frozenset((type(value), value) for value in values)
    words = _WORDS.get(of)
    if words is not None:
        found, inside = found & words if inside else words - found, True
        if found == words:
            return _ALWAYS
    return _Among(of, found, inside)


def _ordered(node: Binary, holds: bool) -> _Form | None:
    of, op, bound = node.left, node.op, _value(node.right)
    if bound is None:
        of, op, bound = node.right, _MIRRORED[op], _value(node.left)
    if not isinstance(bound, float):
        return None
    return _Order(of, op if holds else _OPPOSITE[op], bound)


def _value(node: Node) -> _Value | None:
    """What is written out there; None where it is no text, number or truth."""
    match node:
        case Literal(type=LiteralType.STRING, value=value):
            return value
        case Literal(type=LiteralType.BOOL, text=text):
            return text == "true"
        case Literal(type=LiteralType.INT, text=text):
            return float(int(text, 0)) if text.lower().startswith("0x") else float(text)
        case Literal(type=LiteralType.DOUBLE, text=text):
            return float(text)
        case Unary(op="-", of=of):
            number = _value(of)
            return -number if isinstance(number, float) else None
        case _:
            return None


def _all(parts: Iterable[_Form]) -> _Form:
    """Each of `parts`; what is said of one thing in several of them is put together."""
    flat: list[_Form] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, _All) else (part,))
    among: dict[Node, _Among] = {}
    others: list[_Form] = []
    for part in flat:
        if isinstance(part, _Among) and part.inside:
            before = among.get(part.of)
            values = part.values & before.values if before is not None else part.values
            among[part.of] = _Among(part.of, values, inside=True)
        else:
            others.append(part)
    together: tuple[_Form, ...] = (*among.values(), *others)
    return together[0] if len(together) == 1 else _All(together)


def _any(parts: Iterable[_Form]) -> _Form:
    flat: list[_Form] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, _Any) else (part,))
    return flat[0] if len(flat) == 1 else _Any(tuple(flat))


def _opposite(form: _Form) -> _Form | None:
    if isinstance(form, _Among):
        return _Among(form.of, form.values, not form.inside)
    if isinstance(form, _Order):
        return _Order(form.of, _OPPOSITE[form.op], form.bound)
    return _Other(form.node, not form.holds) if isinstance(form, _Other) else None


def _leaf_implies(narrow: _Form, wide: _Form) -> bool:
    match narrow, wide:
        case _Among(inside=True), _:
            return all(_holds(value, narrow.of, wide) for _, value in narrow.values)
        case _Among(inside=False), _Among(inside=False):
            return narrow.of == wide.of and wide.values <= narrow.values
        case _Order(), _Order():
            return narrow.of == wide.of and _within(narrow, wide)
        case _Order(), _Among(inside=False):
            numbers = [value for _, value in wide.values if isinstance(value, float)]
            return narrow.of == wide.of and not any(
                _ORDERS[narrow.op](number, narrow.bound) for number in numbers
            )
        case _Text(), _Text():
            same = narrow.of == wide.of and wide.how in (narrow.how, "contains")
            return same and _TEXTS[wide.how](narrow.text, wide.text)
        case _:
            return False


def _holds(value: _Value, of: Node, wide: _Form) -> bool:
    """Whether `wide` is met where `of` is `value`."""
    match wide:
        case _Among():
            return wide.of == of and ((type(value), value) in wide.values) is wide.inside
        case _Order():
            return wide.of == of and isinstance(value, float) and _ORDERS[wide.op](value, wide.bound)
        case _Text():
            return wide.of == of and isinstance(value, str) and _TEXTS[wide.how](value, wide.text)
        case _:
            return False


def _within(narrow: _Order, wide: _Order) -> bool:
    if narrow.op[0] != wide.op[0]:
        return False
    if narrow.bound == wide.bound:
        return len(wide.op) >= len(narrow.op)
    return _ORDERS[narrow.op[0]](narrow.bound, wide.bound)

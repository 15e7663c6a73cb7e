"""What a condition compares, and whether being equal speaks for it: what the policy's checks ask."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from approvals.cel_syntax import (
    Binary,
    Call,
    Index,
    ListOf,
    Literal,
    MapOf,
    Name,
    Node,
    Select,
    Ternary,
    Unary,
)


@dataclass(frozen=True, slots=True)
class Mention:
    """Two sides that a condition compares, and whether being equal speaks for it (`==`) or against (`!=`)."""

    #: the variable compared: `risk`, `payload`
    name: str
    #: the texts it is compared with, where they are written out
    values: frozenset[str]
    equal: bool


@dataclass(frozen=True, slots=True)
class _Side:
    """The variables that an operand is taken from, and the texts that are written out in it."""

    roots: frozenset[str] = frozenset()
    texts: frozenset[str] = frozenset()


def mentions(node: Node) -> tuple[Mention, ...]:
    """Every comparison in `node`. One that may speak either way (under `?`, say) is named both ways."""
    return tuple(dict.fromkeys(_mentions(node, (True,), {})))


def _mentions(node: Node, holds: tuple[bool, ...], bound: Mapping[str, _Side]) -> Iterator[Mention]:
    match node:
        case Unary(op="!", of=of):
            yield from _mentions(of, tuple(not hold for hold in holds), bound)
        case Binary(op="&&" | "||", left=left, right=right):
            yield from _mentions(left, holds, bound)
            yield from _mentions(right, holds, bound)
        case Binary(op="==" | "!=" | "in" as op, left=left, right=right):
            one, other = _side(left, bound), _side(right, bound)
            for name in sorted(one.roots | other.roots):
                for hold in holds:
                    yield Mention(name, one.texts | other.texts, equal=hold != (op == "!="))
            yield from _inside(node, bound)
        case Ternary(when=when, then=then, otherwise=otherwise):
            yield from _mentions(when, (True, False), bound)
            yield from _mentions(then, holds, bound)
            yield from _mentions(otherwise, holds, bound)
        case Call(name="all" | "exists", target=over, args=(Name(name=item), body)) if over is not None:
            yield from _mentions(over, (True, False), bound)
            yield from _mentions(body, holds, {**bound, item: _side(over, bound)})
        case _:
            yield from _inside(node, bound)


def _inside(node: Node, bound: Mapping[str, _Side]) -> Iterator[Mention]:
    """Of what stands deeper it cannot be told which way it speaks."""
    if isinstance(node, Call) and node.target is not None and len(node.args) == 2:
        item = node.args[0]
        if isinstance(item, Name):
            bound = {**bound, item.name: _side(node.target, bound)}
    for child in _children(node):
        yield from _mentions(child, (True, False), bound)


def _children(node: Node) -> Iterator[Node]:
    match node:
        case Select(of=of) | Unary(of=of):
            yield of
        case Index(of=of, key=key):
            yield from (of, key)
        case Call(target=target, args=args):
            yield from args if target is None else (target, *args)
        case Binary(left=left, right=right):
            yield from (left, right)
        case ListOf(items=items):
            yield from items
        case MapOf(pairs=pairs):
            yield from (side for pair in pairs for side in pair)
        case _:
            return


def _side(node: Node, bound: Mapping[str, _Side]) -> _Side:
    match node:
        case Select(of=of) | Index(of=of):
            return _side(of, bound)
        case Call(target=target) if target is not None:
            return _side(target, bound)
        case Name(name=name):
            return bound.get(name, _Side(frozenset({name})))
        case Literal(value=value):
            return _Side(texts=frozenset({value}))
        case ListOf(items=items):
            sides = [_side(item, bound) for item in items]
            roots = frozenset[str]().union(*(side.roots for side in sides))
            return _Side(roots, frozenset[str]().union(*(side.texts for side in sides)))
        case _:
            return _Side()

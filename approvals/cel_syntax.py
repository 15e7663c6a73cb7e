"""CEL's grammar, as far as a policy may use it: text → tree.

The library that evaluates CEL shows no tree of what it compiled, and a policy's conditions are checked
before they run (`approvals.cel_types`). Left out, and refused by name: messages, bytes, unsigned
numbers, triple quotes. The grammar is https://github.com/google/cel-spec/blob/master/doc/langdef.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn, TypeAlias

#: Characters of one condition; the ones people write have tens.
LONGEST = 2_000
#: Nested brackets, operators and calls: far below what either parser's stack holds.
DEEPEST = 40


class ConditionError(Exception):
    """Why a condition does not load, as the end of a sentence."""


class LiteralType(StrEnum):
    """What a literal is."""

    INT = "int"
    DOUBLE = "double"
    STRING = "string"
    BOOL = "bool"
    NULL = "null"


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant. `text` is its spelling, `value` what a string says."""

    type: LiteralType
    text: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Select:
    """`of.field`"""

    of: Node
    field: str


@dataclass(frozen=True, slots=True)
class Index:
    """`of[key]`"""

    of: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Call:
    """`name(args)` or `target.name(args)`; macros as well."""

    name: str
    target: Node | None
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """`!x` or `-x`"""

    op: str
    of: Node


@dataclass(frozen=True, slots=True)
class Binary:
    """Two operands and what stands between them."""

    op: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Ternary:
    """`when ? then : otherwise`"""

    when: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class ListOf:
    """`[a, b]`"""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapOf:
    """`{a: b}`"""

    pairs: tuple[tuple[Node, Node], ...]


Node: TypeAlias = Literal | Name | Select | Index | Call | Unary | Binary | Ternary | ListOf | MapOf

_TOKENS = re.compile(
    r"""(?P<space>\s+|//[^\n]*)
    |(?P<triple>[rRbB]{0,2}(?:\"\"\"|'''))
    |(?P<string>[rR](?:"[^"\n]*"|'[^'\n]*')|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    |(?P<double>\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)
    |(?P<int>0[xX][0-9a-fA-F]+|\d+)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<op>&&|\|\||==|!=|<=|>=|[<>+\-*/%!?:.,()\[\]{}])""",
    re.VERBOSE | re.ASCII,
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
#: The operators that take two operands, from the loosest to the tightest.
_LEVELS = (("||",), ("&&",), ("==", "!=", "<", "<=", ">", ">=", "in"), ("+", "-"), ("*", "/", "%"))
_RESERVED = frozenset({
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let", "loop",
    "package", "namespace", "return", "var", "void", "while",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int


def parsed(text: str) -> Node:
    """The tree of `text`. Raises `ConditionError`."""
    if len(text) > LONGEST:
        raise ConditionError(f"it has {len(text)} characters; at most {LONGEST} are taken")
    parser = _Parser(_tokens(text), len(text))
    node = parser.expression()
    if parser.kind != "end":
        parser.fail()
    return node


def _tokens(text: str) -> list[_Token]:
    tokens, at = [], 0
    while at < len(text):
        match = _TOKENS.match(text, at)
        if match is None:
            raise ConditionError(f"character {at + 1}, {text[at]!r}, does not belong into an expression")
        kind = match.lastgroup or ""
        if kind == "triple":
            raise ConditionError("triple quotes are not taken: use one pair")
        if kind != "space":
            tokens.append(_Token(kind, match.group(), at))
        at = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[_Token], end: int) -> None:
        self._tokens = [*tokens, _Token("end", "", end)]
        self._at = 0
        self._depth = 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at].kind

    def fail(self) -> NoReturn:
        token = self._tokens[self._at]
        what = f"{token.text!r} does not fit" if token.text else "it ends too early"
        raise ConditionError(f"syntax error at character {token.at + 1}: {what}")

    def _next(self) -> _Token:
        token = self._tokens[self._at]
        if token.kind == "end":
            self.fail()
        self._at += 1
        return token

    def _take(self, *texts: str) -> str | None:
        token = self._tokens[self._at]
        if token.text in texts and token.kind in ("op", "name"):
            self._at += 1
            return token.text
        return None

    def _need(self, text: str) -> None:
        if self._take(text) is None:
            self.fail()

    def expression(self) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise ConditionError(f"it is nested deeper than {DEEPEST} levels")
        node = self._level(0)
        if self._take("?"):
            then = self._level(0)
            self._need(":")
            node = Ternary(node, then, self.expression())
        self._depth -= 1
        return node

    def _level(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._unary()
        node, length = self._level(level + 1), 0
        while op := self._take(*_LEVELS[level]):
            node, length = Binary(op, node, self._level(level + 1)), length + 1
            # A chain leans left: each link is one level of the tree.
            if length > DEEPEST:
                raise ConditionError(f"more than {DEEPEST} operators in a row: use `in` with a list")
        return node

    def _unary(self) -> Node:
        ops = []
        while op := self._take("!", "-"):
            ops.append(op)
        if len(ops) > 2:
            raise ConditionError(f"{''.join(ops)!r}: one is enough")
        node = self._member()
        for op in reversed(ops):
            node = Unary(op, node)
        return node

    def _member(self) -> Node:
        node, length = self._primary(), 0
        while op := self._take(".", "["):
            if op == "[":
                node = Index(node, self.expression())
                self._need("]")
            elif self.kind == "name":
                name = self._next().text
                node = Call(name, node, self._arguments(")")) if self._take("(") else Select(node, name)
            else:
                self.fail()
            length += 1
            if length > DEEPEST:
                raise ConditionError(f"more than {DEEPEST} fields in a row")
        return node

    def _primary(self) -> Node:
        token = self._next()
        if token.kind == "name":
            return self._named(token)
        if token.kind == "string":
            return Literal(LiteralType.STRING, token.text, _said(token.text))
        if token.kind in ("int", "double"):
            if self.kind == "name":
                raise ConditionError(f"{token.text}{self._next().text} is not a number")
            return Literal(LiteralType(token.kind), token.text)
        if token.text == "(":
            node = self.expression()
            self._need(")")
            return node
        if token.text == "[":
            return ListOf(self._arguments("]"))
        if token.text == "{":
            return MapOf(self._pairs())
        self._at -= 1
        return self.fail()

    def _named(self, token: _Token) -> Node:
        if token.text in ("true", "false"):
            return Literal(LiteralType.BOOL, token.text)
        if token.text == "null":
            return Literal(LiteralType.NULL, token.text)
        if token.text in _RESERVED:
            self._at -= 1
            self.fail()
        if self.kind == "string" and token.text.lower() in ("b", "rb", "br"):
            raise ConditionError("bytes are not taken: JSON has none")
        return Call(token.text, None, self._arguments(")")) if self._take("(") else Name(token.text)

    def _arguments(self, end: str) -> tuple[Node, ...]:
        args: list[Node] = []
        while not self._take(end):
            if args:
                self._need(",")
            args.append(self.expression())
        return tuple(args)

    def _pairs(self) -> tuple[tuple[Node, Node], ...]:
        pairs: list[tuple[Node, Node]] = []
        while not self._take("}"):
            if pairs:
                self._need(",")
            key = self.expression()
            self._need(":")
            pairs.append((key, self.expression()))
        return tuple(pairs)


def _said(text: str) -> str:
    if text[0] in "rR":
        return text[2:-1]
    return re.sub(r"\\(.)", lambda match: _ESCAPES.get(match[1], match[1]), text[1:-1])

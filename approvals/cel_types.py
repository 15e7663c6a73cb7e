"""What can be known of a condition before it runs: names, types, cost; and the text that then runs.

JSON has one kind of number, CEL has two that do not add up. Requests' numbers are given to CEL as
doubles, so 750 and 750.0 (the same canonical JSON) are judged alike, and where a condition calculates
with them its whole numbers are rewritten as doubles too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum

import cel

from approvals.cel_syntax import (
    Binary,
    Call,
    ConditionError,
    Index,
    ListOf,
    Literal,
    LiteralType,
    MapOf,
    Name,
    Node,
    Select,
    Ternary,
    Unary,
)
from approvals.words import Kind, Risk

#: Loops over a request's own lists, one inside the other, each map, filter or search counting as one more.
COSTLIEST = 3


class Type(StrEnum):
    """What an expression comes to; `DYN` where only the request will tell."""

    BOOL = "a yes or no"
    INT = "a whole number"
    DOUBLE = "a number"
    STRING = "a text"
    NULL = "null"
    LIST = "a list"
    MAP = "a map"
    TIMESTAMP = "a moment"
    DURATION = "a duration"
    DYN = "anything"


#: The names that conditions and titles see (contract, section 4).
VARIABLES: Mapping[str, Type] = {
    "action": Type.STRING,
    "payload": Type.MAP,
    "kind": Type.STRING,
    "risk": Type.STRING,
    "confidence": Type.DOUBLE,
    "agent": Type.STRING,
    "reversible": Type.BOOL,
    "on_behalf_of": Type.STRING,
    "metadata": Type.MAP,
    "context": Type.MAP,
}
#: Texts of which only these can occur.
_WORDS: Mapping[str, frozenset[str]] = {"risk": frozenset(Risk), "kind": frozenset(Kind)}

_LITERALS = {
    LiteralType.INT: Type.INT,
    LiteralType.DOUBLE: Type.DOUBLE,
    LiteralType.STRING: Type.STRING,
    LiteralType.BOOL: Type.BOOL,
    LiteralType.NULL: Type.NULL,
}
_NUMBERS = frozenset({Type.INT, Type.DOUBLE})
_ORDERED = frozenset({Type.INT, Type.DOUBLE, Type.STRING, Type.TIMESTAMP, Type.DURATION})
_TIMES = frozenset({Type.TIMESTAMP, Type.DURATION})

#: method → (what it is called on, what it takes, what it gives)
_METHODS: Mapping[str, tuple[Type, tuple[Type, ...], Type]] = {
    "startsWith": (Type.STRING, (Type.STRING,), Type.BOOL),
    "endsWith": (Type.STRING, (Type.STRING,), Type.BOOL),
    "contains": (Type.STRING, (Type.STRING,), Type.BOOL),
    "matches": (Type.STRING, (Type.STRING,), Type.BOOL),
    "size": (Type.DYN, (), Type.INT),
    **{
        f"get{part}": (Type.TIMESTAMP, (), Type.INT)
        for part in ("FullYear", "Month", "Date", "DayOfMonth", "DayOfWeek", "DayOfYear")
    },
    **{f"get{part}": (Type.DYN, (), Type.INT) for part in ("Hours", "Minutes", "Seconds", "Milliseconds")},
}
_FUNCTIONS: Mapping[str, Type] = {
    "size": Type.INT,
    "int": Type.INT,
    "double": Type.DOUBLE,
    "string": Type.STRING,
    "timestamp": Type.TIMESTAMP,
    "duration": Type.DURATION,
}
_MACROS: Mapping[str, Type] = {
    "all": Type.BOOL,
    "exists": Type.BOOL,
    "exists_one": Type.BOOL,
    "map": Type.LIST,
    "filter": Type.LIST,
}
#: Methods that look at one end of a text only, however long it is.
_QUICK = frozenset({"startsWith", "endsWith"})


@dataclass(frozen=True, slots=True)
class Checked:
    """An expression that may run: its type, the CEL that runs, and how its work grows with the request."""

    type: Type
    text: str
    #: 0: no loop over the request; n: work grows with the n-th power of its size
    cost: int = 0
    #: of a list written out in the policy, what its items are
    item: Type | None = None


@dataclass(slots=True)
class Checker:
    """Checks expressions, and remembers what of a request they look at."""

    #: variable → the keys looked at, None for all of it
    uses: dict[str, set[str] | None] = field(default_factory=dict)
    _bound: dict[str, Type] = field(default_factory=dict)
    #: how many loops over the request's own lists the expression stands in
    _loops: int = 0

    def check(self, node: Node) -> Checked:
        """Raises `ConditionError` for what can be seen to be wrong."""
        handler: Callable[[Node], Checked] = getattr(self, f"_{type(node).__name__.lower()}")
        return handler(node)

    def _literal(self, node: Literal) -> Checked:
        return Checked(_LITERALS[node.type], node.text)

    def _name(self, node: Name) -> Checked:
        if node.name in self._bound:
            return Checked(self._bound[node.name], node.name)
        if node.name == "risk":
            raise ConditionError("risk takes ==, != and in only")
        return self._variable(node.name)

    def _variable(self, name: str) -> Checked:
        if name not in VARIABLES:
            meant = _meant(name, VARIABLES)
            raise ConditionError(f"unknown name {name!r}{meant}; an action's arguments are payload.{name}")
        self.uses[name] = None
        return Checked(VARIABLES[name], name)

    def _select(self, node: Select) -> Checked:
        if isinstance(node.of, Name) and self._part(node.of.name, node.field):
            return Checked(_inside(node.of.name), f"{node.of.name}.{node.field}")
        of = self.check(node.of)
        _expect(of, f"only a map has a field {node.field!r}", Type.MAP)
        return Checked(Type.DYN, f"{of.text}.{node.field}", of.cost)

    def _part(self, name: str, key: str) -> bool:
        """Note that `key` of a request's map is looked at; False when `name` is no such map."""
        if name in self._bound or VARIABLES.get(name) is not Type.MAP:
            return False
        keys = self.uses.setdefault(name, set())
        if keys is not None:
            keys.add(key)
        return True

    def _index(self, node: Index) -> Checked:
        key = self.check(node.key)
        literal = node.key.value if isinstance(node.key, Literal) and key.type is Type.STRING else None
        if literal is not None and isinstance(node.of, Name) and self._part(node.of.name, literal):
            return Checked(_inside(node.of.name), f"{node.of.name}[{key.text}]")
        of = self.check(node.of)
        fits = {Type.MAP: (Type.STRING,), Type.LIST: (Type.INT,), Type.DYN: (Type.STRING, Type.INT)}
        _must(of.type in fits, f"{of.text} is {of.type} and cannot be indexed")
        _must(key.type in (*fits[of.type], Type.DYN), f"{of.text} cannot be indexed by {key.type}")
        return Checked(Type.DYN, f"{of.text}[{key.text}]", max(of.cost, key.cost))

    def _unary(self, node: Unary) -> Checked:
        of = self.check(node.of)
        if node.op == "!":
            _expect(of, "! takes a yes or no", Type.BOOL)
            return Checked(Type.BOOL, f"!({of.text})", of.cost)
        _expect(of, "- takes a number", *_NUMBERS)
        literal = isinstance(node.of, Literal)
        return Checked(of.type, f"-{of.text}" if literal else f"-({of.text})", of.cost)

    def _ternary(self, node: Ternary) -> Checked:
        when, then, otherwise = map(self.check, (node.when, node.then, node.otherwise))
        _expect(when, "? takes a yes or no", Type.BOOL)
        kind = then.type if then.type is otherwise.type else Type.DYN
        text = f"({when.text} ? {then.text} : {otherwise.text})"
        return Checked(kind, text, max(when.cost, then.cost, otherwise.cost))

    def _listof(self, node: ListOf) -> Checked:
        items = [self.check(item) for item in node.items]
        types = {item.type for item in items}
        item = types.pop() if len(types) == 1 else Type.DOUBLE if types and types <= _NUMBERS else None
        cost = max((item.cost for item in items), default=0)
        return Checked(Type.LIST, f"[{', '.join(item.text for item in items)}]", cost, item or Type.DYN)

    def _mapof(self, node: MapOf) -> Checked:
        pairs = [(self.check(key), self.check(value)) for key, value in node.pairs]
        for key, _ in pairs:
            _must(key.type is Type.STRING, f"a map's keys are texts; {key.text} is {key.type}")
        text = ", ".join(f"{key.text}: {value.text}" for key, value in pairs)
        return Checked(Type.MAP, f"{{{text}}}", max((max(k.cost, v.cost) for k, v in pairs), default=0))

    def _binary(self, node: Binary) -> Checked:
        if node.op in ("==", "!=", "in"):
            words = _words_of(node)
            if words is not None:
                self._check_words(node, words)
        left, right = self._side(node, node.left), self._side(node, node.right)
        if node.op in ("&&", "||"):
            for side in (left, right):
                _expect(side, f"{node.op} takes a yes or no on both sides", Type.BOOL)
            kind = Type.BOOL
        elif node.op in ("+", "-", "*", "/", "%"):
            kind, left, right = _calculated(node.op, left, right)
        else:
            if node.op == "in" and isinstance(node.right, ListOf):
                self._check_items(left, node.right)
            _comparable(node.op, left, right)
            kind = Type.BOOL
        cost = max(left.cost, right.cost) + self._searches(node)
        return Checked(kind, f"({left.text} {node.op} {right.text})", cost)

    def _side(self, node: Binary, side: Node) -> Checked:
        """An operand; `risk` is let in where it may stand."""
        allowed = node.op in ("==", "!=") or (node.op == "in" and side is node.left)
        return self._variable("risk") if allowed and side == Name("risk") else self.check(side)

    def _searches(self, node: Binary) -> int:
        """1 where a loop over the request does work at each turn that grows with the request."""
        if not self._loops or node.op not in ("==", "!=", "in", "+"):
            return 0
        if node.op == "in":
            return int(not isinstance(node.right, ListOf))
        return int(node.op == "+" or not (isinstance(node.left, Literal) or isinstance(node.right, Literal)))

    def _check_items(self, left: Checked, among: ListOf) -> None:
        """Of a mixed list, too, an item of another type is never the one."""
        for item in map(self.check, among.items):
            if not _alike(left.type, item.type):
                raise ConditionError(f"{left.text} is {left.type}, and {item.text} is {item.type}")

    def _check_words(self, node: Binary, words: str) -> None:
        others = node.right.items if isinstance(node.right, ListOf) else (node.left, node.right)
        for other in others:
            if isinstance(other, Literal) and other.type is LiteralType.STRING:
                known = _WORDS[words]
                _must(other.value in known, f"{words} is never {other.text}{_meant(other.value, known)}")

    def _call(self, node: Call) -> Checked:
        if node.name == "has" and node.target is None:
            return self._has(node)
        if node.target is not None and node.name in _MACROS:
            return self._macro(node, node.target)
        if node.target is None and node.name in _FUNCTIONS:
            _must(len(node.args) == 1, f"{node.name}() takes one argument")
            arg = self.check(node.args[0])
            return Checked(_FUNCTIONS[node.name], f"{node.name}({arg.text})", arg.cost + (self._loops > 0))
        if node.target is not None and node.name in _METHODS:
            return self._method(node, node.target)
        known = _FUNCTIONS if node.target is None else {**_METHODS, **_MACROS}
        raise ConditionError(f"unknown function {node.name}(){_meant(node.name, known)}")

    def _has(self, node: Call) -> Checked:
        fits = len(node.args) == 1 and isinstance(node.args[0], Select)
        _must(fits, "has() takes a field, like has(payload.amount)")
        of = self.check(node.args[0])
        return Checked(Type.BOOL, f"has({of.text})", of.cost)

    def _method(self, node: Call, target: Node) -> Checked:
        on, takes, gives = _METHODS[node.name]
        of, args = self.check(target), [self.check(arg) for arg in node.args]
        _must(len(args) == len(takes), f"{node.name}() takes {'one argument' if takes else 'no arguments'}")
        if on is not Type.DYN:
            _expect(of, f"{node.name}() is for {on}", on)
        for arg, wanted in zip(args, takes, strict=True):
            _expect(arg, f"{node.name}() takes {wanted}", wanted)
        if node.name == "matches":
            _check_pattern(node.args[0])
        cost = max((side.cost for side in (of, *args)), default=0)
        slow = self._loops > 0 and node.name not in _QUICK
        return Checked(gives, f"{of.text}.{node.name}({', '.join(arg.text for arg in args)})", cost + slow)

    def _macro(self, node: Call, target: Node) -> Checked:
        bound = node.args[0] if len(node.args) == 2 else None
        if not isinstance(bound, Name):
            example = f"payload.items.{node.name}(item, item.price > 5)"
            raise ConditionError(f"{node.name}() takes a name and an expression, like {example}")
        taken = bound.name in VARIABLES or bound.name in self._bound
        _must(not taken, f"{bound.name!r} is taken: call the item of {node.name}() something else")
        over = self.check(target)
        _expect(over, f"{node.name}() is for lists", Type.LIST, Type.MAP)
        written = isinstance(target, ListOf)
        self._loops += not written
        self._bound[bound.name] = (over.item or Type.DYN) if written else Type.DYN
        body = self.check(node.args[1])
        del self._bound[bound.name]
        self._loops -= not written
        if node.name != "map":
            _expect(body, f"{node.name}() needs a yes or no", Type.BOOL)
        # The library copies its list at each turn of map and filter.
        turns = 0 if written else 2 if node.name in ("map", "filter") else 1
        cost = max(over.cost, body.cost + turns)
        _must(cost <= COSTLIEST, "too many loops inside each other: a large request would take too long")
        return Checked(_MACROS[node.name], f"{over.text}.{node.name}({bound.name}, {body.text})", cost)


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise ConditionError(otherwise)


def _expect(side: Checked, rule: str, *types: Type) -> None:
    """`side` is one of `types`, or only the request will tell."""
    _must(side.type is Type.DYN or side.type in types, f"{rule}; {side.text} is {side.type}")


def _check_pattern(pattern: Node) -> None:
    # A pattern out of a request could be made to take long to compile.
    if not isinstance(pattern, Literal):
        raise ConditionError("matches() takes a pattern that stands in the policy")
    try:
        cel.evaluate(f"''.matches({pattern.text})")
    except (RuntimeError, ValueError) as error:
        raise ConditionError(f"{pattern.text} is no pattern: {str(error).splitlines()[-1][:100]}") from error


def _meant(name: str, known: Mapping[str, object] | frozenset[str]) -> str:
    near = get_close_matches(name, known, 1)
    return f"; did you mean '{near[0]}'?" if near else f"; there are {', '.join(sorted(known))}"


def _inside(name: str) -> Type:
    return Type.STRING if name == "metadata" else Type.DYN


def _words_of(node: Binary) -> str | None:
    """The variable with few words that `node` compares, if any."""
    for side in (node.left, node.right):
        if isinstance(side, Name) and side.name in _WORDS:
            return side.name
    return None


def _comparable(op: str, left: Checked, right: Checked) -> None:
    if op == "in":
        _expect(right, "in looks into a list or a map", Type.LIST, Type.MAP)
        among = right.item or Type.DYN
        _must(_alike(left.type, among), f"{left.text} is {left.type}, {right.text} holds no such thing")
        return
    sides = f"{left.text} is {left.type}, {right.text} is {right.type}"
    _must(_alike(left.type, right.type), f"{op} cannot compare them: {sides}")
    if op not in ("==", "!="):
        for side in (left, right):
            _expect(side, f"{op} takes numbers or texts", *_ORDERED)


def _alike(one: Type, other: Type) -> bool:
    return one is other or Type.DYN in (one, other) or (one in _NUMBERS and other in _NUMBERS)


def _calculated(op: str, left: Checked, right: Checked) -> tuple[Type, Checked, Checked]:
    """What `op` gives, and its operands made to fit each other."""
    types = {left.type, right.type}
    if types & _TIMES:
        return Type.DYN, left, right
    if types == {Type.INT}:
        return Type.INT, left, right
    _must(op != "%", "% is for whole numbers: write int(…) around both sides")
    if op == "+" and Type.STRING in types:
        for side in (left, right):
            _expect(side, "+ joins texts with texts (there is string(…))", Type.STRING)
        return Type.STRING, left, right
    if op == "+" and types == {Type.LIST}:
        return Type.LIST, left, right
    for side in (left, right):
        _expect(side, f"{op} takes numbers", *_NUMBERS)
    kind = Type.DOUBLE if op != "+" or Type.DOUBLE in types or Type.INT in types else Type.DYN
    return kind, _as_double(left), _as_double(right)


def _as_double(side: Checked) -> Checked:
    if side.type is not Type.INT:
        return side
    digits = side.text.lstrip("-")
    text = f"{side.text}.0" if digits.isdigit() else f"double({side.text})"
    return Checked(Type.DOUBLE, text, side.cost)

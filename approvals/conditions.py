"""Conditions of a policy: CEL, compiled once at load, and asked of each request.

What an agent posts is hostile here. A condition reads plain values only, in bounded time, and answers
one of four things; whatever else the library might do counts as failing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeAlias

import cel

from approvals.canonical import Json
from approvals.cel_mentions import Mention, mentions
from approvals.cel_syntax import Binary, ConditionError, Node, Unary, parsed
from approvals.cel_types import Checker, Type
from approvals.model import Request
from approvals.words import AgentName, RequestId, Risk

__all__ = [
    "Condition",
    "ConditionError",
    "Footprint",
    "Mention",
    "Scope",
    "Truth",
    "compiled",
    "footprint",
    "wants_more",
]

#: Variable → the keys looked at, None for all of it.
Footprint: TypeAlias = "Mapping[str, frozenset[str] | None]"

#: Values and keys that conditions look at; the library takes some µs for each. Beyond, all conditions fail.
MOST_VALUES = 10_000
#: Deeper than any payload that is taken (32 levels). The library recurses, and would end the process.
DEEPEST = 48
#: Turns of loops and searches in one condition: about 0.1 s at the very worst.
MOST_WORK = 1_000_000
#: This many characters weigh as much as one value.
_CHARACTERS = 64


class Truth(StrEnum):
    """What a condition is, asked of one request."""

    MET = "met"
    UNMET = "unmet"
    #: it looks at something that the request does not have
    ABSENT = "absent"
    #: it looks at something of the wrong type, or cannot be worked out
    FAILING = "failing"


@dataclass(frozen=True, slots=True)
class _Leaf:
    program: cel.Program
    cost: int

    def on(self, scope: Scope) -> Truth:
        return scope.run(self.program, self.cost)


@dataclass(frozen=True, slots=True)
class _Not:
    of: _Part

    def on(self, scope: Scope) -> Truth:
        truth = self.of.on(scope)
        if truth is Truth.MET:
            return Truth.UNMET
        return Truth.MET if truth is Truth.UNMET else truth


@dataclass(frozen=True, slots=True)
class _Of:
    """All of `parts`, or any: the first `settles` decides, whatever the others are, as in CEL."""

    parts: tuple[_Part, ...]
    settles: Truth
    otherwise: Truth

    def on(self, scope: Scope) -> Truth:
        found = set()
        for part in self.parts:
            truth = part.on(scope)
            if truth is self.settles:
                return truth
            found.add(truth)
        if Truth.FAILING in found:
            return Truth.FAILING
        return Truth.ABSENT if Truth.ABSENT in found else self.otherwise


_Part: TypeAlias = "_Leaf | _Not | _Of"


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition. Two are equal when their text is."""

    text: str
    _part: _Part
    uses: Footprint
    mentions: tuple[Mention, ...]
    #: what was parsed, for what is asked of a policy as it is loaded
    tree: Node

    def on(self, scope: Scope) -> Truth:
        """What it is for the request of `scope`. Never raises."""
        return self._part.on(scope)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Condition) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


def compiled(text: str) -> Condition:
    """Parse, check and compile a condition. Raises `ConditionError` with what is wrong."""
    text = text.strip()
    try:
        node = parsed(text)
        checker = Checker()
        kind = checker.check(node).type
        if kind not in (Type.BOOL, Type.DYN):
            raise ConditionError(f"it is {kind}; a condition is met or not, so it must come to true or false")
        part, compared = _part_of(node), mentions(node)
    except RecursionError:
        raise ConditionError("it is nested too deep") from None
    uses = {name: None if keys is None else frozenset(keys) for name, keys in checker.uses.items()}
    return Condition(text, part, uses, compared, node)


def footprint(conditions: Iterable[Condition]) -> Footprint:
    """What of a request any of `conditions` looks at."""
    whole: dict[str, frozenset[str] | None] = {}
    for condition in conditions:
        for name, keys in condition.uses.items():
            before = whole.get(name, frozenset())
            whole[name] = None if keys is None or before is None else before | keys
    return whole


def wants_more(condition: Condition) -> bool:
    """True when it is absent for an approval that has an action and nothing else, whatever the action."""
    return condition.on(Scope(_BARE, Risk.LOW, condition.uses)) is Truth.ABSENT


#: Nobody's: its action and agent are ones that no condition names.
_BARE = Request(RequestId(""), AgentName(""), "", {}, datetime(1970, 1, 1, tzinfo=UTC), "")


def _part_of(node: Node) -> _Part:
    """And, or, not are worked out here, so that where some parts fail and some are absent it fails."""
    if isinstance(node, Binary) and node.op in ("&&", "||"):
        parts = (_part_of(node.left), _part_of(node.right))
        return _Of(parts, *((Truth.UNMET, Truth.MET) if node.op == "&&" else (Truth.MET, Truth.UNMET)))
    if isinstance(node, Unary) and node.op == "!":
        return _Not(_part_of(node.of))
    checked = Checker().check(node)
    try:
        return _Leaf(cel.compile(checked.text), checked.cost)
    except ValueError as error:
        raise ConditionError(f"syntax error: {str(error).splitlines()[0][:200]}") from error


class Scope:
    """One request, as conditions see it. Built once a request; only `risk` moves."""

    def __init__(self, request: Request, risk: Risk, looks_at: Footprint) -> None:
        """`looks_at` is the `footprint` of all conditions that will be asked."""
        self._context: cel.Context | None = None
        self._size = 0
        known: dict[str, Any] = {"risk": str(risk)}
        try:
            for name, value in _variables(request).items():
                if name in looks_at:
                    known[name] = self._plain(_of_keys(value, looks_at[name]))
            self._context = cel.Context(known)
        except (ValueError, OverflowError, TypeError):
            # Too large, too deep, or not JSON: what cannot be looked at makes every condition fail.
            self._context = None
        self._missing = tuple(
            f"Undefined variable or function: '{name}'." for name in looks_at if name not in known
        )

    def lift(self, risk: Risk) -> None:
        """From now on the policy's finding is `risk`."""
        if self._context is not None:
            self._context.add_variable("risk", str(risk))

    def run(self, program: cel.Program, cost: int) -> Truth:
        """What a compiled expression comes to here."""
        if self._context is None or (cost and self._size**cost > MOST_WORK):
            return Truth.FAILING
        try:
            result = program.execute(self._context)
        except LookupError:
            return Truth.ABSENT
        except RuntimeError as error:
            return Truth.ABSENT if self._missing and str(error).startswith(self._missing) else Truth.FAILING
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException:  # noqa: BLE001  # a panic in the library is no Exception; none may let a request through
            return Truth.FAILING
        if result is True:
            return Truth.MET
        return Truth.UNMET if result is False else Truth.FAILING

    def _plain(self, value: Json, depth: int = 0) -> Any:
        """Dicts, lists, texts and doubles only, counted."""
        self._size += 1
        if self._size > MOST_VALUES or depth > DEEPEST:
            raise ValueError("too much to look at")
        if value is None or value is True or value is False:
            return value
        if isinstance(value, str):
            self._size += len(value) // _CHARACTERS
            return str(value)
        if isinstance(value, int | float):
            return float(value)
        if isinstance(value, Mapping):
            return {_key(key): self._plain(item, depth + 1) for key, item in value.items()}
        if isinstance(value, Sequence):
            return [self._plain(item, depth + 1) for item in value]
        raise TypeError(type(value).__name__)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError("a key that is no text")
    return key


def _of_keys(value: Json, keys: frozenset[str] | None) -> Json:
    if keys is None or not isinstance(value, Mapping):
        return value
    return {key: value[key] for key in keys if key in value}


def _variables(request: Request) -> dict[str, Json]:
    """What a request has of `VARIABLES`; what the agent did not send is left out."""
    every: dict[str, Json] = {
        "action": request.action,
        "payload": request.payload,
        "kind": str(request.kind),
        "confidence": request.confidence,
        "agent": str(request.agent),
        "reversible": request.reversible,
        "on_behalf_of": request.on_behalf_of,
        "metadata": request.metadata,
        "context": {item.label: item.value for item in request.context},
    }
    return {name: value for name, value in every.items() if value is not None}

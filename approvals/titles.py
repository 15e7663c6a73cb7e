"""What heads a card: a rule's Jinja2 template, else the agent's words, else the action in words.

A template reads plain values only: no attribute, call, loop or arithmetic that a payload could blow up
is taken, and every filter's arguments stand in the policy. What comes out is plain text of one line;
making it safe for Slack is the business of who shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from approvals.canonical import Json, canonical
from approvals.cel_types import VARIABLES
from approvals.model import Request
from approvals.policy_problems import meant
from approvals.words import Risk

#: The contract's limit for an agent's title; a rule's is cut to it too.
LONGEST = 250
#: Characters of a template.
LONGEST_TEMPLATE = 1_000

_FILTERS = frozenset({
    "abs", "capitalize", "d", "default", "first", "float", "int", "join", "last", "length", "lower",
    "replace", "round", "string", "title", "trim", "truncate", "upper",
})  # fmt: skip
_TAKEN: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.Getitem, nodes.Slice,
    nodes.Const, nodes.List, nodes.Tuple, nodes.Filter, nodes.Test, nodes.Keyword, nodes.If, nodes.CondExpr,
    nodes.And, nodes.Or, nodes.Not, nodes.Compare, nodes.Operand, nodes.Concat, nodes.Add, nodes.Sub,
    nodes.Neg,
)  # fmt: skip
#: Where a title names what was not sent, it gives way to the next: a gap would mislead.
_GIVES_WAY = (jinja2.TemplateError, ArithmeticError, LookupError, TypeError, ValueError, RecursionError)


class TitleError(Exception):
    """Why a template does not load, as the end of a sentence."""


class _Absent(jinja2.TemplateError):
    """A value that is null: nothing to put in a sentence."""


class _Environment(ImmutableSandboxedEnvironment):
    """Jinja2's sandbox, and in it values that have keys only: `payload.items` is a key, never a method."""

    def getattr(self, obj: Any, attribute: str) -> Any:
        if isinstance(obj, Mapping) and attribute in obj:
            return obj[attribute]
        return self.undefined(obj=obj, name=attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) or (isinstance(obj, Sequence) and isinstance(argument, int | slice)):
            try:
                return obj[argument]
            except (LookupError, TypeError):
                return self.undefined(obj=obj, name=str(argument))
        return self.undefined(obj=obj, name=str(argument))


def _in_words(value: Any) -> Any:
    """A value as a sentence would have it: 750 for 750.0, JSON for what is no text."""
    if isinstance(value, jinja2.Undefined | str):
        return value
    if value is None:
        raise _Absent("null")
    return canonical(value).decode()


_ENVIRONMENT = _Environment(undefined=jinja2.StrictUndefined, finalize=_in_words, autoescape=False)
_ENVIRONMENT.globals.clear()


@dataclass(frozen=True, slots=True)
class Title:
    """A compiled template. `paths` are what it shows: `payload.amount`, or `payload` for all of it."""

    text: str
    template: jinja2.Template
    paths: frozenset[str]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Title) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


def compiled(text: str) -> Title:
    """Parse, check and compile a template. Raises `TitleError` with what is wrong."""
    if len(text) > LONGEST_TEMPLATE:
        raise TitleError(f"has {len(text)} characters; at most {LONGEST_TEMPLATE} are taken")
    try:
        tree = _ENVIRONMENT.parse(text)
        for node in _every(tree):
            _check(node)
        return Title(text, _ENVIRONMENT.from_string(text), frozenset(_paths(tree)))
    except jinja2.TemplateSyntaxError as error:
        raise TitleError(f"syntax error: {error.message}") from error
    except RecursionError:
        raise TitleError("is nested too deep") from None


def heading(title: Title | None, request: Request, risk: Risk) -> str:
    """What heads the card of `request`: one line of 1 to `LONGEST` characters, unescaped. Never raises."""
    rendered = _rendered(title, request, risk) if title is not None else ""
    return rendered or one_line(request.title or "") or of_action(request.action)


def of_action(action: str) -> str:
    """What heads a card where there are no other words, or none any more: they may have held a payload's."""
    return one_line(in_words(action)) or "Untitled"


@lru_cache(maxsize=256)
def known(text: str) -> Title:
    """A template that was compiled before, when its policy was loaded."""
    return compiled(text)


def in_words(action: str) -> str:
    """`issue_refund` → `Issue refund`."""
    words = " ".join(re.split(r"[\s_\-.:/]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", action))).strip()
    return words[:1].upper() + words[1:]


def one_line(text: str) -> str:
    """`text` without line breaks, and cut visibly where it is too long."""
    line = " ".join(text.split())
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def _rendered(title: Title, request: Request, risk: Risk) -> str:
    every: dict[str, Json] = {
        "action": request.action,
        "payload": request.payload,
        "kind": str(request.kind),
        "risk": str(risk),
        "confidence": request.confidence,
        "agent": str(request.agent),
        "reversible": request.reversible,
        "on_behalf_of": request.on_behalf_of,
        "metadata": request.metadata,
        "context": {item.label: item.value for item in request.context},
    }
    known = {name: value for name, value in every.items() if value is not None}
    try:
        return one_line(title.template.render(known))
    except _GIVES_WAY:
        return ""


def _every(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _every(child)


def _check(node: nodes.Node) -> None:
    if isinstance(node, nodes.Filter):
        if node.name not in _FILTERS:
            raise TitleError(f"filter {node.name!r} is not taken here; {meant(node.name, sorted(_FILTERS))}")
        arguments = [*node.args, *(keyword.value for keyword in node.kwargs)]
        if node.dyn_args or node.dyn_kwargs or not all(isinstance(value, nodes.Const) for value in arguments):
            raise TitleError(f"what filter {node.name!r} takes must stand in the policy")
    elif isinstance(node, nodes.Test):
        if node.name not in ("defined", "none", "undefined") or node.args or node.kwargs:
            raise TitleError(f"test {node.name!r} is not taken here; there are defined, undefined and none")
    elif isinstance(node, nodes.Name):
        if node.name not in VARIABLES:
            raise TitleError(f"unknown name {node.name!r}; {meant(node.name, VARIABLES)}")
    elif not isinstance(node, _TAKEN):
        what = type(node).__name__.lower()
        raise TitleError(f"{what} is not taken in a title: name values, {{% if %}} and filters")


def _paths(node: nodes.Node) -> Iterator[str]:
    """What is shown; a chain of fields is one path."""
    path = _path(node)
    if path is not None:
        yield path
        return
    for child in node.iter_child_nodes():
        yield from _paths(child)


def _path(node: nodes.Node) -> str | None:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        of = _path(node.node)
        return of and f"{of}.{node.attr}"
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        of = _path(node.node)
        return of and f"{of}.{node.arg.value}"
    # An index that is worked out may be any: the whole of what it is taken from counts as shown.
    return _path(node.node) if isinstance(node, nodes.Getitem) else None

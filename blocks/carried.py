"""What buttons, options and modals carry: the shape in which it is written is the one in which it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from string import Formatter
from typing import Any, ClassVar, Final, Self, get_type_hints


@dataclass(frozen=True, slots=True)
class Spelled:
    """How a field is spelled: as what fits `pattern`, a regular expression that captures nothing."""

    pattern: str
    read: Callable[[str], Any] = str
    write: Callable[[Any], str] = str


def one_of(kind: type[StrEnum]) -> Spelled:
    """A field that is one of those."""
    return Spelled("|".join(map(re.escape, kind)), kind)


class Carried:
    """What frozen dataclasses inherit whose fields are `Annotated` with `Spelled`, or are `Carried` too.

    It stands on messages of long ago: what was once written has to be read for ever.
    """

    __slots__ = ()
    #: every field, by name, and what stands before, between and behind them: `v1:{request}:{digest}`
    SHAPE: ClassVar[str]

    def encode(self) -> str:
        """For a button's or an option's `value`, a modal's `private_metadata`, or a `block_id`."""
        fields = _shape(type(self)).fields.items()
        return self.SHAPE.format_map({name: each.write(getattr(self, name)) for name, each in fields})

    @classmethod
    def decode(cls, value: object) -> Self | None:
        """What `encode` made; None for anything else."""
        shape = _shape(cls)
        match = shape.pattern.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            return None
        make: Callable[..., Self] = cls
        return make(**{name: each.read(match[name]) for name, each in shape.fields.items()})


@dataclass(frozen=True, slots=True)
class _Shape:
    fields: Mapping[str, Spelled]
    pattern: re.Pattern[str]


_SHAPES: Final[dict[type[Carried], _Shape]] = {}


def _shape(kind: type[Carried]) -> _Shape:
    if kind not in _SHAPES:
        hints = get_type_hints(kind, include_extras=True)
        parts = [(re.escape(before), name) for before, name, _, _ in Formatter().parse(kind.SHAPE)]
        fields = {name: _spelled(hints[name]) for _, name in parts if name}
        named = (before + (f"(?P<{name}>{fields[name].pattern})" if name else "") for before, name in parts)
        _SHAPES[kind] = _Shape(fields, re.compile("".join(named), re.DOTALL))
    return _SHAPES[kind]


def _spelled(hint: Any) -> Spelled:
    if isinstance(hint, type) and issubclass(hint, Carried):
        inner = re.sub(r"\(\?P<\w+>", "(?:", _shape(hint).pattern.pattern)
        return Spelled(inner, hint.decode, hint.encode)
    spelled: Spelled = hint.__metadata__[0]
    return spelled

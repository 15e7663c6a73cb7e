"""What a payload may be: small, shallow, and the same on every machine that reads it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from approvals.canonical import LARGEST_INTEGER, Json, canonical
from approvals.model import Flaw
from approvals.paths import Path, dotted

#: Bytes of the canonical spelling (contract, section 2).
LARGEST = 256 * 1024
#: Objects and arrays inside of each other; `{"amount": 1}` is one level (contract, section 2).
DEEPEST = 32
#: RFC 8785 spells a float below this without an exponent, so that it is read back as an integer.
_SPELLED_OUT = 1e21
#: More flaws than this help nobody.
_MOST_FLAWS = 20
#: No number's canonical spelling is longer.
_LONGEST_NUMBER = 25
#: An escaped character takes up to this many bytes (`\u001f`), an unescaped one at most four.
_WIDEST_CHARACTER = 6

LONE_SURROGATE = "holds half of a character (a lone surrogate)"
TOO_LARGE_INTEGER = "is an integer beyond ±9007199254740991, which not every JSON reader keeps exactly"
NOT_FINITE = "is not a finite number"


def problems(
    payload: Json, root: str = "payload", *, largest: int = LARGEST, deepest: int = DEEPEST
) -> tuple[Flaw, ...]:
    """Why `payload` cannot be taken, empty when it can; `root` heads the dotted `loc`s.

    The limits are the contract's: 256 KiB in its canonical spelling, 32 levels, numbers and strings that
    RFC 8785 has a spelling for (RFC 7493, I-JSON). Never recurses: any depth is safe to ask about.
    """
    walk = _Walk(root, deepest)
    walk.over(payload)
    if not walk.flaws and walk.bound > largest and len(canonical(payload)) > largest:
        walk.flaws.append(Flaw(root, f"is larger than {largest // 1024} KiB"))
    return tuple(walk.flaws)


@dataclass(slots=True)
class _Walk:
    root: str
    deepest: int
    flaws: list[Flaw] = field(default_factory=list)
    #: the canonical spelling is at most this long; spares the spelling itself for ordinary payloads
    bound: int = 0

    def over(self, payload: Json) -> None:
        waiting: list[tuple[Path, Json]] = [((), payload)]
        while waiting and len(self.flaws) < _MOST_FLAWS:
            path, value = waiting.pop()
            if isinstance(value, str):
                self._string(path, value)
            elif value is None or isinstance(value, bool | int | float):
                self._number(path, value)
            elif len(path) >= self.deepest:
                self.flaws.append(
                    Flaw(dotted(self.root, path), f"is nested deeper than {self.deepest} levels")
                )
            else:
                waiting.extend(reversed(self._inside(path, value)))

    def _inside(self, path: Path, value: Sequence[Json] | Mapping[str, Json]) -> list[tuple[Path, Json]]:
        self.bound += 2 + 2 * len(value)
        if not isinstance(value, Mapping):
            return [((*path, index), item) for index, item in enumerate(value)]
        for key in value:
            self._string((*path, key), key)
        return [((*path, key), item) for key, item in value.items()]

    def _string(self, path: Path, text: str) -> None:
        self.bound += _WIDEST_CHARACTER * len(text) + 2
        if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
            self.flaws.append(Flaw(dotted(self.root, path), LONE_SURROGATE))

    def _number(self, path: Path, value: bool | int | float | None) -> None:
        self.bound += _LONGEST_NUMBER
        if isinstance(value, bool) or value is None:
            return
        why = unsafe_number(value)
        if why is not None:
            self.flaws.append(Flaw(dotted(self.root, path), why))


def unsafe_number(value: int | float) -> str | None:
    """Why a number does not survive being spelled canonically and read back; None when it does."""
    if isinstance(value, float):
        if not math.isfinite(value):
            return NOT_FINITE
        return TOO_LARGE_INTEGER if LARGEST_INTEGER < abs(value) < _SPELLED_OUT else None
    return TOO_LARGE_INTEGER if abs(value) > LARGEST_INTEGER else None

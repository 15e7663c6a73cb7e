"""Which fields of a payload hold an amount, by their names."""

from __future__ import annotations

import re

from approvals.paths import Path

_AMOUNTS = frozenset(
    {"amount", "total", "sum", "price", "cost", "fee", "value", "limit", "quantity", "count", "cent"}
)

#: `totalAmount`, `USDAmount`, `total_amount` and `TOTAL AMOUNT` alike.
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def is_amount(path: Path) -> bool:
    """Whether what stands there is an amount by the name of its field."""
    names = [part for part in path if isinstance(part, str)]
    return bool(names) and any(
        word.lower().removesuffix("s") in _AMOUNTS for word in _WORDS.findall(names[-1])
    )

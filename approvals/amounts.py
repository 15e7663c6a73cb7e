"""Which fields of a payload hold an amount, by their names, and what it is."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from approvals.canonical import Json
from approvals.paths import Path

_AMOUNTS = frozenset(
    {"amount", "total", "sum", "price", "cost", "fee", "value", "limit", "quantity", "count", "cent"}
)

#: `totalAmount`, `USDAmount`, `total_amount` and `TOTAL AMOUNT` alike.
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
#: Five thousand or five, by where it was written.
_THOUSANDS = re.compile(r"\s*[-+]?\d{1,3}(\.\d{3})+\s*")


def is_amount(path: Path) -> bool:
    """Whether what stands there is an amount by the name of its field."""
    names = [part for part in path if isinstance(part, str)]
    return bool(names) and any(
        word.lower().removesuffix("s") in _AMOUNTS for word in _WORDS.findall(names[-1])
    )


def number_at(path: Path, value: Json) -> Decimal | None:
    """A number; also one written as text, if it is an amount: "50.00" must not become "5000.00" unseen.

    Digits under any other name are a number of something else, an order or an account.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str) and (_THOUSANDS.fullmatch(value) or (is_whole(value) and not is_amount(path))):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def is_whole(text: str) -> bool:
    """Digits, with a sign at most."""
    return text.strip().lstrip("+-").isdecimal()

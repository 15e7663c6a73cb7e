"""What a digest says of many requests at once: how many of each action, their sums, how old, how risky."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from approvals.canonical import Json
from approvals.model import Case, Gate, Instant, Risk
from approvals.paths import Path, matches

#: Fields that name what the numbers beside them are counted in.
_UNITS = ("currency", "unit")
#: Numbers that add up to something, also where no unit stands beside them.
_AMOUNTS = frozenset(
    {"amount", "total", "sum", "price", "cost", "fee", "value", "limit", "quantity", "count", "cent"}
)

#: `totalAmount`, `USDAmount`, `total_amount` and `TOTAL AMOUNT` alike.
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@dataclass(frozen=True, slots=True)
class Sum:
    """What one field of one action adds up to, in one unit."""

    field: str
    total: Decimal
    unit: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """All requests for one action."""

    action: str
    count: int
    sums: tuple[Sum, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """What stands on a digest."""

    count: int
    #: the most frequent action first
    lines: tuple[Line, ...]
    oldest: Instant
    risk: Risk


def is_amount(path: Path) -> bool:
    """Whether what stands there is an amount by the name of its field."""
    names = [part for part in path if isinstance(part, str)]
    return bool(names) and any(
        word.lower().removesuffix("s") in _AMOUNTS for word in _WORDS.findall(names[-1])
    )


def takes(case: Case) -> bool:
    """Whether a digest may clear it: nothing risky, nothing typed by hand, nothing that needs several."""
    judgement = case.judgement
    return (
        judgement.gate in (Gate.SOFT, Gate.HARD)
        and judgement.quorum == 1
        and judgement.risk.rank <= Risk.MEDIUM.rank
    )


def summary(cases: Sequence[Case]) -> Summary:
    """Of `cases`, of which there is at least one. What is sensitive is not added up."""
    by_action: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        by_action[case.request.action].append(case)
    ordered = sorted(by_action.items(), key=lambda item: (-len(item[1]), item[0]))
    return Summary(
        count=len(cases),
        lines=tuple(Line(action, len(group), _sums(group)) for action, group in ordered),
        oldest=min(case.request.created_at for case in cases),
        risk=max((case.judgement.risk for case in cases), key=lambda risk: risk.rank),
    )


def _sums(cases: Sequence[Case]) -> tuple[Sum, ...]:
    totals: dict[tuple[str, str | None], Decimal] = defaultdict(Decimal)
    for case in cases:
        hidden = {
            path[0] for wanted in case.judgement.sensitive for path in matches(case.payload, wanted) if path
        }
        for field, number, unit in _amounts(case.payload):
            if field not in hidden:
                totals[field, unit] += number
    return tuple(Sum(field, total, unit) for (field, unit), total in totals.items())


def _amounts(payload: Mapping[str, Json]) -> Iterator[tuple[str, Decimal, str | None]]:
    """The numbers at the top of a payload that mean an amount, each with its unit."""
    named = (payload.get(name) for name in _UNITS)
    unit = next((value.strip() for value in named if isinstance(value, str) and value.strip()), None)
    numbers = {
        field: Decimal(str(value))
        for field, value in payload.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    chosen = {field for field in numbers if is_amount((field,))}
    if unit is not None and not chosen and len(numbers) == 1:
        # The one number beside a currency is what is counted in it, whatever it is called.
        chosen = set(numbers)
    for field, number in numbers.items():
        if field in chosen:
            yield field, number, unit

"""What a digest may hold, and what it says of many requests at once: how many, their sums, age and risk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from approvals.amounts import is_amount
from approvals.canonical import Json
from approvals.model import Case, Gate, Instant, Judgement, Kind, Request, Risk
from approvals.paths import matches

#: Gates under which one click each is all that it takes.
_CLEARED_BY_A_CLICK = frozenset({Gate.SOFT, Gate.HARD, Gate.AUDIT})
#: Fields that name what the numbers beside them are counted in.
_UNITS = ("currency", "unit")


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


def may_clear(gate: Gate, risk: Risk, quorum: int) -> bool:
    """Whether a digest may clear it: nothing risky, nothing typed by hand, nothing that needs several."""
    return gate in _CLEARED_BY_A_CLICK and risk.rank <= Risk.MEDIUM.rank and quorum == 1


def clearable(request: Request, judgement: Judgement, *, flawed: bool) -> bool:
    """The same of one request; a question has no approval, and what breaks its form can only be edited."""
    fits = may_clear(judgement.gate, judgement.risk, judgement.quorum)
    return fits and request.kind is not Kind.QUESTION and not flawed


def clears(case: Case) -> bool:
    """Whether *Approve all* may clear `case` as it stands."""
    return clearable(case.request, case.judgement, flawed=bool(case.flaws))


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

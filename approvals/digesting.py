"""What a digest may hold, and what it says of many requests at once: how many, their sums, age and risk."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Final

from approvals.amounts import is_amount, number_at
from approvals.canonical import Json
from approvals.model import Case, Judgement, Request
from approvals.paths import Path, is_array, matches
from approvals.words import Gate, Instant, Kind, Risk

#: Gates under which one click each is all that it takes.
_CLEARED_BY_A_CLICK = frozenset({Gate.SOFT, Gate.HARD, Gate.AUDIT})
#: Fields that name what the numbers beside them are counted in.
_UNITS = ("currency", "unit")
#: Values of one payload that are looked at for amounts below its top: a thousand stand on one message.
_LOOKED_AT: Final = 200
#: Digits before or after the point with which an amount that is written as text is added up.
_DIGITS: Final = 30
#: What has one is meant as a number.
_DIGIT: Final = re.compile(r"[0-9]")


@dataclass(frozen=True, slots=True)
class Sum:
    """What one field of one action adds up to, in one unit."""

    field: str
    total: Decimal
    unit: str | None
    #: the negative ones among them, added up; 0 where all have one sign
    below: Decimal = Decimal()


@dataclass(frozen=True, slots=True)
class Line:
    """All requests for one action."""

    action: str
    count: int
    sums: tuple[Sum, ...]
    #: how many have no amount, where others of them have
    without: int = 0
    #: how many have one that is left out of the sums, as nobody knows which number it is
    unread: int = 0


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
        lines=tuple(_line(action, group) for action, group in ordered),
        oldest=min(case.request.created_at for case in cases),
        risk=max((case.judgement.risk for case in cases), key=lambda risk: risk.rank),
    )


def _line(action: str, cases: Sequence[Case]) -> Line:
    numbers: dict[tuple[str, str | None], list[Decimal]] = defaultdict(list)
    without = unread = 0
    for case in cases:
        amounts = list(_amounts(case))
        without += not amounts
        unread += any(number is None for _, number, _ in amounts)
        for field, number, unit in amounts:
            if number is not None:
                numbers[field, unit].append(number)
    sums = (Sum(field, sum(each, Decimal()), unit, _below(each)) for (field, unit), each in numbers.items())
    return Line(action, len(cases), tuple(sums), without if numbers else 0, unread)


def _below(numbers: Sequence[Decimal]) -> Decimal:
    """What a total hides."""
    negative = [number for number in numbers if number < 0]
    return sum(negative, Decimal()) if any(number > 0 for number in numbers) else Decimal()


def _amounts(case: Case) -> Iterator[tuple[str, Decimal | None, str | None]]:
    """The numbers that mean an amount, each by its field's name and with its unit; None: it is no number.

    Those at the top of the payload; where none of them has a unit, also the next below that stand beside one.
    """
    hidden = frozenset(path for wanted in case.judgement.sensitive for path in matches(case.payload, wanted))
    counted_at: int | None = None
    for path, part in _objects(case.payload):
        if counted_at is not None and len(path) > counted_at:
            # They may be the parts of what is counted already.
            return
        for field, number, unit in _side_by_side(path, part, hidden):
            if unit is not None:
                counted_at = len(path)
            if unit is not None or not path:
                yield field, number, unit


def _objects(payload: Mapping[str, Json]) -> Iterator[tuple[Path, Mapping[str, Json]]]:
    """The objects in it with where they stand, itself first, then the nearest; not all of a flood."""
    level: list[tuple[Path, Json]] = [((), payload)]
    room = _LOOKED_AT
    while level:
        below: list[tuple[Path, Json]] = []
        for path, value in level:
            if isinstance(value, Mapping):
                yield path, value
                within: Iterator[tuple[str | int, Json]] = iter(value.items())
            else:
                within = enumerate(value) if is_array(value) else iter(())
            for part, each in islice(within, room):
                room -= 1
                if isinstance(each, Mapping) or is_array(each):
                    below.append(((*path, part), each))
        level = below


def _side_by_side(
    path: Path, part: Mapping[str, Json], hidden: frozenset[Path]
) -> Iterator[tuple[str, Decimal | None, str | None]]:
    """The amounts of one object, in the unit that stands there too."""
    shown = {name: value for name, value in part.items() if not _is_within((*path, name), hidden)}
    named = (shown.get(name) for name in _UNITS)
    unit = next((value.strip() for value in named if isinstance(value, str) and value.strip()), None)
    numbers = {
        field: number
        for field, value in shown.items()
        if not isinstance(value, str) or is_amount((field,))
        if (number := number_at((field,), value)) is not None
        if not isinstance(value, str) or abs(number.adjusted()) <= _DIGITS
    }
    chosen = {field for field in numbers if is_amount((field,))}
    if unit is not None and not chosen and len(numbers) == 1:
        # The one number beside a currency is what is counted in it, whatever it is called.
        chosen = set(numbers)
    for field, number in numbers.items():
        if field in chosen:
            yield field, number, unit
    for field, value in shown.items():
        if field not in numbers and isinstance(value, str) and is_amount((field,)) and _DIGIT.search(value):
            yield field, None, unit


def _is_within(path: Path, hidden: frozenset[Path]) -> bool:
    return bool(hidden) and any(path[:count] in hidden for count in range(1, len(path) + 1))

"""Grants: what an approver lets through beyond one request, for a while.

A grant is bound to what was approved: agent, action and rule, the rule's `same` fields being equal, the same
shape, and no number above the approved one. It ends with its time, when it is revoked, or when its giver may
no longer decide.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from approvals import form
from approvals.access import why_not_decide
from approvals.amounts import is_whole, number_at
from approvals.canonical import Json, digest_of
from approvals.model import Case, Judgement, Request
from approvals.paths import Path, follow, is_array, matches, pointer
from approvals.roster import Person, Roster
from approvals.words import AgentName, Gate, GrantId, Instant, Kind, RequestId, Risk

#: "50 EUR", "€50", "1.000,50", "10 %": digits with separators, and at most a unit around them.
_QUANTITY = re.compile(
    r"\s*(?:[A-Z]{3}|[^\w\s.,+-]{1,3})?\s*[-+]?\d[\d.,'\u00a0\u202f ]*(?:[^\W\d_]{1,4}|[^\w\s]{1,3})?\s*"
)


class Shape(StrEnum):
    """What stands at a place of a payload where no number does."""

    TEXT = "text"
    FLAG = "flag"
    NOTHING = "nothing"
    EMPTY_OBJECT = "empty object"
    EMPTY_LIST = "empty list"


#: Before a text that has to be the same.
_AS_IT_IS = f"{Shape.TEXT}: "


@dataclass(frozen=True, slots=True)
class Grant:
    """Like requests go through until then."""

    id: GrantId
    agent: AgentName
    action: str
    rule: str
    by: Person
    #: the request it was given on
    request: RequestId
    #: nothing riskier goes through
    risk: Risk
    given_at: Instant
    until: Instant
    #: dotted path → the values there, which have to be the same
    same: Mapping[str, Json] = field(default_factory=dict)
    #: JSON pointer → the largest number that goes through there, as decimal text
    limits: Mapping[str, str] = field(default_factory=dict)
    #: JSON pointer → what stands at every other place; together with `limits` the whole shape
    shapes: Mapping[str, str] = field(default_factory=dict)
    revoked_at: Instant | None = None
    #: how many requests it let through, and when the last
    uses: int = 0
    used_at: Instant | None = None

    @property
    def ends_at(self) -> Instant:
        """When it ended or will end by itself."""
        return min(self.until, self.revoked_at) if self.revoked_at is not None else self.until

    def live(self, now: Instant) -> bool:
        """Whether it is neither over nor revoked at `now`."""
        return self.revoked_at is None and now < self.until

    def free(self, payload: Mapping[str, Json]) -> tuple[str, ...]:
        """JSON pointers of what may differ from `payload`, the approved one: no number, quantity, `same`."""
        return self._beyond_same(payload, lambda shape: not shape.startswith(_AS_IT_IS))

    def fixed(self, payload: Mapping[str, Json]) -> tuple[str, ...]:
        """JSON pointers of quantities in words, "50 EUR", that have to be the same, beyond `same`."""
        return self._beyond_same(payload, lambda shape: shape.startswith(_AS_IT_IS))

    def _beyond_same(self, payload: Mapping[str, Json], wanted: Callable[[str], bool]) -> tuple[str, ...]:
        held = tuple(f"{pointer(place)}/" for path in self.same for place in matches(payload, path))
        found = (place for place, shape in self.shapes.items() if wanted(shape))
        return tuple(place for place in found if not f"{place}/".startswith(held))

    def used(self, now: Instant) -> Grant:
        """Once more."""
        return replace(self, uses=self.uses + 1, used_at=now)


def grantable(case: Case) -> bool:
    """Whether an approver of `case` may let like ones through: what the card's menu shows."""
    return case.judgement.grants is not None and _of_a_kind(case.request, case.judgement) and not case.flaws


def _of_a_kind(request: Request, judgement: Judgement) -> bool:
    """Whether grants are given on, and let through, what is held like this."""
    return (
        request.kind is Kind.APPROVAL
        and judgement.gate in (Gate.SOFT, Gate.HARD)
        and judgement.quorum == 1
        and not judgement.irreversible
    )


def given(case: Case, id_: GrantId, by: Person, now: Instant, lasts: timedelta) -> Grant | None:
    """The grant that `by` would give with an approval; None where none can be given, or not for so long."""
    terms = case.judgement.grants
    if terms is None or not grantable(case) or not timedelta() < lasts <= terms.longest:
        return None
    limits, shapes = _measured(case.payload)
    return Grant(
        id=id_,
        agent=case.request.agent,
        action=case.request.action,
        rule=case.judgement.rule,
        by=by,
        request=case.id,
        risk=case.judgement.risk,
        given_at=now,
        until=now + lasts,
        same={path: _at(case.payload, path) for path in terms.same},
        limits={place: str(number) for place, number in limits.items()},
        shapes=shapes,
    )


def covers(grant: Grant, request: Request, judgement: Judgement, now: Instant) -> bool:
    """Whether `request`, judged so, is let through by `grant`; whether its giver may decide is apart."""
    terms = judgement.grants
    return (
        terms is not None
        and grant.live(now)
        and now < grant.given_at + terms.longest
        and _of_a_kind(request, judgement)
        and (grant.agent, grant.action, grant.rule) == (request.agent, request.action, judgement.rule)
        and judgement.risk.rank <= grant.risk.rank
        and set(terms.same) <= grant.same.keys()
        and all(
            digest_of(_at(request.payload, path)) == digest_of(value) for path, value in grant.same.items()
        )
        and _within(grant, request.payload)
        and (judgement.form is None or not form.flaws(judgement.form, request.payload))
    )


def may_give(grant: Grant, case: Case, roster: Roster) -> bool:
    """Whether its giver may decide `case` today: else the grant does not hold for it."""
    return why_not_decide(case, grant.by.id, roster) is None


def _within(grant: Grant, payload: Mapping[str, Json]) -> bool:
    limits, shapes = _measured(payload)
    return (
        shapes == dict(grant.shapes)
        and limits.keys() == grant.limits.keys()
        and all(_at_most(number, Decimal(grant.limits[place])) for place, number in limits.items())
    )


def _at_most(number: Decimal, limit: Decimal) -> bool:
    """Not above; nor below zero where the approved one was not: -9000 may well be the larger amount."""
    return min(Decimal(0), limit) <= number <= limit


def _measured(payload: Mapping[str, Json]) -> tuple[dict[str, Decimal], dict[str, str]]:
    """Each number by its place, and what stands everywhere else."""
    limits: dict[str, Decimal] = {}
    shapes: dict[str, str] = {}
    for path, value in _leaves(payload, ()):
        number = number_at(path, value)
        if number is not None:
            limits[pointer(path)] = number
        elif isinstance(value, str) and not is_whole(value) and _QUANTITY.fullmatch(value):
            # What reads as an amount and cannot be compared as one: it has to be the same.
            shapes[pointer(path)] = f"{_AS_IT_IS}{value}"
        else:
            shapes[pointer(path)] = _shape(value)
    return limits, shapes


def _leaves(value: Json, path: Path) -> Iterator[tuple[Path, Json]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, (*path, key))
    elif is_array(value) and value:
        for place, item in enumerate(value):
            yield from _leaves(item, (*path, place))
    else:
        yield path, value


def _shape(value: Json) -> Shape:
    if value is None:
        return Shape.NOTHING
    if isinstance(value, bool):
        return Shape.FLAG
    if isinstance(value, Mapping):
        return Shape.EMPTY_OBJECT
    return Shape.EMPTY_LIST if is_array(value) else Shape.TEXT


def _at(payload: Mapping[str, Json], path: str) -> Json:
    """What stands at a dotted path: everything that it means, in order; nothing is an empty list."""
    return [follow(payload, place) for place in matches(payload, path)]

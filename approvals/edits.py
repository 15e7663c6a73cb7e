"""What people changed or refused, and why, as data to tune and to test agents with.

What a rule calls sensitive is left out on both sides, and so are changes to it; where somebody's words repeat
it, it is left out of these too. What was deleted after its time is said to be gone: of a rule with sensitive
fields nobody can tell then what in somebody's words repeats them, so these are left out whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

from approvals.canonical import Json
from approvals.changes import changes_json
from approvals.model import Case
from approvals.paths import Path, follow, is_array, matches, thawed
from approvals.roster import Person
from approvals.words import Via

#: Stands in words for what is sensitive.
LEFT_OUT: Final = "[left out]"
#: A shorter value stands in many words by chance.
_TELLING: Final = 4


def edit_of(case: Case) -> dict[str, Json] | None:
    """One line of the export; None where no person changed or refused anything."""
    decision = case.decision
    if decision is None or decision.via is not Via.HUMAN:
        return None
    proposed = _without(case.request.payload, case.judgement.sensitive)
    effective = _without(case.payload, case.judgement.sensitive)
    gone = case.gone_at is not None
    unmaskable = gone and bool(case.judgement.sensitive)
    secrets = tuple(_secrets(case))

    def told(words: str | None) -> str | None:
        return LEFT_OUT if words and unmaskable else _masked(words, secrets)

    return {
        "id": case.id,
        "at": decision.decided_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "kind": str(case.request.kind),
        "rule": case.judgement.rule,
        "gate": str(case.judgement.gate),
        "agent": case.request.agent,
        "action": case.request.action,
        "verdict": str(decision.verdict),
        "proposed": None if gone else proposed,
        "effective": None if gone else effective,
        "changes": None if gone else cast("list[Json]", changes_json(proposed, effective)),
        "reason": told(decision.reason),
        "reasons": [
            {"by": _person(vote.by), "choice": str(vote.choice), "reason": told(vote.reason)}
            for vote in case.votes
            if vote.reason
        ],
        "by": [_person(person) for person in decision.by],
        "gone": gone,
        "reasons_left_out": unmaskable,
    }


def _without(payload: Mapping[str, Json], sensitive: tuple[str, ...]) -> dict[str, Json]:
    """A copy with nothing at any sensitive place."""
    copy = cast("dict[str, Json]", thawed(payload))
    places = {place for wanted in sensitive for place in matches(payload, wanted)}
    # The last entry of an array first, and what is inside before what is around it.
    for place in sorted(places, key=_order, reverse=True):
        if not place:
            return {}
        around: Any = follow(copy, place[:-1])
        del around[place[-1]]
    return copy


def _order(place: Path) -> tuple[tuple[bool, int, str], ...]:
    return tuple((isinstance(part, str), part if isinstance(part, int) else 0, str(part)) for part in place)


def _secrets(case: Case) -> Iterator[str]:
    for payload in (case.request.payload, case.payload):
        for wanted in case.judgement.sensitive:
            for place in matches(payload, wanted):
                yield from _words(follow(payload, place))


def _words(value: Json) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _words(item)
    elif is_array(value):
        for item in value:
            yield from _words(item)
    elif value is not None and not isinstance(value, bool) and len(str(value)) >= _TELLING:
        yield str(value)


def _masked(words: str | None, secrets: tuple[str, ...]) -> str | None:
    if words is None:
        return None
    # The longest first: one may be a part of another.
    for secret in sorted(secrets, key=len, reverse=True):
        words = words.replace(secret, LEFT_OUT)
    return words


def _person(person: Person) -> dict[str, Json]:
    return {"id": person.id, "name": person.name}

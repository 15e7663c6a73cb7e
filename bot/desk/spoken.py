"""Notes for a card's thread, as they lie in the outbox until they are said."""

from __future__ import annotations

from typing import Any

from approvals.effects import (
    CameOfIt,
    Escalated,
    HandedTo,
    Note,
    Recounted,
    Reminded,
    Restarted,
    Skipped,
    Voided,
)
from approvals.model import Comment
from approvals.roster import Person
from approvals.words import GroupName, OutcomeStatus, UserId


def written(note: Note) -> dict[str, Any]:  # noqa: PLR0911  # one return for each note
    """JSON of it."""
    match note:
        case Reminded(asked=asked):
            return {"note": "reminded", "asked": None if asked is None else list(asked)}
        case Escalated(to=to, early=early, by=by, there=there):
            who = None if by is None else _person(by)
            return {"note": "escalated", "to": to, "early": early, "by": who, "there": there}
        case HandedTo(by=by, to=taker, reason=reason):
            return {"note": "handed", "by": _person(by), "to": _person(taker), "reason": reason}
        case Voided(by=by, people=people):
            return {"note": "voided", "by": _person(by), "people": [_person(each) for each in people]}
        case Recounted(lapsed=lapsed, back=back):
            no_more, again = [_person(each) for each in lapsed], [_person(each) for each in back]
            return {"note": "recounted", "lapsed": no_more, "back": again}
        case Skipped(people=people):
            return {"note": "skipped", "people": [_person(each) for each in people]}
        case Restarted():
            return {"note": "restarted"}
        case CameOfIt(status=status, detail=detail, url=url):
            return {"note": "came_of_it", "status": str(status), "detail": detail, "url": url}


def comment(said: Comment) -> dict[str, Any]:
    """JSON of what the agent says, or of what somebody asks it."""
    if isinstance(said.by, Person):
        return {"note": "asked", "by": said.by.name, "text": said.text}
    return {"note": "comment", "by": str(said.by), "text": said.text}


def read(body: Any) -> Note | None:  # noqa: PLR0911  # one return for each note
    """What `written` wrote; None for anything else."""
    match body:
        case {"note": "reminded"}:
            asked = body.get("asked")
            return Reminded(None if asked is None else tuple(map(GroupName, asked)))
        case {"note": "escalated", "to": str(to), "early": bool(early)}:
            # Those put out before somebody could hand over name nobody.
            by = body.get("by")
            who = None if by is None else _read_person(by)
            return Escalated(GroupName(to), early, who, body.get("there", True))
        case {"note": "handed", "by": dict(by), "to": dict(to), "reason": reason}:
            return HandedTo(_read_person(by), _read_person(to), reason)
        case {"note": "voided", "by": dict(by), "people": list(people)}:
            return Voided(_read_person(by), tuple(map(_read_person, people)))
        case {"note": "recounted", "lapsed": list(lapsed), "back": list(back)}:
            return Recounted(tuple(map(_read_person, lapsed)), tuple(map(_read_person, back)))
        case {"note": "skipped", "people": list(people)}:
            return Skipped(tuple(map(_read_person, people)))
        case {"note": "restarted"}:
            return Restarted()
        case {"note": "came_of_it", "status": str(status), "detail": detail, "url": url}:
            return CameOfIt(OutcomeStatus(status), detail, url)
        case _:
            return None


def _person(person: Person) -> dict[str, str]:
    return {"id": person.id, "name": person.name}


def _read_person(told: Any) -> Person:
    return Person(UserId(str(told["id"])), str(told["name"]))

"""What a grant lets through, in words: what has to be the same, what is bounded, and what may differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Final

from approvals.canonical import Json
from approvals.grants import Grant
from approvals.model import Case
from approvals.paths import Path, is_array, matches
from blocks.arguments import MASK, Hidden, hidden_in, label_of, masked, value_text
from blocks.pages import Line
from blocks.text import listed, short

_ROOT: Final = "payload."
_UNITS: Final = ((604_800, "week"), (86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def the_same(grant: Grant, case: Case) -> Iterator[Line]:
    """What has to be as it is here, by its name; `case` is the one it was given on."""
    hidden = hidden_in(case.judgement.sensitive, case.payload)
    payload = masked(case.payload, hidden)
    for name in grant.same:
        found = [_follow(payload, place) for place in matches(case.payload, name)]
        shown = value_text(found[0]) if len(found) == 1 else value_text(found)
        yield Line(_name(name), shown if found else "not there")
    for place in grant.fixed(case.payload):
        path = _path(case.payload, place)
        yield Line(label_of(path), MASK if _is_hidden(hidden, path) else value_text(_follow(payload, path)))


def at_most(grant: Grant, case: Case) -> Iterator[Line]:
    """Each number's limit, by its name. What has to be the same is not said twice."""
    hidden = hidden_in(case.judgement.sensitive, case.payload)
    same = {place for path in grant.same for place in matches(case.payload, path)}
    for place, number in grant.limits.items():
        path = _path(case.payload, place)
        if not any(path[: len(each)] == each for each in same):
            yield Line(label_of(path), MASK if _is_hidden(hidden, path) else number)


def may_differ(grant: Grant, case: Case) -> Iterator[str]:
    """The names of what may be anything else."""
    for place in grant.free(case.payload):
        yield label_of(_path(case.payload, place))


def in_a_sentence(grant: Grant, case: Case) -> str:
    """`issue_refund by billing-agent, customer C-17, amount up to 50`, on one line; not escaped."""
    same = _some(the_same(grant, case), "")
    most = _some(at_most(grant, case), "up to ")
    return ", ".join([f"{short(grant.action, 100)} by {short(grant.agent, 60)}", *same, *most])


def span(lasts: timedelta) -> str:
    """`30 minutes`, `1 hour 30 minutes`: not rounded."""
    left = int(lasts.total_seconds())
    parts = []
    for seconds, name in _UNITS:
        many, left = divmod(left, seconds)
        if many:
            parts.append(f"{many} {name}{'' if many == 1 else 's'}")
    return listed(parts) or "no time"


def _some(lines: Iterator[Line], before: str, most: int = 5) -> list[str]:
    """The first few in words: of a hundred thousand limits only what is said is spelled."""
    first = list(islice(lines, most))
    told = [f"{short(line.label, 60)} {before}{short(line.shown, 60)}" for line in first]
    return told if next(lines, None) is None else [*told, "and more"]


def _name(path: str) -> str:
    return label_of(tuple(path.removeprefix(_ROOT).split(".")))


def _path(payload: Json, place: str) -> Path:
    """The JSON pointer `place` as keys and indexes of `payload`."""
    path: Path = ()
    value = payload
    for token in place.split("/")[1:]:
        part: str | int = token.replace("~1", "/").replace("~0", "~")
        if is_array(value) and isinstance(part, str) and part.isdecimal() and int(part) < len(value):
            part = int(part)
        path = (*path, part)
        value = _step(value, part)
    return path


def _step(value: Json, part: str | int) -> Json:
    if isinstance(part, int):
        return value[part] if is_array(value) else None
    return value.get(part) if isinstance(value, Mapping) else None


def _follow(masked_payload: Json, path: Path) -> Json:
    """What stands there; where a mask stands around it, the mask."""
    value = masked_payload
    for part in path:
        if value == MASK:
            return MASK
        value = _step(value, part)
    return value


def _is_hidden(hidden: Hidden, path: Path) -> bool:
    at = hidden
    for part in path:
        if at is None or at == {}:
            break
        at = at.get(part)
    return at == {}

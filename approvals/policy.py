"""The policy, `hitl.yml`: who may decide, how risky what is, and which rule holds which request.

Text in, values out: `load` checks everything that can be checked without asking Slack, and says all that
is wrong at once. `approvals.judging.judge` applies it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import date, time, timedelta

from approvals.conditions import ConditionError
from approvals.conditions import compiled as compiled_condition
from approvals.globs import Globs
from approvals.model import Grants
from approvals.policy_model import (
    DEFAULT,
    Digest,
    Group,
    Keep,
    Policy,
    Raise,
    Review,
    RiskRules,
    Rotation,
    Rule,
    Storm,
    UserGroup,
    Users,
)
from approvals.policy_place import Place, each
from approvals.policy_problems import PolicyError, Problem
from approvals.policy_rules import default_of, rules_of
from approvals.policy_schema import json_schema
from approvals.policy_warnings import warnings_of
from approvals.policy_yaml import BadYaml, read
from approvals.words import DigestName, GroupName, Risk, UserId

__all__ = [
    "DEFAULT",
    "Digest",
    "Grants",
    "Group",
    "Keep",
    "Policy",
    "PolicyError",
    "Problem",
    "Raise",
    "Review",
    "RiskRules",
    "Rotation",
    "Rule",
    "Storm",
    "UserGroup",
    "Users",
    "json_schema",
    "load",
    "version_of",
]

#: The contract's: where a rotation that names no `start` begins to count.
DEFAULT_START = date(2026, 1, 5)

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
#: By its whole name or its first three letters, to its number.
_WEEKDAY = {name: day for day, whole in enumerate(_WEEKDAYS) for name in (whole, whole[:3])}
_HANDOFF = re.compile(r"(?:([A-Za-z]{3,9})\s+)?([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


def version_of(text: str) -> str:
    """What a judgement names its policy by: `sha256:…` of the text."""
    return f"sha256:{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"


def load(text: str, filename: str = "hitl.yml") -> Policy:
    """The policy that `text` says. Raises `PolicyError` with everything that is wrong."""
    problems: list[Problem] = []
    try:
        root = read(text, filename, problems)
    except BadYaml as error:
        raise PolicyError([*problems, *error.problems]) from error
    policy = _policy_of(Place(root, filename, problems), version_of(text))
    if problems or policy is None:
        raise PolicyError(problems)
    return policy


def _policy_of(root: Place, version: str) -> Policy | None:
    """None when so much is wrong that nothing can be built; the problems are noted either way."""
    top = root.fields(
        "channel", "operators", "groups", "risk", "irreversible", "rules", "default",
        "digests", "review", "storm", "keep",
        needs=("channel", "groups", "default"),
    )  # fmt: skip
    groups = _groups(top.get("groups"))
    digests = _digests(top.get("digests"))
    rules = rules_of(top["rules"], groups, digests) if "rules" in top else ()
    default = default_of(top["default"], groups, digests) if "default" in top else None
    channel = top["channel"].slack("channel") if "channel" in top else None
    settings = {
        "operators": _users(top["operators"]) if "operators" in top else (),
        "risk": _risk(top["risk"]) if "risk" in top else RiskRules(),
        "irreversible": _globs(top["irreversible"]) if "irreversible" in top else Globs(),
        "review": _review(top["review"]) if "review" in top else None,
        "storm": _storm(top["storm"]) if "storm" in top else None,
        "keep": _keep(top["keep"]) if "keep" in top else Keep(),
    }
    if channel is None or default is None or root.problems:
        return None
    return Policy(
        version=version,
        channel=channel,
        groups=groups,
        default=default,
        rules=rules,
        digests=digests,
        warnings=_in_order(*warnings_of(rules, default, root.file)),
        **settings,  # type: ignore[arg-type]  # each is read by the line that names it
    )


def _in_order(*warnings: Problem) -> tuple[Problem, ...]:
    return tuple(sorted(warnings, key=lambda warning: warning.line))


def _users(place: Place) -> tuple[UserId, ...]:
    users = each(place.items(), lambda item: item.slack("user"))
    if place.node.of == ():
        place.wrong("must name somebody")
    return tuple(dict.fromkeys(map(UserId, users)))


def _globs(place: Place) -> Globs:
    return Globs(each(place.items(), lambda item: item.text(200)))


def _groups(place: Place | None) -> Mapping[GroupName, Group]:
    entries = place.entries() if place is not None else None
    groups = {}
    for name, entry in (entries or {}).items():
        group = _group(entry)
        groups[GroupName(name)] = group or Users(())
    if place is not None and entries == {}:
        place.wrong("must define at least one group")
    return groups


def _group(place: Place) -> Group | None:
    fields = place.fields("users", "usergroup", "rotation")
    if len(fields) != 1:
        place.wrong("must have exactly one of `users`, `usergroup` and `rotation`")
        return None
    if "users" in fields:
        return Users(_users(fields["users"]))
    if "usergroup" in fields:
        group = fields["usergroup"].slack("usergroup")
        return UserGroup(group) if group is not None else None
    return _rotation(fields["rotation"])


def _rotation(place: Place) -> Rotation:
    fields = place.fields(
        "users", "every", "handoff", "timezone", "start", needs=("users", "every", "handoff", "timezone")
    )
    weekday, at = _handoff(fields["handoff"]) if "handoff" in fields else (None, time())
    every = fields["every"].duration() if "every" in fields else None
    if every is not None and every % timedelta(hours=1):
        fields["every"].wrong("must be whole hours, days or weeks")
    if every is not None and weekday is not None and every % timedelta(weeks=1):
        fields["handoff"].wrong("names a weekday, so `every` must be whole weeks")
    return Rotation(
        users=_users(fields["users"]) if "users" in fields else (),
        every=every or timedelta(weeks=1),
        weekday=weekday,
        at=at,
        timezone=(fields["timezone"].zone() if "timezone" in fields else None) or "UTC",
        start=(fields["start"].day() if "start" in fields else None) or DEFAULT_START,
    )


def _handoff(place: Place) -> tuple[int | None, time]:
    match = _HANDOFF.fullmatch(str(place.node.of))
    if match is None or (match[1] is not None and match[1].lower() not in _WEEKDAY):
        place.wrong('must be a weekday and a time, like "Mon 09:00", or a time alone')
        return None, time()
    weekday = _WEEKDAY[match[1].lower()] if match[1] else None
    return weekday, time(int(match[2]), int(match[3]))


def _risk(place: Place) -> RiskRules:
    fields = place.fields("levels", "unknown", "raise")
    unknown = fields["unknown"].word(Risk) if "unknown" in fields else None
    levels = fields["levels"].fields(*Risk) if "levels" in fields else {}
    globs = {Risk(name): _globs(entry) for name, entry in levels.items()}
    raises = fields["raise"].items() if "raise" in fields else ()
    return RiskRules(
        levels=tuple((risk, globs[risk]) for risk in reversed(Risk) if risk in globs),
        unknown=unknown or Risk.HIGH,
        raises=each(raises, _raise),
    )


def _raise(place: Place) -> Raise | None:
    fields = place.fields("when", "to", "by", needs=("when",))
    if ("to" in fields) == ("by" in fields):
        place.wrong("must have either `to`, a level, or `by`, a number of levels")
    to = fields["to"].word(Risk) if "to" in fields else None
    by = fields["by"].whole(1, 3) if "by" in fields else None
    text = fields["when"].text() if "when" in fields else None
    if text is None:
        return None
    try:
        return Raise(compiled_condition(text), to, by or 0)
    except ConditionError as error:
        fields["when"].wrong(str(error))
        return None


def _digests(place: Place | None) -> Mapping[DigestName, Digest]:
    entries = (place.entries() if place is not None else None) or {}
    digests = {}
    for name, entry in entries.items():
        fields = entry.fields("cron", "timezone", needs=("cron", "timezone"))
        cron = fields["cron"].cron() if "cron" in fields else None
        zone = fields["timezone"].zone() if "timezone" in fields else None
        digests[DigestName(name)] = Digest(cron or "", zone or "")
    return digests


def _review(place: Place) -> Review | None:
    fields = place.fields("cron", "channel", "timezone", needs=("cron", "channel", "timezone"))
    if len(fields) < 3:
        return None
    cron, zone = fields["cron"].cron(), fields["timezone"].zone()
    return Review(cron or "", fields["channel"].slack("channel") or "", zone or "")


def _storm(place: Place) -> Storm | None:
    fields = place.fields("cards", "in", needs=("cards", "in"))
    if len(fields) < 2:
        return None
    cards, within = fields["cards"].whole(1, 1_000_000), fields["in"].duration()
    return Storm(cards or 1, within or timedelta(minutes=1))


def _keep(place: Place) -> Keep:
    fields = place.fields("payloads")
    return Keep(fields["payloads"].duration() if "payloads" in fields else None)

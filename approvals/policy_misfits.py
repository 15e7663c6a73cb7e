"""Fields of a rule that are right each by itself and do not go together: which one is wrong, and why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from approvals.paths import overlap
from approvals.policy_model import Group, Rotation, Rule, UserGroup, Users
from approvals.words import Gate, GroupName

#: Under these somebody approves, or would where they give way to `hard`.
_APPROVED_BY_PEOPLE = frozenset({Gate.AUTO, Gate.SOFT, Gate.HARD})


def misfits_of(rule: Rule, groups: Mapping[GroupName, Group]) -> Iterator[tuple[str, str]]:
    """Each as the field's name and the end of a sentence about it."""
    yield from _of_quorum(rule, groups)
    yield from _of_grants(rule)
    if rule.confirm is not None and rule.gate is not Gate.MANUAL:
        yield "confirm", "is for gate manual only"
    if rule.sample is not None and rule.gate is not Gate.AUDIT:
        yield "sample", "is for gate audit only"
    shown = [("confirm", rule.confirm)] if rule.confirm is not None else []
    shown += [("title", path) for path in sorted(rule.title.paths)] if rule.title is not None else []
    for field, path in shown:
        hidden = [sensitive for sensitive in rule.sensitive if overlap(sensitive, path)]
        if hidden:
            yield field, f"shows {hidden[0]}, which is sensitive"


def _of_quorum(rule: Rule, groups: Mapping[GroupName, Group]) -> Iterator[tuple[str, str]]:
    if rule.quorum == 1:
        return
    if rule.gate is Gate.SOFT:
        yield "quorum", "soft goes ahead by itself, so it cannot need several people"
    if rule.gate is Gate.AUTO and not rule.ask:
        yield "quorum", "needs `ask`: where auto gives way to hard, these are asked"
    most = _most(rule, groups)
    if rule.ask and most is not None and rule.quorum > most:
        yield "quorum", f"needs {rule.quorum} people, and those asked are only {most}"


def _most(rule: Rule, groups: Mapping[GroupName, Group]) -> int | None:
    """How many may decide in the end: whoever an escalation adds may as well. None: only Slack knows."""
    later = [step.to for step in rule.steps if step.to is not None]
    deciding = [groups[name] for name in dict.fromkeys((*rule.ask, *later))]
    if any(isinstance(group, UserGroup) for group in deciding):
        return None
    people = {user for group in deciding if isinstance(group, Users | Rotation) for user in group.users}
    at_once = {user for group in deciding if isinstance(group, Users) for user in group.users}
    # Of a rotation one person is on call at a time.
    return min(len(people), len(at_once) + sum(isinstance(group, Rotation) for group in deciding))


def _of_grants(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.grants is None:
        return
    if rule.quorum > 1:
        yield "grants", "one person cannot allow for a while what needs several"
    if rule.gate is Gate.MANUAL:
        yield "grants", "what is typed by hand each time cannot be allowed for a while"
    elif rule.gate not in _APPROVED_BY_PEOPLE:
        yield "grants", f"is for what people approve: under gate {rule.gate} there is nothing to allow"

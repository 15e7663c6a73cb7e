"""Grants as people see and end them: whose they are, whether they hold, and who may revoke one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from approvals.events import Revoked
from approvals.grants import Grant, may_give
from approvals.machine import revoker
from approvals.model import Case
from approvals.policy_model import DEFAULT, Policy
from approvals.roster import Person, Roster
from approvals.words import GrantId, GroupName, UserId
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on
from bot.runtime import Runtime
from store import cases, grants
from store.engine import Store
from store.grants import Kept
from store.unit_of_work import Unit

#: The command line knows nobody; nothing that a revocation leads to depends on who is who.
_NOBODY = Roster({})
#: Crockford's: o is zero, i and l are one.
_MIXED_UP = str.maketrans("oil", "011")
#: Of an id's beginning, with its `g_`.
_LEAST: Final = 5
#: More fit into no answer.
_MOST = 100


@dataclass(frozen=True, slots=True)
class Listed:
    """A live grant, and the request it was given on."""

    grant: Grant
    case: Case
    #: whether its giver may still decide; else it lets nothing through
    holds: bool


class Ending(StrEnum):
    """What came of revoking one."""

    REVOKED = "revoked"
    UNKNOWN = "unknown"
    #: its time was over, or somebody had revoked it
    OVER = "over"
    #: what was typed is the beginning of several
    SEVERAL = "several"
    NOT_YOURS = "not_yours"


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of revoking one, and the grant if there is one."""

    ending: Ending
    kept: Kept | None = None
    case: Case | None = None
    #: the live ones that may have been meant, where it was none in particular
    among: tuple[Grant, ...] = ()


def meant(typed: str) -> GrantId:
    """The id that somebody typed, in whatever case, whatever letters it may be mistaken for."""
    name = typed.strip().strip("`*_").lower().removeprefix("g_")
    return GrantId("g_" + name.translate(_MIXED_UP))


async def listed(desk: Desk, by: UserId) -> tuple[Listed, ...]:
    """The live grants that `by` gave, the newest first; an operator sees everybody's."""
    now, roster = desk.runtime.now(), desk.directory.roster()
    giver = None if by in desk.policies.current.operators else by

    def listing(unit: Unit) -> tuple[Listed, ...]:
        found = []
        for grant in grants.every(unit, now, giver=giver, most=_MOST):
            case = cases.load(unit, grant.request)
            if case is not None:
                found.append(Listed(grant, case, may_give(grant, case, roster)))
        return tuple(found)

    return await desk.store.read(listing)


async def revoke(desk: Desk, id_: GrantId, by: Person) -> Ended:
    """End a grant: its giver may, operators, and whoever may decide its rule's requests today.

    The beginning of its id is enough, where that fits one alone of those that they may end.
    """
    policy, roster = desk.policies.current, desk.directory.roster()

    def may(grant: Grant) -> bool:
        return _may_revoke(grant, by.id, policy, roster)

    def revoking(unit: Unit) -> Ended:
        kept = grants.get(unit, id_)
        if kept is None:
            begun = [grant for grant in _beginning(unit, id_, desk.runtime) if may(grant)]
            if len(begun) > 1:
                return Ended(Ending.SEVERAL)
            kept = Kept(begun[0]) if begun else None
        if kept is not None and not may(kept.grant):
            return Ended(Ending.NOT_YOURS, kept)
        return _end(unit, kept, by, desk.runtime, roster)

    return await desk.store.write(revoking)


async def revoke_by_operator(store: Store, runtime: Runtime, id_: GrantId) -> Ended:
    """The same at the command line, where everything may be ended; signed `operator`."""

    def revoking(unit: Unit) -> Ended:
        kept = grants.get(unit, id_)
        if kept is None:
            begun = _beginning(unit, id_, runtime)
            if len(begun) > 1:
                return Ended(Ending.SEVERAL, among=tuple(begun))
            if not begun:
                return Ended(Ending.UNKNOWN, among=grants.every(unit, runtime.now()))
            kept = Kept(begun[0])
        return _end(unit, kept, None, runtime, _NOBODY)

    return await store.write(revoking)


async def end_unfounded(desk: Desk) -> int:
    """End the grants whose givers may no longer decide what they gave them on; how many those were."""
    roster = desk.directory.roster()

    def looking(unit: Unit) -> tuple[GrantId, ...]:
        live = grants.every(unit, desk.runtime.now())
        return tuple(grant.id for grant in live if _unfounded(grant, cases.load(unit, grant.request), roster))

    ended = 0
    for id_ in await desk.store.read(looking):
        came = await desk.store.write(partial(_lose, id_=id_, desk=desk, roster=roster))
        ended += came.ending is Ending.REVOKED
    return ended


def _beginning(unit: Unit, id_: GrantId, runtime: Runtime) -> list[Grant]:
    """The live ones whose ids begin so; too few letters are none in particular."""
    if len(id_) < _LEAST:
        return []
    return [grant for grant in grants.every(unit, runtime.now()) if grant.id.startswith(id_)]


def _lose(unit: Unit, id_: GrantId, desk: Desk, roster: Roster) -> Ended:
    return _end(unit, grants.get(unit, id_), None, desk.runtime, roster, lost=True)


def _unfounded(grant: Grant, case: Case | None, roster: Roster) -> bool:
    """While nobody knows who is in a group, its members' grants let nothing through, and wait."""
    if case is None or any(name in roster.as_of and roster.as_of[name] is None for name in case.asked):
        return False
    return all(grant.by.id != profile.id for profile in roster.asked(case.asked))


def _end(  # how it ended, by name
    unit: Unit, kept: Kept | None, by: Person | None, runtime: Runtime, roster: Roster, *, lost: bool = False
) -> Ended:
    if kept is None:
        return Ended(Ending.UNKNOWN)
    now, grant = runtime.now(), kept.grant
    event = Revoked(grant.id, by, lost)
    if not grants.revoke(unit, grant.id, revoker(event), now):
        return Ended(Ending.OVER, kept)
    case = cases.load(unit, grant.request)
    if case is not None:
        case = rule_on(unit, case, event, now, roster).case
    return Ended(Ending.REVOKED, kept, case)


def _may_revoke(grant: Grant, by: UserId, policy: Policy, roster: Roster) -> bool:
    """Ending one only ever asks people more often, so whoever is asked may do it."""
    if by == grant.by.id or by in policy.operators:
        return True
    return any(profile.id == by for profile in roster.asked(_asked(policy, grant.rule)))


def _asked(policy: Policy, rule: str) -> tuple[GroupName, ...]:
    """Whom the rule asks today; nobody, where it is gone."""
    if rule == DEFAULT:
        return policy.default.ask
    return next((each.ask or policy.default.ask for each in policy.rules if each.name == rule), ())

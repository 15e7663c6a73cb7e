"""What one person's home tab says, collected anew each time it is drawn.

view = await collected(desk, user, await overview.pending())
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from approvals.audit import Fact, FactKind
from approvals.model import Case
from approvals.pen import signed
from approvals.policy_model import Policy, Rotation, UserGroup
from approvals.roster import Person, Roster
from approvals.words import DigestName, GroupName, Instant, RequestId, UserId
from blocks.commands import GrantLine
from blocks.dead import DeadLine
from blocks.home_view import (
    AgentLine,
    Health,
    HomeView,
    InDigest,
    Overseen,
    Part,
    PolicyLine,
    Throttled,
)
from blocks.queue import Line
from bot.desk import duty, granting, queue
from bot.desk.desk import Desk
from bot.desk.queue import Item, Place
from store import agents, backlog, boards, cases, dead_letters, facts, held, outbox
from store import queue as pages
from store.agents import Agent
from store.dead_letters import DeadLetter
from store.outbox import ParcelKind
from store.unit_of_work import Unit

#: Requests that are read whole: of those to be decided here, and of the lists besides.
_WAITING: Final = 8
_LISTED: Final = 5
_GRANTS: Final = 5
_AGENTS: Final = 6
_DEAD: Final = 3
_WEEK: Final = timedelta(days=7)
#: What somebody decided in a week is counted up to here.
_DECIDED: Final = 500
#: What leaves within it is not late.
_LATE: Final = timedelta(seconds=30)
#: A digest may hold all that is pending.
_ALL: Final = 1_000_000


async def collected(desk: Desk, user: UserId, pending: Sequence[Case]) -> HomeView:
    """All that it says, of what is `pending` now. Raises `Unavailable`."""
    roster, policy, now = desk.directory.roster(), desk.policies.current, desk.runtime.now()
    places = (await queue.among(desk, user, pending)).places
    mine = [place for place in places if place.mine and not place.parked]
    waiting = [place for place in mine if place.digest is None]
    asked = [place for place in places if place.asked]
    shown = {place.id for place in waiting[:_WAITING]}
    known = await _lines(desk, [*waiting[:_WAITING], *_listed(asked, shown)], user, now)
    overseen = await _overseen(desk, places, now) if user in policy.operators else None
    others = known.part([place for place in asked if _is_others(place)])
    names = _rotations(policy, user, [line.case for line in known.of.values()])
    turns = await duty.turns_in(desk, names)
    found = await granting.listed(desk, user)
    grants = [each for each in found if each.grant.by.id == user]
    return HomeView(
        user=user,
        roster=roster,
        # Whose turn began as it was looked up, it is now.
        now=desk.runtime.now(),
        involved=involved(policy, roster, user),
        operators=policy.operators,
        waiting=known.part(waiting, _WAITING),
        digests=await desk.store.read(partial(_in_digests, mine=mine)),
        others=others,
        took=await _took(desk, user, [line.case for line in others.lines], roster),
        overdue=known.part([place for place in asked if place.overdue and place.id not in shown]),
        parked=known.part([place for place in asked if place.parked]),
        turns=turns,
        groups=_other_groups(policy, roster, user),
        grants=[GrantLine(each.grant, each.case, each.holds) for each in grants[:_GRANTS]],
        grant_count=len(grants),
        decided=known.decided,
        overseen=overseen,
    )


class _Lines:
    """Requests that were read whole, and what somebody decided."""

    def __init__(self, items: Sequence[Item], decided: Sequence[RequestId]) -> None:
        self.of = {item.case.id: _line(item) for item in items}
        last = [self.of[id_] for id_ in decided[:_LISTED] if id_ in self.of]
        self.decided = Part(last, len(decided), more=len(decided) >= _DECIDED)

    def part(self, places: Sequence[Place], most: int = _LISTED) -> Part:
        """The first of those, and how many they are."""
        return Part([self.of[place.id] for place in places[:most] if place.id in self.of], len(places))


async def _lines(desk: Desk, places: Sequence[Place], user: UserId, now: Instant) -> _Lines:
    # In a thread of its own: a busy week is thousands of requests to look through.
    decided = await desk.store.read(
        lambda unit: pages.decided_by(unit, user, now - _WEEK, _DECIDED), long=True
    )
    wanted = dict.fromkeys([*(place.id for place in places), *decided[:_LISTED]])
    return _Lines(await queue.items(desk, tuple(wanted)), decided)


def _listed(asked: Sequence[Place], shown: Collection[RequestId]) -> list[Place]:
    """Those of the lists besides that are named."""
    others = [place for place in asked if _is_others(place)]
    overdue = [place for place in asked if place.overdue and place.id not in shown]
    parked = [place for place in asked if place.parked]
    return [*others[:_LISTED], *overdue[:_LISTED], *parked[:_LISTED]]


def _is_others(place: Place) -> bool:
    return not place.mine and not place.parked


def _line(item: Item) -> Line:
    return Line(item.case, item.card.permalink if item.card is not None else None)


async def _took(
    desk: Desk, user: UserId, listed: Sequence[Case], roster: Roster
) -> Mapping[RequestId, Person]:
    """Whom `user` asked last to take each of these: of people the record tells, not the request."""
    handed = [case for case in listed if user in case.excused]
    by = signed(roster.profile(user).person)

    def looking(unit: Unit) -> Mapping[RequestId, Person]:
        last = [(case, _handed_to(facts.chain(unit, case.id), by)) for case in handed]
        people = {case.id: UserId(to) for case, to in last if to and to not in case.asked}
        return {id_: roster.profile(taker).person for id_, taker in people.items()}

    return await desk.store.read(looking) if handed else {}


def _handed_to(chain: Sequence[Fact], by: str) -> str | None:
    """A person, or a group; None where the record does not tell."""
    last = (each for each in reversed(chain) if each.kind is FactKind.HANDED_OVER and each.by == by)
    return next((str(each.body["to"]) for each in last), None)


def involved(policy: Policy, roster: Roster, user: UserId) -> bool:
    """Whether the policy has anything for `user` to do: they are in one of its groups, or an operator."""
    named = any(user in group.users for group in policy.groups.values() if not isinstance(group, UserGroup))
    asked = any(user in members for members in roster.groups.values())
    return roster.profile(user).active and (named or asked or user in policy.operators)


def _rotations(policy: Policy, user: UserId, shown: Sequence[Case]) -> list[GroupName]:
    """Those in which people take turns: `user`'s own, and those that are asked with them."""
    turning = {name: group for name, group in policy.groups.items() if isinstance(group, Rotation)}
    own = [name for name, group in turning.items() if user in group.users]
    asked = [name for case in shown if not case.status.final for name in case.asked if name in turning]
    return list(dict.fromkeys([*own, *asked]))


def _other_groups(policy: Policy, roster: Roster, user: UserId) -> list[GroupName]:
    return [
        name
        for name, members in roster.groups.items()
        if user in members and not isinstance(policy.groups.get(name), Rotation)
    ]


def _in_digests(unit: Unit, mine: Sequence[Place]) -> tuple[InDigest, ...]:
    """What waits for somebody in digests: on each message, and for the next one."""
    found: list[InDigest] = []
    by_digest: dict[DigestName, set[RequestId]] = {}
    for place in mine:
        if place.digest is not None:
            by_digest.setdefault(place.digest, set()).add(place.id)
    for digest, ids in by_digest.items():
        standing = boards.open_of(unit, digest)
        # What is carried over stands on both messages: the newer is not up yet.
        for board in sorted(standing, key=lambda board: board.carried_to is None):
            here = ids & {item.request for item in boards.waiting(unit, board, _ALL)}
            ids.difference_update(here)
            if here:
                found.append(InDigest(digest, len(here), board.ref.permalink if board.ref else None))
        if ids:
            found.append(InDigest(digest, len(ids)))
    return tuple(found)


# What operators see


async def _overseen(desk: Desk, places: Sequence[Place], now: Instant) -> Overseen:
    needs = await desk.program.needs()

    def looking(unit: Unit) -> Overseen:
        registered = [each for each in agents.everybody(unit) if each.revoked_at is None]
        dead, count = _dead(unit)
        waiting = held.counts(unit)
        shown = sorted(registered, key=_interest)[:_AGENTS]
        return Overseen(
            policy=_policy(desk),
            others=sum(not place.asked and not place.parked for place in places),
            agents=[_agent(each, waiting.get(each.name, 0)) for each in shown],
            agent_count=len(registered),
            dead=dead,
            dead_count=count,
            health=_health(unit, needs, now),
        )

    return await desk.store.read(looking)


def _policy(desk: Desk) -> PolicyLine:
    policy, file = desk.policies.current, desk.program.policy_file
    if file is None:
        return PolicyLine(policy.version, len(policy.rules))
    return PolicyLine(policy.version, len(policy.rules), file.loaded_at, file.problem)


def _interest(agent: Agent) -> tuple[bool, float, str]:
    """What is paused first, then what was heard of last."""
    seen = agent.last_seen.timestamp() if agent.last_seen is not None else 0.0
    return agent.paused_at is None, -seen, agent.name


def _agent(agent: Agent, waiting: int) -> AgentLine:
    return AgentLine(agent.name, agent.last_seen, agent.paused_at, agent.paused_by, waiting)


def _dead(unit: Unit) -> tuple[list[DeadLine], int]:
    """The last few, the latest first."""
    count = outbox.given_up(unit)
    page = dead_letters.page(unit, max(count - _DEAD, 0), _DEAD)
    return [dead_line(unit, each) for each in reversed(page.letters)], count


def dead_line(unit: Unit, letter: DeadLetter) -> DeadLine:
    """A dead letter, and the request that it is about."""
    found = cases.with_cards(unit, [letter.request]) if letter.request is not None else []
    case, card = found[0] if found else (None, None)
    return DeadLine(
        id=letter.id,
        kind=str(letter.kind),
        event=_event(letter),
        case=case,
        permalink=card.permalink if card is not None else None,
        since=letter.died_at,
        tries=letter.attempts,
        error=letter.error,
    )


def _event(letter: DeadLetter) -> str | None:
    if letter.kind is not ParcelKind.CALLBACK or not isinstance(letter.body, Mapping):
        return None
    return str(json.loads(str(letter.body["body"]))["type"])


def _health(unit: Unit, needs: Mapping[str, str | None], now: Instant) -> Health:
    left = backlog.backlog(unit, now - _LATE, now)
    throttled = tuple(Throttled(each.channel, each.count, each.until) for each in left.delayed)
    return Health(needs, left.count, left.oldest, throttled)

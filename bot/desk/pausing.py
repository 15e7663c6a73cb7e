"""Pausing an agent: what it asks from now on waits unseen, and nothing of it proceeds, until it goes on."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial

from approvals.events import Resumed
from approvals.roster import Person
from approvals.words import AgentName, Instant, RequestId, UserId
from bot.desk import gathering
from bot.desk.desk import Desk
from bot.desk.ruling import rule_on
from bot.desk.submit import granted
from bot.http.auth import TRUSTED_SECONDS
from store import agents, cases, held
from store.agents import Agent
from store.errors import Unavailable
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

_PAGE = 50


class Pausing(Enum):
    """What came of it."""

    DONE = auto()
    #: it was so already
    ALREADY = auto()
    UNKNOWN = auto()
    REVOKED = auto()
    #: whoever wanted it is no operator (nor, for a pause, in any group of the policy)
    NOT_ALLOWED = auto()


@dataclass(frozen=True, slots=True)
class Paused:
    """What came of it, and the agent as it is now."""

    what: Pausing
    agent: Agent | None
    #: what it has open that people are shown all the same; when it goes on: what waits to be released
    requests: int = 0
    #: whether whoever wanted it may let it go on
    may_resume: bool = False


def may_pause(desk: Desk, user: UserId) -> bool:
    """Operators, and whoever decides anything: it only ever makes requests wait."""
    roster = desk.directory.roster()
    active = roster.profile(user).active
    decides = any(user in members for members in roster.groups.values())
    return active and (decides or may_resume(desk, user))


def may_resume(desk: Desk, user: UserId) -> bool:
    """Operators: what waited proceeds then, some of it unseen."""
    return user in desk.policies.current.operators


async def pause(desk: Desk, name: AgentName, by: Person) -> Paused:
    """Have everything new of the agent wait. When this returns it does, at every replica.

    With one process that is exact: what had been let in is stored by then, however slow the database is. Of
    another replica's, what waits there for the database for longer than this takes may still be let in.
    """

    def pausing(unit: Unit) -> Paused:
        agent = agents.get(unit, name)
        if agent is None or agent.revoked_at is not None:
            return Paused(Pausing.UNKNOWN if agent is None else Pausing.REVOKED, agent)
        if not may_pause(desk, by.id):
            return Paused(Pausing.NOT_ALLOWED, agent)
        done = agents.pause(unit, name, by.id, desk.runtime.now())
        what = Pausing.DONE if done else Pausing.ALREADY
        shown = len(cases.open_of(unit, name)) - held.count(unit, name)
        return Paused(what, agents.get(unit, name), shown, may_resume(desk, by.id))

    paused = await desk.store.write(pausing)
    if paused.what is Pausing.DONE:
        log.warning("the agent %s was paused by %s", name, by.id)
        # What was let in by what was known of it a moment ago is with the store by then.
        await asyncio.sleep(2 * TRUSTED_SECONDS)
        await _behind_all_that_waits(desk, name)
    return paused


async def _behind_all_that_waits(desk: Desk, name: AgentName) -> None:
    """Until what was handed to the store before is stored: it is carried out in turn."""
    try:
        await desk.store.write(lambda _unit: None)
    except Unavailable as away:
        log.warning("what was asked as %s was being paused may be stored later: %s", name, away)


async def resume(desk: Desk, name: AgentName, by: Person) -> Paused:
    """Let it go on. What waited is for `release`, here or by the clock: as if it were opened then."""

    def resuming(unit: Unit) -> Paused:
        agent = agents.get(unit, name)
        if agent is None:
            return Paused(Pausing.UNKNOWN, None)
        if agent.revoked_at is not None:
            return Paused(Pausing.REVOKED, agent)
        if not may_resume(desk, by.id):
            return Paused(Pausing.NOT_ALLOWED, agent)
        done = agents.resume(unit, name)
        what = Pausing.DONE if done else Pausing.ALREADY
        return Paused(what, agents.get(unit, name), held.count(unit, name), may_resume=True)

    resumed = await desk.store.write(resuming)
    if resumed.what is Pausing.DONE:
        log.info("the agent %s goes on, by %s", name, by.id)
    return resumed


async def release(desk: Desk, by: Person | None = None) -> int:
    """Let go on what waits of agents that are not paused (any more); how many requests that were.

    A post that was let in just before the agent went on may be stored just after: looking again later costs
    intake nothing, where a look at the agent in each post's transaction would cost it a query.
    """
    return sum([await _let_go_on(desk, name, by) for name in await desk.store.read(held.may_go_on)])


async def _let_go_on(desk: Desk, name: AgentName, by: Person | None) -> int:
    released = 0
    after: RequestId | None = None
    while page := await desk.store.read(partial(held.some, agent=name, after=after, limit=_PAGE)):
        works = [desk.store.write(partial(_release, desk=desk, request=each, by=by)) for each in page]
        done = sum(await asyncio.gather(*works))
        if not done:
            # It was paused again, or another replica is at it, and goes through the rest.
            break
        released += done
        after = page[-1]
    return released


def _release(unit: Unit, desk: Desk, request: RequestId, by: Person | None) -> bool:
    case, now = cases.load(unit, request), desk.runtime.now()
    if case is None or not case.held or case.status.final:
        return False
    agent = agents.get(unit, case.request.agent)
    if agent is None or agent.paused_at is not None or agent.revoked_at is not None:
        return False
    roster = desk.directory.roster()
    grant = granted(unit, case.request, case.judgement, now, roster)
    crowded = gathering.crowded(unit, desk, None, gathering.channel_of(case), now)
    rule_on(unit, case, Resumed(by, roster, grant, crowded), now, roster, desk=desk)
    return True


async def release_all(desk: Desk, _now: Instant) -> None:
    """For the clock."""
    await release(desk)

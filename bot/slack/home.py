"""Whose home tab is to be drawn anew: who looks at theirs, and what changed that it says.

Drawing is the courier's, from the outbox (`bot.slack.home_sender`). Whichever replica commits a change, or
notices one, has the tabs drawn that it may concern; what nobody heard of is found by the round of all.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from approvals import access
from approvals.absence import Absence
from approvals.grants import Grant
from approvals.model import Case
from approvals.policy_model import Policy
from approvals.roster import Roster
from approvals.rotation import Override
from approvals.words import Instant, RequestId, UserId
from bot.desk.desk import Desk
from bot.desk.overview import Overview
from store import agents, backlog, boards, cases, grants, homes, outbox, overrides
from store import queue as pages
from store.homes import Home
from store.unit_of_work import Committed, Unit

log = logging.getLogger(__name__)

#: How long a tab is kept true after somebody looked at it: Slack never says when they look elsewhere.
KEPT: Final = timedelta(days=1)
#: Seconds between two looks, and so between two drawings of one tab for what others did.
_LOOK: Final = 1.0
#: The same where the last look had nothing drawn: what happens in quiet times is seen at once.
_LEAST: Final = 0.2
#: Seconds after which all are drawn whom anything may concern, whether or not it was heard.
_ROUND: Final = 30.0
#: More requests than that changed at once concern everybody.
_MANY: Final = 50
#: As long as an outbox that gets along takes to empty.
_LATE: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class _Stood:
    """What pends and is granted, whoever changed it. Where two are equal, a round finds nothing new."""

    versions: Mapping[RequestId, int]
    granted: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class _Signs:
    """What tabs say that no commit of a request announces. Two that are equal look the same."""

    everybody: tuple[object, ...]
    operators: tuple[object, ...]


class Homes:
    """Who looks at their home tab, and what they are to be shown."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.overview = Overview(desk)
        self._rung = asyncio.Event()
        self._changed: set[RequestId] = set()
        self._signs: _Signs | None = None
        self._stood: _Stood | None = None
        self._round_at = 0.0
        #: true where requests may have moved since nobody looked
        self._moved = True
        desk.store.on_commit(self._heard)

    async def opened(self, user: UserId, shown: str | None) -> None:
        """They opened it. `shown` is Slack's name for the version that they see until it is drawn anew.

        When this returns it will be drawn, whatever happens to this process. Raises `Unavailable`.
        """
        now = self._desk.runtime.now()

        def opening(unit: Unit) -> None:
            known = homes.get(unit, user)
            homes.look(unit, user, now)
            if known is not None and known.hash != (shown or ""):
                # Of another installation, or of somebody else's making: what is there is not known.
                homes.shows(unit, user, "", "")
            outbox.show_home(unit, user, now, looking=True)

        await self._desk.store.write(opening)

    async def used(self, user: UserId) -> None:
        """They did something in it: it shows at once what came of that. Raises `Unavailable`."""
        now = self._desk.runtime.now()

        def using(unit: Unit) -> None:
            homes.look(unit, user, now)
            outbox.show_home(unit, user, now, looking=True)

        await self._desk.store.write(using)

    async def run(self) -> None:
        """Until cancelled: have drawn what changed. After a start, everything: nobody knows what it shows."""
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            drawn = 0
            try:
                drawn = await self.look(everything=began >= self._round_at)
            except Exception:
                # Whatever it was must not end the watch: tabs would stay as they are for ever.
                log.exception("home tabs could not be looked after")
            await asyncio.sleep(max(0.0, began + (_LOOK if drawn else _LEAST) - clock()))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(max(began + _LOOK, clock())):
                    await self._rung.wait()

    async def look(self, *, everything: bool = False) -> int:
        """Have those tabs drawn that changes may concern; how many. Where nobody looks it costs one read.

        In a round it then costs what changed, too: whoever looks next must not wait for all that is pending.
        """
        self._rung.clear()
        changed, self._changed = frozenset(self._changed), set()
        now = self._desk.runtime.now()
        looked = await self._desk.store.read(partial(homes.since, at=now - KEPT))
        if everything:
            self._round_at = asyncio.get_running_loop().time() + _ROUND
            await self._put_to_sleep(now)
        if not looked:
            self._signs = self._stood = None
            if everything and self._moved:
                self._moved = False
                await self.overview.pending()
            return 0
        concerned = await self._concerned(looked, changed, now)
        if everything:
            concerned |= await self._unheard(looked, now)
        users = [home.person for home in looked if home.person in concerned]
        if users:
            await self._desk.store.write(partial(_shown, users=users, now=now))
        return len(users)

    async def _unheard(self, looked: Sequence[Home], now: Instant) -> frozenset[UserId]:
        """Whom the round is for: operators, who see when agents were last seen; all, where anything moved.

        Drawing a tab costs all that is pending. While a step is due that did not fire, time alone moves it.
        """

        def reading(unit: Unit) -> tuple[_Stood, bool]:
            due = cases.next_due(unit)
            stood = _Stood(pages.versions(unit), grants.every(unit, now, live_only=True))
            return stood, due is not None and due <= now

        before = self._stood
        self._stood, late = await self._desk.store.read(reading)
        everybody = frozenset(home.person for home in looked)
        if late or before != self._stood:
            return everybody
        return everybody & set(self._desk.policies.current.operators)

    async def _put_to_sleep(self, now: Instant) -> None:
        """Nobody looked at these for long: they are drawn a last time."""
        old = await self._desk.store.read(partial(homes.until, at=now - KEPT))
        if old:
            await self._desk.store.write(partial(_shown, users=[home.person for home in old], now=now))

    async def _concerned(
        self, looked: Sequence[Home], changed: frozenset[RequestId], now: Instant
    ) -> frozenset[UserId]:
        everybody = frozenset(home.person for home in looked)
        policy, roster = self._desk.policies.current, self._desk.directory.roster()
        operators = everybody & set(policy.operators)
        before, self._signs = self._signs, await self._read_signs(roster, policy, now, bool(operators))
        if before is None or before.everybody != self._signs.everybody or len(changed) > _MANY:
            return everybody
        found = set(operators) if changed or before.operators != self._signs.operators else set()
        if changed:
            some = await self._desk.store.read(lambda unit: cases.some(unit, changed))
            found |= {user for user in everybody if _concerns(some.values(), user, roster)}
        return frozenset(found)

    async def _read_signs(self, roster: Roster, policy: Policy, now: Instant, operators: bool) -> _Signs:
        needs = dict(await self._desk.program.needs()) if operators else {}
        file = self._desk.program.policy_file

        def reading(unit: Unit) -> _Signs:
            standing = _standing(roster)
            duties = _duties(unit, now)
            everybody = (policy.version, standing, duties, boards.standing(unit))
            return _Signs(everybody, (needs, file and file.problem, *_kept(unit, now)) if operators else ())

        return await self._desk.store.read(reading)

    def _heard(self, committed: Committed) -> None:
        """A commit that moved requests; those of the outbox alone are its own doing too."""
        if committed.requests:
            self._moved = True
            if len(self._changed) <= _MANY:
                self._changed |= committed.requests
            self._rung.set()


def _shown(unit: Unit, users: Iterable[UserId], now: Instant) -> None:
    for user in users:
        outbox.show_home(unit, user, now, looking=False)


def _concerns(some: Iterable[Case], user: UserId, roster: Roster) -> bool:
    # Nobody is named as an operator: those are told of everything.
    return any(access.may_see(case, user, roster, ()) for case in some)


def _standing(roster: Roster) -> tuple[object, ...]:
    """Who is asked today."""
    gone = frozenset(user for user, profile in roster.people.items() if not profile.active)
    return tuple(roster.groups.items()), gone, tuple(roster.deputies.items())


def _duties(unit: Unit, now: Instant) -> tuple[tuple[Override, ...], tuple[Absence, ...]]:
    return overrides.since(unit, now), overrides.absent(unit, now)


def _kept(unit: Unit, now: Instant) -> tuple[object, ...]:
    """Of what operators see; when an agent was last seen is left to the round."""
    every = tuple((each.name, each.revoked_at, each.paused_at) for each in agents.everybody(unit))
    left = backlog.backlog(unit, now - _LATE, now)
    channels = tuple((each.channel, each.until) for each in left.delayed)
    return every, outbox.given_up(unit), left.count > 0, channels

"""Who is in which group, and who people are: as last heard from Slack, and asked again all the time.

A click never waits for it. What was heard is kept in the store, so that a restart while Slack is away
still knows everybody; a membership that is older than a day counts no longer.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from approvals.policy import Policy, Rotation, UserGroup
from approvals.roster import Person, Profile, Roster
from approvals.words import GroupName, Instant, UserId
from bot.desk.desk import Policies
from bot.runtime import Runtime
from bot.slack.connection import Connection
from bot.slack.duties import Duties
from bot.slack.identity import Identity
from bot.slack.profiles import profile_of
from bot.slack.troubles import SlackTrouble, Trouble, said
from store import people
from store.engine import Store
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: What was heard is asked again when it is this old.
FRESH: Final = timedelta(seconds=40)
#: A membership that could not be confirmed for so long is not one any more.
OLDEST: Final = timedelta(days=1)
#: From this age on it is said how old a membership is: Slack could not be asked for several rounds.
DOUBTED: Final = timedelta(seconds=90)
#: Seconds between two rounds.
_ROUND: Final = 15.0
#: Calls a round, four rounds a minute: usergroups.users.list allows 20 a minute, users.info 100
#: (docs.slack.dev/apis/web-api/rate-limits, tiers 2 and 4).
_GROUPS_A_ROUND: Final = 5
_PEOPLE_A_ROUND: Final = 25
#: Seconds that a comment waits for its author's name.
_NAME_WITHIN: Final = 1.0
#: Slack's words for a group that is not there any more:
#: docs.slack.dev/reference/methods/usergroups.users.list.
_NO_GROUP: Final = frozenset({"no_such_subteam", "subteam_not_found", "subteam_disabled", "no_users"})
#: The same for somebody: docs.slack.dev/reference/methods/users.info.
_NOBODY: Final = frozenset({"user_not_found", "user_not_visible"})
#: What every other call would run into as well: these end a round.
_CONCERNS_ALL: Final = frozenset({Trouble.BUSY, Trouble.AWAY, Trouble.SCOPE, Trouble.TOKEN})
#: Calls at once.
_ABREAST: Final = 8


@dataclass(frozen=True, slots=True)
class Ages:
    """How old what is known is; None where nothing is."""

    oldest_group: timedelta | None
    oldest_profile: timedelta | None
    #: user groups of the policy that nobody could tell about
    unknown: tuple[str, ...]


class People:
    """The desk's `Directory`, and what keeps it fresh."""

    def __init__(
        self,
        connection: Connection,
        identity: Identity,
        store: Store,
        policies: Policies,
        runtime: Runtime,
    ) -> None:
        #: who sees to a missing scope, and to a token that does not hold
        self.on_trouble: Callable[[SlackTrouble], Awaitable[None]] = _left_alone
        #: told of every roster that is handed out, and of none twice
        self.on_made: Callable[[Roster], None] = _unseen
        self._client = connection.client
        self._identity = identity
        self._store = store
        self._policies = policies
        self._runtime = runtime
        self.duties = Duties(store)
        self._groups: dict[str, tuple[tuple[UserId, ...], Instant]] = {}
        self._profiles: dict[UserId, tuple[Profile, Instant]] = {}
        #: asked about next, whatever their age
        self._doubtful: set[str] = set()
        #: when Slack answered oddly about one: it takes its turn as others do, so that these are asked too
        self._put_off: dict[str, Instant] = {}
        self._wanted = asyncio.Event()
        self._made: tuple[Policy, Roster] | None = None
        self._made_until: Instant | None = None

    async def restore(self) -> None:
        """Begin with what an earlier run of the program heard."""
        groups, profiles = await self._store.read(lambda unit: (people.groups(unit), people.profiles(unit)))
        self._groups, self._profiles = dict(groups), dict(profiles)
        await self.reread()
        self._made = None

    async def reread(self) -> None:
        """Hear of overrides and absences that were made or ended, here or by another replica."""
        if await self.duties.reread(self._runtime.now()):
            self._made = None
            self.wake()

    def roster(self) -> Roster:
        """See `bot.desk.desk.Directory`."""
        policy = self._policies.current
        now = self._runtime.now()
        fresh = self._made_until is not None and now < self._made_until
        if self._made is None or self._made[0] is not policy or not fresh:
            self._made = (policy, self._make(policy, now))
            # Nobody is asked, and nobody decides, in a shift that is over.
            self._made_until = min(now + FRESH, self.duties.next_change(policy, now) or now + FRESH)
            self.on_made(self._made[1])
        return self._made[1]

    async def person(self, user: UserId) -> Person:
        """Somebody by name. Asks Slack about whoever is not known, for a second at most."""
        known = await self.profile(user)
        return known.person if known is not None else Person(user, str(user))

    async def profile(self, user: UserId) -> Profile | None:
        """What is known of somebody, asking as `person` does; None when Slack did not say in time."""
        if user not in self._profiles:
            try:
                async with asyncio.timeout(_NAME_WITHIN):
                    await self._ask_person(user, self._runtime.now())
            except (SlackTrouble, TimeoutError) as unknown:
                log.info("%s is called by id: %s", user, type(unknown).__name__)
        known = self._profiles.get(user)
        return known[0] if known is not None else None

    def ages(self) -> Ages:
        """For `/readyz` and metrics."""
        now, policy = self._runtime.now(), self._policies.current
        wanted = [(name, self._groups.get(name)) for name in _usergroups(policy)]
        groups = [now - known[1] for _, known in wanted if known is not None]
        profiles = [now - at for _, at in self._profiles.values()]
        unknown = tuple(name for name, known in wanted if known is None or now - known[1] > OLDEST)
        return Ages(max(groups, default=None), max(profiles, default=None), unknown)

    def wake(self) -> None:
        """Ask now: the policy was loaded again, or Slack can be asked again."""
        self._wanted.set()

    async def run(self) -> None:
        """Until cancelled: ask about what is old, and at once about what is new."""
        while True:
            self._wanted.clear()
            pause = _ROUND
            try:
                await self.reread()
                await self.refresh(self._runtime.now())
            except SlackTrouble as trouble:
                pause = max(_ROUND, trouble.retry_after or 0.0)
            except Exception:
                # Whatever it was must not end the watch: groups would stay as they are for ever.
                log.exception("people and groups could not be asked about")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wanted.wait()

    async def refresh(self, now: Instant) -> None:
        """Ask Slack about the groups and people of the policy that are unknown, doubtful or old.

        Raises `SlackTrouble` when it could not be asked about all of them; what was heard is kept.
        """
        try:
            await self._ask_again(now)
        except SlackTrouble as trouble:
            log.warning("people and groups stay as last heard: %s", trouble)
            await self.on_trouble(trouble)
            raise

    async def _ask_again(self, now: Instant) -> None:
        policy = self._policies.current
        groups = self._oldest(_usergroups(policy), {name: at for name, (_, at) in self._groups.items()}, now)
        await self._each([self._ask_group(name, now) for name in groups[:_GROUPS_A_ROUND]])
        known = {str(user): at for user, (_, at) in self._profiles.items()}
        everybody = self._oldest(self._everybody(policy), known, now)
        await self._each([self._ask_person(UserId(user), now) for user in everybody[:_PEOPLE_A_ROUND]])

    async def members_changed(self, event: Mapping[str, Any]) -> None:
        """Slack's event `subteam_members_changed`: taken at its word, and asked about."""
        name = str(event["subteam_id"])
        if name not in _usergroups(self._policies.current):
            return
        if name not in self._groups:
            # What came and went says nothing of who else is in a group that was never heard of.
            self._doubtful.add(name)
            self.wake()
            return
        before = self._groups[name][0]
        removed = set(event.get("removed_users") or ())
        added = [UserId(str(user)) for user in event.get("added_users") or ()]
        members = tuple(dict.fromkeys(user for user in (*before, *added) if user not in removed))
        await self._keep_group(name, members, self._runtime.now())
        self._doubtful.add(name)
        self.wake()

    async def person_changed(self, event: Mapping[str, Any]) -> None:
        """Slack's event `user_change`, which carries the whole user."""
        told, home = event["user"], self._identity.bot
        user = UserId(str(told["id"]))
        if user not in self._profiles and str(user) not in self._everybody(self._policies.current):
            return
        if home is None:
            self._doubtful.add(str(user))
        else:
            await self._keep_person(profile_of(told, home.team), self._runtime.now())

    def _make(self, policy: Policy, now: Instant) -> Roster:
        groups = {name: self._members(policy, name, now) for name in policy.groups}
        profiles = {user: profile for user, (profile, _) in self._profiles.items()}
        deputies = self.duties.deputies(self.members(), now)
        return Roster(groups, profiles, self._as_of(policy, now), deputies)

    def members(self) -> frozenset[UserId]:
        """Everybody in any group of the policy, on call or not: who may stand in for others."""
        policy = self._policies.current
        named = [group.users for group in policy.groups.values() if not isinstance(group, UserGroup)]
        asked = [self._groups.get(name, ((), None))[0] for name in _usergroups(policy)]
        return frozenset(user for users in (*named, *asked) for user in users)

    def _as_of(self, policy: Policy, now: Instant) -> dict[GroupName, Instant | None]:
        """The groups about which Slack could not be asked lately, and when it last could."""
        heard = {
            name: self._groups.get(group.id, (None, None))[1]
            for name, group in policy.groups.items()
            if isinstance(group, UserGroup)
        }
        return {name: at for name, at in heard.items() if at is None or now - at > DOUBTED}

    def _members(self, policy: Policy, name: GroupName, now: Instant) -> tuple[UserId, ...]:
        group = policy.groups[name]
        if isinstance(group, UserGroup):
            members, as_of = self._groups.get(group.id, ((), now))
            return members if now - as_of <= OLDEST else ()
        return self.duties.on_call(name, group, now) if isinstance(group, Rotation) else group.users

    def _everybody(self, policy: Policy) -> tuple[str, ...]:
        named = [
            user
            for group in policy.groups.values()
            if not isinstance(group, UserGroup)
            for user in group.users
        ]
        members = [user for name in _usergroups(policy) for user in self._groups.get(name, ((), None))[0]]
        users = (*named, *members, *policy.operators, *self.duties.everybody())
        return tuple(dict.fromkeys(map(str, users)))

    def _oldest(self, wanted: Iterable[str], heard: Mapping[str, Instant], now: Instant) -> list[str]:
        tried = {**heard, **self._put_off}
        old = [
            each
            for each in wanted
            if each in self._doubtful or each not in tried or now - tried[each] >= FRESH
        ]
        never = now - timedelta(days=36_500)
        return sorted(old, key=lambda each: (each not in self._doubtful, tried.get(each, never)))

    async def _each(self, calls: list[Any]) -> None:
        """A few at a time; the first refusal that concerns all of them ends the round."""
        room = asyncio.Semaphore(_ABREAST)

        async def one(call: Any) -> None:
            async with room:
                await call

        try:
            async with asyncio.TaskGroup() as group:
                for call in calls:
                    group.create_task(one(call))
        except* SlackTrouble as troubles:
            for call in calls:
                call.close()
            raise _first(troubles) from None

    async def _ask_group(self, name: str, now: Instant) -> None:
        try:
            told = await said(self._client.usergroups_users_list(usergroup=name), "usergroups.users.list")
        except SlackTrouble as trouble:
            if trouble.code not in _NO_GROUP:
                self._put_off_or_raise(name, trouble, now)
                return
            log.error("Slack does not know the user group %s of the policy: %s", name, trouble)
            told = {"users": []}
        await self._keep_group(name, tuple(UserId(str(user)) for user in told.get("users", ())), now)
        self._settle(name)

    async def _ask_person(self, user: UserId, now: Instant) -> None:
        home = self._identity.bot
        if home is None:
            # Whether somebody is from another workspace is not known before ours is.
            raise SlackTrouble(Trouble.AWAY, "auth.test does not answer yet")
        try:
            told = await said(self._client.users_info(user=user), "users.info")
        except SlackTrouble as trouble:
            if trouble.code not in _NOBODY:
                self._put_off_or_raise(str(user), trouble, now)
                return
            log.error("Slack does not know the user %s of the policy: %s", user, trouble)
            await self._keep_person(Profile(user, str(user), active=False), now)
        else:
            await self._keep_person(profile_of(told["user"], home.team), now)
        self._settle(str(user))

    def _put_off_or_raise(self, name: str, trouble: SlackTrouble, now: Instant) -> None:
        """An odd answer about one, such as a proxy's 403, says nothing of it: it stays as last heard."""
        if trouble.trouble in _CONCERNS_ALL:
            raise trouble
        log.warning("%s stays as last heard: %s", name, trouble)
        self._doubtful.discard(name)
        self._put_off[name] = now

    def _settle(self, name: str) -> None:
        self._doubtful.discard(name)
        self._put_off.pop(name, None)

    async def _keep_group(self, name: str, members: tuple[UserId, ...], now: Instant) -> None:
        self._groups[name] = (members, now)
        self._made = None
        await self._store.write(lambda unit: people.put_group(unit, name, members, now))

    async def _keep_person(self, profile: Profile, now: Instant) -> None:
        self._profiles[profile.id] = (profile, now)
        self._made = None

        def keeping(unit: Unit) -> None:
            people.put_profile(unit, profile, now)

        await self._store.write(keeping)


async def _left_alone(_trouble: SlackTrouble) -> None:
    """Nobody sees to it."""


def _unseen(_roster: Roster) -> None:
    """Nobody compares it with the one before."""


def _usergroups(policy: Policy) -> tuple[str, ...]:
    return tuple(dict.fromkeys(group.id for group in policy.groups.values() if isinstance(group, UserGroup)))


def _first(troubles: BaseExceptionGroup[SlackTrouble]) -> SlackTrouble:
    """One of them, a rate limit before others: it says how long to wait."""
    leaves = [each for each in _leaves(troubles) if isinstance(each, SlackTrouble)]
    return min(leaves, key=lambda each: each.trouble is not Trouble.BUSY)


def _leaves(group: BaseExceptionGroup[Any]) -> Iterable[BaseException]:
    for each in group.exceptions:
        if isinstance(each, BaseExceptionGroup):
            yield from _leaves(each)
        else:
            yield each

"""`/hitl oncall` and `/hitl away`: what people type, whom they mean, and what they are answered."""

from __future__ import annotations

import logging
import re
from typing import Final, Protocol

from approvals.moments import Span, span
from approvals.policy_model import Rotation
from approvals.roster import Person, Profile
from approvals.words import GroupName, UserId
from blocks import duty as said
from blocks.message import Message
from bot.desk import duty
from bot.desk.duty import Ending
from bot.desk.handoffs import Handoffs
from bot.slack.front import Front
from bot.slack.people import People
from store.errors import Unavailable

log = logging.getLogger(__name__)

#: How Slack writes people, and how they are typed where it does not: an id, or a name. Days are none of them.
_PERSON: Final = re.compile(
    r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>|@?(?!UNTIL\b|WEDNESDAY\b)([UW][A-Z0-9]{4,})\b|@(\S+)|(me)\b"
)
#: What can be nothing else, wherever it stands.
_CERTAIN: Final = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>|(?<!\S)@(\S+)")
_ID: Final = re.compile(r"[UW][A-Z0-9]{4,}")
_UTC: Final = "UTC"


class _NotFound(Exception):
    """It is not certain who is meant; what to say of that."""

    def __init__(self, told: Message) -> None:
        super().__init__(told.text)
        self.told = told


class Typed(Protocol):
    """A subcommand's words."""

    @property
    def by(self) -> Person:
        """Whoever typed them."""

    @property
    def rest(self) -> str:
        """What follows the subcommand, as Slack writes it."""


class DutyCommands:
    """The answers to `/hitl oncall …` and `/hitl away …`."""

    def __init__(self, front: Front, people: People) -> None:
        self._front = front
        self._people = people
        self._handoffs = Handoffs(front.desk, people.reread)

    async def oncall(self, typed: Typed) -> Message:
        """Who is on call; or, with a person, who shall be."""
        desk, by, rest = self._front.desk, typed.by, typed.rest
        groups = desk.policies.current.groups
        if not rest:
            return await self._listed(tuple(groups))
        name = _named(rest, tuple(groups))
        if name is None:
            return said.no_group(rest.split()[0], tuple(groups))
        words = rest.strip("`*_ ")[len(name) :].strip("`*_ ")
        if not words:
            return await self._listed((name,))
        if not isinstance(groups[name], Rotation):
            return said.no_turns((await duty.turns_in(desk, (name,)))[0], desk.runtime.now())
        if words.casefold() == "off":
            return await self._given_back(by, name)
        return await self._taken(by, name, words)

    async def away(self, typed: Typed) -> Message:
        """Who stands in for whoever types it; or, with a person, who shall."""
        by, words = typed.by, typed.rest.strip("`*_ ")
        if not words:
            now = self._front.desk.runtime.now()
            found = [each for each in self._people.duties.absences if each.user == by.id and now < each.until]
            return said.away(found[0].deputy, found[0].until) if found else said.here()
        if words.casefold() in ("off", "back", "here"):
            was = await duty.come_back(self._front.desk, by)
            await self._people.reread()
            return said.back() if was else said.here()
        return await self._going(by, words)

    async def _going(self, by: Person, words: str) -> Message:
        try:
            user, when = self._meant(by, words, said.AWAY)
        except _NotFound as unknown:
            return unknown.told
        if user == by.id:
            return said.not_oneself()
        try:
            until = (await self._span(by, when)).ends
        except ValueError as wrong:
            return said.no_time(str(wrong), said.AWAY)
        if not await self._active(user):
            return said.not_active(user)
        if user not in self._people.members():
            return said.no_deputy(user)
        await duty.go_away(self._front.desk, by, user, until)
        await self._people.reread()
        return said.away(user, until)

    async def _taken(self, by: Person, group: GroupName, words: str) -> Message:
        try:
            user, when = self._meant(by, words, said.ONCALL)
        except _NotFound as unknown:
            return unknown.told
        try:
            wanted = await self._span(by, when)
        except ValueError as wrong:
            return said.no_time(str(wrong), said.ONCALL)
        if not await self._active(user):
            return said.not_active(user)
        taken = await duty.take_over(self._front.desk, by, group, user, wanted)
        if taken.override is None:
            return said.not_your_shift(group)
        await self._handed_over()
        made = taken.override
        starts = made.starts if made.starts > made.made_at else None
        return said.taken(group, user, starts, made.ends, shortened=made.ends < wanted.ends)

    async def _given_back(self, by: Person, group: GroupName) -> Message:
        match await duty.give_back(self._front.desk, by, group):
            case Ending.DONE:
                await self._handed_over()
                [turns] = await duty.turns_in(self._front.desk, (group,))
                return said.given_back(turns, self._front.desk.runtime.now())
            case Ending.NOT_YOURS:
                return said.not_your_override(group)
            case Ending.NOTHING:
                return said.nothing_to_give_back(group)

    async def _handed_over(self) -> None:
        """From this answer on, whoever is on call may decide; both are told by the outbox."""
        await self._people.reread()
        self._front.tasks.start(self._announced(), "handoff")

    async def _announced(self) -> None:
        try:
            await self._handoffs.look(self._front.desk.runtime.now())
        except Unavailable as away:
            # The clock looks again within seconds.
            log.warning("a handoff is announced later: %s", away)

    async def _listed(self, names: tuple[GroupName, ...]) -> Message:
        return said.oncall(await duty.turns_in(self._front.desk, names), self._front.desk.runtime.now())

    def _meant(self, by: Person, words: str, usage: str) -> tuple[UserId, str]:
        """The person that is named, and the rest, which is when. Raises `_NotFound`."""
        found = _PERSON.match(words) or _CERTAIN.search(words) or _last(words)
        if found is None:
            raise _NotFound(said.nobody_named(usage))
        when = f"{words[: found.start()]} {words[found.end() :]}".strip()
        named = found[0].strip("<>").partition("|")[0]
        if named == "me":
            return by.id, when
        bare = named.removeprefix("@").rstrip(",;:.")
        people = self._front.desk.directory.roster().people.values()
        known = [each.id for each in people if each.name.casefold() == bare.casefold()]
        if not known and _ID.fullmatch(bare):
            return UserId(bare), when
        if len(known) != 1:
            raise _NotFound((said.several_called if known else said.nobody_called)(f"@{bare}", usage))
        return known[0], when

    async def _span(self, by: Person, words: str) -> Span:
        """By the wall clock of whoever typed it. Raises `ValueError`."""
        profile = await self._profile(by.id)
        zone = profile.zone if profile is not None else None
        return span(words, self._front.desk.runtime.now(), zone or _UTC)

    async def _profile(self, user: UserId) -> Profile | None:
        return await self._people.profile(user)

    async def _active(self, user: UserId) -> bool:
        profile = await self._profile(user)
        return profile is not None and profile.active


def _last(words: str) -> re.Match[str] | None:
    """The person who is named at the end: `until friday U0BOB`."""
    begins = words.rfind(" ") + 1
    return _PERSON.fullmatch(words, begins)


def _named(typed: str, groups: tuple[GroupName, ...]) -> GroupName | None:
    """The group whose name begins what was typed; of several the longest."""
    words = f"{typed.strip('`*_ ').casefold().replace('`', '')} "
    found = [name for name in groups if words.startswith(f"{name.casefold()} ")]
    return max(found, key=len, default=None)

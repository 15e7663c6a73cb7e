"""`/hitl pause`, `/hitl resume` and `/hitl digest`: what people type, which agent or digest they mean."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Protocol

from approvals.roster import Person
from approvals.words import AgentName
from blocks import pausing_words as said
from blocks.message import Message
from bot.desk import digest_now, pausing
from bot.desk.digest_now import Sending
from bot.desk.pausing import Paused, Pausing
from bot.slack.front import Front
from store import agents
from store.errors import Unavailable

log = logging.getLogger(__name__)

#: What people put around a name, or Slack makes of it.
_AROUND = "`*_'\"“”@<>, "


class Typed(Protocol):
    """A subcommand's words."""

    @property
    def by(self) -> Person:
        """Whoever typed them."""

    @property
    def rest(self) -> str:
        """What follows the subcommand, as Slack writes it."""


class PauseCommands:
    """The answers to `/hitl pause AGENT`, `/hitl resume AGENT` and `/hitl digest [NAME]`."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._desk = front.desk

    async def pause(self, typed: Typed) -> Message:
        """Nothing new of the agent goes ahead from this answer on."""
        every = await self._desk.store.read(agents.everybody)
        meant = _meant(typed.rest, [each.name for each in every])
        if meant is None:
            if typed.rest and not pausing.may_pause(self._desk, typed.by.id):
                return said.may_not_pause(typed.rest)
            likely = [each.name for each in every if each.revoked_at is None]
            return self._no_agent(typed, likely, said.PAUSE)
        return paused(await pausing.pause(self._desk, AgentName(meant), typed.by), meant)

    async def resume(self, typed: Typed) -> Message:
        """It goes on, and what waited."""
        every = await self._desk.store.read(agents.everybody)
        meant = _meant(typed.rest, [each.name for each in every])
        if meant is None:
            if typed.rest and not pausing.may_resume(self._desk, typed.by.id):
                return said.may_not_resume(typed.rest)
            # Whoever mistypes a name here means one that is paused.
            likely = [each.name for each in every if each.paused_at is not None and each.revoked_at is None]
            return self._no_agent(typed, likely, said.RESUME)
        came = await pausing.resume(self._desk, AgentName(meant), typed.by)
        if came.requests:
            self._front.tasks.start(self._let_go_on(typed.by), "release")
        return resumed(came, meant)

    def _no_agent(self, typed: Typed, likely: Sequence[str], usage: str) -> Message:
        """Only operators are told of agents that they did not nearly name."""
        operates = pausing.may_resume(self._desk, typed.by.id)
        return said.no_agent(typed.rest, _nearest(typed.rest, likely), usage, likely if operates else None)

    async def _let_go_on(self, by: Person) -> None:
        """What waited may be thousands: nobody waits for that."""
        try:
            await pausing.release(self._desk, by)
        except Unavailable as away:
            # The clock looks again within seconds.
            log.warning("what waited for an agent goes on later: %s", away)

    async def digest(self, typed: Typed) -> Message:
        """What waits in a digest for whoever types it is on its way to its channel."""
        desk = self._desk
        if not digest_now.may_send(desk, typed.by.id):
            return said.may_not_send()
        names = await digest_now.names(desk)
        meant = _meant(typed.rest, names)
        if typed.rest.strip(_AROUND) and meant is None:
            return said.no_digest(typed.rest, _nearest(typed.rest, names), names)
        wanted = tuple(name for name in names if meant in (None, name))
        return _sent(await digest_now.send(desk, typed.by.id, wanted))


def paused(came: Paused, name: str) -> Message:
    """What whoever paused it is answered, by a command or by a button."""
    match came.what:
        case Pausing.DONE:
            return said.paused(name, came.requests, may_resume=came.may_resume)
        case Pausing.ALREADY:
            return said.paused_already(name, may_resume=came.may_resume)
        case Pausing.REVOKED:
            return said.agent_revoked(name)
        case Pausing.NOT_ALLOWED:
            return said.may_not_pause(name)
        case Pausing.UNKNOWN:
            return said.no_agent(name, None, said.PAUSE)


def resumed(came: Paused, name: str) -> Message:
    """What whoever let it go on is answered."""
    match came.what:
        case Pausing.DONE:
            return said.resumed(name, came.requests)
        case Pausing.NOT_ALLOWED:
            return said.may_not_resume(name)
        case Pausing.UNKNOWN:
            return said.no_agent(name, None, said.RESUME)
        case Pausing.ALREADY:
            return said.not_paused(name)
        case Pausing.REVOKED:
            return said.stays_revoked(name)


def _sent(sending: Sending) -> Message:
    if sending.standing and not sending.made:
        return said.on_messages([(each.channel, each.count, each.permalink) for each in sending.standing])
    return said.sent([said.Sent(each.digest, each.count, each.channel) for each in sending.made])


def _meant(typed: str, names: Sequence[str]) -> str | None:
    """The one that is called so, as it is or in another case."""
    words = typed.strip()
    bare = words.strip(_AROUND).casefold()
    alike = [name for name in names if name.casefold() == bare]
    return words if words in names else alike[0] if len(alike) == 1 else None


def _nearest(typed: str, names: Sequence[str]) -> str | None:
    folded = {name.casefold(): name for name in names}
    near = get_close_matches(typed.strip(_AROUND).casefold(), folded, 1)
    return folded[near[0]] if near else None

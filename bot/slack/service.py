"""All of Slack, put together: what the composition root opens, hands to the courier, and closes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from approvals.words import Instant
from bot.desk import incidents
from bot.desk.desk import Desk, Policies
from bot.runtime import Runtime
from bot.slack import all_clear
from bot.slack.app import build
from bot.slack.connection import TIMEOUT, Connection, connected
from bot.slack.doors import FINISH_WITHIN, Door, HttpDoor, SocketDoor
from bot.slack.front import Front
from bot.slack.identity import Identity
from bot.slack.messenger import senders
from bot.slack.outgoing import Outgoing
from bot.slack.people import People
from bot.slack.troubles import SlackTrouble
from scheduler.results import Sender
from store.engine import Store
from store.outbox import ParcelKind
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: Seconds that a start waits for Slack to say who the bot is, and who is in the policy's groups.
_INTRODUCTION = 3.0


@dataclass(frozen=True, slots=True)
class Workspace:
    """Where Slack is, and how to be the app there. With an `app_token`, Socket Mode; else HTTP."""

    api_url: str
    bot_token: str = field(repr=False)
    signing_secret: str | None = field(default=None, repr=False)
    app_token: str | None = field(default=None, repr=False)
    #: where Slack's posts are taken, without Socket Mode; port 0 takes a free one
    host: str = "0.0.0.0"  # noqa: S104  # Slack must reach it; every post is signed
    port: int = 3000
    #: for one call to Slack, whole seconds
    timeout_seconds: float = TIMEOUT


@dataclass(slots=True)
class SlackSide:
    """The bot's side of Slack. `desk` is what every use case needs, as people come from here."""

    desk: Desk
    identity: Identity
    people: People
    senders: Mapping[ParcelKind, Sender]
    front: Front
    _door: Door
    _watches: list[asyncio.Task[None]] = field(default_factory=list)

    async def open(self) -> str:
        """Begin; the address for the `ready` line: a URL, or `socket`. Raises `OSError` for a taken port.

        Slack need not be there: groups and people are as last heard until it is.
        """
        await self.people.restore()
        await self._introduce()
        self._watches = [
            asyncio.create_task(self.identity.watch(), name="slack-identity"),
            asyncio.create_task(self.people.run(), name="slack-people"),
            asyncio.create_task(self.front.homes.run(), name="slack-homes"),
        ]
        return await self._door.open()

    async def _introduce(self) -> None:
        """Learn who everybody is before the first click, if Slack says so soon; else meanwhile."""
        try:
            async with asyncio.timeout(_INTRODUCTION):
                if await self.identity.check():
                    await self.people.refresh(self.desk.runtime.now())
        except (TimeoutError, SlackTrouble) as late:
            log.warning("Slack has not told yet who is in which group: %s", type(late).__name__)

    async def stop_intake(self) -> None:
        """Take no further payloads; those in hand are answered, and what they started is finished."""
        await self._door.close()
        await self.front.lingering.finish(0)
        cut = await self.front.tasks.finish(FINISH_WITHIN)
        if cut:
            log.warning("%d modals or answers were cut off", cut)

    async def close(self) -> None:
        """Stop asking Slack. After `stop_intake`, and after the courier stopped."""
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)
        self._watches = []

    async def probe(self) -> str | None:
        """For the courier: None when what was paused works again."""
        return None if await self.identity.check() else self.identity.stumbled

    async def alarm(self, incident: str, bug: Exception) -> None:
        """For the courier: a sender has a bug, or it has one itself. Raises nothing."""
        await incidents.tell(self.desk, incident, bug, "courier")

    def resumed(self, unit: Unit, why: str, since: Instant, now: Instant) -> None:
        """For the courier: something leaves again. Operators are told once all has that waited."""
        all_clear.after_outage(unit, self.desk, why, since, now)

    async def why_not_ready(self) -> str | None:
        """For `/readyz`: None when clicks can come in and cards can go out."""
        if not self.identity.well:
            return self.identity.problem
        return await self._door.why_not_ready()


@asynccontextmanager
async def slack_side(
    workspace: Workspace, store: Store, policies: Policies, runtime: Runtime
) -> AsyncIterator[SlackSide]:
    """Everything built and connected to each other; nothing is begun before `open`."""
    seconds = workspace.timeout_seconds
    async with connected(workspace.bot_token, workspace.api_url, timeout_seconds=seconds) as connection:
        identity = Identity(connection.client)
        people = People(connection, identity, store, policies, runtime)
        identity.on_well = people.wake
        desk = Desk(store, runtime, policies, people)
        out = Outgoing(desk, connection, identity)
        people.on_trouble = out.concerns_all
        front = Front(out)
        door = _door(workspace, connection, front, people)
        yield SlackSide(desk, identity, people, senders(out, front.homes), front, door)


def _door(workspace: Workspace, connection: Connection, front: Front, people: People) -> Door:
    app = build(front, people)
    if workspace.app_token is not None:
        return SocketDoor(app, connection, workspace.app_token)
    if not workspace.signing_secret:
        raise ValueError("without Socket Mode, Slack's posts need a signing secret")
    return HttpDoor(app, workspace.signing_secret, workspace.host, workspace.port)

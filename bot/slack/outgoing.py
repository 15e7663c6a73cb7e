"""What every sender shares: the way to Slack, and what a refusal means for the parcel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from bot.desk.desk import Desk
from bot.slack.connection import Connection
from bot.slack.identity import Identity
from bot.slack.troubles import SlackTrouble, Trouble, said
from scheduler.results import Again, Dead, Pause, Result
from store import outbox
from store.outbox import Parcel, ParcelKind
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: A scope is granted by a person: asking every second would only fill the log.
_SCOPE_PAUSE = timedelta(minutes=1)
_AFTER_SLOWNESS = timedelta(seconds=10)
#: Seconds that a call waits for the one before it.
_TURN_WITHIN = 1.0


@dataclass(slots=True)
class Outgoing:
    """Slack, as the senders use it."""

    desk: Desk
    connection: Connection
    identity: Identity
    #: channel → the loop's time until which Slack wants no call for it
    _held: dict[str, float] = field(default_factory=dict)
    #: channel → the turn of the call that is under way for it
    _turns: dict[str, asyncio.Lock] = field(default_factory=dict)

    async def call(self, method: str, channel: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        """One call about `channel`, behind the one before it.

        Raises `SlackTrouble`, at once while Slack wants no calls for the channel.
        """
        if method == "chat.postEphemeral":
            # Somebody waits for this answer, and it has a limit of its own.
            return await self._call(method, channel, arguments)
        async with self._turn(channel):
            return await self._call(method, channel, arguments)

    @asynccontextmanager
    async def _turn(self, channel: str) -> AsyncIterator[None]:
        """One after the other, so that the first 429 of a channel holds all that would follow it.

        Where Slack is slow nobody waits for long: whoever does holds a lease.
        """
        turn = self._turns.setdefault(channel, asyncio.Lock())
        mine = False
        try:
            async with asyncio.timeout(_TURN_WITHIN):
                mine = await turn.acquire()
        except TimeoutError:
            log.info("a call for %s no longer waits for the one before it", channel)
        try:
            yield
        finally:
            if mine:
                turn.release()

    async def _call(self, method: str, channel: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
        left = self._held.get(channel, 0.0) - asyncio.get_running_loop().time()
        if left > 0:
            raise SlackTrouble(Trouble.BUSY, "ratelimited", retry_after=left)
        self._held.pop(channel, None)
        try:
            return await said(self.connection.client.api_call(method, json={"channel": channel, **arguments}))
        except SlackTrouble as trouble:
            if trouble.trouble is Trouble.BUSY and trouble.retry_after is not None:
                self._held[channel] = asyncio.get_running_loop().time() + trouble.retry_after
            trouble.method = method
            raise

    async def direct_message(self, *users: str) -> str:
        """The channel of the conversation with `users`, eight at most. Raises `SlackTrouble`."""
        opened = await said(self.connection.client.conversations_open(users=list(users)))
        return str(opened["channel"]["id"])

    async def result(self, parcel: Parcel, trouble: SlackTrouble, channel: str | None = None) -> Result:
        """What becomes of a parcel that met `trouble`, where nothing better could be done about it."""
        error = str(trouble) if trouble.ambiguous else _not_sent(parcel, trouble)
        match trouble.trouble:
            case Trouble.BUSY:
                wait = timedelta(seconds=trouble.retry_after or 1.0)
                return Again(error, wait, hold=f"channel:{channel}" if channel else None)
            case Trouble.AWAY:
                # A call that was given up may still be carried out for a while: look for it after that.
                after = _AFTER_SLOWNESS if trouble.code.endswith("TimeoutError") else None
                return Again(error, after, ambiguous=trouble.ambiguous)
            case Trouble.TOKEN:
                self.identity.refused(trouble.code)
                return Pause(error)
            case Trouble.SCOPE:
                log.error("Slack refuses, a scope is missing: %s. Add it, and install again.", trouble)
                await self.desk.store.write(lambda unit: self._tell_operators(unit, trouble))
                return Again(error, _SCOPE_PAUSE)
            case _:
                log.error("parcel %s cannot be sent to Slack: %s", parcel.id, trouble)
                return Dead(error)

    def _tell_operators(self, unit: Unit, trouble: SlackTrouble) -> None:
        """Once a day for each scope; where it is `chat:write`, as soon as that is granted."""
        now, scope = self.desk.runtime.now(), trouble.scope or trouble.code
        for operator in self.desk.policies.current.operators:
            body = {"notice": "missing_scope", "to": operator, "scope": scope, "method": trouble.method}
            key = f"missing_scope:{scope}:{operator}:{now:%Y-%m-%d}"
            outbox.put(unit, ParcelKind.NOTICE, request=None, key=key, lane="", body=body, now=now)


def _not_sent(parcel: Parcel, trouble: SlackTrouble) -> str:
    return f"try {parcel.attempts} was not sent: {trouble}"


def may_have_arrived(parcel: Parcel) -> bool:
    """True unless this is the first try, or the one before is known to have been refused.

    A process that is killed while it sends records nothing: then the last error is of an earlier try.
    """
    if parcel.attempts <= 1:
        return False
    return not (parcel.last_error or "").startswith(f"try {parcel.attempts - 1} was not sent")

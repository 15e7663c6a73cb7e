"""What every sender shares: the way to Slack, and what a refusal means for the parcel."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from approvals.canonical import Json
from approvals.words import Instant
from bot.desk import notify
from bot.desk.desk import Desk
from bot.slack.connection import Connection
from bot.slack.identity import Identity
from bot.slack.reach import Reach
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
#: What a channel takes, one after the other (docs.slack.dev/apis/web-api/rate-limits, chat.postMessage).
_A_MESSAGE = timedelta(seconds=1)
#: A delay longer than this is told to the operators.
_WORTH_TELLING = timedelta(minutes=1)
#: How often it is counted what waits for a channel that is held.
_COUNT_EVERY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Hold:
    """Slack wants no call for a channel."""

    since: Instant
    until: Instant

    def left(self, now: Instant) -> timedelta:
        """How long still; nothing where the clock was set back behind its beginning."""
        return max(self.until - now, timedelta()) if self.since <= now else timedelta()


@dataclass(slots=True)
class Outgoing:
    """Slack, as the senders use it."""

    desk: Desk
    connection: Connection
    identity: Identity
    reach: Reach = field(init=False)
    #: (method, channel) → until when Slack wants no such call for it: each method has a limit of its own
    _held: dict[tuple[str, str], _Hold] = field(default_factory=dict)
    #: channel → the turn of the call that is under way for it
    _turns: dict[str, asyncio.Lock] = field(default_factory=dict)
    #: channel → when what waits for it is counted again: after a delay that was told, when that is over
    _count_at: dict[str, Instant] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reach = Reach(self.identity)

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
        now = self.desk.runtime.now()
        held = self._held.get((method, channel))
        if held is not None and held.left(now):
            busy = SlackTrouble(Trouble.BUSY, "ratelimited", retry_after=held.left(now).total_seconds())
            busy.method = method
            raise busy
        self._held.pop((method, channel), None)
        wanted = {"channel": channel, **arguments}
        try:
            answer = await said(self.connection.client.api_call(method, json=wanted), method)
        except SlackTrouble as trouble:
            if trouble.trouble is Trouble.BUSY and trouble.retry_after is not None:
                since = self.desk.runtime.now()
                self._held[method, channel] = _Hold(since, since + timedelta(seconds=trouble.retry_after))
            if trouble.trouble is not Trouble.AWAY:
                self.reach.found()
            raise
        self.reach.found()
        return answer

    async def direct_message(self, *users: str) -> str:
        """The channel of the conversation with `users`, eight at most. Raises `SlackTrouble`."""
        opening = self.connection.client.conversations_open(users=list(users))
        opened = await said(opening, "conversations.open")
        return str(opened["channel"]["id"])

    async def result(self, parcel: Parcel, trouble: SlackTrouble, channel: str | None = None) -> Result:
        """What becomes of a parcel that met `trouble`, where nothing better could be done about it."""
        error = str(trouble) if trouble.ambiguous else _not_sent(parcel, trouble)
        match trouble.trouble:
            case Trouble.BUSY:
                wait = timedelta(seconds=trouble.retry_after or 1.0)
                if channel is not None:
                    await self._tell_of_delay(channel, wait)
                # Updates have a limit of their own (50 a minute): what is new need not wait for them.
                waits = channel is not None and trouble.method != "chat.update"
                return Again(error, wait, hold=outbox.lane_of(channel) if waits else None)
            case Trouble.AWAY if await self.reach.is_away(self.desk.runtime.now()):
                return Pause(error, trouble.code)
            case Trouble.AWAY:
                # A call that was given up may still be carried out for a while: look for it after that.
                after = _AFTER_SLOWNESS if trouble.code.endswith("TimeoutError") else None
                return Again(error, after, ambiguous=trouble.ambiguous)
            case Trouble.TOKEN:
                self.identity.refused(trouble.code)
                return Pause(error, trouble.code)
            case Trouble.SCOPE:
                await self.concerns_all(trouble)
                return Again(error, _SCOPE_PAUSE)
            case _:
                log.error("parcel %s cannot be sent to Slack: %s", parcel.id, trouble)
                if parcel.kind is not ParcelKind.NOTICE:
                    await self._tell_of_refusal(trouble)
                return Dead(error)

    async def concerns_all(self, trouble: SlackTrouble) -> None:
        """Have seen to what only an administrator can mend: a token that does not hold, a missing scope.

        The operators are told once a day for each scope; of `chat:write`, as soon as that is granted.
        """
        if trouble.trouble is Trouble.TOKEN:
            self.identity.refused(trouble.code)
        if trouble.trouble is not Trouble.SCOPE:
            return
        log.error("Slack refuses, a scope is missing: %s. Add it, and install again.", trouble)
        scope = trouble.scope or trouble.code
        notice = {"notice": "missing_scope", "scope": scope, "method": trouble.method}
        await notify.operators(self.desk, notice, f"missing_scope:{scope}")

    async def _tell_of_refusal(self, trouble: SlackTrouble) -> None:
        notice = {"notice": "refused", "code": trouble.code, "method": trouble.method}
        await notify.operators(self.desk, notice, f"refused:{trouble.method}:{trouble.code}")

    async def _tell_of_delay(self, channel: str, wait: timedelta) -> None:
        """Once for each delay of more than a minute: until when, and how many it is that wait."""
        now = self.desk.runtime.now()
        if now < self._count_at.get(channel, now):
            return
        self._count_at[channel] = now + _COUNT_EVERY
        lane = outbox.lane_of(channel)
        waiting = 1 + await self.desk.store.read(lambda unit: outbox.waiting_in(unit, lane))
        until = now + wait + waiting * _A_MESSAGE
        if until - now > _WORTH_TELLING:
            self._count_at[channel] = until
            await self.desk.store.write(lambda unit: self._say_delayed(unit, channel, until, waiting))

    def _say_delayed(self, unit: Unit, channel: str, until: Instant, waiting: int) -> None:
        """The key keeps replicas from saying it several times within ten minutes."""
        now = self.desk.runtime.now()
        notice: dict[str, Json] = {"notice": "delayed", "channel": channel, "until": until.isoformat()}
        notice["waiting"] = waiting
        about = f"delayed:{channel}:{now:%H}{now.minute // 10}"
        notify.tell(unit, self.desk.policies.current.operators, notice, about, now)


def _not_sent(parcel: Parcel, trouble: SlackTrouble) -> str:
    return f"try {parcel.attempts} was not sent: {trouble}"


def may_have_arrived(parcel: Parcel) -> bool:
    """True unless this is the first try, or the one before is known to have been refused.

    A process that is killed while it sends records nothing: then the last error is of an earlier try.
    """
    if parcel.attempts <= 1:
        return False
    return not (parcel.last_error or "").startswith(f"try {parcel.attempts - 1} was not sent")

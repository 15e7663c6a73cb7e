"""Makes Slack show somebody's home tab as it is now."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from collections import OrderedDict, deque
from datetime import timedelta
from functools import partial
from typing import Any, Final

from approvals.words import Instant, UserId
from blocks import home as said_of
from blocks.limits import problems_of_view
from bot.desk.home import collected
from bot.slack.home import KEPT, Homes
from bot.slack.outgoing import Outgoing
from bot.slack.troubles import SlackTrouble, Trouble, said
from scheduler.results import Again, Done, Result
from store import homes
from store.homes import Home
from store.outbox import HOMES, Parcel
from store.parcels import REPLIES

log = logging.getLogger(__name__)

#: Of the 100 calls a minute that `views.publish` takes for the whole workspace, those that are left to people
#: who wait to see something (docs.slack.dev/apis/web-api/rate-limits, tier 4).
_A_MINUTE: Final = timedelta(minutes=1)
_UNASKED: Final = 60
#: Between two drawings of one tab.
_APART: Final = timedelta(seconds=0.5)
#: Seconds of work from which on drawing unasked rests three times as long: clicks come first.
_DEAR: Final = 0.05
_REST: Final = 3
#: What is drawn unasked waits so long where the minute's calls are used up.
_LATER: Final = timedelta(seconds=2)
_REMEMBERED: Final = 1024
#: docs.slack.dev/reference/methods/views.publish: there is no such tab, and will be none by asking again.
_NO_TAB: Final = frozenset({"not_enabled", "missing_profile_id", "user_not_found", "user_disabled"})


class HomeSender:
    """The courier's sender for `ParcelKind.HOME`."""

    def __init__(self, out: Outgoing, homes: Homes) -> None:
        self._out = out
        self._homes = homes
        #: when tabs were drawn within the last minute
        self._drawn: deque[Instant] = deque()
        #: whose → when
        self._last: OrderedDict[UserId, Instant] = OrderedDict()
        #: seconds that the last one took to collect; when one may be drawn unasked again, by the loop's clock
        self._cost = 0.0
        self._rested_at = 0.0
        #: Slack wants no call before then
        self._held_until: Instant | None = None

    async def send(self, parcel: Parcel) -> Result:
        """Draw the home tab of `parcel` as it is now, where it does not look so already."""
        desk, user = self._out.desk, UserId(parcel.key)
        now = desk.runtime.now()
        wait = self._too_soon(user, now)
        if wait is None and parcel.priority != REPLIES:
            wait = self._too_much(now)
        if wait is not None:
            return Again("home tabs were drawn just now", wait)
        # Before anything is read that it says: whoever draws it meanwhile changes the hash.
        known = await desk.store.read(lambda unit: homes.get(unit, user))
        if known is None:
            return Done()
        asleep = now - known.looked_at >= KEPT
        view = said_of.asleep() if asleep else await self._view(user)
        after = partial(homes.forget, person=user, until=known.looked_at) if asleep else None
        print_ = _print_of(view)
        if print_ == known.print:
            return Done(after)
        self._note(user, now)
        try:
            hash_ = await self._publish(user, view, known)
        except SlackTrouble as trouble:
            return await self._failed(parcel, known, trouble)
        return Done(after or partial(homes.shows, person=user, print_=print_, hash_=hash_))

    async def _view(self, user: UserId) -> dict[str, Any]:
        desk, clock = self._out.desk, asyncio.get_running_loop().time
        began = clock()
        if self._cost >= _DEAR:
            self._rested_at = began + (1 + _REST) * self._cost
        view = said_of.home(await collected(desk, user, await self._homes.overview.pending()))
        self._cost = clock() - began
        problems = problems_of_view(view)
        if problems:
            log.error("a home tab would be refused: %s at %s", problems[0].rule, problems[0].path)
            return said_of.minimal(problems[0].rule)
        return view

    async def _publish(self, user: UserId, view: dict[str, Any], known: Home) -> str:
        """Slack's name for the version that it shows then. Raises `SlackTrouble`.

        An earlier call that was given up, and arrives late, names a version that is no longer there.
        """
        try:
            return await self._call(user, view, known.hash or None)
        except SlackTrouble as trouble:
            if trouble.code == "hash_conflict":
                # Somebody else's, or ours whose answer was lost: this one is what is true now.
                return await self._call(user, view, None)
            if trouble.code not in ("invalid_arguments", "view_too_large"):
                raise
            log.error("Slack refused a home tab: %s", trouble)
            return await self._call(user, said_of.minimal(trouble.code), None)

    async def _call(self, user: UserId, view: dict[str, Any], hash_: str | None) -> str:
        client = self._out.connection.client
        answer = await said(client.views_publish(user_id=user, view=view, hash=hash_), "views.publish")
        self._out.reach.found()
        return str(answer["view"]["hash"])

    async def _failed(self, parcel: Parcel, known: Home, trouble: SlackTrouble) -> Result:
        if trouble.trouble is Trouble.BUSY:
            wait = timedelta(seconds=trouble.retry_after or 1.0)
            self._held_until = self._out.desk.runtime.now() + wait
            return Again(str(trouble), wait, hold=HOMES)
        if trouble.trouble is Trouble.OTHER or trouble.code in _NO_TAB:
            # It is left alone until it is opened again: `/hitl` says the same.
            log.warning("a home tab could not be drawn: %s", trouble)
            return Done(partial(homes.forget, person=known.person, until=known.looked_at))
        return await self._out.result(parcel, trouble)

    def _too_soon(self, user: UserId, now: Instant) -> timedelta | None:
        """How long it is to wait; a clock that was set back holds nothing up."""
        if self._held_until is not None and now < self._held_until <= now + _A_MINUTE:
            return self._held_until - now
        last = self._last.get(user)
        if last is not None and last <= now < last + _APART:
            return last + _APART - now
        return None

    def _too_much(self, now: Instant) -> timedelta | None:
        """The same of what nobody waits for."""
        rest = self._rested_at - asyncio.get_running_loop().time()
        if rest > 0:
            return timedelta(seconds=rest)
        while self._drawn and not now - _A_MINUTE < self._drawn[0] <= now:
            self._drawn.popleft()
        return _LATER if len(self._drawn) >= _UNASKED else None

    def _note(self, user: UserId, now: Instant) -> None:
        self._drawn.append(now)
        self._last[user] = now
        self._last.move_to_end(user)
        if len(self._last) > _REMEMBERED:
            self._last.popitem(last=False)


def _print_of(view: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()

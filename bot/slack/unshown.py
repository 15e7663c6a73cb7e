"""Whoever decided on a card is told in words where Slack does not show it on the card soon."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from approvals.words import RequestId
from bot.desk import incidents
from bot.desk.desk import Desk
from bot.tasks import Tasks
from store import cards, outbox
from store.errors import Unavailable
from store.outbox import ParcelKind
from store.unit_of_work import Unit

log = logging.getLogger(__name__)

#: Seconds in which a card shows what was decided on it: some ten milliseconds and one call to Slack, mostly.
WITHIN: Final = 2.5
#: Seconds between two looks: decisions that close together are looked after in one read.
_TOGETHER: Final = 0.25
#: Seconds before the database is asked again that was away.
_AWAY: Final = 1.0


@dataclass(frozen=True, slots=True)
class Decided:
    """What the card alone is to say, if it does."""

    request: RequestId
    text: str
    #: who decided, and where an answer to them goes: as `ParcelKind.REPLY` has it
    place: Mapping[str, str]
    #: unique for the click
    key: str


@dataclass(slots=True)
class Unshown:
    """Looks after decisions. A stop forgets them: after a start cards are drawn before anything else."""

    desk: Desk
    tasks: Tasks
    within: float = WITHIN
    #: each with the loop's time at which it is looked for, soonest first
    _waiting: deque[tuple[float, Decided]] = field(default_factory=deque)

    def look_after(self, decided: Decided) -> None:
        """Have the person told, if the card does not show it in time."""
        self._waiting.append((asyncio.get_running_loop().time() + self.within, decided))
        if len(self._waiting) == 1:
            self.tasks.start(self._watch(), "look whether cards show what was decided")

    async def _watch(self) -> None:
        clock = asyncio.get_running_loop().time
        while self._waiting:
            await asyncio.sleep(max(self._waiting[0][0] - clock(), _TOGETHER))
            due = [each for at, each in self._waiting if at <= clock()]
            try:
                await self._look(due)
            except Unavailable as away:
                log.warning("nobody knows whether cards show what was decided: %s", away)
                await asyncio.sleep(_AWAY)
                continue
            except Exception as bug:  # noqa: BLE001  # it is logged and told; the next decisions are looked after
                await incidents.failed(self.desk, "unshown", bug)
            for _ in due:
                self._waiting.popleft()

    async def _look(self, due: Sequence[Decided]) -> None:
        behind = await self._behind(each.request for each in due)
        if behind:
            # It may be something newer that is just being drawn.
            await asyncio.sleep(_TOGETHER)
            behind &= await self._behind(behind)
        late = [each for each in due if each.request in behind]
        if late:
            await self.desk.store.write(lambda unit: self._tell(unit, late))

    async def _behind(self, requests: Iterable[RequestId]) -> frozenset[RequestId]:
        asked = list(requests)
        return await self.desk.store.read(lambda unit: outbox.cards_behind(unit, asked))

    def _tell(self, unit: Unit, late: Sequence[Decided]) -> None:
        now = self.desk.runtime.now()
        for each in late:
            ref = cards.of(unit, each.request)
            place = {"channel": ref.channel} if ref is not None else {}
            body = {**place, **each.place, "text": each.text, "unless_shown": each.request}
            key = f"said:unshown:{each.key}"
            outbox.put(unit, ParcelKind.REPLY, request=None, key=key, lane="", body=body, now=now)

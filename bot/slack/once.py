"""The same payload delivered twice is handled once, and answered twice alike."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

#: Deliveries remembered: Slack repeats one within minutes, and this is hours of clicks.
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class _Came(Generic[T]):
    value: T


class Once(Generic[T]):
    """What came of the latest deliveries, by key. (Across replicas, the outbox's own key holds this.)"""

    def __init__(self) -> None:
        #: a delivery that failed resolves to None, and is forgotten: the repeat of it tries again
        self._known: OrderedDict[str, asyncio.Future[_Came[T] | None]] = OrderedDict()

    async def run(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        """The outcome of `work`, or of what came before under this key. Raises what `work` raises."""
        while key in self._known:
            came = await asyncio.shield(self._known[key])
            if came is not None:
                return came.value
        return await self._first(key, work)

    async def _first(self, key: str, work: Callable[[], Awaitable[T]]) -> T:
        outcome: asyncio.Future[_Came[T] | None] = asyncio.get_running_loop().create_future()
        self._known[key] = outcome
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        try:
            value = await work()
        except BaseException:
            self._known.pop(key, None)
            outcome.set_result(None)
            raise
        outcome.set_result(_Came(value))
        return value

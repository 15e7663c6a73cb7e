"""Requests that are read together: one that cannot be read must not hide the others.

found = await readable.of(desk, ids, cases.with_cards)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from approvals.words import RequestId
from bot.desk import incidents
from bot.desk.desk import Desk
from store.errors import Unavailable
from store.unit_of_work import Unit

T = TypeVar("T")


async def of(
    desk: Desk,
    requests: Sequence[RequestId],
    reading: Callable[[Unit, Sequence[RequestId]], Iterable[T]],
) -> list[T]:
    """What `reading` finds of those `requests` that can be read; other work has its turn before.

    The rest is logged, and the operators are told. Raises `Unavailable`.
    """
    if not requests:
        return []
    # A read from SQLite does not give way by itself.
    await asyncio.sleep(0)
    try:
        return list(await desk.store.read(lambda unit: reading(unit, requests)))
    except Unavailable:
        raise
    except Exception as bug:  # noqa: BLE001  # it is logged, and told, of the one that it is about
        if len(requests) == 1:
            await incidents.unreadable(desk, requests[0], bug)
            return []
    half = len(requests) // 2
    first = await of(desk, requests[:half], reading)
    return first + await of(desk, requests[half:], reading)

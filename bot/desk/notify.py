"""Tells the operators, each in a direct message of their own, by the outbox."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from approvals.canonical import Json, digest_of
from approvals.words import Instant, UserId
from bot.desk.desk import Desk
from store import outbox
from store.outbox import ParcelKind
from store.unit_of_work import Unit


async def operators(desk: Desk, notice: Mapping[str, Json], about: str | None = None) -> None:
    """Say `notice` to each operator, once a day the same; where `about` is given, once a day about that."""
    key, now = about or digest_of(notice)[:32], desk.runtime.now()
    await desk.store.write(lambda unit: tell(unit, desk.policies.current.operators, notice, key, now))


def tell(unit: Unit, to: Iterable[UserId], notice: Mapping[str, Json], about: str, now: Instant) -> None:
    """The same within a unit of work."""
    for operator in to:
        key = f"{about}:{operator}:{now:%Y-%m-%d}"
        body = {**notice, "to": operator}
        outbox.put(unit, ParcelKind.NOTICE, request=None, key=key, lane="", body=body, now=now)

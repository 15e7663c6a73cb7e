"""Tells the operators, each in a direct message of their own, by the outbox."""

from __future__ import annotations

from collections.abc import Mapping

from approvals.canonical import Json, digest_of
from bot.desk.desk import Desk
from store import outbox
from store.outbox import ParcelKind
from store.unit_of_work import Unit


async def operators(desk: Desk, notice: Mapping[str, Json]) -> None:
    """Say `notice` to each operator, once a day the same."""
    now = desk.runtime.now()

    def telling(unit: Unit) -> None:
        for operator in desk.policies.current.operators:
            key = f"{digest_of(notice)[:32]}:{operator}:{now:%Y-%m-%d}"
            body = {**notice, "to": operator}
            outbox.put(unit, ParcelKind.NOTICE, request=None, key=key, lane="", body=body, now=now)

    await desk.store.write(telling)

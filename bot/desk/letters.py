"""Dead letters: what an agent could not be told is said where people look, on the card and in its thread."""

from __future__ import annotations

import json
from collections.abc import Mapping

from approvals.words import Instant
from bot.desk.ruling import show_card
from store import cases, outbox
from store.outbox import Parcel, ParcelKind
from store.unit_of_work import Unit


def given_up(unit: Unit, parcel: Parcel, why: str, now: Instant) -> None:
    """A callback was given up because of `why`. Called in the transaction that makes it a dead letter."""
    if parcel.request is None or not isinstance(parcel.body, Mapping):
        return
    case = cases.load(unit, parcel.request)
    if case is None or case.quiet:
        return
    what = str(json.loads(str(parcel.body["body"]))["type"])
    body = {"note": "dead_letter", "what": what, "why": why}
    key = f"dead:{parcel.id}:{now:%Y%m%d%H%M%S}"
    outbox.put(unit, ParcelKind.THREAD, request=parcel.request, key=key, lane="", body=body, now=now)
    show_card(unit, case, now)

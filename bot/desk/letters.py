"""Dead letters: what an agent could not be told is said where people look, on the card and in its thread."""

from __future__ import annotations

import json
from collections.abc import Mapping

from approvals.model import Instant
from store import cases, outbox
from store.outbox import Parcel, ParcelKind
from store.unit_of_work import Unit


def given_up(unit: Unit, parcel: Parcel, now: Instant) -> None:
    """A callback was tried for a day. Called in the transaction that makes it a dead letter."""
    if parcel.request is None or not isinstance(parcel.body, Mapping):
        return
    case = cases.load(unit, parcel.request)
    if case is None:
        return
    what = str(json.loads(str(parcel.body["body"]))["type"])
    body = {"note": "dead_letter", "what": what, "why": parcel.last_error or "no answer"}
    key = f"dead:{parcel.id}:{now:%Y%m%d%H%M%S}"
    outbox.put(unit, ParcelKind.THREAD, request=parcel.request, key=key, lane="", body=body, now=now)
    outbox.show_card(unit, parcel.request, now, final=case.status.final)

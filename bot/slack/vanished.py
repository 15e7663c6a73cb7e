"""A card's message was deleted by a person: nobody could decide, and nothing would say so."""

from __future__ import annotations

import logging

from bot.desk.desk import Desk
from bot.desk.ruling import show_card
from bot.slack.payloads import Body
from store import cases
from store.unit_of_work import Unit

log = logging.getLogger(__name__)


async def deleted(desk: Desk, event: Body) -> None:
    """From a `message` event: an open request whose card went is shown again, once, which says so.

    What has ended needs no card; it gets one when there is something new to say of it.
    """
    ts = _gone(event)
    if ts is None:
        return
    channel = str(event["channel"])

    def is_open(unit: Unit) -> bool:
        case = cases.of_card(unit, channel, ts)
        return case is not None and not case.status.final

    def showing(unit: Unit) -> None:
        # Told a second time, the card stands elsewhere already, and this is nobody's.
        case = cases.of_card(unit, channel, ts)
        if case is not None and not case.status.final:
            log.warning("the card of %s was deleted from %s: it is posted again", case.id, channel)
            show_card(unit, case, desk.runtime.now())

    if await desk.store.read(is_open):
        await desk.store.write(showing)


def _gone(event: Body) -> str | None:
    """The message that is gone. One with replies leaves a tombstone, which Slack calls a change."""
    if event.get("subtype") == "message_deleted":
        return str(event["deleted_ts"])
    left = event.get("message") or {}
    if event.get("subtype") == "message_changed" and left.get("subtype") == "tombstone":
        return str(left["ts"])
    return None

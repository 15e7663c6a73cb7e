"""A card's or a digest's message was deleted by a person: nobody could decide, and nothing would say so."""

from __future__ import annotations

import logging

from bot.desk.desk import Desk
from bot.desk.ruling import show_card
from bot.slack.payloads import Body
from store import boards, cases, outbox
from store.unit_of_work import Unit

log = logging.getLogger(__name__)


async def deleted(desk: Desk, event: Body) -> None:
    """From a `message` event: an open request whose card went, or digest, is shown again, once; that says so.

    What has ended needs no card; it gets one when there is something new to say of it.
    """
    ts = _gone(event)
    if ts is None:
        return
    channel = str(event["channel"])

    def is_open(unit: Unit) -> bool:
        case, board = cases.of_card(unit, channel, ts), boards.at(unit, channel, ts)
        waits = case is not None and not case.status.final
        return waits or (board is not None and board.closed_at is None)

    def showing(unit: Unit) -> None:
        # Told a second time, the card stands elsewhere already, and this is nobody's.
        case, board = cases.of_card(unit, channel, ts), boards.at(unit, channel, ts)
        if board is not None and board.closed_at is None:
            log.warning("the digest %s was deleted from %s: it is posted again", board.id, channel)
            outbox.show_board(unit, board.id, desk.runtime.now(), pressing=True)
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

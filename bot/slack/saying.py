"""Saying something once in a thread, whatever became of the answer to an earlier try."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blocks.message import Message
from bot.slack.outgoing import Outgoing, may_have_arrived
from bot.slack.search import Place, find
from bot.slack.troubles import SlackTrouble
from store.cards import CardRef
from store.outbox import Parcel


async def say_under(
    out: Outgoing, parcel: Parcel, ref: CardRef, message: Message, *, broadcast: bool = False
) -> str:
    """Put `message` into the thread of `ref`; its `ts`, by this try or an earlier one. Raises `SlackTrouble`.

    With `broadcast` the channel sees it as well; a direct message has nobody else to show it to.
    """
    place = Place(ref.channel, ref.thread_ts or ref.ts)
    if may_have_arrived(parcel):
        found = await _found(out, place, message.metadata or {}, parcel)
        if found:
            return found[0]
    post = {**message.as_post(), "thread_ts": place.thread_ts}
    if broadcast and not place.channel.startswith("D"):
        post["reply_broadcast"] = True
    return str((await out.call("chat.postMessage", place.channel, post))["ts"])


async def _found(out: Outgoing, place: Place, metadata: Mapping[str, Any], parcel: Parcel) -> tuple[str, ...]:
    """What earlier tries left there; the next try looks again where this one could not."""
    try:
        return await find(out, place, metadata, parcel.first_tried_at)
    except SlackTrouble as trouble:
        trouble.ambiguous = True
        raise

"""The gate review's regular post: put together when it is sent, and sent once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime

from approvals.words import Instant
from blocks import review as said_of
from blocks.message import Message
from bot.desk import notify, reviewing
from bot.slack.outgoing import Outgoing, may_have_arrived
from bot.slack.search import Place, find
from bot.slack.troubles import SlackTrouble, Trouble
from scheduler.results import Dead, Done, Result
from store.outbox import Parcel

log = logging.getLogger(__name__)


class ReviewSender:
    """The courier's sender for `ParcelKind.REVIEW`."""

    def __init__(self, out: Outgoing) -> None:
        self._out = out

    async def send(self, parcel: Parcel) -> Result:
        """Post what `body["since"]` to `body["until"]` came to; elsewhere if the channel is gone."""
        match parcel.body:
            case {"channel": str(channel), "since": str(since), "until": str(until)}:
                message = await self._message(parcel, _moment(since), _moment(until))
            case _:
                return Dead("a gate review of no time")
        instead = self._out.desk.policies.current.channel
        for place in dict.fromkeys((channel, instead)):
            try:
                await self._post(parcel, place, message)
            except SlackTrouble as trouble:
                if trouble.trouble is not Trouble.CHANNEL:
                    return await self._out.result(parcel, trouble, place)
                log.error("the gate review cannot be posted in %s: %s", place, trouble)
                gone = {"notice": "channel_gone", "channel": place, "why": trouble.code, "instead": instead}
                await notify.operators(self._out.desk, gone)
            else:
                return Done()
        return Dead("no channel takes the gate review")

    async def _message(self, parcel: Parcel, since: Instant, until: Instant) -> Message:
        told = await reviewing.told(self._out.desk, since, until)
        return said_of.weekly(told.review, told.suggestions, told.quiet, parcel.key)

    async def _post(self, parcel: Parcel, channel: str, message: Message) -> None:
        if may_have_arrived(parcel) and await self._is_there(parcel, channel, message.metadata or {}):
            return
        await self._out.call("chat.postMessage", channel, message.as_post())

    async def _is_there(self, parcel: Parcel, channel: str, metadata: Mapping[str, object]) -> bool:
        """Whether an earlier try arrived. Raises `SlackTrouble`; the next try then looks again."""
        try:
            return bool(await find(self._out, Place(channel), metadata, parcel.first_tried_at))
        except SlackTrouble as trouble:
            trouble.ambiguous = True
            raise


def _moment(text: str) -> Instant:
    return datetime.fromisoformat(text)

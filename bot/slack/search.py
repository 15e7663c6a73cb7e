"""Looking for a message of ours in Slack, by its metadata, before it is posted again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from approvals.words import Instant
from bot.slack.outgoing import Outgoing
from bot.slack.troubles import SlackTrouble, Trouble, said

#: Slack's clock and ours need not agree. Up to five minutes apart everything else works, as a signature holds
#: that long (docs.slack.dev/authentication/verifying-requests-from-slack): looking bears twice that.
_MARGIN = timedelta(minutes=10)
#: Messages a call, and calls: what a busy channel gets in the minutes that a card may be lost for.
_PAGE = 200
_MOST_PAGES = 10


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message goes: a channel, or a thread in it."""

    channel: str
    thread_ts: str | None = None


async def find(out: Outgoing, place: Place, metadata: Mapping[str, Any], since: Instant) -> tuple[str, ...]:
    """The `ts` of each message of ours at `place` with this metadata, oldest first. Raises `SlackTrouble`."""
    if out.identity.bot is None and not await out.identity.check():
        raise SlackTrouble(Trouble.AWAY, "auth.test does not answer yet")
    arguments: dict[str, Any] = {
        "channel": place.channel,
        "oldest": f"{(since - _MARGIN).timestamp():.6f}",
        "include_all_metadata": True,
        "limit": _PAGE,
    }
    method = "conversations.history"
    if place.thread_ts is not None:
        method = "conversations.replies"
        arguments["ts"] = place.thread_ts
    found: list[str] = []
    for _ in range(_MOST_PAGES):
        page = await said(out.connection.client.api_call(method, http_verb="GET", params=arguments), method)
        found += [str(each["ts"]) for each in page.get("messages", ()) if _is_ours(out, each, metadata)]
        cursor = (page.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            break
        arguments["cursor"] = cursor
    return tuple(sorted(found, key=float))


def _is_ours(out: Outgoing, message: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool:
    """Anybody's app can write any metadata: only what our own bot posted counts."""
    bot = out.identity.bot
    by_us = bot is not None and bot.bot == message.get("bot_id")
    carried = message.get("metadata") or {}
    return (
        by_us
        and carried.get("event_type") == metadata["event_type"]
        and carried.get("event_payload") == metadata["event_payload"]
    )

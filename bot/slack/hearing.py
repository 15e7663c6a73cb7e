"""Messages that were changed after they were written, and what Slack's spelling of a value means."""

from __future__ import annotations

import re
from typing import Final

from approvals.words import UserId
from bot.desk.remark import Changed, Reply
from bot.slack.payloads import Body, plainly, written
from bot.slack.stamps import moment

_CHANGED: Final = "message_changed"
_DELETED: Final = "message_deleted"
#: What Slack leaves of a deleted message that others answered.
_TOMBSTONE: Final = "tombstone"
#: People, channels and links, as docs.slack.dev/messaging/formatting-message-text has them.
_SPECIAL: Final = re.compile(r"<([@#!]?[^<>\s][^<>]*)>")


def changed(event: Body) -> tuple[UserId, Changed] | None:
    """Whose reply in a thread was edited or deleted, from a `message` event; None for everything else."""
    if event.get("subtype") not in (_CHANGED, _DELETED):
        return None
    now = event.get("message") or {}
    deleted = event["subtype"] == _DELETED or now.get("subtype") == _TOMBSTONE
    shown = (event.get("previous_message") or {}) if deleted else now
    told = {**shown, "channel": event.get("channel")}
    # A file alone has no words; neither has what is left of a deleted message.
    words = written({**told, "subtype": None, "text": "-"} if deleted else told)
    if words is None or words.thread_ts is None:
        return None
    wire = "" if deleted else words.text
    reply = Reply(words.channel, words.thread_ts, words.ts, plainly(wire))
    at = moment(str(event.get("event_ts") or event["ts"]))
    return words.by, Changed(reply, deleted, wire, moment(words.ts), at)


def value_of(wire: str) -> str:
    """A value as somebody typed it: `<@U1|bob>` is U1, an address or a link that Slack made is its text."""
    text = _SPECIAL.sub(_valued, wire)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _valued(found: re.Match[str]) -> str:
    target, _, label = found[1].partition("|")
    if target.startswith(("!subteam^", "@", "#")):
        return target.removeprefix("!subteam^").lstrip("@#")
    if target.startswith("!"):
        return label or f"@{target[1:]}"
    scheme, _, rest = target.partition(":")
    # Slack makes links of what looks like one; its text is what was typed, unless somebody gave it another.
    if label and (scheme in ("mailto", "tel") or rest.lstrip("/").rstrip("/") == label.rstrip("/")):
        return label
    return target

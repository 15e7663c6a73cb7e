"""What Slack sends, as values. The person is whoever Slack says acted; nothing else names one."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from approvals.canonical import Digest
from approvals.roster import Person
from approvals.words import RequestId, UserId
from blocks.actions import Seen
from blocks.listed import Listed

Body: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Click:
    """Somebody used a button or a menu; `channel` and `ts` say of which message, and are empty in a modal."""

    by: Person
    action: str
    #: the button's value, or the chosen option's
    value: str
    channel: str
    ts: str
    trigger: str
    response_url: str | None
    #: the modal that it was in, by its id, and its callback_id
    view: str | None
    modal: str
    #: the same for every delivery of this click
    key: str
    #: in a list: the request that its block is about; None on a card, whose place says which
    listed: Listed | None = None
    #: the block that it was in
    block: str = ""
    #: of the modal that it was in: its `private_metadata`, and what is chosen and typed in it
    private_metadata: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submission:
    """Somebody submitted a modal."""

    by: Person
    modal: str
    private_metadata: str
    #: block_id → action_id → element, as Slack sends `view.state.values`
    values: Mapping[str, Any]
    #: block_ids of the modal's inputs, from the top
    inputs: tuple[str, ...]
    key: str
    #: the modal, by its id
    view: str = ""
    #: the modal that it lies upon, and what this one was called by whoever opened it
    under: str | None = None
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """Somebody wrote in a channel."""

    by: UserId
    channel: str
    ts: str
    #: of the message that heads its thread; None outside of threads
    thread_ts: str | None
    text: str


def click(body: Body) -> Click:
    """From a `block_actions` payload. Raises `KeyError` for what is none."""
    action = body["actions"][0]
    place = body.get("container") or {}
    channel = (body.get("channel") or {}).get("id") or place.get("channel_id") or ""
    chosen = action.get("selected_option") or {}
    view = body.get("view") or {}
    by = _person(body["user"])
    return Click(
        by=by,
        action=str(action["action_id"]),
        value=str(action.get("value") or chosen.get("value") or ""),
        channel=str(channel),
        ts=str(place.get("message_ts") or (body.get("message") or {}).get("ts") or ""),
        trigger=str(body.get("trigger_id") or ""),
        response_url=body.get("response_url") or None,
        view=view.get("id"),
        modal=str(view.get("callback_id") or ""),
        key=f"click:{by.id}:{action['action_id']}:{action.get('action_ts') or body.get('trigger_id')}",
        listed=Listed.decode(action.get("block_id")),
        block=str(action.get("block_id") or ""),
        private_metadata=str(view.get("private_metadata") or ""),
        values=(view.get("state") or {}).get("values") or {},
    )


def submission(body: Body) -> Submission:
    """From a `view_submission` payload. Raises `KeyError` for what is none."""
    view = body["view"]
    values = view["state"]["values"]
    typed = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:32]
    by = _person(body["user"])
    return Submission(
        by=by,
        modal=str(view["callback_id"]),
        private_metadata=str(view.get("private_metadata") or ""),
        values=values,
        inputs=tuple(block["block_id"] for block in view["blocks"] if block["type"] == "input"),
        key=f"submit:{by.id}:{view['id']}:{typed}",
        view=str(view["id"]),
        under=_under(view),
        external_id=str(view.get("external_id") or ""),
    )


def written(event: Body) -> Words | None:
    """What a person wrote, from a `message` or `app_mention` event; None for bots, edits, joins."""
    # A file or a reply that is also shown in the channel is still something a person said.
    if event.get("bot_id") or event.get("subtype") not in (None, "file_share", "thread_broadcast"):
        return None
    text = _with_files(event)
    if not event.get("user") or not text:
        return None
    thread = event.get("thread_ts")
    return Words(
        by=UserId(str(event["user"])),
        channel=str(event["channel"]),
        ts=str(event["ts"]),
        thread_ts=str(thread) if thread is not None and thread != event["ts"] else None,
        text=text,
    )


def _with_files(event: Body) -> str:
    """The words, and the names of the files that came with them."""
    names = [str(each.get("title") or each.get("name") or "a file") for each in event.get("files") or ()]
    escaped = (name.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for name in names)
    return " ".join(filter(None, [str(event.get("text") or ""), *(f"[file: {name}]" for name in escaped)]))


def plainly(wire: str) -> str:
    """What somebody typed, from how Slack writes it: `<@U1|bob>` is @bob, `&amp;` is &, a link its address.

    As docs.slack.dev/messaging/formatting-message-text has it: `&`, `<` and `>` are escaped, nothing else.
    """
    text = _SPECIAL.sub(_spoken, wire)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def mentioned(wire: str) -> frozenset[str]:
    """The ids of the people who are named without a word for them, which is how Slack writes them today."""
    return frozenset(_UNNAMED.findall(wire))


def named(wire: str, names: Mapping[str, str]) -> str:
    """`wire` with a name for each of those: `<@U1>` becomes `<@U1|bob>`, and reads @bob."""

    def with_name(found: re.Match[str]) -> str:
        name = names.get(found[1], "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f"<@{found[1]}|{name}>" if name else found[0]

    return _UNNAMED.sub(with_name, wire)


def _spoken(found: re.Match[str]) -> str:
    target, _, label = found[1].partition("|")
    if target[:1] in ("@", "#", "!"):
        sign = "#" if target[0] == "#" else "@"
        return sign + (label.lstrip("@#") or target[1:].rpartition("^")[2])
    return f"{label} ({target})" if label and label not in target else target


#: Mentions, channels, dates and links stand between angle brackets; people's own brackets are escaped.
_UNNAMED = re.compile(r"<@([A-Z0-9]+)>")
_SPECIAL = re.compile(r"<([@#!]?[^<>\s][^<>]*)>")


def _person(user: Body) -> Person:
    """A payload's user; some payloads spell the name `username`, some `name`, a few neither."""
    return Person(UserId(str(user["id"])), str(user.get("name") or user.get("username") or user["id"]))


#: A digest that no payload has: whoever was shown something else saw nothing that counts.
_NOTHING = Digest("")


def digest_seen(carried: str, request: RequestId) -> Digest:
    """Which payload of `request` was on the screen, from a button's value or a modal's `private_metadata`.

    One that names another request saw nothing of this one: the vote is refused as stale.
    """
    return seen_by(Seen.decode(carried), request)


def request_carried(value: str) -> RequestId | None:
    """Which request a button or a menu of a card says that it is of: for words only, never to decide by."""
    seen = Seen.decode(value.rpartition("|")[2])
    return seen.request if seen is not None else None


def seen_by(seen: Seen | None, request: RequestId) -> Digest:
    """The same of what was decoded already."""
    return seen.digest if seen is not None and seen.request == request else _NOTHING


def _under(view: Mapping[str, Any]) -> str | None:
    """The modal that `view` lies upon: the one before it, or where that is not said, the first of all."""
    root = view.get("root_view_id")
    return view.get("previous_view_id") or (root if root != view.get("id") else None) or None

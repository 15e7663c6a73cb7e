"""`chat.*`: posting, editing, deleting (docs.slack.dev/reference/methods)."""

from __future__ import annotations

import copy
from typing import Any

from blocks import limits
from sandbox.calls import Call, Site, SlackError, active_user, channel_named, method, refuse_problems, shared
from sandbox.changes import Json
from sandbox.payloads import message_event
from sandbox.workspace import Channel, Message, NotThereError

_LOOKS = (
    *("as_user", "icon_emoji", "icon_url", "link_names", "mrkdwn", "parse", "unfurl_links", "unfurl_media"),
    *("username", "markdown_text"),
)
_SAID = ("text", "blocks", "attachments", "metadata")


def check_message(args: Json, *, updating: bool = False) -> None:
    """Refuse what Slack refuses in a message. Raises SlackError."""
    given = shared(args, _SAID)
    if given.get("text") is not None and not isinstance(given["text"], str):
        given["text"] = str(given["text"])
    for name in ("blocks", "attachments"):
        if given.get(name) == "":
            given.pop(name)
    refuse_problems(limits.problems_of_message(given, updating=updating))


def _where(site: Site, call: Call) -> Channel:
    """The channel to post into: also a person's id, which means the direct message with them."""
    name = call.text("channel")
    if name.startswith(("U", "W")) and name in site.workspace.users:
        return site.workspace.direct_message({site.app.bot_user, active_user(site, name).id})
    return channel_named(site, call)


def _may_post(site: Site, channel: Channel) -> None:
    if channel.is_archived:
        raise SlackError("is_archived")
    if site.app.bot_user not in channel.members and "chat:write.public" not in site.app.scopes:
        raise SlackError("not_in_channel")


def _thread(channel: Channel, args: Json) -> str | None:
    thread_ts = args.get("thread_ts")
    if not thread_ts:
        return None
    parent = channel.messages.get(str(thread_ts))
    if parent is None:
        raise SlackError("thread_not_found")
    if parent.thread_ts is None:
        parent.thread_ts = parent.ts
    return parent.thread_ts


def _own(site: Site, call: Call, channel: Channel) -> Message:
    message = channel.messages.get(call.text("ts"))
    if message is None:
        raise SlackError("message_not_found")
    if message.user != site.app.bot_user:
        raise SlackError("cant_update_message" if call.method == "chat.update" else "cant_delete_message")
    return message


def _content(args: Json) -> Json:
    given: Json = {"text": str(args.get("text") or "")[: limits.MESSAGE_TEXT]}
    for name in ("blocks", "attachments"):
        given[name] = copy.deepcopy(args.get(name) or [])
    return given


def _new_message(site: Site, call: Call, channel: Channel, **more: Any) -> Message:
    app = site.app
    return site.workspace.say(
        Message(
            channel.id,
            site.workspace.new_ts(),
            app.bot_user,
            **_content(call.args),
            bot_id=app.bot_id,
            app_id=app.app_id,
            thread_ts=_thread(channel, call.args),
            settings=shared(call.args, _LOOKS),
            **more,
        )
    )


@method(
    "chat.postMessage",
    *("channel", "thread_ts", "reply_broadcast", *_SAID, *_LOOKS),
    scopes=("chat:write",),
    per_minute=60,
)
def post_message(site: Site, call: Call) -> Json:
    """Post into a channel, a thread, or a direct message."""
    channel = _where(site, call)
    _may_post(site, channel)
    check_message(call.args)
    message = _new_message(
        site,
        call,
        channel,
        metadata=copy.deepcopy(call.args.get("metadata")) or None,
        reply_broadcast=call.flag("reply_broadcast"),
    )
    site.tell(message_event(channel, message, message.ts))
    return {"channel": channel.id, "ts": message.ts, "message": message.as_json(with_metadata=True)}


@method(
    "chat.update", *("channel", "ts", "file_ids", "reply_broadcast", *_SAID, *_LOOKS), scopes=("chat:write",)
)
def update(site: Site, call: Call) -> Json:
    """Edit one of the app's own messages. Metadata stays unless given; blocks go when only a text comes."""
    channel = channel_named(site, call)
    _may_post(site, channel)
    message = _own(site, call, channel)
    check_message(call.args, updating=True)
    changed = {**_content(call.args), "edited": {"user": site.app.bot_user, "ts": site.workspace.new_ts()}}
    if "metadata" in call.args:
        changed["metadata"] = copy.deepcopy(call.args["metadata"]) or None
    site.workspace.change(message, **changed)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": message.as_json()}


@method("chat.delete", "channel", "ts", "as_user", scopes=("chat:write",))
def delete(site: Site, call: Call) -> Json:
    """Delete one of the app's own messages."""
    channel = channel_named(site, call)
    message = _own(site, call, channel)
    site.workspace.delete(message)
    return {"channel": channel.id, "ts": message.ts}


@method(
    "chat.postEphemeral",
    *("channel", "user", "thread_ts", *_SAID, *_LOOKS),
    scopes=("chat:write",),
    per_minute=100,
)
def post_ephemeral(site: Site, call: Call) -> Json:
    """Say something that one person sees."""
    channel = channel_named(site, call)
    user = active_user(site, call.text("user"))
    _may_post(site, channel)
    if user.id not in channel.members:
        raise SlackError("user_not_in_channel")
    check_message(call.args)
    message = _new_message(site, call, channel, only_for=user.id)
    return {"message_ts": message.ts}


@method("chat.getPermalink", "channel", "message_ts", per_minute=500)
def get_permalink(site: Site, call: Call) -> Json:
    """Where a message can be looked at."""
    channel = channel_named(site, call)
    try:
        message = site.workspace.message(channel.id, call.text("message_ts"))
    except NotThereError:
        raise SlackError("message_not_found") from None
    link = f"{site.url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts and message.thread_ts != message.ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}

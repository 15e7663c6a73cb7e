"""`conversations.*` (docs.slack.dev/reference/methods)."""

from __future__ import annotations

from sandbox.calls import Call, Site, SlackError, active_user, channel_named, method, page
from sandbox.changes import Json
from sandbox.workspace import Channel, Message

_FAMILY = {"channel": "channels", "private": "groups", "im": "im", "mpim": "mpim"}
_TYPES = {"channel": "public_channel", "private": "private_channel", "im": "im", "mpim": "mpim"}


def need(site: Site, channel: Channel, right: str) -> None:
    """Which scope it takes depends on the kind of channel. Raises SlackError when it is not granted."""
    scope = f"{_FAMILY[channel.kind]}:{right}"
    if scope not in site.app.scopes:
        raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(site.app.scopes)))


@method("conversations.info", *("channel", "include_locale", "include_num_members"))
def info(site: Site, call: Call) -> Json:
    """A channel by id."""
    channel = channel_named(site, call)
    need(site, channel, "read")
    return {"channel": channel.as_json(site.app.bot_user)}


@method("conversations.list", *("cursor", "limit", "types", "exclude_archived", "team_id"), per_minute=20)
def list_channels(site: Site, call: Call) -> Json:
    """The channels the bot can see."""
    wanted = set(call.text("types", "public_channel").replace(" ", "").split(","))
    if wanted - set(_TYPES.values()):
        raise SlackError("invalid_types")
    found: list[Json] = []
    for channel in site.workspace.channels.values():
        visible = channel.kind == "channel" or site.app.bot_user in channel.members
        if _TYPES[channel.kind] in wanted and visible:
            need(site, channel, "read")
            if not (channel.is_archived and call.flag("exclude_archived")):
                found.append(channel.as_json(site.app.bot_user))
    channels, following = page(found, call)
    return {"channels": channels, **following}


@method("conversations.members", "channel", "cursor", "limit", per_minute=100)
def members(site: Site, call: Call) -> Json:
    """Who is in a channel."""
    channel = channel_named(site, call)
    need(site, channel, "read")
    ids, following = page([{"id": each} for each in sorted(channel.members)], call)
    return {"members": [each["id"] for each in ids], **following}


@method("conversations.open", "channel", "users", "return_im", "prevent_creation")
def open_conversation(site: Site, call: Call) -> Json:
    """The direct message with one person, or with a few."""
    names = call.args.get("users") or ""
    ids = [each for each in (names if isinstance(names, list) else str(names).split(",")) if each]
    if not ids:
        channel = channel_named(site, call)
    else:
        scope = "im:write" if len(ids) == 1 else "mpim:write"
        if scope not in site.app.scopes:
            raise SlackError("missing_scope", needed=scope, provided=",".join(sorted(site.app.scopes)))
        channel = site.workspace.direct_message(
            {site.app.bot_user, *(active_user(site, each).id for each in ids)}
        )
    whole = call.flag("return_im")
    return {"channel": channel.as_json(site.app.bot_user) if whole else {"id": channel.id}}


@method("conversations.join", "channel", scopes=("channels:join",))
def join(site: Site, call: Call) -> Json:
    """Step into a public channel."""
    channel = channel_named(site, call)
    if channel.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.is_archived:
        raise SlackError("is_archived")
    site.workspace.add_to_channel(site.app.bot_user, channel.id)
    return {"channel": channel.as_json(site.app.bot_user)}


def _readable(site: Site, call: Call) -> Channel:
    channel = channel_named(site, call)
    need(site, channel, "history")
    if site.app.bot_user not in channel.members:
        raise SlackError("not_in_channel")
    return channel


def _within(call: Call, messages: list[Message]) -> list[Message]:
    oldest, latest = (float(call.args.get(name) or edge) for name, edge in (("oldest", 0), ("latest", 1e12)))
    inclusive = call.flag("inclusive")

    def inside(ts: float) -> bool:
        return oldest <= ts <= latest if inclusive else oldest < ts < latest

    return [each for each in messages if inside(float(each.ts))]


def _shown(site: Site, channel: Channel, message: Message, call: Call) -> Json:
    shown = message.as_json(with_metadata=call.flag("include_all_metadata"))
    replies = site.workspace.replies(channel.id, message.ts) if message.thread_ts == message.ts else []
    if replies:
        shown |= {"reply_count": len(replies), "latest_reply": replies[-1].ts}
        shown["reply_users"] = sorted({each.user for each in replies})
    return shown


_SPAN = ("channel", "cursor", "limit", "oldest", "latest", "inclusive", "include_all_metadata")


@method("conversations.history", *_SPAN)
def history(site: Site, call: Call) -> Json:
    """What was said in a channel, youngest first; of threads only what was broadcast."""
    channel = _readable(site, call)
    top = [m for m in channel.messages.values() if m.thread_ts in (None, m.ts) or m.reply_broadcast]
    found = [_shown(site, channel, each, call) for each in reversed(_within(call, top))]
    messages, following = page(found, call, 999)
    has_more = bool(following["response_metadata"]["next_cursor"])
    return {"messages": messages, "has_more": has_more, "pin_count": 0, **(following if has_more else {})}


@method("conversations.replies", "ts", *_SPAN)
def replies(site: Site, call: Call) -> Json:
    """A thread, oldest first, beginning with the message it hangs on."""
    channel = _readable(site, call)
    parent = channel.messages.get(call.text("ts"))
    if parent is None:
        raise SlackError("thread_not_found")
    root = channel.messages.get(parent.thread_ts or parent.ts, parent)
    thread = [root, *_within(call, site.workspace.replies(channel.id, root.ts))]
    messages, following = page([_shown(site, channel, each, call) for each in thread], call)
    has_more = bool(following["response_metadata"]["next_cursor"])
    return {"messages": messages, "has_more": has_more, **(following if has_more else {})}

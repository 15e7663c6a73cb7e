"""The state of the workspace: people, channels, messages, views. Nothing here speaks HTTP."""

from __future__ import annotations

import copy
import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from sandbox.changes import Changes, Json

TEAM_ID = "T0SANDBOX"
TEAM_DOMAIN = "sandbox"


class NotThereError(LookupError):
    """A test or a person asked for something that the workspace does not have, or that they cannot see."""


@dataclass(slots=True)
class User:
    """A person or a bot of the workspace."""

    id: str
    name: str
    real_name: str
    email: str = ""
    timezone: str = "Europe/Berlin"
    deleted: bool = False
    is_admin: bool = False
    #: A multi-channel guest.
    is_restricted: bool = False
    #: A single-channel guest.
    is_ultra_restricted: bool = False
    is_bot: bool = False
    team_id: str = TEAM_ID

    def as_json(self, *, with_email: bool) -> Json:
        """As `users.info` shows it; the address only to those who may read it (scope `users:read.email`)."""
        profile = {"real_name": self.real_name, "display_name": self.name, "team": self.team_id}
        if with_email and not self.is_bot:
            profile["email"] = self.email
        shown: Json = {"id": self.id, "team_id": self.team_id, "name": self.name, "deleted": self.deleted}
        if not self.deleted:
            shown |= {"real_name": self.real_name, "tz": self.timezone, "tz_label": self.timezone}
            shown |= {"is_admin": self.is_admin, "is_owner": False, "is_primary_owner": False}
            shown |= {"is_restricted": self.is_restricted, "is_ultra_restricted": self.is_ultra_restricted}
        return {**shown, "is_bot": self.is_bot, "is_app_user": False, "updated": 0, "profile": profile}


@dataclass(slots=True)
class Message:
    """A message of a channel, or one that a single person sees."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    metadata: Json | None = None
    thread_ts: str | None = None
    reply_broadcast: bool = False
    edited: Json | None = None
    bot_id: str | None = None
    app_id: str | None = None
    #: Only this person sees it (an ephemeral message).
    only_for: str | None = None
    #: Arguments of the post that change how it looks, kept as they came: unfurl_links, mrkdwn, icon_emoji, …
    settings: Json = field(default_factory=dict)

    def as_json(self, *, with_metadata: bool = False) -> Json:
        """As `conversations.history` shows it."""
        shown: Json = {
            "type": "message",
            "user": self.user,
            "ts": self.ts,
            "text": self.text,
            "team": TEAM_ID,
        }
        for name in ("blocks", "attachments", "thread_ts", "edited", "bot_id", "app_id"):
            if getattr(self, name):
                shown[name] = copy.deepcopy(getattr(self, name))
        if self.thread_ts and self.reply_broadcast:
            shown["subtype"] = "thread_broadcast"
        if self.only_for:
            shown["is_ephemeral"] = True
        if with_metadata and self.metadata:
            shown["metadata"] = copy.deepcopy(self.metadata)
        return shown

    def all_blocks(self) -> list[Json]:
        """Its blocks, and then those of its attachments."""
        return [*self.blocks, *(block for each in self.attachments for block in each.get("blocks", ()))]


@dataclass(slots=True)
class Channel:
    """A channel or a direct message, with what was said in it."""

    id: str
    name: str
    #: `channel`, `private`, `im` or `mpim`.
    kind: str = "channel"
    members: set[str] = field(default_factory=set)
    is_archived: bool = False
    messages: dict[str, Message] = field(default_factory=dict)

    def as_json(self, bot_user: str) -> Json:
        """As `conversations.info` shows it to the bot."""
        is_im, is_private = self.kind == "im", self.kind in ("private", "mpim")
        shown: Json = {
            "id": self.id,
            "created": 1_700_000_000,
            "is_im": is_im,
            "is_mpim": self.kind == "mpim",
        }
        shown |= {"is_channel": self.kind == "channel", "is_group": self.kind == "private"}
        shown |= {
            "is_private": is_private or is_im,
            "is_archived": self.is_archived,
            "context_team_id": TEAM_ID,
        }
        if is_im:
            other = sorted(self.members - {bot_user})
            return {**shown, "user": other[0] if other else bot_user, "is_open": True}
        shown |= {"name": self.name, "name_normalized": self.name, "is_member": bot_user in self.members}
        return {**shown, "is_ext_shared": False, "is_shared": False, "num_members": len(self.members)}


@dataclass(slots=True)
class UserGroup:
    """A user group, as an on-call tool keeps one."""

    id: str
    handle: str
    name: str
    users: list[str] = field(default_factory=list)
    disabled: bool = False

    def as_json(self, *, with_users: bool) -> Json:
        """As `usergroups.list` shows it."""
        shown: Json = {"id": self.id, "team_id": TEAM_ID, "is_usergroup": True, "handle": self.handle}
        shown |= {"name": self.name, "description": "", "user_count": len(self.users)}
        shown["date_delete"] = 1 if self.disabled else 0
        return {**shown, "users": list(self.users)} if with_users else shown


@dataclass(slots=True)
class View:
    """A modal that somebody has open, or somebody's home tab."""

    id: str
    user: str
    payload: Json
    hash: str
    app_id: str
    bot_id: str
    root_id: str
    previous_id: str | None = None
    #: What Slack shows at the fields after `response_action: errors`; by block_id.
    errors: dict[str, str] = field(default_factory=dict)
    #: What was chosen in its menus one by one: block_id → action_id → as in `state.values`.
    picked: Json = field(default_factory=dict)

    @property
    def title(self) -> str:
        """What heads it; empty for a home tab."""
        return str((self.payload.get("title") or {}).get("text", ""))

    @property
    def blocks(self) -> list[Json]:
        """What it shows."""
        return list(self.payload["blocks"])

    def as_json(self, state: Json | None = None) -> Json:
        """As `views.open` answers it and as payloads carry it."""
        given, modal = self.payload, self.payload["type"] == "modal"
        shown: Json = {"id": self.id, "team_id": TEAM_ID, "type": given["type"]}
        shown |= {
            "blocks": copy.deepcopy(given["blocks"]),
            "private_metadata": given.get("private_metadata", ""),
        }
        shown |= {"callback_id": given.get("callback_id", ""), "external_id": given.get("external_id", "")}
        shown |= {
            "state": {"values": state or {}},
            "hash": self.hash,
            "app_id": self.app_id,
            "bot_id": self.bot_id,
        }
        shown |= {"root_view_id": self.root_id, "previous_view_id": self.previous_id}
        shown |= {"app_installed_team_id": TEAM_ID, "title": given.get("title") if modal else None}
        for name in ("close", "submit"):
            shown[name] = given.get(name)
        for name in ("clear_on_close", "notify_on_close", "submit_disabled"):
            shown[name] = bool(given.get(name))
        return shown


class Workspace:
    """Who is there, what was said, who looks at which view."""

    def __init__(self, changes: Changes | None = None) -> None:
        self.changes = changes or Changes()
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.usergroups: dict[str, UserGroup] = {}
        #: By person: the modals that are open, the topmost last.
        self.stacks: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        #: Messages that one person sees, oldest first.
        self.ephemerals: list[Message] = []
        #: Seconds since 1970, as messages and the page have it; a story tells its day with another.
        self.clock: Callable[[], float] = time.time
        self._ids = itertools.count(1)
        self._last_microsecond = 0

    def new_ts(self) -> str:
        """A message's `ts`: seconds with six digits, unlike any before it and above all of them."""
        self._last_microsecond = max(self._last_microsecond + 1, int(self.clock() * 1_000_000))
        return f"{self._last_microsecond // 1_000_000}.{self._last_microsecond % 1_000_000:06d}"

    def new_id(self, prefix: str) -> str:
        """An id with Slack's letter in front."""
        return f"{prefix}{next(self._ids):08X}"

    def add_user(self, user: User) -> User:
        """Let somebody in, or replace somebody with the same id."""
        self.users[user.id] = user
        self.changes.note("user", user=user.id)
        return user

    def add_channel(self, channel: Channel) -> Channel:
        """Make a channel."""
        self.channels[channel.id] = channel
        self.changes.note("channel", channel=channel.id)
        return channel

    def add_usergroup(self, group: UserGroup) -> UserGroup:
        """Make a user group, or change its members."""
        self.usergroups[group.id] = group
        self.changes.note("usergroup", usergroup=group.id)
        return group

    def deactivate(self, user_id: str) -> None:
        """Somebody leaves the workspace for good."""
        self.users[user_id].deleted = True
        self.changes.note("user", user=user_id)

    def archive(self, channel_id: str, *, archived: bool = True) -> None:
        """Archive a channel, or bring it back."""
        self.channels[channel_id].is_archived = archived
        self.changes.note("channel", channel=channel_id)

    def remove_from_channel(self, user_id: str, channel_id: str) -> None:
        """Somebody, or the bot, is removed from a channel."""
        self.channels[channel_id].members.discard(user_id)
        self.changes.note("channel", channel=channel_id)

    def add_to_channel(self, user_id: str, channel_id: str) -> None:
        """Somebody, or the bot, is invited to a channel."""
        self.channels[channel_id].members.add(user_id)
        self.changes.note("channel", channel=channel_id)

    def direct_message(self, users: Iterable[str]) -> Channel:
        """The conversation of exactly these people, made when there is none."""
        members = set(users)
        for channel in self.channels.values():
            if channel.kind in ("im", "mpim") and channel.members == members:
                return channel
        kind = "im" if len(members) <= 2 else "mpim"
        return self.add_channel(Channel(self.new_id("D" if kind == "im" else "G"), "", kind, members))

    def say(self, message: Message) -> Message:
        """Put a message into its channel, or before the eyes of the one person it is for."""
        name_blocks(message.all_blocks(), self)
        if message.only_for:
            self.ephemerals.append(message)
            self.changes.note("ephemeral", channel=message.channel, ts=message.ts, user=message.only_for)
        else:
            self.channels[message.channel].messages[message.ts] = message
            self.changes.note("message", channel=message.channel, ts=message.ts)
        return message

    def change(self, message: Message, **fields: Any) -> Message:
        """Edit a message in its place."""
        for name, value in fields.items():
            setattr(message, name, value)
        name_blocks(message.all_blocks(), self)
        self.changes.note("message_changed", channel=message.channel, ts=message.ts)
        return message

    def delete(self, message: Message) -> None:
        """Take a message away."""
        if message.only_for:
            self.ephemerals = [each for each in self.ephemerals if each is not message]
        else:
            self.channels[message.channel].messages.pop(message.ts, None)
        self.changes.note("message_deleted", channel=message.channel, ts=message.ts)

    def message(self, channel_id: str, ts: str) -> Message:
        """A message by its place, ephemeral ones too. Raises NotThereError."""
        channel = self.channels.get(channel_id)
        found = channel.messages.get(ts) if channel else None
        for each in self.ephemerals if found is None else ():
            if each.channel == channel_id and each.ts == ts:
                found = each
        if found is None:
            raise NotThereError(f"no message {ts} in {channel_id}")
        return found

    def replies(self, channel_id: str, ts: str) -> list[Message]:
        """What was said in a thread, without the message that began it; oldest first."""
        return [
            each for each in self.channels[channel_id].messages.values() if each.thread_ts == ts != each.ts
        ]

    def open_view(self, view: View) -> None:
        """Show a modal: alone, or above what is open when it has a `previous_id`."""
        stack = self.stacks.setdefault(view.user, [])
        if view.previous_id is None:
            stack.clear()
        stack.append(view)
        self.changes.note("view", user=view.user, view=view.id)

    def close_view(self, view: View, *, every: bool = False) -> None:
        """Take a modal away, or all that the person has open."""
        stack = self.stacks.get(view.user, [])
        self.stacks[view.user] = [] if every else [each for each in stack if each.id != view.id]
        self.changes.note("view", user=view.user, view=view.id)

    def view_by(self, *, view_id: str | None = None, external_id: str | None = None) -> View | None:
        """A view that somebody has before them, by one of its names."""
        every = [*itertools.chain(*self.stacks.values()), *self.homes.values()]
        for view in every:
            if view.id == view_id or (external_id and view.payload.get("external_id") == external_id):
                return view
        return None


def name_blocks(blocks: list[Json], workspace: Workspace) -> None:
    """Give ids to blocks and elements that came without, as Slack does."""
    for block in blocks:
        if not block.get("block_id"):
            block["block_id"] = workspace.new_id("b")
        nested = [block.get("element"), block.get("accessory"), *(block.get("elements") or ())]
        for element in nested:
            if isinstance(element, dict) and element.get("type") in NAMED_ELEMENTS:
                element.setdefault("action_id", workspace.new_id("a"))


NAMED_ELEMENTS = frozenset(
    {"button", "overflow", "checkboxes", "radio_buttons", "datepicker", "timepicker", "datetimepicker"}
    | {"plain_text_input", "number_input", "email_text_input", "url_text_input"}
    | {
        f"{n}{k}_select"
        for n in ("", "multi_")
        for k in ("static", "external", "users", "conversations", "channels")
    }
)

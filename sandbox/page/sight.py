"""What one person sees: the sidebar, a channel, a thread, with nothing that is for somebody else's eyes."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sandbox.page.moments import ago, in_zone
from sandbox.page.reader import Reader
from sandbox.page.refusals import Refusal
from sandbox.workspace import Channel, Message, User

if TYPE_CHECKING:
    from sandbox.server import SlackStandIn

#: How many messages of a channel the page shows.
SHOWN = 50
#: Within so many seconds one person's messages stand together under one name.
TOGETHER = 300
#: What stands for the app's home tab, and for its direct message before there is one.
HOME, APP = "home", "app"


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks, and at what: all of it stands in the page's address."""

    user: User
    #: A channel's id, `home` or `app`.
    at: str
    thread: str | None = None
    #: `wire`, `world`, `none`, or nothing said.
    panel: str = ""
    #: What the panel shows of the wire.
    only: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the sidebar."""

    at: str
    name: str
    kind: str
    unread: bool
    #: The number in the badge.
    mentions: int


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a channel or thread, in the order of time."""

    at: float
    message: Message | None = None
    author: User | None = None
    refusal: Refusal | None = None
    #: First of its day.
    heads_day: bool = False
    #: Follows the same person's, closely.
    continued: bool = False
    replies: int = 0
    last_reply: str = ""
    repliers: tuple[str, ...] = ()
    #: Replies in its thread that only this reader sees.
    whispers: int = 0
    #: What the app tried to make of it and Slack refused.
    failed_changes: tuple[Refusal, ...] = ()


@dataclass(slots=True)
class Marks:
    """Up to where each person has read each channel."""

    _read: dict[tuple[str, str], str] = field(default_factory=dict)

    def read(self, user: str, channel: Channel) -> None:
        """This person sees the channel to its end."""
        if channel.messages:
            self._read[user, channel.id] = next(reversed(channel.messages))

    def unread(self, user: str, channel: Channel) -> list[Message]:
        """What others have said since."""
        upto, found = self._read.get((user, channel.id), ""), []
        for ts in reversed(channel.messages):
            if ts <= upto:
                break
            found.append(channel.messages[ts])
        return [each for each in found if each.user != user]

    def left_off(self, user: str, channel: Channel) -> str | None:
        """The first message of others, outside threads, that this person has not seen: its `ts`."""
        heads = [each for each in self.unread(user, channel) if each.thread_ts in (None, each.ts)]
        return heads[-1].ts if heads else None


def places(slack: SlackStandIn, reader: Reader, marks: Marks) -> Mapping[str, list[Place]]:
    """The sidebar's lines, by what they are."""
    found: dict[str, list[Place]] = {"channels": [], "people": []}
    for channel in slack.workspace.channels.values():
        if reader.user.id not in channel.members or channel.is_archived:
            continue
        if channel.kind == "im" and reader.bot_user in channel.members:
            continue
        direct = channel.kind in ("im", "mpim")
        name = reader.other_in(channel) if direct else channel.name
        found["people" if direct else "channels"].append(_place(channel, name, reader, marks))
    bot_user = slack.workspace.users[reader.bot_user]
    own = app_channel(slack, reader.user.id)
    known = _place(own, bot_user.real_name, reader, marks) if own else None
    found["apps"] = [known or Place(APP, bot_user.real_name, "im", False, 0)]
    return found


def app_channel(slack: SlackStandIn, user: str) -> Channel | None:
    """The direct message with the app, if there is one yet."""
    for channel in slack.workspace.channels.values():
        if channel.kind == "im" and channel.members == {user, slack.app.bot_user}:
            return channel
    return None


def _place(channel: Channel, name: str, reader: Reader, marks: Marks) -> Place:
    unread = marks.unread(reader.user.id, channel)
    direct = channel.kind in ("im", "mpim")
    mentions = len(unread) if direct else sum(_names(each, reader) for each in unread)
    return Place(channel.id, name, channel.kind, bool(unread), mentions)


def _names(message: Message, reader: Reader) -> bool:
    said = message.text + json.dumps(message.blocks)
    return f"<@{reader.user.id}>" in said or f'"user_id": "{reader.user.id}"' in said


@dataclass(frozen=True, slots=True)
class Room:
    """A channel as one person sees it."""

    slack: SlackStandIn
    reader: Reader
    channel: Channel
    #: What was meant for this channel, and Slack refused.
    refused: list[Refusal]

    def timeline(self) -> list[Item]:
        """All but the threads, oldest first: messages, whispers, and what Slack refused."""
        messages, whispers = self.channel.messages.values(), self._whispers()
        said = [each for each in messages if each.thread_ts in (None, each.ts) or each.reply_broadcast]
        said += [each for each in whispers if each.thread_ts is None]
        items = [self._item(each, whispers) for each in sorted(said, key=lambda each: each.ts)[-SHOWN:]]
        elsewhere = [each for each in self.refused if each.thread or each.sent.get("ts")]
        items += [Item(each.at, refusal=each) for each in self.refused if each not in elsewhere]
        return _in_order(items, self.reader)

    def thread(self, ts: str) -> tuple[Item, list[Item]] | None:
        """The message that heads a thread, and what was said below it; None when it is gone."""
        root = self.channel.messages.get(ts)
        if root is None:
            return None
        whispers = [each for each in self._whispers() if each.thread_ts == ts]
        said = [*self.slack.workspace.replies(self.channel.id, ts), *whispers]
        items = [self._item(each) for each in said]
        items += [Item(each.at, refusal=each) for each in self.refused if each.thread == ts]
        return self._item(root), _in_order(items, self.reader)

    def _whispers(self) -> list[Message]:
        return self.slack.ephemerals(self.reader.user.id, self.channel.id)

    def _item(self, message: Message, whispers: Iterable[Message] = ()) -> Item:
        reader, space = self.reader, self.slack.workspace
        heads = message.thread_ts == message.ts and not message.only_for
        replies = space.replies(self.channel.id, message.ts) if heads else []
        last = ago((reader.now - in_zone(replies[-1].ts, reader.zone)).total_seconds()) if replies else ""
        return Item(
            float(message.ts),
            message,
            space.users.get(message.user),
            replies=len(replies),
            last_reply=last,
            repliers=tuple(dict.fromkeys(reader.person(each.user) for each in replies)),
            whispers=sum(each.thread_ts == message.ts for each in whispers),
            failed_changes=tuple(each for each in self.refused if each.sent.get("ts") == message.ts),
        )


def _in_order(items: list[Item], reader: Reader) -> list[Item]:
    ordered: list[Item] = []
    before: Item | None = None
    for item in sorted(items, key=lambda each: each.at):
        day = in_zone(item.at, reader.zone).date()
        heads = before is None or in_zone(before.at, reader.zone).date() != day
        close = before is not None and item.at - before.at < TOGETHER
        alike = before is not None and _author(before) is not None and _author(before) == _author(item)
        ordered.append(replace(item, heads_day=heads, continued=close and alike and not heads))
        before = item
    return ordered


def _author(item: Item) -> str | None:
    """Who said it; nobody for cards, which stand each under its own name, and for whispers."""
    message = item.message
    return None if message is None or message.only_for or message.bot_id else message.user

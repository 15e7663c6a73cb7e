"""Who looks at the page, and by which names they know everybody and everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from sandbox.workspace import Channel, User, Workspace


@dataclass(frozen=True)
class Reader:
    """One person before the page, at one moment."""

    user: User
    workspace: Workspace
    #: In the reader's zone.
    now: datetime
    bot_user: str

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of this person's profile."""
        return ZoneInfo(self.user.timezone)

    def person(self, user_id: str) -> str:
        """The name a mention shows."""
        user = self.workspace.users.get(user_id)
        return user.real_name if user else user_id

    def channel(self, channel_id: str) -> str:
        """A channel's name, without the #; for one that this person may not know, that it is private."""
        found = self.workspace.channels.get(channel_id)
        if found is None:
            return channel_id
        if found.kind != "channel" and self.user.id not in found.members:
            return "private channel"
        return found.name or self.other_in(found)

    def group(self, group_id: str) -> str:
        """A user group's handle."""
        found = self.workspace.usergroups.get(group_id)
        return found.handle if found else group_id

    def other_in(self, channel: Channel) -> str:
        """Whom a direct message is with."""
        others = sorted(self.person(each) for each in channel.members - {self.user.id})
        return ", ".join(others) or self.user.real_name

    def in_group(self, group_id: str) -> bool:
        """Whether this person is in a user group."""
        found = self.workspace.usergroups.get(group_id)
        return found is not None and self.user.id in found.users

"""The Slack app that is installed in the workspace: its names, secrets, scopes, and where its payloads go."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field

from sandbox.changes import Json
from sandbox.workspace import NotThereError

#: How many triggers and response URLs are remembered.
KEPT = 5_000
#: What the app is granted unless told otherwise: what its manifest asks for.
SCOPES = (
    *("app_mentions:read", "channels:history", "channels:read", "chat:write", "commands", "groups:history"),
    *("groups:read", "im:history", "im:write", "mpim:history", "mpim:write"),
    *("usergroups:read", "users:read", "users:read.email"),
)
#: What the app is subscribed to unless told otherwise (`message` stands for all kinds of channels): what its
#: manifest asks for.
EVENTS = (*("app_home_opened", "app_mention", "message", "subteam_members_changed", "user_change"),)


@dataclass(frozen=True, slots=True)
class Times:
    """How long things last, in seconds; Slack's own values unless a test is in a hurry."""

    #: A payload must be acknowledged within (docs.slack.dev/interactivity/handling-user-interaction).
    acknowledge: float = 3.0
    #: A trigger_id can be used for (docs.slack.dev/interactivity#modal_responses).
    trigger: float = 3.0
    #: A response_url can be used for, and how often.
    response_url: float = 1_800.0
    response_url_uses: int = 5
    #: The pauses before an event is sent again (docs.slack.dev/apis/events-api#retries).
    event_retries: tuple[float, ...] = (0.0, 60.0, 300.0)


@dataclass(slots=True)
class Trigger:
    """A trigger_id that was handed out: one modal may be opened with it, soon."""

    user: str
    expires: float
    #: The view that was clicked in, above which `views.push` may put another.
    view_id: str | None = None
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """A place where the app may answer a click or a command for a while."""

    channel: str
    user: str
    expires: float
    left: int
    #: The message that was clicked, if one was.
    message_ts: str | None = None
    thread_ts: str | None = None


def secret(prefix: str) -> str:
    """A token that looks like Slack's and that no scanner takes for one."""
    return f"{prefix}-sandbox-{secrets.token_hex(12)}"


@dataclass(slots=True)
class App:
    """The installed app."""

    app_id: str = "A0HITL"
    name: str = "hitl"
    bot_id: str = "B0HITL"
    bot_user: str = "U0HITL"
    bot_token: str = field(default_factory=lambda: secret("xoxb"))
    app_token: str = field(default_factory=lambda: secret("xapp"))
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    verification_token: str = field(default_factory=lambda: secrets.token_hex(12))
    scopes: set[str] = field(default_factory=lambda: set(SCOPES))
    events: set[str] = field(default_factory=lambda: set(EVENTS))
    #: Slash commands that Slack knows of, as the manifest declares them, and what they are for. Of any other
    #: the app hears nothing.
    commands: dict[str, str] = field(default_factory=lambda: {"/hitl": "What waits for your decision"})
    #: Where payloads go; None for Socket Mode.
    request_url: str | None = None
    #: Whether the app hears its own messages as events. In Slack it does; tests rarely want the traffic.
    hears_itself: bool = False
    #: Why the bot's token is refused: `token_revoked`, `account_inactive`, `invalid_auth`.
    refused: str | None = None
    triggers: dict[str, Trigger] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)

    def new_trigger(self, user: str, life: float, view_id: str | None = None) -> str:
        """A trigger_id for a click of this person's."""
        trigger_id = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**12)}.{secrets.token_hex(16)}"
        self.triggers[trigger_id] = Trigger(user, time.monotonic() + life, view_id)
        while len(self.triggers) > KEPT:
            self.triggers.pop(next(iter(self.triggers)))
        return trigger_id

    def settings(self) -> Json:
        """What another program needs to be this app."""
        names = ("app_id", "bot_id", "bot_user", "bot_token", "app_token", "signing_secret", "request_url")
        return {**{name: getattr(self, name) for name in names}, "scopes": sorted(self.scopes)}

    def take_trigger(self, trigger_id: str) -> Trigger:
        """Use a trigger up. Raises NotThereError with Slack's error code."""
        trigger = self.triggers.get(trigger_id)
        if trigger is None:
            raise NotThereError("invalid_trigger_id")
        if trigger.used:
            raise NotThereError("exchanged_trigger_id")
        if time.monotonic() > trigger.expires:
            raise NotThereError("expired_trigger_id")
        trigger.used = True
        return trigger

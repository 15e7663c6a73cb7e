"""What the listeners hear and the senders call is what manifest.yml asks Slack for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.slack.app import COMMAND, EVENTS

HOUSE = Path(__file__).parents[3]

#: The scopes that a bot's token needs for each method: docs.slack.dev/reference/methods.
SCOPES = {
    "apps.connections.open": set[str](),
    "auth.test": set[str](),
    "chat.getPermalink": set[str](),
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "conversations.open": {"im:write", "mpim:write"},
    "conversations.replies": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "usergroups.users.list": {"usergroups:read"},
    "users.info": {"users:read", "users:read.email"},
    "views.open": set[str](),
    "views.publish": set[str](),
    "views.update": set[str](),
}
_FAMILY = "apps|auth|chat|conversations|usergroups|users|views"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """The manifest as Slack reads it."""
    loaded: dict[str, Any] = yaml.safe_load((HOUSE / "manifest.yml").read_text(encoding="utf-8"))
    return loaded


def test_every_event_that_is_listened_to_is_subscribed_and_no_other(manifest: dict[str, Any]) -> None:
    """Slack sends each kind of channel's messages under a name of its own; the listener hears all of them."""
    subscribed = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert {name.partition(".")[0] for name in subscribed} == set(EVENTS)
    kinds = {name for name in subscribed if name.startswith("message.")}
    assert kinds == {"message.channels", "message.groups", "message.im", "message.mpim"}


def test_the_command_is_the_manifests(manifest: dict[str, Any]) -> None:
    """One command, and the listeners' name for it."""
    assert [each["command"] for each in manifest["features"]["slash_commands"]] == [COMMAND]


def test_every_method_that_is_called_has_its_scopes(manifest: dict[str, Any]) -> None:
    """No call can fail for a scope that the manifest forgot."""
    granted = set(manifest["oauth_config"]["scopes"]["bot"])
    called = methods_called()
    assert {"chat.postMessage", "conversations.replies", "users.info", "views.open"} <= called
    assert set().union(*(SCOPES[method] for method in called)) <= granted


def methods_called() -> set[str]:
    """The Web API methods in the bot's source, by either of the ways in which they are called."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in (HOUSE / "bot" / "slack").glob("*.py"))
    by_name = set(re.findall(rf'"((?:{_FAMILY})(?:\.[a-zA-Z]+)+)"', source))
    by_attribute = re.findall(rf"client\.((?:{_FAMILY})(?:_[a-zA-Z]+)+)\(", source)
    return by_name | {name.replace("_", ".") for name in by_attribute}

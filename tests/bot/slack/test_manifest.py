"""What the listeners hear and the bot calls is what manifest.yml asks Slack for, and docs/scopes.md tells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.slack.app import COMMAND, EVENTS
from tests.house.test_manifest import SCOPE_OF_EVENT

HOUSE = Path(__file__).parents[3]

#: The scopes that a bot's token needs for each method: docs.slack.dev/reference/methods.
SCOPES = {
    "api.test": set[str](),
    "apps.connections.open": set[str](),
    "auth.test": set[str](),
    "blocks.validate": set[str](),
    "chat.delete": {"chat:write"},
    "chat.getPermalink": set[str](),
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.history": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "conversations.info": {"channels:read", "groups:read"},
    "conversations.open": {"im:write", "mpim:write"},
    "conversations.replies": {"channels:history", "groups:history", "im:history", "mpim:history"},
    "usergroups.users.list": {"usergroups:read"},
    "users.info": {"users:read", "users:read.email"},
    "views.open": set[str](),
    "views.publish": set[str](),
    "views.push": set[str](),
    "views.update": set[str](),
}
_FAMILY = "api|apps|auth|blocks|chat|conversations|usergroups|users|views"
#: A line of the page's table: the scope, what it is for, what needs it, what is missing without it.
_ROW = re.compile(r"^\| `([a-z:._]+)` \| (.+) \| (.+) \| (.+) \|$", re.MULTILINE)


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


def test_no_scope_is_asked_for_that_nothing_needs(manifest: dict[str, Any]) -> None:
    """Take away the last call or event that needs a scope, and the manifest has to let it go as well."""
    called = set().union(*(SCOPES[method] for method in methods_called()))
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    heard = {SCOPE_OF_EVENT[event] for event in events} - {None}
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == {*called, *heard, "commands"}


def test_the_page_justifies_each_scope_and_no_other(manifest: dict[str, Any], page: str) -> None:
    """An administrator finds each scope of the manifest once, in its order, with what would be missing."""
    assert [row[0] for row in _ROW.findall(page)] == manifest["oauth_config"]["scopes"]["bot"]


def test_the_page_names_what_needs_each_scope(manifest: dict[str, Any], page: str) -> None:
    """The methods and events beside a scope are those that are called and heard, all of them."""
    events = set(manifest["settings"]["event_subscriptions"]["bot_events"])
    for scope, _, needing, _ in _ROW.findall(page):
        named = set(re.findall(r"`([^`]+)`", needing))
        methods = {method for method in methods_called() if scope in SCOPES[method]}
        assert named == methods | {event for event in events if SCOPE_OF_EVENT.get(event) == scope}, scope


def test_the_page_names_every_method_that_is_called(page: str) -> None:
    """Those that need no scope too: nothing is done that it does not tell of."""
    assert {method for method in methods_called() if f"`{method}`" not in page} == set()


@pytest.fixture(scope="module")
def page() -> str:
    """What an administrator reads."""
    return (HOUSE / "docs" / "scopes.md").read_text(encoding="utf-8")


def methods_called() -> set[str]:
    """The Web API methods in the bot's source, by either of the ways in which they are called."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in (HOUSE / "bot").rglob("*.py"))
    by_name = set(re.findall(rf'"((?:{_FAMILY})(?:\.[a-zA-Z]+)+)"', source))
    by_attribute = re.findall(rf"client\.((?:{_FAMILY})(?:_[a-zA-Z]+)+)\(", source)
    return by_name | {name.replace("_", ".") for name in by_attribute if name != "api_call"}

"""manifest.yml can be pasted into Slack as it is, and asks for no more than it explains."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

#: Longest text of each field, in characters: docs.slack.dev/reference/app-manifest.
LONGEST = {
    ("display_information", "name"): 35,
    ("display_information", "description"): 140,
    ("display_information", "long_description"): 4000,
    ("features", "bot_user", "display_name"): 80,
}

#: The scope without which Slack does not send an event: docs.slack.dev/reference/events. None: no scope.
SCOPE_OF_EVENT = {
    "app_home_opened": None,
    "app_mention": "app_mentions:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "subteam_members_changed": "usergroups:read",
    "user_change": "users:read",
}


@pytest.fixture(scope="module")
def text(house: Path) -> str:
    """The manifest as it is pasted."""
    return (house / "manifest.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def manifest(text: str) -> dict[str, Any]:
    """The manifest as Slack reads it."""
    loaded = yaml.safe_load(text)
    assert isinstance(loaded, dict)
    return loaded


@pytest.mark.parametrize(("field", "longest"), LONGEST.items(), ids=str)
def test_no_text_is_longer_than_slack_takes(
    manifest: dict[str, Any], field: tuple[str, ...], longest: int
) -> None:
    """Each text of the manifest stays within Slack's limit for it."""
    value: Any = manifest
    for key in field:
        value = value[key]
    assert 0 < len(value) <= longest


def test_the_long_description_is_long_enough(manifest: dict[str, Any]) -> None:
    """Slack refuses a long description under 175 characters."""
    assert len(manifest["display_information"]["long_description"]) >= 175


def test_it_needs_no_public_address(manifest: dict[str, Any], text: str) -> None:
    """Socket Mode and interactivity are on, and nothing has to be filled in before pasting."""
    assert manifest["settings"]["socket_mode_enabled"] is True
    assert manifest["settings"]["interactivity"] == {"is_enabled": True}
    written = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    assert "url" not in written


def test_the_command_sends_people_as_ids(manifest: dict[str, Any]) -> None:
    """There is one command, /hitl, and Slack escapes the people and channels named in it."""
    [command] = manifest["features"]["slash_commands"]
    assert (command["command"], command["should_escape"]) == ("/hitl", True)


def test_people_can_write_where_the_bot_writes_to_them(manifest: dict[str, Any]) -> None:
    """Home and messages tabs are on, and a direct message from the bot can be answered."""
    assert manifest["features"]["app_home"] == {
        "home_tab_enabled": True,
        "messages_tab_enabled": True,
        "messages_tab_read_only_enabled": False,
    }


def test_each_event_has_its_scope(manifest: dict[str, Any]) -> None:
    """No event is subscribed to that Slack would not send for want of a scope."""
    granted = {None, *manifest["oauth_config"]["scopes"]["bot"]}
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert {event for event in events if SCOPE_OF_EVENT[event] not in granted} == set()


def test_nothing_is_asked_for_twice(manifest: dict[str, Any]) -> None:
    """Scopes and events are each listed once, in a form Slack accepts, and there are no user scopes."""
    scopes = manifest["oauth_config"]["scopes"]
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    assert set(scopes) == {"bot"}
    assert scopes["bot"] == sorted(set(scopes["bot"]))
    assert len(events) == len(set(events))


def test_each_scope_and_event_says_why(text: str, manifest: dict[str, Any]) -> None:
    """An administrator reads beside each scope and event what it is for."""
    explained = set(re.findall(r"^ +- (\S+) +# \S.{10,}$", text, flags=re.MULTILINE))
    listed = {
        *manifest["oauth_config"]["scopes"]["bot"],
        *manifest["settings"]["event_subscriptions"]["bot_events"],
    }
    assert listed - explained == {"commands"}  # `# /hitl` says it all

"""Slack's user objects as people of the desk: docs.slack.dev/reference/objects/user-object."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from approvals.roster import Profile
from approvals.words import UserId


def profile_of(told: Mapping[str, Any], home: str) -> Profile:
    """From Slack's user object; `home` is the bot's own workspace, or its organisation.

    A bot is nobody who decides. Nor is a guest, or somebody of another workspace: whose account that is, and
    when it ends, is not up to those who wrote the policy.
    """
    profile = told.get("profile") or {}
    names = (profile.get("display_name"), profile.get("real_name"), told.get("real_name"), told.get("name"))
    name = next(filter(None, names), None)
    outsider = is_outsider(told, home)
    return Profile(
        UserId(str(told["id"])),
        str(name if name is not None else told["id"]),
        str(profile["email"]) if profile.get("email") else None,
        active=not told.get("deleted", False) and not told.get("is_bot", False) and not outsider,
        zone=str(told["tz"]) if told.get("tz") in available_timezones() else None,
        outsider=outsider and not told.get("deleted", False),
    )


def is_outsider(told: Mapping[str, Any], home: str | None = None) -> bool:
    """Whether somebody is a guest (of one channel or several), or comes in by Slack Connect.

    Without `home` those of whom Slack says nothing but where they are from are no outsiders.

    Within an Enterprise organisation, everybody who is in the bot's workspace is at home; and everybody of
    the organisation where the app is installed in all of it.
    """
    if told.get("is_restricted") or told.get("is_ultra_restricted") or told.get("is_stranger"):
        return True
    enterprise = told.get("enterprise_user") or {}
    places = {told.get("team_id"), enterprise.get("enterprise_id"), *(enterprise.get("teams") or ())} - {None}
    return home is not None and bool(places) and home not in places

"""The payloads that Slack sends, shaped as it shapes them (docs.slack.dev/reference/interaction-payloads)."""

from __future__ import annotations

import copy
import secrets
import time
from collections.abc import Sequence
from typing import Any

from sandbox.app import App
from sandbox.changes import Json
from sandbox.form import STATE_FIELD, chosen, state_of
from sandbox.words import Clickable
from sandbox.workspace import TEAM_DOMAIN, TEAM_ID, Channel, Message, User, View


def _from(app: App, user: User, kind: str) -> Json:
    who = {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team_id}
    payload: Json = {"type": kind, "user": who, "api_app_id": app.app_id, "token": app.verification_token}
    payload |= {
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "enterprise": None,
        "is_enterprise_install": False,
    }
    return payload


def action_of(target: Clickable, value: Any, at: str) -> Json:
    """The `actions` entry of a click."""
    element = target.element
    action: Json = {"action_id": element["action_id"], "block_id": target.block["block_id"]}
    action |= {"type": element["type"], "action_ts": at}
    for name in ("text", "value", "style", "placeholder", "confirm"):
        if name in element:
            action[name] = copy.deepcopy(element[name])
    if element["type"] == "overflow":
        action["selected_option"] = copy.deepcopy(target.option or value)
    field = STATE_FIELD.get(element["type"])
    if field is not None:
        if value is None and target.option is not None:
            value = [target.option] if field == "selected_options" else target.option
        action[field] = chosen(element, value)
    return action


def click_in_message(
    app: App, user: User, message: Message, *, channel: Channel, action: Json, more: Json
) -> Json:
    """`block_actions` from a message; `more` brings trigger_id and response_url."""
    container: Json = {"type": "message", "message_ts": message.ts, "channel_id": channel.id}
    container["is_ephemeral"] = message.only_for is not None
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = {**_from(app, user, "block_actions"), "container": container, **more}
    payload["channel"] = {"id": channel.id, "name": channel.name or "directmessage"}
    if not message.only_for:
        payload["message"] = message.as_json()
    payload["state"] = {"values": state_of(message.all_blocks(), {})}
    return {**payload, "actions": [action]}


def click_in_view(app: App, user: User, view: View, *, action: Json, state: Json, trigger_id: str) -> Json:
    """`block_actions` from a modal or from a home tab."""
    payload = {**_from(app, user, "block_actions"), "container": {"type": "view", "view_id": view.id}}
    payload |= {"trigger_id": trigger_id, "view": view.as_json(state)}
    return {**payload, "actions": [action]}


def submission(app: App, user: User, view: View, state: Json, trigger_id: str) -> Json:
    """`view_submission`."""
    payload = {**_from(app, user, "view_submission"), "trigger_id": trigger_id}
    return {**payload, "view": view.as_json(state), "response_urls": []}


def closing(app: App, user: User, view: View, *, cleared: bool) -> Json:
    """`view_closed`."""
    return {**_from(app, user, "view_closed"), "view": view.as_json(), "is_cleared": cleared}


def command(app: App, user: User, channel: Channel, *, name: str, text: str, more: Json) -> Json:
    """A slash command's form; `more` brings trigger_id and response_url."""
    form: Json = {"token": app.verification_token, "team_id": TEAM_ID, "team_domain": TEAM_DOMAIN}
    form |= {"channel_id": channel.id, "channel_name": channel.name or "directmessage"}
    form |= {"user_id": user.id, "user_name": user.name, "command": name, "text": text}
    return {**form, "api_app_id": app.app_id, "is_enterprise_install": "false", **more}


def event(app: App, body: Json) -> Json:
    """The envelope of an event (docs.slack.dev/apis/events-api#events-JSON)."""
    permit = {"enterprise_id": None, "team_id": TEAM_ID, "user_id": app.bot_user, "is_bot": True}
    envelope: Json = {
        "token": app.verification_token,
        "team_id": TEAM_ID,
        "api_app_id": app.app_id,
        "event": body,
    }
    envelope |= {"type": "event_callback", "event_id": f"Ev{secrets.token_hex(5).upper()}"}
    envelope |= {
        "event_time": int(time.time()),
        "authorizations": [{**permit, "is_enterprise_install": False}],
    }
    return {**envelope, "is_ext_shared_channel": False, "event_context": f"4-{secrets.token_hex(8)}"}


def message_event(channel: Channel, message: Message, at: str) -> Json:
    """The `message` event of something that was said."""
    kinds = {"channel": "channel", "private": "group", "im": "im", "mpim": "mpim"}
    body = message.as_json()
    return {**body, "channel": channel.id, "channel_type": kinds[channel.kind], "event_ts": at}


def changed_event(channel: Channel, subtype: str, at: str, more: Json) -> Json:
    """`message_changed` and `message_deleted`."""
    kinds = {"channel": "channel", "private": "group", "im": "im", "mpim": "mpim"}
    body: Json = {"type": "message", "subtype": subtype, "channel": channel.id, "ts": at, "event_ts": at}
    return {**body, "channel_type": kinds[channel.kind], "hidden": True, **more}


def members_event(group: str, before: Sequence[str], after: Sequence[str]) -> Json:
    """`subteam_members_changed`."""
    added, removed = sorted(set(after) - set(before)), sorted(set(before) - set(after))
    now = int(time.time())
    body: Json = {"type": "subteam_members_changed", "subteam_id": group, "team_id": TEAM_ID}
    body |= {"date_previous_update": now, "date_update": now, "event_ts": f"{now}.000000"}
    body |= {"added_users": added, "added_users_count": len(added)}
    return {**body, "removed_users": removed, "removed_users_count": len(removed)}

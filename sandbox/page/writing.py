"""What people type, as Slack's client sends it: messages with their mentions, and the values of a modal."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.changes import Json
from sandbox.form import name_of
from sandbox.words import elements_of, options_of
from sandbox.workspace import Workspace

_MENTION = re.compile(r"(?<![\w<])@([\w.-]+)")
_CHANNEL = re.compile(r"(?<![\w<&])#([\w-]+)")


def as_sent(text: str, workspace: Workspace) -> str:
    """A typed message: three characters escaped, `@alice`, `@directors` and `#refunds` as Slack's tokens."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    people = {each.name.lower(): f"<@{each.id}>" for each in workspace.users.values() if not each.deleted}
    groups = {each.handle.lower(): f"<!subteam^{each.id}>" for each in workspace.usergroups.values()}
    everybody = {name: f"<!{name}>" for name in ("here", "channel", "everyone")}
    known = {**everybody, **groups, **people}
    places = {each.name.lower(): f"<#{each.id}>" for each in workspace.channels.values() if each.name}
    text = _MENTION.sub(lambda found: known.get(found[1].lower(), found[0]), text)
    return _CHANNEL.sub(lambda found: places.get(found[1].lower(), found[0]), text)


def as_commanded(text: str, workspace: Workspace) -> str:
    """A typed slash command as Slack sends it where the manifest says `should_escape`: people and places by
    id and name, `<@U0ALICE|alice>` (docs.slack.dev/interactivity/implementing-slash-commands#escaping)."""
    known = {
        each.name.lower(): f"<@{each.id}|{each.name}>"
        for each in workspace.users.values()
        if not each.deleted
    }
    known |= {
        each.handle.lower(): f"<!subteam^{each.id}|@{each.handle}>" for each in workspace.usergroups.values()
    }
    places = {
        each.name.lower(): f"<#{each.id}|{each.name}>" for each in workspace.channels.values() if each.name
    }
    text = _MENTION.sub(lambda found: known.get(found[1].lower(), found[0]), text)
    return _CHANNEL.sub(lambda found: places.get(found[1].lower(), found[0]), text)


def values_of(blocks: list[Json], typed: Mapping[str, Any], zone: ZoneInfo) -> Json:
    """What the page's inputs hold, as `sandbox.form.state_of` takes it.

    `typed` is by block_id, or by `form.name_of` for elements outside of inputs. What fits no input is left
    out: the modal may have changed while its values were on their way.
    """
    values: Json = {}
    for block in blocks:
        for element in elements_of(block):
            if "action_id" not in element:
                continue
            key = str(block["block_id"]) if block.get("type") == "input" else name_of(block, element)
            if key in typed:
                values[key] = value_of(element, typed[key], zone)
    return values


def value_of(element: Json, typed: Any, zone: ZoneInfo) -> Any:
    """One value. An option is meant by its `value`, exactly; a moment is read in the person's zone."""
    offered = {each["value"]: dict(each) for each in options_of(element)}
    if element.get("type") == "datetimepicker":
        return _moment(typed, zone)
    if offered and isinstance(typed, list):
        return [offered[each] for each in typed if each in offered]
    if offered:
        return offered.get(typed)
    return typed if typed not in ("", None) else None


def _moment(typed: Any, zone: ZoneInfo) -> int | None:
    if not typed:
        return None
    return int(datetime.fromisoformat(str(typed)).replace(tzinfo=zone).timestamp())

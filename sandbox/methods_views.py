"""`views.*`: modals and home tabs (docs.slack.dev/reference/methods)."""

from __future__ import annotations

import copy
import secrets

from blocks import limits
from sandbox.calls import Call, Site, SlackError, active_user, method, refuse_problems
from sandbox.changes import Json
from sandbox.workspace import NotThereError, View, Workspace, name_blocks


def new_hash(workspace: Workspace) -> str:
    """A view's version."""
    return f"{workspace.new_ts()[:10]}.{secrets.token_hex(4)}"


def given_view(args: Json, kind: str) -> Json:
    """The view an app wants shown, checked. Raises SlackError."""
    view = args.get("view")
    if not isinstance(view, dict):
        raise SlackError(
            "invalid_arguments", response_metadata={"messages": ["[ERROR] missing required field: view"]}
        )
    refuse_problems(limits.problems_of_view(view), "/view")
    if view["type"] != kind:
        lines = [f"[ERROR] must be a view of type {kind} [json-pointer:/view/type]"]
        raise SlackError("invalid_arguments", response_metadata={"messages": lines})
    return copy.deepcopy(view)


def put_on_top(site: Site, user: str, payload: Json, below: View | None) -> View:
    """Show a modal, alone or above another one. Raises SlackError when three are open already."""
    space = site.workspace
    stack = space.stacks.get(user, []) if below else []
    if len(stack) >= limits.VIEW_STACK:
        raise SlackError("push_limit_reached")
    if payload.get("external_id") and space.view_by(external_id=payload["external_id"]):
        raise SlackError("duplicate_external_id")
    name_blocks(payload["blocks"], space)
    view_id = space.new_id("V")
    root = stack[0].root_id if stack else view_id
    view = View(view_id, user, payload, new_hash(space), site.app.app_id, site.app.bot_id, root)
    view.previous_id = stack[-1].id if stack else None
    space.open_view(view)
    return view


def replace(site: Site, view: View, payload: Json) -> View:
    """Show something else in a view's place."""
    name_blocks(payload["blocks"], site.workspace)
    view.payload, view.hash, view.errors = payload, new_hash(site.workspace), {}
    kind = "home" if payload["type"] == "home" else "view"
    site.workspace.changes.note(kind, user=view.user, view=view.id)
    return view


def _trigger(site: Site, call: Call) -> tuple[str, View | None]:
    try:
        trigger = site.app.take_trigger(call.text("trigger_id"))
    except NotThereError as refused:
        raise SlackError(str(refused)) from None
    return trigger.user, site.workspace.view_by(view_id=trigger.view_id) if trigger.view_id else None


@method("views.open", "view", "trigger_id", "interactivity_pointer", per_minute=100)
def open_view(site: Site, call: Call) -> Json:
    """Open a modal for whoever clicked."""
    payload = given_view(call.args, "modal")
    user, _ = _trigger(site, call)
    return {"view": put_on_top(site, user, payload, None).as_json()}


@method("views.push", "view", "trigger_id", "interactivity_pointer", per_minute=100)
def push(site: Site, call: Call) -> Json:
    """Put a modal above the one that was clicked in."""
    payload = given_view(call.args, "modal")
    user, below = _trigger(site, call)
    if below is None:
        raise SlackError("no_open_view" if not site.workspace.stacks.get(user) else "invalid_trigger_id")
    return {"view": put_on_top(site, user, payload, below).as_json()}


@method("views.update", "view", "view_id", "external_id", "hash", per_minute=100)
def update(site: Site, call: Call) -> Json:
    """Show something else in an open modal."""
    payload = given_view(call.args, "modal")
    if not call.args.get("view_id") and not call.args.get("external_id"):
        raise SlackError(
            "invalid_arguments", response_metadata={"messages": ["[ERROR] missing view_id or external_id"]}
        )
    view = site.workspace.view_by(view_id=call.args.get("view_id"), external_id=call.args.get("external_id"))
    if view is None:
        raise SlackError("not_found")
    if call.args.get("hash") and call.args["hash"] != view.hash:
        raise SlackError("hash_conflict")
    return {"view": replace(site, view, payload).as_json()}


@method("views.publish", "view", "user_id", "hash", per_minute=100)
def publish(site: Site, call: Call) -> Json:
    """Draw somebody's home tab."""
    payload = given_view(call.args, "home")
    user = active_user(site, call.text("user_id"))
    home = site.workspace.homes.get(user.id)
    if home is not None and call.args.get("hash") and call.args["hash"] != home.hash:
        raise SlackError("hash_conflict")
    if home is None:
        view_id = site.workspace.new_id("V")
        home = View(view_id, user.id, payload, "", site.app.app_id, site.app.bot_id, view_id)
        site.workspace.homes[user.id] = home
    return {"view": replace(site, home, payload).as_json()}

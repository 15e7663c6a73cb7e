"""What an app asks about itself (docs.slack.dev/reference/methods)."""

from __future__ import annotations

from blocks import limits
from sandbox.calls import Call, Site, SlackError, method
from sandbox.changes import Json
from sandbox.workspace import TEAM_ID


@method("api.test", "error", "foo", holder="nobody", per_minute=100)
def api_test(site: Site, call: Call) -> Json:
    """Whether anybody is there."""
    if call.args.get("error"):
        raise SlackError(str(call.args["error"]), args=call.args)
    return {"args": {name: value for name, value in call.args.items() if name != "token"}}


@method("auth.test", per_minute=600)
def auth_test(site: Site, call: Call) -> Json:
    """Who the token is."""
    app = site.app
    answer = {"url": f"{site.url}/", "team": "Sandbox", "user": app.name, "team_id": TEAM_ID}
    return {**answer, "user_id": app.bot_user, "bot_id": app.bot_id, "is_enterprise_install": False}


@method("apps.connections.open", holder="app")
def connections_open(site: Site, call: Call) -> Json:
    """Where one Socket Mode connection may be made, once."""
    return {"url": site.new_socket_url()}


@method("blocks.validate", "blocks", "view", "message", per_minute=100)
def validate(site: Site, call: Call) -> Json:
    """Whether blocks, a message or a view could be shown; exactly one of the three."""
    given = {name: call.args[name] for name in ("blocks", "view", "message") if call.args.get(name)}
    if len(given) != 1:
        lines = ["[ERROR] provide exactly one of blocks, view or message"]
        raise SlackError("invalid_arguments", response_metadata={"messages": lines})
    (name, value), *_ = given.items()
    if name == "blocks":
        problems = limits.problems_of_message({"text": "-", "blocks": value})
    elif not isinstance(value, dict):
        problems = [limits.Problem("", "must be an object")]
    else:
        problems = limits.problems_of_view(value) if name == "view" else limits.problems_of_message(value)
    if problems:
        found = [
            {"pointer": each.path, "code": "failed_constraint", "message": each.rule} for each in problems
        ]
        raise SlackError(f"invalid_{name}", errors=found)
    return {}

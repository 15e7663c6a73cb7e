"""`users.*` and `usergroups.*` (docs.slack.dev/reference/methods)."""

from __future__ import annotations

from sandbox.calls import Call, Site, SlackError, method, page
from sandbox.changes import Json


def _shows_email(site: Site) -> bool:
    return "users:read.email" in site.app.scopes


@method("users.info", "user", "include_locale", scopes=("users:read",), per_minute=100)
def info(site: Site, call: Call) -> Json:
    """Somebody by id, deactivated ones too."""
    user = site.workspace.users.get(call.text("user"))
    if user is None:
        raise SlackError("user_not_found")
    return {"user": user.as_json(with_email=_shows_email(site))}


@method(
    "users.list", *("cursor", "limit", "include_locale", "team_id"), scopes=("users:read",), per_minute=20
)
def list_users(site: Site, call: Call) -> Json:
    """Everybody, deactivated ones too."""
    every = [user.as_json(with_email=_shows_email(site)) for user in site.workspace.users.values()]
    members, following = page(every, call)
    return {"members": members, "cache_ts": 0, **following}


@method("users.lookupByEmail", "email", scopes=("users:read.email",))
def lookup_by_email(site: Site, call: Call) -> Json:
    """Somebody by address; not those who were deactivated."""
    wanted = call.text("email").casefold()
    for user in site.workspace.users.values():
        if user.email.casefold() == wanted and not user.deleted and not user.is_bot:
            return {"user": user.as_json(with_email=True)}
    raise SlackError("users_not_found")


@method(
    "usergroups.list",
    *("include_count", "include_disabled", "include_users", "team_id"),
    scopes=("usergroups:read",),
    per_minute=20,
)
def list_groups(site: Site, call: Call) -> Json:
    """All user groups."""
    groups = [
        group.as_json(with_users=call.flag("include_users"))
        for group in site.workspace.usergroups.values()
        if call.flag("include_disabled") or not group.disabled
    ]
    return {"usergroups": groups}


@method(
    "usergroups.users.list",
    *("usergroup", "include_disabled", "team_id"),
    scopes=("usergroups:read",),
    per_minute=20,
)
def list_group_users(site: Site, call: Call) -> Json:
    """Who is in a user group today."""
    group = site.workspace.usergroups.get(call.text("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    if group.disabled and not call.flag("include_disabled"):
        raise SlackError("subteam_disabled")
    return {"users": list(group.users)}

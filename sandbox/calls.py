"""One call of the Web API: what it asks, what it may ask, and how it is refused."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from blocks.limits import Problem
from sandbox.app import App, Times
from sandbox.changes import Json
from sandbox.workspace import Channel, User, Workspace

#: Arguments that come as JSON in a string when a form carries them.
JSON_ARGUMENTS = frozenset({"blocks", "attachments", "metadata", "view", "message"})


class SlackError(Exception):
    """`ok: false`, with Slack's code and whatever else the answer says."""

    def __init__(self, code: str, **extra: Any) -> None:
        super().__init__(code)
        self.code = code
        self.extra = extra


@dataclass(slots=True)
class Site:
    """All that a method may need."""

    workspace: Workspace
    app: App
    times: Times
    #: Where the stand-in listens: `http://127.0.0.1:4321`.
    url: str = ""
    #: What to tell the app after a method changed something: the kind of event and its body.
    tell: Callable[[Json], None] = lambda event: None
    #: A ticket for one Socket Mode connection.
    new_socket_url: Callable[[], str] = lambda: ""


@dataclass(slots=True)
class Call:
    """A call that came in, and what became of it."""

    seq: int
    method: str
    args: Json
    token: str | None
    at: float = field(default_factory=time.time)
    #: What was answered; None while it is on its way and when the answer was lost.
    response: Json | None = None
    status: int | None = None
    #: Seconds it took.
    took: float | None = None
    #: Arguments that Slack does not know, and ignores.
    unknown: list[str] = field(default_factory=list)
    #: The kind of fault it ran into.
    fault: str | None = None

    @property
    def error(self) -> str | None:
        """Slack's code, if it was refused."""
        return (self.response or {}).get("error")

    @property
    def ok(self) -> bool:
        """Whether it was answered with `ok: true`."""
        return bool((self.response or {}).get("ok"))

    def as_json(self) -> Json:
        """As the control API shows it: everything but the token."""
        names = ("seq", "method", "args", "at", "response", "status", "took", "unknown", "fault")
        return {name: getattr(self, name) for name in names}

    def text(self, name: str, default: str | None = None) -> str:
        """A string argument. Raises SlackError when it is required and missing."""
        value = self.args.get(name, default)
        if value is None or value == "":
            if default is None:
                raise SlackError("invalid_arguments", **messages([f"[ERROR] missing required field: {name}"]))
            return default
        return value if isinstance(value, str) else json.dumps(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean argument, in any of the ways that Slack takes one."""
        value = self.args.get(name)
        return default if value is None else str(value).lower() in ("1", "true")

    def number(self, name: str, default: int, most: int) -> int:
        """A whole number from 1 to `most`. Raises SlackError for anything else."""
        value = self.args.get(name)
        if value is None or value == "":
            return default
        try:
            number = int(value)
        except (TypeError, ValueError):
            raise SlackError("invalid_limit") from None
        if not 1 <= number <= most:
            raise SlackError("invalid_limit")
        return number


#: What a method does. It may raise SlackError; what it returns is answered with `ok: true`.
Does = Callable[[Site, Call], Json]


@dataclass(frozen=True, slots=True)
class Method:
    """A method of the Web API."""

    does: Does
    #: Scopes that the token must have, all of them.
    scopes: tuple[str, ...] = ()
    #: Calls a minute (docs.slack.dev/apis/web-api/rate-limits).
    per_minute: int = 100
    #: Argument names that Slack knows.
    known: frozenset[str] = frozenset()
    #: Whose token it takes: `bot`, `app` or, for none at all, `nobody`.
    holder: str = "bot"


METHODS: dict[str, Method] = {}


def method(
    name: str, *known: str, scopes: tuple[str, ...] = (), per_minute: int = 50, holder: str = "bot"
) -> Callable[[Does], Does]:
    """Put a method under its name."""

    def named(does: Does) -> Does:
        METHODS[name] = Method(does, scopes, per_minute, frozenset({*known, "token"}), holder)
        return does

    return named


def messages(lines: Iterable[str]) -> Json:
    """What Slack adds to an error for whoever reads it."""
    return {"response_metadata": {"messages": list(lines)}}


def refuse_problems(problems: list[Problem], prefix: str = "") -> None:
    """Raise SlackError as Slack would, if there is something to refuse."""
    if problems:
        lines = [f"{each.rule} [json-pointer:{prefix}{each.path}]" for each in problems]
        extra = messages(f"[ERROR] {line}" for line in lines)
        raise SlackError(problems[0].code, errors=lines, **extra)


def page(items: list[Json], call: Call, most: int = 1000) -> tuple[list[Json], Json]:
    """One page of a list, and the `response_metadata` that leads to the next."""
    limit = call.number("limit", most, most)
    cursor = call.args.get("cursor") or "0"
    if not str(cursor).isdigit():
        raise SlackError("invalid_cursor")
    start = int(cursor)
    following = str(start + limit) if start + limit < len(items) else ""
    return items[start : start + limit], {"response_metadata": {"next_cursor": following}}


def channel_named(site: Site, call: Call, name: str = "channel") -> Channel:
    """The channel an argument means. Raises SlackError when the bot cannot see one."""
    channel = site.workspace.channels.get(call.text(name))
    hidden = channel is not None and channel.kind != "channel" and site.app.bot_user not in channel.members
    if channel is None or hidden:
        raise SlackError("channel_not_found")
    return channel


def active_user(site: Site, user_id: str) -> User:
    """Somebody who is there. Raises SlackError."""
    user = site.workspace.users.get(user_id)
    if user is None:
        raise SlackError("user_not_found")
    if user.deleted:
        raise SlackError("user_disabled")
    return user


async def read_arguments(request: web.Request) -> Json:
    """The arguments of a call, from the query, a form or JSON. Raises SlackError for any other body."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        try:
            body = json.loads(await request.text() or "{}")
        except ValueError:
            raise SlackError("invalid_json") from None
        if not isinstance(body, dict):
            raise SlackError("json_not_object")
        body.pop("token", None)  # Slack reads a token from a form or a header, not from JSON
        args |= body
    elif request.can_read_body:
        args |= {name: str(value) for name, value in (await request.post()).items()}
    return {name: _read(name, value) for name, value in args.items() if value is not None}


def _read(name: str, value: Any) -> Any:
    if name not in JSON_ARGUMENTS or not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value)
    except ValueError:
        code = {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}
        raise SlackError(code.get(name, "invalid_arguments")) from None


def shared(args: Mapping[str, Any], names: Iterable[str]) -> Json:
    """Those of the arguments that were given."""
    return {name: args[name] for name in names if name in args}

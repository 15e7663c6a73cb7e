"""The control API: everything a test can do in-process, over JSON, for another process.

Only for programs on this machine: requests of web pages from elsewhere (another `Origin`, another `Host`) are
refused, as the stand-in holds the power to act as anybody.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from aiohttp import web

from sandbox.beside import Callback, Row, World
from sandbox.changes import Json
from sandbox.delivery import Manner
from sandbox.faults import Fault
from sandbox.workspace import Channel, Message, NotThereError, User, View

if TYPE_CHECKING:
    from sandbox.server import SlackStandIn

#: The longest that `changes` waits, in seconds.
LONGEST_WAIT = 60
Does = Callable[[Json], Awaitable[object]]


class Control:
    """The routes under `/sandbox/`."""

    def __init__(self, slack: SlackStandIn) -> None:
        self.slack = slack
        #: `POST /sandbox/<name>` with the arguments as a JSON object; the result comes as JSON.
        self.actions: dict[str, Does] = {
            "click": self._click,
            "click_in_view": self._click_in_view,
            "click_in_home": self._click_in_home,
            "submit": self._submit,
            "close": self._close,
            "command": self._command,
            "say": self._say,
            "mention": self._mention,
            "edit": self._edit,
            "delete": self._delete,
            "open_home": self._open_home,
            "fault": self._fault,
            "clear_faults": self._clear_faults,
            "deliver_to": self._deliver_to,
            "verify_url": self._verify_url,
            "token": self._token,
            "scopes": self._scopes,
            "channel": self._channel,
            "user": self._user,
            "usergroup": self._usergroup,
            "sockets": self._sockets,
            "rates": self._rates,
            "world": self._world,
            "callback": self._callback,
        }

    def add_routes(self, app: web.Application) -> None:
        """Put the routes into the server."""
        app.router.add_get("/sandbox/settings", self._get_settings)
        app.router.add_get("/sandbox/state", self._get_state)
        app.router.add_get("/sandbox/changes", self._get_changes)
        app.router.add_get("/sandbox/calls", self._get_calls)
        app.router.add_get("/sandbox/deliveries", self._get_deliveries)
        app.router.add_get("/sandbox/faults", self._get_faults)
        app.router.add_post("/sandbox/{action}", self._act)

    # Looking

    async def _get_settings(self, request: web.Request) -> web.Response:
        refuse_strangers(request)
        slack = self.slack
        return web.json_response({"api_url": slack.api_url, "url": slack.url, **slack.app.settings()})

    async def _get_state(self, request: web.Request) -> web.Response:
        refuse_strangers(request)
        user = request.query.get("as")
        if user is not None and user not in self.slack.workspace.users:
            return _problem(404, f"nobody is {user}")
        return web.json_response(state_of_workspace(self.slack, user))

    async def _get_changes(self, request: web.Request) -> web.Response:
        refuse_strangers(request)
        after = number_asked(request, "after")
        wait = min(number_asked(request, "wait"), LONGEST_WAIT)
        changes = await self.slack.changes.wait(after, wait)
        return web.json_response({"last": self.slack.changes.last, "changes": [c.as_json() for c in changes]})

    async def _get_calls(self, request: web.Request) -> web.Response:
        refuse_strangers(request)
        after, method = number_asked(request, "after"), request.query.get("method")
        found = [call.as_json() for call in self.slack.calls(method) if call.seq > after]
        return web.json_response({"calls": found})

    async def _get_deliveries(self, request: web.Request) -> web.Response:
        refuse_strangers(request)
        after = number_asked(request, "after")
        found = [each.as_json() for each in self.slack.deliveries() if each.seq > after]
        return web.json_response({"deliveries": found})

    async def _get_faults(self, request: web.Request) -> web.Response:
        refuse_strangers(request)
        return web.json_response({"faults": [fault.as_json() for fault in self.slack.faults]})

    # Acting

    async def _act(self, request: web.Request) -> web.Response:
        refuse_strangers(request)
        does = self.actions.get(request.match_info["action"])
        if does is None:
            return _problem(404, f"no such action; there is {', '.join(self.actions)}")
        try:
            args = json.loads(await request.text() or "{}")
            result = await does(dict(args))
        except NotThereError as missing:
            return _problem(404, str(missing))
        except (ValueError, TypeError, KeyError) as wrong:
            return _problem(422, f"{type(wrong).__name__}: {wrong}")
        return web.json_response(_shown(result))

    async def _click(self, args: Json) -> object:
        return await self.slack.people.click(**with_manner(args))

    async def _click_in_view(self, args: Json) -> object:
        return await self.slack.people.click_in_view(**with_manner(args))

    async def _click_in_home(self, args: Json) -> object:
        return await self.slack.people.click_in_home(**with_manner(args))

    async def _submit(self, args: Json) -> object:
        return await self.slack.people.submit(**with_manner(args))

    async def _close(self, args: Json) -> object:
        return await self.slack.people.close(**with_manner(args))

    async def _command(self, args: Json) -> object:
        return await self.slack.people.command(**with_manner(args))

    async def _say(self, args: Json) -> object:
        return self.slack.people.say(**args)

    async def _mention(self, args: Json) -> object:
        return self.slack.people.mention(**args)

    async def _edit(self, args: Json) -> object:
        message = self.slack.workspace.message(args["channel"], args["ts"])
        return self.slack.people.edit(args["user"], message, args["text"])

    async def _delete(self, args: Json) -> None:
        message = self.slack.workspace.message(args["channel"], args["ts"])
        self.slack.people.delete(args["user"], message)

    async def _open_home(self, args: Json) -> None:
        self.slack.people.open_home(**args)

    async def _fault(self, args: Json) -> object:
        return self.slack.faults.add(Fault(**args)).as_json()

    async def _clear_faults(self, args: Json) -> None:
        self.slack.faults.clear()

    async def _deliver_to(self, args: Json) -> None:
        self.slack.deliver_to(args["url"])

    async def _verify_url(self, args: Json) -> object:
        return {"verified": await self.slack.verify_url()}

    async def _token(self, args: Json) -> None:
        if args.get("refused"):
            self.slack.revoke_token(str(args["refused"]))
        else:
            self.slack.give_back_token()

    async def _scopes(self, args: Json) -> object:
        self.slack.app.scopes |= set(args.get("add", ()))
        self.slack.app.scopes -= set(args.get("remove", ()))
        return self.slack.app.settings()

    async def _channel(self, args: Json) -> object:
        """Make a channel (`id`, `name`, …), archive it (`archived`), people in (`add`) or out (`remove`)."""
        space, name = self.slack.workspace, args["id"]
        if name not in space.channels:
            kind, members = args.get("kind", "channel"), set(args.get("members", ()))
            space.add_channel(Channel(name, args.get("name", name.lower()), kind, members))
        if "archived" in args:
            space.archive(name, archived=bool(args["archived"]))
        for user in args.get("add", ()):
            space.add_to_channel(user, name)
        for user in args.get("remove", ()):
            space.remove_from_channel(user, name)
        return space.channels[name].as_json(self.slack.app.bot_user)

    async def _user(self, args: Json) -> object:
        """Let somebody in (`id`, `name`, `real_name`, …), or take them out (`id`, `deleted`)."""
        known = self.slack.workspace.users.get(args["id"])
        if known is None:
            known = self.slack.workspace.add_user(User(**args))
        elif args.get("deleted"):
            self.slack.deactivate(known.id)
        return known.as_json(with_email=True)

    async def _usergroup(self, args: Json) -> None:
        self.slack.set_usergroup(args["id"], args["users"])

    async def _sockets(self, args: Json) -> None:
        if args.get("abruptly"):
            self.slack.sockets.drop()
        else:
            await self.slack.sockets.disconnect()

    async def _world(self, args: Json) -> None:
        """Show an agent's world beside the channel: the fields of `beside.World`, `rows` as of `Row`."""
        rows = [Row(**row) for row in args.get("rows", ())]
        self.slack.beside.put(World(**{**args, "rows": rows}))

    async def _callback(self, args: Json) -> object:
        """An agent was called back: the fields of `beside.Callback`."""
        return self.slack.beside.called_back(Callback(**args))

    async def _rates(self, args: Json) -> object:
        self.slack.rates.on = bool(args["on"])
        return {"on": self.slack.rates.on}


def with_manner(args: Json) -> Json:
    """The arguments, with `manner` made from its object."""
    return {**args, "manner": Manner(**args["manner"])} if "manner" in args else args


def number_asked(request: web.Request, name: str) -> int:
    """A whole number of the query, 0 by default. Raises HTTPBadRequest for anything else."""
    value = request.query.get(name, "0")
    if not value.isdecimal():
        raise web.HTTPBadRequest(text=f"{name} is a whole number")
    return int(value)


def refuse_strangers(request: web.Request) -> None:
    """Only programs of this machine, and pages of this server. Raises HTTPForbidden."""
    host = urlsplit(f"//{request.host}").hostname
    origin = request.headers.get("Origin")
    foreign = origin is not None and urlsplit(origin).netloc != request.host
    if host not in ("127.0.0.1", "localhost", "::1") or foreign:
        raise web.HTTPForbidden(text="only for this machine")


def state_of_workspace(slack: SlackStandIn, user: str | None) -> Json:
    """What there is, or what one person sees of it."""
    space, everything = slack.workspace, user is None
    channels = []
    for channel in space.channels.values():
        if everything or user in channel.members:
            shown = channel.as_json(slack.app.bot_user)
            said = [each.as_json(with_metadata=everything) for each in channel.messages.values()]
            channels.append({**shown, "members": sorted(channel.members), "messages": said})
    ephemerals = [e for e in space.ephemerals if everything or e.only_for == user]
    stacks = {who: [_view(view) for view in stack] for who, stack in space.stacks.items()}
    homes = {who: _view(home) for who, home in space.homes.items()}
    return {
        "last": slack.changes.last,
        "bot_user": slack.app.bot_user,
        "users": [person.as_json(with_email=True) for person in space.users.values()],
        "usergroups": [group.as_json(with_users=True) for group in space.usergroups.values()],
        "channels": channels,
        "ephemerals": [{**e.as_json(), "channel": e.channel, "only_for": e.only_for} for e in ephemerals],
        "views": stacks if everything else {user: stacks.get(str(user), [])},
        "homes": homes if everything else {user: homes.get(str(user))},
        "connections": len(slack.sockets.open),
    }


def _view(view: View) -> Json:
    return {**view.as_json(), "errors": view.errors}


def _shown(result: object) -> object:
    if isinstance(result, Message):
        return {**result.as_json(), "channel": result.channel}
    if result is None:
        return {}
    as_json = getattr(result, "as_json", None)
    return as_json() if as_json is not None else result


def _problem(status: int, detail: str) -> web.Response:
    return web.json_response({"error": detail}, status=status)

"""The page's routes: drawing it, keeping it up to date, and carrying what people do with it.

What people do goes through `sandbox.people`, as in tests: a click becomes a signed payload to the app.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aiohttp import web

from sandbox.changes import Json
from sandbox.page import sight, wire
from sandbox.page.doing import Doing
from sandbox.page.drawing import environment, static
from sandbox.page.reader import Reader
from sandbox.page.refusals import Refusals
from sandbox.page.sight import APP, HOME, Look, Marks, Room
from sandbox.page.switches import SWITCHES, Switchboard
from sandbox.workspace import NotThereError, View

if TYPE_CHECKING:
    from sandbox.server import SlackStandIn

#: The parts of the page that change by themselves; each is a template and the id of an element.
REGIONS = ("banner", "sidebar", "main", "aside", "modal")
#: How long a browser's question is held while nothing changes, in seconds.
PATIENCE = 25.0
#: Changes that come together are drawn together.
BREATH = 0.02
#: Nothing is loaded from elsewhere, no script stands in the page, no other page may frame it.
POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"


class Page:
    """The workspace in a browser."""

    def __init__(self, slack: SlackStandIn, guard: Callable[[web.Request], None]) -> None:
        self._slack = slack
        self._guard = guard
        self._templates = environment()
        self._marks = Marks()
        self._refusals = Refusals(slack)
        self.switchboard = Switchboard(slack)
        self._doing = Doing(slack, self.switchboard)
        #: Another one after a restart, which a page left open must notice.
        self._run = secrets.token_hex(4)

    def add_routes(self, app: web.Application) -> None:
        """Put the routes into the server."""
        app.router.add_get("/", self._guarded(self._whole))
        app.router.add_get("/page/live", self._guarded(self._live))
        app.router.add_get(r"/page/wire/{kind}/{seq:\d+}", self._guarded(self._entry))
        app.router.add_post("/page/do/{what}", self._guarded(self._do))
        app.router.add_get("/static/{name}", self._guarded(self._static))
        app.router.add_get("/favicon.ico", self._guarded(self._icon))
        app.router.add_get(r"/archives/{channel}/p{ts:\d{16}}", self._guarded(self._permalink))

    def _guarded(
        self, handle: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def guarded(request: web.Request) -> web.Response:
            self._guard(request)
            response = await handle(request)
            response.headers["Content-Security-Policy"] = POLICY
            response.headers["X-Content-Type-Options"] = "nosniff"
            response.headers["Referrer-Policy"] = "no-referrer"
            response.headers["Cache-Control"] = "no-cache"
            return response

        return guarded

    # Looking

    async def _whole(self, request: web.Request) -> web.Response:
        look = self._look(request)
        known = {**self._known(look), "run": self._run, "last": self._slack.changes.last}
        return self._html("page.html.j2", {**known, "regions": self._regions(look)})

    async def _live(self, request: web.Request) -> web.Response:
        """The regions as they are once there is something newer than `after`; the same number when not."""
        number = request.query.get("after", "")
        after = int(number) if number.isdecimal() else -1
        same_run = request.query.get("run") == self._run
        if same_run and after == self._slack.changes.last:
            await self._slack.changes.wait(after, PATIENCE)
            await asyncio.sleep(BREATH)
        if request.transport is None:
            # Whoever asked has gone elsewhere: what came meanwhile is not read by being drawn for nobody.
            return web.Response(status=499)
        look, last = self._look(request), self._slack.changes.last
        told: Json = {"last": last, "run": self._run, "title": self._known(look)["title"]}
        if not (same_run and after == last):
            told["regions"] = self._regions(look)
        return web.json_response(told)

    def _look(self, request: web.Request) -> Look:
        asked, people = request.query, self._slack.workspace.users
        user = people.get(asked.get("as", "")) or next(
            (each for each in people.values() if not each.is_bot and not each.deleted), None
        )
        if user is None:
            raise web.HTTPNotFound(text="there is nobody in this workspace yet")
        at = asked.get("at") or self._first_channel(user.id)
        own = sight.app_channel(self._slack, user.id)
        if at == APP and own is not None:
            at = own.id
        place = self._slack.workspace.channels.get(at)
        if at not in (HOME, APP) and (place is None or user.id not in place.members):
            at = self._first_channel(user.id)
        return Look(user, at, asked.get("thread"), asked.get("panel", ""), asked.get("only", ""))

    def _first_channel(self, user: str) -> str:
        channels = self._slack.workspace.channels.values()
        return next((each.id for each in channels if user in each.members and each.name), HOME)

    def _known(self, look: Look) -> Json:
        slack = self._slack
        reader = Reader(
            look.user,
            slack.workspace,
            datetime.fromtimestamp(slack.workspace.clock(), ZoneInfo(look.user.timezone)),
            slack.app.bot_user,
        )
        channel = slack.workspace.channels.get(look.at)
        name = (
            "Home" if look.at == HOME else f"#{channel.name}" if channel and channel.name else slack.app.name
        )
        own = sight.app_channel(slack, look.user.id)
        known: Json = {"look": look, "reader": reader, "slack": slack, "channel": channel, "title": name}
        known["in_app"] = look.at in (HOME, APP) or (own is not None and own.id == look.at)
        return known

    def _regions(self, look: Look) -> dict[str, str]:
        known = self._known(look)
        reader: Reader = known["reader"]
        slack, channel = self._slack, known["channel"]
        if channel is not None:
            known["left_off"] = self._marks.left_off(look.user.id, channel)
            self._marks.read(look.user.id, channel)
            known["room"] = Room(slack, reader, channel, self._refusals.in_channel(channel.id, look.user.id))
            known |= {"timeline": known["room"].timeline(), "shown_at_most": sight.SHOWN}
        known["places"] = sight.places(slack, reader, self._marks)
        known["people"] = [
            each for each in slack.workspace.users.values() if not each.is_bot and not each.deleted
        ]
        stack: list[View] = slack.workspace.stacks.get(look.user.id, [])
        known |= {"stack": stack, "view": stack[-1] if stack else None}
        known["home"] = slack.workspace.homes.get(look.user.id)
        known |= {
            "switches": SWITCHES,
            "board": self.switchboard,
            "worlds": list(slack.beside.worlds.values()),
        }
        known |= self._beside(look, known)
        return {name: self._templates.get_template(f"{name}.html.j2").render(known) for name in REGIONS}

    def _beside(self, look: Look, known: Json) -> Json:
        """What stands at the right: a thread, the wire, the agents' worlds, or nothing."""
        if look.thread and "room" in known:
            return {"aside": "thread", "thread": known["room"].thread(look.thread)}
        if look.panel == "wire":
            entries = wire.entries(self._slack, look.only)
            return {"aside": "wire", "entries": entries, "kinds": list(wire.kinds())}
        if look.panel != "none" and known["worlds"]:
            return {"aside": "world", "by_itself": look.panel != "world"}
        return {"aside": ""}

    async def _entry(self, request: web.Request) -> web.Response:
        found = wire.whole(self._slack, request.match_info["kind"], int(request.match_info["seq"]))
        return self._html("entry.html.j2", {"parts": found})

    async def _static(self, request: web.Request) -> web.Response:
        return static(request.match_info["name"])

    async def _icon(self, request: web.Request) -> web.Response:
        raise web.HTTPFound("/static/icon.svg")

    async def _permalink(self, request: web.Request) -> web.Response:
        """Where `chat.getPermalink` leads: the message, as whoever looks sees it."""
        digits, thread = request.match_info["ts"], request.query.get("thread_ts")
        ts = f"{digits[:-6]}.{digits[-6:]}"
        more = f"&thread={thread}" if thread else ""
        raise web.HTTPFound(f"/?at={request.match_info['channel']}{more}#m-{ts}")

    def _html(self, template: str, known: Json) -> web.Response:
        return web.Response(
            text=self._templates.get_template(template).render(known), content_type="text/html"
        )

    # Doing

    async def _do(self, request: web.Request) -> web.Response:
        """One thing that somebody does; the answer says what Slack's client would tell them."""
        does = self._doing.actions.get(request.match_info["what"])
        if does is None:
            raise web.HTTPNotFound
        try:
            args: Any = json.loads(await request.text())
            told = await does(dict(args))
        except NotThereError as missing:
            return web.json_response({"error": f"That is no longer there. ({missing})"}, status=409)
        except (ValueError, TypeError, KeyError, LookupError) as wrong:
            return web.json_response({"error": f"{type(wrong).__name__}: {wrong}"}, status=422)
        return web.json_response(told or {})

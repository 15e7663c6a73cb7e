"""A gallery: messages, modals and homes that somebody gives it, drawn as the page draws what an app sends.

Nothing in it does anything. Each story is a page of its own, which the wall shows in frames: light and dark,
as wide as a desk's screen and as a phone's.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Self

from aiohttp import web
from markupsafe import Markup

from sandbox.app import App
from sandbox.changes import Json
from sandbox.control import refuse_strangers
from sandbox.page.drawing import environment, static
from sandbox.page.reader import Reader
from sandbox.page.sight import Item
from sandbox.sample import furnish
from sandbox.workspace import Message, View, Workspace

#: As the page itself, but that its own wall may frame it.
POLICY: Final = (
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; object-src 'none'"
)
#: How a frame may look, and how wide it may be; a wall shows those that are asked for, all by default.
LOOKS: Final = ("light", "dark")
WIDTHS: Final = ("desk", "phone")
#: Whose eyes it is seen through, in a zone in which the clock says what the stories say.
_READER, _ZONE = "U0ALICE", "UTC"
_CHANNEL: Final = "C0APPROVALS"


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing in a story: what happened before it, where it is seen, and what Slack was given."""

    at: datetime
    moment: str
    place: str
    #: `message`, `whisper` (one person sees it), `view`, `home`, or `words` that are in no message
    kind: str
    #: a message's `text` and `blocks`, a view, or `text` alone
    content: Json
    #: what Slack shows at the fields of a view after it was sent; by block_id
    errors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """A story, by its name in the address and its title."""

    name: str
    title: str
    scenes: Sequence[Shown]


class Gallery:
    """Serves stories on loopback: `async with Gallery(stories) as gallery: …` at `gallery.url`."""

    def __init__(self, stories: Sequence[Told], *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._stories = {story.name: story for story in stories}
        self._templates = environment()
        self._workspace, self._app = Workspace(), App()
        furnish(self._workspace, self._app)
        self._host, self._port = host, port
        self._runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{self._host}:{self._port}"

    async def __aenter__(self) -> Self:
        """Listen. Raises OSError when the port is taken."""
        app = web.Application()
        app.router.add_get("/", self._guarded(self._wall))
        app.router.add_get("/story/{name}", self._guarded(self._story))
        app.router.add_get("/static/{name}", self._guarded(self._static))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, self._host, self._port).start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    def _guarded(
        self, handle: Callable[[web.Request], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def guarded(request: web.Request) -> web.Response:
            refuse_strangers(request)
            response = await handle(request)
            response.headers["Content-Security-Policy"] = POLICY
            response.headers["X-Content-Type-Options"] = "nosniff"
            response.headers["Cache-Control"] = "no-cache"
            return response

        return guarded

    async def _wall(self, request: web.Request) -> web.Response:
        """All stories, and one of them in each look and width that is asked for."""
        story = self._stories.get(request.query.get("story", "")) or next(iter(self._stories.values()))
        look, width = request.query.get("look", ""), request.query.get("width", "")
        known = {
            "stories": list(self._stories.values()),
            "story": story,
            "look": look,
            "width": width,
            "looks": LOOKS,
            "widths": WIDTHS,
            "frames": [
                (each, wide) for each in LOOKS if look in ("", each) for wide in WIDTHS if width in ("", wide)
            ],
        }
        return self._html("gallery.html.j2", known)

    async def _story(self, request: web.Request) -> web.Response:
        """One story by itself; the look is the browser's unless `look` names one."""
        story = self._stories.get(request.match_info["name"])
        if story is None:
            raise web.HTTPNotFound(text="no such story")
        look = request.query.get("look", "")
        drawn = [(scene, self._drawn(scene, place)) for place, scene in enumerate(story.scenes)]
        known = {"story": story, "look": look if look in LOOKS else "", "scenes": drawn}
        return self._html("gallery_story.html.j2", known)

    async def _static(self, request: web.Request) -> web.Response:
        return static(request.match_info["name"])

    def _drawn(self, scene: Shown, number: int) -> Markup:
        user = replace(self._workspace.users[_READER], timezone=_ZONE)
        reader = Reader(user, self._workspace, scene.at.astimezone(UTC), self._app.bot_user)
        known: dict[str, Any] = {"reader": reader, "kind": scene.kind, "content": scene.content}
        known["bot"] = self._workspace.users[self._app.bot_user]
        if scene.kind in ("message", "whisper"):
            known["item"] = self._item(scene, number)
        if scene.kind == "view":
            ids = (self._app.app_id, self._app.bot_id, f"V{number}")
            known["view"] = View(f"V{number}", _READER, scene.content, "", *ids, errors=dict(scene.errors))
        return Markup(self._templates.get_template("gallery_scene.html.j2").render(known))  # noqa: S704  # escaped

    def _item(self, scene: Shown, number: int) -> Item:
        message = Message(
            _CHANNEL,
            f"{scene.at.timestamp():.0f}.{number:06}",
            self._app.bot_user,
            str(scene.content.get("text", "")),
            list(scene.content.get("blocks", ())),
            bot_id=self._app.bot_id,
            only_for=_READER if scene.kind == "whisper" else None,
        )
        return Item(float(message.ts), message, self._workspace.users[self._app.bot_user])

    def _html(self, template: str, known: Json) -> web.Response:
        text = self._templates.get_template(template).render(known)
        return web.Response(text=text, content_type="text/html")

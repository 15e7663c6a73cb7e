"""The page's templates, what they know how to draw, and the files that go with them."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any
from zlib import crc32

from aiohttp import web
from jinja2 import ChainableUndefined, Environment, PackageLoader, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from sandbox.changes import Json
from sandbox.page import mrkdwn
from sandbox.page.moments import day_heading, in_zone
from sandbox.page.reader import Reader
from sandbox.page.rich_text import colour, rich_text
from sandbox.words import options_of

_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
#: How many colours there are for people's pictures.
_COLOURS = 8


def environment() -> Environment:
    """Templates in which every value is escaped, and what is missing is drawn as nothing.

    Blocks come from an app and may lack anything; a page that fails to draw would hide what it shows.
    """
    made = Environment(
        loader=PackageLoader("sandbox.page"),
        autoescape=True,
        undefined=ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"text": _text, "rich": _rich, "clock": _clock, "second": _second, "day": _day}
    made.filters |= {"dated": _dated, "initials": initials, "tint": tint, "pretty": pretty, "colour": colour}
    made.globals |= {"offered": offered, "namable": namable}
    return made


def static(name: str) -> web.Response:
    """A style sheet, script or picture of the page. Raises HTTPNotFound."""
    known = {each.name: each for each in files("sandbox.page").joinpath("static").iterdir()}
    if name not in known:
        raise web.HTTPNotFound
    body = known[name].read_text(encoding="utf-8")
    return web.Response(text=body, content_type=_TYPES[name.rpartition(".")[2]])


@pass_context
def _text(context: Context, text: Json | str | None) -> Markup:
    """A text object of a block, or the `text` of a message."""
    reader: Reader = context["reader"]
    if isinstance(text, str):
        return mrkdwn.mrkdwn(text, reader)
    if not isinstance(text, dict):
        return Markup("")
    words = str(text.get("text", ""))
    if text.get("type") == "mrkdwn":
        return mrkdwn.mrkdwn(words, reader, verbatim=bool(text.get("verbatim")))
    return mrkdwn.plain(words, with_names=text.get("emoji") is not False)


@pass_context
def _rich(context: Context, block: Json) -> Markup:
    return rich_text(block.get("elements") or [], context["reader"])


@pass_context
def _clock(context: Context, ts: str | float) -> str:
    """The time of day."""
    return f"{in_zone(ts, context['reader'].zone):%H:%M}"


@pass_context
def _second(context: Context, at: float) -> str:
    """The time of day, to the second."""
    return f"{in_zone(at, context['reader'].zone):%H:%M:%S}"


@pass_context
def _day(context: Context, ts: str | float) -> str:
    """The heading of its day."""
    reader: Reader = context["reader"]
    return day_heading(in_zone(ts, reader.zone).date(), reader.now.date())


@pass_context
def _dated(context: Context, ts: Any) -> str:
    """As a browser's input for a date and a time of day takes it."""
    return f"{in_zone(ts, context['reader'].zone):%Y-%m-%dT%H:%M}" if ts else ""


@pass_context
def offered(context: Context, element: Json) -> list[tuple[str, str]]:
    """What a menu without groups offers: values, and the words for them."""
    reader: Reader = context["reader"]
    kind = str(element.get("type"))
    if "users" in kind:
        people = reader.workspace.users.values()
        return [(each.id, each.real_name) for each in people if not each.is_bot and not each.deleted]
    if "channels" in kind or "conversations" in kind:
        places = reader.workspace.channels.values()
        known = [each for each in places if reader.user.id in each.members and each.name]
        return [(each.id, f"#{each.name}") for each in known]
    return [(each["value"], str(each["text"]["text"])) for each in options_of(element)]


@pass_context
def namable(context: Context, *, commands: bool) -> list[tuple[str, str]]:
    """What the composer completes: how it is typed, and whom or what it means. Threads take no commands."""
    space, reader = context["slack"].workspace, context["reader"]
    found = list(context["slack"].app.commands.items()) if commands else []
    found += [(f"@{each.name}", each.real_name) for each in space.users.values() if not each.deleted]
    found += [(f"@{each.handle}", each.name) for each in space.usergroups.values()]
    places = [each for each in space.channels.values() if each.name and reader.user.id in each.members]
    return found + [(f"#{each.name}", "channel") for each in places]


def initials(name: str) -> str:
    """One or two letters for a picture."""
    return "".join(word[0] for word in name.split()[:2]).upper()


def tint(name: str) -> int:
    """A colour's number, always the same for a name."""
    return crc32(name.encode()) % _COLOURS


def pretty(value: object) -> str:
    """JSON to be read by people."""
    return json.dumps(value, indent=2, ensure_ascii=False)

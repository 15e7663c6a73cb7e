"""Rich text blocks as HTML (docs.slack.dev/reference/block-kit/blocks/rich-text-block)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from markupsafe import Markup, escape

from sandbox.changes import Json
from sandbox.page import mrkdwn
from sandbox.page.emoji import emoji
from sandbox.page.reader import Reader

_HEX = re.compile(r"#?([0-9a-fA-F]{6}|[0-9a-fA-F]{3})")
_NAMED_COLOURS = {"good": "#2eb886", "warning": "#daa038", "danger": "#a30100"}
_STYLES = (("code", "code"), ("bold", "b"), ("italic", "i"), ("strike", "s"), ("underline", "u"))


def rich_text(elements: Sequence[Json], reader: Reader) -> Markup:
    """The parts of a rich text block, one below the other."""
    return Markup("").join(_part(each, reader) for each in elements)


def _part(part: Json, reader: Reader) -> Markup:
    if part.get("type") == "rich_text_list":
        return _list(part, reader)
    inner = Markup("").join(_inline(each, reader) for each in part.get("elements") or ())
    tag = {"rich_text_quote": "blockquote", "rich_text_preformatted": "pre"}.get(str(part.get("type")), "p")
    ruled = Markup(' class="ruled"') if part.get("border") else ""
    return Markup("<{0}{1}>{2}</{0}>").format(tag, ruled, inner)


def _list(part: Json, reader: Reader) -> Markup:
    tag = "ol" if part.get("style") == "ordered" else "ul"
    items = Markup("").join(
        Markup("<li>{}</li>").format(
            Markup("").join(_inline(one, reader) for one in each.get("elements") or ())
        )
        for each in part.get("elements") or ()
    )
    start = Markup(' start="{}"').format(part["offset"] + 1) if part.get("offset") and tag == "ol" else ""
    indent = Markup(' class="in{}"').format(min(int(part.get("indent") or 0), 8))
    return Markup("<{0}{1}{2}>{3}</{0}>").format(tag, indent, start, items)


def _inline(element: Json, reader: Reader) -> Markup:
    drawn = _bare(element, reader)
    style = element.get("style") or {}
    for name, tag in _STYLES:
        if style.get(name):
            drawn = Markup("<{0}>{1}</{0}>").format(tag, drawn)
    return Markup("<mark>{}</mark>").format(drawn) if style.get("highlight") else drawn


def _bare(element: Json, reader: Reader) -> Markup:
    draw = _DRAWN.get(str(element.get("type")))
    if draw is None:
        return escape(str(element.get("fallback") or element.get("text") or ""))
    return draw(element, reader)


def _date(element: Json, reader: Reader) -> Markup:
    known = (str(element.get(name) or "") for name in ("timestamp", "format", "url", "fallback"))
    stamp, form, url, fallback = known
    return mrkdwn.moment(stamp, form, url, fallback, reader)


def _swatch(element: Json, _reader: Reader) -> Markup:
    # An attribute of SVG, as the page allows no inline style.
    square = Markup('<rect width="1" height="1" fill="{}"/>').format(colour(element.get("value")))
    frame = Markup('<svg class="swatch" viewBox="0 0 1 1" aria-hidden="true">{}</svg>{}')
    return frame.format(square, element.get("value"))


_DRAWN: Mapping[str, Callable[[Json, Reader], Markup]] = {
    "text": lambda element, _reader: escape(element.get("text", "")),
    "link": lambda element, _reader: mrkdwn.link(str(element.get("url", "")), element.get("text")),
    "user": lambda element, reader: mrkdwn.mention(str(element.get("user_id")), reader),
    "usergroup": lambda element, reader: mrkdwn.group_mention(str(element.get("usergroup_id")), reader),
    "channel": lambda element, reader: mrkdwn.channel_mention(str(element.get("channel_id")), reader),
    "broadcast": lambda element, _reader: mrkdwn.broadcast(str(element.get("range"))),
    "emoji": lambda element, _reader: escape(emoji(str(element.get("name")))),
    "color": _swatch,
    "date": _date,
}


def colour(value: object) -> str:
    """A colour as HTML takes it; Slack's grey where it is none."""
    found = _HEX.fullmatch(str(value))
    return _NAMED_COLOURS.get(str(value)) or (f"#{found[1]}" if found else "#dddddd")

"""Rich text blocks as HTML (docs.slack.dev/reference/block-kit/blocks/rich-text-block)."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

from sandbox.changes import Json
from sandbox.page import mrkdwn
from sandbox.page.emoji import emoji
from sandbox.page.reader import Reader

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
        Markup("<li>{}</li>").format(Markup("").join(_inline(one, reader) for one in each.get("elements") or ()))
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
    match element.get("type"):
        case "text":
            return escape(element.get("text", ""))
        case "link":
            return mrkdwn.link(str(element.get("url", "")), element.get("text"))
        case "user":
            return mrkdwn.mention(str(element.get("user_id")), reader)
        case "usergroup":
            return mrkdwn.group_mention(str(element.get("usergroup_id")), reader)
        case "channel":
            return mrkdwn.channel_mention(str(element.get("channel_id")), reader)
        case "broadcast":
            return mrkdwn.broadcast(str(element.get("range")))
        case "emoji":
            return escape(emoji(str(element.get("name"))))
        case "color":
            return _swatch(str(element.get("value")))
        case "date":
            known = (str(element.get(name) or "") for name in ("timestamp", "format", "url", "fallback"))
            stamp, form, url, fallback = known
            return mrkdwn.moment(stamp, form, url, fallback, reader)
    return escape(str(element.get("fallback") or element.get("text") or ""))


def _swatch(value: str) -> Markup:
    # An attribute of SVG, as the page allows no inline style.
    box = '<svg class="swatch" viewBox="0 0 1 1" aria-hidden="true"><rect width="1" height="1" fill="{0}"/></svg>{0}'
    return Markup(box).format(value if value.startswith("#") else f"#{value}")

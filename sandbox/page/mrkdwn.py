"""Slack's own markup as HTML (docs.slack.dev/messaging/formatting-message-text).

Everything is escaped first and the few tags are ours, so that nobody's text becomes markup of the page.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from markupsafe import Markup, escape

from sandbox.page.emoji import NAMES, emoji, with_emoji
from sandbox.page.moments import worded
from sandbox.page.reader import Reader

_FENCE = re.compile(r"```\n?(.+?)\n?```", re.DOTALL)
_TOKEN = re.compile(rf"`([^`\n]+)`|<([^<>\n]+)>|{NAMES.pattern}")
_BARE_LINK = re.compile(r"\bhttps?://[^\s<>|\ue000\ue001]*[^\s<>|.,;:!?)\"'\ue000\ue001]")
#: They stand for finished HTML while the text around it is formatted; no text of others may hold them.
_OPEN, _SHUT = "\ue000", "\ue001"
_STASHED = re.compile(f"{_OPEN}(\\d+){_SHUT}")
_QUOTE = re.compile(r"(?:&gt;|>) ?")
_QUOTE_ALL = re.compile(r"(?:&gt;|>){3} ?")
_STYLES = tuple(
    (re.compile(rf"(?<![\w{sign}]){sign}(?=\S)([^{sign}\n]+?)(?<=\S){sign}(?![\w{sign}])"), tag)
    for sign, tag in ((r"\*", "b"), ("_", "i"), ("~", "s"))
)
_SCHEMES = ("http://", "https://", "mailto:")


def mrkdwn(text: str, reader: Reader, *, verbatim: bool = False) -> Markup:
    """Text with Slack's markup; with `verbatim` bare addresses stay text."""
    text = text.replace(_OPEN, "\ufffd").replace(_SHUT, "\ufffd")
    parts = _FENCE.split(text)
    drawn = [
        Markup("<pre>{}</pre>").format(unescaped(part)) if place % 2 else _lines(part, reader, verbatim)
        for place, part in enumerate(parts)
    ]
    return Markup("").join(drawn)


def unescaped(text: str) -> str:
    """The three characters that Slack escapes, and no others, as they are read."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def plain(text: str, *, with_names: bool = True) -> Markup:
    """Plain text; names of emoji are replaced unless the text object says no."""
    return escape(with_emoji(text) if with_names else text)


def _lines(text: str, reader: Reader, verbatim: bool) -> Markup:
    drawn: list[Markup] = []
    quoted: list[Markup] = []
    rest_is_quoted = False

    def end_quote() -> None:
        if quoted:
            drawn.append(Markup("<blockquote>{}</blockquote>").format(Markup("<br>").join(quoted)))
            quoted.clear()

    for line in text.split("\n"):
        sign = _QUOTE_ALL.match(line)
        rest_is_quoted = rest_is_quoted or sign is not None
        sign = sign or _QUOTE.match(line)
        if sign is None and not rest_is_quoted:
            end_quote()
            drawn.append(Markup("{}<br>").format(_inline(line, reader, verbatim)))
        else:
            quoted.append(_inline(line[sign.end() :] if sign else line, reader, verbatim))
    end_quote()
    return Markup(Markup("").join(drawn).removesuffix("<br>"))  # noqa: S704  # joined from escaped parts


def _inline(text: str, reader: Reader, verbatim: bool) -> Markup:
    stash: list[Markup] = []

    def keep(drawn: Markup) -> str:
        stash.append(drawn)
        return f"{_OPEN}{len(stash) - 1}{_SHUT}"

    def token(found: re.Match[str]) -> str:
        code, angled, name = found.groups()
        if code is not None:
            return keep(Markup("<code>{}</code>").format(unescaped(code)))
        if angled is not None:
            return keep(_angled(angled, reader))
        return emoji(name)

    text = _TOKEN.sub(token, text)
    if not verbatim:
        text = _BARE_LINK.sub(lambda found: keep(link(unescaped(found[0]), None)), text)
    shown = str(escape(unescaped(text)))
    for pattern, tag in _STYLES:
        shown = pattern.sub(rf"<{tag}>\1</{tag}>", shown)
    shown = _STASHED.sub(lambda found: str(stash[int(found[1])]), shown)
    return Markup(shown)  # noqa: S704  # escaped above; the tags are ours


def _angled(inner: str, reader: Reader) -> Markup:
    body, _, label = inner.partition("|")
    label = unescaped(label)
    for sign, draw in _DRAWN.items():
        if body.startswith(sign):
            return draw(body.removeprefix(sign), label, reader)
    url = unescaped(body)
    if url.startswith(_SCHEMES):
        return link(url, label or url.removeprefix("mailto:"))
    return escape(unescaped(f"<{inner}>"))


def link(url: str, text: str | None) -> Markup:
    """A link that only a click follows; bare text where the address is of another kind."""
    if not url.lower().startswith(_SCHEMES):
        return escape(text or url)
    tag = Markup('<a href="{}" target="_blank" rel="noreferrer noopener">{}</a>')
    return tag.format(url, text or url)


def mention(user_id: str, reader: Reader) -> Markup:
    """A person's name; the reader's own stands out."""
    mine = " me" if user_id == reader.user.id else ""
    return Markup('<span class="mention{}">@{}</span>').format(mine, reader.person(user_id))


def channel_mention(channel_id: str, reader: Reader) -> Markup:
    """A channel's name, that leads there."""
    tag = Markup('<a class="mention" data-nav href="/?as={}&amp;at={}">#{}</a>')
    return tag.format(reader.user.id, channel_id, reader.channel(channel_id))


def group_mention(group_id: str, reader: Reader) -> Markup:
    """A user group's handle; one that the reader is in stands out."""
    mine = " me" if reader.in_group(group_id) else ""
    return Markup('<span class="mention{}">@{}</span>').format(mine, reader.group(group_id))


def broadcast(name: str) -> Markup:
    """`@here`, `@channel`, `@everyone`."""
    return Markup('<span class="mention me">@{}</span>').format(name)


def moment(timestamp: str, form: str, url: str, fallback: str, reader: Reader) -> Markup:
    """A moment in the reader's zone; the fallback when it is none."""
    try:
        shown = worded(int(timestamp), form, reader.now)
    except (ValueError, OverflowError, OSError):
        return escape(fallback)
    if url:
        return link(url, shown)
    return Markup('<time title="{}">{}</time>').format(fallback, shown)


def _special(body: str, label: str, reader: Reader) -> Markup:
    kind, *parts = body.split("^")
    if kind == "date" and len(parts) >= 2:
        url = parts[2] if len(parts) > 2 and parts[2].startswith(_SCHEMES) else ""
        return moment(parts[0], unescaped(parts[1]), url, label, reader)
    if kind == "subteam" and parts:
        return group_mention(parts[0], reader)
    if kind in ("here", "channel", "everyone"):
        return broadcast(kind)
    return escape(label or f"<!{body}>")


_DRAWN: dict[str, Callable[[str, str, Reader], Markup]] = {
    "@": lambda body, _label, reader: mention(body, reader),
    "#": lambda body, _label, reader: channel_mention(body, reader),
    "!": _special,
}

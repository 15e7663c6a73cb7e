"""Block Kit as a person reads it: plain text, for golden files and for looking at."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_DATE = re.compile(r"<!date\^\d+\^[^|>]*\|([^>]*)>")


def mrkdwn(text: str) -> str:
    """Markup as it is seen: dates by their fallback, mentions as @ID, entities as characters."""
    text = _DATE.sub(r"\1", text)
    text = re.sub(r"<@([UW]\w+)>", r"@\1", text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def read_message(call: Mapping[str, Any]) -> str:
    """What a phone shows, then every block."""
    lines = [f"phone: {mrkdwn(call['text'])}", ""]
    return "\n".join([*lines, *map(read_block, call["blocks"])]).rstrip() + "\n"


def read_view(view: Mapping[str, Any]) -> str:
    """A modal, or the home tab, which has no title: every block, its buttons."""
    title = view["title"]["text"] if "title" in view else "Home"
    buttons = [view[name]["text"] for name in ("submit", "close") if name in view]
    footer = " ".join(f"[ {button} ]" for button in buttons)
    return "\n".join([f"== {title} ==", *map(read_block, view["blocks"]), footer]).rstrip() + "\n"


def read_block(block: Mapping[str, Any]) -> str:
    """One block, over as many lines as it takes."""
    kind = block["type"]
    if kind == "header":
        return f"# {block['text']['text']}"
    if kind == "section":
        return _text(block["text"])
    if kind == "context":
        return "\n".join(f"({_text(each)})" for each in block["elements"])
    if kind == "actions":
        return "  ".join(_element(each) for each in block["elements"])
    if kind == "divider":
        return "----"
    if kind == "input":
        return _input(block)
    if kind == "rich_text":
        return "\n".join(_rich(each) for each in block["elements"])
    raise AssertionError(f"no way to read a {kind}")


def everything_shown(value: object) -> str:
    """Every string that somebody may see, joined: what a test looks for words in."""
    if isinstance(value, Mapping):
        shown = [
            everything_shown(each)
            for name, each in value.items()
            if name not in ("type", "value", "block_id")
        ]
        return "".join(shown)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "".join(map(everything_shown, value))
    return value if isinstance(value, str) else ""


def _text(text: Mapping[str, Any]) -> str:
    return mrkdwn(text["text"]) if text["type"] == "mrkdwn" else str(text["text"])


def _input(block: Mapping[str, Any]) -> str:
    element = block["element"]
    names = ("initial_value", "initial_date", "initial_date_time")
    value = next((str(element[name]) for name in names if name in element), "")
    if "initial_option" in element:
        value = element["initial_option"]["text"]["text"]
    if "initial_options" in element:
        value = ", ".join(each["text"]["text"] for each in element["initial_options"])
    optional = " (optional)" if block.get("optional") else ""
    hint = f"\n    {block['hint']['text']}" if "hint" in block else ""
    return f"{block['label']['text']}{optional}: [{value}] {element['type']}{hint}"


def _element(element: Mapping[str, Any]) -> str:
    if element["type"] == "overflow":
        return f"[ ⋯ {' | '.join(option['text']['text'] for option in element['options'])} ]"
    if element["type"] == "static_select":
        shown = " | ".join(option["text"]["text"] for option in element["options"])
        return f"[ {element['placeholder']['text']} ▾ {shown} ]"
    mark = {"primary": "+", "danger": "!"}.get(element.get("style", ""), "")
    return f"[ {element['text']['text']}{mark} ]"


def _rich(element: Mapping[str, Any]) -> str:
    kind = element["type"]
    if kind == "rich_text_list":
        return "\n".join(f" • {_rich(each)}" for each in element["elements"])
    words = "".join(_inline(each) for each in element["elements"])
    if kind == "rich_text_quote":
        return "\n".join(f"  ┃ {line}" for line in words.split("\n"))
    if kind == "rich_text_preformatted":
        return "\n".join(f"  │ {line}" for line in words.split("\n"))
    return words


def _inline(element: Mapping[str, Any]) -> str:
    if element["type"] == "date":
        return str(element["fallback"])
    if element["type"] == "user":
        return f"@{element['user_id']}"
    if element["type"] == "channel":
        return f"#{element['channel_id']}"
    if element["type"] == "link":
        return f"<{element.get('text', element['url'])}>"
    text = str(element["text"])
    return f"*{text}*" if element.get("style", {}).get("bold") else text

"""Emoji by the names that people type most; a name that is not here stays as it was typed, as in Slack."""

from __future__ import annotations

import re

_NAMED = {
    "white_check_mark": "✅",
    "heavy_check_mark": "✔️",
    "x": "❌",
    "warning": "⚠️",
    "no_entry": "⛔",
    "no_entry_sign": "🚫",
    "question": "❓",
    "exclamation": "❗",
    "information_source": "\u2139\ufe0f",
    "eyes": "👀",
    "+1": "👍",
    "thumbsup": "👍",
    "-1": "👎",
    "thumbsdown": "👎",
    "pray": "🙏",
    "clap": "👏",
    "wave": "👋",
    "tada": "🎉",
    "rocket": "🚀",
    "fire": "🔥",
    "bulb": "💡",
    "bell": "🔔",
    "no_bell": "🔕",
    "mega": "📣",
    "hourglass": "⌛",
    "hourglass_flowing_sand": "⏳",
    "alarm_clock": "⏰",
    "lock": "🔒",
    "unlock": "🔓",
    "pencil2": "✏️",
    "memo": "📝",
    "pushpin": "📌",
    "link": "🔗",
    "mag": "🔍",
    "gear": "⚙️",
    "robot_face": "🤖",
    "red_circle": "🔴",
    "large_orange_circle": "🟠",
    "large_yellow_circle": "🟡",
    "large_green_circle": "🟢",
    "large_blue_circle": "🔵",
    "white_circle": "⚪",
    "black_circle": "⚫",
    "moneybag": "💰",
    "email": "📧",
    "smile": "😄",
    "slightly_smiling_face": "🙂",
    "thinking_face": "🤔",
    "sob": "😭",
    "joy": "😂",
    "heart": "❤️",
    "raised_hands": "🙌",
    "ok_hand": "👌",
    "point_right": "👉",
    "arrow_right": "➡️",
    "repeat": "🔁",
    "100": "💯",
}
NAMES = re.compile(r":([a-z0-9_+-]+):")


def emoji(name: str) -> str:
    """The character; `:name:` when there is none by that name."""
    return _NAMED.get(name, f":{name}:")


def with_emoji(text: str) -> str:
    """`text` with the names replaced."""
    return NAMES.sub(lambda found: emoji(found[1]), text)

"""Whether a message speaks to the bot. Its name in code or in a quotation speaks to nobody."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from approvals.blanks import BLANK, trimmed

#: docs.slack.dev/messaging/formatting-message-text: code between backticks, quotations behind `>`.
_CODE: Final = re.compile(r"```.*?(?:```|$)|`[^`\n]+`", re.DOTALL)
_QUOTED: Final = re.compile(r"^[ \t]*(?:&gt;|>).*$", re.MULTILINE)
_QUOTED_REST: Final = re.compile(r"^[ \t]*(?:&gt;){3}.*", re.MULTILINE | re.DOTALL)
#: A colon may also begin an emoji: `:+1:`.
_AFTER: Final = re.compile(rf"(?:[{BLANK},;]|:(?![\w+-]+:))*")


@dataclass(frozen=True, slots=True)
class Address:
    """How a message is addressed."""

    #: what is said to the bot, where the message begins with its name; None where it does not
    to_us: str | None
    #: its name stands somewhere in what is said
    names_us: bool


def addressed(wire: str, bot: str) -> Address:
    """How a message, as Slack writes it, is addressed; `bot` is the bot's user id."""
    name = re.compile(rf"<@{re.escape(bot)}(?:\|[^<>]*)?>")
    rest, begins = trimmed(wire), False
    while (found := name.match(rest)) is not None:
        begins = True
        after = _AFTER.match(rest, found.end())
        rest = rest[after.end() if after is not None else found.end() :]
    said = _QUOTED.sub("", _QUOTED_REST.sub("", _CODE.sub("", wire)))
    return Address(trimmed(rest) if begins else None, name.search(said) is not None)

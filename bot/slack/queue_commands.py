"""`/hitl queue …` and `/hitl show ID`: what people type, and what they mean by it."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Final, Protocol

from approvals.roster import Person
from blocks import queue as said
from blocks.listed import MOST_IN_PATTERN, QueuePage
from blocks.message import Message
from bot.desk.queue import Which
from bot.slack.lists import Lists
from bot.slack.payloads import plainly

#: `action:GLOB`, `agent: NAME`, `agent=@name`: as people type it, and as phones space it.
_ONLY: Final = re.compile(r"\b(action|agent)\s*[:=]\s*(\S+)", re.IGNORECASE)
_KNOWN: Final = (*map(str, Which), "action:GLOB", "agent:NAME")
#: What people may well say instead.
_SAME: Final = {"me": Which.MINE, "my": Which.MINE, "everything": Which.ALL, "late": Which.OVERDUE}


class Typed(Protocol):
    """A subcommand's words."""

    @property
    def by(self) -> Person:
        """Whoever typed them."""

    @property
    def rest(self) -> str:
        """What follows the subcommand, as Slack writes it."""


class QueueCommands:
    """The answers to `/hitl`, `/hitl queue …` and `/hitl show …`."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists

    async def mine(self, typed: Typed) -> Message:
        """What waits for whoever typed nothing at all."""
        return await self._lists.queue(typed.by, QueuePage(Which.MINE))

    async def queue(self, typed: Typed) -> Message:
        """One of their lists, narrowed to some."""
        text = plainly(typed.rest).replace("`", "")
        only = {name.casefold(): _pattern(wanted) for name, wanted in _ONLY.findall(text)}
        for name, wanted in only.items():
            if not 0 < len(wanted) <= MOST_IN_PATTERN or "|" in wanted:
                return said.pattern_too_long(name, MOST_IN_PATTERN)
        lists: dict[Which, None] = {}
        for word in _ONLY.sub(" ", text).split():
            found = _list(word)
            if found is None:
                near = get_close_matches(word.casefold(), _KNOWN, 1)
                return said.not_a_list(word, near[0] if near else None)
            lists[found] = None
        if len(lists) > 1:
            return said.one_list(list(lists))
        which = next(iter(lists), Which.MINE)
        return await self._lists.queue(
            typed.by, QueuePage(which, action=only.get("action"), agent=only.get("agent"))
        )

    async def show(self, typed: Typed) -> Message:
        """One request, by its id or a piece of it."""
        return await self._lists.show(typed.by, plainly(typed.rest))


def names_a_list(word: str) -> bool:
    """Whether `/hitl WORD` can only mean `/hitl queue WORD`."""
    return _list(word) is not None


def _list(word: str) -> Which | None:
    bare = word.strip("*_.,").casefold()
    return Which(bare) if bare in list(Which) else _SAME.get(bare)


def _pattern(wanted: str) -> str:
    """Without the sign and the quotes that people put around names."""
    return wanted.strip("\"'“”,").lstrip("@")

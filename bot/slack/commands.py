"""`/hitl`: a table of subcommands. Each is answered to whoever typed it, alone."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Final, TypeAlias

from approvals import judging, strict_json
from approvals.blanks import first_word, spaced
from approvals.canonical import Json
from approvals.events import Opened
from approvals.machine import decide
from approvals.model import Case
from approvals.roster import Person
from approvals.strict_json import NotInterchangeable, NotJson
from approvals.words import AgentName, RequestId, UserId
from blocks import commands as said
from blocks.commands import Entry, GrantLine
from blocks.dead import DEAD
from blocks.duty import AWAY, ONCALL
from blocks.message import Message
from blocks.pausing_words import DIGEST, PAUSE, RESUME
from blocks.queue import QUEUE, SHOW
from blocks.text import Mrkdwn
from bot.desk import granting
from bot.desk.desk import Desk
from bot.desk.granting import Ending
from bot.http.bodies import matched
from bot.http.drafts import PostedRequest, draft_of
from bot.http.problems import Problem
from bot.slack.dead_letters import DeadLetters
from bot.slack.duty_commands import DutyCommands
from bot.slack.front import Front
from bot.slack.lists import Lists
from bot.slack.pause_commands import PauseCommands
from bot.slack.payloads import Body
from bot.slack.people import People
from bot.slack.queue_commands import QueueCommands, names_a_list
from bot.slack.stats import Stats
from store.agents import Agent

_TRY: Final = "try ACTION {json}"
#: What may stand beside the JSON, `agent:NAME`, and which field of a request it is.
_BESIDE: Final = re.compile(r"(agent|kind|risk|confidence|on_behalf_of):(\S+)")
#: What may change something; all others only look.
_CHANGING: Final = frozenset(("oncall", "away", "revoke", "digest", "pause", "resume"))
#: How Slack writes people, channels and links; people's own brackets are escaped.
_SPECIAL: Final = re.compile(r"<([@#!]?[^<>|\s]+)(?:\|[^<>]*)?>")
#: What phones make of a straight quotation mark, and pages of a blank: JSON knows neither.
_ODD: Final = str.maketrans({**dict.fromkeys("“”„‟", '"'), "\u00a0": " ", "\u200b": None, "\ufeff": None})
#: How the command itself is typed, once too often.
_ITSELF: Final = "/hitl"


@dataclass(frozen=True, slots=True)
class Typed:
    """A subcommand's words."""

    by: Person
    #: what follows the subcommand, as Slack writes it, with one space between two words
    rest: str
    #: the same with its blanks and breaks as they were typed
    exactly: str
    #: where a later answer goes
    response_url: str | None = None


Answering: TypeAlias = Callable[[Typed], Awaitable[Message]]


class Commands:
    """Listener for `/hitl`."""

    def __init__(self, front: Front, people: People, lists: Lists) -> None:
        self._front = front
        self._dead = DeadLetters(front, lists)
        duty, queue, pauses = DutyCommands(front, people), QueueCommands(lists), PauseCommands(front)
        self._table: Mapping[str, tuple[Entry, Answering]] = {
            "": (Entry("", "what waits for you, to be decided right there"), queue.mine),
            "queue": (
                Entry(
                    QUEUE, "a list of requests, what will hurt first at the top", "queue all action:issue_*"
                ),
                queue.queue,
            ),
            "show": (
                Entry(SHOW, "one request, by its id or the first or last letters of it", "show K3M9"),
                queue.show,
            ),
            "stats": (
                Entry("stats [7d]", "how each rule and agent fares, and what to do", "stats 30d"),
                self._stats,
            ),
            "oncall": (
                Entry(
                    "oncall [GROUP]",
                    f"now and next; `{ONCALL}` hands it over",
                    "oncall support @bob until fri 18:00",
                ),
                duty.oncall,
            ),
            "away": (
                Entry(
                    AWAY, "who decides in your place; `away off` ends it", "away @bob until 2026-12-01 09:00"
                ),
                duty.away,
            ),
            "grants": (
                Entry("grants", "what you let through for a while, with buttons to end it", "grants"),
                self._grants,
            ),
            "revoke": (Entry("revoke ID", "end a grant", "revoke g_7f3kq2mz"), self._revoke),
            "try": (
                Entry(
                    _TRY,
                    "what the policy would say, and why; `agent:NAME` asks as that agent",
                    'try issue_refund {"amount": 750} agent:billing',
                ),
                self._try,
            ),
            "digest": (
                Entry(DIGEST, "send now what waits for you in digests", "digest hourly"),
                pauses.digest,
            ),
            "pause": (
                Entry(PAUSE, "all that an agent asks from now on waits unseen", "pause billing-agent"),
                pauses.pause,
            ),
            "resume": (
                Entry(RESUME, "for operators: it goes on, and what waited with it", "resume billing-agent"),
                pauses.resume,
            ),
            "dead": (
                Entry(DEAD, "for operators: what could not be delivered, to be sent again", "dead all"),
                self._given_up,
            ),
            "help": (Entry("help [COMMAND]", "this", "help queue"), self._help),
        }

    @staticmethod
    def only_looks(body: Body) -> bool:
        """Whether what was typed changes nothing, however long it takes."""
        return _bare(_split(body)[0]) not in _CHANGING

    async def take(self, body: Body) -> Message:
        """The answer to `/hitl …`; to words that it does not know, the nearest that it does."""
        by = Person(UserId(str(body["user_id"])), str(body.get("user_name") or body["user_id"]))
        word, rest = _split(body)
        typed = Typed(self._front.person(by), spaced(rest), rest, body.get("response_url") or None)
        name = _bare(word)
        if name in self._table:
            return await self._table[name][1](typed)
        if name.startswith("req_"):
            return await self._table["show"][1](replace(typed, rest=word))
        if names_a_list(name):
            return await self._table["queue"][1](replace(typed, rest=f"{word} {typed.rest}"))
        near = get_close_matches(name, self._table, 1)
        return said.unknown(word, near[0] if near else None, self._entries())

    def _entries(self) -> list[Entry]:
        return [entry for entry, _ in self._table.values()]

    async def _help(self, typed: Typed) -> Message:
        name = _bare(_behind_itself(typed.rest)[0])
        about = self._table.get(name) if name else None
        return said.help_(self._entries()) if about is None else said.help_with(about[0])

    async def _given_up(self, typed: Typed) -> Message:
        return await self._dead.answer(typed.by.id, typed.rest)

    async def _try(self, typed: Typed) -> Message:
        action, rest = _action(typed.exactly)
        if not action:
            return said.not_an_action(_TRY)
        try:
            case = _judged(self._front.desk, _asked(action, rest))
        except NotJson as wrong:
            return said.not_json(wrong.msg, _TRY)
        except (NotInterchangeable, Problem) as wrong:
            return said.not_a_request(wrong.flaws)
        return said.verdict(case, self._front.desk.directory.roster())

    async def _grants(self, typed: Typed) -> Message:
        found = await granting.listed(self._front.desk, typed.by.id)
        lines = [GrantLine(each.grant, each.case, each.holds) for each in found]
        everybodys = typed.by.id in self._front.desk.policies.current.operators
        return said.grants(lines, everybodys=everybodys)

    async def _stats(self, typed: Typed) -> Message:
        return await Stats(self._front).answer(typed.by.id, typed.rest, typed.response_url)

    async def _revoke(self, typed: Typed) -> Message:
        text = await revoked(self._front.desk, typed.rest, typed.by)
        return Message(text, [])


def _split(body: Body) -> tuple[str, str]:
    """The subcommand, and what follows it, as it was typed."""
    return _behind_itself(str(body.get("text") or ""))


def _behind_itself(text: str) -> tuple[str, str]:
    """The first word that is not the command's own name, and what follows."""
    word, rest = first_word(text)
    while _bare(word) == _ITSELF:
        word, rest = first_word(rest)
    return word, rest


def _bare(word: str) -> str:
    return word.strip("`*_ ").casefold()


def _action(typed: str) -> tuple[str, str]:
    """What is tried, and what follows: its arguments may stand right behind it."""
    word, rest = first_word(typed)
    if "{" in word:
        word, rest = word.partition("{")[0], typed[typed.index("{") :]
    return word.strip("`"), rest


async def revoked(desk: Desk, typed: str, by: Person) -> Mrkdwn:
    """Revoke the grant that somebody named, by its id or the first letters of it, and say what came of it."""
    ended = await granting.revoke(desk, granting.meant(typed), by)
    match ended.ending, ended.kept:
        case Ending.REVOKED, kept if kept is not None:
            return said.revoked(kept.grant)
        case Ending.NOT_YOURS, kept if kept is not None:
            return said.not_yours(kept.grant)
        case Ending.SEVERAL, _:
            return said.several_grants(typed)
        case Ending.OVER, kept if kept is not None:
            return said.over(kept.grant)
        case _:
            return said.no_grant(typed)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request that somebody made up."""

    agent: str
    #: as an agent would post them
    fields: dict[str, Json]


def _asked(action: str, rest: str) -> _Asked:
    """Raises `NotJson`, `NotInterchangeable`."""
    before, brace, behind = rest.partition("{")
    inside, closing, after = behind.rpartition("}")
    payload = _object(brace + inside + closing if closing else brace + behind) if brace else {}
    fields: dict[str, Json] = {"action": action, "payload": payload}
    agent = "you"
    for word in spaced(f"{before} {after if closing else ''}").replace("`", "").split():
        beside = _BESIDE.fullmatch(word)
        if beside is None:
            raise NotJson(f"{word} is none")
        if beside[1] == "agent":
            agent = beside[2]
        else:
            fields[beside[1]] = _number(beside[2]) if beside[1] == "confidence" else beside[2]
    return _Asked(agent, fields)


def _object(wire: str) -> Json:
    """The JSON that somebody typed, from how Slack and phones write it. Raises as `strict_json.parse`."""
    text = _unwrapped(wire)
    try:
        return strict_json.parse(text.encode(errors="replace"), "payload")
    except NotJson:
        straight = text.translate(_ODD)
        if straight == text:
            raise
        return strict_json.parse(straight.encode(errors="replace"), "payload")


def _unwrapped(wire: str) -> str:
    """People, channels and links as what they are (docs.slack.dev/messaging/formatting-message-text)."""
    text = _SPECIAL.sub(lambda found: found[1].lstrip("@#!").removeprefix("mailto:"), wire)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def _number(text: str) -> Json:
    try:
        return float(text)
    except ValueError:
        return text


def _judged(desk: Desk, asked: _Asked) -> Case:
    """As `POST /v1/check` does it. Raises `Problem` for what an agent could not post."""
    now = desk.runtime.now()
    entry = Agent(AgentName(asked.agent), "", "", None, (), (), now)
    draft = draft_of(matched(PostedRequest, asked.fields), entry)
    request = draft.request(entry, RequestId("req_try"), now, "")
    return decide(None, Opened(request, judging.judge(desk.policies.current, request)), now).case

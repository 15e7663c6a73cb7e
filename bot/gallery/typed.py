"""What people type after `/hitl`, and what they read then: grants, turns, tries, pauses, dead letters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Final

from approvals.model import Flaw
from approvals.rotation import Shift
from approvals.words import AgentName, DigestName, GrantId, GroupName, UserId
from blocks import commands, dead, duty, pausing_words
from blocks.commands import GrantLine
from blocks.duty import Turns
from blocks.message import Message, words
from blocks.text import Mrkdwn
from bot.gallery.cast import ALICE, BOB, CAROL, NOON, request, roster
from bot.gallery.homes import dead_letter, grant
from bot.gallery.life import Life, Place, Scene, Story, seen
from bot.gallery.refunds import refund

_HOUR: Final = timedelta(hours=1)
_NOW: Final = NOON + 2 * _HOUR
_CARD: Final = "https://acme.slack.com/archives/C0APPROVALS/p1763640000000100"
_REFUND_AGENT: Final = AgentName("refund-agent")


def stories() -> Iterator[Story]:
    """One at a time."""
    yield Story("typed_grants", "Grants, listed and taken back", tuple(_grants()))
    yield Story("typed_turns", "Whose turn it is", tuple(_turns()))
    yield Story("typed_try", "What a request would get", tuple(_try()))
    yield Story("typed_pauses", "Agents paused, digests sent", tuple(_pauses()))
    yield Story("typed_dead", "What was given up, sent again", tuple(_dead()))


def _told(moment: str, message: Message) -> Scene:
    return seen(_NOW, moment, Place.REPLY, message)


def _said(moment: str, text: Mrkdwn) -> Scene:
    return _told(moment, Message(text, [words(text)]))


def _grants() -> Iterator[Scene]:
    given = grant()
    case = Life(refund(102, amount=40)).case
    lines = [GrantLine(given, case, holds=True)]
    yield _told("Alice types /hitl grants", commands.grants(lines, everybodys=False))
    lost = [*lines, GrantLine(replace(given, id=GrantId("g_01JD3V8Q0002"), by=BOB), case, holds=False)]
    yield _told("Olivia, an operator, does so", commands.grants(lost, everybodys=True))
    yield _told("Bob does so, who gave none", commands.grants([], everybodys=False))
    yield _said("Alice types /hitl revoke g_01jd", commands.revoked(given))
    yield _said("Two begin so", commands.several_grants("g_01"))
    yield _said("Dan types /hitl revoke", commands.no_grant(""))
    yield _said("Dan revokes one of Alice's", commands.not_yours(given))
    yield _said("It is over", commands.over(given))


def _turns() -> Iterator[Scene]:
    week = timedelta(days=7)
    monday = NOON + timedelta(days=3)
    shifts = (
        Shift(ALICE.id, monday - week, monday),
        Shift(BOB.id, monday, monday + 4 * _HOUR, override=True),
        Shift(CAROL.id, monday + 4 * _HOUR, monday + week),
    )
    finance = Turns(GroupName("finance-on-call"), shifts)
    others = (
        Turns(GroupName("support"), None),
        Turns(GroupName("directors"), (), usergroup="S0DIRECTORS"),
        Turns(GroupName("ops"), (Shift(CAROL.id, monday, monday + week),), gone=frozenset({CAROL.id})),
    )
    yield _told("Bob types /hitl oncall", duty.oncall((finance, *others), _NOW))
    yield _told("Bob types /hitl oncall finance-on-call", duty.oncall((finance,), _NOW))
    until = _NOW + 4 * _HOUR
    rotation = Turns(finance.name, (shifts[0], Shift(BOB.id, monday, monday + week)))
    taken = duty.taken("finance-on-call", BOB.id, None, until, shortened=False)
    yield _told("Alice types /hitl oncall finance-on-call @bob for 4h", taken)
    yield _told("Alice types /hitl oncall finance-on-call off", duty.given_back(rotation, _NOW))
    yield _told("Bob types /hitl oncall finance-on-call off", duty.given_back(finance, _NOW))
    yield _told("Dan hands over a shift of Alice's", duty.not_your_shift("finance-on-call"))
    yield _told(
        "Alice types no time",
        duty.no_time(
            "“tomorow” is no day that I know; say one like 2026-12-01, 1 Dec, fri or tomorrow", duty.ONCALL
        ),
    )
    yield _told("There are no turns in it", duty.no_turns(others[0], _NOW))
    yield _told("Alice types /hitl back", duty.back())


def _try() -> Iterator[Scene]:
    life = Life(refund(101, amount=80))
    yield _told("Bob types /hitl try issue_refund {…}", commands.verdict(life.case, roster()))
    draft = request(108, "copy-agent", "publish_draft", {"page": "/prices", "site": "acme.example"})
    yield _told("Bob tries what goes ahead by itself", commands.verdict(Life(draft).case, roster()))
    yield _told("Bob types no action", commands.not_an_action("try ACTION {json}"))
    yield _told(
        "Bob forgets a quote", commands.not_json("line 1, column 2: a name in quotes", "try ACTION {json}")
    )
    yield _told(
        "No agent could ask that", commands.not_a_request([Flaw("action", "is longer than 100 characters")])
    )


def _pauses() -> Iterator[Scene]:
    yield _told(
        "Bob types /hitl pause refund-agent", pausing_words.paused(_REFUND_AGENT, 3, may_resume=False)
    )
    yield _told("Alice does so after him", pausing_words.paused_already(_REFUND_AGENT, may_resume=False))
    yield _told(
        "Alice types /hitl pause refund-agnet", pausing_words.no_agent("refund-agnet", _REFUND_AGENT, "pause")
    )
    yield _told("Somebody in no group pauses it", pausing_words.may_not_pause(_REFUND_AGENT))
    yield _told("Alice types /hitl resume refund-agent", pausing_words.may_not_resume(_REFUND_AGENT))
    yield _told("Olivia, an operator, types it", pausing_words.resumed(_REFUND_AGENT, 12))
    yield _told("Nothing had waited", pausing_words.resumed(_REFUND_AGENT, 0))
    yield _told("It was not paused", pausing_words.not_paused(_REFUND_AGENT))
    yield _told("It was revoked", pausing_words.agent_revoked(_REFUND_AGENT))
    sent = (pausing_words.Sent(DigestName("hourly"), 6, "C0APPROVALS"),)
    yield _told("Alice types /hitl digest", pausing_words.sent(sent))
    yield _told("Bob does so after her", pausing_words.on_messages([("C0APPROVALS", 6, _CARD)]))
    yield _told("Nothing waits", pausing_words.nothing_waits())


def _dead() -> Iterator[Scene]:
    yield _told("Olivia types /hitl dead", dead.dead((dead_letter(),), 0, 1))
    yield _said("Olivia clicks Send again", dead.again(1))
    yield _said("She clicks it twice", dead.again(0))
    yield _told("There are none", dead.dead((), 0, 0))
    yield _said("Alice types it, who is no operator", dead.for_operators((UserId("U0ADMIN"),)))

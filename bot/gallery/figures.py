"""A week of the desk in figures: `/hitl stats`, the post that comes each week, and what its buttons do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Final

from approvals.gate_advice import QUIET_FOR, Advice, RuleToday
from approvals.gate_record import Ballot, Record
from approvals.gate_review import GateReview, Reviewing
from approvals.words import AgentName, Gate, GroupName, Instant, Kind, RequestId, Risk, Status, UserId, Via
from blocks import review
from blocks.actions import About, StatsPage
from blocks.message import Message, words
from blocks.review import RequestLine
from blocks.text import Mrkdwn
from bot.gallery.cast import ALICE, BOB, NOON, roster, the_policy
from bot.gallery.life import Place, Scene, Story, seen

_MINUTE: Final = timedelta(minutes=1)
_WEEK: Final = timedelta(days=7)
_SINCE: Final = NOON - _WEEK
_CARD: Final = "https://acme.slack.com/archives/C0APPROVALS/p1763640000000100"


def stories() -> Iterator[Story]:
    """One at a time."""
    yield Story("gate_review", "A week in figures, and what to do about it", tuple(_scenes()))


def _scenes() -> Iterator[Scene]:
    week = _week()
    about = About("refunds", Advice.MODIFIED, _SINCE, NOON)
    changed = [record for record in _records() if record.changed]
    lines = [RequestLine(each, "Refund 80 EUR to ACME GmbH", "issue_refund", _CARD) for each in changed]
    yield _told(0, "It is Friday noon", Place.CHANNEL, review.weekly(week, week.suggestions, 0, "review:1"))
    yield seen(
        NOON, "Alice clicks Show the requests", Place.MODAL, review.requests_modal(about, lines, more=False)
    )
    shy = review.requests_modal(about, lines[:1], more=False, hidden=3)
    yield seen(NOON, "Dan, who may see one of them, does so", Place.MODAL, shy)
    yield _said(2, "Alice clicks Not now", review.muted(about, NOON + QUIET_FOR))
    yield _said(3, "Dan clicks Not now", review.not_yours_to_mute("refunds"))
    yield _told(5, "Bob types /hitl stats 7d", Place.REPLY, review.counting())
    others = [each for each in week.suggestions if each.advice is not Advice.MODIFIED]
    yield _told(5, "A moment later", Place.REPLY, review.stats(week, others, 1, StatsPage(7, NOON)))
    quiet = Reviewing(_SINCE, NOON, _members, {}).review()
    yield _told(6, "Nothing was asked", Place.REPLY, review.stats(quiet, (), 0, StatsPage(7, NOON)))
    yield _told(
        7, "Bob types /hitl stats 7 days", Place.REPLY, review.not_a_time("7 days", timedelta(days=366))
    )
    yield _told(8, "Somebody types it who is in no group", Place.REPLY, review.not_for_you())


def _told(minutes: int, moment: str, place: Place, message: Message) -> Scene:
    return seen(NOON + minutes * _MINUTE, moment, place, message)


def _said(minutes: int, moment: str, text: Mrkdwn) -> Scene:
    return _told(minutes, moment, Place.REPLY, Message(text, [words(text)]))


def _members(groups: tuple[GroupName, ...]) -> frozenset[UserId]:
    return frozenset(profile.id for profile in roster().asked(groups))


@cache
def _week() -> GateReview:
    rules = {rule.name: RuleToday(rule.gate, rule.sample) for rule in the_policy().rules}
    reviewing = Reviewing(_SINCE, NOON, _members, rules)
    for record in _records():
        reviewing.take(record)
    return reviewing.review()


@cache
def _records() -> tuple[Record, ...]:
    """Mails that are all approved, refunds that are often changed, deploys that nobody answers."""
    mails = [_record(number, "mails", "mail-agent", number) for number in range(26)]
    refunds = [_record(30 + number, "refunds", "refund-agent", 4) for number in range(8)]
    changed = [
        replace(each, verdict=Status.MODIFIED, changed=("/amount",))
        for each in (_record(40 + number, "refunds", "refund-agent", 9) for number in range(4))
    ]
    late = [
        replace(
            _record(50 + number, "deploys", "release-agent", 120),
            verdict=Status.PENDING,
            via=None,
            ballots=(),
        )
        for number in range(3)
    ]
    parked = [replace(each, gate=Gate.MANUAL, decided_at=None, reminders=2) for each in late]
    deploys = [
        replace(_record(60 + number, "deploys", "release-agent", 25), gate=Gate.MANUAL) for number in range(7)
    ]
    return (*mails, *refunds, *changed, *parked, *deploys)


def _record(number: int, rule: str, agent: str, minutes: int) -> Record:
    """Approved as asked, so long after its card was up: by Alice, or by Bob."""
    opened = NOON - _WEEK + timedelta(hours=2 * number + 1)
    by = ALICE if number % 2 else BOB
    decided: Instant = opened + minutes * _MINUTE + timedelta(seconds=20)
    asked = next(each.ask for each in the_policy().rules if each.name == rule) or ()
    return Record(
        id=RequestId(f"req_01JD3V8Q00000000000000{number:04}"),
        rule=rule,
        agent=AgentName(agent),
        gate=Gate.HARD,
        kind=Kind.APPROVAL,
        risk=Risk.MEDIUM,
        irreversible=False,
        verdict=Status.APPROVED,
        via=Via.HUMAN,
        opened_at=opened,
        shown_at=opened,
        decided_at=decided,
        asked=asked,
        ballots=(Ballot(by.id, decided, approves=True),),
    )

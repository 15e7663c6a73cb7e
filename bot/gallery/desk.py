"""What is no single request's: digests, lists, who is on call, what operators are told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

from approvals.errors import Reason
from approvals.events import Opened, PulledOut, Reported, Voted
from approvals.judging import judge
from approvals.machine import decide
from approvals.model import Case
from approvals.roster import Person
from approvals.words import STORM, AgentName, BoardId, Choice, DigestName, GroupName, OutcomeStatus
from blocks import digest, digest_again, duty, modals_digest, modals_reject, notices, pausing_words
from blocks import queue as lists
from blocks.cleared_words import Cleared, NotCleared, cleared
from blocks.digest import BoardView, Entry
from blocks.listed import QueuePage
from blocks.message import Message, words
from bot.gallery.cast import ALICE, BOB, NOON, request, roster, the_policy
from bot.gallery.life import Life, Place, Scene, Story, seen
from bot.gallery.refunds import refund

_ROSTER: Final = roster()
_SUPPORT: Final = GroupName("support")
_HOURLY: Final = DigestName("hourly")
_BOARD: Final = BoardId("dig_01JD3V8Q0000000000000000A1")
_CARD: Final = "https://acme.slack.com/archives/C0APPROVALS/p1763640000000100"


def stories() -> Iterator[Story]:
    """One at a time."""
    yield Story("digest", "A digest, cleared in one pass", tuple(_digest()))
    yield Story("storm", "Too many cards for a channel", tuple(_storm()))
    yield Story("queue", "What waits for somebody, in a list", tuple(_queue()))
    yield Story("on_call", "Who is on call", tuple(_on_call()))
    yield Story("operators", "What operators are told", tuple(_operators()))


def _seen(minutes: float, moment: str, place: Place, content: Message | Mapping[str, Any]) -> Scene:
    return seen(NOON + timedelta(minutes=minutes), moment, place, content)


# Digests


def _petty(number: int) -> Case:
    asked = replace(refund(200 + number, amount=5 + number), created_at=NOON + timedelta(minutes=number))
    opening = Opened(asked, judge(the_policy(), asked), _ROSTER)
    return decide(None, opening, asked.created_at).case


def _board(cases: list[Case], minutes: float, **fields: Any) -> BoardView:
    whole: dict[str, Any] = {
        "board": _BOARD,
        "digest": _HOURLY,
        "ask": (_SUPPORT,),
        "clears": True,
        "entries": tuple(Entry(place, case) for place, case in enumerate(cases)),
        "roster": _ROSTER,
        "now": NOON + timedelta(minutes=minutes),
    }
    return BoardView(**{**whole, **fields})


def _voted(case: Case, by: Person, choice: Choice = Choice.APPROVE, why: str | None = None) -> Case:
    return decide(case, Voted(by, choice, case.sight, _ROSTER, why), NOON + timedelta(minutes=62)).case


def _digest() -> Iterator[Scene]:
    waiting = [_petty(number) for number in range(1, 7)]
    open_ = _board(waiting, 60)
    yield _seen(60, "The hour is full", Place.CHANNEL, digest.message(open_))
    yield _seen(61, "Alice clicks Review", Place.MODAL, modals_digest.review(open_, 1, {}, ""))
    apart = decide(waiting[5], PulledOut(ALICE, _ROSTER), NOON + timedelta(minutes=61)).case
    half = [_voted(waiting[0], ALICE), _voted(waiting[1], ALICE), *waiting[2:5], apart]
    clearing = _board(half, 62, clearing=(ALICE,))
    yield _seen(62, "Alice clicks Approve all", Place.CHANNEL, digest.message(clearing))
    rejected = _voted(waiting[4], BOB, Choice.REJECT, "Paid already.")
    done = [*(_voted(case, ALICE) for case in waiting[:4]), rejected, apart]
    told = cleared(Cleared(4, not_cleared=(NotCleared(rejected, Reason.LATE),)))
    yield _seen(62, "Alice is told", Place.REPLY, Message(told, [words(told)]))
    yield _seen(62, "All of it is cleared", Place.CHANNEL, digest.message(_board(done, 62)))
    carried_out = [
        decide(case, Reported(OutcomeStatus.SUCCEEDED, "Paid"), NOON + timedelta(minutes=64)).case
        for case in done[:4]
    ]
    after = _board([*carried_out, *done[4:]], 64)
    yield _seen(64, "The agent reports", Place.CHANNEL, digest.message(after))
    left = _board([*done[:3], *waiting[3:5]], 120, carried_on=True, carried=_CARD)
    yield _seen(120, "Another hour is full", Place.CHANNEL, digest.message(left))
    yield _seen(120, "Slack posted it twice", Place.CHANNEL, digest_again.copy(open_))


def _storm() -> Iterator[Scene]:
    cases = []
    for number in range(1, 31):
        case = replace(_petty(number % 12), waits_in=STORM)
        agent = AgentName("mail-agent" if number % 10 == 0 else "refund-agent")
        asked = replace(case.request, agent=agent, created_at=NOON + timedelta(seconds=4 * number))
        cases.append(replace(case, request=asked))
    view = _board(cases, 3, digest=STORM)
    agents = ((AgentName("refund-agent"), 45), (AgentName("mail-agent"), 5))
    yield _seen(3, "Thirty cards come at once", Place.CHANNEL, digest.message(view))
    there = pausing_words.StormMessage(_CARD, clears=True)
    flood = pausing_words.Flood(agents, moved=0, gathered=30, cards=20)
    told = pausing_words.storm(flood, "C0APPROVALS", timedelta(minutes=2), [there])
    yield _seen(3, "Operators are told", Place.DIRECT, told)
    flood = pausing_words.Flood((), moved=24, gathered=4, cards=20)
    told = pausing_words.storm(flood, "C0APPROVALS", timedelta(minutes=2), [there])
    yield _seen(3, "They were escalated, and no agent sent any", Place.DIRECT, told)
    paused = pausing_words.paused("refund-agent", 27, may_resume=True)
    yield _seen(4, "Olivia types /hitl pause refund-agent", Place.REPLY, paused)
    yield _seen(
        9, "Olivia types /hitl resume refund-agent", Place.REPLY, pausing_words.resumed("refund-agent", 4)
    )


# Lists


def _queue() -> Iterator[Scene]:
    half = Life(refund(90)).approves(BOB, 6).case
    mail = request(91, "mail-agent", "send_email", {"to": "jo@example.com", "subject": "Your order 8821"})
    lines = [lists.Line(half, _CARD), lists.Line(Life(mail).case, None)]
    page = QueuePage("mine")
    some = lists.Listing(page, lines, count=2, mine=2, others=3)
    yield _seen(20, "Alice types /hitl", Place.REPLY, lists.queue(some, _ROSTER))
    none = lists.Listing(page, [], count=0, mine=0, others=3)
    yield _seen(21, "Nothing waits for Alice", Place.REPLY, lists.queue(none, _ROSTER))
    yield _seen(22, "Alice mistypes it", Place.REPLY, lists.not_a_list("overdu", "overdue"))
    yield _seen(22, "Alice clicks Reject", Place.MODAL, modals_reject.reject_modal(half))


def _on_call() -> Iterator[Scene]:
    case = Life(refund(92)).case
    urgent = [duty.Open(case, _CARD)]
    monday = NOON + timedelta(days=3)
    to_bob = duty.handoff("U0BOB", "finance-on-call", "U0ALICE", "U0BOB", monday, count=3, urgent=urgent)
    to_alice = duty.handoff("U0ALICE", "finance-on-call", "U0ALICE", "U0BOB", monday, count=0, urgent=[])
    yield _seen(0, "Bob's shift begins", Place.DIRECT, to_bob)
    yield _seen(0, "Alice's shift is over", Place.DIRECT, to_alice)
    yield _seen(5, "Bob types /hitl away @alice until Monday", Place.REPLY, duty.away("U0ALICE", monday))
    yield _seen(5, "Alice is told", Place.DIRECT, duty.deputy("U0BOB", monday))
    yield _seen(6, "Bob is back", Place.DIRECT, duty.deputy_no_more("U0BOB", None))
    yield _seen(6, "Bob names another deputy", Place.DIRECT, duty.deputy_no_more("U0BOB", "U0CAROL"))
    for who, user in (("Alice", "U0ALICE"), ("Bob", "U0BOB")):
        then = (monday + timedelta(days=1), monday + timedelta(days=2))
        planned = duty.planned(user, "finance-on-call", "U0ALICE", by="U0DAN", starts=then[0], ends=then[1])
        yield _seen(7, f"{who} is told of a plan", Place.DIRECT, planned)
        off = duty.planned_no_more(user, "finance-on-call", "U0BOB", by="U0DAN", starts=then[0], ends=then[1])
        yield _seen(8, f"{who} is told that it is off", Place.DIRECT, off)
    yield _seen(
        9, "Bob types /hitl oncall suport", Place.REPLY, duty.no_group("suport", ["support", "finance"])
    )


# Operators


def _operators() -> Iterator[Scene]:
    case = Life(refund(93)).case
    soon = NOON + timedelta(minutes=5)
    told = (
        ("An agent does not answer", notices.dead_letter(case, "https://agents.example.com answers 500", 17)),
        ("A channel is archived", notices.channel_gone("C0REFUNDS", "is_archived", "C0APPROVALS")),
        (
            "hitl.yml does not load",
            notices.policy_broken("hitl.yml:12: rules[2].gate: one of auto, soft, hard"),
        ),
        ("hitl.yml loads again", notices.policy_restored(case.judgement.policy_version)),
        ("A scope is missing", notices.missing_scope("usergroups:read", "usergroups.users.list")),
        ("Slack slows us down", notices.delayed("C0APPROVALS", soon, 412)),
        ("A card breaks a rule of Slack's", notices.card_refused(case, "must be less than 3001 characters")),
        ("A digest breaks one", notices.digest_refused(_BOARD, "must be less than 3001 characters")),
        ("Slack refuses what no later try mends", notices.refused("chat.postMessage", "invalid_arguments")),
        ("The bot is not in a channel", notices.channel_gone("C0REFUNDS", "not_in_channel", "C0APPROVALS")),
        ("Its limits are over", notices.back(["C0APPROVALS"], None, 412, 0, 0)),
        ("An outage is over", notices.back([], (NOON, soon, "token_revoked"), 38, 1, 0)),
        ("Somebody met a mistake of ours", notices.incident("inc_7q2k3m9x", "KeyError in submission")),
        ("The sweeper met one", notices.incident("inc_8r3n5p2w", "KeyError in tick", "sweep")),
        ("A job that recurs met one", notices.incident("inc_2m4k6j8h", "KeyError in anchor", "anchor")),
        ("A step is overdue", notices.overdue(case, NOON, "inc_8r3n5p2w", _CARD)),
        ("So are others", notices.overdue_more(12)),
    )
    for minutes, (moment, message) in enumerate(told):
        yield _seen(minutes, moment, Place.DIRECT, message)

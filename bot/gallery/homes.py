"""The home tab: quiet, full, an operator's, a stranger's; and the help."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from approvals.events import Claimed, Reported, Ticked
from approvals.grants import Grant
from approvals.machine import decide
from approvals.model import Case
from approvals.words import AgentName, DigestName, GrantId, GroupName, OutcomeStatus, Risk
from blocks import guide, home
from blocks.commands import GrantLine
from blocks.dead import DeadLine
from blocks.home_view import AgentLine, Health, HomeView, InDigest, Overseen, Part, PolicyLine, Throttled
from blocks.message import Message, words
from blocks.queue import Line
from bot.gallery.cast import ALICE, BOB, CAROL, NOON, request, roster, the_policy
from bot.gallery.life import Life, Place, Scene, Story, seen
from bot.gallery.refunds import refund

_ROSTER: Final = roster()
_NOW: Final = NOON + timedelta(hours=2)
_CARD: Final = "https://acme.slack.com/archives/C0APPROVALS/p1763640000000100"


def stories() -> Iterator[Story]:
    """One at a time."""
    yield Story("home", "The home tab, and the help", tuple(_scenes()))


def _scenes() -> Iterator[Scene]:
    yield _home("Alice opens the home tab", _full())
    yield _home("Nothing waits for Alice", _view())
    yield _home("Olivia, an operator, opens hers", _view(overseen=_overseen()))
    yield _home("Somebody opens it who is in no group", _view(involved=False, operators=("U0ADMIN",)))
    yield seen(_NOW, "Nobody looked at it for long", Place.HOME, home.asleep())
    yield seen(_NOW, "Slack would refuse all of it", Place.HOME, home.minimal("must be less than 101 blocks"))
    yield seen(_NOW, "Alice types /hitl help", Place.REPLY, Message(guide.usage(), [words(guide.usage())]))


def _home(moment: str, view: HomeView) -> Scene:
    return seen(_NOW, moment, Place.HOME, home.home(view))


def _view(**fields: Any) -> HomeView:
    return HomeView(**{"user": ALICE.id, "roster": _ROSTER, "now": _NOW, "involved": True, **fields})


def _full() -> HomeView:
    waiting = (Life(refund(100)).approves(BOB, 6).case, Life(_mail()).case)
    asked = Life(refund(101, amount=80)).approves(ALICE, 3).case
    parked = decide(Life(_deploy()).case, Ticked(), NOON + timedelta(minutes=121)).case
    return _view(
        waiting=_part(*waiting),
        digests=(InDigest(DigestName("hourly"), 6, _CARD),),
        others=_part(asked),
        parked=_part(parked),
        groups=(GroupName("support"), GroupName("directors")),
        grants=(GrantLine(grant(), Life(refund(102, amount=40)).case, holds=True),),
        grant_count=1,
        decided=_part(_paid(103), _rejected()),
    )


def _part(*cases: Case) -> Part:
    return Part(tuple(Line(case, _CARD) for case in cases), len(cases))


def _mail() -> Any:
    return request(104, "mail-agent", "send_email", {"to": "jo@example.com", "subject": "Your order 8821"})


def _deploy() -> Any:
    payload: dict[str, Any] = {"service": "checkout", "version": "2026.11.3"}
    return request(105, "release-agent", "deploy_service", payload)


def _paid(number: int) -> Case:
    case = Life(refund(number, amount=80)).approves(ALICE, 3).approves(CAROL, 4).case
    at = NOON + timedelta(minutes=5)
    return decide(decide(case, Claimed(), at).case, Reported(OutcomeStatus.SUCCEEDED, "Paid, tx 77"), at).case


def _rejected() -> Case:
    return Life(refund(106)).rejects(ALICE, 9, "No receipt, no refund.").case


def grant() -> Grant:
    """One of Alice's, which was used three times."""
    case = Life(refund(102, amount=40)).case
    return Grant(
        GrantId("g_01JD3V8Q0001"),
        case.request.agent,
        case.request.action,
        case.judgement.rule,
        ALICE,
        case.id,
        Risk.MEDIUM,
        NOON,
        NOON + timedelta(hours=4),
        {"payload.customer": "ACME GmbH", "payload.currency": "EUR"},
        {"/amount": "40"},
        uses=3,
        used_at=NOON + timedelta(hours=1),
    )


def dead_letter() -> DeadLine:
    """A decision that its agent could not be told."""
    why = "https://agents.example.com answers 500"
    return DeadLine(7, "callback", "request.decided", _paid(107), _CARD, NOON, 17, why)


def _overseen() -> Overseen:
    broken = PolicyLine(
        the_policy().version, len(the_policy().rules), NOON, "hitl.yml:12: rules[2].gate: one of auto, soft"
    )
    agents = (
        AgentLine(AgentName("refund-agent"), _NOW),
        AgentLine(AgentName("mail-agent"), NOON, paused_at=NOON, paused_by=ALICE.id),
    )
    slow = Throttled("C0APPROVALS", 412, _NOW + timedelta(minutes=5))
    health = Health({"database": None, "Slack": "token_revoked"}, 412, NOON, (slow,))
    return Overseen(broken, 12, agents, 2, (dead_letter(),), 1, health)
